"""What a key does: a decision by the API's own functions on what its reader saw, and then the next item."""

from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from api.console.pages import reader_of
from api.console.purposes import purpose_of
from api.console.work.decision import Decision, Filled, typed_in, why_of
from api.console.work.routes import router
from api.console.work.showing import (
    Desk,
    answer,
    counts_for,
    done_of,
    is_part,
    laid,
    lines_told,
    may_see,
    part,
    path_of,
    queue_of,
    walk,
)
from api.problems import not_found
from api.seeing import must_watch, refusal_noted
from api.signin import Db, Labeller, Ruled
from gateway import retrieval
from gateway.database import Database
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.law import Law
from gateway.models import Clip, Original, Postponed, now
from gateway.visibility import Right, Viewer
from gateway.worklist import deciding, queues
from gateway.worklist.deciding import Did
from gateway.worklist.item import seen_original
from gateway.worklist.marks import Queue

Ref = Annotated[str, Form(max_length=64)]

LATER = timedelta(hours=20)
"""Put off until the next working day begins."""


@router.post("/work/{queue}/decide")
def decide(
    request: Request,
    queue: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    form: Filled,
    clip: Ref,
    seen: Annotated[int, Form(ge=0, le=2**63 - 1)],
    act: Annotated[str, Form(max_length=200)],
) -> Response:
    """One decision; who comes second is shown what the first one decided, and has decided nothing."""
    wanted = asked(viewer, queue)
    why = why_of(form, act.partition(":")[0], reader_of(request).language)
    typed = typed_in(form) if act == "label" else {}
    try:
        with database.write() as session:
            original = original_of(session, viewer, clip)
            must_be_there(session, clip)
            deciding.lock(session, original)
            if others := deciding.since(session, clip, seen):
                desk = Desk(queue=wanted, problem=deciding.overtaken(others), typed=typed)
                desk.others = lines_told(session, viewer, others)
                return again(request, session, viewer, law, desk, clip)
            Decision(session, viewer, law, original, form, why).carry_out(act)
            did = deciding.done(session, clip, seen)
    except Refused as no:
        desk = Desk(queue=wanted, problem=no.reason, typed=typed)
        return refused(request, database, viewer, law, desk, clip)
    return following(request, database, viewer, law, wanted, clip, did)


def asked(viewer: Viewer, queue: str) -> Queue:
    wanted = queue_of(queue)
    if not may_see(viewer, wanted):
        raise not_found("Queue")
    return wanted


def original_of(session: Session, viewer: Viewer, clip: str) -> Original:
    found = seen_original(session, viewer, clip)
    if found is None:
        raise not_found("Clip")
    return found


def following(
    request: Request, database: Database, viewer: Viewer, law: Law, queue: Queue, clip: str, did: Did | None
) -> Response:
    """The next item, or the same while something of it is left to decide here."""
    with database.read() as session:
        kept = queue in STAYING and queues.has(session, queue, clip)
        next_one = clip if kept else walk(session, viewer, law, queue, clip)
        if next_one is None:  # the end: what came in meanwhile, or was passed over
            next_one = walk(session, viewer, law, queue, None)
            next_one = None if next_one == clip else next_one
        if not is_part(request):
            after = f"?clip={next_one}" if next_one else "?"
            return RedirectResponse(
                f"/work/{queue}{after}&did={did}" if did else f"/work/{queue}{after}", 303
            )
        desk = Desk(queue=queue, done=done_of(session, viewer, did))
        desk.counts = counts_for(request, session, viewer, law, queue)
        laid(session, viewer, law, desk, next_one)
    return answer(request, viewer, desk)


STAYING = (Queue.REVIEW, Queue.PROPOSED, Queue.REJECTED)


def again(request: Request, session: Session, viewer: Viewer, law: Law, desk: Desk, clip: str) -> Response:
    desk.counts = counts_for(request, session, viewer, law, desk.queue)
    laid(session, viewer, law, desk, clip)
    return answer(request, viewer, desk)


def refused(
    request: Request, database: Database, viewer: Viewer, law: Law, desk: Desk, clip: str
) -> Response:
    with database.read() as session:
        return again(request, session, viewer, law, desk, clip)


@router.post("/work/{queue}/undo")
def undo(
    request: Request,
    queue: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    clip: Ref,
    did: Annotated[str, Form(max_length=120)],
) -> Response:
    """Back to the clip as it was before one's last decision; never what somebody decided after it."""
    wanted, done = asked(viewer, queue), Did.read(did)
    if done is None or done.clip_id != clip:
        raise not_found("Decision")
    why = why_of(FormData(), "undo", reader_of(request).language)
    try:
        with database.write() as session:
            original = original_of(session, viewer, clip)
            must_be_there(session, clip)
            deciding.lock(session, original)
            deciding.undo(session, original, done, viewer.name, why)
            undone = deciding.done(session, clip, done.last)
    except Refused as no:
        return refused(request, database, viewer, law, Desk(queue=wanted, problem=no.reason), clip)
    with database.read() as session:
        desk = Desk(
            queue=wanted,
            done=done_of(session, viewer, undone, is_undo=True),
            counts=counts_for(request, session, viewer, law, wanted),
        )
        laid(session, viewer, law, desk, clip)
    if not is_part(request):
        return RedirectResponse(f"{path_of(desk)}&did={undone}", 303)
    return answer(request, viewer, desk)


@router.post("/work/{queue}/later")
def later(request: Request, queue: str, viewer: Labeller, database: Db, law: Ruled, clip: Ref) -> Response:
    """Put off: it is passed over in one's own walk until tomorrow; nobody else's work changes."""
    wanted = asked(viewer, queue)
    with database.write() as session:
        original_of(session, viewer, clip)
        key = (viewer.user_id, wanted.value, clip)
        row = session.get(Postponed, key) or Postponed(
            user_id=viewer.user_id, queue=wanted.value, item_id=clip, until=now()
        )
        row.until = now() + LATER
        session.add(row)
    return following(request, database, viewer, law, wanted, clip, None)


@router.post("/work/{queue}/watch")
def watch(request: Request, queue: str, viewer: Labeller, database: Db, law: Ruled, clip: Ref) -> Response:
    """Begin a viewing (调阅): only what is played is watched, and stands in the chain."""
    wanted, purpose = asked(viewer, queue), purpose_of(request, viewer)
    with refusal_noted(database, viewer, clip_id=clip), database.write() as session:
        original = original_of(session, viewer, clip)
        must_be_there(session, clip)
        found = session.get(Clip, clip)
        if found is None:
            raise not_found("Clip")
        may = purpose is not None and viewer.may(Right.VIEW)
        grant = must_watch(session, viewer, clip)[2] if may else None
        viewing = (
            retrieval.begin(session, found, original, viewer.user_id, viewer.name, purpose or "", grant)
            if may
            else None
        )
    here = f"/work/{wanted}?clip={clip}"
    if not is_part(request):
        return RedirectResponse(f"{here}&viewing={viewing.id}" if viewing else here, 303)
    with database.read() as session:
        desk = laid(session, viewer, law, Desk(queue=wanted), clip)
        desk.viewing = viewing
    return part(request, viewer, desk, "work_player.html")
