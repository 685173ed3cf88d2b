"""Textual case records, and the links from clips to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col, or_, select

from api.paging import Cutting, CuttingByName, Page, page
from api.problems import Problem, not_found
from api.shapes import LinkOut, Shape
from api.signin import CaseWriter, Db, Labeller, Reader
from gateway import custody, receipts
from gateway.case_sources.records import CaseIn, store_case
from gateway.models import (
    Activity,
    CaseAlias,
    CaseRecord,
    Document,
    Link,
    LinkStatus,
    Original,
    now,
)
from gateway.rules import case_number
from gateway.visibility import Viewer, visible
from gateway.wording import reason

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


class Why(BaseModel):
    why: str = Field(min_length=2, max_length=300)


@router.get("/cases")
def cases(
    viewer: Reader,
    database: Db,
    wanted: CuttingByName,
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


@router.get("/links")
def links(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    clip: Annotated[str | None, Query()] = None,
    case: Annotated[str | None, Query()] = None,
    history: Annotated[bool, Query(description="also what was superseded or withdrawn")] = False,
) -> Page[LinkOut]:
    statement = select(Link).where(visible(viewer, Link))
    if clip:
        statement = statement.where(Link.clip_id == clip)
    if case:
        statement = statement.where(Link.case_uid == case)
    if not history:
        statement = statement.where(col(Link.ended_at).is_(None))
    with database.read() as session:
        return page(session, statement, Link.id, wanted, LinkOut.of)


@router.post("/links/{link_id}/confirm")
def confirm(link_id: str, given: Why, viewer: Labeller, database: Db) -> LinkOut:
    """A person stands by the link; the machine will not overturn it."""
    with database.write() as session:
        link = open_link(session, viewer, link_id)
        link.status = LinkStatus.CONFIRMED
        return decided(session, link, viewer, "LINK_CONFIRMED", given.why)


@router.post("/links/{link_id}/withdraw")
def withdraw(link_id: str, given: Why, viewer: Labeller, database: Db) -> LinkOut:
    """A person takes the link back, with the reason; it stays in the history (LK-17)."""
    with database.write() as session:
        link = open_link(session, viewer, link_id)
        link.status = LinkStatus.WITHDRAWN
        link.ended_at, link.ended_why = now(), reason("ended.withdrawn", why=given.why)
        return decided(session, link, viewer, "LINK_WITHDRAWN", given.why)


def open_link(session: Session, viewer: Viewer, link_id: str) -> Link:
    link = session.exec(
        select(Link)
        .where(Link.id == link_id, visible(viewer, Link), col(Link.ended_at).is_(None))
        .with_for_update()
    ).one_or_none()
    if link is None:
        raise not_found("Link")
    return link


def decided(session: Session, link: Link, viewer: Viewer, event: str, why: str) -> LinkOut:
    session.add(link)
    original = session.get_one(Original, link.clip_id)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, event, viewer.name, link.clip_id, (link,), {"link": link.id, "why": why})
    receipts.mark_stale(session, link.clip_id)
    return LinkOut.of(link)
