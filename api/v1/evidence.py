"""The evidence of a case (证据清单): as a list, as a file, as a package with the footage itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.files import attached
from api.seeing import must_see
from api.shapes import ReasonOut
from api.signin import Db, Labeller, Needs, Reader, Ruled
from api.v1.clips import store_of
from gateway.casefile import package
from gateway.casefile.evidence import Evidence, Item, evidence
from gateway.casefile.evidence_paper import evidence_paper
from gateway.casefile.package import Content
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import CaseRecord, ReportMade, now
from gateway.reports import making
from gateway.reports.making import Format, Subject
from gateway.texts import Why
from gateway.visibility import Right, Viewer

router = APIRouter(tags=["cases"])


def exporter(viewer: Labeller) -> Viewer:
    """Who labels and links *and* reads the chain: evidence staff. Others get watermarked copies."""
    return Needs(Right.CUSTODY)(viewer)


Exporter = Annotated[Viewer, Depends(exporter)]
Step = Annotated[
    str | None, Query(description="of this step alone; empty: of what is linked to none", max_length=200)
]


class ItemOut(BaseModel):
    number: int
    clip_id: str
    name: str
    kind: str
    captured_from: datetime | None
    captured_to: datetime | None
    place: str | None
    person: str | None
    device: str
    steps: list[str]
    matters: list[str] = Field(description="证明对象")
    confirmed: bool = Field(description="a person stands by every link")
    duration_s: float | None
    size: int
    sha256: str | None
    sm3: str | None
    state: str
    stored_as: str | None
    second_copy: bool | None
    flaw: ReasonOut | None = Field(description="what is wrong with the file itself")
    kept_until: date | None = Field(description="null: no day that anybody knows, see `kept_why`")
    kept_why: ReasonOut

    @classmethod
    def of(cls, one: Item) -> "ItemOut":
        clip, original = one.clip, one.original
        return cls(
            number=one.number, clip_id=clip.id, name=original.name, kind=clip.kind,
            captured_from=clip.started_at, captured_to=clip.ended_at, place=one.place, person=one.person,
            device=one.device, steps=list(one.steps), matters=list(one.matters), confirmed=one.confirmed,
            duration_s=clip.duration_s, size=original.size, sha256=original.sha256, sm3=original.sm3,
            state=original.state.value, stored_as=original.stored_as, second_copy=original.second_copy,
            flaw=ReasonOut.told(one.flaw) if one.flaw else None,
            kept_until=one.kept_until, kept_why=ReasonOut.told(one.kept_why),
        )  # fmt: skip


class EvidenceOut(BaseModel):
    case_uid: str
    items: list[ItemOut]
    hidden: int = Field(description="clips of other units, which you may not see")
    rejected: int = Field(description="clips that are no evidence by the rules")


class PackageIn(BaseModel):
    purpose: Why = Field(examples=["移送人民法院"])
    content: Content = Content.ORIGINALS
    step: str | None = Field(default=None, max_length=200, description="of this step alone")


def seen(database: Database, viewer: Viewer, law: Law, uid: str, step: str | None) -> Evidence:
    with database.read() as session:
        case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
        return evidence(session, viewer, law, case, now(), step)


@router.get("/cases/{uid}/evidence")
def evidence_list(uid: str, viewer: Reader, database: Db, law: Ruled, step: Step = None) -> EvidenceOut:
    """Each clip with what it proves, its digests, where it lies and how long it is kept; in order of time."""
    found = seen(database, viewer, law, uid, step)
    items = [ItemOut.of(one) for one in found.items]
    return EvidenceOut(case_uid=uid, items=items, hidden=found.hidden, rejected=found.rejected)


@dataclass(frozen=True, slots=True)
class File:
    made: ReportMade
    format: Format
    content: bytes


def list_file(
    database: Database,
    viewer: Viewer,
    law: Law,
    uid: str,
    wanted: Format,
    step: str | None = None,
    *,
    leaves: bool = False,
) -> File:
    """Put on record as every report is; `leaves`: as the list of a package.

    Raises Refused for a case without a unit.
    """
    at = now()
    with database.read() as session:
        case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
        if case.unit_id is None:
            raise Refused("evidence.no_unit")
        found = evidence(session, viewer, law, case, at, step)
        paper = evidence_paper(session, case, found, law.zone, at, wanted, leaves=leaves)
    content = making.file_of(paper, wanted)
    subject = Subject("evidence", case.unit_id, at.astimezone(law.zone).date().isoformat(), case=uid)
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, wanted, content, viewer.name)
    return File(made, wanted, content)


@router.get("/cases/{uid}/evidence/file", response_class=Response)
def evidence_file(
    uid: str, viewer: Reader, database: Db, law: Ruled,
    format: Annotated[Format, Query()] = Format.PDF, step: Step = None,
) -> Response:  # fmt: skip
    """The list as XLSX or PDF, to be printed and signed; each file made is on record with its digest."""
    file = list_file(database, viewer, law, uid, format, step)
    return attached(file.made, file.format, file.content)


def planned(
    session: Session, uid: str, given: PackageIn, viewer: Viewer, law: Law, listing: bytes
) -> package.Plan:
    """Raises Problem and Refused."""
    case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
    found = evidence(session, viewer, law, case, now(), given.step, most=package.MOST)
    return package.plan(session, case, found, given.content, given.purpose, viewer.name, listing)


def packed(
    request: Request, database: Database, viewer: Viewer, law: Law, uid: str, given: PackageIn
) -> Response:
    """On record before the first byte goes out, and again when it has ended."""
    asked = (uid, given, viewer, law)
    with database.read() as session:
        planned(session, *asked, b"")  # what is refused leaves no list on record
    listing = list_file(database, viewer, law, uid, Format.XLSX, given.step, leaves=True)
    with database.write() as session:
        made = planned(session, *asked, listing.content)
        package.begin(session, made)
    pieces: Iterator[bytes] = package.stream(database, store_of(request), made, law.zone)
    headers = {
        "content-disposition": f'attachment; filename="case-{made.id[-8:]}.zip"',
        "cache-control": "private, no-store",
        "x-package": made.id,
    }
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post("/cases/{uid}/package", response_class=StreamingResponse)
def case_package(
    uid: str, given: PackageIn, request: Request, viewer: Exporter, database: Db, law: Ruled
) -> Response:
    """Originals or proxies with the list, digests and each clip's chain, as a zip that is written as it goes.

    Neither bears a watermark: who may label and read the chain may have it, with a purpose; it stands in the
    chain of each clip. Files are hashed once more on their way; 结果.json in it says how each went.
    """
    return packed(request, database, viewer, law, uid, given)
