"""Reports as files: the annual report to be made, and what was made before, each with its digest."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api.console import pages
from api.console.terms import terms, unit_choices
from api.paging import Cut
from api.signin import Db, Reader, Ruled
from api.v1 import report_files
from gateway.models import Unit, now
from gateway.roster import names_of

router = APIRouter()

ROWS = 50
YEARS = 6
KINDS = ("annual", "quarter", "equipment", "sheets", "evidence")
"""Kinds that have a word; any other is told as it is."""


class Asked(BaseModel):
    unit: str = Field(default="", max_length=200)
    sha256: str = Field(default="", max_length=64)
    cursor: str | None = Field(default=None, pattern="^[0-9a-f]{32}$")


@router.get("/reports/files")
def files_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    cutting = Cut(limit=ROWS, cursor=asked.cursor)
    digest = asked.sha256.strip().lower() or None
    found = report_files.files(viewer, database, cutting, asked.unit or None, digest)
    with database.read() as session:
        units = unit_choices(session, viewer)
        names = names_of(session, Unit, {one.unit_id for one in found.items})
    year = now().astimezone(law.zone).year
    return pages.page(
        request, "reports_files.html", viewer, found=found.items, following=found.next, units=units,
        names=names, asked=asked, kept=asked.model_dump(exclude={"cursor"}), kinds=KINDS,
        years=range(year, year - YEARS, -1), **terms(request),
    )  # fmt: skip
