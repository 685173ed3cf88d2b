"""What people state about a step; a form that cannot be entered comes back as it was filled in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session

from api.console import pages
from api.console.cases.telling import tools
from api.console.forms import Wrong
from api.console.terms import local
from api.console.ways import Back, safe
from api.problems import not_found
from api.seeing import must_see
from api.signin import Db, Labeller
from api.v1.duties import must_see_step
from gateway.device import Refused
from gateway.models import Activity, CaseRecord
from gateway.scope.statements import LACKS, StatementIn, state
from gateway.visibility import Viewer
from gateway.wording import CHINA

router = APIRouter()

Short = Annotated[str, Form(max_length=500)]
TIMES = ("from_at", "to_at", "approved_at")
TEXTS = ("why", "work_record", "reported_to", "approved_by")


@dataclass(frozen=True, slots=True)
class Filled:
    """As it was filled in."""

    activity: str
    what: str
    """The kind of statement with its ground: GAP.battery."""
    why: str
    from_at: str
    to_at: str
    work_record: str
    reported_to: str
    approved_by: str
    approved_at: str
    back: str

    def shown(self, name: str) -> str:
        """A time with a zone, as the gaps send it, by the clock on this wall: a field knows no zone."""
        written = str(getattr(self, name))
        try:
            at = datetime.fromisoformat(written) if name in TIMES else None
            if at is None or at.tzinfo is None:
                return written
            here = at.astimezone(CHINA).replace(tzinfo=None)
        except (ValueError, OverflowError):  # none, or in no calendar
            return written
        return here.isoformat(timespec="milliseconds" if here.microsecond else "seconds")


def filled(
    activity: Short,
    what: Annotated[str, Form(pattern=r"^[A-Z]+(\.[a-z_]+)?$", max_length=40)],
    why: Short = "",
    from_at: Short = "",
    to_at: Short = "",
    work_record: Short = "",
    reported_to: Short = "",
    approved_by: Short = "",
    approved_at: Short = "",
    back: Back = "/",
) -> Filled:
    return Filled(
        activity, what, why, from_at, to_at, work_record, reported_to, approved_by, approved_at, back
    )


def field_of(name: str) -> str:
    """Of what a statement says; what is wrong with the whole of it is that it ends before it begins."""
    return {"kind": "what", "ground": "what", "": "to_at"}.get(name, name)


def given(form: Filled) -> StatementIn:
    """Raises Wrong."""
    kind, _, ground = form.what.partition(".")
    told: dict[str, object] = {"kind": kind, "ground": ground}
    told |= {name: getattr(form, name).strip() for name in TEXTS}
    wrong: list[str] = []
    for name in TIMES:
        try:
            told[name] = local(getattr(form, name), CHINA)
        except ValueError:
            wrong.append(name)
    if wrong:
        raise Wrong(wrong)
    try:
        return StatementIn.model_validate({name: value for name, value in told.items() if value})
    except ValidationError as error:
        places = ["".join(map(str, one["loc"][:1])) for one in error.errors()]
        raise Wrong([field_of(place) for place in places]) from None


def must_see_own(session: Session, viewer: Viewer, uid: str, activity: str) -> tuple[CaseRecord, Activity]:
    """Raises Problem for what the viewer may not see, and for a step of another case."""
    case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
    step = must_see_step(session, viewer, activity)
    if step.case_uid != uid:
        raise not_found("Activity")
    return case, step


@router.post("/cases/{uid}/statements")
def make_statement(
    uid: str, request: Request, viewer: Labeller, database: Db, form: Annotated[Filled, Depends(filled)]
) -> Response:
    with database.read() as session:
        case, step = must_see_own(session, viewer, uid, form.activity)
    try:
        told = given(form)
        with database.write() as session:
            state(session, step.id, told, viewer.name)
    except Wrong as no:
        wrong = no.names
    except Refused as no:
        if no.reason["code"] != LACKS:
            raise
        wrong = frozenset(map(field_of, no.reason["facts"]["lacks"].split(", ")))
    else:
        return RedirectResponse(safe(form.back), 303)
    empty = {name for name in wrong if not getattr(form, name).strip()}
    return pages.page(
        request, "cases_say_again.html", viewer, 422, case=case, step=step, form=form, wrong=wrong,
        empty=empty, bad=wrong - empty, back=safe(form.back), **tools(request),
    )  # fmt: skip
