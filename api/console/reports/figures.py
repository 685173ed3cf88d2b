"""One indicator: what it counts, how it is broken down, how it moved, and each case behind it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.console import pages
from api.console.reports.overview import Which, may_know
from api.console.reports.telling import SIDES, breakdowns, cut, key_names, tools
from api.problems import Problem
from api.signin import Db, Reader, Ruled
from api.v1.reports import Narrowed, may_see
from gateway.models import Unit
from gateway.reports import Code, Figure, Side, one_figure, one_moment, trend
from gateway.reports.naming import named
from gateway.roster import names_of
from gateway.visibility import Viewer

router = APIRouter()

ROWS = 50


class Narrow(BaseModel):
    """Which of the cases behind it."""

    side: Side | None = None
    why: str = Field(default="", max_length=100)
    by: str = Field(default="", max_length=40)
    key: str = Field(default="", max_length=200)
    start: int = Field(default=0, ge=0, le=10_000_000)

    def api(self) -> Narrowed:
        return Narrowed(side=self.side, why=self.why or None, by=self.by or None, key=self.key)


class Asked(Which, Narrow):
    pass


@router.get("/reports/figures/{code}")
def figure_page(
    code: Code, request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    unit = asked.unit or None
    with one_moment(database) as session:
        period = asked.period(session, law)
        may_see(session, viewer, unit)
        figure = one_figure(session, law, viewer, unit, period, code)
        points = trend.frozen(session, viewer, unit).get(code, []) if may_know(viewer, unit) else []
        facts = behind(session, request, viewer, figure, asked)
        name = names_of(session, Unit, [unit]).get(unit or "")
    return pages.page(
        request, "reports_figure.html", viewer, figure=figure, past=points, unit_name=name, period=period,
        kept={"unit": asked.unit, "quarter": period.name},
        snapshot=None, **facts, **tools(request),
    )  # fmt: skip


def behind(
    session: Session, request: Request, viewer: Viewer, figure: Figure, asked: Narrow
) -> dict[str, Any]:
    """The breakdowns, and one page of the members by name."""
    members = asked.api().of(figure)
    shown, following = cut(members, asked.start, ROWS)
    if asked.start and not shown:
        raise Problem(404, "No such page", "There are fewer.")
    return {
        "breakdowns": breakdowns(figure),
        "keys": key_names(session, request, ((one.by, one.key) for one in figure.parts)),
        "members": shown,
        "count": len(members),
        "following": following,
        "names": named(session, viewer, shown),
        "asked": asked,
        "narrowing": {
            "side": asked.side.value if asked.side else "", "why": asked.why,
            "by": asked.by, "key": asked.key,
        },
        "sides": [side for side in SIDES if figure.sides.get(side)],
    }  # fmt: skip
