"""What is plugged into a bay: which entry of the list it is, and the card that it shows (devices 1.3)."""

import fnmatch
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.dock_notes import looks_of
from drivers.profiles import agrees
from drivers.unlocking import connected, unlock
from drivers.usb_bus import MASS_STORAGE, Card, UsbDevice
from gateway.config.devices import CameraSettings, UsbMatch
from gateway.device import Refused

if TYPE_CHECKING:
    from drivers.bay import Bay


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An entry of the list that agrees in all that can be told without looking into the card."""

    camera: CameraSettings
    device: UsbDevice
    card: Card
    markers: frozenset[str]
    """What must lie on the card."""
    identity: str = ""
    """Of a recorder that told it before it was unlocked."""


def admitted(bay: "Bay", device: UsbDevice) -> Iterator[Admitted]:
    """In the order of the list; nothing for a stranger, of which not even the file system is looked at.

    Raises Refused or DeviceUnavailable where it is ours and cannot be read, or goes meanwhile.
    """
    if before := unlocked_before(bay, device):
        yield from as_disk(bay, device, *before)
        return
    possible = [camera for camera in bay.dock.cameras if agrees(camera.match, device, None)]
    if not possible:
        return
    if any(camera.link != "none" for camera in possible) and not bay.bus.cards(device):
        first = next(candidates(bay, device, None), None)
        if first is None:
            return
        if first.link != "none":
            disk, identity = unlock(bay, device, first)
            yield from as_disk(bay, disk, first, identity)
            return
    card = bay.card_of(device)
    for camera in candidates(bay, device, card):
        yield entry(bay, camera, device, card, camera.match)


def as_disk(bay: "Bay", disk: UsbDevice, camera: CameraSettings, identity: str) -> Iterator[Admitted]:
    """What came back on the port, if it is what the settings say."""
    bay.claim(identity)
    card = bay.card_of(disk)
    if camera.as_disk is not None and holds(bay, camera.as_disk, disk, card):
        yield entry(bay, camera, disk, card, camera.as_disk, identity)


def entry(
    bay: "Bay",
    camera: CameraSettings,
    device: UsbDevice,
    card: Card | None,
    expected: UsbMatch,
    identity: str = "",
) -> Admitted:
    if card is None:
        raise Refused("bay.no_card", seconds=bay.dock.settle_seconds)
    markers = frozenset(one for one in (camera.match.marker, expected.marker) if one)
    return Admitted(camera=camera, device=device, card=card, markers=markers, identity=identity)


def candidates(bay: "Bay", device: UsbDevice, card: Card | None) -> Iterator[CameraSettings]:
    """Asked for its code is only who agrees in all else. One that does not answer is not taken for the next
    on the list: raises DeviceUnavailable.
    """
    for camera in bay.dock.cameras:
        if holds(bay, camera.match, device, card) and has_code(bay, camera, device):
            yield camera


def holds(bay: "Bay", match: UsbMatch, device: UsbDevice, card: Card | None) -> bool:
    """Waits for what the kernel tells a moment later, only where all else agrees."""
    if not agrees(match, device, card):
        return False
    here = device
    if not here.interfaces and (match.interfaces or match.inquiry):
        bay.soon(lambda: (bay.device or device).interfaces)
        here = bay.device or device
        if match.interfaces and not here.interfaces:
            return False
    inquiry = None
    if match.inquiry is not None:
        is_disk = MASS_STORAGE in here.interfaces
        inquiry = (bay.soon(lambda: bay.bus.inquiry(here)) if is_disk else "") or ""
    return agrees(match, here, card, inquiry)


def has_code(bay: "Bay", camera: CameraSettings, device: UsbDevice) -> bool:
    wanted = camera.match.id_code
    if wanted is None:
        return True
    with closing(connected(bay, device, camera)) as link:
        return fnmatch.fnmatchcase(link.id_code(), wanted)


def unlocked_before(bay: "Bay", device: UsbDevice) -> tuple[CameraSettings, str] | None:
    """The camera and its id, if this is a recorder that was unlocked here and has not left the bus since.

    It tells of itself what it told then, and the settings still have it.
    """
    note = bay.docked.notes.unlocked_here(device.port)
    if note is None or note.mark != bay.bus.mark(device) or note.looks != looks_of(device):
        return None
    for camera in bay.dock.cameras:
        if camera.id == note.camera and camera.link != "none" and camera.as_disk is not None:
            return camera, note.identity
    return None
