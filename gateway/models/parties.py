"""Parties of cases (当事人、执法对象): who they are, and what each case says of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, now, words


class PartyKind(StrEnum):
    CITIZEN = "CITIZEN"  # 公民
    ORGANISATION = "ORGANISATION"  # 单位


class Party(SQLModel, table=True):
    """One citizen or organisation, in however many cases (R-06). Written once, never changed.

    Names, addresses and telephones are what a case says (`caseparty`): another bureau's are not ours to show.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    kind: PartyKind = Field(sa_type=words(PartyKind))
    code: str | None = Field(default=None, unique=True)
    """统一社会信用代码."""
    id_hash: str | None = Field(default=None, unique=True)
    """Keyed hash of a citizen's identity number, which itself is kept nowhere."""
    id_masked: str | None = None
    entered_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class CaseParty(SQLModel, table=True):
    """A party as one case has it."""

    __table_args__ = (UniqueConstraint("case_uid", "party_id"),)

    id: str = Field(default_factory=new_id, primary_key=True)
    case_uid: str = Field(foreign_key="caserecord.uid", index=True)
    party_id: str = Field(foreign_key="party.id", index=True)
    place: int
    """Its number among the case's parties, from 0."""
    name: str = Field(index=True)
    detail: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    """性别、职业、住址、电话; 法定代表人、主体资格证照名称、住所."""
