"""How units are equipped (配备情况); what people enter of devices, units and officers is only superseded."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlmodel import Session, col, select

from api.equipment import DeviceOut
from api.files import attached
from api.problems import Problem
from api.roster import ListedOut, RosterFilter, RosterOut
from api.seeing import must_see
from api.sheets import CheckOut, ClassOut, HolderOut, SheetOut, StandingOut
from api.signin import Db, LedgerKeeper, Reader, Ruled
from gateway import compliance, device_facts, holdings, ledger, qualifications, roster, standing
from gateway.compliance import Sheet, Span
from gateway.device_facts import DeviceFacts
from gateway.instants import Day, Moment
from gateway.law import Law
from gateway.models import AnnualCheck, Device, Officer, Room, Standing, Unit, UnitClass
from gateway.qualifications import CheckIn, ClassIn
from gateway.reports import making
from gateway.reports.equipment_paper import equipment_paper
from gateway.reports.making import Format, Subject
from gateway.standing import StandingIn
from gateway.visibility import Viewer

router = APIRouter(tags=["equipment"])

LONGEST = timedelta(days=400)
ALL_UNITS = "全部单位"


@router.get("/equipment/sheet")
def sheet(
    viewer: Reader,
    database: Db,
    law: Ruled,
    unit: Annotated[str | None, Query(description="with those below; default: all you see")] = None,
    on: Annotated[Day | None, Query(description="how things stood on that day; default: today")] = None,
    since: Annotated[
        Day | None, Query(description="checkouts from that day on; default: the first of the month")
    ] = None,
) -> SheetOut:
    """Required, held, in service, below spec, over quota, idle: each number with its rule and source."""
    with database.read() as session:
        return SheetOut.of(sheet_of(session, viewer, law, unit, on, since))


def sheet_of(
    session: Session, viewer: Viewer, law: Law, unit: str | None, on: date | None, since: date | None
) -> Sheet:
    day = on or datetime.now(law.zone).date()
    first = since or day.replace(day=1)
    if not day - LONGEST <= first <= day:
        raise Problem(422, "The span is empty or too long", "`since` comes before `on`, at most 400 days.")
    if unit is not None:
        must_see(session, viewer, Unit, unit)
    return compliance.sheet(session, law.packs, Span(first, day, law.zone), unit, viewer.units)


@router.get("/equipment/sheet/file", response_class=Response)
def sheet_file(
    viewer: Reader,
    database: Db,
    law: Ruled,
    unit: Annotated[str | None, Query()] = None,
    on: Annotated[Day | None, Query()] = None,
    since: Annotated[Day | None, Query()] = None,
    wanted: Annotated[Format, Query(alias="format")] = Format.XLSX,
) -> Response:
    """The same as XLSX or PDF; each one made is on record with its digest."""
    with database.read() as session:
        found = sheet_of(session, viewer, law, unit, on, since)
        name = session.get_one(Unit, unit).name if unit else ALL_UNITS
        paper = equipment_paper(found, name, unit)
    content = making.file_of(paper, wanted)
    subject = Subject("equipment", unit or "", found.span.on.isoformat())
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, wanted, content, viewer.name)
    return attached(made, wanted, content)


@router.get("/equipment/devices")
def devices(
    viewer: Reader,
    database: Db,
    law: Ruled,
    asked: Annotated[RosterFilter, Query()],
) -> RosterOut:
    """Devices in order of id: where each stands, who has it now, when it was docked last, what it lacks."""
    with database.read() as session:
        if asked.unit is not None:
            must_see(session, viewer, Unit, asked.unit)
        found, following = roster.roster(session, viewer, law, asked.wanted, asked.cursor or "", asked.limit)
    return RosterOut(items=[ListedOut.of(one) for one in found], next=following)


@router.get("/devices/{device_id}/holder")
def holder(
    device_id: str,
    viewer: Reader,
    database: Db,
    at: Annotated[Moment, Query(description="who had it then")],
    known_at: Annotated[
        Moment | None, Query(description="by what the ledger told then; default: now")
    ] = None,
) -> HolderOut:
    """Who had a device at a moment, and where it stood; also what one would have answered at another."""
    with database.read() as session:
        device = must_see(session, viewer, Device, device_id)
        found = ledger.held(session, device_id, at, known_at)
        return HolderOut.of(at, known_at, found, holdings.status_of(session, device, at, known_at))


@router.put("/devices/{device_id}/facts")
def register_facts(device_id: str, given: DeviceFacts, viewer: LedgerKeeper, database: Db) -> DeviceOut:
    """What the registry knows of a device; what is not given stays. Its status has entries of its own."""
    if given.id != device_id or given.status is not None:
        raise Problem(
            422, "The request is not as documented", "`id` is the path's; no `status`: POST a standing."
        )
    with database.write() as session:
        must_see(session, viewer, Device, device_id)
        for model, ref in ((Unit, given.unit), (Room, given.room), (Officer, given.keeper)):
            if ref is not None:
                must_see(session, viewer, model, ref)
        return DeviceOut.of(device_facts.store(session, given, viewer.name), [], {})


@router.get("/devices/{device_id}/standings")
def standings(device_id: str, viewer: Reader, database: Db) -> list[StandingOut]:
    """Where a device stood since when, also what was superseded; the newest first."""
    with database.read() as session:
        must_see(session, viewer, Device, device_id)
        return [StandingOut.of(row) for row in standing.history(session, device_id)]


@router.post("/devices/{device_id}/standings", status_code=201)
def stand(device_id: str, given: StandingIn, viewer: LedgerKeeper, database: Db) -> StandingOut:
    """Enter from when on a device has a status, and why. RETIRED: only with its paper and empty (AL-9)."""
    same(given.device, device_id, "device")
    with database.write() as session:
        must_see(session, viewer, Device, device_id)
        return StandingOut.of(standing.enter(session, given, viewer.name))


@router.put("/standings/{standing_id}")
def correct_standing(standing_id: str, given: StandingIn, viewer: LedgerKeeper, database: Db) -> StandingOut:
    """Correct an entry: the old one is superseded and stays readable."""
    with database.write() as session:
        must_see(session, viewer, Standing, standing_id)
        must_see(session, viewer, Device, given.device)
        return StandingOut.of(standing.enter(session, given, viewer.name, replaces=standing_id))


@router.get("/units/{unit_id}/classes")
def classes(unit_id: str, viewer: Reader, database: Db) -> list[ClassOut]:
    """A、B、C 类 of a unit, also what was superseded; the newest first."""
    with database.read() as session:
        must_see(session, viewer, Unit, unit_id)
        return [
            ClassOut.model_validate(row) for row in rows_of(session, UnitClass, UnitClass.unit_id, unit_id)
        ]


@router.post("/units/{unit_id}/classes", status_code=201)
def classify(unit_id: str, given: ClassIn, viewer: LedgerKeeper, database: Db) -> ClassOut:
    """Enter the class of a unit, with the paper that decided it."""
    same(given.unit, unit_id, "unit")
    with database.write() as session:
        must_see(session, viewer, Unit, unit_id)
        return ClassOut.model_validate(qualifications.classify(session, given, viewer.name))


@router.put("/classes/{class_id}")
def correct_class(class_id: str, given: ClassIn, viewer: LedgerKeeper, database: Db) -> ClassOut:
    with database.write() as session:
        must_see(session, viewer, UnitClass, class_id)
        must_see(session, viewer, Unit, given.unit)
        return ClassOut.model_validate(
            qualifications.classify(session, given, viewer.name, replaces=class_id)
        )


@router.get("/officers/{officer_id}/checks")
def checks(officer_id: str, viewer: Reader, database: Db) -> list[CheckOut]:
    """年检 of an officer's certificate, also what was superseded; the newest first."""
    with database.read() as session:
        must_see(session, viewer, Officer, officer_id)
        found = rows_of(session, AnnualCheck, AnnualCheck.officer_id, officer_id)
        return [CheckOut.model_validate(row) for row in found]


@router.post("/officers/{officer_id}/checks", status_code=201)
def check(officer_id: str, given: CheckIn, viewer: LedgerKeeper, database: Db) -> CheckOut:
    """Enter an annual check."""
    same(given.officer, officer_id, "officer")
    with database.write() as session:
        must_see(session, viewer, Officer, officer_id)
        return CheckOut.model_validate(qualifications.check_certificate(session, given, viewer.name))


@router.put("/checks/{check_id}")
def correct_check(check_id: str, given: CheckIn, viewer: LedgerKeeper, database: Db) -> CheckOut:
    with database.write() as session:
        must_see(session, viewer, AnnualCheck, check_id)
        must_see(session, viewer, Officer, given.officer)
        return CheckOut.model_validate(
            qualifications.check_certificate(session, given, viewer.name, replaces=check_id)
        )


def rows_of(session: Session, model: Any, column: Any, ref: str) -> list[Any]:
    return list(session.exec(select(model).where(column == ref).order_by(col(model.id).desc())))


def same(given: str, path: str, what: str) -> None:
    if given != path:
        raise Problem(422, "The request is not as documented", f"`{what}` is not the path's.")
