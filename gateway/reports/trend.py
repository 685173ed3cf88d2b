"""How figures moved from quarter to quarter, by what was frozen."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway.models import Snapshot, SnapshotFigure
from gateway.reports.figures import COUNTS, Code, Period
from gateway.visibility import Viewer, visible


@dataclass(frozen=True, slots=True)
class Point:
    """One figure of one frozen quarter."""

    quarter: str
    snapshot: str
    revision: int
    numerator: int | None
    denominator: int | None
    rate: float | None
    told: bool


def before(period: Period, zone: ZoneInfo) -> Period | None:
    """The quarter before one; None for any other span."""
    if "-Q" not in period.name:
        return None
    year, number = int(period.name[:4]), int(period.name[-1])
    return Period.quarter(year - (number == 1), number - 1 or 4, zone)


def quarters(at: datetime, zone: ZoneInfo, count: int = 9) -> list[str]:
    """The newest first, the one that runs included."""
    day = at.astimezone(zone).date()
    current: Period | None = Period.quarter(day.year, (day.month + 2) // 3, zone)
    found: list[str] = []
    while current is not None and len(found) < count:
        found.append(current.name)
        current = before(current, zone)
    return found


def frozen(session: Session, viewer: Viewer, unit: str | None, last: int = 8) -> dict[Code, list[Point]]:
    """Of each figure the last quarters that were frozen, the oldest first; the newest revision of each."""
    newest: dict[str, Snapshot] = {}
    wanted = select(Snapshot).where(Snapshot.unit_id == (unit or ""), visible(viewer, Snapshot))
    for row in session.exec(wanted.order_by(col(Snapshot.revision))):
        newest[row.quarter] = row
    shown = {newest[name].id: newest[name] for name in sorted(newest)[-last:]}
    figures = select(
        SnapshotFigure.snapshot_id, SnapshotFigure.code, SnapshotFigure.numerator, SnapshotFigure.denominator
    ).where(col(SnapshotFigure.snapshot_id).in_(shown))
    found: dict[Code, list[Point]] = defaultdict(list)
    for snapshot, code, above, below in session.exec(figures):
        row = shown[snapshot]
        rate = None if Code(code) in COUNTS or above is None or not below else above / below
        told = above is not None
        found[Code(code)].append(Point(row.quarter, row.id, row.revision, above, below, rate, told))
    return {code: sorted(points, key=lambda one: one.quarter) for code, points in found.items()}
