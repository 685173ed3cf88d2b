"""Where a clip was recorded and what its device told meanwhile, on the clip's own clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from gateway.models import Clip, DeviceSignal, Track
from gateway.rules.clock import LONGEST, TRUE_TIME, TimeRead, TimeSource

BATCHES = 2000
MOST = 4000
LATE = timedelta(days=7)
"""A connected camera tells of a day when it is connected again."""


@dataclass(frozen=True, slots=True)
class Fix:
    """`at_s`: seconds from the clip's begin."""

    at: datetime
    at_s: float
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Told:
    at_s: float
    kind: str


def clock_ahead(clip: Clip) -> timedelta:
    """How far the device's clock was ahead when it recorded: the time it wrote less the corrected one."""
    read = next((one for one in clip.times or () if one["source"] == clip.time_source), None)
    if read is None or clip.started_at is None or read["source"] in TRUE_TIME:
        return timedelta()
    at_end = bool(read.get("at_end"))
    written = datetime.fromisoformat(read["written"])
    instant = TimeRead(TimeSource(read["source"]), written, read["zone"], at_end).instant
    return instant - (timedelta(seconds=clip.duration_s or 0) if at_end else timedelta()) - clip.started_at


def of_clip(session: Session, clip: Clip) -> list[Fix]:
    """In order of time; of a very long one every so many-th."""
    span = told_span(clip)
    if span is None:
        return []
    start, end, ahead = span
    wanted = select(Track).where(
        Track.device_id == clip.device_id, Track.ends_at >= start, Track.begins_at <= end
    )
    batches = session.exec(wanted.order_by(col(Track.begins_at)).limit(BATCHES)).all()
    points = sorted(
        (point for batch in batches for point in batch.points if is_place(point)),
        key=lambda one: float(one[0]),
    )
    within = [one for one in points if start.timestamp() <= one[0] <= end.timestamp()]
    step = max(1, -(-len(within) // MOST))
    return [fix(one, start, ahead) for one in within[::step]]


def told_span(clip: Clip) -> tuple[datetime, datetime, timedelta] | None:
    """Begin and end of the clip by its device's clock, and how far that was ahead."""
    if clip.started_at is None or clip.ended_at is None or clip.ended_at - clip.started_at > LONGEST:
        return None
    ahead = clock_ahead(clip)
    return clip.started_at + ahead, clip.ended_at + ahead, ahead


def is_place(point: list[Any]) -> bool:
    _, latitude, longitude, *_ = point
    return abs(latitude) <= 90 and abs(longitude) <= 180 and (latitude, longitude) != (0, 0)


def fix(point: list[Any], start: datetime, ahead: timedelta) -> Fix:
    seconds, latitude, longitude, *_ = point
    at = datetime.fromtimestamp(seconds, UTC)
    return Fix(at - ahead, (at - start).total_seconds(), latitude, longitude)


def told_during(session: Session, clip: Clip, kinds: tuple[str, ...]) -> list[Told]:
    """What its device told while it recorded (an alarm, a mark), in order."""
    span = told_span(clip)
    if span is None:
        return []
    start, end, _ = span
    at = func.coalesce(DeviceSignal.device_time, DeviceSignal.received_at)
    wanted = select(DeviceSignal).where(
        DeviceSignal.device_id == clip.device_id,
        col(DeviceSignal.kind).in_(kinds),
        DeviceSignal.received_at >= start - timedelta(days=1),
        DeviceSignal.received_at < end + LATE,
        at >= start,
        at <= end,
    )
    found = session.exec(wanted.order_by(at).limit(200)).all()
    return [Told(((one.device_time or one.received_at) - start).total_seconds(), one.kind) for one in found]
