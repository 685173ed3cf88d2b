"""The obligation board: what had to be recorded and was not, who owes it, since when, and why."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.console import pages
from api.console.terms import terms, unit_choices
from api.signin import Db, Reader, Ruled
from api.v1 import duties
from gateway.instants import Day
from gateway.law import Law
from gateway.models import now
from gateway.rules.duty import Standing
from gateway.rules.stages import UNKNOWN
from gateway.scope.board import Row, Tally, tallies, tally, unknown_kinds
from gateway.scope.telling import asked_by, gap_reason, names_of, why

router = APIRouter()

UNMET = (Standing.OVERDUE, Standing.MISSING, Standing.PARTIAL)
"""What somebody has to do something about."""
STANDINGS = (*UNMET, Standing.ARRIVED, Standing.EXEMPT, Standing.UPCOMING)
GROUPS = ("unit", "officer", "case", "kind", "stage", "day")
SPANS = (1, 7, 31, 93)
"""Days, to be chosen by one click."""
ROWS, GROUP_ROWS = 50, 50


class Asked(BaseModel):
    unit: str = Field(default="", max_length=200)
    case: str = Field(default="", max_length=200)
    officer: str = Field(default="", max_length=200)
    kind: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    standing: Standing | Literal["UNMET", "ALL"] = "UNMET"
    by: Literal["", "unit", "officer", "case", "kind", "stage", "day"] = ""
    since: Day | None = None
    until: Day | None = None
    """The last day."""
    start: int = Field(default=0, ge=0, le=1_000_000)

    def days(self, today: date) -> tuple[date, date]:
        """At most as many as the board takes; nothing that is to come is left out."""
        last = self.until or today
        first = self.since or last - timedelta(days=30)
        return max(min(first, last), last - timedelta(days=duties.LONGEST.days - 1)), last

    def filter(self, first: date, last: date, law: Law) -> duties.Filter:
        given = {name: getattr(self, name) or None for name in ("unit", "case", "officer", "kind", "stage")}
        return duties.Filter(
            since=datetime.combine(first, time(), law.zone),
            until=datetime.combine(last + timedelta(days=1), time(), law.zone),
            **given,
        )

    def shows(self, row: Row) -> bool:
        if self.standing == "ALL":
            return True
        if self.standing == "UNMET":
            return row.duty.standing in UNMET
        return row.duty.standing is self.standing


@router.get("/board")
def board_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    first, last = asked.days(law.today())
    with database.read() as session:
        rows = duties.rows_for(session, viewer, law, asked.filter(first, last, law))
        facts: dict[str, Any] = {
            "units": unit_choices(session, viewer),
            "narrowed": narrowed(session, asked),
            "unknown": unknown_kinds(rows),
            **(grouped(session, rows, asked) if asked.by else listed(session, rows, asked)),
        }
    kept = asked.model_dump(mode="json", exclude={"start"})
    kept |= {"since": first.isoformat(), "until": last.isoformat()}
    return pages.page(
        request, "board.html", viewer, asked=asked, kept=kept, totals=tally(rows), first=first, last=last,
        standings=STANDINGS, groups=GROUPS, spans=SPANS, at=now(), day_before=day_before, **facts,
        **terms(request),
    )  # fmt: skip


def day_before(last: date, days: int) -> str:
    return (last - timedelta(days=days - 1)).isoformat()


def narrowed(session: Session, asked: Asked) -> dict[str, str]:
    """What the list is narrowed to beyond unit and time, by name."""
    found = {}
    for by in ("case", "officer", "kind", "stage"):
        if key := getattr(asked, by):
            found[by] = names_of(session, by, [key]).get(key, key)
    return found


def listed(session: Session, rows: Sequence[Row], asked: Asked) -> dict[str, Any]:
    found = [row for row in rows if asked.shows(row)]
    shown = found[asked.start : asked.start + ROWS]
    people = {ref for row in shown for ref in row.step.officers}
    units = {row.step.unit_id for row in shown if row.step.unit_id}
    return {
        "found": len(found),
        "rows": [told(row) for row in shown],
        "officers": names_of(session, "officer", people),
        "unit_names": names_of(session, "unit", units),
        "following": asked.start + ROWS if len(found) > asked.start + ROWS else None,
    }


def told(row: Row) -> dict[str, Any]:
    return {
        "row": row,
        "asked": asked_by(row),
        "why": why(row),
        "gaps": [gap_reason(gap) for gap in row.duty.recorded.gaps] if row.footage.parts else [],
        "late_s": late_s(row, now()),
    }


def late_s(row: Row, at: datetime) -> float | None:
    """How long after its deadline it came, or is still awaited."""
    if not row.duty.late:
        return None
    came = row.footage.last_arrival
    until = came if came is not None and came > row.duty.deadline else at
    return (until - row.duty.deadline).total_seconds()


def grouped(session: Session, rows: Sequence[Row], asked: Asked) -> dict[str, Any]:
    """The worst first; days the newest first."""
    found = list(tallies(rows, asked.by).items())
    if asked.by == "day":
        found.reverse()
    else:
        found.sort(key=lambda one: (-one[1].overdue, -unmet(one[1]), one[0]))
    shown = found[asked.start : asked.start + GROUP_ROWS]
    return {
        "found": len(found),
        "rows": [(key, sums, unmet(sums)) for key, sums in shown],
        "names": names_of(session, asked.by, [key for key, _ in shown]),
        "following": asked.start + GROUP_ROWS if len(found) > asked.start + GROUP_ROWS else None,
        "nameless": UNKNOWN,
    }


def unmet(sums: Tally) -> int:
    return sums.overdue + sums.missing + sums.partial


BUILT = {
    **{f"board.standing_{standing.value}": () for standing in STANDINGS},
    **{f"board.by_{by}": () for by in GROUPS},
    **{f"board.days_{days}": () for days in SPANS},
}
"""Words that the template puts together, for the test that finds missing and dead ones."""
