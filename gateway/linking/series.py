"""Consecutive clips that a device cut from one take are one recording (R-58)."""

from datetime import timedelta

from sqlmodel import Session, and_, col, or_, select

from gateway.law import parents_of
from gateway.models import Clip, Device, Original, Recording
from gateway.rulepacks import RulePacks

SERIES_KINDS = ("VIDEO", "AUDIO")


def join(session: Session, clip: Clip, packs: RulePacks) -> list[Clip | Recording]:
    """Put a clip into the recording of its neighbours in time; returns the other rows that changed.

    Neighbours: same recorder, found on the same device, times from the same source, no further apart than the
    pack allows.
    A clip that fills a gap between two recordings joins the earlier one; the later keeps its own.
    """
    if clip.kind not in SERIES_KINDS or not clip.duration_s or not clip.started_at or not clip.ended_at:
        return []
    if clip.recording_id is not None:
        return []
    unit = session.get_one(Device, clip.device_id).unit_id
    gap_s = packs.of(unit, parents_of(session)).linking.segment_gap_seconds.value
    gap = timedelta(seconds=gap_s)
    beside = session.exec(
        select(Clip)
        .join(Original, col(Original.id) == Clip.id)
        .where(
            Clip.id != clip.id,
            Clip.device_id == clip.device_id,
            Clip.kind == clip.kind,
            Clip.time_source == clip.time_source,
            Original.device_id == session.get_one(Original, clip.id).device_id,
            or_(
                and_(
                    col(Clip.ended_at) >= clip.started_at - gap, col(Clip.ended_at) <= clip.started_at + gap
                ),
                and_(
                    col(Clip.started_at) >= clip.ended_at - gap, col(Clip.started_at) <= clip.ended_at + gap
                ),
            ),
        )
        .order_by(col(Clip.started_at))
        .with_for_update(of=Clip)
    ).all()
    if not beside:
        return []
    known = next((other.recording_id for other in beside if other.recording_id), None)
    changed: list[Clip | Recording] = []
    if known is None:
        recording = Recording(device_id=clip.device_id)
        session.add(recording)
        session.flush()
        changed.append(recording)
        known = recording.id
    clip.recording_id = known
    for other in beside:
        if other.recording_id is None:
            other.recording_id = known
            changed.append(other)
    session.add_all((clip, *changed))
    return changed
