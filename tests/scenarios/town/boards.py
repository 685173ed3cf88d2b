"""The obligation board of a linked town beside the one worked out slowly (issue 4, Must show 4)."""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from gateway.database import Database
from gateway.law import Law
from gateway.models import Role
from gateway.rulepacks import RulePacks
from gateway.scope.board import board
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer
from tests.integration.board_differences import differences
from tests.integration.slow_board import SlowRow, slow_board
from tests.scenarios.town.plan import LOCAL, Town

ALL = Viewer("town", "town", Role.ADMIN, None)
SPAN = timedelta(days=60)


@dataclass(frozen=True)
class Boards:
    slow: dict[str, SlowRow]
    differences: list[str]
    seconds: float
    slow_seconds: float

    @property
    def gaps(self) -> int:
        return sum(len(one.gaps) for one in self.slow.values())

    @property
    def causes(self) -> Counter[str]:
        return Counter(gap.cause or "nobody said" for one in self.slow.values() for gap in one.gaps)

    @property
    def standings(self) -> Counter[str]:
        return Counter(one.standing for one in self.slow.values())

    @property
    def modes(self) -> Counter[str]:
        return Counter(one.mode for one in self.slow.values())


def boards(town: Town, database: Database, packs: RulePacks) -> Boards:
    """Both at two in the morning after the last docking, over every step that the town knows of."""
    since, until = town.night - SPAN, town.night + SPAN
    with database.read() as session:
        began = time.perf_counter()
        rows = board(session, ALL, Law(packs, LOCAL), Wanted(since=since, until=until), town.night)
        done = time.perf_counter()
        slow = slow_board(session, since, until, town.night)
    return Boards(slow, differences(rows, slow), done - began, time.perf_counter() - done)
