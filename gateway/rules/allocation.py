"""Who held a device at a moment, and what the ledger said of it at another: 配备 and 领用, AL-3 and LK-4."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

NOTHING = timedelta()


class HolderKind(StrEnum):
    OFFICER = "officer"
    ROOM = "room"
    UNIT = "unit"


@dataclass(frozen=True, slots=True)
class Holding:
    """A period in which somebody, or a room, had the device."""

    id: str
    kind: str
    """An allocation kind, or `CHECKOUT`."""
    holder: HolderKind
    holder_id: str
    start: datetime
    end: datetime | None

    def covers(self, start: datetime, end: datetime, slack: timedelta = NOTHING) -> bool:
        return self.start - slack <= start and (self.end is None or end <= self.end + slack)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger: a holding, and from when to when the ledger said so."""

    holding: Holding
    recorded_at: datetime
    superseded_at: datetime | None = None
    end_recorded_at: datetime | None = None
    """When the end was learnt, if later than the rest: until then the holding was open."""

    def at(self, known: datetime | None) -> Holding | None:
        """What the line told at a moment, if it told anything; None: as it stands now."""
        if known is None:
            return self.holding if self.superseded_at is None else None
        if known < self.recorded_at or (self.superseded_at is not None and self.superseded_at <= known):
            return None
        if self.end_recorded_at is not None and known < self.end_recorded_at:
            return replace(self.holding, end=None)
        return self.holding


@dataclass(frozen=True, slots=True)
class Swapped:
    """Another camera of the unit that went out in this one's place, by all that both recorded then."""

    device_id: str
    holder: str
    """Who had that one by the ledger: this one was with him or with those who were with him."""
    takes: int
    """How many of both cameras say so."""


@dataclass(frozen=True, slots=True)
class Custody:
    """Who held the device over a clip's interval, and on what paper."""

    officer_id: str | None
    room_id: str | None
    basis: Holding | None
    shared_without_checkout: bool = False
    also: tuple["Custody", ...] = ()
    """Who else may have had it, within the tolerance of a ledger that is kept by hand."""
    refuted: bool = False
    """The case record shows that whom the ledger names was elsewhere: nobody is known to have had it."""
    swapped: Swapped | None = None
    """What refutes it, where that is the outing as a whole."""

    @property
    def in_vehicle(self) -> bool:
        """It moves, and is where its vehicle is; whoever checks the recorder out has used the vehicle."""
        return self.room_id is not None and self.basis is not None and self.basis.kind == "VEHICLE"

    @property
    def fixed_in(self) -> str | None:
        """The room or counter in which it stays, that says where it recorded."""
        return None if self.in_vehicle else self.room_id


def custody_over(holdings: Sequence[Holding], start: datetime, end: datetime, tolerance_s: float) -> Custody:
    """A checkout decides before an allocation; a shared device needs one for each use (AL-3)."""
    slack = timedelta(seconds=tolerance_s)
    covering = [holding for holding in holdings if holding.covers(start, end, slack)]
    if len(covering) > 1:
        # of several that cover within the tolerance, the one that began last before the clip is the true one
        covering.sort(key=lambda holding: (holding.start <= start, holding.start), reverse=True)
        covering.sort(key=lambda holding: rank(holding, holding.covers(start, end)))
    persons = [holding for holding in covering if holding.holder is not HolderKind.UNIT]
    if any(holding.kind == "CHECKOUT" and holding.covers(start, end) for holding in persons):
        persons = [holding for holding in persons if holding.kind == "CHECKOUT"]  # who took it has it
    if persons:
        first, *others = persons
        if not others:
            return of(first)
        also = {one.holder_id: of(one) for one in reversed(others) if one.holder_id != first.holder_id}
        return replace(of(first), also=tuple(reversed(also.values())))
    shared = next((holding for holding in covering if holding.holder is HolderKind.UNIT), None)
    return Custody(None, None, shared, shared_without_checkout=shared is not None)


def rank(holding: Holding, exactly: bool) -> int:
    """A checkout before an allocation, and what covers the clip before what does within the tolerance."""
    return (0 if exactly else 2) + (holding.kind != "CHECKOUT")


def of(holding: Holding) -> Custody:
    if holding.holder is HolderKind.ROOM:
        return Custody(None, holding.holder_id, holding)
    return Custody(holding.holder_id, None, holding)


def as_known(entries: Iterable[Entry], known: datetime | None = None) -> list[Holding]:
    """The holdings that the ledger told at a moment; None: as it stands now."""
    return [holding for entry in entries if (holding := entry.at(known)) is not None]


def held_at(entries: Iterable[Entry], at: datetime, known: datetime | None = None) -> Custody:
    """Who held the device at `at`, by what the ledger told at `known`."""
    return custody_over(as_known(entries, known), at, at, 0)
