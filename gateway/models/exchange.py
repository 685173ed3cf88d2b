"""What goes to other systems and comes from them: outbox, endpoints, deliveries, feeds of cases."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_items, now, words


class OutboxEvent(SQLModel, table=True):
    """Something that happened, written in the transaction in which it happened."""

    id: str = Field(default_factory=new_id, primary_key=True)
    """The receiver's `webhook-id`: the same in every attempt and every replay."""
    position: int | None = Field(default=None, unique=True, sa_type=BigInteger)
    """Given after the commit, in order: a reader behind a position has missed nothing before it."""
    kind: str
    subject: str = Field(index=True)
    """Events of one subject are delivered in their order."""
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    clip_id: str | None = None
    device_id: str | None = None
    cases: list[str] = Field(default_factory=no_items, sa_type=Json)
    body: dict[str, Any] = Field(sa_type=Json)


class OutboxHead(SQLModel, table=True):
    """How many events have a position."""

    id: int = Field(default=1, primary_key=True)
    count: int = Field(default=0, sa_type=BigInteger)


class EndpointKind(StrEnum):
    WEBHOOK = "WEBHOOK"
    CASE_SYSTEM = "CASE_SYSTEM"


class Endpoint(SQLModel, table=True):
    """Somebody who is told: a webhook, or the case system that links are written back to."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: EndpointKind = Field(sa_type=words(EndpointKind))
    name: str
    url: str
    secret: str | None = None
    """`whsec_…`: needed in the clear to sign; shown once, when it is made."""
    kinds: list[str] = Field(default_factory=no_items, sa_type=Json)
    """Which kinds of event; empty: all."""
    unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    """Whose events; None: of every unit."""
    enabled: bool = True
    made_by: str
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Taken out for good: it is told nothing more, and nothing is owed to it."""


class EndpointCursor(SQLModel, table=True):
    """How far the outbox was sorted for an endpoint, and who delivers to it now; bookkeeping."""

    endpoint_id: str = Field(primary_key=True, foreign_key="endpoint.id")
    position: int = Field(default=0, sa_type=BigInteger)
    taken_by: str | None = None
    taken_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeliveryState(StrEnum):
    DUE = "DUE"
    DONE = "DONE"
    DEAD = "DEAD"


class Delivery(SQLModel, table=True):
    """One event for one endpoint."""

    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        Index("ix_delivery_endpoint_id_state_position", "endpoint_id", "state", "position"),
    )

    id: str = Field(default_factory=new_id, primary_key=True)
    endpoint_id: str = Field(foreign_key="endpoint.id")
    event_id: str = Field(foreign_key="outboxevent.id", index=True)
    position: int = Field(sa_type=BigInteger)
    subject: str
    state: DeliveryState = Field(default=DeliveryState.DUE, sa_type=words(DeliveryState))
    attempts: int = 0
    not_before: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeliveryAttempt(SQLModel, table=True):
    """One try: when, and what the other side answered."""

    id: str = Field(default_factory=new_id, primary_key=True)
    delivery_id: str = Field(foreign_key="delivery.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    status: int | None = None
    """HTTP status; None where no answer came."""
    error: str | None = None
    seconds: float


class DutyWatch(SQLModel, table=True):
    """Somebody is told of duties to record, and one gateway at a time looks after that; bookkeeping."""

    id: int = Field(default=1, primary_key=True)
    since: datetime = Field(sa_type=UtcDateTime)
    """Duties that ended before this were settled when it began: nobody is told of them unless they move."""
    enrolled: bool = False
    """How those that were open then stood is known: from there on, what moves is told."""
    taken_by: str | None = None
    taken_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DutyDue(SQLModel, table=True):
    """Something changed on which the duty to record a step may hang."""

    id: str = Field(default_factory=new_id, primary_key=True)
    activity_id: str = Field(index=True)


class DutyTold(SQLModel, table=True):
    """What listeners know of one duty, and when time alone can change it."""

    activity_id: str = Field(primary_key=True, foreign_key="activity.id")
    standing: str | None = None
    """None: nothing is owed of it, or not yet."""
    look_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class CaseFeed(SQLModel, table=True):
    """How far a source of cases was read, and what is wrong with it now."""

    source_id: str = Field(primary_key=True)
    cursor: str | None = None
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)


class CaseFile(SQLModel, table=True):
    """A file of cases that was taken in; the same content a second time is refused."""

    __table_args__ = (UniqueConstraint("source_id", "sha256"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    source_id: str
    sha256: str
    name: str
    taken_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    put_away: bool = False
    """It was moved out of the folder; until then, finding it again means that we were interrupted."""


class CaseRefusal(SQLModel, table=True):
    """A case, or a file of cases, that a source brought and that could not be taken: for a person."""

    id: str = Field(default_factory=new_id, primary_key=True)
    source_id: str = Field(index=True)
    what: str
    """The case's uid, or the file's name."""
    unit_id: str | None = None
    why: dict[str, Any] = Field(sa_type=Json)
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Set when the same was taken after all."""
