"""Room that runs out: one line in the log when it does, not one for each file that waits for it."""

import logging
import threading

log = logging.getLogger(__name__)


class Scarce:
    """Safe to use from many threads. Lost at a restart: then it is said once more."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.lock = threading.Lock()
        self.waiting: set[str] = set()

    def waits(self, who: str, why: str) -> None:
        with self.lock:
            is_first = not self.waiting
            self.waiting.add(who)
        if is_first:
            log.warning("%s: %s", self.place, why)

    def goes_on(self, who: str) -> None:
        with self.lock:
            self.waiting.discard(who)
