"""USB docking stations (采集站): cameras by port path, each bay by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from drivers.bay import Bay, Docked, moment
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


class UsbDock:
    """Watches its ports and lets each bay do its work; `bays` holds them while it runs."""

    def __init__(self, settings: UsbDockSettings, bus: Bus | None = None) -> None:
        self.settings = settings
        self.given = bus
        self.docked = Docked()

    def open_bus(self) -> Bus:
        if self.given is not None:
            return self.given
        return SimulatedBus(self.settings.simulated) if self.settings.simulated else SystemBus()

    def run(self, emit: Emit, stop: Event) -> None:
        """A bay that goes wrong ends the dock, to be started anew. DeviceUnavailable if there is no USB."""
        bus = self.open_bus()
        bus.plugged()
        self.docked = Docked()
        ended = threading.Event()
        bays = {
            port: Bay(number, self.settings, bus, self.docked, emit, ended)
            for number, port in self.settings.bays.items()
        }
        for bay in bays.values():
            bus.unmount(bay.folder)  # what a crash left mounted
        emit(Connected(device_id=self.settings.id, at=moment()))
        with ThreadPoolExecutor(len(bays), thread_name_prefix=f"bay {self.settings.id}") as pool:
            try:
                work = [pool.submit(bay.run) for bay in bays.values()]
                while not stop.is_set() and not any(bay.done() for bay in work):
                    seen = bus.plugged()
                    for port, bay in bays.items():
                        bay.see(seen.get(port))
                    bus.wait(min(self.settings.poll_seconds, 0.5))
            finally:
                ended.set()
        for bay_work in work:
            bay_work.result()

    def release(self, found: FoundFile, sha256: str) -> Release:
        bay = self.docked.bays.get(found.device_id)
        if bay is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        return bay.release(found, sha256)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
