"""The evidence list of a case, to print, to take along, and with the footage itself."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import ValidationError

from api.console import pages
from api.console.cases.telling import tools
from api.console.forms import wrong
from api.files import attached
from api.seeing import must_see
from api.signin import Db, Reader, Ruled
from api.v1.evidence import Exporter, PackageIn, list_file, packed
from gateway.casefile.evidence import evidence, is_here
from gateway.casefile.listing import glances
from gateway.casefile.package import MOST, Content
from gateway.models import CaseRecord, now
from gateway.reports.making import Format
from gateway.visibility import Right

router = APIRouter()

ROWS = 500
"""Lines of the page; the files have all of them."""


@router.get("/cases/{uid}/evidence")
def evidence_page(uid: str, request: Request, viewer: Reader, database: Db, law: Ruled) -> Response:
    with database.read() as session:
        case: CaseRecord = must_see(session, viewer, CaseRecord, uid, "Case")
        found = evidence(session, viewer, law, case, now(), most=ROWS)
        [glance] = glances(session, viewer, law, [case])
    return pages.page(
        request, "cases_evidence.html", viewer, case=case, glance=glance, found=found,
        is_here=is_here, now=now(), most=MOST,
        may_export=viewer.may(Right.LABEL) and viewer.may(Right.CUSTODY), **tools(request),
    )  # fmt: skip


@router.get("/cases/{uid}/evidence/file")
def evidence_file(
    uid: str, viewer: Reader, database: Db, law: Ruled, format: Annotated[Format, Query()]
) -> Response:
    file = list_file(database, viewer, law, uid, format)
    return attached(file.made, file.format, file.content)


@router.post("/cases/{uid}/package")
def package(
    uid: str,
    request: Request,
    viewer: Exporter,
    database: Db,
    law: Ruled,
    purpose: Annotated[str, Form(max_length=300)],
    content: Annotated[Content, Form()] = Content.ORIGINALS,
) -> Response:
    try:
        given = PackageIn(purpose=purpose, content=content)
    except ValidationError:
        raise wrong("purpose") from None
    return packed(request, database, viewer, law, uid, given)
