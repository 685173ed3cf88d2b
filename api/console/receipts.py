"""The receipt of an offload (采集回执), to be read and printed."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlmodel import col, select

from api.console import pages
from api.signin import Db, Reader
from api.v1.offloads import receipt as receipt_of
from gateway import docks
from gateway.database import Database
from gateway.models import CaseRecord, Device, Unit
from gateway.visibility import Viewer, visible

router = APIRouter()

FATES = ("clip", "attachment", "duplicate", "quarantined", "destroyed", "listed", "waiting", "not_read")


@router.get("/offloads/{offload_id}")
def page(request: Request, offload_id: str, viewer: Reader, database: Db) -> Response:
    return receipt_page(request, viewer, database, offload_id, back="/docks")


def receipt_page(
    request: Request, viewer: Viewer, database: Database, offload_id: str, back: str
) -> Response:
    """Raises Problem 404 as the API does."""
    found = receipt_of(offload_id, viewer, database)
    body = found.body
    with database.read() as session:
        device = session.get_one(Device, body["device"])
        unit = session.get(Unit, device.unit_id) if device.unit_id else None
        opened = datetime.fromisoformat(body["opened_at"])
        closed = datetime.fromisoformat(body["closed_at"]) if body["closed_at"] else None
        held, _ = docks.holder_of(session, device.id, opened)
        uids = {link["case"] for file in body["files"] for link in file["links"]}
        seen = select(CaseRecord.uid, CaseRecord.title).where(
            col(CaseRecord.uid).in_(uids), visible(viewer, CaseRecord)
        )
        titles = dict(session.exec(seen).all())
    facts: dict[str, Any] = {"opened": opened, "closed": closed, "held": held, "titles": titles}
    return pages.page(
        request,
        "receipt.html",
        viewer,
        receipt=found,
        body=body,
        device=device,
        unit=unit,
        back=back,
        **facts,
    )
