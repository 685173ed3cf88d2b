"""The ledger of one device: each line with those that it took the place of, and what follows from it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, func, select

from gateway import holdings
from gateway.models import Allocation, RelinkDue
from gateway.roster import holder_names
from gateway.rules.allocation import HolderKind


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger as it was entered."""

    row: Allocation
    holder: HolderKind
    holder_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger tells now, and what it told before instead, the newest first."""

    line: Line
    before: tuple[Line, ...]


def ledger_of(session: Session, device_id: str) -> list[Told]:
    """The newest period first; each line that was superseded stands behind the one that corrected it."""
    rows = session.exec(select(Allocation).where(Allocation.device_id == device_id)).all()
    entries = {row.id: holdings.allocation_entry(row).holding for row in rows}
    names = holder_names(session, entries.values())
    made = {
        row.id: Line(
            row, held.holder, held.holder_id, names.get((held.holder, held.holder_id), held.holder_id)
        )
        for row in rows
        for held in (entries[row.id],)
    }
    behind: dict[str, list[Line]] = defaultdict(list)
    for row in rows:
        last = last_of(row, rows)
        if last.id != row.id:
            behind[last.id].append(made[row.id])
    tops = [row for row in rows if last_of(row, rows).id == row.id]
    tops.sort(key=lambda row: (row.superseded_at is None, row.valid_from, row.id), reverse=True)
    return [Told(made[row.id], tuple(sorted(behind[row.id], key=newest, reverse=True))) for row in tops]


def newest(line: Line) -> tuple[datetime, str]:
    return line.row.recorded_at, line.row.id


def last_of(row: Allocation, rows: Sequence[Allocation]) -> Allocation:
    """The line that stands in this one's place now: what corrects another begins to tell as that one ends."""
    current = row
    while current.superseded_at is not None:
        following = next((one for one in rows if one.recorded_at == current.superseded_at), None)
        if following is None or following.recorded_at <= current.recorded_at:
            break
        current = following
    return current


def clips_due(session: Session, device_id: str) -> int:
    """Changes of the ledger that the clips of this device have not been decided anew by yet."""
    wanted = select(func.count()).select_from(RelinkDue).where(RelinkDue.device_id == device_id)
    return session.exec(wanted).one()
