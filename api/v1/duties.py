"""What had to be recorded (音像记录事项清单), and what became of it: the obligation board."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.duties import (
    BoardOut,
    CoverageOut,
    GroupOut,
    ObligationOut,
    StatementOut,
    TallyOut,
    UnknownKind,
    UnknownStage,
    recorders_out,
)
from api.paging import CuttingByName, Page
from api.problems import Problem, not_found
from api.seeing import must_see
from api.signin import Db, Labeller, Reader, Ruled
from gateway.instants import Moment
from gateway.law import Law, seam_of
from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Link,
    Statement,
    Unit,
    now,
)
from gateway.rules.coverage import Stretch, compare
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode
from gateway.scope.board import Row, board, tallies, tally, unknown_kinds, unknown_stages
from gateway.scope.facts import COUNTED, Wanted
from gateway.scope.naming import unknown_officer
from gateway.scope.statements import StatementIn, state
from gateway.scope.telling import names_of, unknown_stage
from gateway.visibility import Viewer, units_below, visible
from gateway.wording import Reason, sentence

router = APIRouter(tags=["duties"])

LONGEST = timedelta(days=93)
"""A quarter: what is asked of more is a report, not a board."""
LATELY = timedelta(days=31)


class Filter(BaseModel):
    """Steps that began within the span; by default of the last 31 days."""

    since: Moment | None = None
    until: Moment | None = None
    unit: str | None = Field(default=None, description="with those below it")
    case: str | None = None
    officer: str | None = None
    stage: str | None = Field(
        default=None, description="one of the seed's four, one of the seven, or `unknown_stage`"
    )
    kind: str | None = Field(default=None, description="as the case system wrote it")
    standing: Standing | None = None
    mode: Mode | None = None
    failing: bool | None = Field(default=None, description="some rule is not kept, or none")

    def span(self) -> tuple[datetime, datetime]:
        until = self.until or now()
        since = self.since or until - LATELY
        if not since < until <= since + LONGEST:
            raise Problem(422, "The span is empty or too long", "`until` after `since`, at most 93 days.")
        return since, until


Filtered = Annotated[Filter, Query()]


def rows_for(session: Session, viewer: Viewer, law: Law, asked: Filter) -> list[Row]:
    """Raises Problem for a name that nobody knows: nothing but zeros would look like all is well."""
    since, until = asked.span()
    if asked.unit is not None:
        must_see(session, viewer, Unit, asked.unit)
    if asked.case is not None:
        must_see(session, viewer, CaseRecord, asked.case, "Case")
    if asked.stage is not None and not law.knows_stage(asked.stage):
        raise not_there(unknown_stage(law, asked.stage))
    units = units_below(session, asked.unit) if asked.unit else None
    wanted = Wanted(since=since, until=until, units=units, case=asked.case, stage=asked.stage)
    rows = board(session, viewer, law, wanted)
    if (told := unknown_officer(session, viewer, rows, asked.officer)) is not None:
        raise not_there(told)
    return [row for row in rows if fits(row, asked)]


def not_there(told: Reason) -> Problem:
    return Problem(404, sentence(told, "en"), sentence(told, "zh"), code=told["code"])


def fits(row: Row, asked: Filter) -> bool:
    return (
        (asked.officer is None or asked.officer in row.step.officers)
        and (asked.kind is None or asked.kind == row.step.kind)
        and (asked.standing is None or asked.standing is row.duty.standing)
        and (asked.mode is None or asked.mode is row.owed.mode)
        and (asked.failing is None or asked.failing == row.duty.fails)
    )


class BoardFilter(Filter):
    by: Literal["unit", "officer", "case", "stage", "kind", "day"] = "unit"
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, description="`next` of the page before")


@router.get("/board")
def obligation_board(
    viewer: Reader, database: Db, law: Ruled, asked: Annotated[BoardFilter, Query()]
) -> BoardOut:
    """How many duties to record stand where, in all and by unit, officer, case, stage, kind or day."""
    since, until = asked.span()
    with database.read() as session:
        rows = rows_for(session, viewer, law, asked)
        groups = [(key, told) for key, told in tallies(rows, asked.by).items() if key > (asked.cursor or "")]
        shown = groups[: asked.limit]
        names = names_of(session, asked.by, [key for key, _ in shown])
    return BoardOut(
        since=since,
        until=until,
        at=now(),
        totals=TallyOut.of(tally(rows)),
        groups=[GroupOut(key=key, name=names.get(key, key), tally=TallyOut.of(told)) for key, told in shown],
        next=shown[-1][0] if len(groups) > len(shown) else None,
        unknown_kinds=[UnknownKind(kind=kind, steps=count) for kind, count in unknown_kinds(rows).items()],
        unknown_stages=[UnknownStage(stage=one, steps=count) for one, count in unknown_stages(rows).items()],
    )


@router.get("/obligations")
def obligations(
    viewer: Reader, database: Db, law: Ruled, asked: Filtered, wanted: CuttingByName
) -> Page[ObligationOut]:
    """The rows of the board, the newest first, each with its gaps and reasons."""
    with database.read() as session:
        rows = rows_for(session, viewer, law, asked)
    if wanted.cursor:
        before = read_cursor(wanted.cursor)
        rows = [row for row in rows if row.order < before]
    shown = rows[: wanted.limit]
    following = cursor_of(shown[-1]) if len(rows) > len(shown) else None
    return Page(items=[ObligationOut.of(row) for row in shown], next=following)


def cursor_of(row: Row) -> str:
    return f"{row.step.start.isoformat()} {row.step.id}"


def read_cursor(written: str) -> tuple[datetime, str]:
    at, _, activity = written.partition(" ")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise Problem(422, "The cursor is none", "Give `next` of the page before.") from None
    if moment.tzinfo is None:
        raise Problem(422, "The cursor is none", "Give `next` of the page before.")
    return moment, activity


@router.get("/activities/{activity_id}/coverage")
def coverage(activity_id: str, viewer: Reader, database: Db, law: Ruled) -> CoverageOut:
    """One step: what had to be recorded, what each recorder has of it, what is missing, what is stated."""
    with database.read() as session:
        step = must_see_step(session, viewer, activity_id)
        return told_of(session, viewer, law, step)


def must_see_step(session: Session, viewer: Viewer, activity_id: str) -> Activity:
    seen = select(CaseRecord.uid).where(visible(viewer, CaseRecord))
    step = session.exec(
        select(Activity).where(Activity.id == activity_id, col(Activity.case_uid).in_(seen))
    ).one_or_none()
    if step is None:
        raise not_found("Activity")
    return step


def told_of(session: Session, viewer: Viewer, law: Law, step: Activity) -> CoverageOut:
    at = step.started_at
    wanted = Wanted(since=at, until=at + timedelta(microseconds=1), activity=step.id)
    rows = board(session, viewer, law, wanted)
    if not rows:
        raise not_found("Activity")  # the case system took it back
    [row] = rows
    parts: dict[str, list[Stretch]] = {}
    for part in row.footage.parts:
        parts.setdefault(part.recorder, []).append(Stretch(part.start, part.end))
    seen = session.exec(
        select(Clip.device_id)
        .join(Link, col(Link.clip_id) == Clip.id)
        .where(
            Link.activity_id == step.id,
            col(Link.ended_at).is_(None),
            col(Link.status).in_(COUNTED),
            visible(viewer, Clip),
        )
    )
    within = Stretch(row.step.start, row.step.end)
    stated = session.exec(
        select(Statement).where(Statement.activity_id == step.id).order_by(col(Statement.id))
    )
    return CoverageOut(
        obligation=ObligationOut.of(row),
        recorders=recorders_out(
            compare(parts, within, seam_of(session, law, row.step.unit_id)), frozenset(seen)
        ),
        statements=[StatementOut.of(one) for one in stated],
    )


@router.post("/activities/{activity_id}/statements", status_code=201)
def make_statement(activity_id: str, given: StatementIn, viewer: Labeller, database: Db) -> StatementOut:
    """Why it was left out (R-19) or broken off (R-18), what was urgent (R-24), when they came back (R-51)."""
    with database.write() as session:
        must_see_step(session, viewer, activity_id)
        return StatementOut.of(state(session, activity_id, given, viewer.name))
