"""The live wall: rooms and connected cameras of one's units, each view stamped with its purpose."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, or_, select

from api.console import pages
from api.console.purposes import purpose_of
from api.seeing import must_see
from api.signin import Db, Watcher
from api.v1 import live as views
from api.v1.clips import Purpose
from gateway import live
from gateway.models import Device, DeviceStatus, Unit, User
from gateway.roster import unit_names
from gateway.texts import Why
from gateway.visibility import Viewer, visible
from gateway.wording import Reason

router = APIRouter()

MOST = 200
"""Tiles of one page; who has more searches."""


@dataclass(frozen=True, slots=True)
class Tile:
    id: str
    name: str
    unit: str
    is_room: bool
    is_here: bool
    watchers: int
    why_away: Reason | None = None


def tiles(session: Session, viewer: Viewer, text: str) -> list[Tile]:
    """Rooms first, then cameras that are connected, then what is away."""
    found = (
        select(Device, DeviceStatus)
        .outerjoin(DeviceStatus, (col(DeviceStatus.device_id) == Device.id) & (col(DeviceStatus.bay) == ""))
        .where(visible(viewer, Device), col(Device.driver).in_(live.DRIVERS))
    )
    if text:
        found = found.where(
            or_(
                col(Device.name).contains(text, autoescape=True),
                col(Device.id).contains(text, autoescape=True),
            )
        )
    rows = session.exec(found.order_by(col(Device.name), col(Device.id)).limit(MOST)).all()
    units = unit_names(session)
    watched = [view.device_id for view in live.watched(session)]
    made = [
        Tile(
            device.id, device.name or device.id, units.get(device.unit_id or "", ""),
            device.driver == "rtsp_recorder", bool(status and status.present), watched.count(device.id),
            status.detail.get("why") if status and not status.present else None,
        )
        for device, status in rows
        if live.has_picture(device)
    ]  # fmt: skip
    return sorted(made, key=lambda tile: (not tile.is_here, not tile.is_room))


def mark_of(session: Session, viewer: Viewer) -> str:
    """What lies over a picture: who watches, of which unit; the time is added where it is shown."""
    user = session.get_one(User, viewer.user_id)
    unit = session.get(Unit, user.unit_id) if user.unit_id else None
    return f"{viewer.name} {unit.name}" if unit else viewer.name


@router.get("/wall")
def wall(
    request: Request, viewer: Watcher, database: Db, text: Annotated[str, Query(max_length=100)] = ""
) -> Response:
    with database.read() as session:
        found, mark = tiles(session, viewer, text.strip()), mark_of(session, viewer)
    return pages.page(
        request, "wall.html", viewer, tiles=found, mark=mark, text=text, purpose=purpose_of(request, viewer)
    )


@router.post("/wall/{device_id}/watch")
def watch(
    device_id: str, request: Request, viewer: Watcher, database: Db, purpose: Annotated[Why, Form()]
) -> Response:
    """Without a script: one picture on a page of its own."""
    begun = views.begin(device_id, Purpose(purpose=purpose), request, viewer, database)
    return RedirectResponse(f"/wall/{quote(device_id)}?view={begun.view}", 303)


@router.get("/wall/{device_id}")
def one_picture(
    device_id: str,
    request: Request,
    viewer: Watcher,
    database: Db,
    view: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    with database.read() as session:
        device: Device = must_see(session, viewer, Device, device_id)
        mark = mark_of(session, viewer)
    if view:
        views.open_view(database, viewer, device_id, view)
    playlist = f"/api/v1/devices/{quote(device_id)}/live/{view}/{live.PLAYLIST}" if view else ""
    return pages.page(
        request, "wall_one.html", viewer, device=device, mark=mark, view=view, playlist=playlist,
        purpose=purpose_of(request, viewer),
    )  # fmt: skip


@router.post("/wall/{device_id}/end")
def end(
    device_id: str,
    request: Request,
    viewer: Watcher,
    database: Db,
    view: Annotated[str, Form(max_length=64)],
) -> Response:
    views.end(device_id, view, request, viewer, database)
    return RedirectResponse("/wall", 303)
