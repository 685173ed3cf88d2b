"""Interview and hearing rooms (询问室、听证室): what was recorded there, and by which of their recorders."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.problems import Problem, not_found
from api.shapes import Shape
from api.signin import Db, Reader
from gateway.instants import Moment
from gateway.models import Clip, Device, Room
from gateway.rules.coverage import Stretch, compare
from gateway.visibility import visible

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
        description="what no recorder has; the device's signals `gap` tell the cause"
    )


@router.get("/rooms/{room_id}/recorded")
def recorded(
    room_id: str,
    viewer: Reader,
    database: Db,
    since: Annotated[Moment, Query(description="the span that is looked at: from here")],
    until: Annotated[Moment, Query(description="to here; at most 31 days")],
) -> RoomRecordedOut:
    """The recorders of one room beside each other: each one's footage, what only one has, what is missing."""
    if not since < until <= since + LONGEST:
        raise Problem(422, "The span is empty or too long", "`until` comes after `since`, at most 31 days.")
    within = Stretch(since, until)
    with database.read() as session:
        seen = select(Room.id).where(Room.id == room_id, visible(viewer, Room))
        if session.exec(seen).first() is None:
            raise not_found("Room")
        devices = session.exec(
            select(Device.id)
            .where(Device.room_id == room_id, visible(viewer, Device))
            .order_by(col(Device.id))
        ).all()
        rows = session.exec(
            select(Clip.device_id, Clip.started_at, Clip.ended_at).where(
                col(Clip.device_id).in_(devices),
                col(Clip.started_at) > since - LONGEST_CLIP,
                col(Clip.started_at) < until,
                col(Clip.ended_at) > since,
            )
        ).all()
    spans: dict[str, list[Stretch]] = {device: [] for device in devices}
    for device, start, end in rows:
        if start is not None and end is not None:
            spans[device].append(Stretch(start, end))
    told = compare(spans, within)
    return RoomRecordedOut(
        room=room_id,
        recorders=[
            RecorderOut(
                device=device, seconds=round(sum(one.seconds for one in told.covered[device]), 1),
                stretches=shapes(told.covered[device]), only_here=shapes(told.only[device]),
            )
            for device in devices
        ],
        missing=shapes(told.missing),
    )  # fmt: skip


def shapes(stretches: list[Stretch]) -> list[StretchOut]:
    return [StretchOut.model_validate(one) for one in stretches]
