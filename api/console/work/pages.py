"""The pages of the work list: what waits, a list, or one item of a queue."""

from typing import Annotated, Any

from fastapi import Query, Request, Response
from sqlmodel import Session

from api.console.pages import page
from api.console.work.routes import router
from api.console.work.showing import Desk, answer, counts, done_of, is_part, laid, may_see, queue_of, walk
from api.problems import Problem
from api.signin import Db, Labeller, Ruled
from gateway.law import Law
from gateway.models import Device, Officer, Viewing, now
from gateway.visibility import Right, Viewer
from gateway.wording import reason, sentence
from gateway.worklist import owed
from gateway.worklist.deciding import Did
from gateway.worklist.marks import Queue

Ref = Annotated[str | None, Query(max_length=64)]


@router.get("/work")
def everything(request: Request, viewer: Labeller, database: Db, law: Ruled) -> Response:
    with database.read() as session:
        found = counts(session, viewer, law)
    return page(request, "work_home.html", viewer, counts=found)


@router.get("/work/{queue}")
def one_by_one(
    request: Request,
    queue: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    clip: Ref = None,
    after: Ref = None,
    before: Ref = None,
    did: Annotated[str, Query(max_length=120)] = "",
    viewing: Ref = None,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """The newest that waits; `after` and `before` lead on from a clip, `clip` lays that one on the table."""
    wanted = queue_of(queue)
    if not may_see(viewer, wanted):
        raise not_yours(viewer)
    with database.read() as session:
        if wanted in (Queue.OVERDUE, Queue.REFUSALS):
            return listed(request, session, viewer, law, wanted)
        start, direction = (before, "newer") if before else (after, "older")
        item = clip or walk(session, viewer, law, wanted, start, direction)  # type: ignore[arg-type]
        desk = Desk(queue=wanted, query=q.strip(), done=done_of(session, viewer, Did.read(did)))
        laid(session, viewer, law, desk, item)
        desk.viewing = own(session, viewer, item, viewing)
        if not is_part(request):
            desk.counts = counts(session, viewer, law)
    return answer(request, viewer, desk)


def not_yours(viewer: Viewer) -> Problem:
    why = reason("access.not_allowed", role=viewer.role, right=Right.ENDPOINTS)
    return Problem(403, sentence(why, "en"), sentence(why, "zh"), code=why["code"])


def own(session: Session, viewer: Viewer, clip: str | None, viewing: str | None) -> Viewing | None:
    found = session.get(Viewing, viewing) if viewing else None
    is_his = found is not None and found.clip_id == clip and found.user_id == viewer.user_id
    return found if is_his and found and found.ended_at is None and found.expires_at > now() else None


def listed(request: Request, session: Session, viewer: Viewer, law: Law, queue: Queue) -> Response:
    facts: dict[str, Any] = {"counts": counts(session, viewer, law), "queue": queue}
    if queue is Queue.REFUSALS:
        return page(request, "work_refusals.html", viewer, rows=owed.refused(session, viewer), **facts)
    found = owed.owed(session, viewer, law, now())
    refs = {one for row in found.duties for one in row.step.officers} | {
        one.officer_id for one in found.taken
    }
    names = {one: person.name for one in refs if (person := session.get(Officer, one))}
    cameras = {one.device_id: session.get_one(Device, one.device_id) for one in found.taken}
    return page(request, "work_overdue.html", viewer, owed=found, names=names, cameras=cameras, **facts)
