"""USB docking stations (采集站): cameras by port path, each bay by itself."""

import threading
import time
from collections.abc import Callable
from threading import Event

from drivers.bay import Bay
from drivers.dock_notes import DockNotes
from drivers.docked import Docked
from drivers.simulators.dock import SimulatedBus
from drivers.usb_bus import Bus, SystemBus
from gateway.config.devices import UsbDockSettings
from gateway.device import (
    Connected,
    DeviceUnavailable,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
)
from gateway.instants import moment

STOP_S = 0.4
"""A bay that hangs in the kernel is left behind: it holds up neither the others nor the end."""


class BayThread(threading.Thread):
    """Runs one bay and keeps what ended it."""

    def __init__(self, bay: Bay) -> None:
        super().__init__(name=f"bay {bay.number}", daemon=True)
        self.bay = bay
        self.error: BaseException | None = None

    def run(self) -> None:
        self.error = RuntimeError(f"bay {self.bay.number} ended by itself")
        self.bay.run()
        self.error = None


class UsbDock:
    """Watches its ports and lets each bay do its work."""

    def __init__(self, settings: UsbDockSettings, bus: Bus | None = None) -> None:
        self.settings = settings
        self.given = bus
        self.docked = Docked(DockNotes(settings.mounts / f"{settings.id}.json"))

    def open_bus(self) -> Bus:
        if self.given is not None:
            return self.given
        return SimulatedBus(self.settings.simulated) if self.settings.simulated else SystemBus()

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable if there is no USB here, and whatever a bay could not keep to itself."""
        bus = self.open_bus()
        first = bus.plugged()
        self.docked.bays.clear()
        ended = threading.Event()
        bays = {
            port: Bay(number, self.settings, bus, self.docked, emit, ended)
            for number, port in self.settings.bays.items()
        }
        for port, bay in bays.items():
            bus.unmount(bay.folder)  # what a crash left mounted
            bay.see(first.get(port))  # a bay that holds something must never be shown empty
        emit(Connected(device_id=self.settings.id, at=moment()))
        threads = [BayThread(bay) for bay in bays.values()]
        try:
            for thread in threads:
                thread.start()
            while not stop.is_set() and all(thread.is_alive() for thread in threads):
                seen = bus.plugged()
                for port, bay in bays.items():
                    bay.see(seen.get(port))
                bus.wait(min(self.settings.poll_seconds, 0.5))
        finally:
            ended.set()
            deadline = time.monotonic() + STOP_S
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        for thread in threads:
            if thread.error is not None and not thread.is_alive():
                raise thread.error

    def release(self, found: FoundFile, sha256: str) -> Release:
        bay = self.docked.bays.get(found.device_id)
        if bay is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        return bay.release(found, sha256)

    def pull(self, found: FoundFile, tick: Callable[[int], None]) -> None:
        bay = self.docked.bays.get(found.device_id)
        if bay is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        bay.pull(found, tick)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
