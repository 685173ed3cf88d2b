"""The desk: shared devices go out and come back; a reader types a number and Enter, and that is all."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from api.console import pages
from api.console.terms import href, terms
from api.seeing import must_see
from api.signin import Db, Operator
from api.v1 import devices
from gateway import desk
from gateway.database import Database
from gateway.device import Refused
from gateway.ledger import CheckoutIn, ReturnIn
from gateway.models import Checkout, Condition, Device, Officer, now
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

Chosen = Annotated[str, Query(max_length=100)]
Given = Annotated[str, Form(max_length=100)]
PATH = "/equipment/desk"


@router.get(PATH)
def desk_page(
    request: Request,
    viewer: Operator,
    database: Db,
    officer: Chosen = "",
    device: Chosen = "",
    done: Chosen = "",
) -> Response:
    return show(request, viewer, database, officer, device, done=done)


def show(
    request: Request,
    viewer: Viewer,
    database: Database,
    officer: str,
    device: str,
    *,
    done: str = "",
    code: str = "",
    unknown: bool = False,
    several: desk.Scanned | None = None,
    refused: Reason | None = None,
) -> Response:
    with database.read() as session:
        person = must_see(session, viewer, Officer, officer) if officer else None
        thing = must_see(session, viewer, Device, device) if device else None
        entry = must_see(session, viewer, Checkout, done, "Entry") if done else None
        out, count = desk.out_now(session, viewer)
        facts: dict[str, Any] = {
            "person": person,
            "certificate": desk.certificate_of(session, person, now()) if person else None,
            "thing": thing,
            "entry": entry,
            "entry_device": session.get(Device, entry.device_id) if entry else None,
            "entry_officer": session.get(Officer, entry.officer_id) if entry else None,
        }
    status = 409 if refused else 404 if unknown else 200
    return pages.page(
        request, "equipment_desk.html", viewer, status, out=out, count=count, code=code, unknown=unknown,
        several=several, refused=refused, conditions=list(Condition), **facts, **terms(request),
    )  # fmt: skip


@router.post(PATH)
def scan(
    request: Request,
    viewer: Operator,
    database: Db,
    code: Given,
    officer: Given = "",
    device: Given = "",
    condition: Annotated[Condition, Form()] = Condition.GOOD,
) -> Response:
    """An officer's number chooses him; a device's gives it to him, or takes it back where it is out."""
    written = code.strip()
    with database.read() as session:
        if officer:
            must_see(session, viewer, Officer, officer)
        if device:
            must_see(session, viewer, Device, device)
        found = desk.scanned(session, viewer, written, now())
        going = the_one(session, found)
    if len(found.officers) + len(found.devices) != 1:
        is_unknown = not found.officers and not found.devices
        return show(
            request, viewer, database, officer, device, code=written, unknown=is_unknown,
            several=None if is_unknown else found,
        )  # fmt: skip
    person = found.officers[0].id if found.officers else officer
    thing = found.devices[0].id if found.devices else device
    try:
        done = moved(database, viewer, person, thing, going, condition)
    except Refused as no:
        return show(request, viewer, database, officer, device, code=written, refused=no.reason)
    if done is not None:
        return RedirectResponse(href(PATH, {}, done=done), 303)
    return RedirectResponse(href(PATH, {}, officer=person, device=thing), 303)


def the_one(session: Session, found: desk.Scanned) -> Checkout | None:
    """By which the scanned device is out, if that is what was scanned."""
    return desk.out_with(session, found.devices[0].id) if len(found.devices) == 1 else None


def moved(
    database: Database,
    viewer: Viewer,
    officer: str,
    device: str,
    going: Checkout | None,
    condition: Condition,
) -> str | None:
    """The checkout that was entered or closed; None while the other number is still to come."""
    if going is not None:
        given = ReturnIn(in_at=now(), received_by=viewer.name, in_condition=condition)
        return devices.return_device(going.id, given, viewer, database).id
    if officer and device:
        taken = CheckoutIn(device=device, officer=officer, out_at=now(), handed_by=viewer.name)
        return devices.add_checkout(taken, viewer, database).id
    return None


@router.post("/equipment/desk/{checkout_id}/return")
def give_back(
    checkout_id: str,
    request: Request,
    viewer: Operator,
    database: Db,
    condition: Annotated[Condition, Form()] = Condition.GOOD,
) -> Response:
    """From the list of what is out."""
    given = ReturnIn(in_at=now(), received_by=viewer.name, in_condition=condition)
    try:
        done = devices.return_device(checkout_id, given, viewer, database)
    except Refused as no:
        return show(request, viewer, database, "", "", refused=no.reason)
    return RedirectResponse(href(PATH, {}, done=done.id), 303)
