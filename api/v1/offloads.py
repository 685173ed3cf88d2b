"""Docking sessions, what was found in them, and their receipts."""

from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import col, select

from api.paging import Cutting, CuttingByName, Page, page
from api.problems import not_found
from api.shapes import FindingOut, OffloadOut, ReceiptOut
from api.signin import Db, Reader
from gateway import receipts
from gateway.models import Disposition, Finding, Offload, Receipt
from gateway.visibility import visible

router = APIRouter(tags=["offloads"])


@router.get("/offloads")
def offloads(
    viewer: Reader, database: Db, wanted: CuttingByName, device: Annotated[str | None, Query()] = None
) -> Page[OffloadOut]:
    """Newest first."""
    statement = select(Offload).where(visible(viewer, Offload))
    if device:
        statement = statement.where(Offload.device_id == device)
    with database.read() as session:
        return page(session, statement, Offload.id, wanted, OffloadOut.of)


@router.get("/offloads/{offload_id}")
def offload(offload_id: str, viewer: Reader, database: Db) -> OffloadOut:
    with database.read() as session:
        found = session.exec(
            select(Offload).where(Offload.id == offload_id, visible(viewer, Offload))
        ).one_or_none()
    if found is None:
        raise not_found("Offload")
    return OffloadOut.of(found)


@router.get("/offloads/{offload_id}/receipt")
def receipt(
    offload_id: str,
    viewer: Reader,
    database: Db,
    revision: Annotated[int | None, Query(ge=1, le=1_000_000, description="the newest where absent")] = None,
) -> ReceiptOut:
    """The sealed account; before it is sealed, revision 0 shows how it stands."""
    with database.read() as session:
        found = session.exec(
            select(Offload).where(Offload.id == offload_id, visible(viewer, Offload))
        ).one_or_none()
        if found is None:
            raise not_found("Offload")
        sealed = (
            select(Receipt).where(Receipt.offload_id == offload_id).order_by(col(Receipt.revision).desc())
        )
        if revision:
            sealed = sealed.where(Receipt.revision == revision)
        latest = session.exec(sealed.limit(1)).first()
        if latest is not None:
            return ReceiptOut.model_validate(latest)
        if revision:
            raise not_found("Revision")
        return ReceiptOut(
            offload_id=offload_id, revision=0, sealed_at=found.opened_at, digest="",
            body=receipts.body(session, found),
        )  # fmt: skip


@router.get("/findings")
def findings(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    offload: Annotated[str | None, Query()] = None,
    device: Annotated[str | None, Query()] = None,
    disposition: Annotated[Disposition | None, Query()] = None,
) -> Page[FindingOut]:
    statement = select(Finding).where(visible(viewer, Finding))
    if offload:
        statement = statement.where(Finding.offload_id == offload)
    if device:
        statement = statement.where(Finding.device_id == device)
    if disposition:
        statement = statement.where(Finding.disposition == disposition)
    with database.read() as session:
        return page(session, statement, Finding.id, wanted, FindingOut.of)
