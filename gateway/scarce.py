"""Room that runs out: one line in the log when it does and one when there is some again, not one per file."""

import logging
import threading
import time

log = logging.getLogger(__name__)

HEARD_S = 3600
"""Who has not asked for so long waits no more: its device has left."""


class Scarce:
    """Safe to use from many threads. Lost at a restart: then it is said once more."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.lock = threading.Lock()
        self.waiting: dict[str, float] = {}
        self.is_short = False

    def waits(self, who: str, why: str) -> None:
        with self.lock:
            is_first = not self.is_waited_for()
            self.waiting[who] = time.monotonic()
            self.is_short = True
        if is_first:
            log.warning("%s: %s", self.place, why)

    def goes_on(self, who: str) -> None:
        """There was room for one; where nobody waits any more, that is said once."""
        with self.lock:
            self.waiting.pop(who, None)
            is_over = self.is_short and not self.is_waited_for()
            self.is_short = self.is_short and not is_over
        if is_over:
            log.info("%s: there is room again; it goes on", self.place)

    def leaves(self, who: str) -> None:
        """It waits for something else, or for nothing: that says nothing of room."""
        with self.lock:
            self.waiting.pop(who, None)

    def is_waited_for(self) -> bool:
        now = time.monotonic()
        return any(now - at < HEARD_S for at in self.waiting.values())
