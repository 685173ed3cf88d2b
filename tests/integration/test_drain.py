"""Working off what changed facts reach: each clip once, on one reading of the facts, and no change lost."""

import sys
import weakref
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from gateway import linking, rulepacks
from gateway.database import Database
from gateway.linking import series
from gateway.linking.deciding import differences
from gateway.linking.due import Round, worked_off
from gateway.linking.facts import Facts
from gateway.models import AnnualCheck, Checkout, Clip, Device, Officer, Original, RelinkDue, Unit
from gateway.rules.certificate import Check
from gateway.uncollected import uncollected

PACKS = rulepacks.packs("hebei-xingtai-2019")
T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)


@pytest.fixture
def filled(either: Database) -> Database:
    """A camera that zhang had that day, in a register of a thousand."""
    with either.write() as session:
        session.add(Unit(id="u", name="u"))
        session.flush()
        session.add_all(
            Officer(id=f"o{number:04}", name=f"o{number}", unit_id="u", number=f"13{number:04}")
            for number in range(1000)
        )
        session.add(Officer(id="zhang", name="张三", unit_id="u", number="137777"))
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
        session.flush()
        session.add(Checkout(device_id="cam", officer_id="zhang", out_at=T0 - timedelta(hours=1)))
    return either


def clip(session: Session, number: int, length: float = 60.0, officer: str | None = None) -> Clip:
    """The next file of one take, as it comes to be labelled."""
    name = f"c{number:04}"
    session.add(Original(id=name, device_id="cam", name=name, suffix=".mp4", size=1, sha256=name))
    session.flush()
    begins = T0 + timedelta(seconds=60 * number)
    local = (begins + timedelta(hours=8)).replace(tzinfo=None).isoformat()
    made = Clip(
        id=name, device_id="cam", kind="VIDEO", duration_s=length, declared={"officer": officer} if officer else {},
        times=[{"source": "container", "written": local, "zone": "Asia/Shanghai"}],
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def label(database: Database, number: int) -> None:
    with database.write() as session:
        made = clip(session, number)
        linking.relink(session, [made], PACKS, "t")
        series.join(session, made, PACKS)
        linking.take_due(session, made)


def dues(database: Database, *why: str) -> list[str]:
    with database.read() as session:
        rows = session.exec(select(RelinkDue).order_by(col(RelinkDue.id)))
        return [row.id for row in rows if not why or row.why in why]


def test_a_take_of_many_files_notes_as_many_rows_and_not_their_square(filled: Database) -> None:
    for number in range(12):
        label(filled, number)
    assert len(dues(filled, "take")) == 11, "the first file had no take yet"
    assert len(dues(filled)) == 11 + 12, "each has the others of its day decided anew"
    assert not linking.drain(filled, PACKS)
    assert dues(filled) == []


def test_each_clip_is_reached_once_however_many_facts_reach_it(filled: Database) -> None:
    for number in range(12):
        label(filled, number)
    with filled.read() as session:
        work = Round(session, PACKS)
        assert work.next() == [f"c{number:04}" for number in range(12)]
        assert work.next() == []
        assert len(work.through) == 11 + 12


def test_what_is_noted_while_the_daemon_is_at_it_is_worked_off_next(filled: Database) -> None:
    """It has read the facts and is about to take its row out: the new row says what it cannot have seen."""
    label(filled, 0)
    label(filled, 1)
    with filled.read() as session:
        work = Round(session, PACKS)
        assert len(work.next()) == 2
    label(filled, 2)
    worked_off(filled, work)
    assert len(dues(filled, "take")) == len(dues(filled, "outing")) == 1
    with filled.read() as session:
        assert Round(session, PACKS).next() == ["c0000", "c0001", "c0002"]


def test_a_fact_that_reaches_more_than_a_batch_goes_on_where_it_stopped(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Round.__module__], "BATCH", 500)
    with filled.write() as session:
        for number in range(1201):
            clip(session, number)
        linking.due(session, "x", span=(None, None))
    with filled.read() as session:
        work = Round(session, PACKS)
        assert len(work.next()) == 500
    worked_off(filled, work)
    with filled.read() as session:
        work = Round(session, PACKS)
        assert work.next()[0] == "c0500"
        assert len(work.next()) == 201
        assert work.next() == []
    worked_off(filled, work)
    assert dues(filled) == []


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_whoever_is_stopped_has_written_nothing_by_halves(filled: Database, asked: int) -> None:
    """Stopped before it reads, after it has read, and before it writes: the fact is there the next time."""
    with filled.write() as session:
        clip(session, 0)
        linking.due(session, "x", clip_id="c0000")
    left = iter(range(asked - 1))
    assert linking.drain(filled, PACKS, is_stopping=lambda: next(left, None) is None)
    assert len(dues(filled)) == 1
    with filled.read() as session:
        assert session.get_one(Clip, "c0000").started_at is None
    assert not linking.drain(filled, PACKS)
    assert dues(filled) == []
    with filled.read() as session:
        assert session.get_one(Clip, "c0000").officer_id == "zhang"


def test_many_facts_are_worked_off_on_one_reading(filled: Database) -> None:
    """A hundred rows for one clip each: a handful of queries apiece at the most, not a whole reading."""
    with filled.write() as session:
        for number in range(100):
            linking.relink(session, [clip(session, number)], PACKS, "t")
    with filled.write() as session:
        for number in range(100):
            linking.due(session, "x", clip_id=f"c{number:04}")
    said: list[str] = []
    event.listen(filled.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    assert not linking.drain(filled, PACKS)
    assert len(said) < 100 + 50, len(said)


def test_the_facts_of_a_round_go_with_it(filled: Database) -> None:
    """The collector of cycles is off meanwhile: what holds itself would wait for it, a town of it each round."""
    for number in range(3):
        label(filled, number)
    with uncollected(), filled.read() as session:
        facts = Facts(session, PACKS)
        differences(facts, session.exec(select(Clip)).all())
        gone = weakref.ref(facts)
        del facts
        assert gone() is None


def test_labelling_one_clip_reads_of_the_register_whom_it_names(filled: Database) -> None:
    with filled.write() as session:
        session.add(
            AnnualCheck(
                officer_id="o0007", valid_from=T0.date(), valid_to=T0.date(), passed=False, entered_by="t"
            )
        )
        one = clip(session, 0, officer="130007")
        facts = Facts(session, PACKS)
        facts.load([one])
        assert facts.people.by_id.keys() == {"zhang", "o0007"}
        assert facts.people.named("130007") == "o0007"
        assert facts.people.by_id["o0007"].certificate.checks == (Check(False, T0.date(), T0.date()),)
        assert facts.people.named("nobody") == "nobody"


def test_of_two_with_one_number_it_is_always_the_same_whoever_was_asked_for_before(filled: Database) -> None:
    with filled.write() as session:
        session.add(Officer(id="zzz", name="z", unit_id="u", number="130007"))
        session.flush()
        facts = Facts(session, PACKS)
        facts.people.load(["zzz"])
        facts.people.load(["130007"])
        assert facts.people.named("130007") == "o0007"
