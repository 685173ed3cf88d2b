"""What a device told while it worked: alarms and other signals, and where it was."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.equipment import SignalOut, TrackPointOut
from api.seeing import must_see
from api.signin import Db, Reader
from api.v1.devices import must_see_device
from gateway import tracks
from gateway.instants import Moment
from gateway.models import Clip, DeviceSignal, Track

router = APIRouter(tags=["devices"])

MOST = 1000
BATCHES = 200

Since = Annotated[Moment | None, Query(description="received, or recorded, not before this")]
Until = Annotated[Moment | None, Query(description="before this; for more, ask again with the oldest seen")]


@router.get("/devices/{device_id}/signals")
def signals(
    device_id: str,
    viewer: Reader,
    database: Db,
    kind: Annotated[str | None, Query(examples=["sos"])] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> list[SignalOut]:
    """Newest first by when the gateway received them."""
    must_see_device(database, viewer, device_id)
    with database.read() as session:
        wanted: Any = select(DeviceSignal).where(DeviceSignal.device_id == device_id)
        if kind:
            wanted = wanted.where(DeviceSignal.kind == kind)
        if since:
            wanted = wanted.where(DeviceSignal.received_at >= since)
        if until:
            wanted = wanted.where(DeviceSignal.received_at < until)
        found = session.exec(wanted.order_by(col(DeviceSignal.received_at).desc()).limit(limit))
        return [SignalOut.model_validate(row) for row in found]


@router.get("/devices/{device_id}/track")
def track(
    device_id: str, viewer: Reader, database: Db, since: Since = None, until: Until = None
) -> list[TrackPointOut]:
    """Positions in order of time, by the device's own clock; at most 200 batches, the newest."""
    must_see_device(database, viewer, device_id)
    with database.read() as session:
        wanted: Any = select(Track).where(Track.device_id == device_id)
        if since:
            wanted = wanted.where(Track.ends_at >= since)
        if until:
            wanted = wanted.where(Track.begins_at < until)
        batches = session.exec(wanted.order_by(col(Track.begins_at).desc()).limit(BATCHES)).all()
    points = [TrackPointOut.of(point) for batch in batches for point in batch.points]
    return sorted(
        (point for point in points if (not since or point.at >= since) and (not until or point.at < until)),
        key=lambda point: point.at,
    )


class FixOut(BaseModel):
    at: datetime = Field(description="corrected by how wrong the device's clock was")
    at_s: float = Field(description="seconds from the clip's begin")
    latitude: float
    longitude: float


@router.get("/clips/{clip_id}/track")
def of_clip(clip_id: str, viewer: Reader, database: Db) -> list[FixOut]:
    """Where its recorder was while it recorded, in order; of very many positions every so many-th."""
    with database.read() as session:
        clip = must_see(session, viewer, Clip, clip_id, "Clip")
        return [FixOut(**asdict(fix)) for fix in tracks.of_clip(session, clip)]
