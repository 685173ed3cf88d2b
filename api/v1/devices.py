"""Devices, and who has them: allocations (配备) and checkouts (领用)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session, col, select

from api.equipment import AllocationOut, CheckoutOut, DeviceOut
from api.paging import Cutting, Page, page
from api.problems import not_found
from api.signin import Db, LedgerKeeper, Operator, Reader
from gateway.database import Database
from gateway.ledger import AllocationIn, CheckoutIn, ReturnIn, allocate, check_out, give_back
from gateway.models import Allocation, Checkout, Device, DeviceStatus
from gateway.offloads import Progress, open_offloads, progress
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["devices"])


@router.get("/devices")
def devices(viewer: Reader, database: Db) -> list[DeviceOut]:
    """Every device that the viewer may see, with what its bays do now."""
    with database.read() as session:
        found = session.exec(select(Device).where(visible(viewer, Device)).order_by(col(Device.id))).all()
        statuses = session.exec(select(DeviceStatus).where(visible(viewer, DeviceStatus))).all()
        underway = in_bays(session, statuses)
    return [
        DeviceOut.of(device, [status for status in statuses if status.device_id == device.id], underway)
        for device in found
    ]


@router.get("/devices/{device_id}")
def device(device_id: str, viewer: Reader, database: Db) -> DeviceOut:
    with database.read() as session:
        found = session.exec(
            select(Device).where(Device.id == device_id, visible(viewer, Device))
        ).one_or_none()
        if found is None:
            raise not_found("Device")
        statuses = session.exec(select(DeviceStatus).where(DeviceStatus.device_id == device_id)).all()
        return DeviceOut.of(found, list(statuses), in_bays(session, statuses))


def in_bays(session: Session, statuses: Sequence[DeviceStatus]) -> dict[str, Progress]:
    """How far the offload of each camera is that sits in one of these bays."""
    cameras = {status.detail.get("camera") or status.device_id for status in statuses if status.present}
    offloads = open_offloads(session, cameras)
    return {camera: progress(session, offload) for camera, offload in offloads.items()}


@router.get("/allocations")
def allocations(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    device: Annotated[str | None, Query()] = None,
    history: Annotated[bool, Query(description="also what was superseded")] = False,
) -> Page[AllocationOut]:
    statement = select(Allocation).where(visible(viewer, Allocation))
    if device:
        statement = statement.where(Allocation.device_id == device)
    if not history:
        statement = statement.where(col(Allocation.superseded_at).is_(None))
    with database.read() as session:
        return page(session, statement, Allocation.id, wanted, AllocationOut.of)


@router.post("/allocations", status_code=201)
def add_allocation(given: AllocationIn, viewer: LedgerKeeper, database: Db) -> AllocationOut:
    """Enter who has a device; clips that this can reach are linked anew by themselves."""
    must_see_device(database, viewer, given.device)
    with database.write() as session:
        return AllocationOut.of(allocate(session, given, viewer.name))


@router.put("/allocations/{allocation_id}")
def correct_allocation(
    allocation_id: str, given: AllocationIn, viewer: LedgerKeeper, database: Db
) -> AllocationOut:
    """Correct an entry: the old one is superseded and stays readable; the same again writes nothing."""
    must_see_device(database, viewer, given.device)
    must_see(database, viewer, Allocation, allocation_id)
    with database.write() as session:
        return AllocationOut.of(allocate(session, given, viewer.name, replaces=allocation_id))


@router.get("/checkouts")
def checkouts(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    device: Annotated[str | None, Query()] = None,
    history: Annotated[bool, Query(description="also what was superseded")] = False,
) -> Page[CheckoutOut]:
    statement = select(Checkout).where(visible(viewer, Checkout))
    if device:
        statement = statement.where(Checkout.device_id == device)
    if not history:
        statement = statement.where(col(Checkout.superseded_at).is_(None))
    with database.read() as session:
        return page(session, statement, Checkout.id, wanted, CheckoutOut.model_validate)


@router.post("/checkouts", status_code=201)
def add_checkout(given: CheckoutIn, viewer: Operator, database: Db) -> CheckoutOut:
    must_see_device(database, viewer, given.device)
    with database.write() as session:
        return CheckoutOut.model_validate(check_out(session, given, viewer.name))


@router.put("/checkouts/{checkout_id}")
def correct_checkout(checkout_id: str, given: CheckoutIn, viewer: LedgerKeeper, database: Db) -> CheckoutOut:
    """Correct an entry, its return as well: the old one is superseded and stays readable."""
    must_see_device(database, viewer, given.device)
    must_see(database, viewer, Checkout, checkout_id)
    with database.write() as session:
        return CheckoutOut.model_validate(check_out(session, given, viewer.name, replaces=checkout_id))


@router.post("/checkouts/{checkout_id}/return")
def return_device(checkout_id: str, given: ReturnIn, viewer: Operator, database: Db) -> CheckoutOut:
    """归还: the device is back."""
    must_see(database, viewer, Checkout, checkout_id)
    with database.write() as session:
        return CheckoutOut.model_validate(give_back(session, checkout_id, given, viewer.name))


def must_see_device(database: Database, viewer: Viewer, device_id: str) -> None:
    with database.read() as session:
        if (
            session.exec(select(Device.id).where(Device.id == device_id, visible(viewer, Device))).first()
            is None
        ):
            raise not_found("Device")


def must_see(
    database: Database, viewer: Viewer, model: type[Allocation] | type[Checkout], row_id: str
) -> None:
    with database.read() as session:
        if session.exec(select(model.id).where(model.id == row_id, visible(viewer, model))).first() is None:
            raise not_found("Entry")
