"""A new line of the ledger, or the correction of one: what it would change is shown before it is entered."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.console import pages
from api.console.equipment.effects import Shown, shown
from api.console.equipment.form import About, Filled, Form_, Wrong, about, as_it_stands, show
from api.console.terms import terms
from api.signin import Db, LedgerKeeper, Ruled
from api.v1 import devices, links
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.ledger import AllocationIn
from gateway.visibility import Viewer

router = APIRouter()


@router.get("/devices/{device_id}/allocate")
def form_page(
    device_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    replaces: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Empty for a new line; as it stands for a correction."""
    seen = about(database, viewer, device_id, replaces)
    return show(request, viewer, seen, as_it_stands(seen.old, law) if seen.old else Filled())


@router.post("/devices/{device_id}/allocate/preview")
def preview(
    device_id: str, request: Request, viewer: LedgerKeeper, database: Db, law: Ruled, form: Form_
) -> Response:
    """What it would do to links; nothing is entered."""
    seen = about(database, viewer, device_id, form.replaces)
    try:
        given = form.given(device_id, law)
        found = tried(given, form, viewer, database, law)
    except Wrong as wrong:
        return show(request, viewer, seen, form, 422, wrong=wrong.names)
    except Refused as no:
        return show(request, viewer, seen, form, 409, refused=no.reason)
    return previewed(request, viewer, seen, form, given, found)


def tried(given: AllocationIn, form: Filled, viewer: Viewer, database: Database, law: Law) -> Shown:
    asked = links.Correction(allocation=given, replaces=form.replaces or None)
    return shown(database, links.effects(asked, viewer, database, law))


def previewed(
    request: Request,
    viewer: Viewer,
    seen: About,
    form: Filled,
    given: AllocationIn,
    found: Shown,
    *,
    anew: bool = False,
) -> Response:
    """`anew`: it is not what was shown before, and was therefore not entered."""
    return pages.page(
        request, "equipment_preview.html", viewer, 409 if anew else 200, device=seen.device, old=seen.old,
        seen=seen, given=given, holder=chosen(seen, form), found=found, anew=anew, fields=asdict(form),
        action=f"/devices/{seen.device.id}/allocate", **terms(request),
    )  # fmt: skip


def chosen(seen: About, form: Filled) -> str:
    every = (choice for several in seen.choices.values() for choice in several)
    return next((name for value, name in every if value == form.holder), form.holder.partition(":")[2])


@router.post("/devices/{device_id}/allocate")
def enter(
    device_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    form: Form_,
    shown_then: Annotated[str, Form(alias="shown", max_length=64)],
) -> Response:
    """Enters it if it would still do what was shown; otherwise shows what it would do now."""
    seen = about(database, viewer, device_id, form.replaces)
    try:
        given = form.given(device_id, law)
        found = tried(given, form, viewer, database, law)
        if found.digest != shown_then:
            return previewed(request, viewer, seen, form, given, found, anew=True)
        if form.replaces:
            made = devices.correct_allocation(form.replaces, given, viewer, database)
        else:
            made = devices.add_allocation(given, viewer, database)
    except Wrong as wrong:
        return show(request, viewer, seen, form, 422, wrong=wrong.names)
    except Refused as no:
        return show(request, viewer, seen, form, 409, refused=no.reason)
    return RedirectResponse(f"/devices/{device_id}?entered={made.id}", 303)


@router.post("/devices/{device_id}/allocate/change")
def change(device_id: str, request: Request, viewer: LedgerKeeper, database: Db, form: Form_) -> Response:
    """Back from what was shown to the form as it was filled in."""
    return show(request, viewer, about(database, viewer, device_id, form.replaces), form)
