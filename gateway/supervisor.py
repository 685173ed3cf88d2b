"""Keeps one driver running: logs once on loss, once on return, and hands it errands."""

import logging
import queue
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
    Refused,
    Release,
)
from gateway.guard import guarded
from gateway.models import now
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0

Errand = Callable[[], None]

RELEASED = {
    Release.DONE: "release.erased",
    Release.KEPT: "release.kept",
    Release.TOLD: "release.told",
    Release.GONE: "release.source_gone",
}


class Supervisor:
    """Two threads for one device: one runs the driver, one does what is asked of it meanwhile."""

    def __init__(self, device_id: str, driver: Driver, emit: Emit, stop: threading.Event) -> None:
        self.device_id, self.driver, self.store, self.stop = device_id, driver, emit, stop
        self.present: set[str] = set()
        """Devices that can be reached through this driver now: itself, or the cameras in its bays."""
        self.wait_s = FIRST_WAIT_S
        self.lost = False
        self.errands: queue.Queue[Errand] = queue.Queue(maxsize=1000)
        self.threads = [
            threading.Thread(target=self.keep_running, name=f"driver {device_id}", daemon=True),
            threading.Thread(target=self.run_errands, name=f"errands {device_id}", daemon=True),
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))

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
            self.lost = False

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
                self.report_loss(sentence(gone.reason, "en"))

        guarded(log, f"driver of {self.device_id}", watched)

    def report_loss(self, why: str) -> None:
        if not self.lost:
            log.warning("%s is not available: %s", self.device_id, why)
            self.lost = True

    def leave(self) -> None:
        """Say that what could be reached is gone, if nobody has yet."""
        if self.present:
            self.emit(*(Disconnected(device_id=gone, at=now()) for gone in sorted(self.present)))

    def run_errands(self) -> None:
        while not self.stop.is_set():
            try:
                errand = self.errands.get(timeout=0.5)
            except queue.Empty:
                continue
            self.guarded(errand)

    def send(self, errand: Errand) -> bool:
        """Queue an errand for the device; False when it has too many already (ask again later)."""
        try:
            self.errands.put_nowait(errand)
        except queue.Full:
            return False
        return True

    def release(self, found: FoundFile, sha256: str) -> tuple[Release | None, Reason]:
        """Ask the driver to let go of one file; None means: not now, ask again."""
        try:
            ended = self.driver.release(found, sha256)
        except DeviceUnavailable as gone:
            return None, gone.reason
        except Refused as no:
            return Release.KEPT, no.reason
        return ended, reason(RELEASED[ended])

    def perform(self, order: Order) -> OrderResult:
        try:
            return self.driver.perform(order)
        except (DeviceUnavailable, Refused) as no:
            return OrderResult(done=False, detail={"reason": no.reason})
