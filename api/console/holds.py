"""Legal holds (保全) and marks: all of one's units, and where a clip, a case or a device is looked at."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from api.console import pages, terms
from api.console.forms import parsed, wrong
from api.console.ways import Back, safe
from api.problems import not_found
from api.seeing import must_see
from api.signin import Approver, Db, Holder, Reader, Ruled
from api.v1 import retention
from gateway.holds import HoldIn
from gateway.models import CaseRecord, RetentionFlag
from gateway.retention import holding
from gateway.rules.retention import Flag
from gateway.texts import Why
from gateway.visibility import Right

router = APIRouter()

ROWS = 50

Paper = Annotated[str, Form(max_length=100)]
Written = Annotated[Why, Form()]
Moment = Annotated[str, Form(max_length=40)]


def given(why: str, paper: str, **on: Any) -> HoldIn:
    try:
        return HoldIn.model_validate({"why": why, "doc_no": paper.strip() or None, **on})
    except ValidationError as error:
        raise wrong(str(next(iter(error.errors()[0]["loc"]), "until"))) from None  # or its ends in that order


class Asked(BaseModel):
    lifted: bool = False
    """Those that were lifted, instead of those that stand."""
    after: str = Field(default="", max_length=40)


@router.get("/holds")
def all_holds(request: Request, viewer: Reader, database: Db, asked: Annotated[Asked, Query()]) -> Response:
    with database.read() as session:
        found = holding.of_site(session, viewer, lifted=asked.lifted, after=asked.after, most=ROWS + 1)
        shown = found[:ROWS]
    return pages.page(
        request, "holds.html", viewer, holds=shown, asked=asked, may_lift_hold=viewer.may(Right.APPROVE),
        following=shown[-1].hold.id if len(found) > ROWS else None, **terms.terms(request),
    )  # fmt: skip


@router.post("/clips/{clip_id}/holds")
def on_clip(
    clip_id: str, viewer: Holder, database: Db, law: Ruled, why: Written, paper: Paper = ""
) -> RedirectResponse:
    retention.place(given(why, paper, clip=clip_id), viewer, database, law)
    return RedirectResponse(f"/clips/{clip_id}#holds", 303)


@router.post("/cases/{uid}/holds")
def on_case(
    uid: str,
    viewer: Holder,
    database: Db,
    law: Ruled,
    why: Written,
    paper: Paper = "",
    on: Annotated[str, Form(max_length=100)] = "",
) -> RedirectResponse:
    """On the case; or, `on` one of its parties, on that party in all its cases."""
    with database.read() as session:
        must_see(session, viewer, CaseRecord, uid, "Case")
        party = holding.party_of(session, uid, on) if on else None
    if on and party is None:
        raise not_found("Party")
    what = {"party_name": party[0], "party_code": party[1]} if party else {"case": uid}
    placed = retention.place(given(why, paper, **what), viewer, database, law)
    return RedirectResponse(f"/cases/{quote(uid)}?held={placed.reaches.clips}#holds", 303)


@router.post("/devices/{device_id}/holds")
def on_device(
    device_id: str,
    viewer: Holder,
    database: Db,
    law: Ruled,
    why: Written,
    paper: Paper = "",
    since: Moment = "",
    until: Moment = "",
) -> RedirectResponse:
    """On what it recorded in a span, whose ends may be open."""
    span = parsed(lambda written: terms.local(written, law.zone), since=since, until=until)
    placed = retention.place(given(why, paper, device=device_id, **span), viewer, database, law)
    held = placed.reaches.clips
    return RedirectResponse(f"/devices/{quote(device_id)}?part=holds&held={held}#history", 303)


@router.post("/holds/{hold_id}/lift")
def lift(hold_id: str, viewer: Approver, database: Db, why: Written, back: Back = "/") -> RedirectResponse:
    retention.lift(hold_id, retention.Reasoned(why=why), viewer, database)
    return RedirectResponse(safe(back), 303)


@router.post("/clips/{clip_id}/flags")
def mark(
    clip_id: str, viewer: Holder, database: Db, flag: Annotated[Flag, Form()], why: Written
) -> RedirectResponse:
    retention.mark(clip_id, retention.FlagIn(flag=flag, why=why), viewer, database)
    return RedirectResponse(f"/clips/{clip_id}#holds", 303)


@router.post("/clips/{clip_id}/flags/{flag_id}/lift")
def unmark(clip_id: str, flag_id: str, viewer: Approver, database: Db, why: Written) -> RedirectResponse:
    with database.read() as session:
        if must_see(session, viewer, RetentionFlag, flag_id, "Mark").clip_id != clip_id:
            raise not_found("Mark")
    retention.unmark(flag_id, retention.Reasoned(why=why), viewer, database)
    return RedirectResponse(f"/clips/{clip_id}#holds", 303)
