"""Samples of cases that are checked by hand (案卷抽查、网上巡查), and what the checkers found."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, now, words


class Basis(StrEnum):
    """Which cases of the period are candidates."""

    CLOSED = "CLOSED"
    """Closed within it (结案)."""
    ACTIVE = "ACTIVE"
    """With a step within it."""


class Result(StrEnum):
    """What a checker says of one case of a sample."""

    SOUND = "SOUND"
    FAULTY = "FAULTY"
    FOLLOWED = "FOLLOWED"
    """What was done since about a fault, which stays open."""
    SETTLED = "SETTLED"
    """The fault is mended: it is followed up no more."""


class CaseSample(SQLModel, table=True):
    """One draw: the frame as it was sealed, the seed that the sealing gave, and what was drawn."""

    __table_args__ = (UniqueConstraint("unit_id", "period", "number"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    unit_id: str = Field(foreign_key="unit.id", index=True)
    """Its cases and those of the units below it."""
    period: str
    """`2026H1`: the half-yearly check of files; `2026Q3`: the quarterly online patrol."""
    number: int
    """Which draw for this unit and period, from 1: whoever draws again is seen to."""
    why: str | None = None
    """Why it was drawn again."""
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    basis: Basis = Field(sa_type=words(Basis))
    per_unit: bool
    """`wanted` cases of each unit, or of all of them together."""
    wanted: int
    frame: dict[str, str] = Field(sa_type=Json)
    """Every candidate, with its stratum: its unit, or nothing where there is only one."""
    frame_digest: str
    method: str
    seed: str
    """Digest of the custody line that sealed the frame."""
    sealed_by: dict[str, Any] = Field(sa_type=Json)
    """That line: `chain` and `seq`."""
    drawn_by: str
    drawn_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class SampleCase(SQLModel, table=True):
    """One case that was drawn."""

    __table_args__ = (UniqueConstraint("sample_id", "case_uid"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    sample_id: str = Field(foreign_key="casesample.id", index=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    stratum: str
    place: int
    digest: str


class SampleRemark(SQLModel, table=True):
    """What a checker found in one case; a correction supersedes, what follows a fault answers it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    sample_id: str = Field(foreign_key="casesample.id", index=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    result: Result = Field(sa_type=words(Result))
    remark: str | None = None
    due_on: date | None = None
    """FAULTY: by when it has to be mended."""
    answers: str | None = Field(default=None, foreign_key="sampleremark.id", index=True)
    """FOLLOWED, SETTLED: the fault."""
    made_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReportMade(SQLModel, table=True):
    """A report that was written to a file: who made it, of what, and what its bytes are."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    """`annual`, `sheets` or `evidence`."""
    unit_id: str = Field(foreign_key="unit.id", index=True)
    period: str
    sample_id: str | None = Field(default=None, foreign_key="casesample.id", index=True)
    case_uid: str | None = Field(default=None, foreign_key="caserecord.uid")
    """Of an evidence list."""
    format: str
    """`xlsx` or `pdf`."""
    as_of: datetime = Field(sa_type=UtcDateTime)
    """The moment of which it tells: with it the same report can be made again."""
    content: str
    """SHA-256 of what it says, the same for both formats."""
    sha256: str
    size: int
    made_by: str
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
