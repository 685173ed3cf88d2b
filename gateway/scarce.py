"""Room that runs out: one line in the log when it does, not one for each file that waits for it."""

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

    def waits(self, who: str, why: str) -> None:
        now = time.monotonic()
        with self.lock:
            is_first = not any(now - at < HEARD_S for at in self.waiting.values())
            self.waiting[who] = now
        if is_first:
            log.warning("%s: %s", self.place, why)

    def goes_on(self, who: str) -> None:
        with self.lock:
            self.waiting.pop(who, None)
