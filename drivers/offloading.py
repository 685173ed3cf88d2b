"""Reading the card of what was admitted, from inside a bay (devices 1.4)."""

import fnmatch
import logging
import os
from collections.abc import Collection, Sequence
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from drivers.admission import Admitted
from drivers.mtp.camera import Camera
from drivers.mtp.objects import Object, survey
from drivers.mtp.spool import PullSpool
from drivers.mtp.volume import MtpVolume
from drivers.profiles import filled
from drivers.usb_bus import MTP, Card
from drivers.volume import Volume
from gateway.config.devices import CameraSettings, VolumeSettings
from gateway.device import ListedFile, Refused

if TYPE_CHECKING:
    from drivers.bay import Bay

log = logging.getLogger(__name__)


def offload(bay: "Bay", one: Admitted) -> bool:
    """Read the card until it leaves; False if it is none of this camera's."""
    if one.card.file_system == MTP:
        return offload_mtp(bay, one)
    camera, card = one.camera, one.card
    offset = datetime.now(ZoneInfo(camera.timezone or "UTC")).utcoffset()
    bay.bus.mount(card, bay.folder, int(offset.total_seconds() // 60) if offset else 0)
    if not has_all(bay, one.markers):
        bay.confirm(one.device)  # torn out, a card lists nothing
        bay.bus.unmount(bay.folder)
        return False
    told = admit(bay, one)
    others = [other for other in bay.others if not passed_over(camera, other)]
    bay.run_through(Volume(told, serial=card.serial, unread=tuple(map(described, others))))
    return True


def offload_mtp(bay: "Bay", one: Admitted) -> bool:
    """As `offload`; its files are pulled later, by whoever wants them."""
    camera = Camera(bay.bus.mtp(one.device), lambda: bay.has_changed() or bay.stop.is_set())
    with closing(camera):
        camera.open()
        objects = survey(camera, ZoneInfo(one.camera.timezone or "UTC"))
        if not all(bears(objects, marker) for marker in one.markers):
            return False
        told, spool = admit(bay, one), PullSpool(bay.dock.spool, bay.dock.reserve_mb << 20)
        left = bay.has_changed
        serial = one.card.serial or camera.serial
        bay.run_through(MtpVolume(told, camera, spool, objects, serial=serial, has_left=left))
    return True


def admit(bay: "Bay", one: Admitted) -> VolumeSettings:
    """It is this camera, in this bay, and known from now on. Raises Refused, DeviceUnavailable."""
    camera = one.camera
    identity = one.identity or filled(camera.id, one.device, one.card)
    bay.claim(identity)
    bay.confirm(one.device)
    bay.enter(identity, camera)
    bay.show_offloading(identity)
    return VolumeSettings(
        driver="volume", path=bay.folder, bay=bay.number, poll_seconds=bay.dock.poll_seconds,
        **camera.model_dump(include=set(VolumeSettings.model_fields) - {"driver", "path", "bay", "id"}),
        id=identity,
    )  # fmt: skip


def has_all(bay: "Bay", markers: Collection[str]) -> bool:
    """Whether all of that lies on the card. Raises Refused("bay.mount_failed") if it cannot be read."""
    for marker in markers:
        try:
            os.lstat(bay.folder / marker)
        except (FileNotFoundError, NotADirectoryError):
            log.info("%s, bay %s: there is no %s on the card", bay.dock.id, bay.number, marker)
            return False
        except OSError as error:
            raise Refused("bay.mount_failed", error=error.strerror) from error
    return True


def bears(objects: Sequence[Object], marker: str) -> bool:
    """Whether a path is on one of the camera's storages; an empty folder is told of by nobody."""
    wanted = marker.encode() + b"/"
    return any((one.path.partition(b"/")[2] + b"/").startswith(wanted) for one in objects)


def passed_over(camera: CameraSettings, card: Card) -> bool:
    return any(
        fnmatch.fnmatchcase(told, pattern)
        for pattern in camera.passed_over
        for told in (card.label, card.file_system)
    )


def described(card: Card) -> ListedFile:
    """A file system stands in the listing like a file that nobody could read."""
    name = f"[{card.label or card.serial or card.node.name}, {card.file_system}]"
    return ListedFile(path=name.encode(), size=card.size, mtime_ns=0)
