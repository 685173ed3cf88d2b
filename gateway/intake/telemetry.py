"""What a device tells while it works: what happened to it, where it was."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeGuard

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from gateway.device import DeviceEvent, SignalReceived, TrackReceived
from gateway.models import DeviceSignal, Track

Telemetry = SignalReceived | TrackReceived


def is_telemetry(event: DeviceEvent) -> TypeGuard[Telemetry]:
    """Whether it only adds a row of its own, so that many are entered at once and after all else."""
    return isinstance(event, TrackReceived) or (isinstance(event, SignalReceived) and bool(event.event_id))


def keep(session: Session, events: Sequence[Telemetry]) -> None:
    """One look at what is there already, however many came."""
    happened(session, [event for event in events if isinstance(event, SignalReceived)])
    were_at(session, [event for event in events if isinstance(event, TrackReceived) and event.points])


def happened(session: Session, events: Sequence[SignalReceived]) -> None:
    """Each kept once: a broker that delivers twice, or a device that repeats itself, changes nothing."""
    if not events:
        return
    key = tuple_(col(DeviceSignal.device_id), col(DeviceSignal.event_id))
    told = {(event.device_id, event.event_id): event for event in reversed(events)}
    known = set(
        session.exec(select(DeviceSignal.device_id, DeviceSignal.event_id).where(key.in_(list(told))))
    )
    session.add_all(
        DeviceSignal(
            device_id=event.device_id,
            event_id=event.event_id,
            kind=event.kind,
            received_at=event.at,
            device_time=event.device_time,
            detail=dict(event.detail),
        )
        for place, event in told.items()
        if place not in known
    )
    session.flush()


def were_at(session: Session, events: Sequence[TrackReceived]) -> None:
    """Of two tellings that begin at the same moment the one with more positions stays."""
    if not events:
        return
    key = tuple_(col(Track.device_id), col(Track.begins_at))
    rows = session.exec(select(Track).where(key.in_([place_of(event) for event in events])))
    tracks = {(row.device_id, row.begins_at): row for row in rows}
    for event in events:
        points = sorted(event.points, key=lambda point: point.at)
        device, begins_at = place_of(event)
        track = tracks.get((device, begins_at))
        if track is None:
            track = Track(device_id=device, begins_at=begins_at, ends_at=points[-1].at)
            tracks[device, begins_at] = track
            session.add(track)
        elif len(track.points) >= len(points):
            continue
        track.ends_at, track.received_at = points[-1].at, event.at
        track.points = [
            [point.at.timestamp(), point.latitude, point.longitude, *([point.more] if point.more else [])]
            for point in points
        ]
    session.flush()


def place_of(event: TrackReceived) -> tuple[str, datetime]:
    return event.device_id, min(point.at for point in event.points)
