"""What the cameras of a unit recorded on one day, under whose name: read once for all clips of that day."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from gateway.database import columns
from gateway.linking.people import Held, held_devices
from gateway.models import Clip, Device, RelinkDue
from gateway.rules.allocation import Swapped, custody_over
from gateway.rules.clock import Interval
from gateway.rules.facts import CaseStep, LinkLimits
from gateway.rules.place import Position
from gateway.rules.swapped import Outing, Take, swapped
from gateway.wording import CHINA

DAY = timedelta(days=1)
SHOTS = columns(
    Clip.id, Clip.device_id, Clip.recording_id, Clip.started_at, Clip.ended_at, Clip.uncertainty_s,
    Clip.latitude, Clip.longitude,
).order_by(col(Clip.started_at), col(Clip.id))  # fmt: skip
Key = tuple[str, str]
"""A device, and the line of the ledger."""


class Outings:
    """From the stored times of clips: whose time is not known yet tells nothing, and has the others decided
    anew once it does (`gateway.linking.due`)."""

    def __init__(self, session: Session, between: Callable[[datetime, datetime], list[CaseStep]]) -> None:
        self.session, self.between = session, between
        self.held: dict[str, dict[str, Held]] = {}
        """Unit → what is known of its devices."""
        self.days: dict[tuple[str, date], dict[Key, Outing]] = {}
        self.proven: dict[tuple[str, date, Key], Swapped | None] = {}

    def swapped(self, unit: str, key: Key, interval: Interval, limits: LinkLimits) -> Swapped | None:
        """With which camera that of a clip was swapped on the day on which it was recorded."""
        day = day_of(interval.start)
        asked = (unit, day, key)
        if asked not in self.proven:
            self.proven[asked] = self.prove(*asked, limits)
        return self.proven[asked]

    def prove(self, unit: str, day: date, key: Key, limits: LinkLimits) -> Swapped | None:
        if (unit, day) not in self.days:
            self.days[unit, day] = self.read(unit, day, limits)
        outings = self.days[unit, day]
        if key not in outings:
            return None
        steps = [step for _, step in self.between(midnight(day), midnight(day) + DAY)]
        others = [one for other, one in outings.items() if other != key]
        return swapped(outings[key], others, steps, limits)

    def read(self, unit: str, day: date, limits: LinkLimits) -> dict[Key, Outing]:
        if unit not in self.held:
            devices = self.session.exec(select(Device).where(Device.unit_id == unit)).all()
            self.held[unit] = held_devices(self.session, devices)
        begin = midnight(day)
        rows = self.session.execute(
            SHOTS.where(
                col(Clip.device_id).in_(self.held[unit]),
                col(Clip.started_at) >= begin,
                col(Clip.started_at) < begin + DAY,
            )
        )
        takes: defaultdict[tuple[str, str], list[Row[Any]]] = defaultdict(list)
        for row in rows:
            takes[row.device_id, row.recording_id or row.id].append(row)
        found: defaultdict[tuple[Key, str], list[Take]] = defaultdict(list)
        for (device, _), files in takes.items():
            holding = self.holder(self.held[unit][device], files, limits)
            if holding is not None:
                found[(device, holding[0]), holding[1]].append(take_of(files))
        return {key: Outing(key[0], holder, tuple(made)) for (key, holder), made in found.items()}

    def holder(self, held: Held, files: list[Row[Any]], limits: LinkLimits) -> tuple[str, str] | None:
        start, end, slack = files[0].started_at, max(one.ended_at for one in files), limits.custody_tolerance_s
        custody = custody_over(held.around(start, slack), start, end, slack)
        if custody.officer_id is None or custody.basis is None or custody.also:
            return None
        return custody.basis.id, custody.officer_id


def take_of(files: list[Row[Any]]) -> Take:
    positions = [Position(one.latitude, one.longitude) for one in files if one.latitude is not None]
    return Take(
        min(one.started_at for one in files),
        max(one.ended_at for one in files),
        max(one.uncertainty_s for one in files),
        tuple(dict.fromkeys(positions)),
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
