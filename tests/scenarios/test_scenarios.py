"""Each scenario comes to what it says, and to the same in whatever order its facts arrive."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from gateway import linking, migrations
from gateway.database import Database
from tests.scenarios.stage import Stage
from tests.scenarios.told import Facts, Scenario, scenarios

ALL = scenarios()
ROOT = Path(__file__).parents[2]
ORDERS = 3
"""For each scenario, of its own: most tell the same four kinds of facts, so together they try hundreds."""


class Theatre:
    """One engine for all plays, so that its statements are compiled once; its file is new for each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = Database(f"sqlite:///{path}")
        event.listen(self.database.engine, "connect", unsynced)
        migrations.upgrade(self.database.engine)
        self.database.close()
        self.empty = path.read_bytes()
        self.came_to: dict[str, dict[str, Any]] = {}
        """What stands of each scenario when its facts come as they are told."""

    def play(self, scenario: Scenario, facts: Facts, order: Random | None = None) -> Stage:
        self.database.close()
        self.path.write_bytes(self.empty)
        stage = Stage(self.database, scenario)
        stage.play(facts, order)
        return stage

    def as_told(self, scenario: Scenario, facts: Facts) -> dict[str, Any]:
        if facts is not scenario or scenario.name not in self.came_to:
            return self.play(scenario, facts).standing()
        return self.came_to[scenario.name]


def unsynced(connection: object, _record: object) -> None:
    """No play has to survive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    found = Theatre(tmp_path_factory.mktemp("scenarios") / "play.sqlite")
    yield found
    found.database.close()


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_a_scenario_comes_to_what_it_says(scenario: Scenario, theatre: Theatre) -> None:
    stage = theatre.play(scenario, scenario)
    theatre.came_to[scenario.name] = stage.standing()
    stage.meets(scenario.expect)
    for phase in scenario.then:
        stage.play(phase)
        stage.meets(phase.expect)
    before = stage.standing()
    with stage.database.write() as session:
        linking.due(session, "again", span=(None, None))
    stage.settle()
    assert stage.standing() == before, "deciding everything once more changes nothing"


@pytest.mark.parametrize("scenario", ALL, ids=lambda one: one.name)
def test_the_order_in_which_facts_arrive_does_not_matter(scenario: Scenario, theatre: Theatre) -> None:
    facts = scenario.at_once()
    as_told = theatre.as_told(scenario, facts)
    for seed in (f"{scenario.name} {turn}" for turn in range(ORDERS)):
        assert theatre.play(scenario, facts, Random(seed)).standing() == as_told, seed


def test_there_are_enough_and_each_has_its_name_and_source() -> None:
    names = [one.name for one in ALL]
    assert len(set(names)) == len(names) >= 64
    assert all(one.expect or any(phase.expect for phase in one.then) for one in ALL)
    traps = {one.source for one in ALL if one.source.startswith("trap ")}
    assert traps == {f"trap {number}" for number in range(1, 19)}


PEERS = {
    3: (
        "tests/integration/test_disposal_changes.py",
        "test_a_shorter_rule_deletes_nothing_and_another_pack_takes_the_list_back",
    ),
}
"""Of the fifteen failures of peers 4 those that no link can answer: file and test that does."""


def test_each_failure_of_others_has_a_scenario_or_a_test_elsewhere() -> None:
    played = {one.source for one in ALL if one.source.startswith("peers ")}
    assert played | {f"peers {number}" for number in PEERS} == {f"peers {number}" for number in range(1, 16)}
    for path, name in PEERS.values():
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), name
