"""The textual side: case records, their papers and steps, and the links from clips to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, no_items, now, words
from gateway.models.spans import index_long


class LinkStatus(StrEnum):
    PROPOSED = "PROPOSED"
    CONFIRMED = "CONFIRMED"
    WITHDRAWN = "WITHDRAWN"


class CaseRecord(SQLModel, table=True):
    """A textual case record (案卷). `uid` is ours or the case system's; numbers are aliases."""

    # the list shows first what moved last
    __table_args__ = (Index("ix_caserecord_updated_at_uid_unit_id", "updated_at", "uid", "unit_id"),)

    uid: str = Field(primary_key=True)
    title: str
    unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    origin: str | None = None
    """案件来源."""
    cause: str | None = None
    """案由."""
    facts: str | None = None
    """案情."""
    filing_reasons: str | None = None
    """立案理由."""
    party_name: str | None = None
    """The first party (当事人), for lists; all of them are in `caseparty`."""
    party_code: str | None = Field(default=None, index=True)
    """统一社会信用代码 of the first party."""
    procedure: str | None = None
    opened_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    archived_on: datetime | None = Field(default=None, sa_type=UtcDateTime)
    archive_no: str | None = Field(default=None, index=True)
    """归档号: counts within one unit, so it is no alias by which clips are linked."""
    retention_class: str | None = None
    """保管期限 of the file: `permanent`, `30y` or `10y`."""
    real_estate: bool | None = None
    """None is not known; a column that is never empty would change what the chain says of every older row."""
    former_parties: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """Who was a party once and is told no more, each `name` and `code`: a legal hold still reaches it."""
    handlers: list[str] = Field(default_factory=no_items, sa_type=Json)
    """Officer ids of the 承办人."""
    certificates: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """The handlers as the form names them: `officer`, `name`, `cert_no` (执法证编号)."""
    decision: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """处罚种类、依据、内容 and the decision's number."""
    services: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)
    """送达: document, method, day, witness."""
    legal_review: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """法制审核: whether it was required, opinion, day."""
    closing: str | None = None
    """How it ended (结案方式)."""
    archive: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """全宗号、目录号、案卷号."""
    told_version: int | None = Field(default=None, sa_type=BigInteger)
    """The case system's own version of what we have; an older one is not taken any more."""
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    source: str = "manual"
    updated_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class CaseAlias(SQLModel, table=True):
    """A number under which a case is known (文号、案号), as written and normalised."""

    __table_args__ = (UniqueConstraint("case_uid", "norm"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    raw: str
    norm: str = Field(index=True)
    key: str | None = Field(default=None, index=True)
    """Its parts (org, kind, year, sub-unit, serial), equal for two spellings of one number."""


class Document(SQLModel, table=True):
    """A paper of a case (文书), such as 现场笔录 or 行政处罚决定书."""

    id: str = Field(primary_key=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    type: str
    number: str | None = None
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    interview: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Of a 询问笔录: from when to when, where, who was asked, who asked and wrote, what they were told."""
    approval: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Of an approval form: 承办人意见、承办机构意见、负责人审批, each with its person and day."""
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Set when the case system no longer has this paper; steps and links that name it keep their history."""


class Activity(SQLModel, table=True):
    """One step of enforcement (执法环节) with its time, place and officers."""

    __table_args__ = (Index("ix_activity_started_at_ended_at", "started_at", "ended_at"),)

    id: str = Field(primary_key=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    kind: str
    stage: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime = Field(sa_type=UtcDateTime)
    place: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    room_id: str | None = Field(default=None, foreign_key="room.id")
    officers: list[str] = Field(default_factory=no_items, sa_type=Json)
    document_id: str | None = Field(default=None, foreign_key="document.id")
    notice_given: bool | None = None
    """告知、出示证件: the party was told of the recording and shown the certificates (R-11, R-15)."""
    told: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """`officers` and `place` as the step itself tells them, where its 询问笔录 says more."""
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Set when the case system no longer has this step; links that stood on it keep their history."""


index_long("ix_activity_long", Activity.started_at, Activity.ended_at)


class Link(SQLModel, table=True):
    """Clip (or a part of it) to case, activity and document, with verdict and reasons."""

    id: str = Field(default_factory=new_id, primary_key=True)
    clip_id: str = Field(foreign_key="clip.id", index=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    activity_id: str | None = Field(default=None, foreign_key="activity.id", index=True)
    document_id: str | None = Field(default=None, foreign_key="document.id")
    t0_s: float | None = None
    t1_s: float | None = None
    status: LinkStatus = Field(default=LinkStatus.PROPOSED, index=True, sa_type=words(LinkStatus))
    verdict: str
    score: float
    reasons: list[dict[str, Any]] = Field(sa_type=Json)
    losers: list[dict[str, Any]] = Field(default_factory=no_items, sa_type=Json)
    facts: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    fingerprint: str | None = None
    """Of what it says and why: equal for two decisions that are the same."""
    doubt: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """Of a link that a person decided: what the facts say now, where that is something else."""
    rule_pack: str
    matter: str | None = None
    """证明对象 of this link: only a person knows it (LK-13)."""
    matter_proposed: str | None = None
    """What the kind of the step proposes."""
    made_by: str = "gateway"
    made_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    supersedes: str | None = Field(default=None, foreign_key="link.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Set when a later link took its place or it was withdrawn; history stays."""
    ended_why: dict[str, Any] | None = Field(default=None, sa_type=Json)


class RulePackUse(SQLModel, table=True):
    """Which rule pack held for a unit from when on, whole, so that old links stay explained."""

    id: str = Field(default_factory=new_id, primary_key=True)
    unit: str = Field(default="", index=True)
    """Empty: the site's own."""
    pack: str
    version: int
    digest: str
    body: dict[str, Any] = Field(sa_type=Json)
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class RelinkDue(SQLModel, table=True):
    """A fact changed: links it can affect are to be decided anew."""

    id: str = Field(default_factory=new_id, primary_key=True)
    why: str
    clip_id: str | None = None
    device_id: str | None = None
    alias_norm: str | None = None
    recording_id: str | None = None
    """Every clip of that take, as it is when this is worked off."""
    unit_id: str | None = None
    """Every clip of the cameras of that unit from `from_at` until before `to_at`."""
    from_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    to_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    found_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Clips that were found since then, whenever they were recorded."""
    written_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    cursor: str | None = None
    """The last clip that was decided, while there are more."""
