"""Samples of cases (案卷抽查、网上巡查): drawing, recording sheets, what was found."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.files import attached
from api.paging import Cutting, Page, page
from api.problems import not_found
from api.seeing import must_see
from api.shapes import ReasonOut, Shape
from api.signin import Checker, Db, Reader, Ruled
from gateway import custody
from gateway.models import CaseRecord, CaseSample, SampleCase, Unit, now
from gateway.reports import making
from gateway.reports.making import Format, Subject
from gateway.reports.recording import recording_sheet
from gateway.reports.remarks import Checked, RemarkIn, checked, remark, remarks_of
from gateway.reports.sample import DrawIn, cases_of, faults, sample, seal_of
from gateway.reports.sheet_lines import RecordingSheet
from gateway.reports.sheets import sheets_paper
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["samples"])


class SampleOut(Shape):
    id: str
    unit_id: str
    period: str = Field(examples=["2026-H1"])
    number: int = Field(description="which draw of this unit and period")
    why: str | None
    since: datetime
    until: datetime
    basis: str
    per_unit: bool
    wanted: int
    frame_digest: str
    method: str
    seed: str
    sealed_by: dict[str, str | int] = Field(description="the line of custody whose digest the seed is")
    drawn_by: str
    drawn_at: datetime


class RemarkOut(Shape):
    id: str
    case_uid: str
    result: str
    remark: str | None
    due_on: date | None
    answers: str | None
    made_by: str
    recorded_at: datetime


class DrawnOut(BaseModel):
    case: str
    title: str
    unit: str | None
    stratum: str
    place: int
    digest: str = Field(description="SHA-256 of seed, line feed and case")
    checked: Checked
    remarks: list[RemarkOut]


class SampleWhole(SampleOut):
    candidates: int
    frame: dict[str, str] | None = Field(description="stratum by case; null: it holds cases of other units")
    seal: str | None = Field(description="the line of custody as it is digested: its SHA-256 is the seed")
    cases: list[DrawnOut] = Field(description="those that you may see")
    faults: list[ReasonOut] = Field(description="what does not follow from frame and seed")


def whole(session: Session, viewer: Viewer, drawn: CaseSample) -> SampleWhole:
    sees_all = viewer.units is None or drawn.unit_id in viewer.units
    told = SampleOut.model_validate(drawn).model_dump()
    return SampleWhole(
        **told, candidates=len(drawn.frame), frame=drawn.frame if sees_all else None,
        seal=sealed_text(session, drawn) if sees_all else None,
        cases=cases_seen(session, viewer, drawn),
        faults=[ReasonOut.told(one) for one in faults(session, drawn)],
    )  # fmt: skip


def sealed_text(session: Session, drawn: CaseSample) -> str | None:
    line = seal_of(session, drawn)
    return custody.digested(line) if line else None


def cases_seen(session: Session, viewer: Viewer, drawn: CaseSample) -> list[DrawnOut]:
    inside = [one.case_uid for one in cases_of(session, drawn.id)]
    rows = session.exec(
        select(CaseRecord).where(col(CaseRecord.uid).in_(inside), visible(viewer, CaseRecord))
    )
    seen, remarks = {row.uid: row for row in rows}, remarks_of(session, drawn.id)
    found = []
    for one in cases_of(session, drawn.id):
        if one.case_uid in seen:
            case, own = seen[one.case_uid], [each for each in remarks if each.case_uid == one.case_uid]
            found.append(
                DrawnOut(
                    case=case.uid, title=case.title, unit=case.unit_id, stratum=one.stratum, place=one.place,
                    digest=one.digest, checked=checked(own),
                    remarks=[RemarkOut.model_validate(each) for each in own],
                )
            )  # fmt: skip
    return found


@router.post("/samples", status_code=201)
def draw(given: DrawIn, viewer: Checker, database: Db, law: Ruled) -> SampleWhole:
    """Seal the frame, take the seed from its seal, draw. Every draw stays on record."""
    with database.write() as session:
        must_see(session, viewer, Unit, given.unit)
        drawn = sample(session, law, given, viewer.name)
        session.flush()
        return whole(session, viewer, drawn)


@router.get("/samples")
def samples(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    unit: Annotated[str | None, Query(description="drawn for this unit")] = None,
    period: str | None = None,
) -> Page[SampleOut]:
    """Drawn for what one sees, or with a case that one sees."""
    found = select(CaseSample).where(visible(viewer, CaseSample))
    if unit is not None:
        found = found.where(CaseSample.unit_id == unit)
    if period is not None:
        found = found.where(CaseSample.period == period)
    with database.read() as session:
        return page(session, found, CaseSample.id, wanted, SampleOut.model_validate)


@router.get("/samples/{sample_id}")
def one_sample(sample_id: str, viewer: Reader, database: Db) -> SampleWhole:
    """With its frame, so that anybody can work it out again, and what was found."""
    with database.read() as session:
        return whole(session, viewer, must_see(session, viewer, CaseSample, sample_id, "Sample"))


def must_see_case(session: Session, viewer: Viewer, sample_id: str, case: str) -> CaseRecord:
    must_see(session, viewer, CaseSample, sample_id, "Sample")
    inside = select(SampleCase.id).where(SampleCase.sample_id == sample_id, SampleCase.case_uid == case)
    if session.exec(inside).first() is None:
        raise not_found("Case in this sample")
    found: CaseRecord = must_see(session, viewer, CaseRecord, case, "Case in this sample")
    return found


@router.get("/samples/{sample_id}/cases/{case_uid}")
def sheet(sample_id: str, case_uid: str, viewer: Reader, database: Db, law: Ruled) -> RecordingSheet:
    """全过程记录抽查表 of one case, as things stand now."""
    with database.read() as session:
        case = must_see_case(session, viewer, sample_id, case_uid)
        return recording_sheet(session, viewer, law, case, now())


@router.post("/samples/{sample_id}/cases/{case_uid}/remarks", status_code=201)
def add_remark(
    sample_id: str, case_uid: str, given: RemarkIn, viewer: Checker, database: Db, law: Ruled
) -> RemarkOut:
    """What was found in a case; a fault is followed up (`answers`) until it is settled."""
    with database.write() as session:
        must_see_case(session, viewer, sample_id, case_uid)
        drawn = session.get_one(CaseSample, sample_id)
        made = remark(session, drawn, case_uid, given, viewer.name, law.zone)
        return RemarkOut.model_validate(made)


@router.get("/samples/{sample_id}/sheets", response_class=Response)
def sheets(
    sample_id: str,
    viewer: Reader,
    database: Db,
    law: Ruled,
    format: Annotated[Format, Query()] = Format.PDF,
    case: Annotated[str | None, Query(description="of this case alone")] = None,
) -> Response:
    """The sheets of every case that one sees, to be printed and signed; each file made is on record."""
    with database.read() as session:
        drawn: CaseSample = must_see(session, viewer, CaseSample, sample_id, "Sample")
        if case is not None:
            must_see_case(session, viewer, sample_id, case)
        paper = sheets_paper(session, viewer, law, drawn, now(), case)
    content = making.file_of(paper, format)
    subject = Subject("sheets", drawn.unit_id, drawn.period, drawn.id)
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, format, content, viewer.name)
    return attached(made, format, content)
