"""The screen before a dock: its bays, large; a badge takes a shared device out and brings it back."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import col, delete

from api.console import pages
from api.console.docks import Look, look, stream, tools_of
from api.console.entrance import forget
from api.console.purposes import PURPOSE
from api.console.receipts import receipt_page
from api.problems import not_found
from api.signin import (
    COOKIE,
    SCREEN,
    Db,
    Needs,
    Operator,
    begin_screen,
    database_of,
    looking,
    screen_of,
    sign_out,
    viewer_of,
)
from gateway import custody, selfservice
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Device, SignIn, User, now
from gateway.selfservice import Offer
from gateway.visibility import Right, Viewer
from gateway.wording import Reason

router = APIRouter()

SCREEN_COOKIE = "gateway_screen"
may_read, may_operate = Needs(Right.READ), Needs(Right.OPERATE)
Code = Annotated[str, Form(max_length=100)]


def screen(request: Request, dock: str) -> Viewer | None:
    token = request.cookies.get(SCREEN_COOKIE)
    if token is None:
        return None
    with database_of(request).read() as session:
        return screen_of(session, token, dock)


def at_screen(request: Request, dock: str) -> Viewer:
    """This dock's screen, or somebody who is signed in."""
    return may_read(screen(request, dock) or viewer_of(request))


def working(request: Request, dock: str) -> Viewer:
    return may_operate(screen(request, dock) or viewer_of(request))


AtScreen = Annotated[Viewer, Depends(at_screen)]
Working = Annotated[Viewer, Depends(working)]


def look_at(database: Database, viewer: Viewer, dock: str) -> Look:
    """Raises Problem 404 for a dock that is not there, or not for them."""
    seen = look(database, viewer)
    found = tuple(one for one in seen.docks if one.id == dock)
    if not found:
        raise not_found("Dock")
    return Look(found, seen.is_served)


@router.get("/kiosk/{dock}")
def kiosk_page(
    request: Request, dock: str, viewer: AtScreen, database: Db,
    done: Annotated[str, Query(max_length=20)] = "", what: Annotated[str, Query(max_length=200)] = "",
) -> Response:  # fmt: skip
    told = ("taken", "back")
    return shown(request, dock, viewer, database, done=done if done in told else "", what=what)


def shown(
    request: Request, dock: str, viewer: Viewer, database: Database, *,
    done: str = "", what: str = "", offer: Offer | None = None, why: Reason | None = None,
) -> Response:  # fmt: skip
    seen = look_at(database, viewer, dock)
    facts: dict[str, Any] = {"offer": offer, "why": why, "done": done, "what": what}
    facts |= {"is_screen": screen(request, dock) is not None, "may": viewer.may(Right.OPERATE)}
    return pages.page(
        request, "kiosk.html", viewer, look=seen, dock=seen.docks[0], **facts, **tools_of(dock)
    )  # fmt: skip


@router.get("/kiosk/{dock}/events", response_class=EventSourceResponse, dependencies=[Depends(at_screen)])
async def events(
    request: Request, dock: str, shape: Annotated[str, Query(max_length=64)] = ""
) -> AsyncIterator[ServerSentEvent]:
    def ask() -> Viewer:
        return may_read(screen(request, dock) or looking(request))

    async for event in stream(request, shape, ask, dock):
        yield event


@router.post("/kiosk/{dock}/open")
def open_screen(request: Request, dock: str, viewer: Operator, database: Db) -> Response:
    """This browser becomes the dock's screen for a year; the person's own session in it ends."""
    look_at(database, viewer, dock)
    with database.write() as session:
        user = session.get_one(User, viewer.user_id)
        token = begin_screen(session, user, dock)
        if own := request.cookies.get(COOKIE):
            sign_out(session, own)
        custody.append(session, custody.SITE, "SCREEN_OPENED", viewer.name, dock, (), {})
    answer = RedirectResponse(f"/kiosk/{quote(dock, safe='')}", 303)
    for cookie in (COOKIE, PURPOSE):
        forget(answer, cookie)
    answer.set_cookie(
        SCREEN_COOKIE, token, max_age=int(SCREEN.total_seconds()), httponly=True, samesite="strict",
        secure=request.url.scheme == "https", path="/kiosk",
    )  # fmt: skip
    return answer


@router.post("/kiosk/{dock}/close")
def close_screens(dock: str, viewer: Operator, database: Db) -> Response:
    """Every screen of this dock, wherever it stands."""
    look_at(database, viewer, dock)
    with database.write() as session:
        session.execute(delete(SignIn).where(col(SignIn.dock) == dock))
        custody.append(session, custody.SITE, "SCREENS_CLOSED", viewer.name, dock, (), {})
    return RedirectResponse("/docks", 303)


@router.post("/kiosk/{dock}/badge")
def badge(request: Request, dock: str, viewer: Working, database: Db, code: Code = "") -> Response:
    """What the badge's owner may do here; nothing is entered yet."""
    look_at(database, viewer, dock)
    try:
        with database.read() as session:
            found = selfservice.offer(session, viewer, dock, code.strip(), now())
    except Refused as no:
        return shown(request, dock, viewer, database, why=no.reason)
    return shown(request, dock, viewer, database, offer=found)


@router.post("/kiosk/{dock}/take")
def take(request: Request, dock: str, viewer: Working, database: Db, officer: Code, device: Code) -> Response:
    look_at(database, viewer, dock)
    try:
        with database.write() as session:
            entered = selfservice.take(session, viewer, dock, officer, device, now())
            name = named(session.get(Device, entered.device_id))
    except Refused as no:
        return shown(request, dock, viewer, database, why=no.reason)
    return led(dock, "taken", name)


@router.post("/kiosk/{dock}/return")
def bring_back(request: Request, dock: str, viewer: Working, database: Db, checkout: Code) -> Response:
    look_at(database, viewer, dock)
    try:
        with database.write() as session:
            entered = selfservice.bring_back(session, viewer, dock, checkout, now())
            name = named(session.get(Device, entered.device_id))
    except Refused as no:
        return shown(request, dock, viewer, database, why=no.reason)
    return led(dock, "back", name)


@router.get("/kiosk/{dock}/offloads/{offload_id}")
def receipt(request: Request, dock: str, offload_id: str, viewer: AtScreen, database: Db) -> Response:
    seen = look_at(database, viewer, dock)
    if screen(request, dock) and offload_id not in {seat.offload for seat in seen.docks[0].seats}:
        raise not_found("Offload")  # a screen says nothing of what lies elsewhere
    return receipt_page(request, viewer, database, offload_id, back=f"/kiosk/{quote(dock, safe='')}")


def named(device: Device | None) -> str:
    return (device.name or device.id) if device else ""


def led(dock: str, done: str, what: str) -> Response:
    return RedirectResponse(f"/kiosk/{quote(dock, safe='')}?done={done}&what={quote(what)}", 303)
