"""The docks as they stand, kept current by events; without a script the page loads itself again."""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.console import pages
from api.problems import Problem
from api.signin import Db, Needs, Reader, looking
from api.v1.health import has_daemon
from gateway import docks
from gateway.database import Database
from gateway.docks import ATTENTION, UNDER_WAY, Dock, Seat, Sign
from gateway.models import now
from gateway.visibility import Right, Viewer

router = APIRouter()

EVERY_S = 1.0
STEP_S = 0.2
"""So soon a stream notices that the service stops."""
RETRY_MS = 2000
RECEIPTS = "/offloads/"
"""Where receipts are; the screen before a dock may open its own only."""
may_read = Needs(Right.READ)


@dataclass(frozen=True, slots=True)
class Look:
    """All docks at one moment."""

    docks: tuple[Dock, ...]
    is_served: bool
    """Somebody talks to the devices; if not, this is only the last that is known."""

    def count(self, *signs: Sign) -> int:
        return sum(dock.count(frozenset(signs)) for dock in self.docks)

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        return (
            ("done", self.count(Sign.DONE)),
            ("under_way", self.count(*UNDER_WAY)),
            ("attention", self.count(*ATTENTION)),
            ("empty", self.count(Sign.EMPTY)),
        )

    @property
    def shape(self) -> str:
        """The same as long as there are the same docks with the same bays: only their insides change."""
        told = repr([(dock.id, dock.name, [seat.bay for seat in dock.seats]) for dock in self.docks])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def look(database: Database, viewer: Viewer) -> Look:
    with database.read() as session:
        return Look(tuple(docks.docks(session, viewer)), has_daemon(session))


class Looks:
    """What all see who see the same units, looked up and put into words once a second for all of them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: dict[frozenset[str] | None, tuple[float, Look, dict[str, dict[str, str]]]] = {}

    def seen(
        self, database: Database, viewer: Viewer, reader: pages.Reader, receipts: str = RECEIPTS
    ) -> tuple[Look, dict[str, str]]:
        """A look that is hardly older than a second, and its parts by the names of their events."""
        with self.lock:  # who comes meanwhile waits for what the first one sees
            at = time.monotonic()
            fresh = {units: kept for units, kept in self.kept.items() if at - kept[0] < EVERY_S - STEP_S}
            self.kept = fresh
            if viewer.units not in fresh:
                fresh[viewer.units] = at, look(database, viewer), {}
            _, found, told = fresh[viewer.units]
            kind = f"{reader.language} {receipts}"
            if kind not in told:
                told[kind] = parts_of(found, reader, receipts)
            return found, told[kind]


def mark(seat: Seat) -> str:
    """The name of a bay in a page and of its event: bays may be called anything."""
    return "bay-" + hashlib.sha256(f"{seat.dock}\n{seat.bay}".encode()).hexdigest()[:12]


def ready_at(seat: Seat) -> datetime | None:
    eta = seat.progress.eta_s if seat.progress else None
    return now() + timedelta(seconds=eta) if eta else None


TOOLS: dict[str, Any] = {"mark": mark, "ready_at": ready_at, "receipts": RECEIPTS, "kiosk_link": True}


def tools_of(dock: str | None) -> dict[str, Any]:
    """What the bays need on the page of all docks, or on the screen before this one."""
    if dock is None:
        return TOOLS
    return TOOLS | {"receipts": f"/kiosk/{quote(dock, safe='')}/offloads/", "kiosk_link": False}


@router.get("/docks")
def docks_page(request: Request, viewer: Reader, database: Db) -> Response:
    return pages.page(request, "docks.html", viewer, look=look(database, viewer), **TOOLS)


@router.get("/docks/events", response_class=EventSourceResponse, dependencies=[Depends(may_read)])
async def events(
    request: Request, shape: Annotated[str, Query(max_length=64)] = ""
) -> AsyncIterator[ServerSentEvent]:
    """What changed, as parts of the page; a beat with each look, so that a cut line is noticed.

    `shape` is the page's: with other docks or bays it gets the whole of them. Who has signed out, or was
    disabled, is told so and gets nothing more.
    """
    async for event in stream(request, shape, lambda: may_read(looking(request))):
        yield event


async def stream(
    request: Request, shape: str, ask: Callable[[], Viewer], dock: str | None = None
) -> AsyncIterator[ServerSentEvent]:
    """`ask` says with each look who looks, with the rights of that moment; `dock`: for its screen."""
    reader, told = pages.reader_of(request), dict[str, str]()
    while True:
        try:
            seen, parts = await run_in_threadpool(look_again, request, reader, ask, dock)
        except Problem:
            yield ServerSentEvent(event="signed-out", raw_data="")
            return
        if seen.shape != shape:
            shape, told = seen.shape, parts
            yield ServerSentEvent(
                event="docks", raw_data=pages.fragment(reader, "docks_all.html", look=seen, **tools_of(dock))
            )
        for name, part in parts.items():
            if told.get(name) != part:
                yield ServerSentEvent(event=name, raw_data=part)
        told = parts
        yield ServerSentEvent(event="beat", raw_data="", retry=RETRY_MS)
        if await is_over(request):
            return


async def is_over(request: Request) -> bool:
    """After a rest, at once when the service stops."""
    stop = request.app.state.stop
    for _ in range(round(EVERY_S / STEP_S)):
        if stop.is_set() or await request.is_disconnected():
            return True
        await asyncio.sleep(STEP_S)
    return False


def look_again(
    request: Request, reader: pages.Reader, ask: Callable[[], Viewer], dock: str | None = None
) -> tuple[Look, dict[str, str]]:
    """Raises Problem once nobody is signed in any more."""
    looks: Looks = request.app.state.looks
    receipts = tools_of(dock)["receipts"]
    seen, parts = looks.seen(request.app.state.database, ask(), reader, receipts)
    return (seen, parts) if dock is None else narrowed(seen, parts, dock)


def narrowed(seen: Look, parts: dict[str, str], dock: str) -> tuple[Look, dict[str, str]]:
    """To one dock: the parts of its bays."""
    one = Look(tuple(each for each in seen.docks if each.id == dock), seen.is_served)
    marks = {mark(seat) for each in one.docks for seat in each.seats}
    return one, {name: part for name, part in parts.items() if name in marks}


def parts_of(seen: Look, reader: pages.Reader, receipts: str) -> dict[str, str]:
    """By the names of their events."""
    summary = {"summary": pages.fragment(reader, "docks_summary.html", look=seen)}
    return summary | {
        mark(seat): pages.fragment(reader, "bay.html", seat=seat, **(TOOLS | {"receipts": receipts}))
        for dock in seen.docks for seat in dock.seats
    }  # fmt: skip
