"""One bay of a dock: from plugging in to taking out (devices 1.4)."""

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never
from zoneinfo import ZoneInfo

from drivers.host_clock import is_synchronised
from drivers.links.bcplus import BcPlusLink
from drivers.links.dv16 import Dv16Link
from drivers.links.recorder import Identity, RecorderLink
from drivers.profiles import agrees, filled
from drivers.usb_bus import Bus, Card, UsbDevice
from drivers.volume import Volume
from gateway.config.devices import CameraSettings, UsbDockSettings, VolumeSettings
from gateway.device import (
    ClockRead,
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
from gateway.wording import Reason, reason, sentence

log = logging.getLogger(__name__)

MOST_TRIES = 3


class BayState(StrEnum):
    """What a bay shows."""

    EMPTY = "EMPTY"
    PLUGGED = "PLUGGED"
    STRANGER = "STRANGER"
    UNLOCKING = "UNLOCKING"
    OFFLOADING = "OFFLOADING"
    FAULT = "FAULT"


@dataclass
class Docked:
    """Which camera is in which bay: the same camera cannot be in two."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    bays: dict[str, "Bay"] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    """Wrong passwords by recorder: it may lock itself for ever after too many."""

    def take(self, camera: str, bay: "Bay") -> bool:
        with self.lock:
            return self.bays.setdefault(camera, bay) is bay

    def leave(self, bay: "Bay") -> None:
        with self.lock:
            self.bays = {camera: other for camera, other in self.bays.items() if other is not bay}


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
        self.volume: Volume | None = None
        self.plug = ""
        """The plugging that the session is about; unlocking a recorder makes it another."""

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
        self.show(BayState.EMPTY)
        while self.wait(lambda: self.device is not None):
            device = self.device
            assert device is not None
            self.plug = device.plug
            try:
                self.session(device)
            except Refused as no:
                self.show(BayState.FAULT, no.reason)
            except DeviceUnavailable as gone:
                log.info("%s, bay %s: %s", self.dock.id, self.number, sentence(gone.reason, "en"))
                if self.device is not None and self.device.plug == self.plug:
                    self.show(BayState.FAULT, gone.reason)
            self.wait(lambda plug=self.plug: self.device is None or self.device.plug != plug)  # type: ignore[misc]
            if self.device is None:
                self.show(BayState.EMPTY)

    def session(self, device: UsbDevice) -> None:
        """Everything between one plugging in and its taking out."""
        self.show(BayState.PLUGGED)
        card: Card | None = None
        record: Identity | None = None
        camera = self.known(device, card)
        if camera is not None and camera.link != "none" and not self.bus.cards(device):
            device, record = self.unlock(device, camera)
            card = self.card_of(device)
        elif camera is not None:
            card = self.card_of(device)
            camera = self.known(device, card)
        if camera is None:
            self.refuse_stranger(device, card)
            return
        if card is None:
            raise Refused("bay.no_card", seconds=self.dock.settle_seconds)
        identity = filled(camera.id, device, card, record)
        if not self.docked.take(identity, self):
            raise Refused("bay.same_identity", camera=identity)
        try:
            self.offload(identity, camera, card)
        finally:
            self.docked.leave(self)
            self.volume = None
            self.bus.unmount(self.folder)

    def unlock(self, device: UsbDevice, camera: CameraSettings) -> tuple[UsbDevice, Identity]:
        """Ask a recorder for its card; it leaves the bus and comes back on the same port as another device.

        Raises Refused for a wrong password (after three, nobody asks this recorder again until a restart),
        an empty battery, a missing card, or a recorder that does not come back in time.
        """
        password = camera.password.get_secret_value() if camera.password else ""
        tries = self.docked.tries
        if tries[device.serial or device.port] >= MOST_TRIES:
            raise Refused("recorder.locked_out", tries=MOST_TRIES)
        link = self.link_to(device, camera)
        link.connect()
        try:
            record = link.identity(password)
        except Refused as no:
            tries[device.serial or device.port] += no.reason["code"] == "recorder.wrong_password"
            raise
        battery = link.battery()
        self.show(BayState.UNLOCKING, battery=battery, officer=record.officer_no, serial=record.serial)
        if battery < camera.least_battery:
            raise Refused("recorder.low_battery", battery=battery, least=camera.least_battery)
        self.read_clock(link, camera, filled(camera.id, device, None, record), password)
        link.storage_mode(password)
        plug = device.plug
        self.wait(lambda: self.device is not None and self.device.plug != plug, self.dock.settle_seconds)
        if self.device is None or self.device.plug == plug:
            raise Refused("recorder.not_back", seconds=self.dock.settle_seconds)
        self.plug = self.device.plug
        return self.device, record

    def link_to(self, device: UsbDevice, camera: CameraSettings) -> RecorderLink:
        match camera.link:
            case "dv16":
                return Dv16Link(self.bus.scsi(device))
            case "bcplus":
                return BcPlusLink(self.bus.lines(device))
            case "none":
                raise Refused("bay.no_card", seconds=self.dock.settle_seconds)
            case _:
                assert_never(camera.link)

    def read_clock(self, link: RecorderLink, camera: CameraSettings, identity: str, password: str) -> None:
        """Read, store, only then set: how wrong it was is evidence, and setting it destroys that."""
        before = moment()
        told = link.clock()
        if told is None:
            return
        zone = ZoneInfo(camera.timezone or "UTC")
        after = moment()
        self.enter(identity, camera)
        self.emit(
            ClockRead(
                device_id=identity,
                at=before + (after - before) / 2,
                device_time=told.replace(tzinfo=zone),
                uncertainty_s=1 + (after - before).total_seconds() / 2,  # it tells whole seconds
                host_synchronised=is_synchronised(),
            )
        )
        if camera.set_clock:
            link.set_clock(moment().astimezone(zone).replace(tzinfo=None), password)

    def enter(self, identity: str, camera: CameraSettings) -> None:
        entry = camera.entry() | {"driver": self.dock.driver, "unit_id": camera.unit or self.dock.unit}
        self.emit(DeviceSeen(device_id=identity, via=self.dock.id, type=camera.type, entry=entry))

    def known(self, device: UsbDevice, card: Card | None) -> CameraSettings | None:
        """The first camera on the list that all that is told agrees with."""
        return next((camera for camera in self.dock.cameras if agrees(camera.match, device, card)), None)

    def card_of(self, device: UsbDevice) -> Card | None:
        """The card's file system, as soon as the kernel has found it."""
        found: list[Card] = []

        def look() -> bool:
            found[:] = self.bus.cards(device)
            return bool(found) or self.device is None or self.device.plug != device.plug

        self.wait(look, self.dock.settle_seconds)
        return found[0] if found else None

    def refuse_stranger(self, device: UsbDevice, card: Card | None) -> None:
        """Never mounted: nothing on it is read but what the system tells anyway."""
        seen = {
            "port": device.port, "vendor": device.vendor, "product": device.product,
            "manufacturer": device.manufacturer, "name": device.name, "serial": device.serial,
            "interfaces": list(device.interfaces), "label": card.label if card else "",
        }  # fmt: skip
        why = reason("bay.stranger", name=device.name or f"{device.vendor}:{device.product}")
        self.emit(StrangerSeen(device_id=self.dock.id, at=moment(), bay=self.number, why=why, detail=seen))

    def offload(self, identity: str, camera: CameraSettings, card: Card) -> None:
        zone = ZoneInfo(camera.timezone or "UTC")
        offset = datetime.now(zone).utcoffset()
        self.bus.mount(card, self.folder, int(offset.total_seconds() // 60) if offset else 0)
        self.enter(identity, camera)
        self.show(BayState.OFFLOADING, camera=identity)
        told = VolumeSettings(
            driver="volume", path=self.folder, bay=self.number, poll_seconds=self.dock.poll_seconds,
            **camera.model_dump(include=set(VolumeSettings.model_fields) - {"driver", "path", "bay", "id"}),
            id=identity,
        )  # fmt: skip
        self.volume = Volume(told, serial=card.serial)
        try:
            self.volume.offload(self.emit, self.stop)
        except DeviceUnavailable:
            self.emit(Disconnected(device_id=identity, at=moment()))
            raise

    def release(self, found: FoundFile, sha256: str) -> Release:
        """As the volume's own release, on a card that is writable only meanwhile; then looked for again.

        Raises Refused if it is still there, DeviceUnavailable if the camera has left.
        """
        volume = self.volume
        if volume is None:
            raise DeviceUnavailable("wait.source_gone", done=0)
        if volume.settings.release == "keep":
            return Release.KEPT
        with self.bus.writable(self.folder):
            ended = volume.release(found, sha256)
        if ended is Release.DONE and os.path.lexists(self.folder / os.fsdecode(found.path)):
            raise Refused("release.failed", error="the name is still there")
        return ended

    def show(self, state: BayState, why: Reason | None = None, **more: object) -> None:
        detail = {"state": state.value, "why": why, "camera": None, **more}
        signal = SignalReceived(
            device_id=self.dock.id, at=moment(), bay=self.number, kind="bay", detail=detail
        )
        self.emit(signal)


def moment() -> datetime:
    return datetime.now(UTC)
