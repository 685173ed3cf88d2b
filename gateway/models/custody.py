"""The chain of custody: one row per event, each bound to the one before."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime


class CustodyEvent(SQLModel, table=True):
    """One line of a chain; `digest` covers every other column, `previous` the line before."""

    __table_args__ = (Index("ix_custodyevent_event_at", "event", "at"),)

    chain: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger)
    at: datetime = Field(sa_type=UtcDateTime)
    event: str
    actor: str
    subject: str = Field(index=True)
    rows: list[dict[str, str]] = Field(sa_type=Json)
    """The rows this event describes: table, id, digest."""
    detail: dict[str, Any] = Field(sa_type=Json)
    previous: str
    digest: str


class ChainHead(SQLModel, table=True):
    """How long a chain is and how it ends: a row cut from the tail shows here."""

    chain: str = Field(primary_key=True)
    count: int = Field(default=0, sa_type=BigInteger)
    digest: str = ""
