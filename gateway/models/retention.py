"""How long footage stays and how it goes: legal holds, marks, disposal runs, what was destroyed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, no_items, now, words


class HoldKind(StrEnum):
    """What a legal hold lies on; each reaches clips that come later, too."""

    CLIP = "CLIP"
    CASE = "CASE"
    PARTY = "PARTY"
    DEVICE = "DEVICE"


class LegalHold(SQLModel, table=True):
    """May not go (保全), whatever the rules say; lifted by a person with a reason, never taken out."""

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: HoldKind = Field(sa_type=words(HoldKind))
    clip_id: str | None = Field(default=None, foreign_key="clip.id", index=True)
    case_uid: str | None = Field(default=None, foreign_key="caserecord.uid", index=True)
    party_code: str | None = None
    party_name: str | None = None
    device_id: str | None = Field(default=None, foreign_key="device.id", index=True)
    span_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    span_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    """The unit of whoever placed it; None sees every unit."""
    why: str
    doc_no: str | None = None
    """文号 of the paper that asks for it."""
    placed_by: str
    placed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    lifted_by: str | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    lifted_why: str | None = None


class RetentionFlag(SQLModel, table=True):
    """A person's mark on a clip: EVIDENCE, OBSTRUCTION or MAJOR (重大)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    flag: str
    why: str
    set_by: str
    set_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    lifted_by: str | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_why: str | None = None


class RunState(StrEnum):
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class DisposalRun(SQLModel, table=True):
    """One disposal (销毁): a frozen list, who proposed it, who else agreed to it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    state: RunState = Field(default=RunState.PROPOSED, index=True, sa_type=words(RunState))
    unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    why: str
    authority: str | None = None
    """The paper that allows it (销毁批准文号); without one nothing of a case file is listed (R-62)."""
    count: int
    bytes: int = Field(sa_type=BigInteger)
    listing: str
    """SHA-256 over what is listed: a line put in, taken out or edited later shows."""
    proposed_by_id: str = Field(foreign_key="account.id")
    proposed_by: str
    proposed_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    approved_by_id: str | None = Field(default=None, foreign_key="account.id")
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_count: int | None = None
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_why: str | None = None


class ItemState(StrEnum):
    LISTED = "LISTED"
    DROPPED = "DROPPED"
    BEGUN = "BEGUN"
    DESTROYED = "DESTROYED"


OPEN_ITEMS = (ItemState.LISTED, ItemState.BEGUN)


class DisposalItem(SQLModel, table=True):
    """One clip of a run: what was shown of it, and the facts by which it may go."""

    __table_args__ = (UniqueConstraint("run_id", "clip_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    run_id: str = Field(foreign_key="disposalrun.id", index=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    shown: dict[str, Any] = Field(sa_type=Json)
    facts: dict[str, Any] = Field(sa_type=Json)
    state: ItemState = Field(default=ItemState.LISTED, index=True, sa_type=words(ItemState))
    why: dict[str, Any] | None = Field(default=None, sa_type=Json)


class DestructionRecord(SQLModel, table=True):
    """What is left of an original that was destroyed; written before the first byte goes."""

    id: str = Field(default_factory=new_id, primary_key=True)
    original_id: str = Field(foreign_key="original.id", unique=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    """The clip itself, or the one that an attachment went with."""
    run_id: str = Field(foreign_key="disposalrun.id", index=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    name: str
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(index=True)
    sm3: str | None = None
    labels: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    links: list[dict[str, Any]] = Field(default_factory=no_items, sa_type=Json)
    rule: dict[str, Any] = Field(sa_type=Json)
    """The floor that decided, and until when it kept the clip."""
    why: str
    authority: str | None = None
    proposed_by: str
    approved_by: str
    begun_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """None: the bytes may still be there; the daemon goes on with it."""
