"""A paper of a case (文书) as it comes in: what the 询问笔录 and the approval forms carry (regulations 7)."""

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gateway.case_sources.told import HandlerIn, Id, Incoming, Long, Text, identity_no
from gateway.instants import Moment
from gateway.rules import identity


class AskedIn(Incoming):
    """被询问人. A witness is no party whom anybody looks up by number: it is masked as it comes in."""

    name: Text | None = None
    sex: Text | None = None
    age: int | None = Field(default=None, ge=0, le=150)
    id_type: Literal["resident", "passport", "other"] = Field(default="resident", exclude=True)
    id_no: str | None = Field(
        default=None, min_length=5, max_length=40, repr=False, exclude=True,
        description="身份证; kept only in masked form",
    )  # fmt: skip
    id_masked: Text | None = Field(default=None, examples=["1305**************12"])
    employer: Text | None = Field(default=None, description="单位")
    post: Text | None = Field(default=None, description="职务")
    phone: Text | None = None
    address: Text | None = None

    @field_validator("id_no")
    @classmethod
    def right(cls, told: str | None, of: ValidationInfo) -> str | None:
        return told and identity_no(told, of.data.get("id_type", "other"))

    @model_validator(mode="after")
    def masked(self) -> "AskedIn":
        if self.id_no is not None:
            self.id_masked, self.id_no = identity.masked(self.id_no), None
        elif self.id_masked is not None and "*" not in self.id_masked:
            raise ValueError("id_masked: is not masked; say it as id_no")
        elif "id_no" in self.model_fields_set and self.id_masked is None:
            self.id_masked = None  # told: there is none
        return self


class InterviewIn(Incoming):
    """What a 询问笔录 says of the asking itself."""

    started_at: Moment | None = None
    ended_at: Moment | None = None
    place: Text | None = None
    asked: AskedIn | None = Field(default=None, description="被询问人")
    askers: list[Text | HandlerIn] = Field(default_factory=list, description="询问人及执法证编号")
    recorder: Text | HandlerIn | None = Field(default=None, description="记录人")
    certificates_shown: bool | None = Field(default=None, description="表明身份与出示证件确认")
    rights_told: bool | None = Field(default=None, description="告知权利")

    @model_validator(mode="after")
    def forwards(self) -> "InterviewIn":
        if self.started_at and self.ended_at and self.ended_at < self.started_at:
            raise ValueError("interview: ends before it starts")
        return self


class OpinionIn(Incoming):
    opinion: Long | None = None
    by: Text | HandlerIn | None = None
    on: Moment | None = None


class ApprovalIn(Incoming):
    """The opinions of an approval form (立案审批表, 案件处理内部审批表 …)."""

    handler: OpinionIn | None = Field(default=None, description="承办人意见")
    section: OpinionIn | None = Field(default=None, description="承办机构意见")
    head: OpinionIn | None = Field(default=None, description="负责人审批")


class DocumentIn(Incoming):
    id: Id
    type: Text = Field(examples=["检查(勘验)笔录"])
    number: str | None = Field(default=None, examples=["冀邢市监现笔〔2024〕12号"])
    issued_at: Moment | None = None
    interview: InterviewIn | None = Field(default=None, description="of a 询问笔录")
    approval: ApprovalIn | None = Field(default=None, description="of an approval form")


PARTS: dict[str, type[Incoming]] = {"interview": InterviewIn, "approval": ApprovalIn}
"""Of a paper; each is kept as one JSON value."""


def merged(stored: Any, told: Any) -> Any:
    """What is told over what is stored, field by field; of somebody of another name nothing is known yet."""
    if isinstance(stored, dict) and isinstance(told, dict):
        if "name" in told and told["name"] != stored.get("name"):
            return told
        return stored | {name: merged(stored.get(name), value) for name, value in told.items()}
    return told


def bare(written: Any) -> Any:
    """Without what says nothing; None where nothing is left."""
    if isinstance(written, dict):
        kept = {name: value for name, inner in written.items() if (value := bare(inner)) is not None}
        return kept or None
    if isinstance(written, list):
        return [bare(one) for one in written] or None
    return written
