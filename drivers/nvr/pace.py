"""Ends an answer that drips: each of its pieces comes in time, and all of it never would."""

import time
from threading import Event

import httpx2 as httpx

ANSWER_S = 60.0
"""A short answer (clock, one page of a search) that is not whole by then."""
CONTENT_S = 12 * 3600.0
"""One recording."""
LEAST, LEAST_OVER_S = 512 << 10, 60.0
"""Bytes of a recording that have to come in each such time: a thirtieth of what it takes to record it."""


class Pace:
    """Raises ReadTimeout: what breaks off is asked for again."""

    def __init__(self, stop: Event, longest_s: float, least: int = 0) -> None:
        self.stop, self.longest_s, self.least = stop, longest_s, least
        self.began = self.marked = time.monotonic()
        self.came = 0
        """Bytes since then."""

    def took(self, size: int) -> None:
        if self.stop.is_set():
            raise httpx.ReadTimeout("asked to stop")
        now = time.monotonic()
        self.came += size
        if now - self.began > self.longest_s:
            raise httpx.ReadTimeout(f"not whole after {self.longest_s:.0f} s")
        if now - self.marked >= LEAST_OVER_S:
            if self.came < self.least:
                raise httpx.ReadTimeout(f"{self.came} bytes in {now - self.marked:.0f} s")
            self.marked, self.came = now, 0
