"""Textual case records."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col, or_, select

from api.paging import Cutting, Page, page
from api.problems import Problem, not_found
from api.shapes import LinkOut, Shape
from api.signin import CaseWriter, Db, Reader
from gateway.case_sources.records import CaseIn, store_case
from gateway.models import (
    Activity,
    CaseAlias,
    CaseRecord,
    Document,
    Link,
)
from gateway.rules import case_number
from gateway.visibility import visible

router = APIRouter(tags=["cases"])


class CaseOut(Shape):
    uid: str
    title: str
    unit_id: str | None
    cause: str | None
    party_name: str | None
    party_code: str | None
    handlers: list[str]
    numbers: list[str] = Field(default_factory=list)


class CaseWhole(CaseOut):
    documents: list[dict[str, Any]]
    activities: list[dict[str, Any]]
    links: list[LinkOut]


class Stored(BaseModel):
    uid: str
    changed: bool = Field(description="false: the same was here already")


@router.get("/cases")
def cases(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    number: Annotated[str | None, Query(description="any spelling of one of its numbers")] = None,
) -> Page[CaseOut]:
    statement = select(CaseRecord).where(visible(viewer, CaseRecord))
    if number:
        same = or_(
            CaseAlias.norm == case_number.normalise(number),
            CaseAlias.key == (case_number.key_text(number) or ""),
        )
        statement = statement.where(col(CaseRecord.uid).in_(select(CaseAlias.case_uid).where(same)))
    with database.read() as session:
        return page(
            session,
            statement,
            CaseRecord.uid,
            wanted,
            lambda row: short(session, row),
            lambda row: str(row.uid),
        )


def short(session: Session, case: CaseRecord) -> CaseOut:
    shown = CaseOut.model_validate(case)
    shown.numbers = list(session.exec(select(CaseAlias.raw).where(CaseAlias.case_uid == case.uid)))
    return shown


@router.get("/cases/{uid}")
def case(uid: str, viewer: Reader, database: Db) -> CaseWhole:
    """The textual record with the links of its footage."""
    with database.read() as session:
        found = session.exec(
            select(CaseRecord).where(CaseRecord.uid == uid, visible(viewer, CaseRecord))
        ).one_or_none()
        if found is None:
            raise not_found("Case")
        links = session.exec(
            select(Link).where(Link.case_uid == uid, col(Link.ended_at).is_(None), visible(viewer, Link))
        ).all()
        papers = session.exec(select(Document).where(Document.case_uid == uid)).all()
        steps = session.exec(select(Activity).where(Activity.case_uid == uid)).all()
        return CaseWhole(
            **short(session, found).model_dump(),
            documents=[paper.model_dump(mode="json") for paper in papers],
            activities=[step.model_dump(mode="json") for step in steps],
            links=[LinkOut.of(link) for link in links],
        )


@router.put("/cases/{uid}")
def put_case(uid: str, given: CaseIn, response: Response, viewer: CaseWriter, database: Db) -> Stored:
    """Store a case as given. Idempotent: the same body again changes nothing (201 new, 200 otherwise)."""
    if given.uid != uid:
        raise Problem(422, "The uid in the path differs from the one in the body")
    with database.write() as session:
        existing = session.get(CaseRecord, uid)
        if viewer.units is not None:
            owner = existing.unit_id if existing else given.unit
            if owner not in viewer.units or given.unit not in viewer.units:
                raise not_found("Case")
        changed = store_case(session, given, viewer.name, "api")
    response.status_code = 200 if existing else 201
    return Stored(uid=uid, changed=changed)
