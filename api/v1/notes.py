"""Time-coded notes (时间标记): lines of a 笔录 beside the seconds of a clip."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import Field
from sqlmodel import col, select

from api.paging import Cutting, Page, page
from api.seeing import must_see
from api.shapes import Shape
from api.signin import Db, Needs, Reader
from gateway import notes
from gateway.models import CaseRecord, Clip, Note
from gateway.notes import NoteIn, notes_of
from gateway.visibility import Right, Viewer, visible

router = APIRouter(tags=["notes"])

Noter = Annotated[Viewer, Depends(Needs(Right.LABEL, Right.CASES))]
"""Evidence staff, and the systems in which a 笔录 is written."""


class NoteOut(Shape):
    id: str
    case_uid: str
    clip_id: str
    at_s: float = Field(description="seconds from the clip's start")
    line: str
    document_id: str | None
    activity_id: str | None
    ref: str | None
    replaces: str | None
    made_by: str
    recorded_at: datetime
    superseded_at: datetime | None

    @classmethod
    def of(cls, row: Note) -> "NoteOut":
        return cls.model_validate(row)


@router.get("/cases/{uid}/notes")
def of_case(uid: str, viewer: Reader, database: Db, wanted: Cutting) -> Page[NoteOut]:
    """Those that stand, the newest first."""
    with database.read() as session:
        must_see(session, viewer, CaseRecord, uid, "Case")
        standing = select(Note).where(
            Note.case_uid == uid, col(Note.superseded_at).is_(None), visible(viewer, Note)
        )
        return page(session, standing, Note.id, wanted, NoteOut.of)


@router.post("/cases/{uid}/notes", status_code=201)
def make_note(uid: str, given: NoteIn, response: Response, viewer: Noter, database: Db) -> NoteOut:
    """Enter one; with a `ref` sent again: the same changes nothing (200), another corrects it."""
    with database.write() as session:
        case = must_see(session, viewer, CaseRecord, uid, "Case")
        must_see(session, viewer, Clip, given.clip, "Clip")
        made, is_new = notes.enter(session, case, given, viewer.name)
    response.status_code = 201 if is_new else 200
    return NoteOut.of(made)


@router.put("/notes/{note_id}")
def correct_note(note_id: str, given: NoteIn, viewer: Noter, database: Db) -> NoteOut:
    """Answers with the note that takes its place; the old one stays on record."""
    with database.write() as session:
        old = must_see(session, viewer, Note, note_id)
        must_see(session, viewer, Clip, given.clip, "Clip")
        return NoteOut.of(notes.correct(session, old, given, viewer.name))


@router.get("/clips/{clip_id}/notes")
def of_clip(clip_id: str, viewer: Reader, database: Db) -> list[NoteOut]:
    """In order of its seconds, of the cases that you may see."""
    with database.read() as session:
        must_see(session, viewer, Clip, clip_id, "Clip")
        return [NoteOut.of(one) for one in notes_of(session, viewer, clip_id)]
