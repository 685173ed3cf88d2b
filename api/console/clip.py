"""One clip: watched, labelled, linked, explained, checked; `?t=` opens it at a second."""

from contextlib import nullcontext
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session, col, select

from api.console import clip_beside, clip_custody, clip_film, clip_map, clip_telling, pages
from api.leaving import Leaving
from api.seeing import refusal_noted
from api.signin import Db, Reader, Ruled, Watcher
from api.v1.clips import own_viewing, record_of, seen
from gateway import approvals, playing, retrieval
from gateway.database import Database
from gateway.law import Law
from gateway.models import Clip, Device, OrderRow, OrderState, Original, State, Unit, User, Viewing
from gateway.retention import Judged, holding
from gateway.rules.judgement import CLASSIFIED
from gateway.rules.retention import Flag
from gateway.visibility import Right, Viewer
from gateway.wording import CHINA

router = APIRouter()

OPEN = frozenset({OrderState.ASKED, OrderState.CLAIMED})
SECONDS = 1_000_000.0
Second = Annotated[float, Query(alias="t", ge=0, le=SECONDS)]


@router.get("/clips/{clip_id}")
def clip_page(
    clip_id: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    second: Second = 0.0,
    custody: Literal["", "all"] = "",
) -> Response:
    """Who may watch and has said why begins a viewing: one line of custody, however often it loads."""
    return whole(request, viewer, database, law, clip_id, second, every=bool(custody))


def whole(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    clip_id: str,
    second: float = 0.0,
    *,
    every: bool = False,
    status: int = 200,
    unsaved: Any = None,
) -> Response:
    """`unsaved`: what was typed into its labels and not taken (`clip_labels`)."""
    may_watch = viewer.may(Right.VIEW)
    with refusal_noted(database, viewer, clip_id=clip_id) if may_watch else nullcontext():
        viewing = begun(request, database, viewer, clip_id)
    with database.read() as session:
        clip, original = seen(session, viewer, clip_id)
        marked = watermark(session, viewer)
        told = facts(session, viewer, law, clip, original, pages.reader_of(request), every=every)
        if unsaved:
            told["here"] = f"/clips/{clip_id}"  # nobody can be led back to where a form was sent
        film = clip_film.film(clip, original, viewing, told["made"]) if viewing else None
        return pages.page(
            request, "clip_page.html", viewer, status, film=film, second=second, may_watch=may_watch,
            marked=marked,
            shown=clip_beside.shown(clip, told["beside"].links, unsaved.typed if unsaved else ()),
            unsaved=unsaved,
            mark_width=clip_telling.width(marked), **told, **clip_telling.words(pages.reader_of(request)),
        )  # fmt: skip


def begun(request: Request, database: Database, viewer: Viewer, clip_id: str) -> Viewing | None:
    """The viewing that runs, or a new one; None where there is nothing to watch, or no purpose yet."""
    purpose = clip_film.purpose(request, viewer)
    with database.read() as session:
        clip, original = seen(session, viewer, clip_id)
        if purpose is None or not clip_film.is_shown(clip, original):
            return None
        viewing = retrieval.running(session, clip.id, viewer.user_id, purpose)
    if viewing is None:
        with database.write() as session:
            clip, original = seen(session, viewer, clip_id)
            viewing = retrieval.go_on(session, clip, original, viewer.user_id, viewer.name, purpose)
    leaving: Leaving = request.app.state.leaving
    leaving.came_back(viewing.id)
    return viewing


def facts(
    session: Session,
    viewer: Viewer,
    law: Law,
    clip: Clip,
    original: Original,
    reader: pages.Reader,
    *,
    every: bool,
) -> dict[str, Any]:
    device, made = session.get_one(Device, clip.device_id), clip_film.renditions(session, clip.id)
    beside = clip_beside.beside(session, viewer, law, clip, original)
    lines: tuple[list[clip_custody.Line], int] = ([], 0)
    if viewer.may(Right.CUSTODY):
        lines = clip_custody.lines(session, clip.id, reader, every=every)
    return {
        "clip": clip, "original": original, "device": device, "made": made, "beside": beside,
        "unit": session.get(Unit, device.unit_id) if device.unit_id else None,
        "notices": clip_film.notices(session, clip, original, made),
        "is_shown": clip_film.is_shown(clip, original), "map": clip_map.drawn(beside.track),
        "lines": lines[0], "line_count": lines[1], "record": record_of(session, original), "zone": CHINA.key,
        "rate": playing.frames(clip), **checked(session, viewer, clip.id),
        "may_lift": clip.secrecy == CLASSIFIED and approvals.may_lift_secrecy(session, viewer, clip),
        **kept(session, viewer, clip, original, beside.stays),
    }  # fmt: skip


def kept(
    session: Session, viewer: Viewer, clip: Clip, original: Original, judged: Judged | None
) -> dict[str, Any]:
    """Legal holds and marks that people put on it, and what the viewer may still do about them."""
    flags = holding.flags_of(session, clip.id)
    standing = {row.flag for row in flags if row.lifted_at is None}
    is_here = original.state not in {State.DESTROYED, State.DUPLICATE}
    return {
        "holds": holding.of_clip(session, viewer, clip.id, judged), "flags": flags,
        "free_flags": [flag.value for flag in Flag if flag not in standing],
        "may_hold": viewer.may(Right.HOLD) and is_here, "may_lift_hold": viewer.may(Right.APPROVE),
    }  # fmt: skip


def checked(session: Session, viewer: Viewer, clip_id: str) -> dict[str, Any]:
    """The last time that somebody asked to have the bytes read again, and how it ended."""
    asked = select(OrderRow).where(OrderRow.clip_id == clip_id, OrderRow.kind == "verify")
    order = session.exec(asked.order_by(col(OrderRow.asked_at).desc()).limit(1)).first()
    return {
        "order": order, "is_open": order is not None and order.state in OPEN,
        "may_order": viewer.may(Right.OPERATE), "may_label": viewer.may(Right.LABEL),
    }  # fmt: skip


def watermark(session: Session, viewer: Viewer) -> str:
    """Who watches; the time is added as it passes."""
    user = session.get(User, viewer.user_id)
    unit = session.get(Unit, user.unit_id) if user and user.unit_id else None
    return " · ".join(part for part in (viewer.name, unit.name if unit else "") if part)


@router.get("/clips/{clip_id}/digests")
def digests(clip_id: str, request: Request, viewer: Reader, database: Db) -> Response:
    """Asked for again and again while an order to verify is open."""
    with database.read() as session:
        clip, original = seen(session, viewer, clip_id)
        return pages.page(
            request,
            "clip_digests.html",
            viewer,
            clip=clip,
            original=original,
            **checked(session, viewer, clip_id),
        )


@router.post("/clips/{clip_id}/viewings/{viewing_id}/left")
def left(clip_id: str, viewing_id: str, request: Request, viewer: Watcher, database: Db) -> Response:
    """The page was left, or is loaded again: that shows a moment later."""
    with database.read() as session:
        seen(session, viewer, clip_id)
        own_viewing(session, viewer, clip_id, viewing_id)
    leaving: Leaving = request.app.state.leaving
    leaving.left(viewing_id, viewer.name)
    return Response()
