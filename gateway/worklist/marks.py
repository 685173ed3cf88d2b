"""By which marks somebody's work is found, and whose it is.

A queue holds the footage of the viewer's own recorders: less than he may see, for what was confirmed for a
case of his unit is decided where it was recorded.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import and_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from gateway.models import Clip, Device, Link, Original
from gateway.models.worklist import ASIDE, CLOCK, DOUBTED, LACKING, PROPOSED, UNLINKED, UNTIMED, word
from gateway.visibility import Viewer


class Queue(StrEnum):
    """In the order in which a day's work is done."""

    REVIEW = "review"
    UNLINKED = "unlinked"
    CLOCK = "clock"
    ASIDE = "aside"
    REJECTED = "rejected"
    LABELS = "labels"
    PROPOSED = "proposed"
    RETENTION = "retention"
    OVERDUE = "overdue"
    REFUSALS = "refusals"


@dataclass(frozen=True, slots=True)
class Mark:
    """One condition by which clips are found, and the column that names them."""

    clip_id: Any
    condition: Any

    @property
    def device(self) -> Any:
        """Whose recorder, row by row: by its index a database would begin with every clip of the unit."""
        if self.clip_id is Link.clip_id:
            of_clip = select(Clip.device_id).where(Clip.id == Link.clip_id)
            return of_clip.correlate(Link).scalar_subquery()
        return (Clip if self.clip_id is Clip.id else Original).device_id.concat("")  # type: ignore[attr-defined]


def is_there(clip_id: Any) -> Any:
    """What was destroyed stands as it was, and is nobody's work any more."""
    original = aliased(Original)
    state = select(original.state).where(original.id == clip_id)
    return state.scalar_subquery() != word("DESTROYED")


def proposed(verdict: str) -> Mark:
    return Mark(Link.clip_id, and_(PROPOSED, col(Link.verdict) == word(verdict)))


MARKS: dict[Queue, tuple[Mark, ...]] = {
    Queue.REVIEW: (proposed("NEEDS_REVIEW"), Mark(Link.clip_id, DOUBTED)),
    Queue.UNLINKED: (Mark(Clip.id, UNLINKED),),
    Queue.CLOCK: (Mark(Clip.id, UNTIMED), Mark(Link.clip_id, CLOCK)),
    Queue.ASIDE: (Mark(Clip.id, ASIDE), Mark(Original.id, Original.state == word("QUARANTINED"))),
    Queue.REJECTED: (proposed("REJECTED"),),
    Queue.LABELS: (Mark(Link.clip_id, LACKING),),
    Queue.PROPOSED: (proposed("VALID"), proposed("VALID_WITH_NOTE")),
}


def own(viewer: Viewer, device: Any) -> list[Any]:
    if viewer.units is None:
        return []
    return [device.in_(select(Device.id).where(col(Device.unit_id).in_(viewer.units)))]
