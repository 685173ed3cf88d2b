"""The obligation board: what had to be recorded, what of it came, what is missing and why (R-16…R-19)."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlmodel import Session

from gateway.law import Law, frame_of, limits_of, parents_of, stages_of
from gateway.models import ScopeList, Statement, now
from gateway.rulepacks import RulePack, lineage_of
from gateway.rules.duty import Duty, DutyFacts, DutyLimits, Standing, duty
from gateway.rules.recorded import Run
from gateway.rules.scope import Frame, Mode, Owed, owed
from gateway.rules.stages import UNKNOWN, Stage, counted_under, is_within
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
from gateway.uncollected import uncollected
from gateway.visibility import Viewer


@dataclass(frozen=True, slots=True)
class Row:
    """One duty of the board."""

    step: Step
    owed: Owed
    duty: Duty
    footage: Footage
    stage: str
    """What it counts under: one of the seed's four, or `unknown_stage`; `step.stage` is as it was told."""
    marks: tuple[str, ...]
    """What it adds one to in a tally: worked out once, counted in many."""
    day: date
    """On which the step began, in the site's zone."""

    @property
    def order(self) -> tuple[datetime, str]:
        return self.step.start, self.step.id


def marks_of(owed: Owed, duty: Duty) -> tuple[str, ...]:
    unknown = ("unknown",) if owed.kind is None and not owed.items else ()
    if owed.mode is Mode.OPTIONAL:
        return ("optional", *unknown)
    told = (
        ("late", duty.late),
        ("doubtful", duty.doubtful),
        ("unexplained", duty.standing is Standing.PARTIAL and duty.unexplained > 0),
        ("failing", duty.fails),
    )
    names = [name for name, holds in told if holds]
    return ("expected", duty.standing.lower(), *names, *unknown)


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

    def add(self, marks: Iterable[str], count: int = 1) -> None:
        for name in marks:
            setattr(self, name, getattr(self, name) + count)


GROUPS: Mapping[str, Callable[[Row], Sequence[str]]] = {
    "unit": lambda row: [row.step.unit_id or ""],
    "officer": lambda row: row.step.officers,
    "case": lambda row: [row.step.case_uid],
    "stage": lambda row: [row.stage],
    "kind": lambda row: [row.step.kind],
    "day": lambda row: [row.day.isoformat()],
}
"""A step of two officers is a duty of each."""


def tally(rows: Iterable[Row]) -> Tally:
    found = Tally()
    for marks, count in Counter(row.marks for row in rows).items():
        found.add(marks, count)
    return found


def tallies(rows: Iterable[Row], by: str) -> dict[str, Tally]:
    found: dict[str, Tally] = defaultdict(Tally)
    keys = GROUPS[by]
    for (key, marks), count in Counter((key, row.marks) for row in rows for key in keys(row)).items():
        found[key].add(marks, count)
    return dict(sorted(found.items()))


@dataclass(slots=True)
class Rulings:
    """What one unit's rule pack and lists say."""

    pack: RulePack
    frame: Frame
    limits: DutyLimits
    slack: timedelta
    """As in linking: recording begins a little before a step, and officers are on their way."""
    causes: frozenset[str]
    stages: tuple[Stage, ...]
    editions: Sequence[Sequence[ScopeList]]
    """Of the unit and those above it, the nearest first; each in the order in which they hold."""
    changes: Sequence[datetime]
    """When another edition may begin to hold: between two of these the same one does."""
    known: dict[tuple[str, bool, int], Owed] = field(default_factory=dict)


@dataclass(slots=True)
class Book:
    """What holds for each unit, read once for a whole board."""

    law: Law
    parents: Mapping[str, str | None]
    lists: Lists
    units: dict[str | None, Rulings] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    """By edition of the rule pack: most units share one."""

    @classmethod
    def load(cls, session: Session, law: Law) -> "Book":
        parents = parents_of(session)
        return cls(law, parents, Lists.load(session))

    def of(self, unit: str | None) -> Rulings:
        if unit not in self.units:
            pack = self.law.packs.of(unit, self.parents)
            if pack.edition not in self.frames:
                self.frames[pack.edition] = frame_of(pack)
            lineage = lineage_of(unit, self.parents)
            editions = [self.lists.editions[one] for one in lineage if one in self.lists.editions]
            self.units[unit] = Rulings(
                pack,
                self.frames[pack.edition],
                limits_of(pack, self.law.zone),
                timedelta(minutes=pack.linking.activity_slack_minutes.value),
                frozenset(pack.scope.gap_causes.value),
                stages_of(pack),
                editions,
                sorted({edition.valid_from for held in editions for edition in held}),
            )
        return self.units[unit]

    def around(self, step: Step) -> Run:
        """What was recorded outside of this is no footage of the step."""
        slack = self.of(step.unit_id).slack
        return step.start - slack, step.end + slack

    def is_of(self, step: Step, stage: str | None) -> bool:
        return stage is None or is_within(step.stage, stage, self.of(step.unit_id).stages)

    def owed(self, step: Step) -> Owed:
        """By the list that held when the step began; many steps have the same kind."""
        rulings = self.of(step.unit_id)
        key = step.kind, step.room_id is not None, bisect_right(rulings.changes, step.start)
        if key not in rulings.known:
            items = self.lists.items(in_force(rulings.editions, step.start), rulings.pack)
            rulings.known[key] = owed(step.kind, rulings.frame, items, in_room=step.room_id is not None)
        return rulings.known[key]


def board(
    session: Session,
    viewer: Viewer,
    law: Law,
    wanted: Wanted,
    at: datetime | None = None,
    *,
    causes: bool = True,
) -> list[Row]:
    """Every duty that the viewer may see, the newest first, as it stands at a moment.

    Without `causes` nobody asks recorders why there are gaps: no standing hangs on it.
    """
    with uncollected():
        return rows_at(session, viewer, law, wanted, at or now(), causes=causes)


def rows_at(
    session: Session, viewer: Viewer, law: Law, wanted: Wanted, at: datetime, *, causes: bool = True
) -> list[Row]:
    book = Book.load(session, law)
    conditions = wanted.conditions(viewer)
    asked = [one for one in steps(session, conditions) if book.is_of(one, wanted.stage)]
    if not asked:
        return []
    linked = footage(session, conditions, {step.id: step for step in asked}, book.around)
    stated = statements(session, conditions)
    rooms = recorders_of_rooms(session)
    first, last = min(step.start for step in asked), max(step.end for step in asked)
    reach = law.signal_reach
    asked_of = {one for step in asked for one in rooms.get(step.room_id or "", ())}
    asked_of |= {part.recorder for told in linked.values() for part in told.parts}
    signals = Signals.load(session, first, last, reach, asked_of) if causes else Signals((), reach)
    return [
        judged(step, book, linked.get(step.id) or Footage(), stated.get(step.id, ()), signals, rooms, at)
        for step in sorted(asked, key=lambda one: (one.start, one.id), reverse=True)
    ]


def judged(
    step: Step,
    book: Book,
    linked: Footage,
    stated: Sequence[Statement],
    signals: Signals,
    rooms: Mapping[str, Sequence[str]],
    at: datetime,
) -> Row:
    demand, rulings = book.owed(step), book.of(step.unit_id)
    devices = {part.recorder for part in linked.parts}.union(rooms.get(step.room_id or "", ()))
    facts = DutyFacts(
        start=step.start,
        end=step.end,
        owed=demand,
        parts=linked.parts,
        timeless=linked.timeless,
        elsewhere=linked.elsewhere,
        unreadable=linked.unreadable,
        last_arrival=linked.last_arrival,
        told=signals.about(devices, step.start, step.end),
    )
    if stated:
        facts = replace(
            facts,
            told=[*reasons_of(stated, step.start, step.end, rulings.causes), *facts.told],
            omission=omission_of(stated, rulings.limits.grounds),
            back_at=back_at(stated),
            urgent=is_urgent(stated),
        )
    found = duty(facts, rulings.limits, at)
    stage = counted_under(step.stage, rulings.stages)
    day = step.start.astimezone(book.law.zone).date()
    return Row(step, demand, found, linked, stage, marks_of(demand, found), day)


def unknown_kinds(rows: Iterable[Row]) -> dict[str, int]:
    """Kinds as written that neither rule pack nor list knows, and how often: a unit's pack may name them."""
    found: dict[str, int] = defaultdict(int)
    for row in rows:
        if row.owed.kind is None and not row.owed.items:
            found[row.step.kind] += 1
    return dict(sorted(found.items()))


def unknown_stages(rows: Iterable[Row]) -> dict[str, int]:
    """Stages as written that no rule pack knows, and how often: a unit's pack may name them as aliases."""
    return dict(sorted(Counter(row.step.stage for row in rows if row.stage == UNKNOWN).items()))
