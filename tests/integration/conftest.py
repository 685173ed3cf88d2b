"""What tests of the API share."""

from tests.integration.api_site import api, seeded

__all__ = ["api", "seeded"]
