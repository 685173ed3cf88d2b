"""Tells who listens when a duty to record came to stand otherwise: by steps that moved, not by a board."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, exists, or_, update
from sqlmodel import Session, SQLModel, col, select

from gateway import outbox
from gateway.database import Database
from gateway.law import Law
from gateway.models import Activity, DutyDue, DutyTold, DutyWatch, Role, now
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode
from gateway.scope.board import Row, board
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer

KINDS = {
    Standing.MISSING: "obligation.missing",
    Standing.OVERDUE: "obligation.overdue",
    Standing.PARTIAL: "obligation.partial",
    Standing.ARRIVED: "obligation.met",
    Standing.EXEMPT: "obligation.exempted",
}
LAPSED = "obligation.lapsed"
"""Nothing is owed of the step any more: it was taken out of its case, or moved to a later day."""
OPEN = (Standing.MISSING, Standing.OVERDUE, Standing.PARTIAL)
EVERYBODY = Viewer("gateway", "gateway", Role.ADMIN, None)
BATCH = 200
TOGETHER = timedelta(days=2)
"""Steps of so many days are judged on one reading of what recorders told then."""
HOLD = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class These(Wanted):
    activities: Collection[str]

    def conditions(self, viewer: Viewer) -> list[Any]:
        return [*Wanted.conditions(self, viewer), col(Activity.id).in_(self.activities)]


class DutyNews:
    """A duty of the caretaker's. What moved was noted where it moved; the rest only the clock moves."""

    def __init__(
        self, database: Database, law: Law, executor: str, clock: Callable[[], datetime] = now
    ) -> None:
        self.database, self.law, self.executor, self.clock = database, law, executor, clock
        packs = (law.packs.default, *law.packs.of_units.values())
        hours = (
            max(one.deadlines.upload_hours.value, one.deadlines.remote_upload_hours.value) for one in packs
        )
        self.longest = timedelta(hours=max(hours))

    def round(self) -> bool:
        """A batch; whether there may be more."""
        with self.database.read() as session:
            watch = session.get(DutyWatch, 1)
            is_wanted = outbox.duties_are_wanted(session)
            marks = session.exec(select(DutyDue).order_by(col(DutyDue.id)).limit(BATCH)).all()
            timed = list(session.exec(self.by_time()))
            fresh = list(session.exec(unknown(watch.since))) if watch and not watch.enrolled else []
        if not is_wanted:
            return self.leave(watch)
        if watch is not None and watch.enrolled and not marks and not timed:
            return False
        if not self.take():
            return False
        if watch is None or not watch.enrolled:
            return self.enrol(fresh, begun=watch is not None)
        self.look(marks, timed)
        return BATCH in (len(marks), len(timed)) or any(one.activity_id == outbox.EVERY for one in marks)

    def by_time(self) -> Any:
        past = select(DutyTold.activity_id).where(col(DutyTold.look_at) <= self.clock())
        return past.order_by(col(DutyTold.look_at)).limit(BATCH)

    def take(self) -> bool:
        """Compare and set: of two gateways on one database one looks after the duties at a time."""
        at = self.clock()
        free = or_(
            col(DutyWatch.taken_by).is_(None),
            col(DutyWatch.taken_by) == self.executor,
            col(DutyWatch.taken_until) < at,
        )
        with self.database.write() as session:
            if session.get(DutyWatch, 1) is None:
                session.add(DutyWatch(since=at - self.longest))
                session.flush()
            mine = {"taken_by": self.executor, "taken_until": at + HOLD}
            done = session.execute(update(DutyWatch).where(free).values(**mine))
            assert isinstance(done, CursorResult)
            return done.rowcount == 1

    def leave(self, watch: DutyWatch | None) -> bool:
        """Nobody listens any more: whoever will, begins anew."""
        if watch is not None:
            with self.database.write() as session:
                for model in (DutyDue, DutyTold, DutyWatch):
                    empty(session, model)
        return False

    def enrol(self, fresh: list[str], *, begun: bool) -> bool:
        """How the duties stand that are open when somebody begins to listen: noted, not told."""
        rows = self.judged(fresh)
        with self.database.write() as session:
            for activity in fresh:
                note(session, activity, rows.get(activity))
            if begun and not fresh:
                session.get_one(DutyWatch, 1).enrolled = True
        return True

    def look(self, marks: Collection[DutyDue], timed: list[str]) -> None:
        """What was noted meanwhile is another mark, and is looked at next."""
        named = {one.activity_id for one in marks} - {outbox.EVERY}
        asked = sorted(named | {*timed})
        rows = self.judged(asked)
        with self.database.write() as session:
            for activity in asked:
                tell(session, activity, rows.get(activity))
            if len(named) < len({one.activity_id for one in marks}):
                session.execute(update(DutyTold).values(look_at=self.clock()))
            taken_out = col(DutyDue.id).in_([one.id for one in marks])
            session.execute(delete(DutyDue).where(taken_out).execution_options(synchronize_session=False))

    def judged(self, activities: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        with self.database.read() as session:
            for since, until, ids in together(session, activities):
                wanted = These(since=since, until=until, activities=ids)
                rows = board(session, EVERYBODY, self.law, wanted, self.clock())
                found |= {row.step.id: row for row in rows}
        return found


def unknown(since: datetime) -> Any:
    """Steps that may still be open and of which nothing is known; what moved already is told of instead."""
    known = exists().where(col(DutyTold.activity_id) == Activity.id)
    moved = exists().where(col(DutyDue.activity_id) == Activity.id)
    open_ones = select(Activity.id).where(Activity.ended_at > since, ~known, ~moved)
    return open_ones.order_by(col(Activity.id)).limit(BATCH)


def together(session: Session, activities: list[str]) -> Iterator[tuple[datetime, datetime, list[str]]]:
    """In the order of their days, those of a few days at a time."""
    begun = select(Activity.started_at, Activity.id).where(col(Activity.id).in_(activities))
    ids: list[str] = []
    first = last = now()
    for at, activity in session.exec(begun.order_by(col(Activity.started_at), col(Activity.id))).all():
        if ids and at - first > TOGETHER:
            yield first, last + timedelta(microseconds=1), ids
            ids = []
        first = first if ids else at
        last = at
        ids.append(activity)
    if ids:
        yield first, last + timedelta(microseconds=1), ids


def note(session: Session, activity: str, row: Row | None) -> tuple[str | None, str | None]:
    """Write down how a duty stands; what was known, and what is now."""
    known = session.get(DutyTold, activity, with_for_update=True) or DutyTold(activity_id=activity)
    before, known.standing = known.standing, standing_of(row)
    known.look_at = looked_at_again(row)
    session.add(known)
    return before, known.standing


def standing_of(row: Row | None) -> str | None:
    if row is None or row.owed.mode is Mode.OPTIONAL or row.duty.standing is Standing.UPCOMING:
        return None
    return row.duty.standing.value


def looked_at_again(row: Row | None) -> datetime | None:
    """When time alone makes it another: the step ends, or the time to upload is over."""
    if row is None or row.owed.mode is Mode.OPTIONAL:
        return None
    match row.duty.standing:
        case Standing.UPCOMING:
            return row.step.end
        case Standing.MISSING:
            return row.duty.deadline + timedelta(microseconds=1)
        case _:
            return None


def tell(session: Session, activity: str, row: Row | None) -> None:
    """Once for each change; a duty of which nothing was known is told as it is found."""
    before, after = note(session, activity, row)
    if before == after or (after is None and before not in OPEN):
        return
    step = session.get_one(Activity, activity)
    kind = KINDS[Standing(after)] if after else LAPSED
    told = {"activity": activity, "case": step.case_uid, "standing": after, "before": before}
    outbox.put(
        session, kind, f"duty:{activity}", told | (particulars(row) if row else {}), cases=[step.case_uid]
    )


def particulars(row: Row) -> dict[str, Any]:
    step, duty = row.step, row.duty
    return {
        "unit": step.unit_id,
        "kind": step.kind,
        "stage": step.stage,
        "started_at": step.start,
        "ended_at": step.end,
        "officers": list(step.officers),
        "mode": row.owed.mode,
        "deadline": duty.deadline,
        "late": duty.late,
        "clips": len(row.footage.parts) + row.footage.timeless,
        "measured": round(duty.recorded.measured, 4),
        "failed": [one.stored() for one in duty.findings if not one.passed],
    }


def empty(session: Session, model: type[SQLModel]) -> None:
    session.execute(delete(model).execution_options(synchronize_session=False))
