"""What the cameras of a unit recorded on one day, under whose name: read once for all clips of that day."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from gateway.database import columns
from gateway.linking.people import Held, Holders
from gateway.linking.said import SHOT, Said, said_of, told_of
from gateway.linking.steps import Steps
from gateway.models import Clip, Device, RelinkDue
from gateway.rules.allocation import Holding, Swapped, custody_over
from gateway.rules.facts import ActivityFacts, LinkLimits
from gateway.rules.place import Position
from gateway.rules.swapped import Outing, Take, swapped
from gateway.wording import CHINA

DAY = timedelta(days=1)
SHOTS = columns(
    Clip.id, Clip.device_id, Clip.recording_id, Clip.started_at, Clip.ended_at, Clip.uncertainty_s,
    Clip.latitude, Clip.longitude,
).where(*SHOT).order_by(col(Clip.started_at), col(Clip.id))  # fmt: skip
Key = tuple[str, str]
"""A device, and the line of the ledger."""


@dataclass(frozen=True, slots=True)
class Day:
    """What the cameras of a unit recorded on one day, and what those did who by the ledger had them."""

    outings: dict[Key, Outing]
    steps: Sequence[ActivityFacts]


class Outings:
    """From the stored times of clips: whose time is not known yet tells nothing, and has the others decided
    anew once it is (`together_due`)."""

    def __init__(self, session: Session, steps: Steps, holders: Holders) -> None:
        self.session, self.steps, self.holders = session, steps, holders
        self.unit_of: dict[str, str] = {}
        """Device → unit."""
        self.expected: defaultdict[date, dict[str, LinkLimits]] = defaultdict(dict)
        self.days: dict[tuple[str, date], Day] = {}
        self.proven: dict[tuple[str, date, Key], Swapped | None] = {}

    def expect(self, unit: str, at: datetime, limits: LinkLimits) -> None:
        """A clip may ask for the day of `at`: the first that does has it read for all expected units."""
        day = day_of(at)
        if (unit, day) not in self.days:
            self.expected[day][unit] = limits

    def swapped(self, unit: str, key: Key, at: datetime, limits: LinkLimits) -> Swapped | None:
        """With which camera one was swapped on the day of `at`."""
        day = day_of(at)
        asked = (unit, day, key)
        if asked not in self.proven:
            known = self.day(unit, day, limits)
            mine = known.outings.get(key)
            others = [one for other, one in known.outings.items() if other != key]
            self.proven[asked] = swapped(mine, others, known.steps, limits) if mine else None
        return self.proven[asked]

    def day(self, unit: str, day: date, limits: LinkLimits) -> Day:
        if (unit, day) not in self.days:
            self.read(day, self.expected.pop(day, {}) | {unit: limits})
        return self.days[unit, day]

    def read(self, day: date, units: Mapping[str, LinkLimits]) -> None:
        takes = self.takes(day, units)
        outings = {unit: self.outings(takes[unit], limits) for unit, limits in units.items()}
        of_units = {unit: {one.holder for one in made.values()} for unit, made in outings.items()}
        everybody = frozenset[str]().union(*of_units.values())
        steps = self.steps.of_people(everybody, midnight(day), midnight(day) + DAY)
        for unit, holders in of_units.items():
            theirs = [step for step in steps if not holders.isdisjoint(step.officers)]
            self.days[unit, day] = Day(outings[unit], theirs)

    def takes(self, day: date, units: Collection[str]) -> defaultdict[str, list[tuple[str, Take]]]:
        """Of each unit, with the device, in the order in which they began."""
        shot = {"cameras": self.cameras(units), "begin": midnight(day), "end": midnight(day) + DAY}
        files: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for row in self.session.execute(SHOTS, shot):
            files[row.device_id, row.recording_id or row.id].append(row)
        said = said_of(self.session, shot)
        found: defaultdict[str, list[tuple[str, Take]]] = defaultdict(list)
        for (device, _), parts in files.items():
            found[self.unit_of[device]].append((device, take_of(parts, said)))
        return found

    def cameras(self, units: Collection[str]) -> list[str]:
        new = {*units}.difference(self.unit_of.values())
        devices = self.session.exec(select(Device).where(col(Device.unit_id).in_(new))).all() if new else ()
        self.holders.load(devices)
        self.unit_of |= {one.id: str(one.unit_id) for one in devices}
        return [one for one, unit in self.unit_of.items() if unit in units]

    def outings(self, takes: Sequence[tuple[str, Take]], limits: LinkLimits) -> dict[Key, Outing]:
        found: dict[Key, tuple[str, list[Take]]] = {}
        for device, take in takes:
            basis = holding(self.holders.of(device), take, limits.custody_tolerance_s)
            if basis is not None:
                found.setdefault((device, basis.id), (basis.holder_id, []))[1].append(take)
        return {key: Outing(key[0], holder, tuple(made)) for key, (holder, made) in found.items()}


def holding(held: Held, take: Take, tolerance_s: float) -> Holding | None:
    """The line by which one officer had the camera then; None where nobody had it, or perhaps another."""
    custody = custody_over(held.around(take.start, tolerance_s), take.start, take.end, tolerance_s)
    return custody.basis if custody.officer_id is not None and not custody.also else None


def take_of(files: list[Row[Any]], said: Mapping[str, Said]) -> Take:
    positions = [Position(one.latitude, one.longitude) for one in files if one.latitude is not None]
    return Take(
        min(one.started_at for one in files),
        max(one.ended_at for one in files),
        max(one.uncertainty_s for one in files),
        tuple(dict.fromkeys(positions)),
        *told_of([file.id for file in files], said),
    )


def together_due(session: Session, unit: str | None, begin: datetime | None, end: datetime | None) -> None:
    """Have all that the cameras of a unit recorded on the days of a span decided anew."""
    if unit is not None:
        first, until = begin and midnight(day_of(begin)), end and midnight(day_of(end)) + DAY
        session.add(RelinkDue(why="outing", unit_id=unit, from_at=first, to_at=until))


def day_of(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
