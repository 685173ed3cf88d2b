"""The obligation board: what had to be recorded, what of it came, what is missing and why (R-16…R-19)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from gateway.law import Law, frame_of, limits_of, parents_of
from gateway.models import ScopeList, Statement, now
from gateway.rulepacks import RulePack, lineage_of
from gateway.rules.duty import Duty, DutyFacts, DutyLimits, Standing, duty
from gateway.rules.scope import Frame, Mode, Owed, owed
from gateway.scope.facts import (
    Footage,
    Signals,
    Step,
    Wanted,
    footage,
    recorders_of_rooms,
    statements,
    steps,
)
from gateway.scope.lists import Lists, in_force
from gateway.scope.statements import back_at, is_urgent, omission_of, reasons_of
from gateway.visibility import Viewer


@dataclass(frozen=True, slots=True)
class Row:
    """One duty of the board."""

    step: Step
    owed: Owed
    duty: Duty
    footage: Footage

    @property
    def order(self) -> tuple[datetime, str]:
        return self.step.start, self.step.id


@dataclass(slots=True)
class Tally:
    """How many duties stand where. `expected` are those that must be recorded:
    arrived + partial + missing + overdue + exempt + upcoming; optional ones are counted apart."""

    expected: int = 0
    arrived: int = 0
    partial: int = 0
    missing: int = 0
    overdue: int = 0
    exempt: int = 0
    upcoming: int = 0
    optional: int = 0
    late: int = 0
    doubtful: int = 0
    unexplained: int = 0
    """Duties with a gap that nobody gave the reason of."""
    failing: int = 0
    """Duties of which some rule is not kept, whatever their standing."""
    unknown: int = 0
    """Steps of a kind that neither rule pack nor list knows."""

    def add(self, row: Row) -> None:
        self.unknown += row.owed.kind is None and not row.owed.items
        if row.owed.mode is Mode.OPTIONAL:
            self.optional += 1
            return
        self.expected += 1
        name = row.duty.standing.value.lower()
        setattr(self, name, getattr(self, name) + 1)
        self.late += row.duty.late
        self.doubtful += row.duty.doubtful
        self.unexplained += row.duty.standing is Standing.PARTIAL and row.duty.unexplained > 0
        self.failing += any(not one.passed for one in row.duty.findings)


GROUPS: Mapping[str, Callable[[Row], Sequence[str]]] = {
    "unit": lambda row: [row.step.unit_id or ""],
    "officer": lambda row: row.step.officers,
    "case": lambda row: [row.step.case_uid],
    "stage": lambda row: [row.step.stage],
    "kind": lambda row: [row.step.kind],
}
"""A step of two officers is a duty of each."""


def tally(rows: Iterable[Row]) -> Tally:
    found = Tally()
    for row in rows:
        found.add(row)
    return found


def tallies(rows: Iterable[Row], by: str) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(Tally)
    for row in rows:
        for key in GROUPS[by](row):
            found[key].add(row)
    return dict(sorted(found.items()))


@dataclass(slots=True)
class Rulings:
    """What one unit's rule pack and lists say."""

    pack: RulePack
    frame: Frame
    limits: DutyLimits
    causes: frozenset[str]
    editions: Sequence[Sequence[ScopeList]]
    """Of the unit and those above it, the nearest first; each in the order in which they hold."""
    known: dict[tuple[str, bool, str], Owed] = field(default_factory=dict)


@dataclass(slots=True)
class Book:
    """What holds for each unit, read once for a whole board."""

    law: Law
    parents: Mapping[str, str | None]
    lists: Lists
    units: dict[str | None, Rulings] = field(default_factory=dict)

    @classmethod
    def load(cls, session: Session, law: Law) -> "Book":
        parents = parents_of(session)
        return cls(law, parents, Lists.load(session))

    def of(self, unit: str | None) -> Rulings:
        if unit not in self.units:
            pack = self.law.packs.of(unit, self.parents)
            self.units[unit] = Rulings(
                pack,
                frame_of(pack),
                limits_of(pack, self.law.zone),
                frozenset(pack.scope.gap_causes.value),
                [
                    self.lists.editions[one]
                    for one in lineage_of(unit, self.parents)
                    if one in self.lists.editions
                ],
            )
        return self.units[unit]

    def owed(self, step: Step) -> Owed:
        """By the list that held when the step began; many steps have the same kind."""
        rulings = self.of(step.unit_id)
        edition = in_force(rulings.editions, step.start)
        key = step.kind, step.room_id is not None, edition.id if edition else ""
        if key not in rulings.known:
            items = self.lists.items(edition, rulings.pack)
            rulings.known[key] = owed(step.kind, rulings.frame, items, in_room=step.room_id is not None)
        return rulings.known[key]


def board(
    session: Session, viewer: Viewer, law: Law, wanted: Wanted, at: datetime | None = None
) -> list[Row]:
    """Every duty that the viewer may see, the newest first, as it stands at a moment."""
    at = at or now()
    book = Book.load(session, law)
    conditions = wanted.conditions(viewer)
    asked = steps(session, conditions)
    if not asked:
        return []
    linked, stated = footage(session, conditions), statements(session, conditions)
    rooms = recorders_of_rooms(session)
    first, last = min(step.start for step in asked), max(step.end for step in asked)
    signals = Signals.load(session, first, last, law.signal_reach)
    rows = [
        judged(step, book, linked.get(step.id, Footage()), stated.get(step.id, []), signals, rooms, at)
        for step in asked
    ]
    return sorted(rows, key=lambda row: row.order, reverse=True)


def judged(
    step: Step,
    book: Book,
    linked: Footage,
    stated: list[Statement],
    signals: Signals,
    rooms: Mapping[str, Sequence[str]],
    at: datetime,
) -> Row:
    demand, rulings = book.owed(step), book.of(step.unit_id)
    devices = {part.recorder for part in linked.parts} | set(rooms.get(step.room_id or "", ()))
    facts = DutyFacts(
        start=step.start,
        end=step.end,
        owed=demand,
        parts=linked.parts,
        timeless=linked.timeless,
        last_arrival=linked.last_arrival,
        told=[
            *reasons_of(stated, step.start, step.end, rulings.causes),
            *signals.about(devices, step.start, step.end),
        ],
        omission=omission_of(stated),
        back_at=back_at(stated),
        urgent=is_urgent(stated),
    )
    return Row(step, demand, duty(facts, rulings.limits, at), linked)


def unknown_kinds(rows: Iterable[Row]) -> dict[str, int]:
    """Kinds as written that neither rule pack nor list knows, and how often: a unit's pack may name them."""
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.owed.kind is None and not row.owed.items:
            found[row.step.kind] += 1
    return dict(sorted(found.items()))
