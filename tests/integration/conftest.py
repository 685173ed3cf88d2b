"""What tests of the API and of the console share."""

from tests.integration.api_site import api, seeded
from tests.integration.console_site import console

__all__ = ["api", "console", "seeded"]
