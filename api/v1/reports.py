"""The indicators (regulations 8): counted now, with what stands behind each; quarters frozen and compared."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import Session, select

from api.figures import ChangeOut, ChangesOut, MemberOut, MoveOut, ReportOut, SnapshotOut
from api.paging import Cutting, Page, page
from api.problems import Problem, not_found
from api.seeing import must_see
from api.signin import Db, Freezer, Reader, Ruled
from gateway.instants import Day
from gateway.law import Law
from gateway.models import Snapshot, Unit, now
from gateway.reports import (
    Code,
    Figure,
    Member,
    Period,
    Report,
    Side,
    one_figure,
    one_moment,
    report,
    snapshots,
)
from gateway.reports.comparing import compare, compare_figures
from gateway.reports.due import last_quarter
from gateway.visibility import Viewer, visible
from gateway.wording import sentence

router = APIRouter(tags=["reports"])

LONGEST = timedelta(days=400)
One = TypeVar("One")
Shown = TypeVar("Shown", bound=BaseModel)


class Span(BaseModel):
    """A quarter, or days in the site's zone; without either, the last quarter that has ended."""

    unit: str | None = Field(default=None, description="with those below it; default: all you see")
    quarter: str | None = Field(default=None, examples=["2026-Q3"])
    since: Day | None = Field(default=None, description="the first day")
    until: Day | None = Field(default=None, description="the first day that is no longer of it")

    def period(self, law: Law) -> Period:
        if self.quarter is not None:
            return snapshots.quarter(self.quarter, law.zone)
        if self.since is None and self.until is None:
            return last_quarter(now(), law.zone)
        if self.since is None or self.until is None or not self.since < self.until <= self.since + LONGEST:
            raise Problem(422, "The span is empty or too long", "`since` before `until`, at most 400 days.")
        return Period.days(self.since, self.until, law.zone)


@router.get("/reports/figures")
def figures(viewer: Reader, database: Db, law: Ruled, asked: Annotated[Span, Query()]) -> ReportOut:
    """Every indicator: its numerator, denominator, what was left out and why, and its breakdowns."""
    period = asked.period(law)
    with one_moment(database) as session:
        may_see(session, viewer, asked.unit)
        return ReportOut.of(report(session, law, viewer, asked.unit, period))


def may_see(session: Session, viewer: Viewer, unit: str | None) -> None:
    if unit is not None:
        must_see(session, viewer, Unit, unit)


class Cut(BaseModel):
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="`next` of the page before")


class Narrowed(Cut):
    side: Side | None = None
    why: str | None = Field(default=None, description="code of a reason", examples=["figure.late"])
    by: str | None = Field(default=None, description="a breakdown, with `key`", examples=["stage"])
    key: str | None = None

    def of(self, figure: Figure) -> list[Member]:
        """Raises Problem for a breakdown that the figure has not."""
        if self.by is not None and (told := figure.no_breakdown(self.by)) is not None:
            raise Problem(422, sentence(told, "en"), sentence(told, "zh"), code=told["code"])
        sides = tuple(Side) if self.side is None else (self.side,)
        return [
            one
            for one in figure.of(sides, self.why)
            if self.by is None or (self.by, self.key or "") in one.keys
        ]


class Behind(Span, Narrowed):
    pass


@router.get("/reports/figures/{code}/members")
def members(
    code: Code, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Behind, Query()]
) -> Page[MemberOut]:
    """What stands behind one figure: as many as the figure says, in order of kind and id."""
    period = asked.period(law)
    with one_moment(database) as session:
        may_see(session, viewer, asked.unit)
        figure = one_figure(session, law, viewer, asked.unit, period, code)
    return cut_members(asked.of(figure), asked)


def cut_members(found: Sequence[Member], wanted: Cut) -> Page[MemberOut]:
    return cut(found, wanted, lambda one: (one.kind, one.id), MemberOut.of)


def cut(
    found: Sequence[One],
    wanted: Cut,
    order: Callable[[One], tuple[str, str]],
    shape: Callable[[One], Shown],
) -> Page[Shown]:
    """One page of what is sorted by `order`, which is also what a cursor says."""
    if wanted.cursor:
        kind, _, ref = wanted.cursor.partition(" ")
        found = [one for one in found if order(one) > (kind, ref)]
    shown = found[: wanted.limit]
    following = " ".join(order(shown[-1])) if len(found) > len(shown) else None
    return Page(items=[shape(one) for one in shown], next=following)


class FreezeIn(BaseModel):
    unit: str | None = Field(default=None, description="with those below it; null: the whole site")
    quarter: str = Field(examples=["2026-Q3"])
    why: str | None = Field(default=None, max_length=500, description="needed where it was frozen before")


@router.post("/reports/snapshots", status_code=201)
def freeze(given: FreezeIn, viewer: Freezer, database: Db, law: Ruled) -> SnapshotOut:
    """Freeze a quarter that has ended; frozen again it is another revision, and the earlier stays."""
    with database.read() as session:
        may_see(session, viewer, given.unit)
    if given.unit is None and viewer.units is not None:
        raise Problem(403, "Only who sees every unit may freeze the whole site", "Name your unit.")
    period = snapshots.quarter(given.quarter, law.zone)
    made = snapshots.freeze(database, law, viewer, given.unit, period, viewer.name, given.why)
    return SnapshotOut.of(made)


@router.get("/reports/snapshots")
def frozen(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    unit: Annotated[str | None, Query()] = None,
    quarter: Annotated[str | None, Query(examples=["2026-Q3"])] = None,
) -> Page[SnapshotOut]:
    """The frozen quarters, every revision."""
    statement = select(Snapshot).where(visible(viewer, Snapshot))
    if unit is not None:
        statement = statement.where(Snapshot.unit_id == unit)
    if quarter is not None:
        statement = statement.where(Snapshot.quarter == quarter)
    with database.read() as session:
        return page(session, statement, Snapshot.id, wanted, SnapshotOut.of)


@router.get("/reports/snapshots/{snapshot_id}")
def one_frozen(snapshot_id: str, viewer: Reader, database: Db) -> ReportOut:
    """The figures as they were when they were frozen."""
    with database.read() as session:
        return ReportOut.of(snapshots.opened(session, must_see(session, viewer, Snapshot, snapshot_id)))


@router.get("/reports/snapshots/{snapshot_id}/figures/{code}/members")
def frozen_members(
    snapshot_id: str, code: Code, viewer: Reader, database: Db, asked: Annotated[Narrowed, Query()]
) -> Page[MemberOut]:
    """What stood behind one figure when it was frozen."""
    with database.read() as session:
        snapshot = must_see(session, viewer, Snapshot, snapshot_id)
        figure = snapshots.one_opened(session, snapshot, code)
    return cut_members(asked.of(figure), asked)


Other = Annotated[str | None, Query(alias="with", description="another snapshot; default: the facts of now")]


@router.get("/reports/snapshots/{snapshot_id}/changes")
def changes(snapshot_id: str, viewer: Reader, database: Db, law: Ruled, other: Other = None) -> ChangesOut:
    """A frozen quarter against now, or against another revision of it: which figures moved."""
    with one_moment(database) as session:
        snapshot = must_see(session, viewer, Snapshot, snapshot_id)
        after = compared_with(session, viewer, law, snapshot, other)
        found = compare(snapshots.opened(session, snapshot), after)
    return ChangesOut(before=snapshot_id, after=other, figures=[ChangeOut.of(one) for one in found])


@router.get("/reports/snapshots/{snapshot_id}/changes/{code}")
def moves(
    snapshot_id: str,
    code: Code,
    viewer: Reader,
    database: Db,
    law: Ruled,
    asked: Annotated[Cut, Query()],
    other: Other = None,
) -> Page[MoveOut]:
    """Which members of one figure stand elsewhere."""
    with one_moment(database) as session:
        snapshot = must_see(session, viewer, Snapshot, snapshot_id)
        before = snapshots.one_opened(session, snapshot, code)
        change = compare_figures(before, figure_now(session, viewer, law, snapshot, other, code))
    return cut(change.moves, asked, lambda move: move.order, MoveOut.of)


def compared_with(
    session: Session, viewer: Viewer, law: Law, snapshot: Snapshot, other: str | None
) -> Report:
    if other is not None:
        return snapshots.opened(session, other_revision(session, viewer, snapshot, other))
    return report(
        session, law, viewer, snapshot.unit_id or None, snapshots.quarter(snapshot.quarter, law.zone)
    )


def figure_now(
    session: Session, viewer: Viewer, law: Law, snapshot: Snapshot, other: str | None, code: Code
) -> Figure:
    if other is not None:
        return snapshots.one_opened(session, other_revision(session, viewer, snapshot, other), code)
    period = snapshots.quarter(snapshot.quarter, law.zone)
    return one_figure(session, law, viewer, snapshot.unit_id or None, period, code)


def other_revision(session: Session, viewer: Viewer, snapshot: Snapshot, other: str) -> Snapshot:
    """Of the same unit and quarter: anything else would compare what has nothing in common."""
    found: Snapshot = must_see(session, viewer, Snapshot, other)
    if (found.unit_id, found.quarter) != (snapshot.unit_id, snapshot.quarter):
        raise not_found("Revision")
    return found
