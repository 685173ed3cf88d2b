"""What a device tells while it works: how it is now, what happened to it, where it was."""

from sqlmodel import Session

from gateway.device import SignalReceived, TrackReceived
from gateway.models import DeviceSignal, Track


def happened(session: Session, event: SignalReceived) -> None:
    """Kept once: a broker that delivers twice, or a device that repeats itself, changes nothing."""
    if session.get(DeviceSignal, (event.device_id, event.event_id)) is not None:
        return
    session.add(
        DeviceSignal(
            device_id=event.device_id,
            event_id=event.event_id,
            kind=event.kind,
            received_at=event.at,
            device_time=event.device_time,
            detail=dict(event.detail),
        )
    )
    session.flush()


def was_at(session: Session, event: TrackReceived) -> None:
    points = sorted(event.points, key=lambda point: point.at)
    if not points:
        return
    track = session.get(Track, (event.device_id, points[0].at))
    if track is not None and len(track.points) >= len(points):
        return
    told = [
        [point.at.timestamp(), point.latitude, point.longitude, *([point.more] if point.more else [])]
        for point in points
    ]
    if track is None:
        track = Track(device_id=event.device_id, begins_at=points[0].at, ends_at=points[-1].at)
    track.ends_at, track.received_at, track.points = points[-1].at, event.at, told
    session.add(track)
    session.flush()
