"""Interview and hearing rooms (询问室、听证室): what was recorded there, and by which of their recorders."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import Session, col, func, or_, select

from api.problems import Problem, not_found
from api.shapes import Shape
from api.signin import Db, Reader, Ruled
from gateway.instants import FOR_EVER, Moment
from gateway.law import seam_of
from gateway.linking.people import held_devices
from gateway.models import Allocation, Clip, Device, Room, now
from gateway.rules.allocation import HolderKind
from gateway.rules.coverage import Stretch, compare, union
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["rooms"])

LONGEST = timedelta(days=31)
LONGEST_CLIP = timedelta(hours=12)


class StretchOut(Shape):
    start: Moment
    end: Moment
    seconds: float


class RecorderOut(BaseModel):
    device: str
    seconds: float = Field(description="recorded in all")
    stretches: list[StretchOut]
    only_here: list[StretchOut] = Field(description="what no other recorder of this room has")


class RoomRecordedOut(BaseModel):
    room: str
    recorders: list[RecorderOut]
    missing: list[StretchOut] = Field(
        description="what no recorder has, up to now; the device's signals `gap` tell the cause"
    )
    undescribed: int = Field(description="their clips whose time is not known yet")


@router.get("/rooms/{room_id}/recorded")
def recorded(
    room_id: str,
    viewer: Reader,
    database: Db,
    law: Ruled,
    since: Annotated[Moment, Query(description="the span that is looked at: from here")],
    until: Annotated[Moment, Query(description="to here; at most 31 days")],
) -> RoomRecordedOut:
    """The recorders of one room beside each other: each one's footage, what only one has, what is missing."""
    if not since < until <= since + LONGEST:
        raise Problem(422, "The span is empty or too long", "`until` comes after `since`, at most 31 days.")
    within = Stretch(since, max(since, min(until, now())))
    with database.read() as session:
        seen = select(Room.unit_id).where(Room.id == room_id, visible(viewer, Room))
        unit = session.exec(seen).first()
        if unit is None:
            raise not_found("Room")
        seam = seam_of(session, law, unit)
        here = periods(session, viewer, room_id)
        devices = sorted(here)
        rows = session.exec(
            select(Clip.device_id, Clip.started_at, Clip.ended_at).where(
                col(Clip.device_id).in_(devices),
                col(Clip.started_at) > since - LONGEST_CLIP,
                col(Clip.started_at) < until,
                col(Clip.ended_at) > since,
            )
        ).all()
        undescribed = session.exec(
            select(func.count())
            .select_from(Clip)
            .where(col(Clip.device_id).in_(devices), col(Clip.started_at).is_(None))
        ).one()
    spans: dict[str, list[Stretch]] = {device: [] for device in devices}
    for device, start, end in rows:
        if start is not None and end is not None:
            whole = [Stretch(start, end)]
            spans[device] += [one for period in here[device] for one in union(whole, period, seam)]
    told = compare(spans, within, seam)
    return RoomRecordedOut(
        room=room_id,
        recorders=[
            RecorderOut(
                device=device, seconds=round(sum(one.seconds for one in told.covered[device]), 1),
                stretches=shapes(told.covered[device]), only_here=shapes(told.only[device]),
            )
            for device in devices
        ],
        missing=shapes(told.missing), undescribed=undescribed,
    )  # fmt: skip


def periods(session: Session, viewer: Viewer, room_id: str) -> dict[str, list[Stretch]]:
    """When each recorder stood in this room: by the ledger, else where its settings say."""
    placed = select(Allocation.device_id).where(
        Allocation.room_id == room_id, col(Allocation.superseded_at).is_(None)
    )
    devices = session.exec(
        select(Device).where(
            or_(col(Device.room_id) == room_id, col(Device.id).in_(placed)), visible(viewer, Device)
        )
    ).all()
    held = held_devices(session, devices)
    return {
        device.id: [
            Stretch(held.start, held.end or FOR_EVER)
            for held in held[device.id].given
            if held.holder is HolderKind.ROOM and held.holder_id == room_id
        ]
        for device in devices
    }


def shapes(stretches: list[Stretch]) -> list[StretchOut]:
    return [StretchOut.model_validate(one) for one in stretches]
