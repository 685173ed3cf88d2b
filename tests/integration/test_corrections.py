"""After any corrections in any order nothing is left to decide: whoever changed a fact reached all it can (LK-17)."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, col, select

from gateway import device_facts, linking
from gateway.database import Database
from gateway.device import Refused
from gateway.device_facts import DeviceFacts
from gateway.intake.devices import enter_device
from gateway.linking import decisions
from gateway.linking.facts import Facts
from gateway.models import Clip, Described, Link, RelinkDue, Work
from gateway.qualifications import CheckIn, check_certificate
from ingest.characterize import characterize
from ingest.commit import commit
from ingest.runner import item_of
from ingest.stage import Outcome
from ingest.stage import Stage as Step
from tests.empty import empty_database
from tests.integration.correcting import CORRECTIONS, HERE, THERE, WORLD, World
from tests.scenarios.stage import Stage
from tests.scenarios.telling import PACK, times
from tests.scenarios.told import ClipTold, moment, scenarios

EXAMPLES = 25


class Shelf:
    """The world as it was told, on one engine: its file is put back for each example."""

    def __init__(self, path: Path, empty: bytes) -> None:
        path.write_bytes(empty)
        self.path, self.database = path, Database(f"sqlite:///{path}")
        event.listen(self.database.engine, "connect", unsynced)
        self.stage = Stage(self.database, WORLD)
        self.stage.play(WORLD)
        self.database.close()
        self.told = path.read_bytes()

    def again(self) -> Stage:
        self.database.close()
        self.path.write_bytes(self.told)
        return self.stage


def unsynced(connection: object, _record: object) -> None:
    """No world has to survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    made = Shelf(tmp_path_factory.mktemp("corrections") / "world.sqlite", empty_database())
    yield made
    made.database.close()


def left(database: Database) -> list[str]:
    """Clips that deciding everything once more would label or link otherwise."""
    with database.read() as session:
        return linking.differences(
            Facts(session, PACK), session.exec(select(Clip).order_by(col(Clip.id))).all()
        )


def correct(database: Database, world: World, kind: str) -> None:
    try:
        with database.write() as session:
            world.correct(session, kind)
    except Refused:
        pass  # what nobody may change changes nothing


@settings(max_examples=EXAMPLES, database=None)
@given(st.lists(st.sampled_from(sorted(CORRECTIONS)), min_size=1, max_size=6), st.integers(0, 1 << 30))
def test_nothing_is_left_to_decide(shelf: Shelf, kinds: list[str], seed: int) -> None:
    stage, world = shelf.again(), World(Random(seed))
    for kind in kinds:
        correct(stage.database, world, kind)
        stage.settle()
        assert left(stage.database) == [], kind


SWAPPED = {"x": "VALID_WITH_NOTE", "y": "VALID_WITH_NOTE", "z": "VALID_WITH_NOTE", "w": "VALID_WITH_NOTE"}
"""Of the two cameras that were swapped."""


@pytest.fixture
def stage(either: Database) -> Stage:
    made = Stage(either, WORLD)
    made.play(WORLD)
    assert verdicts(either) == SWAPPED
    return made


def verdicts(database: Database) -> dict[str, str]:
    with database.read() as session:
        links = session.exec(select(Link).where(col(Link.ended_at).is_(None))).all()
        return {one.clip_id: one.verdict for one in links if one.clip_id in SWAPPED}


def link_of(session: Session, clip: str) -> Link:
    return session.exec(select(Link).where(Link.clip_id == clip, col(Link.ended_at).is_(None))).one()


def settled(stage: Stage) -> dict[str, str]:
    stage.settle()
    assert left(stage.database) == []
    return verdicts(stage.database)


def test_a_certificate_of_one_who_had_no_camera_reaches_what_was_swapped_by_his_steps(stage: Stage) -> None:
    """zhao was with wang at every step, and no ledger names him (LK-5)."""

    def check(*, passed: bool, replaces: str | None = None) -> str:
        told = CheckIn(
            officer="zhao", passed=passed, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)
        )
        with stage.database.write() as session:
            return check_certificate(session, told, "t", replaces).id

    failed = check(passed=False)
    assert {clip for clip, one in settled(stage).items() if one == "NEEDS_REVIEW"} >= {"x", "z"}
    check(passed=True, replaces=failed)
    assert settled(stage) == SWAPPED


def test_a_certificate_reaches_a_ledger_that_one_clip_refutes(either: Database) -> None:
    """zhao was where it was recorded and had no camera (`custody.refuted`)."""
    [told] = [one for one in scenarios() if one.name == "swapped at the same hour, and the position says so"]
    stage = Stage(either, told)
    stage.play(told)
    with either.write() as session:
        assert link_of(session, "c").verdict == "VALID_WITH_NOTE"
        check = CheckIn(
            officer="zhao", passed=False, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)
        )
        check_certificate(session, check, "t")
    settled(stage)
    with either.read() as session:
        assert link_of(session, "c").verdict == "NEEDS_REVIEW"


def test_a_take_that_is_moved_to_where_nobody_had_the_camera_proves_nothing_any_more(stage: Stage) -> None:
    with stage.database.write() as session:
        clip = session.get_one(Clip, "y")
        clip.times = times(ClipTold(id="y", shown=moment("03:00")))
        linking.relink(session, [clip], PACK, "t")
    assert settled(stage)["z"] == "NEEDS_REVIEW"


@pytest.mark.parametrize("told_by", ["the registry", "devices.yaml"])
def test_a_camera_that_comes_to_another_unit_takes_the_proof_with_it(stage: Stage, told_by: str) -> None:
    def moves(unit: str) -> None:
        with stage.database.write() as session:
            if told_by == "the registry":
                device_facts.store(session, DeviceFacts(id="cam2", unit=unit), "t")
            else:
                enter_device(session, "cam2", "body_camera", {"unit_id": unit}, "t")

    moves("yz")
    assert settled(stage)["x"] == "NEEDS_REVIEW"
    moves("xt")
    assert settled(stage) == SWAPPED


def test_what_the_register_learns_besides_decides_nothing_anew(database: Database) -> None:
    with database.write() as session:
        enter_device(session, "cam", "body_camera", {"name": "one"}, "t")
        enter_device(session, "cam", "body_camera", {"name": "another"}, "t")
    with database.read() as session:
        assert session.exec(select(RelinkDue)).all() == []


def test_a_position_that_is_read_anew_un_proves_it_for_all(stage: Stage) -> None:
    """Characterised once more, x was at the holder's step: its time is what it was."""
    with stage.database.write() as session:
        session.get_one(Clip, "x").described = Described.RAW
        session.add(Work(item_id="x", pipeline="describe"))
    for place, speaks_for_it in ((THERE, True), (HERE, False)):
        with stage.database.read() as session:
            item = item_of(session, session.get_one(Work, ("x", "describe")))
        told = Outcome(changes={"latitude": place[0], "longitude": place[1]})
        again = Step(Described.RAW, characterize, Described.RAW)
        assert commit(stage.database, PACK, item, "describe", again, told)
        assert (settled(stage) == SWAPPED) is speaks_for_it


def test_a_person_who_says_otherwise_un_proves_it_for_all_and_may_take_that_back(stage: Stage) -> None:
    """The others of the outing follow: w and z of the one camera, y of the other (LK-4, LK-17)."""
    with stage.database.write() as session:
        made = decisions.correct(
            session, link_of(session, "x"), decisions.LinkIn(case="k", activity="a"), PACK, "li", "seen"
        ).id
    after = settled(stage)
    assert {after["y"], after["z"]} == {"NEEDS_REVIEW"}
    with stage.database.write() as session:
        decisions.undo(session, session.get_one(Link, made), "li", "no")
    assert settled(stage) == SWAPPED


@pytest.mark.parametrize("clip", ["x", "w", "y"])
def test_a_link_by_the_swap_that_is_withdrawn_un_proves_it(stage: Stage, clip: str) -> None:
    """w has neither end of its step and no place: only the swap linked it."""
    with stage.database.write() as session:
        taken_back = link_of(session, clip)
        decisions.withdraw(session, taken_back, "li", "it shows something else")
    after = settled(stage)
    assert after.get(clip, "NEEDS_REVIEW") == after["z"] == "NEEDS_REVIEW"
    with stage.database.write() as session:
        decisions.undo(session, session.get_one(Link, taken_back.id), "li", "no")
    assert settled(stage) == SWAPPED


def test_one_that_is_confirmed_speaks_for_the_swap(stage: Stage) -> None:
    with stage.database.write() as session:
        decisions.confirm(session, link_of(session, "x"), PACK, "li", "seen")
    assert settled(stage) == SWAPPED
