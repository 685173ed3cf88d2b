"""Asking a recorder for its card, from inside a bay (devices 1.1 and 1.4)."""

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from drivers.dock_notes import Unlocked, looks_of
from drivers.host_clock import is_synchronised
from drivers.links import zzx
from drivers.links.bcplus import BcPlusLink
from drivers.links.dv16 import Dv16Link
from drivers.links.e12 import E12Link
from drivers.links.recorder import RecorderLink
from drivers.links.zzx import ZzxLink
from drivers.profiles import agrees, filled
from drivers.recorder_clock import set_clock
from drivers.usb_bus import UsbDevice
from gateway.config.devices import CameraSettings
from gateway.device import ClockRead, DeviceUnavailable, Refused
from gateway.instants import moment

if TYPE_CHECKING:
    from drivers.bay import Bay

MOST_TRIES = 3
"""A recorder may lock itself for ever after too many wrong passwords."""
REFUSED = "recorder.wrong_password"
AGAIN_S = 0.5


def unlock(bay: "Bay", device: UsbDevice, camera: CameraSettings) -> tuple[UsbDevice, str]:
    """Ask a recorder for its card; it leaves the bus and comes back on the same port as another device.

    Raises Refused for a wrong password (after three, nobody asks this recorder again until the settings have
    another one), an empty battery, a missing card, or a recorder that does not come back in time. Raises
    DeviceUnavailable where something else came: a plugging of its own.
    """
    password = camera.password.get_secret_value() if camera.password else ""
    notes, who = bay.docked.notes, known_as(device)
    if notes.refusals(who, password) >= MOST_TRIES:
        raise Refused("recorder.locked_out", tries=MOST_TRIES, recorder=who, file=notes.path)
    try:
        with closing(connected(bay, device, camera)) as link:
            identity = asked_once(bay, link, device, camera, password)
    except Refused as no:
        if no.reason["code"] == REFUSED:
            notes.count_refusal(who, password)
        raise
    bay.wait(bay.is_back, bay.dock.settle_seconds)
    fresh = bay.device
    if fresh is None or fresh.plug == device.plug:
        raise Refused("recorder.not_back", seconds=bay.dock.settle_seconds)
    if not is_disk_of(camera, fresh):
        came_back_otherwise(bay, fresh)
    bay.guest = fresh
    remember(bay, fresh, camera, identity)
    return fresh, identity


def is_disk_of(camera: CameraSettings, device: UsbDevice) -> bool:
    return camera.as_disk is not None and agrees(camera.as_disk, device, None)


def came_back_otherwise(bay: "Bay", fresh: UsbDevice) -> None:
    """A hand may have put another camera in, or the same once more; a recorder may also just refuse.

    Raises DeviceUnavailable: it is looked at anew; Refused("recorder.stays_locked") if that is in vain.
    """
    bay.in_vain += 1
    if bay.in_vain < MOST_TRIES:
        raise DeviceUnavailable("wait.source_gone", done=0)
    bay.guest = fresh
    raise Refused("recorder.stays_locked", tries=bay.in_vain)


def asked_once(
    bay: "Bay", link: RecorderLink, device: UsbDevice, camera: CameraSettings, password: str
) -> str:
    """A recorder that falls silent after it was told a password may have counted it: that waits for a hand.

    Raises Refused, or DeviceUnavailable if the camera left.
    """
    try:
        return ask_for_card(bay, link, device, camera, password)
    except DeviceUnavailable as gone:
        if bay.has_changed() or bay.stop.is_set():
            raise
        raise Refused(gone.reason["code"], **gone.reason["facts"]) from gone


def ask_for_card(
    bay: "Bay", link: RecorderLink, device: UsbDevice, camera: CameraSettings, password: str
) -> str:
    """The id of the device that was told to show its card."""
    record = link.identity(password)
    bay.docked.notes.accepted(known_as(device))
    identity = filled(camera.id, device, None, record)
    bay.claim(identity)
    battery = link.battery()
    bay.show_recorder(battery, record)
    if battery < camera.least_battery:
        raise Refused("recorder.low_battery", battery=battery, least=camera.least_battery)
    read_clock(bay, link, camera, identity, password)
    link.storage_mode(password)
    return identity


def known_as(device: UsbDevice) -> str:
    """By what its refusals are counted: it tells who it is only to whom it accepts."""
    return f"{device.vendor}:{device.product} {device.serial or 'in ' + device.port}"


def remember(bay: "Bay", disk: UsbDevice, camera: CameraSettings, identity: str) -> None:
    """So that a restart in the middle goes on by itself: the recorder will not tell again who it is."""
    mark = bay.bus.mark(disk)
    if mark:
        note = Unlocked(mark=mark, looks=looks_of(disk), camera=camera.id, identity=identity)
        bay.docked.notes.keep_unlocked(disk.port, note)


def connected(bay: "Bay", device: UsbDevice, camera: CameraSettings) -> RecorderLink:
    """A recorder may answer a while after it is on the bus: tried again until `settle_seconds` are over.

    Only this is tried again: what a recorder counts is not asked here. Raises DeviceUnavailable.
    """
    deadline = time.monotonic() + bay.dock.settle_seconds
    while True:
        try:
            with ExitStack() as stack:
                link = stack.enter_context(closing(link_to(bay, device, camera)))
                link.connect()
                bay.confirm(device)  # or it would be another one's that was put into the same port
                stack.pop_all()
                return link
        except DeviceUnavailable as gone:
            is_over = gone.reason["code"] == "recorder.no_adb" or time.monotonic() > deadline
            if is_over or bay.wait(bay.has_changed, AGAIN_S) or bay.stop.is_set():
                raise


def link_to(bay: "Bay", device: UsbDevice, camera: CameraSettings) -> RecorderLink:
    match camera.link:
        case "dv16":
            return Dv16Link(bay.bus.scsi(device))
        case "bcplus":
            return BcPlusLink(bay.bus.lines(device))
        case "zzx":
            return ZzxLink(bay.bus.talk(device, camera.link_port, zzx.wake(camera.link_port)))
        case "e12":
            return E12Link(bay.bus.talk(device, camera.link_port, ()))
        case "none":
            raise Refused("bay.no_card", seconds=bay.dock.settle_seconds)
        case _:
            assert_never(camera.link)


def read_clock(bay: "Bay", link: RecorderLink, camera: CameraSettings, identity: str, password: str) -> None:
    """Read, store, only then set: how wrong it was is evidence, and setting it destroys that."""
    before = moment()
    told = link.clock()
    if told is None:
        return
    zone = ZoneInfo(camera.timezone or "UTC")
    after = moment()
    bay.enter(identity, camera)
    bay.emit(
        ClockRead(
            device_id=identity,
            at=before + (after - before) / 2,
            device_time=told if told.tzinfo else told.replace(tzinfo=zone),
            uncertainty_s=1 + (after - before).total_seconds() / 2,  # it tells whole seconds
            host_synchronised=is_synchronised(),
        )
    )
    if camera.set_clock:
        set_clock(bay, link, identity, zone, password)
