"""Who else is decided anew with a clip, or with a camera: what they recorded tells of each other (LK-4)."""

from collections.abc import Iterable
from datetime import date

from sqlmodel import Session, col, select

from gateway.linking.due import due
from gateway.linking.outings import day_of, midnight, together_due
from gateway.linking.steps import runs
from gateway.models import Clip, Device


def outing_due(session: Session, clip: Clip) -> None:
    """Where one was recorded, and what a person says of it, holds for what its unit recorded that day."""
    unit = session.get_one(Device, clip.device_id).unit_id
    if clip.started_at is not None:
        together_due(session, unit, clip.started_at, clip.started_at)


def device_due(session: Session, device: Device, unit_before: str | None) -> None:
    """Another entry in the register: its own clips, and those of the units that it left and came to."""
    due(session, "registry", device_id=device.id, span=(None, None))
    if device.unit_id == unit_before:
        return
    times = session.exec(
        select(Clip.started_at).where(Clip.device_id == device.id, col(Clip.started_at).is_not(None))
    )
    days = {day_of(at) for at in times if at is not None}
    for unit in (unit_before, device.unit_id):
        days_due(session, unit, days)


def days_due(session: Session, unit: str | None, days: Iterable[date]) -> None:
    for first, last in runs(sorted(days)):
        together_due(session, unit, midnight(first), midnight(last))
