"""Keeps one driver running: logs once on loss, once on return, and hands it errands."""

import logging
import threading
import time
from collections.abc import Callable

from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceUnavailable,
    Disconnected,
    Driver,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Pulls,
    Refused,
    Release,
    Unavailable,
)
from gateway.errands import Errand, Errands
from gateway.guard import guarded
from gateway.models import now
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0

AT_ONCE = 32
"""Devices that are asked at the same time through one driver: every bay of a dock."""

RELEASED = {
    Release.DONE: "release.erased",
    Release.KEPT: "release.kept",
    Release.TOLD: "release.told",
    Release.GONE: "release.source_gone",
}


class Supervisor:
    """One thread runs the driver; what is asked of its devices meanwhile is done in a line for each.

    Orders never stand behind releases: those read gigabytes again before they erase.
    """

    def __init__(self, device_id: str, driver: Driver, emit: Emit, stop: threading.Event) -> None:
        self.device_id, self.driver, self.store, self.stop = device_id, driver, emit, stop
        self.present: set[str] = set()
        """Devices that can be reached through this driver now: itself, or the cameras in its bays."""
        self.wait_s = FIRST_WAIT_S
        self.lost: Reason | None = None
        """Why it is not there, once that has been said."""
        self.orders = Errands(f"orders {device_id}", AT_ONCE, self.guarded, stop)
        self.releases = Errands(f"releases {device_id}", AT_ONCE, self.guarded, stop)
        self.thread = threading.Thread(target=self.keep_running, name=f"driver {device_id}", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def join(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        self.thread.join(timeout_s)
        self.orders.join(deadline)
        self.releases.join(deadline)

    def emit(self, *events: DeviceEvent) -> None:
        self.store(*events)
        for event in events:
            if isinstance(event, Connected):
                self.connected(event.device_id)
            elif isinstance(event, Disconnected):
                self.present.discard(event.device_id)

    def connected(self, device_id: str) -> None:
        self.present.add(device_id)
        self.wait_s = FIRST_WAIT_S  # only a device that is there ends the back-off, not a clean return
        if self.lost:
            log.info("%s is back", self.device_id)
            self.lost = None

    def keep_running(self) -> None:
        while not self.stop.is_set():
            self.guarded(lambda: self.driver.run(self.emit, self.stop))
            if not self.stop.is_set():
                self.guarded(self.leave)
                self.stop.wait(self.wait_s)
                longest = getattr(self.driver, "longest_wait_s", LONGEST_WAIT_S)
                self.wait_s = min(self.wait_s * 2, longest)

    def guarded(self, work: Errand) -> None:
        """Nothing that a device or its driver does may end the thread that looks after it."""

        def watched() -> None:
            try:
                work()
            except (DeviceUnavailable, Refused) as gone:
                self.report_loss(gone.reason)

        guarded(log, f"driver of {self.device_id}", watched)

    def report_loss(self, why: Reason) -> None:
        """Logged once, told to people for each cause; what was there through this driver is gone."""
        before, self.lost = self.lost, why
        if before is None:
            log.warning("%s is not available: %s", self.device_id, sentence(why, "en"))
        if before is None or before["code"] != why["code"]:
            self.leave()
            self.emit(Unavailable(device_id=self.device_id, why=why))

    def leave(self) -> None:
        """Say that what could be reached is gone, if nobody has yet."""
        if self.present:
            self.emit(*(Disconnected(device_id=gone, at=now()) for gone in sorted(self.present)))

    def release(self, found: FoundFile, sha256: str) -> tuple[Release | None, Reason]:
        """Ask the driver to let go of one file; None means: not now, ask again."""
        try:
            ended = self.driver.release(found, sha256)
        except DeviceUnavailable as gone:
            return None, gone.reason
        except Refused as no:
            return Release.KEPT, no.reason
        return ended, reason(RELEASED[ended])

    def pull(self, found: FoundFile, tick: Callable[[int], None]) -> None:
        """Raises DeviceUnavailable where that cannot be done now."""
        if not isinstance(self.driver, Pulls):
            raise DeviceUnavailable("wait.source_gone", done=0)
        self.driver.pull(found, tick)

    def perform(self, order: Order) -> OrderResult:
        try:
            return self.driver.perform(order)
        except (DeviceUnavailable, Refused) as no:
            return OrderResult(done=False, detail={"reason": no.reason})
