"""Parties (当事人、执法对象): the text and the footage of each, across cases."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.paging import Cutting, Page, page
from api.problems import not_found
from api.shapes import ClipOut, LinkOut, Shape
from api.signin import Db, Reader
from gateway.models import CaseParty, CaseRecord, Party
from gateway.parties import CaseOfParty, party_view
from gateway.visibility import visible

router = APIRouter(tags=["parties"])


class PartyShort(Shape):
    id: str
    kind: str = Field(examples=["ORGANISATION"])
    code: str | None = Field(description="统一社会信用代码")
    id_masked: str | None = Field(
        description="a citizen's identity number, masked; the whole is kept nowhere"
    )
    names: list[str] = Field(default_factory=list, description="as your own cases have it")


class CaseOfPartyOut(BaseModel):
    uid: str
    title: str
    unit_id: str | None
    name: str = Field(description="the party's, as this case has it")
    detail: dict[str, Any]
    documents: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    links: list[LinkOut]

    @classmethod
    def of(cls, one: CaseOfParty) -> "CaseOfPartyOut":
        return cls(
            **one.case.model_dump(include={"uid", "title", "unit_id"}),
            **one.told.model_dump(include={"name", "detail"}),
            documents=[paper.model_dump(mode="json") for paper in one.documents],
            activities=[step.model_dump(mode="json") for step in one.activities],
            links=[LinkOut.of(link) for link in one.links],
        )


class PartyWhole(PartyShort):
    cases: list[CaseOfPartyOut] = Field(default_factory=list)
    footage: list[ClipOut] = Field(default_factory=list)


@router.get("/parties")
def parties(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    code: Annotated[str | None, Query(description="统一社会信用代码")] = None,
    name: Annotated[str | None, Query(description="as a case has it, whole")] = None,
) -> Page[PartyShort]:
    """Those of the cases that you see. A name may be several parties'."""
    mine = select(CaseRecord.uid).where(visible(viewer, CaseRecord))
    statement = select(Party).where(visible(viewer, Party))
    if code:
        statement = statement.where(Party.code == code.strip().upper())
    if name:
        named = select(CaseParty.party_id).where(CaseParty.name == name, col(CaseParty.case_uid).in_(mine))
        statement = statement.where(col(Party.id).in_(named))
    with database.read() as session:

        def shown(party: Party) -> PartyShort:
            found = PartyShort.model_validate(party)
            names = select(CaseParty.name).where(
                CaseParty.party_id == party.id, col(CaseParty.case_uid).in_(mine)
            )
            found.names = sorted(set(session.exec(names)))
            return found

        return page(session, statement, Party.id, wanted, shown)


@router.get("/parties/{party_id}")
def party(party_id: str, viewer: Reader, database: Db) -> PartyWhole:
    """Its cases with papers, steps and links, and every clip of them once."""
    with database.read() as session:
        view = party_view(session, viewer, party_id)
        if view is None:
            raise not_found("Party")
        found = PartyWhole.model_validate(view.party)
        found.names = sorted({one.told.name for one in view.cases})
        found.cases = [CaseOfPartyOut.of(one) for one in view.cases]
        found.footage = [ClipOut.of(pair) for pair in view.footage]
        return found
