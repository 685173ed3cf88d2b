"""Officers with their certificates and annual checks (执法证、年检), and what they have in hand."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError
from sqlmodel import Session, col, or_, select

from api.console import pages
from api.console.terms import terms, unit_choices
from api.problems import not_found
from api.seeing import must_see
from api.signin import Db, LedgerKeeper, Reader, Ruled
from api.v1 import equipment
from gateway import holdings, roster
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Allocation, AnnualCheck, Checkout, Device, Officer, Unit
from gateway.qualifications import CheckIn
from gateway.rules.certificate import certificate_rule
from gateway.visibility import Viewer, units_below, visible
from gateway.wording import Reason

router = APIRouter()

ROWS = 50
PATH = "/equipment/officers"


class Asked(BaseModel):
    q: str = Field(default="", max_length=100)
    unit: str = Field(default="", max_length=200)
    after: str = Field(default="", max_length=200)


@router.get(PATH)
def officers_page(
    request: Request, viewer: Reader, database: Db, law: Ruled, asked: Annotated[Asked, Query()]
) -> Response:
    with database.read() as session:
        if asked.unit:
            must_see(session, viewer, Unit, asked.unit)
        found = session.exec(wanted(session, viewer, asked, law)).all()
        shown = found[:ROWS]
        facts: dict[str, Any] = {
            "judged": judged(session, shown, law),
            "names": roster.names_of(session, Unit, [one.unit_id for one in shown]),
            "units": unit_choices(session, viewer),
        }
    following = shown[-1].id if len(found) > ROWS else None
    kept = asked.model_dump(exclude={"after"})
    return pages.page(
        request, "equipment_officers.html", viewer, found=shown, following=following, asked=asked, kept=kept,
        **facts, **terms(request),
    )  # fmt: skip


def wanted(session: Session, viewer: Viewer, asked: Asked, law: Law) -> Any:
    statement = select(Officer).where(
        visible(viewer, Officer), holdings.serving(law.today()), col(Officer.id) > asked.after
    )
    if asked.unit:
        statement = statement.where(col(Officer.unit_id).in_(units_below(session, asked.unit)))
    if text := asked.q.strip():
        columns = (Officer.id, Officer.name, Officer.number, Officer.cert_no)
        statement = statement.where(or_(*(col(one).icontains(text, autoescape=True) for one in columns)))
    return statement.order_by(col(Officer.id)).limit(ROWS + 1)


def judged(session: Session, found: Any, law: Law) -> dict[str, Reason]:
    """AL-5, as it stands today."""
    on = law.today()
    held = holdings.certificates(session, found)
    return {one.id: dict(certificate_rule(one.name, held[one.id], on).stored()) for one in found}


@router.get(PATH + "/{officer_id}")
def officer_page(
    officer_id: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    replaces: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    return show(request, viewer, database, law, officer_id, replaces)


def show(
    request: Request,
    viewer: Viewer,
    database: Database,
    law: Law,
    officer_id: str,
    replaces: str,
    *,
    wrong: bool = False,
    refused: Reason | None = None,
) -> Response:
    with database.read() as session:
        officer = must_see(session, viewer, Officer, officer_id)
        old = must_see(session, viewer, AnnualCheck, replaces, "Entry") if replaces else None
        if old is not None and old.officer_id != officer_id:
            raise not_found("Entry")
        facts: dict[str, Any] = {
            "judged": judged(session, [officer], law)[officer_id],
            "unit": roster.names_of(session, Unit, [officer.unit_id]).get(officer.unit_id),
            "in_hand": in_hand(session, viewer, officer_id),
        }
    checks = equipment.checks(officer_id, viewer, database)
    status = 422 if wrong else 409 if refused else 200
    return pages.page(
        request, "equipment_officer.html", viewer, status, officer=officer, checks=checks, old=old,
        wrong=wrong, refused=refused, today=law.today(), **facts, **terms(request),
    )  # fmt: skip


def in_hand(session: Session, viewer: Viewer, officer_id: str) -> list[tuple[Device, roster.Held]]:
    """What he has now, by allocation or checkout, as far as the viewer sees the devices."""
    from_ledger = select(Allocation.device_id).where(Allocation.officer_id == officer_id)
    taken = select(Checkout.device_id).where(Checkout.officer_id == officer_id, col(Checkout.in_at).is_(None))
    devices = session.exec(
        select(Device).where(
            visible(viewer, Device), or_(col(Device.id).in_(from_ledger), col(Device.id).in_(taken))
        )
    ).all()
    held = roster.held_now(session, [one.id for one in devices])
    return [(one, held[one.id]) for one in devices if one.id in held and held[one.id].holder_id == officer_id]


@router.post(PATH + "/{officer_id}/checks")
def enter_check(
    officer_id: str,
    request: Request,
    viewer: LedgerKeeper,
    database: Db,
    law: Ruled,
    valid_from: Annotated[str, Form(max_length=20)] = "",
    valid_to: Annotated[str, Form(max_length=20)] = "",
    passed: Annotated[bool, Form()] = True,
    doc_no: Annotated[str, Form(max_length=200)] = "",
    replaces: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    try:
        given = CheckIn(
            officer=officer_id, passed=passed, valid_from=date.fromisoformat(valid_from),
            valid_to=date.fromisoformat(valid_to), doc_no=doc_no.strip() or None,
        )  # fmt: skip
        if replaces:
            equipment.correct_check(replaces, given, viewer, database)
        else:
            equipment.check(officer_id, given, viewer, database)
    except (ValueError, ValidationError):
        return show(request, viewer, database, law, officer_id, replaces, wrong=True)
    except Refused as no:
        return show(request, viewer, database, law, officer_id, replaces, refused=no.reason)
    return RedirectResponse(f"{PATH}/{quote(officer_id)}", 303)
