"""Time-coded notes: which line of a paper, or of a step, is seen at which second of a clip (R-09)."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlmodel import Session, col, or_, select

from gateway import custody
from gateway.device import Refused
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Document,
    Link,
    LinkStatus,
    Note,
    Original,
    now,
)
from gateway.visibility import Viewer, visible

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
SAID = ("clip_id", "at_s", "line", "document_id", "activity_id")
ROUNDING_S = 1.0
"""A player's clock and a container's length differ by less."""


class NoteIn(BaseModel):
    """A line of a 笔录 and its second of a clip; what it stands in is a document or a step of the case."""

    model_config = ConfigDict(extra="forbid")
    clip: str
    at_s: float = Field(ge=0, le=10_000_000, allow_inf_nan=False, description="seconds from the clip's start")
    line: Line = Field(examples=["问：货架上的食品何时购进？答：去年十一月。"])
    document: str | None = None
    activity: str | None = None
    ref: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="what your system calls that line: sent again it is the same note, or corrects it",
    )


def enter(session: Session, case: CaseRecord, given: NoteIn, actor: str) -> tuple[Note, bool]:
    """The note, and whether it is new. Raises Refused for what is not of the case.

    With a `ref` that is there already: the same words change nothing, others correct it. Without one, the
    same line at the same second is the note that stands: a form that is sent twice makes no second.
    """
    if (original := session.get(Original, given.clip)) is not None:  # two that send it at once stand in line
        custody.take(session, custody.device_chain(original.device_id))
    if given.ref is None:
        if (same := said_already(session, case.uid, given)) is not None:
            return same, False
    elif (old := standing_as(session, case.uid, given.ref)) is not None:
        return (old, False) if says(old) == wanted(given) else (correct(session, old, given, actor), True)
    return write(session, case.uid, given, actor), True


def correct(session: Session, old: Note, given: NoteIn, actor: str) -> Note:
    """A new one takes the place of the old, which stays. Raises Refused where another has done so."""
    session.refresh(old, with_for_update=True)
    if old.superseded_at is not None:
        raise Refused("note.superseded")
    old.superseded_at = now()
    return write(session, old.case_uid, given, actor, old)


def write(session: Session, case: str, given: NoteIn, actor: str, old: Note | None = None) -> Note:
    clip = must_be_of(session, case, given)
    if clip.duration_s is not None and given.at_s > clip.duration_s + ROUNDING_S:
        raise Refused("note.beyond", seconds=f"{clip.duration_s:.0f}")
    new = Note(
        case_uid=case, made_by=actor, replaces=old.id if old else None,
        ref=given.ref or (old.ref if old else None), clip_id=given.clip, at_s=given.at_s, line=given.line,
        document_id=given.document, activity_id=given.activity,
    )  # fmt: skip
    rows = [new, *([old] if old else [])]
    session.add_all(rows)
    chain = custody.device_chain(session.get_one(Original, clip.id).device_id)
    detail = {"note": new.id, "case": case, "at_s": new.at_s, "line": new.line, "replaces": new.replaces}
    custody.append(session, chain, "NOTE_CORRECTED" if old else "NOTE_MADE", actor, clip.id, rows, detail)
    return new


def must_be_of(session: Session, case: str, given: NoteIn) -> Clip:
    """The clip, which is linked to the case; paper and step are the case's, too. Raises Refused."""
    clip = session.get(Clip, given.clip)
    linked = select(Link.id).where(
        Link.clip_id == given.clip, Link.case_uid == case, col(Link.ended_at).is_(None),
        Link.status != LinkStatus.WITHDRAWN,
    )  # fmt: skip
    if clip is None or session.exec(linked).first() is None:
        raise Refused("note.not_linked", clip=given.clip, case=case)
    if given.document is None and given.activity is None:
        raise Refused("note.of_nothing")
    named: tuple[tuple[type[Any], str | None], ...] = (
        (Document, given.document),
        (Activity, given.activity),
    )
    for model, ref in named:
        found = session.get(model, ref) if ref else None
        if ref and (found is None or found.case_uid != case):
            raise Refused("note.of_another_case", ref=ref, case=case)
    return clip


def wanted(given: NoteIn) -> tuple[object, ...]:
    return given.clip, given.at_s, given.line, given.document, given.activity


def says(note: Note) -> tuple[object, ...]:
    return tuple(getattr(note, name) for name in SAID)


def said_already(session: Session, case: str, given: NoteIn) -> Note | None:
    told = zip(SAID, wanted(given), strict=True)
    found = select(Note).where(
        Note.case_uid == case, col(Note.ref).is_(None), col(Note.superseded_at).is_(None),
        *(getattr(Note, name) == value for name, value in told),
    )  # fmt: skip
    return session.exec(found).first()


def standing_as(session: Session, case: str, ref: str) -> Note | None:
    found = select(Note).where(Note.case_uid == case, Note.ref == ref, col(Note.superseded_at).is_(None))
    return session.exec(found).first()


def notes_of(session: Session, viewer: Viewer, clip_id: str) -> Sequence[Note]:
    """The notes of a clip that stand, in order of its seconds, of the cases that the viewer may see."""
    return session.exec(
        select(Note)
        .where(Note.clip_id == clip_id, col(Note.superseded_at).is_(None), visible(viewer, Note))
        .order_by(col(Note.at_s), col(Note.id))
    ).all()


def notes_in(
    session: Session, case: str, documents: Sequence[str], activities: Sequence[str]
) -> Sequence[Note]:
    """Those that stand in these papers and steps of a case, in the order in which they are read."""
    return session.exec(
        select(Note)
        .where(
            Note.case_uid == case,
            col(Note.superseded_at).is_(None),
            or_(col(Note.document_id).in_(documents), col(Note.activity_id).in_(activities)),
        )
        .order_by(col(Note.clip_id), col(Note.at_s), col(Note.id))
    ).all()


def way_back(note: Note) -> str:
    """Where its line stands on the page of the case, on whichever of its pages that is."""
    return f"/cases/{quote(note.case_uid)}?note={note.id}#note-{note.id}"
