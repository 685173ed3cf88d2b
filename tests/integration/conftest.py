"""What tests of the API share."""

from tests.integration.two_units import api, seeded

__all__ = ["api", "seeded"]
