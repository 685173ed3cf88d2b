"""What a device tells while it works: what happened to it, where it was."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeGuard

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from gateway import custody
from gateway.device import DeviceEvent, SignalReceived, TrackReceived
from gateway.models import DeviceSignal, Track

Telemetry = SignalReceived | TrackReceived
Place = tuple[str, datetime]
"""What a track is known by: its device, and when it begins."""


def is_telemetry(event: DeviceEvent) -> TypeGuard[Telemetry]:
    """Whether it only adds a row of its own, so that many are entered at once and after all else."""
    return isinstance(event, TrackReceived) or (isinstance(event, SignalReceived) and bool(event.event_id))


def keep(session: Session, events: Sequence[Telemetry]) -> None:
    """One look at what is there already, however many came."""
    happened(session, [event for event in events if isinstance(event, SignalReceived)])
    were_at(session, [event for event in events if isinstance(event, TrackReceived) and event.points])


def happened(session: Session, events: Sequence[SignalReceived]) -> None:
    """Each kept once: a broker that delivers twice, or a device that repeats itself, changes nothing.

    Another happening under an id that one had before it, as of a camera that counts from the beginning again,
    is kept beside it, under an id that tells it apart.
    """
    if not events:
        return
    first: dict[tuple[str, str], DeviceSignal] = {}
    others: dict[tuple[str, str], DeviceSignal] = {}
    known = rows_at(session, {(event.device_id, event.event_id) for event in events})
    for event in events:
        row = signal_of(event, event.event_id)
        before = known.get((row.device_id, row.event_id)) or first.setdefault(
            (row.device_id, row.event_id), row
        )
        if said(before) != said(row):
            row = signal_of(event, f"{event.event_id}~{custody.value_digest(said(row))[:12]}")
            others[row.device_id, row.event_id] = row
    stored = rows_at(session, set(others))
    session.add_all([*first.values(), *(row for place, row in others.items() if place not in stored)])
    session.flush()


def rows_at(session: Session, places: set[tuple[str, str]]) -> dict[tuple[str, str], DeviceSignal]:
    key = tuple_(col(DeviceSignal.device_id), col(DeviceSignal.event_id))
    found = session.exec(select(DeviceSignal).where(key.in_(sorted(places)))) if places else ()
    return {(row.device_id, row.event_id): row for row in found}


def signal_of(event: SignalReceived, event_id: str) -> DeviceSignal:
    return DeviceSignal(
        device_id=event.device_id, event_id=event_id, kind=event.kind, received_at=event.at,
        device_time=event.device_time, detail=dict(event.detail),
    )  # fmt: skip


def said(row: DeviceSignal) -> tuple[str, datetime | None]:
    """What makes it another happening: not its details, which a driver may know better the next time."""
    return row.kind, row.device_time


def were_at(session: Session, events: Sequence[TrackReceived]) -> None:
    """Of two tellings that begin at the same moment the one with more positions stays.

    What is sealed stays as it is: what a later telling has beyond it is kept beside it.
    """
    if not events:
        return
    key = tuple_(col(Track.device_id), col(Track.begins_at))
    wanted = select(Track).where(key.in_([place_of(event) for event in events])).with_for_update()
    tracks = {(row.device_id, row.begins_at): row for row in session.exec(wanted)}
    for event in events:
        points = sorted(event.points, key=lambda point: point.at)
        track = tracks.get((event.device_id, points[0].at))
        while track is not None and track.seal is not None and points:
            known = {told[0] for told in track.points} | {track.begins_at.timestamp()}
            points = [point for point in points if point.at.timestamp() not in known]
            track = (points and track_at(session, tracks, (event.device_id, points[0].at))) or None
        if not points or (track is not None and len(track.points) >= len(points)):
            continue
        if track is None:
            place = event.device_id, points[0].at
            track = Track(device_id=place[0], begins_at=place[1], ends_at=points[-1].at)
            tracks[place] = track
            session.add(track)
        track.ends_at, track.received_at = points[-1].at, event.at
        track.points = [
            [point.at.timestamp(), point.latitude, point.longitude, *([point.more] if point.more else [])]
            for point in points
        ]
    session.flush()


def track_at(session: Session, tracks: dict[Place, Track], place: Place) -> Track | None:
    if place not in tracks and (found := session.get(Track, place, with_for_update=True)) is not None:
        tracks[place] = found
    return tracks.get(place)


def place_of(event: TrackReceived) -> Place:
    return event.device_id, min(point.at for point in event.points)
