"""What a person decides on the page of a clip: links, orders; each then leads back to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, BeforeValidator, Field
from sqlmodel import Session, col, or_, select

from api.console.forms import Line, Seen
from api.problems import Problem, not_found
from api.signin import Db, Labeller, Operator, Ruled
from api.v1 import clips, orders
from gateway.database import Database
from gateway.holds import must_be_there
from gateway.linking import decisions
from gateway.models import CaseAlias, CaseRecord, Clip, Link
from gateway.rules import case_number
from gateway.texts import Why
from gateway.visibility import Viewer, visible
from gateway.wording import reason, sentence
from gateway.worklist import deciding

router = APIRouter()


Seconds = Annotated[
    float | None, BeforeValidator(lambda value: value if value != "" else None), Field(allow_inf_nan=False)
]


class LinkForm(BaseModel):
    case: str = Field(min_length=1, max_length=200)
    matter: str = Field(default="", max_length=500)
    t0_s: Annotated[Seconds, Field(ge=0)] = None
    t1_s: Annotated[Seconds, Field(gt=0)] = None
    why: Why
    seen: Line = 0


def back(clip_id: str, place: str) -> RedirectResponse:
    return RedirectResponse(f"/clips/{clip_id}#{place}", 303)


@router.post("/clips/{clip_id}/links")
def add_link(
    clip_id: str, given: Annotated[LinkForm, Form()], viewer: Labeller, database: Db, law: Ruled
) -> RedirectResponse:
    with as_seen(database, viewer, clip_id, given.seen) as session:
        clip, wanted = session.get_one(Clip, clip_id), asked_for(session, viewer, given)
        decisions.add(session, clip, wanted, law.packs, viewer.name, given.why)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/confirm")
def confirm(
    clip_id: str,
    link_id: str,
    viewer: Labeller,
    database: Db,
    law: Ruled,
    why: Annotated[Why, Form()],
    matter: Annotated[str, Form(max_length=500)] = "",
    seen: Seen = 0,
) -> RedirectResponse:
    with as_seen(database, viewer, clip_id, seen) as session:
        link = standing(session, viewer, clip_id, link_id)
        decisions.confirm(session, link, law.packs, viewer.name, why, matter.strip() or None)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/withdraw")
def withdraw(
    clip_id: str,
    link_id: str,
    viewer: Labeller,
    database: Db,
    why: Annotated[Why, Form()],
    seen: Seen = 0,
) -> RedirectResponse:
    with as_seen(database, viewer, clip_id, seen) as session:
        decisions.withdraw(session, standing(session, viewer, clip_id, link_id), viewer.name, why)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/correct")
def correct(
    clip_id: str,
    link_id: str,
    given: Annotated[LinkForm, Form()],
    viewer: Labeller,
    database: Db,
    law: Ruled,
) -> RedirectResponse:
    with as_seen(database, viewer, clip_id, given.seen) as session:
        link, wanted = standing(session, viewer, clip_id, link_id), asked_for(session, viewer, given)
        decisions.correct(session, link, wanted, law.packs, viewer.name, given.why)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/undo")
def undo(
    clip_id: str,
    link_id: str,
    viewer: Labeller,
    database: Db,
    why: Annotated[Why, Form()],
    seen: Seen = 0,
) -> RedirectResponse:
    with as_seen(database, viewer, clip_id, seen) as session:
        decisions.undo(session, link_of(session, viewer, clip_id, link_id), viewer.name, why)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/orders")
def order(
    clip_id: str,
    viewer: Operator,
    database: Db,
    kind: Annotated[Literal["verify", "retry", "relink"], Form()],
) -> RedirectResponse:
    orders.ask(orders.OrderIn(kind=kind, clip=clip_id), viewer, database)
    return back(clip_id, "digests" if kind == "verify" else "content")


@contextmanager
def as_seen(database: Database, viewer: Viewer, clip_id: str, seen: int) -> Iterator[Session]:
    """One transaction in which nobody else decides; refused to who has not seen the last decision."""
    with database.write() as session:
        _, original = clips.seen(session, viewer, clip_id)
        must_be_there(session, clip_id)
        deciding.lock(session, original)
        deciding.must_have_seen(session, clip_id, seen)
        yield session


def link_of(session: Session, viewer: Viewer, clip_id: str, link_id: str) -> Link:
    wanted = select(Link).where(Link.id == link_id, Link.clip_id == clip_id, visible(viewer, Link))
    found = session.exec(wanted).one_or_none()
    if found is None:
        raise not_found("Link")
    return found


def standing(session: Session, viewer: Viewer, clip_id: str, link_id: str) -> Link:
    link = link_of(session, viewer, clip_id, link_id)
    decisions.must_stand(session, link)
    return link


def asked_for(session: Session, viewer: Viewer, given: LinkForm) -> decisions.LinkIn:
    case = case_named(session, viewer, given.case)
    return decisions.LinkIn(case=case, t0_s=given.t0_s, t1_s=given.t1_s, matter=given.matter.strip() or None)


def case_named(session: Session, viewer: Viewer, written: str) -> str:
    """People know a case by its number. Raises Problem where none that they see has it, or several."""
    norm = case_number.normalise(written)
    aliases = select(CaseAlias.case_uid).where(CaseAlias.norm == norm)
    wanted = select(CaseRecord.uid).where(
        or_(CaseRecord.uid == written.strip(), col(CaseRecord.uid).in_(aliases)), visible(viewer, CaseRecord)
    )
    found = session.exec(wanted.limit(2)).all()
    if len(found) == 1:
        return found[0]
    why = reason("case.not_found" if not found else "case.several", number=written.strip())
    raise Problem(404 if not found else 409, sentence(why, "en"), sentence(why, "zh"), code=why["code"])
