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
    before = session.get(Track, (event.device_id, points[0].at))
    if before is not None and len(before.points) >= len(points):
        return
    told = [
        [point.at.timestamp(), point.latitude, point.longitude, *([point.more] if point.more else [])]
        for point in points
    ]
    session.merge(
        Track(
            device_id=event.device_id, begins_at=points[0].at, ends_at=points[-1].at, received_at=event.at,
            points=told,
        )
    )  # fmt: skip
    session.flush()
