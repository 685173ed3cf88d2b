"""What the cameras of a unit recorded on one day, under whose name: read once for all clips of that day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, bindparam
from sqlmodel import Session, col, select

from gateway.database import columns
from gateway.linking.people import Held, Holders
from gateway.linking.said import Said, said_of, told_of
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
).where(
    col(Clip.device_id).in_(bindparam("cameras", expanding=True)),
    col(Clip.started_at) >= bindparam("begin"),
    col(Clip.started_at) < bindparam("end"),
).order_by(col(Clip.started_at), col(Clip.id))  # fmt: skip
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
        self.cameras: dict[str, list[str]] = {}
        """Unit → the ids of its devices."""
        self.days: dict[tuple[str, date], Day] = {}
        self.proven: dict[tuple[str, date, Key], Swapped | None] = {}

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
            outings = self.read(unit, day, limits)
            holders = {one.holder for one in outings.values()}
            steps = self.steps.of_people(holders, midnight(day), midnight(day) + DAY)
            self.days[unit, day] = Day(outings, steps)
        return self.days[unit, day]

    def read(self, unit: str, day: date, limits: LinkLimits) -> dict[Key, Outing]:
        if unit not in self.cameras:
            devices = self.session.exec(select(Device).where(Device.unit_id == unit)).all()
            self.holders.load(devices)
            self.cameras[unit] = [one.id for one in devices]
        begin = midnight(day)
        rows = self.session.execute(
            SHOTS, {"cameras": self.cameras[unit], "begin": begin, "end": begin + DAY}
        )
        takes: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for row in rows:
            takes[row.device_id, row.recording_id or row.id].append(row)
        said = said_of(self.session, [file.id for files in takes.values() for file in files])
        found: dict[Key, tuple[str, list[Take]]] = {}
        for (device, _), files in takes.items():
            take = take_of(files, said)
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
