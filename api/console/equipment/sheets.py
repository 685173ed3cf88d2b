"""配备情况: what each unit must have and has, and what is wrong with it."""

from datetime import date, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.console import pages
from api.console.terms import terms, unit_choices
from api.signin import Db, Reader, Ruled
from api.v1 import equipment
from gateway.instants import Day
from gateway.wording.sources import based

router = APIRouter()

AT_A_GLANCE = (
    "officers", "required", "in_service", "missing", "below_spec", "idle", "open_checkouts", "checks_missing",
)  # fmt: skip
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("quota", ("officers", "sections", "required", "held", "in_service", "missing", "over_quota")),
    ("spec", ("to_spec", "below_spec", "spec_unknown", "office_standard", "other_types")),
    ("care", ("idle", "retired_early", "keeper_missing", "procurement_missing")),
    ("people", ("certificates_expired", "certificates_unknown", "checks_missing")),
    ("outings", ("checkouts", "open_checkouts", "without_precheck", "precheck_failed")),
)
BAD = frozenset(
    {
        "missing", "over_quota", "below_spec", "spec_unknown", "other_types", "idle", "retired_early",
        "keeper_missing", "procurement_missing", "certificates_expired", "certificates_unknown",
        "checks_missing", "open_checkouts", "without_precheck", "precheck_failed",
    }
)  # fmt: skip
"""More than none of it is something to do."""


class Asked(BaseModel):
    unit: str = Field(default="", max_length=200)
    on: Day | None = None
    since: Day | None = None


@router.get("/equipment/sheet")
def sheet_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    today = law.today()
    on = min(asked.on or today, today)
    since = in_reach(asked.since, on)
    told = equipment.sheet(viewer, database, law, asked.unit or None, on, since)
    with database.read() as session:
        units = unit_choices(session, viewer)
    one = next((each for each in told.units if each.unit == asked.unit or len(told.units) == 1), None)
    kept = {"unit": asked.unit, "on": on.isoformat(), "since": since.isoformat()}
    language = pages.reader_of(request).language
    return pages.page(
        request, "equipment_sheet.html", viewer, told=told, one=one, units=units, on=on, since=since,
        kept=kept, glance=AT_A_GLANCE, groups=GROUPS, bad=BAD, based=partial(based, language=language),
        **terms(request),
    )  # fmt: skip


def in_reach(since: date | None, on: date) -> date:
    """From the first of the month on, unless asked otherwise; never after `on`, and not beyond its reach."""
    first = since if since is not None and since <= on else on.replace(day=1)
    return max(first, on - timedelta(days=equipment.LONGEST.days))
