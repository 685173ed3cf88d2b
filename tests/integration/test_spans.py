"""Steps of a span: the same ones as asked plainly, and found by an index on both sides."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import select

from gateway.database import Database
from gateway.models import Activity, CaseRecord
from gateway.models.spans import LONG, touches

T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def step(number: int, begins: datetime, lasts: timedelta) -> Activity:
    return Activity(
        id=f"a{number}", case_uid="k", kind="现场检查", stage="调查取证", started_at=begins, ended_at=begins + lasts
    )  # fmt: skip


@pytest.fixture
def steps(either: Database) -> list[Activity]:
    """Two months of them, of which some last for days, and some just as long as counts as long."""
    chance = random.Random(7)
    lengths = [timedelta(), HOUR, LONG - HOUR, LONG, LONG + HOUR, timedelta(days=9)]
    made = [step(number, T0 + chance.randrange(1440) * HOUR, chance.choice(lengths)) for number in range(300)]
    with either.write() as session:
        session.add(CaseRecord(uid="k", title="k"))
        session.flush()
        session.add_all(Activity.model_validate(one.model_dump()) for one in made)
    return made


def test_they_are_the_same_as_asked_plainly(either: Database, steps: list[Activity]) -> None:
    with either.read() as session:
        for hours in range(-100, 1700, 7):
            first = T0 + hours * HOUR
            last = first + timedelta(hours=hours % 60)
            wanted = {one.id for one in steps if one.started_at <= last and one.ended_at >= first}
            asked = select(Activity.id).where(touches(Activity.started_at, Activity.ended_at, first, last))
            assert set(session.exec(asked)) == wanted, (first, last)


def test_an_index_bounds_them_on_both_sides(either: Database, steps: list[Activity]) -> None:
    """`started_at <= last and ended_at >= first` alone reads half of all that there ever was."""
    asked = select(Activity.id).where(touches(Activity.started_at, Activity.ended_at, T0, T0 + HOUR))
    dialect = sqlite.dialect() if either.is_sqlite else postgresql.dialect()
    said = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    with either.read() as session:
        if either.is_sqlite:
            plan = " ".join(row[-1] for row in session.execute(text(f"EXPLAIN QUERY PLAN {said}")))
            assert "ix_activity_started_at_ended_at (started_at>? AND started_at<?)" in plan
        else:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = " ".join(row[0] for row in session.execute(text(f"EXPLAIN {said}")))
            assert "ix_activity_started_at_ended_at" in plan
        assert "ix_activity_long" in plan
