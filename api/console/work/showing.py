"""What a page of the work list shows: counts, one item, what was just done, and what stood in the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.console import pages
from api.console.purposes import purpose_of
from api.problems import not_found
from gateway.law import Law
from gateway.models import CustodyEvent, Link, Viewing, now
from gateway.visibility import Right, Viewer
from gateway.wording import Reason, spoken
from gateway.worklist import cases, deciding, owed, queues
from gateway.worklist.deciding import Did
from gateway.worklist.item import Item, item_of
from gateway.worklist.marks import MARKS, Queue
from gateway.worklist.queues import Count, Direction

KEYS = ("enter", "numbers", "w", "n", "p", "l", "c", "s", "q", "u", "space")


def queue_of(name: str) -> Queue:
    """Raises Problem 404 for a queue that is none."""
    try:
        return Queue(name)
    except ValueError:
        raise not_found("Queue") from None


def may_see(viewer: Viewer, queue: Queue) -> bool:
    return queue is not Queue.REFUSALS or viewer.may(Right.ENDPOINTS)


def counts(session: Session, viewer: Viewer, law: Law) -> dict[Queue, Count]:
    return {queue: count(session, viewer, law, queue) for queue in Queue if may_see(viewer, queue)}


def counts_for(
    request: Request, session: Session, viewer: Viewer, law: Law, queue: Queue
) -> dict[Queue, Count]:
    """All of them for a whole page; the next item after a decision is not kept waiting for the others'."""
    if is_part(request):
        return {queue: count(session, viewer, law, queue)}
    return counts(session, viewer, law)


def count(session: Session, viewer: Viewer, law: Law, queue: Queue) -> Count:
    match queue:
        case Queue.OVERDUE:
            return owed.owed(session, viewer, law, now()).count
        case Queue.REFUSALS:
            found = len(owed.refused(session, viewer))
            return Count(found, found == owed.MOST)
        case Queue.RETENTION:
            return owed.review_count(session, viewer, law, now())
        case _:
            return queues.counted(session, viewer, queue)


def walk(
    session: Session,
    viewer: Viewer,
    law: Law,
    queue: Queue,
    start: str | None,
    direction: Direction = "older",
) -> str | None:
    if queue is Queue.RETENTION:
        found = next(owed.for_review(session, viewer, law, now(), start, direction), None)
        return found.clip.id if found else None
    return queues.nearest(session, viewer, queue, start, direction)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chain as its reader needs it: who, when, what, of which case."""

    event: str
    by: str
    at: Any
    case: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What one key did, and whether it can be taken back."""

    did: Did
    lines: Sequence[Line]
    can_undo: bool
    is_undo: bool = False


def lines_told(session: Session, viewer: Viewer, lines: Sequence[CustodyEvent]) -> list[Line]:
    links = {one.seq: session.get(Link, one.detail["link"]) for one in lines if "link" in one.detail}
    known = cases.shown(session, viewer, {link.case_uid for link in links.values() if link})
    found = []
    for one in lines:
        link = links.get(one.seq)
        case = known.get(link.case_uid) if link else None
        found.append(Line(one.event, one.actor, one.at, case.title if case else None))
    return found


def done_of(session: Session, viewer: Viewer, did: Did | None, *, is_undo: bool = False) -> Done | None:
    """Of the viewer's own doing; nothing of what others did."""
    lines = deciding.lines_of(session, did) if did else ()
    if did is None or not lines or any(one.actor != viewer.name for one in lines):
        return None
    told = lines_told(session, viewer, lines)
    can_undo = not is_undo and deciding.can_undo(lines, viewer.name)
    return Done(did=did, lines=told, can_undo=can_undo, is_undo=is_undo)


@dataclass(kw_only=True)
class Desk:
    """All that one look shows."""

    queue: Queue
    item: Item | None = None
    viewing: Viewing | None = None
    done: Done | None = None
    problem: Reason | None = None
    others: Sequence[Line] = ()
    """What somebody else did meanwhile."""
    query: str = ""
    like: Sequence[cases.Shown] = ()
    typed: Mapping[str, str] = field(default_factory=dict)
    """Labels that were typed and not taken."""
    put_off: int = 0
    is_in_queue: bool = True
    review: Any = None
    counts: dict[Queue, Count] | None = None
    """None in a part of a page whose counts stand already."""


def is_part(request: Request) -> bool:
    headers = request.headers
    return "hx-request" in headers and "hx-history-restore-request" not in headers


def laid(session: Session, viewer: Viewer, law: Law, desk: Desk, item_id: str | None) -> Desk:
    """With the item on it. Raises Problem 404 for one that the viewer may not see."""
    if item_id is not None:
        desk.item = item_of(session, viewer, law, item_id)
        if desk.item is None:
            raise not_found("Clip")
        desk.is_in_queue = desk.queue not in MARKS or queues.has(session, desk.queue, item_id)
        if desk.queue is Queue.RETENTION and desk.item.clip is not None:
            desk.review = owed.review_of(session, law, item_id, now())
    else:
        desk.put_off = queues.put_off_count(session, viewer, desk.queue)
    if desk.query:
        desk.like = cases.like(session, viewer, desk.query, law.packs.number_kinds)
    return desk


def answer(request: Request, viewer: Viewer, desk: Desk) -> Response:
    """The whole page, or only the item to who has the page already."""
    if is_part(request):
        return part(request, viewer, desk, "work_answer.html", {"hx-replace-url": path_of(desk)})
    return pages.page(request, "work.html", viewer, **tools(request, viewer, desk))


def part(
    request: Request, viewer: Viewer, desk: Desk, template: str, headers: Mapping[str, str] | None = None
) -> Response:
    facts = {"viewer": viewer, "here": path_of(desk), **tools(request, viewer, desk)}
    told = pages.fragment(pages.reader_of(request), template, **facts)
    return HTMLResponse(told, headers={"vary": "cookie", **(headers or {})})


def tools(request: Request, viewer: Viewer, desk: Desk) -> dict[str, Any]:
    return {
        "desk": desk,
        "counts": desk.counts,
        "queue": desk.queue,
        "keys": KEYS,
        "short": short,
        "spoken": partial(spoken, language=pages.reader_of(request).language),
        "purpose_now": purpose_of(request, viewer),
    }


def short(name: str) -> str:
    """Without the folders that a recorder put it in."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def path_of(desk: Desk) -> str:
    return f"/work/{desk.queue}" + (f"?clip={desk.item.original.id}" if desk.item else "")
