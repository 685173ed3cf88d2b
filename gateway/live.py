"""Live pictures: who watches which device now, and where the HLS that the API serves lies.

A device's stream is fetched once, however many watch it, and only while somebody does. Each viewing (调阅) is
a row and two lines of the device's chain: begun with its purpose, ended with its length.
"""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody, outbox
from gateway.models import Device, LiveView, User, now
from gateway.wording import Reason

DRIVERS = frozenset({"rtsp_recorder", "mqtt_camera"})
"""Of which the devices can show what they see now."""
SILENT_S = 20.0
"""Who has not asked for the playlist for so long has gone."""
LONGEST = timedelta(hours=4)
PLAYLIST = "index.m3u8"
WATCHERS = "watchers"


def has_picture(device: Device) -> bool:
    """A broker is entered as a device, too, and sees nothing."""
    return device.driver in DRIVERS and device.type != "storage"


class LiveFolder:
    """`<data>/live`: a folder per device that the driver's ffmpeg writes, and a mark per viewer.

    That somebody still watches is told by a mark's time: nothing is written to the database each second.
    """

    def __init__(self, data: Path) -> None:
        self.root = data / "live"

    def of(self, device_id: str) -> Path:
        return self.root / device_id

    def playlist(self, device_id: str) -> Path:
        return self.of(device_id) / PLAYLIST

    def touch(self, view: LiveView) -> None:
        """Raises OSError."""
        mark = self.root / WATCHERS / view.id
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()

    def last_seen(self, view: LiveView) -> datetime:
        """When the viewer last asked; when it began if nothing is known."""
        try:
            seen = (self.root / WATCHERS / view.id).stat().st_mtime
        except OSError:
            return view.started_at
        return max(datetime.fromtimestamp(seen, UTC), view.started_at)

    def clear(self, view: LiveView) -> None:
        with suppress(OSError):
            (self.root / WATCHERS / view.id).unlink()

    def explain(self, device_id: str, why: Reason | None) -> None:
        """Why there is no picture, for whoever waits for it; None: there is no reason any more."""
        path = self.root / WATCHERS / f"{device_id}.json"
        if why is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(why))

    def why(self, device_id: str) -> Reason | None:
        try:
            read = json.loads((self.root / WATCHERS / f"{device_id}.json").read_text())
        except (OSError, ValueError):
            return None
        return read if isinstance(read, dict) and "code" in read else None

    def is_fresh(self, device_id: str, within_s: float) -> bool:
        """Whether the playlist goes on: what a dead camera left is nothing live."""
        try:
            return time.time() - self.playlist(device_id).stat().st_mtime < within_s
        except OSError:
            return False


def begin(session: Session, device: Device, user_id: str, user: str, purpose: str) -> LiveView:
    view = LiveView(
        device_id=device.id, user_id=user_id, purpose=purpose, expires_at=now() + LONGEST
    )  # fmt: skip
    session.add(view)
    chain = custody.device_chain(device.id)
    custody.append(session, chain, "LIVE_VIEW_BEGUN", user, device.id, (view,), {"purpose": purpose})
    tell(session, "retrieval.live_begun", view, user, {"until": view.expires_at})
    return view


def end(session: Session, view: LiveView, at: datetime, actor: str) -> None:
    """Once; a second end changes nothing."""
    if view.ended_at is not None:
        return
    view.ended_at = max(at, view.started_at)
    session.add(view)
    seconds = round((view.ended_at - view.started_at).total_seconds(), 1)
    chain = custody.device_chain(view.device_id)
    custody.append(session, chain, "LIVE_VIEW_ENDED", actor, view.device_id, (view,), {"seconds": seconds})
    user = session.get_one(User, view.user_id).name
    tell(session, "retrieval.live_ended", view, user, {"ended_at": view.ended_at, "seconds": seconds})


def tell(session: Session, kind: str, view: LiveView, user: str, more: dict[str, Any]) -> None:
    told = {
        "view": view.id,
        "device": view.device_id,
        "by": user,
        "purpose": view.purpose,
        "started_at": view.started_at,
    }
    outbox.put(session, kind, f"live:{view.id}", told | more, device_id=view.device_id)


def watched(session: Session) -> list[LiveView]:
    """Views that nobody ended yet."""
    return list(session.exec(select(LiveView).where(col(LiveView.ended_at).is_(None))))
