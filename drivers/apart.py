"""Work that may hang where nobody can interrupt it, as a read of a share: at the end it is left behind."""

import logging
import threading
from collections.abc import Callable

from gateway.device import DeviceEvent, DeviceUnavailable, Emit, Refused
from gateway.guard import guarded

log = logging.getLogger(__name__)

GRACE_S = 0.7
"""How long what does not hang has to end by itself."""


class Apart(threading.Thread):
    """Does its work in a thread of its own and keeps what ended it."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__(name=f"apart {name}", daemon=True)
        self.work = work
        self.error: Exception | None = RuntimeError(f"the work of {name} broke; see the log")
        self.is_left = False

    def run(self) -> None:
        guarded(log, self.name, self.attempt)

    def attempt(self) -> None:
        try:
            self.work()
            self.error = None
        except (DeviceUnavailable, Refused) as gone:
            self.error = gone

    def follow(self, stop: threading.Event) -> None:
        """Until it is done, or we are asked to end. Raises what ended it."""
        self.start()
        while self.is_alive() and not stop.is_set():
            self.join(0.1)
        self.join(GRACE_S)
        self.is_left = self.is_alive()
        if not self.is_left and self.error is not None:
            raise self.error


def do_apart(name: str, work: Callable[[Emit], None], emit: Emit, stop: threading.Event) -> None:
    """Raises what `work` raises. What is left behind can tell nothing any more."""

    def tell(*events: DeviceEvent) -> None:
        if apart.is_left:
            raise DeviceUnavailable("wait.source_gone", done=0)
        emit(*events)

    apart = Apart(name, lambda: work(tell))
    apart.follow(stop)
