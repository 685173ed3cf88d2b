"""Frozen quarters: each revision, the cases that stood behind its figures, and what moved since."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from api.console import pages
from api.console.reports.figures import Narrow, behind
from api.console.reports.overview import with_asked
from api.console.reports.telling import cut, key_names, tools
from api.console.terms import unit_choices
from api.problems import Problem
from api.seeing import must_see
from api.signin import Db, Freezer, Reader, Ruled
from api.v1 import reports
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Snapshot, Unit, now
from gateway.reports import Code, one_moment, snapshots
from gateway.reports.comparing import compare, compare_figures
from gateway.reports.due import last_quarter
from gateway.reports.naming import named
from gateway.reports.trend import quarters
from gateway.roster import names_of
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

ROWS = 50
PATH = "/reports/snapshots"


class Asked(BaseModel):
    unit: str = Field(default="", max_length=200)
    quarter: str = Field(default="", max_length=20)
    cursor: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")


@router.get(PATH)
def snapshots_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    return show(request, viewer, database, law, asked)


def show(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    asked: Asked,
    refused: Reason | None = None,
) -> Response:
    cutting = reports.Cut(limit=ROWS, cursor=asked.cursor)
    found = reports.frozen(viewer, database, cutting, asked.unit or None, None)  # type: ignore[arg-type]
    with database.read() as session:
        units = unit_choices(session, viewer)
        names = names_of(session, Unit, {one.unit_id for one in found.items})
    last = last_quarter(now(), law.zone).name
    return pages.page(
        request, "reports_snapshots.html", viewer, 409 if refused else 200, found=found.items,
        following=found.next, units=units, names=names, asked=asked, refused=refused,
        quarters=with_asked(quarters(now(), law.zone)[1:], asked.quarter or last), last=asked.quarter or last,
        **tools(request),
    )  # fmt: skip


@router.post(PATH)
def freeze(
    request: Request,
    viewer: Freezer,
    database: Db,
    law: Ruled,
    quarter: Annotated[str, Form(max_length=20)],
    unit: Annotated[str, Form(max_length=200)] = "",
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    given = reports.FreezeIn(unit=unit or None, quarter=quarter, why=why.strip() or None)
    try:
        made = reports.freeze(given, viewer, database, law)
    except Refused as no:
        return show(request, viewer, database, law, Asked(unit=unit, quarter=quarter), no.reason)
    return RedirectResponse(f"{PATH}/{made.id}", 303)


@router.get(PATH + "/{snapshot_id}")
def snapshot_page(snapshot_id: str, request: Request, viewer: Reader, database: Db, law: Ruled) -> Response:
    """As it was frozen, against the facts of now."""
    with one_moment(database) as session:
        row = must_see(session, viewer, Snapshot, snapshot_id)
        told = snapshots.opened(session, row)
        changes = compare(told, reports.compared_with(session, viewer, law, row, None))
        name = names_of(session, Unit, [row.unit_id]).get(row.unit_id)
    return pages.page(
        request, "reports_snapshot.html", viewer, row=row, report=told, changes=changes,
        unit_name=name, **tools(request),
    )  # fmt: skip


@router.get(PATH + "/{snapshot_id}/figures/{code}")
def frozen_figure_page(
    snapshot_id: str,
    code: Code,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    asked: Annotated[Narrow, Query()],
) -> Response:
    with database.read() as session:
        row = must_see(session, viewer, Snapshot, snapshot_id)
        figure = snapshots.one_opened(session, row, code)
        facts = behind(session, request, viewer, figure, asked)
        name = names_of(session, Unit, [row.unit_id]).get(row.unit_id)
    return pages.page(
        request, "reports_figure.html", viewer, figure=figure, past=[], unit_name=name,
        period=snapshots.quarter(row.quarter, law.zone), kept={}, snapshot=row, **facts, **tools(request),
    )  # fmt: skip


@router.get(PATH + "/{snapshot_id}/changes/{code}")
def moves_page(
    snapshot_id: str,
    code: Code,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Which cases stand elsewhere now."""
    with one_moment(database) as session:
        row = must_see(session, viewer, Snapshot, snapshot_id)
        then = snapshots.one_opened(session, row, code)
        change = compare_figures(then, reports.figure_now(session, viewer, law, row, None, code))
        moves, following = cut(change.moves, start, ROWS)
        if start and not moves:
            raise Problem(404, "No such page", "There are fewer.")
        sides = [one for move in moves for one in (move.before, move.after) if one is not None]
        names = named(session, viewer, sides)
        keys = key_names(session, request, (key for one in sides for key in one.keys))
    return pages.page(
        request, "reports_moves.html", viewer, row=row, change=change, moves=moves, following=following,
        names=names, keys=keys, start=start, **tools(request),
    )  # fmt: skip
