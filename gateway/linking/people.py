"""Who had which device and when, who they are: read once for many clips."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session, col, or_, select

from gateway.database import columns
from gateway.holdings import allocation_entry, as_registered, certificates, taken_by
from gateway.law import parents_of
from gateway.models import Allocation, Checkout, Device, Officer, Room, Standing
from gateway.rules.allocation import HolderKind, Holding
from gateway.rules.certificate import Certificate, is_valid
from gateway.rules.standing import Stand

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
CHUNK = 500
TAKEN = columns(
    Checkout.id, Checkout.device_id, Checkout.officer_id, Checkout.out_at, Checkout.in_at
).order_by(col(Checkout.out_at), col(Checkout.id))
LATEST = 4
"""Checkouts of one device do not overlap (AL-4): of those begun before a clip the last few decide."""


@dataclass(slots=True)
class Held:
    """Every period in which somebody had one device."""

    taken: list[Holding] = field(default_factory=list)
    """Checkouts, in the order in which they began."""
    given: list[Holding] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    stands: list[Stand] = field(default_factory=list)
    """Where the device stood since when (AL-8)."""

    @property
    def by_officers(self) -> bool:
        """Whether anybody ever had it: what is fixed in a room is swapped with nothing."""
        return bool(self.taken) or any(one.holder is HolderKind.OFFICER for one in self.given)

    def around(self, start: datetime, tolerance_s: float) -> list[Holding]:
        """What can cover a clip that begins at `start`."""
        last = bisect_right(self.starts, start + timedelta(seconds=tolerance_s))
        return [*self.taken[max(0, last - LATEST) : last], *self.given]


def held_devices(session: Session, devices: Iterable[Device]) -> dict[str, Held]:
    """By device id; a fixed recorder is its room's unless the ledger says something else."""
    known = {device.id: device for device in devices}
    held: dict[str, Held] = {device_id: Held() for device_id in known}
    if not known:
        return held
    taken = TAKEN.where(col(Checkout.device_id).in_(known), col(Checkout.superseded_at).is_(None))
    for line in session.execute(taken):
        held[line.device_id].taken.append(taken_by(line))
        held[line.device_id].starts.append(line.out_at)
    given = select(Allocation).where(
        col(Allocation.device_id).in_(known), col(Allocation.superseded_at).is_(None)
    )
    for row in session.exec(given.order_by(col(Allocation.valid_from), col(Allocation.id))):
        held[row.device_id].given.append(allocation_entry(row).holding)
    standings = select(Standing).where(
        col(Standing.device_id).in_(known), col(Standing.superseded_at).is_(None)
    )
    for stood in session.exec(standings):
        held[stood.device_id].stands.append(Stand(stood.status.value, stood.since))
    for device_id, device in known.items():
        mine = held[device_id]
        mine.stands = mine.stands or [as_registered(device)]
        if device.room_id and not any(one.holder is HolderKind.ROOM for one in mine.given):
            mine.given.append(Holding(device_id, "FIXED_ROOM", HolderKind.ROOM, device.room_id, ALWAYS, None))
    return held


class Holders:
    """Who had the devices that were asked for so far, each read once."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.held: dict[str, Held] = {}

    def load(self, devices: Iterable[Device]) -> None:
        self.held |= held_devices(self.session, [one for one in devices if one.id not in self.held])

    def of(self, device_id: str) -> Held:
        return self.held[device_id]


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    certificate: Certificate
    days: dict[date, bool | None] = field(default_factory=dict)
    """Day → whether it held: many clips are of one day."""

    def certified(self, day: date) -> bool | None:
        if day not in self.days:
            self.days[day] = is_valid(self.certificate, day)
        return self.days[day]


class People:
    """Who of the register was named so far: one clip names a few, a round over a city all of them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.by_id: dict[str, Person] = {}
        self.by_number: dict[str, str] = {}
        self.rooms: dict[str, str] = {}
        self.parents = parents_of(session)
        self.asked: set[str] = set()

    def load(self, refs: Iterable[str]) -> None:
        """Read whom these ids and numbers mean, each once; what nobody has stays unknown."""
        new = sorted({*refs} - self.asked)
        self.asked.update(new)
        for place in range(0, len(new), CHUNK):
            self.read(new[place : place + CHUNK])

    def read(self, refs: Sequence[str]) -> None:
        meant = or_(col(Officer.id).in_(refs), col(Officer.number).in_(refs))
        officers = self.session.exec(select(Officer).where(meant).order_by(col(Officer.id))).all()
        held = certificates(self.session, officers)
        for row in officers:
            self.by_id[row.id] = Person(row.id, row.name, held[row.id])
            # of two with one number always the same one, whichever was asked for before
            if row.number is not None and row.number in refs:
                self.by_number.setdefault(row.number, row.id)
        self.rooms |= dict(self.session.exec(select(Room.id, Room.name).where(col(Room.id).in_(refs))).all())

    def of(self, ref: str) -> Person | None:
        if ref not in self.asked:
            self.load([ref])
        return self.by_id.get(ref)

    def named(self, number: str | None) -> str | None:
        """The officer whose number a camera wrote; an unknown number stays as it is."""
        return None if number is None else self.by_number.get(number, number)

    def names(self, refs: Iterable[str | None]) -> dict[str, str]:
        found: dict[str, str] = {}
        for ref in refs:
            if ref in self.by_id:
                found[ref] = self.by_id[ref].name
            elif ref in self.rooms:
                found[ref] = self.rooms[ref]
        return found
