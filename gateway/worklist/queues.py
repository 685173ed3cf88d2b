"""Queues of clips: counted up to a bound, and walked newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func
from sqlmodel import Session, col, select

from gateway.models import Postponed, now
from gateway.visibility import Viewer
from gateway.worklist.marks import MARKS, Mark, Queue, is_there, own

MOST = 1000
"""More are "1 000+": nobody plans his day by the difference."""
LOOKED_AT = 5000
"""So many marks are looked through for the viewer's own before a count says "or more"."""

MARKED = 2
"""So often one clip bears the same mark, mostly: by two links."""

Direction = Literal["older", "newer"]


@dataclass(frozen=True, slots=True)
class Count:
    number: int
    more: bool
    """There may be more than that."""


def counted(session: Session, viewer: Viewer, queue: Queue) -> Count:
    found: set[str] = set()
    is_cut = False
    for mark in MARKS[queue]:
        rows = session.exec(own_of(viewer, mark)).all()
        found |= set(rows)
        is_cut = is_cut or len(rows) > MARKED * MOST
    more = len(found) > MOST or is_cut or any(is_long(session, mark) for mark in MARKS[queue])
    return Count(min(len(found), MOST), more)


def own_of(viewer: Viewer, mark: Mark) -> Any:
    """The viewer's among the newest that bear a mark, as often as they bear it.

    Not told apart by the database: PostgreSQL would look at all of them before it gave the first.
    """
    several: Any = select
    marked = several(mark.clip_id.label("id"), mark.device.label("device")).where(mark.condition)
    near = marked.order_by(mark.clip_id.desc()).limit(LOOKED_AT).subquery()
    mine = several(near.c.id).where(*own(viewer, near.c.device), is_there(near.c.id))
    return mine.limit(MARKED * MOST + 1)


def is_long(session: Session, mark: Mark) -> bool:
    """Whether there are more with this mark than were looked through."""
    marked: Any = select(mark.clip_id).where(mark.condition)
    beyond = marked.order_by(mark.clip_id.desc()).offset(LOOKED_AT).limit(1)
    return session.exec(beyond).first() is not None


def nearest(
    session: Session, viewer: Viewer, queue: Queue, start: str | None, direction: Direction = "older"
) -> str | None:
    """The next clip from one on, or the first; without those that the viewer put off."""
    found = [
        one
        for mark in MARKS[queue]
        if (one := session.exec(ahead(viewer, queue, mark, start, direction).limit(1)).first()) is not None
    ]
    return max(found, default=None) if direction == "older" else min(found, default=None)


def ahead(viewer: Viewer, queue: Queue, mark: Mark, start: str | None, direction: Direction) -> Any:
    key = mark.clip_id
    wanted: Any = select(key).where(
        mark.condition, *own(viewer, mark.device), is_there(key), ~put_off(viewer, queue, key)
    )
    if start is not None:
        wanted = wanted.where(key < start if direction == "older" else key > start)
    return wanted.order_by(key.desc() if direction == "older" else key.asc())


def put_off(viewer: Viewer, queue: Queue, key: Any) -> Any:
    return key.in_(select(Postponed.item_id).where(*mine(viewer, queue)))


def mine(viewer: Viewer, queue: Queue) -> Iterator[Any]:
    yield from (
        Postponed.user_id == viewer.user_id, Postponed.queue == queue.value, col(Postponed.until) > now(),
    )  # fmt: skip


def put_off_count(session: Session, viewer: Viewer, queue: Queue) -> int:
    return session.exec(select(func.count()).select_from(Postponed).where(*mine(viewer, queue))).one()


def has(session: Session, queue: Queue, clip_id: str) -> bool:
    """Whether a clip bears a mark of this queue still."""
    return any(
        session.exec(select(mark.clip_id).where(mark.condition, mark.clip_id == clip_id).limit(1)).first()
        is not None
        for mark in MARKS.get(queue, ())
    )
