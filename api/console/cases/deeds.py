"""What people say on the page of a case: lines and their seconds, what belongs to it."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import select

from api.console.forms import Seen, parsed, wrong
from api.console.terms import seconds
from api.console.ways import Back, safe
from api.problems import not_found
from api.seeing import must_see
from api.signin import Db, Labeller, Ruled
from api.v1.links import open_link
from api.v1.notes import Noter
from gateway import notes
from gateway.linking import decisions
from gateway.models import CaseRecord, Clip, Link, Note
from gateway.notes import NoteIn, way_back
from gateway.texts import Why
from gateway.visibility import Viewer
from gateway.worklist.deciding import must_have_seen

router = APIRouter()

Short = Annotated[str, Form(max_length=500)]


def note_given(clip: str, at: str, line: str, document: str, activity: str) -> NoteIn:
    at_s = parsed(seconds, at=at)["at"]
    try:
        return NoteIn(clip=clip, at_s=at_s, line=line, document=document or None, activity=activity or None)
    except ValidationError as error:
        raise wrong("at" if error.errors()[0]["loc"] == ("at_s",) else "line") from None


@router.post("/cases/{uid}/notes")
def make_note(
    uid: str,
    viewer: Noter,
    database: Db,
    clip: Short,
    at: Annotated[str, Form(max_length=20)],
    line: Annotated[str, Form(max_length=1000)],
    document: Short = "",
    activity: Short = "",
) -> Response:
    given = note_given(clip, at, line, document, activity)
    with database.write() as session:
        case = must_see(session, viewer, CaseRecord, uid, "Case")
        must_see(session, viewer, Clip, clip, "Clip")
        made, _ = notes.enter(session, case, given, viewer.name)
    return RedirectResponse(to(made), 303)


@router.post("/cases/{uid}/notes/{note_id}")
def correct_note(
    uid: str,
    note_id: str,
    viewer: Noter,
    database: Db,
    at: Annotated[str, Form(max_length=20)],
    line: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Line and second; the clip and where the line stands stay as they were."""
    with database.write() as session:
        must_see(session, viewer, CaseRecord, uid, "Case")
        old = must_see(session, viewer, Note, note_id)
        if old.case_uid != uid:
            raise not_found("Note")
        must_see(session, viewer, Clip, old.clip_id, "Clip")
        given = note_given(old.clip_id, at, line, old.document_id or "", old.activity_id or "")
        made = notes.correct(session, old, given, viewer.name)
    return RedirectResponse(to(made), 303)


def to(note: Note) -> str:
    return quote(way_back(note), safe="/?=#&")


def must_be_of(database: Db, viewer: Viewer, uid: str, link_id: str) -> None:
    with database.read() as session:
        must_see(session, viewer, CaseRecord, uid, "Case")
        if not session.exec(select(Link.id).where(Link.id == link_id, Link.case_uid == uid)).first():
            raise not_found("Link")


@router.post("/cases/{uid}/links/{link_id}/confirm")
def confirm(
    uid: str,
    link_id: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    why: Annotated[Why, Form()],
    matter: Short = "",
    seen: Seen = 0,
    back: Back = "/",
) -> Response:
    must_be_of(database, viewer, uid, link_id)
    with open_link(database, viewer, link_id) as (session, link):
        must_have_seen(session, link.clip_id, seen)
        decisions.confirm(session, link, law.packs, viewer.name, why, matter.strip() or None)
    return RedirectResponse(safe(back), 303)


@router.post("/cases/{uid}/links/{link_id}/withdraw")
def withdraw(
    uid: str,
    link_id: str,
    viewer: Labeller,
    database: Db,
    why: Annotated[Why, Form()],
    seen: Seen = 0,
    back: Back = "/",
) -> Response:
    must_be_of(database, viewer, uid, link_id)
    with open_link(database, viewer, link_id) as (session, link):
        must_have_seen(session, link.clip_id, seen)
        decisions.withdraw(session, link, viewer.name, why)
    return RedirectResponse(safe(back), 303)
