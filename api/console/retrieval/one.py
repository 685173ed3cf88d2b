"""One request: what it names, what the heads said, who watched by it; and the picture that it opens."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from api.console import pages
from api.console.cases.telling import at, base
from api.console.retrieval.telling import told
from api.console.wall import mark_of
from api.problems import not_found
from api.seeing import must_watch, refusal_noted
from api.signin import Db, Decider, Requester
from api.v1 import clips as footage
from api.v1.requests import one_request, whole
from gateway import approvals, retrieval
from gateway.approvals import Verdict
from gateway.approvals.deciding import clips_of
from gateway.holds import must_be_there
from gateway.models import Clip, ClipCopy, Original, Rendition, RequestedClip, User, Viewing, ViewRequest, now
from gateway.roster import unit_names
from gateway.texts import Why
from gateway.visibility import Right, Viewer, granted, visible

router = APIRouter()

Days = Annotated[int | None, Form(ge=1, le=366)]
MOST = 100


def uses(session: Session, request_id: str) -> list[tuple[Viewing, str]]:
    """Who watched by it, the newest first."""
    found = select(Viewing, User.name).join(User, col(User.id) == Viewing.user_id)
    found = found.where(Viewing.request_id == request_id).order_by(col(Viewing.started_at).desc())
    return list(session.exec(found.limit(MOST)).all())


def copies_by(session: Session, request_id: str) -> list[tuple[ClipCopy, str]]:
    """With their files' names, the newest first: whoever approved sees what went out."""
    found = select(ClipCopy, Original.name).join(Original, col(Original.id) == ClipCopy.clip_id)
    found = found.where(ClipCopy.request_id == request_id).order_by(col(ClipCopy.id).desc())
    return list(session.exec(found.limit(MOST)).all())


def own_grant(session: Session, viewer: Viewer, request_id: str, clip: Clip) -> ViewRequest:
    """The one that the page is of, if it opens that clip to this person: nobody watches in another's name.

    Raises Problem 404; whose grant it is not, the log says alone.
    """
    named = granted(viewer).where(col(ViewRequest.id) == request_id, col(RequestedClip.clip_id) == clip.id)
    if session.exec(named).first() is None:
        own = select(ViewRequest.id).join(RequestedClip, col(RequestedClip.request_id) == ViewRequest.id)
        own = own.where(ViewRequest.user_id == viewer.user_id, RequestedClip.clip_id == clip.id)
        is_own = session.exec(own.where(ViewRequest.id == request_id)).first() is not None
        raise not_found("Clip", noted="retrieval.no_grant" if is_own else "retrieval.not_own_grant")
    return session.get_one(ViewRequest, request_id)


@router.get("/retrieval/requests/{request_id}")
def request_page(request_id: str, request: Request, viewer: Requester, database: Db) -> Response:
    with database.read() as session:
        found = one_request(session, viewer, request_id)
        names = unit_names(session)
        full = whole(session, viewer, found)
        seen = set()
        if full.clips:
            ids = [clip.id for clip in full.clips]
            seen = set(session.exec(select(Clip.id).where(col(Clip.id).in_(ids), visible(viewer, Clip))))
        copies = copies_by(session, found.id)
        return pages.page(
            request, "retrieval_one.html", viewer, told=told(found, names), full=full, names=names,
            uses=uses(session, found.id), is_mine=found.user_id == viewer.user_id, second=at,
            copies=[copy for copy, _ in copies], files={copy.clip_id: base(name) for copy, name in copies},
            count=len(clips_of(session, found.id)), most=approvals.MOST, seen=seen,
            may_watch=viewer.may(Right.VIEW), at=now(),
        )  # fmt: skip


@router.post("/retrieval/requests/{request_id}/decision")
def decide(
    request_id: str,
    viewer: Decider,
    database: Db,
    approve: Annotated[bool, Form()],
    why: Annotated[str, Form(max_length=300)] = "",
    days: Days = None,
) -> Response:
    said = Verdict(approve=approve, why=why.strip() or None, days=days if approve else None)
    with database.write() as session:
        approvals.decide(session, one_request(session, viewer, request_id), viewer, said)
    return RedirectResponse(f"/retrieval/requests/{request_id}", 303)


@router.post("/retrieval/requests/{request_id}/revoke")
def revoke(request_id: str, viewer: Requester, database: Db, why: Annotated[Why, Form()]) -> Response:
    with database.write() as session:
        approvals.revoke(session, one_request(session, viewer, request_id), viewer, why)
    return RedirectResponse(f"/retrieval/requests/{request_id}", 303)


@router.post("/retrieval/requests/{request_id}/withdraw")
def withdraw(request_id: str, viewer: Requester, database: Db) -> Response:
    with database.write() as session:
        approvals.withdraw(session, one_request(session, viewer, request_id), viewer)
    return RedirectResponse(f"/retrieval/requests/{request_id}", 303)


@router.post("/retrieval/requests/{request_id}/clips/{clip_id}/watch")
def watch(request_id: str, clip_id: str, viewer: Requester, database: Db) -> Response:
    """The purpose is what was approved, not what is said now."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.write() as session:
        clip, original, _ = must_watch(session, viewer, clip_id)
        asked = own_grant(session, viewer, request_id, clip)
        must_be_there(session, clip_id)
        viewing = retrieval.begin(session, clip, original, viewer.user_id, viewer.name, asked.purpose, asked)
    return RedirectResponse(f"/retrieval/requests/{request_id}/clips/{clip_id}?viewing={viewing.id}", 303)


@router.get("/retrieval/requests/{request_id}/clips/{clip_id}")
def picture(
    request_id: str,
    clip_id: str,
    request: Request,
    viewer: Requester,
    database: Db,
    viewing: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """Of a clip that is not in one's own lists: only what was granted, the picture."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.read() as session:
        clip, original, _ = must_watch(session, viewer, clip_id)
        asked = own_grant(session, viewer, request_id, clip)
        proxy = session.exec(
            select(Rendition.kind).where(Rendition.clip_id == clip_id, Rendition.kind == "proxy")
        ).first()
        mark = mark_of(session, viewer)
    if viewing:
        footage.must_be_viewing(request, database, viewer, clip_id, viewing)
    kind = "renditions/proxy" if proxy else "original"
    return pages.page(
        request, "retrieval_watch.html", viewer, asked=asked, clip=clip, original=original, mark=mark,
        viewing=viewing, source=f"/api/v1/clips/{clip_id}/{kind}?viewing={viewing}",
    )  # fmt: skip
