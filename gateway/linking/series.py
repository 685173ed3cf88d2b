"""Consecutive clips that a device cut from one take are one recording (R-58)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from gateway.law import parents_of
from gateway.linking.clocks import Windows
from gateway.models import Clip, Device, Original, Recording
from gateway.rulepacks import RulePacks
from gateway.rules.clock import TimeSource

SERIES_KINDS = ("VIDEO", "AUDIO")


def join(session: Session, clip: Clip, packs: RulePacks) -> list[Clip | Recording]:
    """Put a clip into the recording of its neighbours in time; returns the other rows that changed.

    A clip that fills a gap between two recordings joins the earlier one; the later keeps its own.
    """
    taken = when(session, clip)
    beside = neighbours(session, clip, *taken, gap_of(session, clip, packs)) if taken else []
    if not beside:
        return []
    changed: list[Clip | Recording] = []
    known = next((other.recording_id for other in beside if other.recording_id), None)
    if known is None:
        recording = begun(session, clip)
        changed.append(recording)
        known = recording.id
    clip.recording_id = known
    for other in beside:
        if other.recording_id is None:
            other.recording_id = known
            changed.append(other)
    session.add_all((clip, *changed))
    return changed


def when(session: Session, clip: Clip) -> tuple[datetime, datetime] | None:
    """From when to when, of a clip that can be put into a series; None of any other.

    The file time of a copy tells when it was sent or put here: what was sent one after the other is no take.
    """
    if clip.kind not in SERIES_KINDS or not clip.duration_s or clip.recording_id is not None:
        return None
    if clip.time_source == TimeSource.FILE and not is_from_card(session, clip):
        return None
    return (clip.started_at, clip.ended_at) if clip.started_at and clip.ended_at else None


def is_from_card(session: Session, clip: Clip) -> bool:
    windows = Windows(session)
    windows.load([clip.id])
    return windows.is_from_card(clip)


def gap_of(session: Session, clip: Clip, packs: RulePacks) -> timedelta:
    unit = session.get_one(Device, clip.device_id).unit_id
    return timedelta(seconds=packs.of(unit, parents_of(session)).linking.segment_gap_seconds.value)


def neighbours(
    session: Session, clip: Clip, started: datetime, ended: datetime, gap: timedelta
) -> Sequence[Clip]:
    """Same recorder, found on the same device, times from the same source, no further apart than `gap`."""
    wanted = select(Clip).join(Original, col(Original.id) == Clip.id)
    wanted = wanted.where(
        Clip.id != clip.id,
        Clip.device_id == clip.device_id,
        Clip.kind == clip.kind,
        Clip.time_source == clip.time_source,
        Original.device_id == session.get_one(Original, clip.id).device_id,
        or_(
            col(Clip.ended_at).between(started - gap, started + gap),
            col(Clip.started_at).between(ended - gap, ended + gap),
        ),
    )
    found = session.exec(wanted.order_by(col(Clip.started_at)).with_for_update(of=Clip)).all()
    if clip.time_source != TimeSource.FILE:
        return found
    return [other for other in found if is_from_card(session, other)]


def begun(session: Session, clip: Clip) -> Recording:
    recording = Recording(device_id=clip.device_id)
    session.add(recording)
    session.flush()
    return recording
