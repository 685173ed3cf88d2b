"""When clips might go by a rule pack that is not in force yet, and when they may by those that are (R-54)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway.database import Database
from gateway.models import CaseRecord, Clip, Device, Link, Original, State
from gateway.retention import judged
from gateway.retention.known import Known
from gateway.rulepacks import RulePacks

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """None is without end, or until something is known that is not yet."""

    clip_id: str
    before: date | None
    after: date | None
    is_due: bool
    """It might go at once, and may not now."""

    @property
    def is_earlier(self) -> bool:
        return (self.after or date.max) < (self.before or date.max)


@dataclass(slots=True)
class Changes:
    most: int = 50
    """So many are listed, 0: all of them."""
    looked_at: int = 0
    earlier: int = 0
    later: int = 0
    at_once: int = 0
    listed: list[Change] = field(default_factory=list)

    def add(self, page: tuple[int, list[Change]]) -> None:
        self.looked_at += page[0]
        for one in page[1]:
            self.earlier += one.is_earlier
            self.later += not one.is_earlier
            self.at_once += one.is_due
            if not self.most or len(self.listed) < self.most:
                self.listed.append(one)

    def lines(self) -> list[str]:
        told = [
            f"{self.looked_at} clips looked at, by the links that stand now",
            f"  {self.earlier} might go earlier ({self.at_once} of them at once), {self.later} only later",
        ]
        told += [f"{one.clip_id}  {one.before or 'no end'} -> {one.after or 'no end'}" for one in self.listed]
        left = self.earlier + self.later - len(self.listed)
        return [*told, *([f"… and {left} more; --limit 0 lists all"] if left else [])]


def compared(
    database: Database, now: RulePacks, then: RulePacks, units: Collection[str] | None, at: datetime
) -> Iterator[tuple[int, list[Change]]]:
    """Page by page, each on its own reading: how many clips that are kept, and those with another day.

    `units`: what their cameras recorded, and what is linked to their cases.
    """
    last = ""
    while True:
        with database.read() as session:
            ids = session.exec(wanted(units, last)).all()
            found = changes(session, now, then, ids, at)
        yield len(ids), found
        if len(ids) < PAGE:
            return
        last = ids[-1]


def wanted(units: Collection[str] | None, last: str) -> Any:
    kept = select(Clip.id).join(Original, col(Original.id) == Clip.id)
    kept = kept.where(Original.state != State.DESTROYED, Clip.id > last)
    if units is not None:
        linked = select(Link.clip_id).join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        linked = linked.where(col(Link.ended_at).is_(None), col(CaseRecord.unit_id).in_(units))
        cameras = select(Device.id).where(col(Device.unit_id).in_(units))
        kept = kept.where(or_(col(Clip.device_id).in_(cameras), col(Clip.id).in_(linked)))
    return kept.order_by(col(Clip.id)).limit(PAGE)


def changes(
    session: Session, now: RulePacks, then: RulePacks, ids: Collection[str], at: datetime
) -> list[Change]:
    known = Known(session, ids)
    both = zip(judged(session, now, known, at), judged(session, then, known, at), strict=True)
    return [
        Change(one.clip.id, one.deadline.on, other.deadline.on, other.is_due and not one.is_due)
        for one, other in both
        if one.deadline.on != other.deadline.on
    ]
