"""Labels that a person enters on the page of a clip: what he changed of what it showed, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, BeforeValidator, Field
from sqlmodel import Session, select

from api.console import clip
from api.console.clip_beside import LABELLED, captured, labels_in_form
from api.console.forms import Line, Shown, touched
from api.console.terms import local
from api.console.work.showing import is_part
from api.problems import not_found
from api.signin import Db, Decider, Labeller, Ruled
from api.v1 import clips
from gateway import approvals, linking
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.linking.clocks import CAPTURED
from gateway.models import Clip, CustodyEvent, Original
from gateway.texts import Why
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA, Reason
from gateway.worklist import deciding

router = APIRouter()


class LabelForm(BaseModel):
    """`shown`: what each field said when its reader came; without it only what is empty can be filled."""

    case_no: str = Field(default="", max_length=100)
    place: str = Field(default="", max_length=200)
    matter: str = Field(default="", max_length=500)
    transcript: str = Field(default="", max_length=500)
    secrecy: Literal["", "privacy", "trade_secret", "state_secret"] = ""
    captured_at: Annotated[datetime | None, BeforeValidator(lambda written: local(written, CHINA))] = None
    why: str = Field(default="", max_length=300)
    shown: Shown = Field(default_factory=dict)
    seen: Line = 0

    def changed(self) -> dict[str, str]:
        """As the fields have it."""
        given = self.model_dump(include={*LABELLED})
        return touched({**given, CAPTURED: captured(self.captured_at)}, self.shown)


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A label that its reader changed, and since he looked somebody else: None, the gateway."""

    name: str
    value: str
    line: CustodyEvent | None


@dataclass(frozen=True, slots=True)
class Unsaved:
    """What was typed and not saved, and what stood in its way."""

    typed: dict[str, str]
    why: str
    overtaken: Sequence[Overtaken] = ()
    problem: Reason | None = None


@router.post("/clips/{clip_id}/labels")
def enter_labels(
    request: Request,
    clip_id: str,
    given: Annotated[LabelForm, Form()],
    viewer: Labeller,
    database: Db,
    law: Ruled,
) -> Response:
    """All of it or nothing: who typed over what somebody else changed meanwhile sees that first."""
    typed = given.changed()
    try:
        with database.write() as session:
            found = locked(session, viewer, clip_id)
            overtaken = overtaken_by(session, found, typed, given)
            if not overtaken:
                save(session, viewer, found, typed, given)
    except Refused as no:
        if is_part(request):
            raise  # the form stands as it was, and is told why
        unsaved = Unsaved(typed, given.why, problem=no.reason)
    else:
        if not overtaken:
            return RedirectResponse(f"/clips/{clip_id}#labels", 303)
        unsaved = Unsaved(typed, given.why, overtaken)
    # a part of a page with another status than 200 would not take the place of the old one
    status = 200 if is_part(request) else 409
    return clip.whole(request, viewer, database, law, clip_id, status=status, unsaved=unsaved)


def locked(session: Session, viewer: Viewer, clip_id: str) -> Clip:
    """Nobody else changes its labels until the transaction ends."""
    wanted = select(Clip).where(Clip.id == clip_id, visible(viewer, Clip))
    found = session.exec(wanted.with_for_update()).one_or_none()
    if found is None:
        raise not_found("Clip")
    return found


def overtaken_by(
    session: Session, found: Clip, typed: dict[str, str], given: LabelForm
) -> Sequence[Overtaken]:
    """What he changed and somebody else, too, to something else."""
    now = labels_in_form(found)
    moved = touched({name: now[name] for name in typed}, given.shown)
    wanted = [name for name in moved if touched({name: typed[name]}, now)]
    lines = deciding.since(session, found.id, given.seen) if wanted else ()
    by = {name: line for line in lines if line.event == "LABELLED_BY_PERSON" for name in line.detail}
    return [Overtaken(name, now[name], by.get(name)) for name in wanted]


def save(session: Session, viewer: Viewer, found: Clip, typed: dict[str, str], given: LabelForm) -> None:
    must_be_there(session, found.id)
    told: dict[str, Any] = touched(typed, labels_in_form(found))
    if not told:
        return
    if "secrecy" in told:
        told["secrecy"] = told["secrecy"] or linking.OPEN
    if CAPTURED in told:
        told[CAPTURED] = given.captured_at or linking.OPEN
    if len(why := given.why.strip()) > 1:
        told["why"] = why
    original = session.get_one(Original, found.id)
    may_lift = approvals.may_lift_secrecy(session, viewer, found)
    linking.enter_labels(session, found, original, told, viewer.name, may_lift=may_lift)


@router.post("/clips/{clip_id}/secrecy/lift")
def lift_secrecy(
    clip_id: str, viewer: Decider, database: Db, why: Annotated[Why, Form()]
) -> RedirectResponse:
    clips.lift_secrecy(clip_id, clips.Reasoned(why=why), viewer, database)
    return RedirectResponse(f"/clips/{clip_id}#labels", 303)
