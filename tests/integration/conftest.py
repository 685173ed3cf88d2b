"""What tests of the API and of the console share."""

from tests.integration.api_site import api, seeded
from tests.integration.console_site import console, furnished

__all__ = ["api", "console", "furnished", "seeded"]
