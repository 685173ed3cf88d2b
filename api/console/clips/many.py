"""Many clips at once: labels, a case; what came of it, and undoing all of it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Json
from sqlmodel import Session, col, select

from api.console.clips.listing import Line, lines
from api.console.forms import Line as LineOf
from api.console.pages import page
from api.console.ways import Back, safe
from api.problems import not_found
from api.signin import Db, Labeller, Ruled
from gateway import bulk
from gateway.database import Database
from gateway.law import Law
from gateway.models import BulkAction, BulkItem, CaseRecord, Clip, Original
from gateway.search.places import cases_like
from gateway.visibility import Viewer, visible

router = APIRouter()

Ids = Annotated[list[str], Form(max_length=bulk.MOST)]
SeenOf = Annotated[Json[dict[str, LineOf]], Form()]
"""The last line of each clip's chain that its reader's list knew of."""
Short = Annotated[str, Form(max_length=500)]


@router.post("/clips-many")
def do(
    request: Request,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    what: Annotated[Literal["label", "link"], Form()],
    ids: Ids = [],  # noqa: B006
    place: Annotated[str, Form(max_length=200)] = "",
    matter: Short = "",
    case: Short = "",
    why: Annotated[str, Form(max_length=300)] = "",
    seen: SeenOf = {},  # noqa: B006
    back: Back = "/clips",
) -> Response:
    """Leads to what came of it; where something has to be said first, it is asked."""
    must_see_all(database, viewer, ids)
    asked: dict[str, Any] = {
        "ids": ids,
        "what": what,
        "place": place,
        "matter": matter,
        "case": case,
        "why": why,
        "seen": seen,
        "back": safe(back),
    }
    if not ids:
        return page(request, "clips_ask.html", viewer, 422, said="none", cases=[], **asked)
    if what == "label":
        given = bulk.LabelsIn(place=place.strip() or None, matter=matter.strip() or None)
        if given == bulk.LabelsIn():
            return page(request, "clips_ask.html", viewer, 422, said="no_label", cases=[], **asked)
        return RedirectResponse(f"/clips-many/{bulk.label(database, viewer, ids, given, seen)}", 303)
    with database.read() as session:
        found = cases_like(session, viewer, case, law.packs.number_kinds) if case.strip() else []
    if len(found) != 1 or not why.strip():
        said = "no_why" if len(found) == 1 else "which" if found else "no_case"
        return page(request, "clips_ask.html", viewer, 422, said=said, cases=found, **asked)
    place_of = bulk.CaseIn(case=found[0][0].uid, why=why)
    return RedirectResponse(f"/clips-many/{bulk.link(database, viewer, ids, place_of, law.packs)}", 303)


@router.get("/clips-many/{action_id}")
def done(action_id: str, request: Request, viewer: Labeller, database: Db, law: Ruled) -> Response:
    with database.read() as session:
        action = must_own(session, viewer, action_id)
        items = bulk.items_of(session, action)
        told = with_lines(session, viewer, law, items)
        case = session.get(CaseRecord, action.given.get("case", ""))
        undone, left = bulk.undone_by(session, action), len(bulk.left_of(session, action))
        refused = sum(1 for one in items if one.refused)
    return page(
        request, "clips_many.html", viewer,
        action=action, items=told, case=case, undone=undone, left=left, refused=refused,
        done=len(items) - refused,
    )  # fmt: skip


@router.post("/clips-many/{action_id}/undo")
def undo(action_id: str, viewer: Labeller, database: Db) -> Response:
    with database.read() as session:
        action = must_own(session, viewer, action_id)
    return RedirectResponse(f"/clips-many/{bulk.undo(database, viewer, action)}", 303)


def must_own(session: Session, viewer: Viewer, action_id: str) -> BulkAction:
    if (found := bulk.own(session, viewer, action_id)) is None:
        raise not_found("Action")
    return found


def must_see_all(database: Database, viewer: Viewer, ids: list[str]) -> None:
    with database.read() as session:
        seen = select(Clip.id).where(col(Clip.id).in_(ids), visible(viewer, Clip))
        if set(session.exec(seen)) != set(ids):
            raise not_found("Clip")


def with_lines(
    session: Session, viewer: Viewer, law: Law, items: Sequence[BulkItem]
) -> list[tuple[BulkItem, Line]]:
    """Those that the viewer sees, in the order in which they were done."""
    wanted = (
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Clip.id).in_([one.clip_id for one in items]), visible(viewer, Clip))
    )
    told = {line.clip.id: line for line in lines(session, viewer, law, session.exec(wanted).all())}
    return [(one, told[one.clip_id]) for one in items if one.clip_id in told]
