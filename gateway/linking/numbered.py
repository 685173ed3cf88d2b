"""Clips whose own case number another rule pack reads otherwise, whoever's camera they are from."""

from sqlmodel import Session, col, select

from gateway.law import UnitPacks, parents_of
from gateway.linking.due import due, take_due
from gateway.models import Clip, Device
from gateway.rulepacks import RulePacks
from gateway.rules import case_number


def renumbered_due(session: Session, packs: RulePacks) -> None:
    """Have them decided anew, and their takes: words of one unit's numbers are read on every unit's clips."""
    of_units = UnitPacks(packs, parents_of(session))
    bearing = (
        select(Clip.id, Clip.declared, Clip.case_key, Device.unit_id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(col(Clip.case_key).is_not(None))
        .order_by(col(Clip.id))
    )
    changed = [
        clip
        for clip, declared, key, unit in session.exec(bearing)
        if (own := declared.get("case_no"))
        and case_number.key(str(own), (of_units.number_kinds(unit), *packs.number_kinds)) != key
    ]
    for clip in changed:
        due(session, "rule pack", clip_id=clip)
        take_due(session, session.get_one(Clip, clip))
