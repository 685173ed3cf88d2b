"""Work that one process asks of another, with its result."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, now, words


class OrderState(StrEnum):
    ASKED = "ASKED"
    CLAIMED = "CLAIMED"
    DONE = "DONE"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"


class OrderRow(SQLModel, table=True):
    __tablename__ = "work_order"

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: str
    device_id: str | None = None
    clip_id: str | None = None
    arguments: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    asked_by: str
    asked_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    deadline: datetime = Field(sa_type=UtcDateTime)
    state: OrderState = Field(default=OrderState.ASKED, index=True, sa_type=words(OrderState))
    claimed_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result: dict[str, Any] | None = Field(default=None, sa_type=Json)
    spent: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Of an opened lock: the checkout that it became, or none. One opening accounts for one taking."""
