"""`make scenarios`: builds towns, lets the gateway link them; how right the links are, and what its board says."""

import argparse
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path
from textwrap import fill

from gateway import linking, migrations, rulepacks
from gateway.database import Database
from tests.scenarios.town.boards import Boards, boards
from tests.scenarios.town.books import write
from tests.scenarios.town.days import build
from tests.scenarios.town.measure import Measured, measure
from tests.scenarios.town.plan import Noise, Size, Town

PACK = "hebei-xingtai-2019"
PRECISION, RECALL, REVIEW = 0.99, 0.95, 0.10


def main() -> int:
    asked = parser().parse_args()
    size = Size(**{one.name: getattr(asked, one.name) for one in fields(Size)})
    noise = Noise(**{one.name: getattr(asked, one.name) for one in fields(Noise)})
    good = True
    for seed in asked.seeds:
        town = build(seed, size, noise)
        found, seconds, told = linked(town)
        good &= tell(seed, town, found, seconds)
        good &= tell_boards(told)
    return 0 if good else 1


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1])
    for group in (Size(), Noise()):
        for one in fields(group):
            value = getattr(group, one.name)
            parser.add_argument(f"--{one.name.replace('_', '-')}", type=type(value), default=value)
    return parser


def linked(town: Town) -> tuple[Measured, float, Boards]:
    """Every clip decided as by the daemon, on a fresh database."""
    with tempfile.TemporaryDirectory(prefix="town-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'town.sqlite'}")
        migrations.upgrade(database.engine)
        write(town, database)
        seconds = decided(database)
        found, told = measure(town, database), boards(town, database, rulepacks.packs(PACK))
        database.close()
    return found, seconds, told


def decided(database: Database) -> float:
    """Seconds that it took."""
    with database.write() as session:
        linking.due(session, "town", span=(None, None))
    began = time.perf_counter()
    while linking.drain(database, rulepacks.packs(PACK), budget_s=60):
        pass
    return time.perf_counter() - began


def tell(seed: int, town: Town, found: Measured, seconds: float) -> bool:
    goals = (
        ("precision", found.precision, PRECISION, found.precision >= PRECISION),
        ("recall", found.recall, RECALL, found.recall >= RECALL),
        ("needs review", found.review, REVIEW, found.review <= REVIEW),
    )
    print(
        f"seed {seed}: {found.clips} clips, {found.linkable} linkable, {len(town.cases)} cases; {seconds:.0f} s"
    )
    print(f"  {town.swapped} of {town.taken_out} cameras that were taken out were swapped")
    for name, value, goal, holds in goals:
        print(f"  {'ok ' if holds else 'NO '} {name} {value:.4f} (goal {goal})")
    print(f"      with those that a person is asked about, recall is {found.proposals:.4f}")
    clips = found.by_cause()
    for (what, noise, said), count in found.causes().most_common():
        print(f"    {count:5} {what} [{noise}] {said}")
        print(
            fill(" ".join(clips[what, noise, said]), 110, initial_indent=" " * 10, subsequent_indent=" " * 10)
        )
    return all(holds for *_, holds in goals)


def tell_boards(told: Boards) -> bool:
    """How many duties and gaps were compared, and each thing that the two boards say differently."""
    print(
        f"  {'NO ' if told.differences else 'ok '} obligation board: {len(told.slow)} duties, {told.gaps} gaps, "
        f"{len(told.differences)} differences; {told.seconds:.1f} s, slowly {told.slow_seconds:.0f} s"
    )
    for name, counts in (("standing", told.standings), ("mode", told.modes), ("gaps by cause", told.causes)):
        print(f"      {name}: {', '.join(f'{key} {count}' for key, count in counts.most_common())}")
    for one in told.differences:
        print(f"    {one}")
    return not told.differences


if __name__ == "__main__":
    sys.exit(main())
