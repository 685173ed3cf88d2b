"""The form by which footage is asked for; what is wrong with it is said in it, with everything kept."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session

from api.console import pages
from api.console.purposes import purpose_of
from api.console.terms import local
from api.signin import Db, Requester, Ruled
from gateway import approvals
from gateway.approvals import Asked
from gateway.device import Refused
from gateway.law import Law, parents_of
from gateway.models import User
from gateway.roster import unit_names
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

DAYS = (1, 3, 7, 15, 30)
Text = Annotated[str, Form(max_length=20_000)]


@router.get("/retrieval/new")
def new_request(
    request: Request,
    viewer: Requester,
    database: Db,
    law: Ruled,
    clip: Annotated[list[str] | None, Query(max_length=200)] = None,
    case: Annotated[str, Query(max_length=200)] = "",
    party: Annotated[str, Query(max_length=200)] = "",
    unit: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Other pages lead here with what was found there."""
    scope = "case" if case else "party" if party else "clips"
    given = {
        "unit": unit, "scope": scope, "clips": "\n".join(clip or ()), "case": case, "party": party,
        "purpose": purpose_of(request, viewer) or "", "days": "7",
    }  # fmt: skip
    with database.read() as session:
        return form(request, session, viewer, law, given)


def form(
    request: Request,
    session: Session,
    viewer: Viewer,
    law: Law,
    given: Mapping[str, str],
    wrong: Reason | None = None,
    blank: str = "",
) -> Response:
    """`wrong`: why it was not taken; `blank`: the field that has to be filled in."""
    unit = session.get_one(User, viewer.user_id).unit_id
    limits = law.packs.of(given.get("unit") or unit, parents_of(session)).retrieval
    longest = limits.longest_grant_days.value
    return pages.page(
        request, "retrieval_new.html", viewer, status=409 if wrong or blank else 200, given=given,
        units=unit_names(session), own_unit=unit, days=[day for day in DAYS if day <= longest] or [longest],
        limits=limits, wrong=wrong, blank=blank,
    )  # fmt: skip


@router.post("/retrieval/new")
def ask(
    request: Request,
    viewer: Requester,
    database: Db,
    law: Ruled,
    unit: Text = "",
    scope: Text = "clips",
    clips: Text = "",
    case: Text = "",
    party: Text = "",
    since: Text = "",
    until: Text = "",
    purpose: Text = "",
    days: Text = "",
    use: Text = "INSIDE",
    copying: Text = "",
) -> Response:
    """Only what belongs to the scope that was chosen counts: the rest was perhaps filled in before."""
    given = {
        "unit": unit, "scope": scope, "clips": clips, "case": case, "party": party, "since": since,
        "until": until, "purpose": purpose, "days": days, "use": use, "copying": copying,
    }  # fmt: skip
    try:
        asked = Asked.model_validate(
            {
                "unit": unit, "purpose": purpose, "days": days, "use": use, "copying": bool(copying),
                "since": moment(since, law), "until": moment(until, law), **named(scope, given),
            }
        )  # fmt: skip
        with database.write() as session:
            made = approvals.ask(session, law, viewer, asked)
            return RedirectResponse(f"/retrieval/requests/{made.id}", 303)
    except ValidationError as error:
        blank = str(error.errors()[0]["loc"][0])
        with database.read() as session:
            return form(request, session, viewer, law, given, blank=blank)
    except Refused as no:
        with database.read() as session:
            return form(request, session, viewer, law, given, wrong=no.reason)


def named(scope: str, given: Mapping[str, str]) -> dict[str, Any]:
    match scope:
        case "clips":
            return {"clips": given["clips"].replace(",", " ").replace("，", " ").split()}
        case "case" | "party":
            return {scope: given[scope].strip() or None}
        case _:
            return {}


def moment(written: str, law: Law) -> str | None:
    """`2026-11-26T09:30` of the form is a time here."""
    try:
        at = local(written, law.zone)
    except ValueError:
        return written
    return at.isoformat() if at else None
