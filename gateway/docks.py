"""Docking stations as they stand: who and what is in each bay, how far it is, and whether it may be taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from gateway import ledger
from gateway.models import Device, DeviceStatus, Officer, Room, Unit, now
from gateway.offloads import Progress, open_offloads, progress
from gateway.visibility import Viewer, visible
from gateway.wording import Reason


class Sign(StrEnum):
    """What a bay tells who stands before it."""

    EMPTY = "EMPTY"
    READING = "READING"
    UNLOCKING = "UNLOCKING"
    COPYING = "COPYING"
    WAITING = "WAITING"
    FINISHING = "FINISHING"
    """All is kept; the card is being read once more, or erased."""
    DONE = "DONE"
    LOOK = "LOOK"
    """Ended, and somebody has to look before the camera is taken."""
    STRANGER = "STRANGER"
    FAULT = "FAULT"
    OCCUPIED = "OCCUPIED"
    """A board sees that something lies there; no dock reads it."""
    SILENT = "SILENT"


DOCK = "storage"
"""The type of what has bays; a camera that lies in one has a status with that bay, too."""
ATTENTION = frozenset({Sign.LOOK, Sign.STRANGER, Sign.FAULT})
"""Nothing goes on before a person comes."""
UNDER_WAY = frozenset({Sign.READING, Sign.UNLOCKING, Sign.COPYING, Sign.WAITING, Sign.FINISHING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One bay. What lies in it is named only to who may know of it."""

    dock: str
    bay: str
    sign: Sign
    since: datetime | None = None
    """When what lies in it was plugged in."""
    camera: str | None = None
    """Its name, or its id."""
    is_hidden: bool = False
    """A camera of another unit."""
    holder: str | None = None
    is_shared: bool = False
    offload: str | None = None
    """What brought it in, and has a receipt."""
    progress: Progress | None = None
    why: Reason | None = None
    battery: int | None = None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dock:
    id: str
    name: str
    unit: str | None
    seats: tuple[Seat, ...]

    def count(self, signs: frozenset[Sign]) -> int:
        return sum(seat.sign in signs for seat in self.seats)


def sign_of(state: str | None, seen: Progress | None) -> Sign:
    """`state` is what the dock says of its bay, `seen` how far the offload of what lies in it is."""
    if state in {"EMPTY", "STRANGER", "FAULT", "UNLOCKING"}:
        return Sign(state)
    if state == "PLUGGED" or (state == "OFFLOADING" and seen is None):
        return Sign.READING
    if state != "OFFLOADING" or seen is None:
        return Sign.SILENT
    if seen.has_ended:
        return Sign.LOOK if seen.set_aside else Sign.DONE
    if seen.waiting:
        return Sign.WAITING
    return Sign.FINISHING if seen.ended >= seen.files else Sign.COPYING


def docks(session: Session, viewer: Viewer, at: datetime | None = None) -> list[Dock]:
    """Every dock that the viewer may see, its bays in the order of their numbers."""
    statuses = session.exec(
        select(DeviceStatus)
        .join(Device, col(Device.id) == DeviceStatus.device_id)
        .where(Device.type == DOCK, DeviceStatus.bay != "", visible(viewer, DeviceStatus))
    ).all()
    boards = {(status.detail["dock"], status.bay): status for status in statuses if status.detail.get("dock")}
    own = [status for status in statuses if not is_shown_by_dock(status, statuses)]
    cabinet = Cabinet(session, viewer, own, at or now())
    wanted = {status.device_id for status in own}
    stations = session.exec(select(Device).where(col(Device.id).in_(wanted)).order_by(col(Device.id))).all()
    names = unit_names(session, [station.unit_id for station in stations])
    return [
        Dock(
            id=station.id, name=station.name or station.id, unit=names.get(station.unit_id or ""),
            seats=tuple(
                cabinet.seat(status, boards.get((status.device_id, status.bay)))
                for status in sorted(own, key=by_number) if status.device_id == station.id
            ),
        )
        for station in stations
    ]  # fmt: skip


def is_shown_by_dock(status: DeviceStatus, statuses: Sequence[DeviceStatus]) -> bool:
    """A board tells of locks and batteries of the bays that a dock reads; they are one bay to people."""
    dock = status.detail.get("dock")
    return any(other.device_id == dock and other.bay == status.bay for other in statuses)


def by_number(status: DeviceStatus) -> tuple[int, str]:
    return len(status.bay), status.bay


def unit_names(session: Session, units: Sequence[str | None]) -> dict[str, str]:
    wanted = {unit for unit in units if unit}
    return {unit.id: unit.name for unit in session.exec(select(Unit).where(col(Unit.id).in_(wanted)))}


class Cabinet:
    """What the bays of one look at the docks hold, read once for all of them."""

    def __init__(
        self, session: Session, viewer: Viewer, statuses: Sequence[DeviceStatus], at: datetime
    ) -> None:
        self.session, self.at = session, at
        inside = {camera for status in statuses if status.present and (camera := status.detail.get("camera"))}
        self.offloads = open_offloads(session, inside)
        seen = select(Device).where(col(Device.id).in_(inside), visible(viewer, Device))
        self.cameras = {device.id: device for device in session.exec(seen)}

    def seat(self, status: DeviceStatus, board: DeviceStatus | None) -> Seat:
        told: Mapping[str, Any] = status.detail
        camera = told.get("camera") if status.present else None
        known, offload = self.cameras.get(camera or ""), self.offloads.get(camera or "")
        seen = progress(self.session, offload, self.at) if offload else None
        holder, is_shared = holder_of(self.session, known.id, self.at) if known else (None, False)
        from_board = board.detail if board else told
        return Seat(
            dock=status.device_id, bay=status.bay, since=offload.opened_at if offload else None,
            sign=sign(status, seen),
            camera=(known.name or known.id) if known else None,
            is_hidden=camera is not None and known is None,
            holder=holder, is_shared=is_shared, progress=seen,
            offload=offload.id if offload and known else None,
            why=told.get("why") if status.present else None,
            battery=told.get("battery") if told.get("battery") is not None else from_board.get("battery"),
            alarms=tuple(from_board.get("alarms") or ()),
        )  # fmt: skip


def holder_of(session: Session, camera: str, at: datetime) -> tuple[str | None, bool]:
    """Whose it is by the ledger, and whether it is nobody's in particular."""
    found = ledger.held(session, camera, at)
    officer = session.get(Officer, found.officer_id) if found.officer_id else None
    room = session.get(Room, found.room_id) if found.room_id else None
    named = officer or room
    is_shared = named is None and found.basis is not None
    return (named.name if named else None), is_shared or found.shared_without_checkout


def sign(status: DeviceStatus, seen: Progress | None) -> Sign:
    """A dock that is away says nothing of its bays, whatever it said last."""
    if not status.present:
        return Sign.SILENT
    if "state" in status.detail:
        return sign_of(status.detail["state"], seen)
    occupied = status.detail.get("occupied")
    if occupied is None:
        return Sign.SILENT
    return Sign.OCCUPIED if occupied else Sign.EMPTY
