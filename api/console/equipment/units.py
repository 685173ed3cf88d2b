"""The class of a unit (A、B、C 类): by which paper, for which days; entered and corrected."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError
from sqlmodel import Session

from api.console import pages
from api.console.terms import terms
from api.problems import not_found
from api.seeing import must_see
from api.signin import Db, LedgerKeeper, Reader, Ruled
from api.v1 import equipment
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Grade, Unit, UnitClass
from gateway.qualifications import ClassIn
from gateway.visibility import Viewer
from gateway.wording import Reason

router = APIRouter()

PATH = "/equipment/units/{unit_id}"
Day = Annotated[str, Form(max_length=20)]


@router.get(PATH)
def unit_page(
    unit_id: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    replaces: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    return show(request, viewer, database, law, unit_id, replaces)


def show(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    unit_id: str,
    replaces: str,
    *,
    wrong: bool = False,
    refused: Reason | None = None,
) -> Response:
    classes = equipment.classes(unit_id, viewer, database)
    with database.read() as session:
        unit = must_see(session, viewer, Unit, unit_id)
        old = entry(session, viewer, unit_id, replaces)
    return pages.page(
        request, "equipment_unit.html", viewer, 422 if wrong else 409 if refused else 200, unit=unit,
        classes=classes, old=old, wrong=wrong, refused=refused, today=law.today(), grades=list(Grade),
        **terms(request),
    )  # fmt: skip


def entry(session: Session, viewer: Viewer, unit_id: str, replaces: str) -> UnitClass | None:
    """Raises Problem for what the viewer may not see, and for the class of another unit."""
    old: UnitClass | None = must_see(session, viewer, UnitClass, replaces, "Entry") if replaces else None
    if old is not None and old.unit_id != unit_id:
        raise not_found("Entry")
    return old


@router.post(PATH + "/classes")
def enter(
    unit_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    grade: Annotated[str, Form(max_length=10)] = "",
    doc_no: Annotated[str, Form(max_length=200)] = "",
    valid_from: Day = "",
    valid_to: Day = "",
    replaces: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    with database.read() as session:
        entry(session, viewer, unit_id, replaces)
    try:
        given = ClassIn(
            unit=unit_id, grade=Grade(grade), doc_no=doc_no.strip(),
            valid_from=date.fromisoformat(valid_from),
            valid_to=date.fromisoformat(valid_to) if valid_to else None,
        )  # fmt: skip
        if replaces:
            equipment.correct_class(replaces, given, viewer, database)
        else:
            equipment.classify(unit_id, given, viewer, database)
    except (ValueError, ValidationError):
        return show(request, viewer, database, law, unit_id, replaces, wrong=True)
    except Refused as no:
        return show(request, viewer, database, law, unit_id, replaces, refused=no.reason)
    return RedirectResponse(f"/equipment/units/{quote(unit_id)}", 303)
