"""Each scenario comes to what it says, and to the same in whatever order its facts arrive."""

from pathlib import Path
from random import Random

import pytest

from gateway import migrations
from gateway.database import Database
from tests.scenarios.stage import Stage
from tests.scenarios.told import Scenario, scenarios

ALL = scenarios()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with the newest schema and nothing in it: each play starts from a copy."""
    path = tmp_path_factory.mktemp("scenarios") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    migrations.upgrade(database.engine)
    database.close()
    return path.read_bytes()


def played(scenario: Scenario, empty: bytes, path: Path, order: Random | None = None) -> Stage:
    path.write_bytes(empty)
    stage = Stage(Database(f"sqlite:///{path}"), scenario)
    stage.play(scenario, order)
    return stage


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_a_scenario_comes_to_what_it_says(scenario: Scenario, empty: bytes, tmp_path: Path) -> None:
    stage = played(scenario, empty, tmp_path / "a.sqlite")
    stage.meets(scenario.expect)
    for phase in scenario.then:
        stage.play(phase)
        stage.meets(phase.expect)
    before = stage.standing()
    with stage.database.write() as session:
        from gateway import linking

        linking.due(session, "again", span=(None, None))
    stage.settle()
    assert stage.standing() == before, "deciding everything once more changes nothing"
    stage.database.close()


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_the_order_in_which_facts_arrive_does_not_matter(
    scenario: Scenario, empty: bytes, tmp_path: Path
) -> None:
    stage = played(scenario, empty, tmp_path / "a.sqlite")
    as_told = stage.standing()
    stage.database.close()
    for seed in range(3):
        other = played(scenario, empty, tmp_path / f"{seed}.sqlite", Random(seed))
        assert other.standing() == as_told, f"seed {seed}"
        other.database.close()


def test_there_are_enough_and_each_has_its_name_and_source() -> None:
    names = [one.name for one in ALL]
    assert len(set(names)) == len(names)
    assert all(one.expect or any(phase.expect for phase in one.then) for one in ALL)
