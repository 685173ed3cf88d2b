"""What a rule pack that is not in force yet would have recorded of the steps there are (R-16…R-19)."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import Session, col, func, select

from gateway.law import Law
from gateway.models import Activity, CaseRecord, Role
from gateway.rules.scope import Mode
from gateway.scope.board import Row, board
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer, units_below

REACH = 20_000
"""Steps of which two boards are held beside each other."""
EVERYBODY = Viewer("gateway", "gateway", Role.ADMIN, None)
EVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Moved:
    """Of the steps of one kind: how many would be a duty, would be none any more, or of another extent."""

    appear: int = 0
    vanish: int = 0
    extent: int = 0


@dataclass(slots=True)
class Duties:
    steps: int
    kinds: dict[str, Moved] = field(default_factory=lambda: defaultdict(Moved))
    standings: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of what is a duty by both: how it stands, and how it would."""

    def add(self, before: Row, after: Row) -> None:
        modes = before.owed.mode, after.owed.mode
        if modes[0] is not modes[1]:
            moved = self.kinds[before.step.kind]
            moved.appear += modes[0] is Mode.OPTIONAL
            moved.vanish += modes[1] is Mode.OPTIONAL
            moved.extent += Mode.OPTIONAL not in modes
        stood = before.duty.standing, after.duty.standing
        if Mode.OPTIONAL not in modes and stood[0] is not stood[1]:
            self.standings[stood[0].value, stood[1].value] += 1

    def lines(self) -> list[str]:
        told = [f"{self.steps} steps looked at, by the links that stand now"]
        for kind, one in sorted(self.kinds.items()):
            parts = (f"{one.appear} appear", f"{one.vanish} vanish", f"{one.extent} to another extent")
            told.append(f"  {kind}: {', '.join(part for part in parts if not part.startswith('0 '))}")
        told += [
            f"  {count} duties: {before} -> {after}"
            for (before, after), count in sorted(self.standings.items())
        ]
        return told if len(told) > 1 else [*told, "  no duty differs"]


def compared(
    session: Session, now: Law, then: Law, unit: str | None, at: datetime, most: int = REACH
) -> Duties | None:
    """Two boards of one moment, of a unit and those below it or of all. None: of more than `most` steps."""
    units = None if unit is None else units_below(session, unit)
    wanted = Wanted(since=EVER[0], until=EVER[1], units=units)
    count = (
        select(func.count()).select_from(Activity).join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
    )
    if session.exec(count.where(*wanted.conditions(EVERYBODY))).one() > most:
        return None
    rows = board(session, EVERYBODY, now, wanted, at), board(session, EVERYBODY, then, wanted, at)
    found = Duties(len(rows[0]))
    for before, after in zip(*rows, strict=True):
        found.add(before, after)
    return found
