"""Where something was, and whether two places can be the same one (LK-8)."""

import math
import re
import unicodedata
from dataclasses import dataclass

EARTH_M = 6_371_008.8
"""Mean radius (IUGG)."""


@dataclass(frozen=True, slots=True)
class Position:
    """WGS 84, in degrees."""

    latitude: float
    longitude: float

    def metres_to(self, other: "Position") -> float:
        """Along the sphere (haversine)."""
        one, two = math.radians(self.latitude), math.radians(other.latitude)
        rise, turn = two - one, math.radians(other.longitude - self.longitude)
        chord = math.sin(rise / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(turn / 2) ** 2
        return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(chord)))


def spelled(place: str) -> str:
    """One spelling: full-width forms folded, spaces and punctuation gone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", place))


def same_text(one: str, other: str) -> bool:
    """Whether two descriptions can mean one place: one of them says all that the other says."""
    left, right = spelled(one), spelled(other)
    return bool(left) and bool(right) and (left in right or right in left)
