"""What the API answers: one model for each thing, with reasons as sentences in both languages."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from gateway.models import (
    Clip,
    CustodyEvent,
    DestructionRecord,
    Finding,
    Link,
    Offload,
    OrderRow,
    Original,
    Rendition,
)
from gateway.wording import sentence


class Shape(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ReasonOut(BaseModel):
    code: str = Field(examples=["custody.allocated"])
    rule: str | None = Field(default=None, examples=["LK-4"])
    passed: bool | None = None
    facts: dict[str, Any] = {}
    zh: str = Field(examples=["设备自 2024-05-01T00:00:00+00:00 起配备给 zhang"])
    en: str

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> "ReasonOut | None":
        return None if not stored else cls.told(stored)

    @classmethod
    def told(cls, stored: dict[str, Any]) -> "ReasonOut":
        return cls(zh=sentence(stored, "zh"), en=sentence(stored, "en"), **{
            name: stored[name] for name in ("code", "rule", "passed", "facts") if name in stored
        })  # fmt: skip


class OffloadOut(Shape):
    id: str
    device_id: str
    bay: str | None
    volume: str
    opened_at: datetime
    closed_at: datetime | None
    files: int = 0

    @classmethod
    def of(cls, row: Offload) -> "OffloadOut":
        shown = cls.model_validate(row)
        shown.files = len(row.listing)
        return shown


class ReceiptOut(Shape):
    offload_id: str
    revision: int
    sealed_at: datetime
    digest: str
    body: dict[str, Any]


class FindingOut(Shape):
    id: str
    device_id: str
    offload_id: str | None
    seen_at: datetime
    name: str
    size: int
    disposition: str
    original_id: str | None
    release: str | None
    reason: ReasonOut | None = None

    @classmethod
    def of(cls, row: Finding) -> "FindingOut":
        shown = cls.model_validate(row)
        shown.reason = ReasonOut.of(row.why)
        return shown


class LinkOut(BaseModel):
    id: str
    clip_id: str
    case_uid: str
    activity_id: str | None
    document_id: str | None
    t0_s: float | None = Field(description="the part of the clip, in seconds from its start; null: all of it")
    t1_s: float | None
    status: str
    verdict: str = Field(examples=["VALID_WITH_NOTE"])
    score: float
    reasons: list[ReasonOut]
    losers: list[dict[str, Any]]
    rule_pack: str
    made_by: str
    made_at: datetime
    matter: str | None
    matter_proposed: str | None = Field(
        description="证明对象 as the kind of step proposes it; a person confirms"
    )
    supersedes: str | None
    ended_at: datetime | None
    ended_why: ReasonOut | None
    doubt: ReasonOut | None = Field(description="a person decided it, and the facts now say something else")

    @classmethod
    def of(cls, row: Link) -> "LinkOut":
        told = row.model_dump(exclude={"reasons", "ended_why", "losers", "doubt"})
        losers = [{**lost, "why": ReasonOut.told(lost["why"]).model_dump()} for lost in row.losers]
        return cls(
            **told,
            reasons=[ReasonOut.told(reason) for reason in row.reasons],
            losers=losers,
            ended_why=ReasonOut.of(row.ended_why),
            doubt=ReasonOut.of(row.doubt),
        )


class RenditionOut(Shape):
    kind: str
    media_type: str
    size: int
    sha256: str
    parent_sha256: str
    command: list[str]
    tool: str
    made_at: datetime

    @classmethod
    def of(cls, row: Rendition) -> "RenditionOut":
        return cls.model_validate(row)


class DestructionOut(Shape):
    """What is left of an original that was destroyed, beside its row and its chain of custody."""

    id: str
    original_id: str
    clip_id: str
    run_id: str
    name: str
    size: int
    sha256: str
    sm3: str | None
    labels: dict[str, Any]
    links: list[dict[str, Any]]
    rule: ReasonOut
    due_on: str | None
    rule_pack: str
    why: str
    authority: str | None
    proposed_by: str
    approved_by: str
    begun_at: datetime
    gone_at: datetime | None

    @classmethod
    def of(cls, row: DestructionRecord) -> "DestructionOut":
        told = row.model_dump(exclude={"rule", "device_id"})
        return cls(
            **told, rule=ReasonOut.told(row.rule), due_on=row.rule["on"], rule_pack=row.rule["rule_pack"]
        )


class ClipOut(BaseModel):
    """A clip: where its bytes stand, what it is, its labels, why it is or is not linked."""

    id: str
    device_id: str
    name: str
    kind: str = Field(examples=["VIDEO"])
    size: int
    state: str = Field(examples=["PRESERVED"], description="of the bytes")
    described: str = Field(examples=["READY"])
    verified: bool = Field(description="the second read agreed; a clip is playable before")
    sha256: str | None
    sm3: str | None
    duration_s: float | None
    important: bool = Field(description="marked by the device, or by an order")
    important_by_device: bool = Field(description="the device's own mark (重要级别（设备）)")
    captured_from: datetime | None
    captured_to: datetime | None
    uncertainty_s: float | None
    time_source: str | None
    times: list[dict[str, Any]]
    labels: dict[str, str | None]
    secrecy: str | None = Field(description="`state_secret`, `trade_secret`, `privacy`; null: nobody said")
    transcript: str | None = Field(description="where the words of a sound recording are written down")
    condition: ReasonOut | None
    quarantine: ReasonOut | None
    unlinked: ReasonOut | None
    returns: str | None = Field(description="the destroyed clip whose content came in again with this one")

    @classmethod
    def of(cls, pair: tuple[Clip, Original]) -> "ClipOut":
        clip, original = pair
        return cls(
            **original.model_dump(include={"name", "size", "sha256", "sm3"}),
            **clip.model_dump(
                include={
                    "id", "device_id", "kind", "duration_s", "important", "uncertainty_s", "time_source",
                    "secrecy", "transcript",
                }
            ),
            state=original.state.value,
            described=clip.described.value,
            important_by_device=bool(clip.declared.get("important")),
            verified=original.verified_at is not None and original.state.value != "QUARANTINED",
            captured_from=clip.started_at,
            captured_to=clip.ended_at,
            times=clip.times or [],
            labels={
                "case_no": clip.case_no,
                "captured_at": clip.started_at.isoformat() if clip.started_at else None,
                "place": clip.place,
                "officer": clip.officer_id,
                "matter": clip.matter,
            },
            condition=ReasonOut.of(clip.condition),
            quarantine=ReasonOut.of(original.quarantine or clip.quarantine),
            unlinked=ReasonOut.of(clip.unlinked),
            returns=original.returns,
        )  # fmt: skip


class ClipWhole(ClipOut):
    archivable: bool = Field(description="all five labels are given, of each link not rejected (R-01)")
    not_archivable: list[ReasonOut] = Field(description="what is missing")
    links: list[LinkOut]
    renditions: list[RenditionOut]
    attachments: list[str]
    destruction: DestructionOut | None = Field(description="of a clip whose state is DESTROYED")


class CustodyOut(Shape):
    chain: str
    seq: int
    at: datetime
    event: str
    actor: str
    subject: str
    rows: list[dict[str, str]]
    detail: dict[str, Any]
    previous: str
    digest: str

    @classmethod
    def of(cls, row: CustodyEvent) -> "CustodyOut":
        return cls.model_validate(row)


class OrderOut(Shape):
    id: str
    kind: str
    device_id: str | None
    clip_id: str | None
    asked_by: str
    asked_at: datetime
    deadline: datetime
    state: str
    ended_at: datetime | None
    result: dict[str, Any] | None

    @classmethod
    def of(cls, row: OrderRow) -> "OrderOut":
        return cls.model_validate(row)
