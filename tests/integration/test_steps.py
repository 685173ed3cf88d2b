"""Which steps lie around a clip: the same as by looking at every step there is."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlmodel import Session, select

from gateway import rulepacks
from gateway.database import Database
from gateway.linking.facts import Facts
from gateway.models import Activity, CaseRecord, Unit

PACKS = rulepacks.packs("hebei-xingtai-2019")
T0 = datetime(2024, 5, 6, tzinfo=UTC)
DAYS, CASES = 4, 12
YEAR_TYPED_WRONG = timedelta(days=366)


@pytest.fixture
def filled(either: Database) -> Database:
    """Steps over midnight, moments, one of a year, one withdrawn, cases whose steps are days apart."""
    random = Random(7)
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        for number in range(CASES):
            session.add(CaseRecord(uid=f"k{number:02}", title=f"案{number}", unit_id="u", handlers=[]))
            session.flush()
            for place in range(5):
                begins = T0 + timedelta(minutes=random.uniform(0, DAYS * 1440))
                lasts = random.choice([timedelta(), timedelta(minutes=random.uniform(1, 300))])
                if (number, place) == (3, 2):
                    lasts = YEAR_TYPED_WRONG
                session.add(
                    Activity(
                        id=f"a{number:02}{place}", case_uid=f"k{number:02}", kind="现场检查", stage="调查取证",
                        started_at=begins, ended_at=begins + lasts, officers=["zhang"],
                        withdrawn_at=T0 if (number, place) == (5, 1) else None,
                    )
                )  # fmt: skip
    return either


def brute(session: Session, start: datetime, end: datetime) -> list[tuple[str, str]]:
    every = session.exec(select(Activity)).all()
    there = [
        one for one in every if one.withdrawn_at is None and one.started_at <= end and one.ended_at >= start
    ]
    return [
        (one.case_uid, one.id)
        for one in sorted(there, key=lambda one: (one.case_uid, one.started_at, one.id))
    ]


def test_the_steps_around_a_time_are_those_that_touch_it_each_once(filled: Database) -> None:
    random = Random(8)
    with filled.read() as session:
        kept = Facts(session, PACKS).steps
        found_any = 0
        for _ in range(60):
            start = T0 + timedelta(minutes=random.uniform(-600, DAYS * 1440 + 600))
            end = start + timedelta(
                minutes=random.choice([0, random.uniform(0, 120), random.uniform(0, 3000)])
            )
            expected = brute(session, start, end)
            for steps in (
                kept,
                Facts(session, PACKS).steps,
            ):  # one that has read other days, and one that has not
                assert [
                    (case.case_uid, step.activity_id) for case, step in steps.between(start, end)
                ] == expected
            found_any += len(expected) > 1
        assert found_any > 30
