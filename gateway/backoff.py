"""How long to wait before the next attempt: longer each time, never all at the same moment."""

import random

DOUBLINGS = 30


def wait_s(failures: int, first_s: float, longest_s: float, chance: float | None = None) -> float:
    """After so many failures in a row: half to the whole of twice the wait before, up to the longest.

    `chance` (0…1) is what a die would say, for tests.
    """
    whole: float = min(longest_s, first_s * 2 ** min(max(failures - 1, 0), DOUBLINGS))
    drawn = random.random() if chance is None else chance  # noqa: S311
    return whole * (0.5 + 0.5 * drawn)
