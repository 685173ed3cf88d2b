"""Figures of a quarter as they were when they were frozen, with what stood behind each."""

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, now


class Snapshot(SQLModel, table=True):
    """One revision of a unit's frozen quarter; what is frozen again is another, the earlier stays."""

    __table_args__ = (UniqueConstraint("unit_id", "quarter", "revision"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    unit_id: str = Field(default="", index=True)
    """With those below it. Empty: the whole site."""
    quarter: str
    """2026-Q3."""
    revision: int
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    as_of: datetime = Field(sa_type=UtcDateTime)
    packs: dict[str, str] = Field(sa_type=Json)
    """Edition and digest of each rule pack that it rests on."""
    digest: str
    """SHA-256 over the canonical JSON of all its figures with their members."""
    frozen_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    frozen_by: str
    why: str | None = None
    """Why it was frozen again."""


class SnapshotFigure(SQLModel, table=True):
    """One figure of a snapshot."""

    __table_args__ = (UniqueConstraint("snapshot_id", "code"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    snapshot_id: str = Field(foreign_key="snapshot.id", index=True)
    code: str
    place: int
    """Its number among the snapshot's figures."""
    told: bool
    numerator: int | None = None
    denominator: int | None = None
    notes: list[str] = Field(sa_type=Json)
    rules: list[str] = Field(sa_type=Json)
    sources: list[str] = Field(sa_type=Json)
    members: list[dict[str, Any]] = Field(sa_type=Json)
    """Grouped: those that differ by nothing but their id stand together."""
