"""What a person does on the page of a clip: labels, links, orders; each then leads back to it."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, BeforeValidator, Field
from sqlmodel import Session, col, or_, select

from api.console.terms import local
from api.problems import Problem, not_found
from api.signin import Db, Decider, Labeller, Operator, Ruled
from api.v1 import clips, links, orders
from api.v1.clips import Labels, label, seen
from gateway.database import Database
from gateway.linking.clocks import CAPTURED
from gateway.models import CaseAlias, CaseRecord, Link
from gateway.rules import case_number
from gateway.texts import Why
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA, reason, sentence

router = APIRouter()


Seconds = Annotated[
    float | None, BeforeValidator(lambda value: value if value != "" else None), Field(allow_inf_nan=False)
]


class LabelForm(BaseModel):
    """Empty is as good as not said; only what differs from what stands is entered."""

    case_no: str = Field(default="", max_length=100)
    place: str = Field(default="", max_length=200)
    matter: str | None = Field(default=None, max_length=500)
    transcript: str = Field(default="", max_length=500)
    secrecy: Literal["", "none", "privacy", "trade_secret", "state_secret"] = ""
    captured_at: Annotated[datetime | None, BeforeValidator(lambda written: local(written, CHINA))] = None
    why: str = Field(default="", max_length=300)


class LinkForm(BaseModel):
    case: str = Field(min_length=1, max_length=200)
    matter: str = Field(default="", max_length=500)
    t0_s: Annotated[Seconds, Field(ge=0)] = None
    t1_s: Annotated[Seconds, Field(gt=0)] = None
    why: Why


def back(clip_id: str, place: str) -> RedirectResponse:
    return RedirectResponse(f"/clips/{clip_id}#{place}", 303)


@router.post("/clips/{clip_id}/labels")
def enter_labels(
    clip_id: str, given: Annotated[LabelForm, Form()], viewer: Labeller, database: Db
) -> RedirectResponse:
    with database.read() as session:
        clip, _ = seen(session, viewer, clip_id)
        stands = clip.model_dump(include={"case_no", "place", "matter", "transcript", "secrecy"})
        before = clip.declared.get(CAPTURED)
    told = given.model_dump(exclude={CAPTURED, "why"}, exclude_none=True)
    changed = {name: value for name, value in told.items() if value != (stands[name] or "")}
    if "secrecy" in changed and changed["secrecy"] in {"", "none"}:
        changed |= {"secrecy": "none"} if stands["secrecy"] else {}
        if not stands["secrecy"]:
            del changed["secrecy"]
    said = datetime.fromisoformat(before) if before else None
    if given.captured_at != (said.replace(microsecond=0) if said else None):
        changed[CAPTURED] = given.captured_at or "none"
    if changed:
        why = given.why.strip()
        label(clip_id, Labels(**changed, why=why if len(why) > 1 else None), viewer, database)
    return back(clip_id, "labels")


@router.post("/clips/{clip_id}/secrecy/lift")
def lift_secrecy(
    clip_id: str, viewer: Decider, database: Db, why: Annotated[Why, Form()]
) -> RedirectResponse:
    clips.lift_secrecy(clip_id, clips.Reasoned(why=why), viewer, database)
    return back(clip_id, "labels")


@router.post("/clips/{clip_id}/links")
def add_link(
    clip_id: str, given: Annotated[LinkForm, Form()], viewer: Labeller, database: Db, law: Ruled
) -> RedirectResponse:
    with database.read() as session:
        seen(session, viewer, clip_id)
        wanted = asked_for(session, viewer, given)
    links.add_link(clip_id, wanted, viewer, database, law)
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
) -> RedirectResponse:
    must_be_of(database, viewer, clip_id, link_id)
    links.confirm(link_id, links.Confirmation(why=why, matter=matter.strip() or None), viewer, database, law)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/withdraw")
def withdraw(
    clip_id: str, link_id: str, viewer: Labeller, database: Db, why: Annotated[Why, Form()]
) -> RedirectResponse:
    must_be_of(database, viewer, clip_id, link_id)
    links.withdraw(link_id, links.Reasoned(why=why), viewer, database)
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
    must_be_of(database, viewer, clip_id, link_id)
    with database.read() as session:
        wanted = asked_for(session, viewer, given)
    links.correct(link_id, wanted, viewer, database, law)
    return back(clip_id, "links")


@router.post("/clips/{clip_id}/links/{link_id}/undo")
def undo(
    clip_id: str, link_id: str, viewer: Labeller, database: Db, why: Annotated[Why, Form()]
) -> RedirectResponse:
    must_be_of(database, viewer, clip_id, link_id)
    links.undo(link_id, links.Reasoned(why=why), viewer, database)
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


def must_be_of(database: Database, viewer: Viewer, clip_id: str, link_id: str) -> None:
    wanted = select(Link.id).where(Link.id == link_id, Link.clip_id == clip_id, visible(viewer, Link))
    with database.read() as session:
        if session.exec(wanted).first() is None:
            raise not_found("Link")


def asked_for(session: Session, viewer: Viewer, given: LinkForm) -> links.LinkGiven:
    return links.LinkGiven(
        case=case_named(session, viewer, given.case),
        t0_s=given.t0_s,
        t1_s=given.t1_s,
        matter=given.matter.strip() or None,
        why=given.why,
    )


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
