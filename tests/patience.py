"""How long tests wait for what comes by itself: one limit, for machines differ by a factor of four in speed.

What must come within a certain time is measured where it is promised; this only ends a test that hangs.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 300.0


def until(holds: Callable[[], T], seconds: float = PATIENCE_S, every: float = 0.02) -> T:
    """What `holds` gives, as soon as that is something."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(every)
    return found
