"""Requests to watch footage beyond one's own right (R-71…R-75), who decides them, what they opened."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, now, words


class RequestState(StrEnum):
    ASKED = "ASKED"
    GRANTED = "GRANTED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"
    """By who asked, before it was decided."""
    REVOKED = "REVOKED"


class RequestScope(StrEnum):
    """By what the clips were named."""

    CLIPS = "CLIPS"
    CASE = "CASE"
    PARTY = "PARTY"
    SPAN = "SPAN"


class RequestUse(StrEnum):
    INSIDE = "INSIDE"
    """Within the duties of the unit that asks."""
    OUTSIDE = "OUTSIDE"
    """Publicity, training and the like (R-74)."""


class CopyState(StrEnum):
    MAKING = "MAKING"
    READY = "READY"
    FAILED = "FAILED"
    REMOVED = "REMOVED"


class ViewApprover(SQLModel, table=True):
    """Who decides as head of a unit over its footage; an appointment ends, it is never taken out."""

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="account.id", index=True)
    unit_id: str = Field(foreign_key="unit.id", index=True)
    entered_by: str
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None


class ViewRequest(SQLModel, table=True):
    """Who wants to watch what, why and how long; once granted, what opens it."""

    __table_args__ = (Index("ix_viewrequest_user_id_state", "user_id", "state"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    user_id: str = Field(foreign_key="account.id")
    user: str
    asker_unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    unit_id: str = Field(foreign_key="unit.id", index=True)
    """The unit that collected the footage: its head decides (R-72)."""
    scope: RequestScope = Field(sa_type=words(RequestScope))
    subject: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    """As it was asked: `clips`, `case`, `party`, `since`, `until`."""
    use: RequestUse = Field(default=RequestUse.INSIDE, sa_type=words(RequestUse))
    copying: bool = False
    """Copies are wanted as well (R-75)."""
    purpose: str
    days: int
    needs: int = 1
    """How many heads have to approve."""
    secret: bool = False
    """A clip among them was a state secret when it was asked (LK-16); which one, `RequestedClip` tells."""
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    state: RequestState = Field(default=RequestState.ASKED, index=True, sa_type=words(RequestState))
    granted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    valid_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Declined, withdrawn or revoked."""
    ended_by: str | None = None
    ended_why: str | None = None


class RequestedClip(SQLModel, table=True):
    """One of the clips that a request names, as they were when it was asked."""

    id: str = Field(default_factory=new_id, primary_key=True)
    request_id: str = Field(foreign_key="viewrequest.id", index=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    secret: bool | None = None
    """It was a state secret then: as many heads as that needs have decided, knowing it. None: it was not."""


class ViewDecision(SQLModel, table=True):
    """What one head said."""

    id: str = Field(default_factory=new_id, primary_key=True)
    request_id: str = Field(foreign_key="viewrequest.id", index=True)
    user_id: str = Field(foreign_key="account.id")
    user: str
    unit_id: str = Field(foreign_key="unit.id")
    """As whose head."""
    approved: bool
    why: str | None = None
    at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class ClipCopy(SQLModel, table=True):
    """A copy for use elsewhere with a mark burnt in; its file and lineage are the rendition `copy-<id>`."""

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    request_id: str = Field(foreign_key="viewrequest.id", index=True)
    user_id: str = Field(foreign_key="account.id", index=True)
    user: str
    purpose: str
    lines: list[str] = Field(sa_type=Json)
    """What is burnt in."""
    start_s: float | None = None
    end_s: float | None = None
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    state: CopyState = Field(default=CopyState.MAKING, index=True, sa_type=words(CopyState))
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Why there is none."""
    size: int | None = Field(default=None, sa_type=BigInteger)
    sha256: str | None = None
    made_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    keep_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken: int = 0
    """How often it was downloaded."""
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
