"""A textual case record as it comes in: the fields of the provincial forms (regulations 7)."""

from datetime import timedelta
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator

from gateway.case_sources.papers import DocumentIn
from gateway.case_sources.told import HandlerIn, Id, Incoming, Long, Misplaced, Text, identity_no
from gateway.instants import Moment
from gateway.rules import identity
from gateway.rules.freshness import Edition

LARGEST_VERSION = 2**63 - 1
DAY = timedelta(days=1)
PLAIN = (
    "title", "origin", "cause", "facts", "filing_reasons", "procedure", "opened_on", "decided_on",
    "closed_on", "archived_on", "archive_no", "retention_class", "real_estate", "closing",
)  # fmt: skip
"""What a case's row holds as it was told."""
COURSE = ("opened_on", "decided_on", "closed_on", "archived_on")
LONGEST_STEP = timedelta(days=180)
"""Ours, no number of law: three times the longest 查封 (60 days), half of what a mistyped year adds."""


def credit_code(written: str) -> str:
    folded = written.strip().upper()
    if not identity.is_credit_code(folded):
        raise ValueError(
            "is no 统一社会信用代码: 18 characters, the last of which checks the others (GB 32100)"
        )
    return folded


CreditCode = Annotated[str, AfterValidator(credit_code)]


class ActivityIn(Incoming):
    id: Id
    kind: Text = Field(examples=["现场检查"])
    stage: Text = Field(default="调查取证", examples=["调查取证"])
    started_at: Moment
    ended_at: Moment
    place: str | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    room: str | None = None
    officers: list[Text] = Field(default_factory=list, description="officer id, number or certificate number")
    document: str | None = None
    notice_given: bool | None = Field(
        default=None,
        description="已告知录音录像并出示执法证: the party was told and was shown the certificates",
    )

    @model_validator(mode="after")
    def forwards(self) -> Self:
        if self.ended_at < self.started_at:
            raise Misplaced(("ended_at",), f"activity {self.id}: ends before it starts")
        if self.ended_at - self.started_at > LONGEST_STEP:
            days = (self.ended_at - self.started_at).days
            raise Misplaced(
                ("ended_at",),
                f"activity {self.id}: lasts {days} days, and no step lasts more than {LONGEST_STEP.days};"
                " is a year mistyped?",
            )
        return self


class PartyIn(Incoming):
    """当事人: a citizen, or an organisation. Who it is, its code or identity number says; never its name."""

    kind: Literal["CITIZEN", "ORGANISATION"]
    name: Text
    code: CreditCode | None = Field(default=None, description="统一社会信用代码, of an organisation")
    id_type: Literal["resident", "passport", "other"] = "resident"
    id_no: str | None = Field(
        default=None, min_length=5, max_length=40, repr=False,
        description="of a citizen; kept only as a keyed hash and in masked form",
    )  # fmt: skip
    sex: str | None = None
    occupation: str | None = None
    representative: str | None = Field(default=None, description="法定代表人")
    licence: str | None = Field(default=None, description="主体资格证照名称")
    address: str | None = None
    phone: str | None = None

    @model_validator(mode="after")
    def fits_its_kind(self) -> Self:
        if self.kind == "CITIZEN" and self.code:
            raise ValueError(
                "code: a citizen has none; an individual business (个体工商户) is an ORGANISATION"
            )
        if self.kind == "ORGANISATION" and self.id_no:
            raise ValueError("id_no: an organisation has none")
        if self.id_no is not None:
            self.id_no = identity_no(self.id_no, self.id_type)
        return self


class DecisionIn(Incoming):
    number: Text | None = Field(default=None, examples=["冀邢市监罚决〔2024〕27号"])
    kinds: list[Text] = Field(default_factory=list, examples=[["罚款"]], description="处罚种类")
    basis: Long | None = Field(default=None, description="依据")
    content: Long | None = Field(default=None, description="处罚内容")


class ServiceIn(Incoming):
    document: Text | None = None
    method: Text = Field(examples=["直接", "留置", "公告", "电子"])
    served_on: Moment | None = None
    witness: Text | None = None


class LegalReviewIn(Incoming):
    required: bool
    opinion: Long | None = None
    reviewed_on: Moment | None = None
    reviewer: Text | None = None


class ArchiveIn(Incoming):
    fonds: Text | None = Field(default=None, description="全宗号")
    catalogue: Text | None = Field(default=None, description="目录号")
    file: Text | None = Field(default=None, description="案卷号")


class CaseIn(Incoming):
    """A case with its numbers, parties, papers and steps. Sending the same again changes nothing.

    `version` or `updated_at` is the case system's own: what is older than what we have changes nothing.
    """

    uid: Id
    version: int | None = Field(default=None, ge=0, le=LARGEST_VERSION)
    updated_at: Moment | None = None
    title: Text = Field(examples=["某某商店销售过期食品案"])
    numbers: list[Text] = Field(default_factory=list, examples=[["冀邢市监罚〔2024〕27号"]])
    unit: str | None = None
    origin: str | None = Field(default=None, description="案件来源", examples=["投诉举报"])
    cause: str | None = Field(default=None, description="案由")
    facts: Long | None = Field(default=None, description="案情")
    filing_reasons: Long | None = Field(default=None, description="立案理由")
    party_name: str | None = Field(default=None, description="with `party_code`, short for one organisation")
    party_code: CreditCode | None = Field(default=None, description="统一社会信用代码 of that party")
    parties: list[PartyIn] = Field(default_factory=list)
    procedure: str | None = None
    opened_on: Moment | None = None
    decided_on: Moment | None = None
    closed_on: Moment | None = None
    archived_on: Moment | None = None
    archive_no: Text | None = Field(default=None, description="归档号", examples=["20240001"])
    archive: ArchiveIn | None = None
    retention_class: Literal["permanent", "30y", "10y"] | None = Field(default=None, description="保管期限")
    real_estate: bool | None = Field(
        default=None, description="涉及不动产; null or left out: not known, and then footage stays longest"
    )
    handlers: list[Text | HandlerIn] = Field(default_factory=list, description="承办人")
    decision: DecisionIn | None = None
    services: list[ServiceIn] = Field(default_factory=list, description="送达")
    legal_review: LegalReviewIn | None = Field(default=None, description="法制审核")
    closing: Long | None = Field(default=None, description="结案方式")
    documents: list[DocumentIn] = Field(default_factory=list)
    activities: list[ActivityIn] = Field(default_factory=list)
    _partial: bool = PrivateAttr(default=False)
    _parties_kept: bool = PrivateAttr(default=False)
    _papers_at: list[str] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def consistent(self) -> Self:
        self.in_order()
        papers = {paper.id for paper in self.documents}
        steps = [step.id for step in self.activities]
        for place, step in enumerate(self.activities):
            here = "activities", place
            if step.document is not None and step.document not in papers:
                said = f"activity {step.id}: no document {step.document!r} in this case"
                raise Misplaced((*here, "document"), said)
            if step.id in steps[:place]:
                raise Misplaced((*here, "id"), f"activity {step.id}: this id is used twice")
        if self.parties and (self.party_name or self.party_code):
            raise Misplaced(
                ("parties",), "parties: say them there, or one by party_name and party_code, not both"
            )
        codes = [one.code or one.id_no for one in self.parties if one.code or one.id_no]
        if len(set(codes)) < len(codes):
            raise Misplaced(("parties",), "parties: the same party is there twice")
        return self

    def in_order(self) -> None:
        """With a day of slack: who knows only the day writes its midnight."""
        for earlier, later in combinations(COURSE, 2):
            before, after = getattr(self, earlier), getattr(self, later)
            if before is not None and after is not None and after <= before - DAY:
                raise Misplaced((later,), f"{later}: is earlier than {earlier}")

    def in_part(self) -> Self:
        """Of a table: what it has no column for it does not speak of, and that is kept as it is."""
        self._partial = True
        return self

    def found_at(self, papers: list[str]) -> Self:
        """Where in its file the type of each paper stands."""
        self._papers_at = papers
        return self

    @property
    def papers_at(self) -> list[str]:
        return self._papers_at

    def tells(self, name: str) -> bool:
        return not self._partial or name in self.model_fields_set

    def keep_parties(self) -> None:
        self._parties_kept = True

    @property
    def is_partial(self) -> bool:
        return self._partial

    @property
    def keeps_parties(self) -> bool:
        return self._parties_kept

    @property
    def edition(self) -> Edition:
        return Edition(self.version, self.updated_at)

    def all_parties(self) -> list[PartyIn]:
        if self.parties or not (self.party_name and self.party_code):
            return self.parties  # a bare name does not even say whether it is a citizen's
        return [PartyIn(kind="ORGANISATION", name=self.party_name, code=self.party_code)]

    def all_numbers(self) -> list[str]:
        """The case's own, and those of its papers and its decision: a clip may bear any of them."""
        papers = [document.number for document in self.documents if document.number]
        decided = [self.decision.number] if self.decision and self.decision.number else []
        return [*self.numbers, *papers, *decided]
