"""The obligation board of a small town, linked by the gateway, equals the slow one (issue 4, Must show 4)."""

from gateway.database import Database
from gateway.rulepacks import packs
from tests.scenarios.town.__main__ import PACK, decided
from tests.scenarios.town.boards import boards
from tests.scenarios.town.books import write
from tests.scenarios.town.days import build
from tests.scenarios.town.plan import Noise, Size

SMALL = Size(units=4, officers=60, devices=40, days=8, clips=800)
NOISE = Noise(forgotten=0.1, flat=0.2, spoken_for=0.7, unread_clocks=0.2)
"""More of what the board tells apart than in a usual town, which is larger."""


def test_the_board_of_a_town_equals_the_slow_one(database: Database) -> None:
    town = build(1, SMALL, NOISE)
    write(town, database)
    decided(database)
    told = boards(town, database, packs(PACK))
    assert told.differences == []
    assert set(told.standings) == {"ARRIVED", "PARTIAL", "MISSING", "OVERDUE", "EXEMPT", "UPCOMING"}
    assert set(told.modes) == {"FULL", "PARTIAL", "OPTIONAL"}
    assert {"battery", "low_battery", "source_lost", "nobody said"} <= set(told.causes)
    assert any(one.late for one in told.slow.values())
    assert any(one.doubtful for one in told.slow.values())
    assert {rule for one in told.slow.values() for rule in one.failed} >= {
        "LK-9",
        "LK-11",
        "LK-14",
        "LK-15",
        "R-16",
    }


def test_a_town_is_the_same_for_the_same_seed() -> None:
    assert build(3, SMALL, NOISE) == build(3, SMALL, NOISE)
    assert build(3, SMALL, NOISE) != build(4, SMALL, NOISE)
