"""The log of viewings (调阅记录): who watched what, when, why, how long; and who was not let."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from api.problems import Problem
from api.shapes import ReasonOut
from api.signin import ChainReader, Db, Ruled
from gateway import viewing_log
from gateway.instants import Moment
from gateway.models import now
from gateway.reports.viewings import MOST, TYPES, LogFormat, written
from gateway.viewing_log import Kind, Line, Wanted

router = APIRouter(tags=["retrieval"])


class LineOut(BaseModel):
    kind: Kind
    at: datetime
    person: str
    clip: str | None
    name: str | None = Field(description="of the clip's file")
    device: str
    unit: str | None
    purpose: str | None
    request: str | None = Field(description="by whose grant; null: by the viewer's own right")
    ended_at: datetime | None
    seconds: float | None
    why: ReasonOut | None = Field(description="of a refusal")

    @classmethod
    def of(cls, line: Line) -> "LineOut":
        names = ("kind", "at", "person", "clip", "name", "device", "unit", "purpose", "request", "ended_at")
        told = {name: getattr(line, name) for name in names}
        return cls(**told, seconds=line.seconds, why=ReasonOut.of(line.why))


class LogPage(BaseModel):
    items: list[LineOut]
    next: datetime | None = Field(description="`until` of the next page; null on the last")


def asked(
    person: Annotated[str, Query(max_length=100)] = "",
    clip: Annotated[str, Query(max_length=64)] = "",
    device: Annotated[str, Query(max_length=100)] = "",
    request: Annotated[str, Query(max_length=64)] = "",
    kind: Kind | None = None,
    since: Moment | None = None,
    until: Annotated[Moment | None, Query(description="before this moment")] = None,
) -> Wanted:
    return Wanted(person, clip, device, request, kind, since, until)


Filters = Annotated[Wanted, Depends(asked)]


@router.get("/viewings")
def log(
    viewer: ChainReader, database: Db, wanted: Filters, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> LogPage:
    """Newest first, of footage and devices that one sees."""
    with database.read() as session:
        found = viewing_log.lines(session, viewer, wanted, limit + 1)
    shown = found[:limit]
    return LogPage(
        items=[LineOut.of(line) for line in shown], next=shown[-1].at if len(found) > limit else None
    )


@router.get("/viewings/file", response_class=Response)
def log_file(
    viewer: ChainReader, database: Db, law: Ruled, wanted: Filters, format: LogFormat = LogFormat.XLSX
) -> Response:
    """The same as a file; that it was taken is on record with its digest."""
    at = now()
    with database.read() as session:
        found = viewing_log.lines(session, viewer, wanted, MOST + 1)
    if len(found) > MOST:
        raise Problem(422, f"More than {MOST} lines", "Narrow it by `since` and `until`.")
    with database.write() as session:
        content, digest = written(session, found, wanted, format, viewer.name, at)
    name = f"viewings-{at.astimezone(law.zone):%Y%m%dT%H%M%S}.{format.value}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "x-sha256": digest}
    return Response(content, media_type=TYPES[format], headers=headers)
