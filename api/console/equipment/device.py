"""The page of one device: what it is, where it stands, who had it when, what it brought."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col, select

from api.console import pages
from api.console.terms import terms
from api.paging import Cut
from api.seeing import must_see
from api.shapes import OffloadOut
from api.signin import Db, Reader, Ruled
from api.v1 import devices, offloads, telemetry
from gateway import device_history, roster, standing
from gateway.database import Database
from gateway.holdings import BEGINNING
from gateway.models import Clip, Device, Officer, Receipt, Room
from gateway.retention import holding
from gateway.standing import AS_REGISTERED
from gateway.visibility import Right, Viewer

router = APIRouter()

ROWS = 20
Part = Literal["ledger", "checkouts", "standings", "offloads", "signals", "holds"]
SIGNALS = (
    "sos", "low_battery", "storage_low", "tamper", "rec_start", "rec_stop", "gap", "geofence", "login",
    "unreadable", "journal_unreadable", "readers",
)  # fmt: skip
"""What pages have words for; any other is told as the device calls it."""
PARTS: tuple[Part, ...] = ("ledger", "checkouts", "standings", "offloads", "signals", "holds")


class Asked(BaseModel):
    part: Part = "ledger"
    after: str | None = Field(default=None, max_length=200)
    entered: str = Field(default="", max_length=40)
    """The line of the ledger that was entered just now."""
    held: int | None = Field(default=None, ge=0)
    """How many clips a hold reaches that was placed just now."""


@router.get("/devices/{device_id}")
def device_page(
    device_id: str,
    request: Request,
    viewer: Reader,
    database: Db,
    law: Ruled,
    asked: Annotated[Asked, Query()],
) -> Response:
    with database.read() as session:
        row = must_see(session, viewer, Device, device_id)
        [one] = roster.listed(session, law, [row])
        facts: dict[str, Any] = {
            "room": names(session, Room, [row.room_id]).get(row.room_id or ""),
            "keeper": names(session, Officer, [row.keeper_id]).get(row.keeper_id or ""),
            "has_clips": session.exec(select(Clip.id).where(Clip.device_id == device_id).limit(1)).first(),
            "due": device_history.clips_due(session, device_id) if asked.entered else 0,
        }
    told = devices.device(device_id, viewer, database)
    return pages.page(
        request, "equipment_device.html", viewer, one=one, device=row, told=told, asked=asked, parts_of=PARTS,
        **facts, **part(asked, device_id, viewer, database), **terms(request), beginning=BEGINNING,
        as_registered=AS_REGISTERED, signals=SIGNALS, may_hold=viewer.may(Right.HOLD),
        may_lift_hold=viewer.may(Right.APPROVE),
    )  # fmt: skip


def names(session: Session, model: type[Any], ids: Iterable[str | None]) -> dict[str, str]:
    return roster.names_of(session, model, ids)


def part(asked: Asked, device_id: str, viewer: Viewer, database: Database) -> dict[str, Any]:
    """What stands in the part that is shown, and where the next page of it begins."""
    cut = Cut(limit=ROWS, cursor=asked.after)
    match asked.part:
        case "ledger":
            with database.read() as session:
                return {"rows": device_history.ledger_of(session, device_id), "following": None}
        case "checkouts":
            page = devices.checkouts(viewer, database, cut, device_id, history=True)
            with database.read() as session:
                officers = names(session, Officer, [one.officer_id for one in page.items])
            return {"rows": page.items, "following": page.next, "officers": officers}
        case "standings":
            with database.read() as session:
                return {"rows": standing.history(session, device_id), "following": None}
        case "offloads":
            docked = offloads.offloads(viewer, database, cut, device_id)
            with database.read() as session:
                receipts = newest_receipts(session, docked.items)
            return {"rows": docked.items, "following": docked.next, "receipts": receipts}
        case "signals":
            return {"rows": telemetry.signals(device_id, viewer, database, limit=100), "following": None}
        case "holds":
            with database.read() as session:
                return {"rows": holding.of_device(session, viewer, device_id), "following": None}


def newest_receipts(session: Session, found: list[OffloadOut]) -> dict[str, Receipt]:
    """The last revision of each receipt."""
    wanted = select(Receipt).where(col(Receipt.offload_id).in_([one.id for one in found]))
    return {row.offload_id: row for row in session.exec(wanted.order_by(col(Receipt.revision)))}
