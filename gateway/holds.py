"""Legal holds and marks: what a person says must stay, and who took that back, why."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session, col, select

from gateway import custody
from gateway.device import Refused
from gateway.instants import Moment
from gateway.models import (
    CaseRecord,
    Clip,
    DestructionRecord,
    Device,
    HoldKind,
    LegalHold,
    Original,
    RetentionFlag,
    State,
    now,
)
from gateway.rules.retention import Flag
from gateway.texts import Why

DESTROYED = "hold.destroyed"


class HoldIn(BaseModel):
    """保全: on a clip, on a case, on a party in all its cases, or on what a device recorded in a span."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    clip: str | None = None
    case: str | None = None
    party_code: str | None = Field(default=None, min_length=1, description="统一社会信用代码")
    party_name: str | None = Field(
        default=None, min_length=1, description="of a citizen, as the case names it"
    )
    device: str | None = None
    since: Moment | None = Field(default=None, description="of what the device recorded; from its first")
    until: Moment | None = Field(default=None, description="to its last, also of what comes later")
    why: Why = Field(examples=["当事人申请行政复议"])
    doc_no: str | None = Field(
        default=None, min_length=1, max_length=100, description="文号 of the paper that asks for it",
        examples=["邢政复〔2026〕12号"],
    )  # fmt: skip

    @model_validator(mode="after")
    def one_thing(self) -> "HoldIn":
        party = self.party_code or self.party_name
        if sum(bool(given) for given in (self.clip, self.case, party, self.device)) != 1:
            raise ValueError("name exactly one of clip, case, party, device")
        if (self.since or self.until) and not self.device:
            raise ValueError("since and until are for what a device recorded")
        if self.since and self.until and self.until <= self.since:
            raise ValueError("until must lie after since")
        return self

    @property
    def kind(self) -> HoldKind:
        if self.clip:
            return HoldKind.CLIP
        if self.case:
            return HoldKind.CASE
        return HoldKind.DEVICE if self.device else HoldKind.PARTY


def place(session: Session, given: HoldIn, actor: str, unit_id: str | None) -> LegalHold:
    """The same hold twice is one: the one that stands. Raises Refused for what is not there, or no more.

    The line stands in the site's chain: a destruction takes that chain's lock before it looks for holds.
    """
    custody.take(session, custody.SITE)
    for model, ref in ((Clip, given.clip), (CaseRecord, given.case), (Device, given.device)):
        if ref is not None and session.get(model, ref) is None:
            raise Refused("hold.unknown", ref=ref)
    if given.clip:
        must_be_there(session, given.clip)
    wanted: dict[str, Any] = {
        "kind": given.kind, "clip_id": given.clip, "case_uid": given.case, "party_code": given.party_code,
        "party_name": given.party_name, "device_id": given.device, "span_from": given.since,
        "span_to": given.until, "unit_id": unit_id, "why": given.why, "doc_no": given.doc_no,
    }  # fmt: skip
    same = select(LegalHold).where(*(getattr(LegalHold, name) == value for name, value in wanted.items()))
    if (before := session.exec(same.where(col(LegalHold.lifted_at).is_(None))).first()) is not None:
        return before
    hold = LegalHold(**wanted, placed_by=actor)
    session.add(hold)
    paper = {"doc_no": given.doc_no} if given.doc_no else {}
    append(session, "HOLD_PLACED", actor, hold, {"why": given.why, "kind": given.kind, **paper})
    return hold


def lift(session: Session, hold: LegalHold, why: str, actor: str) -> LegalHold:
    """Raises Refused if it was lifted already."""
    custody.take(session, custody.SITE)
    session.refresh(hold)
    if hold.lifted_at is not None:
        raise Refused("hold.lifted", by=hold.lifted_by, at=told(hold.lifted_at))
    hold.lifted_by, hold.lifted_at, hold.lifted_why = actor, now(), why
    session.add(hold)
    append(session, "HOLD_LIFTED", actor, hold, {"why": why})
    return hold


def append(session: Session, event: str, actor: str, hold: LegalHold, detail: dict[str, Any]) -> None:
    detail = {"hold": hold.id, **detail}
    custody.append(session, custody.SITE, event, actor, hold.clip_id or hold.id, (hold,), detail)


def mark(session: Session, clip_id: str, flag: Flag, why: str, actor: str) -> RetentionFlag:
    """A person marks a clip; the same mark twice is one. Raises Refused for a clip that was destroyed."""
    custody.take(session, custody.SITE)
    must_be_there(session, clip_id)
    same = select(RetentionFlag).where(
        RetentionFlag.clip_id == clip_id, RetentionFlag.flag == flag, col(RetentionFlag.lifted_at).is_(None)
    )
    if (before := session.exec(same).first()) is not None:
        return before
    row = RetentionFlag(clip_id=clip_id, flag=flag.value, why=why, set_by=actor)
    session.add(row)
    detail = {"flag": flag, "why": why}
    custody.append(session, custody.SITE, "FLAGGED", actor, clip_id, (row,), detail)
    return row


def unmark(session: Session, row: RetentionFlag, why: str, actor: str) -> RetentionFlag:
    """Raises Refused if it was taken back already."""
    custody.take(session, custody.SITE)
    session.refresh(row)
    if row.lifted_at is not None:
        raise Refused("hold.lifted", by=row.lifted_by, at=told(row.lifted_at))
    row.lifted_by, row.lifted_at, row.lifted_why = actor, now(), why
    session.add(row)
    detail = {"flag": row.flag, "why": why}
    custody.append(session, custody.SITE, "UNFLAGGED", actor, row.clip_id, (row,), detail)
    return row


def must_be_there(session: Session, clip_id: str) -> None:
    """Raises Refused for what was destroyed, with the id of the record that is left of it."""
    original = session.get(Original, clip_id)
    if original is not None and original.duplicate_of is not None:
        original = session.get(Original, original.duplicate_of)
    if original is not None and original.state is State.DESTROYED:
        left = select(DestructionRecord.id).where(DestructionRecord.original_id == original.id)
        raise Refused(DESTROYED, clip=clip_id, record=session.exec(left).first() or "—")


def told(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
