"""A town that nobody has seen: how right its links are, and that it knows nothing of what judges it."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from gateway.database import Database
from tests.scenarios.town.__main__ import decided
from tests.scenarios.town.books import write
from tests.scenarios.town.days import build
from tests.scenarios.town.measure import Measured, measure
from tests.scenarios.town.plan import Noise, Size, Town

SMALL = Size(units=4, officers=80, devices=60, days=30, clips=900)
LEAST_PRECISION, LEAST_RECALL, MOST_REVIEW = 0.98, 0.91, 0.09
"""Weaker than the goals of `make scenarios`: one camera with a wrong clock is a hundredth of so small a town."""
TOWN = Path(__file__).parent / "town"
GENERATOR = ("plan", "builder", "days", "footage", "duties")


def test_a_town_never_seen_is_linked_rightly(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    seed = SystemRandom().randrange(10**6)
    record_property("seed", seed)
    found = linked(build(seed, SMALL, Noise()), database)
    told = f"seed {seed}: {found.precision:.4f} {found.recall:.4f} {found.review:.4f}"
    assert found.linkable > 0.9 * SMALL.clips, told
    assert found.precision >= LEAST_PRECISION, told
    assert found.recall >= LEAST_RECALL, told
    assert found.review <= MOST_REVIEW, told


def linked(town: Town, database: Database) -> Measured:
    write(town, database)
    decided(database)
    return measure(town, database)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_town_is_of_the_size_and_noise_that_was_asked_for(seed: int) -> None:
    size = Size(units=8, officers=160, devices=120, days=30, clips=4000)
    town = build(seed, size, Noise())
    assert abs(len(town.shots) - size.clips) <= 5
    days = {shot.start.date() for shot in town.shots}
    assert len(days) >= 29, "footage of every day"
    assert abs(town.swapped / town.taken_out - 0.05) < 0.015
    assert any(len(shot.truth) > 1 for shot in town.shots), "a clip that shows two cases"
    assert {len({case for case, _ in shot.truth}) for shot in town.shots} == {0, 1, 2}
    assert any(hard == "late return" for shot in town.shots for hard in shot.why_hard)
    assert len({shot.take for shot in town.shots}) < len(town.shots), "takes of several files"
    wrong = [abs(one.error_s) for one in town.cameras if abs(one.error_s) > 5]
    assert max(wrong) <= 9 * 3600


@pytest.mark.parametrize("name", GENERATOR)
def test_the_generator_knows_nothing_of_the_gateway(name: str) -> None:
    imports = list(imported(TOWN / f"{name}.py"))
    ours = [one for one in imports if one.split(".")[0] not in sys.stdlib_module_names]
    assert set(ours) <= {f"tests.scenarios.town.{one}" for one in GENERATOR}


def imported(path: Path) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
    return found


def test_its_books_are_written_without_the_rules() -> None:
    assert not [
        one for one in imported(TOWN / "books.py") if one.startswith(("gateway.rules", "gateway.linking"))
    ]
