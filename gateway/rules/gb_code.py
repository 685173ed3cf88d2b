"""Device codes of GB/T 28181, Annex D (R-104): 20 digits by rule A, 16 by rule B."""

from dataclasses import dataclass

RULES = {20: (8, 2, 3, 7), 16: (8, 2, 4, 2)}
"""How many digits each segment has, by the length of the code."""


@dataclass(frozen=True, slots=True)
class GbCode:
    centre: str
    industry: str
    segments: tuple[str, str]
    """By rule A type and serial; by rule B as the standard has them."""

    @property
    def region(self) -> str:
        """The administrative division, down to the county."""
        return self.centre[:6]


def parse(written: str) -> GbCode | None:
    """None for what is no such code."""
    if not (written.isascii() and written.isdigit()) or len(written) not in RULES:
        return None
    parts, rest = [], written
    for length in RULES[len(written)]:
        parts.append(rest[:length])
        rest = rest[length:]
    centre, industry, third, fourth = parts
    if centre.startswith("0") or third.strip("0") == "":
        return None
    return GbCode(centre, industry, (third, fourth))
