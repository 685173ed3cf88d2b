"""Live pictures (实时调阅): begin with a purpose, play the HLS, end. Each viewing is a line of custody."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.problems import Problem, not_found
from api.seeing import must_see, refusal_noted
from api.signin import Db, Reader, Watcher
from api.v1.clips import Purpose
from gateway import live
from gateway.database import Database
from gateway.device import Refused
from gateway.instants import Moment
from gateway.live import LiveFolder
from gateway.models import Device, DeviceStatus, LiveView, now
from gateway.visibility import Viewer
from gateway.wording import reason, sentence

router = APIRouter(tags=["live"])

FIRST_PICTURE_S = 12.0
FRESH_S = 15.0
STEP_S = 0.1
TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/iso.segment"}

Part = Annotated[str, Path(pattern=r"^[0-9]{1,12}(-[0-9]{1,12}\.m4s|\.mp4)$")]


class LiveOut(BaseModel):
    live: bool
    """There is a picture now."""
    viewers: int


class LiveBegun(BaseModel):
    view: str
    playlist: str
    """HLS; it waits for the first picture. Whoever no longer asks for it has ended the view."""
    expires_at: Moment


@router.get("/devices/{device_id}/live")
def live_now(device_id: str, request: Request, viewer: Reader, database: Db) -> LiveOut:
    """Whether somebody watches this device now."""
    with database.read() as session:
        must_see(session, viewer, Device, device_id)
        viewers = sum(1 for view in live.watched(session) if view.device_id == device_id)
    return LiveOut(live=folder_of(request).is_fresh(device_id, FRESH_S), viewers=viewers)


@router.post("/devices/{device_id}/live", status_code=201)
def begin(device_id: str, given: Purpose, request: Request, viewer: Watcher, database: Db) -> LiveBegun:
    """Begin to watch a room or a connected camera; its stream is fetched while somebody watches."""
    with refusal_noted(database, viewer, device_id=device_id), database.write() as session:
        device = must_see(session, viewer, Device, device_id)
        if not live.has_picture(device):
            raise Refused("live.none", device=device_id)
        status = session.get(DeviceStatus, (device_id, ""))
        if status is None or not status.present:
            raise Refused("live.not_connected", device=device_id)
        view = live.begin(session, device, viewer.user_id, viewer.name, given.purpose)
    folder_of(request).touch(view)
    return LiveBegun(
        view=view.id, expires_at=view.expires_at,
        playlist=f"/api/v1/devices/{device_id}/live/{view.id}/{live.PLAYLIST}",
    )  # fmt: skip


@router.delete("/devices/{device_id}/live/{view_id}", status_code=204)
def end(device_id: str, view_id: str, request: Request, viewer: Watcher, database: Db) -> None:
    with database.write() as session:
        view = own_view(session, viewer, device_id, view_id)
        live.end(session, view, now(), viewer.name)
    folder_of(request).clear(view)


@router.get("/devices/{device_id}/live/{view_id}/index.m3u8", response_class=Response)
async def playlist(device_id: str, view_id: str, request: Request, viewer: Watcher, database: Db) -> Response:
    """503 with the reason as long as there is no picture; ask again."""
    view = await run_in_threadpool(open_view, database, viewer, device_id, view_id)
    folder = folder_of(request)
    folder.touch(view)
    deadline = time.monotonic() + FIRST_PICTURE_S
    while not folder.is_fresh(device_id, FRESH_S):
        if (why := folder.why(device_id)) or time.monotonic() > deadline:
            why = why or reason("live.nothing_yet")
            raise Problem(503, "There is no live picture now", sentence(why, "en"), zh=sentence(why, "zh"))
        await asyncio.sleep(STEP_S)
    return answer(folder, device_id, live.PLAYLIST)


@router.get("/devices/{device_id}/live/{view_id}/{part}", response_class=Response)
def part(
    device_id: str, view_id: str, part: Part, request: Request, viewer: Watcher, database: Db
) -> Response:
    """A piece of the picture, as the playlist names it."""
    open_view(database, viewer, device_id, view_id)
    return answer(folder_of(request), device_id, part)


def answer(folder: LiveFolder, device_id: str, name: str) -> Response:
    """Read at once: the next one takes its place, or it goes, at any moment."""
    try:
        content = (folder.of(device_id) / name).read_bytes()
    except OSError:
        raise not_found("Part") from None
    kind = next(kind for ending, kind in TYPES.items() if name.endswith(ending))
    return Response(content, media_type=kind, headers={"Cache-Control": "private, no-store"})


def own_view(session: Session, viewer: Viewer, device_id: str, view_id: str) -> LiveView:
    must_see(session, viewer, Device, device_id)
    view = session.get(LiveView, view_id)
    if view is None or view.device_id != device_id or view.user_id != viewer.user_id:
        raise Problem(403, "No viewing session", "POST a purpose to the device's `live` first.")
    return view


def open_view(database: Database, viewer: Viewer, device_id: str, view_id: str) -> LiveView:
    with refusal_noted(database, viewer, device_id=device_id), database.read() as session:
        view = own_view(session, viewer, device_id, view_id)
    if view.ended_at is not None or view.expires_at < now():
        raise Problem(403, "The viewing has ended", "POST a purpose to the device's `live` again.")
    return view


def folder_of(request: Request) -> LiveFolder:
    folder: LiveFolder = request.app.state.live
    return folder
