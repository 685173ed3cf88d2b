"""Who works where: units and their classes, officers with their certificates, rooms."""

from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from gateway.models.columns import UtcDateTime, new_id, now, words


class Grade(StrEnum):
    """The class of a unit (A、B、C 类): an administrative decision, never computed (regulations 3.1)."""

    A = "A"
    B = "B"
    C = "C"


class Unit(SQLModel, table=True):
    """An enforcement unit (执法单位)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    parent_id: str | None = Field(default=None, foreign_key="unit.id")
    org_code: str | None = None
    region_code: str | None = None
    is_section: bool | None = None
    """A section (科室) of the unit above: it is counted there, it has no class of its own."""


class UnitClass(SQLModel, table=True):
    """Which class a unit was given, by which paper, for which days; a correction supersedes."""

    id: str = Field(default_factory=new_id, primary_key=True)
    unit_id: str = Field(foreign_key="unit.id", index=True)
    grade: Grade = Field(sa_type=words(Grade))
    doc_no: str
    valid_from: date
    valid_to: date | None = None
    """The last day."""
    entered_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Officer(SQLModel, table=True):
    """An officer (执法人员) and the validity of the enforcement certificate (执法证), AL-5."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    unit_id: str = Field(foreign_key="unit.id", index=True)
    number: str | None = Field(default=None, index=True, description="as cameras carry it (警号, six digits)")
    badge: str | None = Field(default=None, index=True, description="what a cabinet's reader tells of it")
    cert_no: str | None = Field(default=None, index=True)
    cert_valid_from: date | None = None
    cert_valid_to: date | None = None
    cert_issuer: str | None = None
    left_on: date | None = None
    """The first day on which this is no officer of the unit any more."""

    def has_left(self, on: date) -> bool:
        return self.left_on is not None and self.left_on <= on


class AnnualCheck(SQLModel, table=True):
    """年检 of a certificate: passed or not, and for which days (AL-5); a correction supersedes."""

    id: str = Field(default_factory=new_id, primary_key=True)
    officer_id: str = Field(foreign_key="officer.id", index=True)
    passed: bool
    valid_from: date
    valid_to: date
    doc_no: str | None = None
    entered_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Room(SQLModel, table=True):
    """A place with recorders of its own: interview or hearing room (询问室、听证室), counter, vehicle."""

    id: str = Field(default_factory=new_id, primary_key=True)
    name: str
    unit_id: str = Field(foreign_key="unit.id", index=True)
