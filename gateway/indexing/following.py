"""Notices, in each session that writes, which clips are found by other words now."""

from typing import Any

from sqlalchemy import event, inspect
from sqlmodel import Session, SQLModel

from gateway.indexing.making import refresh, step
from gateway.models import (
    Activity,
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    Device,
    Link,
    Officer,
    Original,
    SearchDue,
)

AT_ONCE = 200
"""So many clips of a case, an officer or a device are made anew in the transaction that renames it."""
NOTED = "search"

OF_CLIP: dict[type[SQLModel], tuple[str, tuple[str, ...]]] = {
    Clip: (
        "id",
        ("device_id", "kind", "described", "officer_id", "place", "matter", "started_at", "ended_at",
         "case_no", "quarantine", "unlinked"),
    ),
    Original: ("id", ("state", "name")),
    Link: ("clip_id", ("status", "ended_at", "verdict", "matter", "reasons", "case_uid", "activity_id")),
}  # fmt: skip
OF_MANY: dict[type[SQLModel], tuple[str, str, tuple[str, ...]]] = {
    CaseRecord: ("case", "uid", ("title", "unit_id", "archive_no")),
    CaseAlias: ("case", "case_uid", ("raw",)),
    CaseParty: ("case", "case_uid", ("name",)),
    Activity: ("case", "case_uid", ("kind",)),
    Officer: ("officer", "id", ("name", "number")),
    Device: ("device", "id", ("name", "unit_id")),
}
"""Kind, which of them, the columns that count. What is new itself has no clips yet; an alias may be."""


def follow(session: Session) -> None:
    """What this session writes through its objects is found once it is committed."""
    event.listen(session, "before_flush", note)
    event.listen(session, "before_commit", make)


def note(session: Session, *_: Any) -> None:
    noted = session.info.setdefault(NOTED, {})
    for row in (*session.new, *session.dirty, *session.deleted):
        if (one := OF_CLIP.get(type(row))) and counts(session, row, one[1]):
            noted[("clip", getattr(row, one[0]))] = None
        elif isinstance(row, Activity) and row in session.new:
            continue  # what is linked to it will be found by its link
        elif (many := OF_MANY.get(type(row))) and counts(session, row, many[2]):
            noted[(many[0], getattr(row, many[1]))] = None


def counts(session: Session, row: SQLModel, columns: tuple[str, ...]) -> bool:
    if row in session.new or row in session.deleted:
        return True
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in columns)


def make(session: Session) -> None:
    session.flush()
    noted = session.info.pop(NOTED, {})
    refresh(session, [ref for kind, ref in noted if kind == "clip"])
    for kind, ref in sorted(noted):
        if kind == "clip":
            continue
        if last := step(session, kind, ref, "", AT_ONCE):
            session.add(SearchDue(kind=kind, ref=ref, cursor=last))
