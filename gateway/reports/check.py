"""What `gateway verify` wants to know: whether frozen quarters say what they were sealed with."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from gateway.custody import UNREADABLE
from gateway.models import Snapshot, SnapshotFigure
from gateway.reports.snapshots import figure_of, opened


def differences(session: Session) -> Iterator[tuple[str, str]]:
    """(where, what) for each; one snapshot at a time is in memory."""
    for snapshot_id in session.exec(select(Snapshot.id).order_by(col(Snapshot.id))).all():
        try:
            snapshot = session.get_one(Snapshot, snapshot_id)
            same = opened(session, snapshot).digest == snapshot.digest
            wrong = miscounted(session, snapshot_id)
        except UNREADABLE:
            same, wrong = False, []
        if not same:
            yield f"row snapshot/{snapshot_id}", "edited: its figures are not those that were sealed"
        for figure_id, code in wrong:
            yield f"row snapshotfigure/{figure_id}", f"edited: {code} is not the number of its members"
        session.expunge_all()


def miscounted(session: Session, snapshot_id: str) -> list[tuple[str, str]]:
    rows = session.exec(select(SnapshotFigure).where(SnapshotFigure.snapshot_id == snapshot_id))
    counted = ((row, figure_of(row)) for row in rows)
    return [
        (row.id, row.code)
        for row, figure in counted
        if (row.numerator, row.denominator) != (figure.numerator, figure.denominator)
    ]
