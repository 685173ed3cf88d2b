"""One page of clips, in the viewer's scope; and how many there are, up to a bound."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlmodel import Session, col, select

from gateway.models import Clip, ClipSearch, Original
from gateway.search.index import candidates
from gateway.search.wanted import Question, Wanted, is_at, question
from gateway.visibility import Viewer, visible

Pair = tuple[Clip, Original]


@dataclass(frozen=True, slots=True)
class Found:
    clips: list[Pair]
    next: str | None
    """The last of them, where there are more."""


def find(session: Session, viewer: Viewer, wanted: Wanted, limit: int, after: str | None = None) -> Found:
    """The newest first, by when they came; after that clip where there is one."""
    if viewer.units is not None and not viewer.units:
        return Found([], None)
    below = number_of(session, after) if after else None
    if after and below is None:
        return Found([], None)
    found = list(islice(matching(session, viewer, wanted, below, limit + 1), limit + 1))
    shown = found[:limit]
    return Found(shown, shown[-1][0].id if len(found) > limit else None)


def at_most(session: Session, viewer: Viewer, wanted: Wanted, bound: int) -> int:
    """How many clips are found, counted no further than `bound`."""
    return sum(1 for _ in islice(matching(session, viewer, wanted, None, bound), bound))


def number_of(session: Session, clip_id: str) -> int | None:
    return session.exec(select(ClipSearch.number).where(ClipSearch.clip_id == clip_id)).first()


def matching(
    session: Session, viewer: Viewer, wanted: Wanted, below: int | None, count: int
) -> Iterator[Pair]:
    asked = question(wanted, viewer)
    if len(wanted.text.split()) and not asked.words:
        return  # only signs that count nowhere
    hits = (
        row.clip_id for row in candidates(session, asked, below) if asked.answered_by(row.own, row.of_cases)
    )
    while some := list(islice(hits, min(max(count, 1), 500))):
        yield from seen(session, viewer, wanted, asked, some)


def seen(
    session: Session, viewer: Viewer, wanted: Wanted, asked: Question, ids: Sequence[str]
) -> Iterator[Pair]:
    """The rows themselves, in that order: what the index cannot tell exactly is asked of them."""
    statement = (
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Clip.id).in_(ids), visible(viewer, Clip))
    )
    for condition in times(wanted):
        statement = statement.where(condition)
    rows = {clip.id: (clip, original) for clip, original in session.exec(statement)}
    for one in ids:
        if one in rows and is_at(rows[one][0].place, asked.place):
            yield rows[one]


def times(wanted: Wanted) -> Iterator[Any]:
    if wanted.captured_after is not None:
        yield col(Clip.ended_at) >= wanted.captured_after
    if wanted.captured_before is not None:
        yield col(Clip.started_at) <= wanted.captured_before
