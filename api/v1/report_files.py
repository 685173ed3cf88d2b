"""Reports as files: the annual 执法数据分析报告, what was made before, and the causes that it tells of."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import select

from api.files import attached
from api.paging import Cutting, Page, page
from api.seeing import must_see
from api.shapes import Shape
from api.signin import Db, Reader, Ruled
from api.v1.reports import Span, may_see
from gateway.instants import Moment
from gateway.models import ReportMade, Snapshot, Unit, now
from gateway.reports import making, one_moment, snapshots
from gateway.reports.annual import gather
from gateway.reports.causes import Causes, causes
from gateway.reports.chapters import annual_paper
from gateway.reports.listed import behind
from gateway.reports.making import Format, Subject
from gateway.reports.quarter_paper import quarter_paper
from gateway.reports.recording import Names
from gateway.visibility import visible

router = APIRouter(tags=["reports"])


@router.get("/reports/causes")
def causes_of(viewer: Reader, database: Db, law: Ruled, asked: Annotated[Span, Query()]) -> Causes:
    """Why recordings have gaps, why links are in doubt, why clips are linked to nothing: how often each."""
    period = asked.period(law)
    with one_moment(database) as session:
        may_see(session, viewer, asked.unit)
        return causes(session, law, viewer, asked.unit, period)


class AnnualOf(BaseModel):
    unit: str = Field(description="with those below it")
    year: int = Field(ge=1900, le=2200)
    format: Format = Format.PDF
    as_of: Moment | None = Field(default=None, description="deadlines as of then; default: now")


@router.get("/reports/annual", response_class=Response)
def annual(viewer: Reader, database: Db, law: Ruled, asked: Annotated[AnnualOf, Query()]) -> Response:
    """The annual report as XLSX or PDF; each one made is on record with its digest."""
    with one_moment(database) as session:
        must_see(session, viewer, Unit, asked.unit)
        paper = annual_paper(gather(session, law, viewer, asked.unit, asked.year, asked.as_of or now()))
    content = making.file_of(paper, asked.format)
    subject = Subject("annual", asked.unit, str(asked.year))
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, asked.format, content, viewer.name)
    return attached(made, asked.format, content)


@router.get("/reports/snapshots/{snapshot_id}/file", response_class=Response)
def frozen_file(
    snapshot_id: str,
    viewer: Reader,
    database: Db,
    law: Ruled,
    wanted: Annotated[Format, Query(alias="format")] = Format.XLSX,
) -> Response:
    """A frozen quarter as XLSX or PDF: what it said then; each one made is on record with its digest."""
    with database.read() as session:
        row: Snapshot = must_see(session, viewer, Snapshot, snapshot_id)
        told = snapshots.opened(session, row)
        paper = quarter_paper(row, told, Names.read(session), behind(session, viewer, told), law.zone)
    content = making.file_of(paper, wanted)
    subject = Subject("quarter", row.unit_id, row.quarter)
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, wanted, content, viewer.name)
    return attached(made, wanted, content)


class MadeOut(Shape):
    id: str
    kind: str = Field(examples=["annual"])
    unit_id: str
    period: str
    sample_id: str | None
    case_uid: str | None = Field(description="of an evidence list")
    format: str
    as_of: datetime
    content: str = Field(description="SHA-256 of what it says, the same for both formats")
    sha256: str = Field(description="of the file")
    size: int
    made_by: str
    made_at: datetime


@router.get("/reports/files")
def files(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    unit: Annotated[str | None, Query()] = None,
    sha256: Annotated[str | None, Query(description="whose file is this?")] = None,
) -> Page[MadeOut]:
    """Reports that were made: by whom, of what, with which digest."""
    found = select(ReportMade).where(visible(viewer, ReportMade))
    if unit is not None:
        found = found.where(ReportMade.unit_id == unit)
    if sha256 is not None:
        found = found.where(ReportMade.sha256 == sha256)
    with database.read() as session:
        return page(session, found, ReportMade.id, wanted, MadeOut.model_validate)
