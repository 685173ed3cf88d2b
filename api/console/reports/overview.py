"""All indicators of a quarter, beside those of the quarter before."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.console import pages
from api.console.reports.telling import tools
from api.console.terms import unit_choices
from api.signin import Db, Reader, Ruled
from api.v1.reports import may_see
from gateway.law import Law
from gateway.models import Snapshot, now
from gateway.reports import Period, Report, one_moment, report, snapshots
from gateway.reports.due import had_begun, last_quarter
from gateway.reports.trend import before, quarters
from gateway.visibility import Viewer

router = APIRouter()

QUICK_S = 2.0
"""What takes longer is not done a second time without being asked."""


class Which(BaseModel):
    unit: str = Field(default="", max_length=200)
    quarter: str = Field(default="", max_length=20)

    def period(self, session: Session, law: Law) -> Period:
        """The last quarter that has ended; before the first has, the one that runs. Raises Refused."""
        if self.quarter:
            return snapshots.quarter(self.quarter, law.zone)
        last = last_quarter(now(), law.zone)
        has_past = had_begun(session, last.until)
        return last if has_past else snapshots.quarter(quarters(now(), law.zone, 1)[0], law.zone)


class Asked(Which):
    compare: bool = False
    """Count the quarter before as well, though that takes its time."""


@router.get("/reports")
def overview_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    unit = asked.unit or None
    with one_moment(database) as session:
        period = asked.period(session, law)
        may_see(session, viewer, unit)
        began = time.monotonic()
        found = report(session, law, viewer, unit, period)
        is_quick = time.monotonic() - began < QUICK_S
        facts: dict[str, Any] = {
            "units": unit_choices(session, viewer),
            "last": snapshots.latest(session, unit, period.name) if may_know(viewer, unit) else None,
            **compared(session, law, viewer, unit, period, count=asked.compare or is_quick),
        }
    kept = {"unit": asked.unit, "quarter": period.name}
    return pages.page(
        request, "reports.html", viewer, report=found, asked=asked, kept=kept, **facts,
        quarters=with_asked(quarters(now(), law.zone), period.name), runs=now() < period.until,
        **tools(request),
    )  # fmt: skip


def may_know(viewer: Viewer, unit: str | None) -> bool:
    """Of the whole site's frozen quarters only who sees all of it."""
    return unit is not None or viewer.units is None


def with_asked(found: list[str], asked: str) -> list[str]:
    return found if asked in found else [*found, asked]


def compared(
    session: Session, law: Law, viewer: Viewer, unit: str | None, period: Period, *, count: bool
) -> dict[str, Period | Report | Snapshot | None]:
    """The quarter before: as it was frozen, or counted now where it was not and that is wanted."""
    earlier = before(period, law.zone)
    assert earlier is not None
    frozen = snapshots.latest(session, unit, earlier.name) if may_know(viewer, unit) else None
    if frozen is not None:
        return {"before": earlier, "earlier": snapshots.opened(session, frozen), "earlier_frozen": frozen}
    counted = report(session, law, viewer, unit, earlier) if count else None
    return {"before": earlier, "earlier": counted, "earlier_frozen": None}
