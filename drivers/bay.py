"""One bay of a dock: from plugging in to taking out (devices 1.4)."""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from typing import TypeVar

from drivers.admission import admitted
from drivers.docked import Docked
from drivers.links.recorder import Identity
from drivers.mtp.volume import MtpVolume
from drivers.offloading import offload
from drivers.profiles import is_flashing
from drivers.usb_bus import Bus, Card, UsbDevice
from drivers.volume import Volume
from gateway.config.devices import CameraSettings, UsbDockSettings
from gateway.device import (
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    Emit,
    FoundFile,
    Refused,
    Release,
    SignalReceived,
    StrangerSeen,
)
from gateway.guard import guarded
from gateway.instants import moment
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

Told = TypeVar("Told")

REST_S = 0.7
"""No further file system has come for so long: these are all."""
LONGEST_PAUSE_S = 60.0
OWED_AGAIN_S = 1.0


class BayState(StrEnum):
    """What a bay shows."""

    EMPTY = "EMPTY"
    PLUGGED = "PLUGGED"
    STRANGER = "STRANGER"
    UNLOCKING = "UNLOCKING"
    OFFLOADING = "OFFLOADING"
    FAULT = "FAULT"


class Bay:
    """Lives in a thread of its own, so that one hung camera holds up no other."""

    def __init__(
        self, number: str, dock: UsbDockSettings, bus: Bus, docked: Docked, emit: Emit, stop: threading.Event
    ) -> None:
        self.number, self.dock, self.bus, self.docked = number, dock, bus, docked
        self.emit, self.stop = emit, stop
        self.folder = dock.mounts / number
        self.changed = threading.Condition()
        self.device: UsbDevice | None = None
        self.volume: Volume | MtpVolume | None = None
        self.guest: UsbDevice | None = None
        """The plugging that the session is about; unlocking a recorder makes it another."""
        self.card: Card | None = None
        self.others: list[Card] = []
        """File systems of the same camera that are not read."""
        self.in_vain = 0
        """How often, since it was empty or read, what was unlocked here did not come back as a disk."""
        self.owed: Disconnected | None = None

    def see(self, device: UsbDevice | None) -> None:
        """What the bus shows in this bay now."""
        with self.changed:
            if device != self.device:
                self.device = device
                self.changed.notify_all()

    def wait(self, holds: Callable[[], object], seconds: float = float("inf")) -> bool:
        """Whether something came to hold before the time was over and before the dock stops."""
        deadline = time.monotonic() + seconds
        with self.changed:
            while not self.stop.is_set():
                if holds():
                    return True
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self.changed.wait(min(left, 0.3))
        return False

    def run(self) -> None:
        tries = 0
        if self.device is None:
            guarded(log, self.name, lambda: self.show(BayState.EMPTY))
        while self.wait(lambda: self.device is not None):
            device = self.device
            if device is not None:
                self.guest = device
                again = self.attempt(device)
                pause = min(self.dock.settle_seconds * 2**tries, LONGEST_PAUSE_S) if again else float("inf")
                gone = self.wait(self.has_changed, pause)
                tries = 0 if gone else tries + 1
                self.pay()
                if gone and self.device is None:
                    self.in_vain = 0
                    guarded(log, self.name, lambda: self.show(BayState.EMPTY))

    def has_changed(self) -> bool:
        device, guest = self.device, self.guest
        return device is None or guest is None or device.plug != guest.plug

    def attempt(self, device: UsbDevice) -> bool:
        """One session; whatever happens in it is shown in this bay and stays in it. True: try again.

        Only what the camera or its settings refuse waits for a hand; what failed may be well a moment later.
        """
        over: list[bool] = []

        def session() -> None:
            try:
                over.append(self.session(device))
            except Refused as no:
                over.append(True)
                if not self.stop.is_set():  # it may be we who broke off
                    self.show(BayState.FAULT, no.reason)
            except DeviceUnavailable as gone:
                log.info("%s, bay %s: %s", self.dock.id, self.number, sentence(gone.reason, "en"))
                if not self.has_changed() and not self.stop.is_set():
                    self.show(BayState.FAULT, gone.reason)

        if not guarded(log, self.name, session):
            guarded(log, self.name, lambda: self.show(BayState.FAULT, reason("bay.failed")))
        return not any(over) and not self.has_changed()

    @property
    def name(self) -> str:
        return f"{self.dock.id}, bay {self.number}"

    def pay(self) -> None:
        """Tell that a session ended, if that could not be told when it did: its receipt waits for it."""
        while self.owed is not None and not self.stop.is_set():
            owed = self.owed
            if guarded(log, self.name, partial(self.emit, owed)):
                self.owed = None
            else:
                self.wait(lambda: False, OWED_AGAIN_S)

    def session(self, device: UsbDevice) -> bool:
        """From plugging in to taking out; False if the card left and the camera did not."""
        self.show(BayState.PLUGGED)
        self.card, self.others = None, []
        try:
            for one in admitted(self, device):
                if offload(self, one):
                    return self.has_changed()
            self.refuse_stranger(self.guest or device)
            return True
        finally:
            self.docked.leave(self)
            self.volume = None
            self.bus.unmount(self.folder)

    def claim(self, identity: str) -> None:
        """This camera is in this bay. A bay that it just left may need a moment to notice.

        Raises Refused("bay.same_identity").
        """
        if not self.wait(lambda: self.docked.take(identity, self), self.dock.settle_seconds):
            raise Refused("bay.same_identity", camera=identity)

    def is_back(self) -> bool:
        return self.device is not None and self.has_changed()

    def enter(self, identity: str, camera: CameraSettings) -> None:
        entry = self.dock.entry_of(camera)
        self.emit(DeviceSeen(device_id=identity, via=self.dock.id, type=camera.type, entry=entry))

    def soon(self, look: Callable[[], Told]) -> Told:
        """What `look` finds, or what it does not find before `settle_seconds` are over.

        Raises DeviceUnavailable if the camera goes meanwhile, or the dock ends.
        """
        deadline = time.monotonic() + self.dock.settle_seconds
        while True:
            # asked outside the lock: one card that hangs must not hold up what the other bays see
            found = look()
            if self.has_changed() or self.stop.is_set():
                raise DeviceUnavailable("wait.source_gone", done=0)
            if found or time.monotonic() > deadline:
                return found
            self.wait(self.has_changed, 0.3)

    def card_of(self, device: UsbDevice) -> Card | None:
        """The card's file system, once the kernel has found it; None if none comes."""
        found = self.soon(lambda: self.bus.cards(self.device or device))
        while found:  # a camera's own memory may be there before its card
            self.wait(self.has_changed, REST_S)
            seen = self.soon(lambda: self.bus.cards(self.device or device))
            if {one.node for one in seen} == {one.node for one in found}:
                break
            found = seen
        self.card, self.others = (found[0], found[1:]) if found else (None, [])
        return self.card

    def refuse_stranger(self, device: UsbDevice) -> None:
        """Nothing on it is read but what the system tells anyway, and whether a wanted `marker` is there."""
        seen = {
            "port": device.port, "vendor": device.vendor, "product": device.product,
            "manufacturer": device.manufacturer, "name": device.name, "serial": device.serial,
            "interfaces": list(device.interfaces), "inquiry": self.bus.inquiry(device),
            "label": self.card.label if self.card else "",
        }  # fmt: skip
        name, flashing = device.name or f"{device.vendor}:{device.product}", is_flashing(device)
        why = reason("bay.flash_mode" if flashing else "bay.stranger", name=name)
        self.emit(StrangerSeen(device_id=self.dock.id, at=moment(), bay=self.number, why=why, detail=seen))
        if flashing:
            self.show(BayState.FAULT, why)

    def run_through(self, volume: "Volume | MtpVolume") -> None:
        """Until it leaves."""
        self.volume, self.in_vain = volume, 0
        with ExitStack() as unless_told:
            unless_told.callback(self.owe, volume.settings.id)
            volume.offload(self.emit, self.stop)
            unless_told.pop_all()

    def owe(self, camera: str) -> None:
        self.owed = Disconnected(device_id=camera, at=moment())

    def confirm(self, device: UsbDevice) -> None:
        """The card is mounted and stays what it is; was it this camera's, or one's that came in between?

        Raises DeviceUnavailable if the camera was changed for another since it was identified.
        """
        here = self.bus.plugged().get(device.port)
        if here is None or here.plug != device.plug:
            raise DeviceUnavailable("wait.source_gone", done=0)

    def release(self, found: FoundFile, sha256: str) -> Release:
        """As the volume's own release, on a card that is writable only meanwhile; then looked for again.

        Raises Refused if it is still there, DeviceUnavailable if the camera has left.
        """
        volume = self.volume
        if volume is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        if volume.settings.release != "erase" or isinstance(volume, MtpVolume):
            return volume.release(found, sha256)
        if not volume.still_there():  # before anything is made writable: it might be another card
            raise DeviceUnavailable("wait.source_gone", done=0)
        with self.bus.writable(self.folder):
            ended = volume.release(found, sha256)
        if ended is Release.DONE and os.path.lexists(self.folder / os.fsdecode(found.path)):
            raise Refused("release.failed", error="the name is still there")
        return ended

    def pull(self, found: FoundFile, tick: Callable[[int], None]) -> None:
        """Raises DeviceUnavailable if the camera has left."""
        volume = self.volume
        if not isinstance(volume, MtpVolume):
            raise DeviceUnavailable("wait.source_gone", done=0)
        volume.pull(found, tick)

    def show_offloading(self, camera: str) -> None:
        self.show(BayState.OFFLOADING, camera=camera)

    def show_recorder(self, battery: int, record: Identity) -> None:
        officer, serial = record.officer_no, record.serial
        self.show(BayState.UNLOCKING, battery=battery, officer=officer, serial=serial)

    def show(self, state: BayState, why: Reason | None = None, **more: object) -> None:
        nothing = dict.fromkeys(("camera", "battery", "officer", "serial"))
        detail = {"state": state.value, "why": why, **nothing, **more}
        signal = SignalReceived(
            device_id=self.dock.id, at=moment(), bay=self.number, kind="bay", detail=detail
        )
        self.emit(signal)
