"""Clips whose own case number another rule pack reads otherwise, whoever's camera they are from."""

from sqlmodel import Session, col, select

from gateway.linking.due import due, take_due
from gateway.models import Clip
from gateway.rulepacks import RulePacks
from gateway.rules import case_number


def renumbered_due(session: Session, packs: RulePacks) -> None:
    """Have them decided anew, and their takes: words of one unit's numbers are read on every unit's clips."""
    bearing = select(Clip.id, Clip.declared, Clip.case_key).where(col(Clip.case_key).is_not(None))
    changed = [
        clip
        for clip, declared, key in session.exec(bearing.order_by(col(Clip.id)))
        if (own := declared.get("case_no")) and read(str(own), packs) != key
    ]
    for clip in changed:
        due(session, "rule pack", clip_id=clip)
        take_due(session, session.get_one(Clip, clip))


def read(number: str, packs: RulePacks) -> str:
    return next(iter(case_number.readings(number, packs.number_kinds)), case_number.normalise(number))
