"""Decisions on one clip of a queue: on what its reader saw, never on what somebody decided meanwhile."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from gateway import custody, linking
from gateway.device import Refused
from gateway.linking import decisions
from gateway.models import Clip, CustodyEvent, Link, Original
from gateway.wording import Reason, reason

MACHINE = "gateway"
DECIDING = (
    "LINK_CONFIRMED", "LINK_WITHDRAWN", "LINK_CORRECTED", "LINK_MADE", "LINK_UNDONE", "LABELLED_BY_PERSON",
    "LINKED", "ORDERED", "RETRIED",
)  # fmt: skip
"""Lines of the chain after which a clip's card says something else; watching changes nothing."""
GIVEN_BACK = frozenset({"place", "matter", "transcript"})
"""Labels that an undo gives back. A number, a time and secrecy want a person who says why."""


DID = re.compile(r"([^.]+)\.([0-9]{1,18})\.([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Did:
    """What one key did: the lines it wrote in the chain of its clip."""

    clip_id: str
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.clip_id}.{self.first}.{self.last}"

    @classmethod
    def read(cls, written: str) -> "Did | None":
        found = DID.fullmatch(written)
        return cls(found[1], int(found[2]), int(found[3])) if found else None


def of_clip(clip_id: str) -> Any:
    return CustodyEvent.subject == clip_id, col(CustodyEvent.event).in_(DECIDING)


def seen_until(session: Session, clip_id: str) -> int:
    """The last line that said something of a clip: what its reader has seen."""
    return seen_of(session, [clip_id]).get(clip_id, 0)


def seen_of(session: Session, clips: Collection[str]) -> dict[str, int]:
    """`seen_until` of several; a clip of which no line says anything is not in it."""
    lines = select(CustodyEvent.subject, func.max(CustodyEvent.seq)).where(
        col(CustodyEvent.subject).in_(clips), col(CustodyEvent.event).in_(DECIDING)
    )
    return dict(session.exec(lines.group_by(col(CustodyEvent.subject))).all())


def since(session: Session, clip_id: str, seen: int) -> Sequence[CustodyEvent]:
    """What was decided after its reader looked, the oldest first."""
    later = select(CustodyEvent).where(*of_clip(clip_id), CustodyEvent.seq > seen)
    return session.exec(later.order_by(col(CustodyEvent.seq))).all()


def must_have_seen(session: Session, clip_id: str, seen: int) -> None:
    """Raises Refused where a person decided about its links after its reader looked."""
    after = [one for one in since(session, clip_id, seen) if one.event.startswith("LINK_")]
    if after:
        raise Refused("worklist.unseen", by=after[-1].actor, at=after[-1].at.isoformat(timespec="seconds"))


def lock(session: Session, original: Original) -> None:
    """Nobody else decides this clip until the transaction ends: its links first, as the machine does it."""
    rows = select(Link).where(Link.clip_id == original.id).order_by(col(Link.id))
    session.exec(rows.with_for_update()).all()
    custody.take(session, custody.device_chain(original.device_id))


def done(session: Session, clip_id: str, seen: int) -> Did | None:
    """What was written after `seen`, by whoever holds the lock."""
    lines = since(session, clip_id, seen)
    return Did(clip_id, lines[0].seq, lines[-1].seq) if lines else None


def lines_of(session: Session, did: Did) -> Sequence[CustodyEvent]:
    asked = (col(CustodyEvent.seq) >= did.first, col(CustodyEvent.seq) <= did.last)
    lines = select(CustodyEvent).where(*of_clip(did.clip_id), *asked)
    return session.exec(lines.order_by(col(CustodyEvent.seq))).all()


def can_undo(lines: Sequence[CustodyEvent], actor: str) -> bool:
    return bool(lines) and all(one.actor == actor and undoable(one) for one in lines)


def undoable(line: CustodyEvent) -> bool:
    if line.event == "LABELLED_BY_PERSON":
        return given_back(line) is not None
    return line.event.startswith("LINK_") and line.event != "LINK_UNDONE"


def given_back(line: CustodyEvent) -> Mapping[str, Any] | None:
    """What the clip said before, where all that was entered can be given back."""
    names = set(line.detail) - {"why", "before"}
    before: Mapping[str, Any] = line.detail.get("before", {})
    return before if names and names <= GIVEN_BACK and names <= set(before) else None


def undo(session: Session, original: Original, did: Did, actor: str, why: str) -> None:
    """Take back what one key did, the last line first. Raises Refused where somebody decided after it."""
    lines = lines_of(session, did)
    after = [one for one in since(session, did.clip_id, did.last) if one.actor != MACHINE]
    if after:
        raise Refused(
            "worklist.decided_since", by=after[-1].actor, at=after[-1].at.isoformat(timespec="seconds")
        )
    if not can_undo(lines, actor):
        raise Refused("link.nothing_to_undo")
    clip = session.get_one(Clip, did.clip_id)
    for line in reversed(lines):
        if line.event == "LABELLED_BY_PERSON":
            before = {name: value or "" for name, value in (given_back(line) or {}).items()}
            linking.enter_labels(session, clip, original, {**before, "why": why}, actor)
        else:
            decisions.undo(session, session.get_one(Link, line.detail["link"]), actor, why)


def overtaken(lines: Sequence[CustodyEvent]) -> Reason:
    """The last of what others did, by a person where one of them was."""
    people = [one for one in lines if one.actor != MACHINE]
    last = (people or list(lines))[-1]
    at = last.at.isoformat(timespec="seconds")
    return (
        reason("worklist.overtaken", by=last.actor, at=at)
        if people
        else reason("worklist.judged_anew", at=at)
    )
