"""Whose figures are asked for, and over which days."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import true
from sqlmodel import Session, col

from gateway.database import Database
from gateway.law import Law
from gateway.models import CaseRecord, Device
from gateway.reports.figures import Period
from gateway.visibility import Viewer, units_below


@dataclass(frozen=True, slots=True)
class Asked:
    """A unit with those below it, as far as the viewer sees them, over a period."""

    unit_id: str | None
    viewer: Viewer
    units: frozenset[str] | None
    """None: every unit, and what stands under none."""
    period: Period
    as_of: datetime
    law: Law

    @classmethod
    def of(
        cls, session: Session, law: Law, viewer: Viewer, unit_id: str | None, period: Period, as_of: datetime
    ) -> "Asked":
        units = viewer.units
        if unit_id is not None:
            below = units_below(session, unit_id)
            units = below if units is None else below & units
        return cls(unit_id, viewer, units, period, as_of, law)

    @property
    def devices(self) -> Any:
        """Footage, checkouts and checks belong to the unit of the device."""
        return true() if self.units is None else col(Device.unit_id).in_(self.units)

    @property
    def cases(self) -> Any:
        return true() if self.units is None else col(CaseRecord.unit_id).in_(self.units)

    def within(self, column: Any) -> Any:
        return (column >= self.period.since) & (column < self.period.until)


@contextmanager
def one_moment(database: Database) -> Iterator[Session]:
    """A session whose every query sees the same moment: else two figures of one report contradict."""
    with database.read() as session:
        if not database.is_sqlite:  # SQLite's readers do so anyway
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session
