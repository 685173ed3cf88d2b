"""The messages of a connected camera, `bwc/{device}/up/…` (devices 3.2): read, bounded, not believed."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.device import shown

TOPIC = re.compile(r"^bwc/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/up/(status|hb|gps|event|file|resp)$")
FILE_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
LARGEST = 256 * 1024
POINTS = 1000
DEEPEST = 12
EARLIEST, LATEST = 0, 4_102_444_800_000
"""1970 to 2100, in milliseconds: what lies outside is no time of a camera."""


class Unreadable(Exception):
    """A message that nobody can make sense of; if it is about a file, its device waits for an answer."""

    def __init__(self, why: str, file_id: str | None = None) -> None:
        super().__init__(why)
        self.file_id = file_id


class Message(BaseModel):
    """What we know is checked, what we do not know is kept."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)
    ts: int | None = Field(default=None, ge=EARLIEST, le=LATEST, description="the device's clock, ms")

    @property
    def device_time(self) -> datetime | None:
        return None if self.ts is None else datetime.fromtimestamp(self.ts / 1000, UTC)


class Status(Message):
    online: bool
    reason: str | None = Field(default=None, max_length=100)


class Heartbeat(Message):
    battery: int | None = Field(default=None, ge=0, le=100)
    charging: bool | None = None
    storage_free: int | None = Field(default=None, ge=0)
    rec: bool | None = None


class Point(Message):
    ts: int = Field(ge=EARLIEST, le=LATEST)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)


class Happening(Message):
    """SOS, low battery, recording started …; `event_id` makes it count once however often it comes."""

    event_id: str = Field(min_length=1, max_length=64)
    type: str = Field(min_length=1, max_length=40)
    seq: int | None = Field(default=None, ge=0, le=2**62)
    boot_id: str | None = Field(default=None, max_length=64)


class FileMessage(Message):
    """A file on the camera: that it is there, or that its upload is wanted (again)."""

    op: Literal["announce", "create_upload", "progress", "done"]
    file_id: str = Field(pattern=FILE_ID)
    name: str = Field(default="", max_length=255)
    as_told: str = Field(default="", description="ours: the name as it came, what cannot be shown escaped")
    size: int | None = Field(default=None, ge=1, le=2**43)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    start: int | None = Field(default=None, ge=EARLIEST, le=LATEST)
    end: int | None = Field(default=None, ge=EARLIEST, le=LATEST)
    important: bool = False
    officer: str | None = Field(default=None, max_length=40)
    case_no: str | None = Field(default=None, max_length=100)


class Answer(Message):
    cmd_id: str | None = Field(default=None, max_length=64)
    done: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    device: str
    kind: str
    message: Message | tuple[Point, ...]


KINDS: Mapping[str, type[Message]] = {
    "status": Status, "hb": Heartbeat, "event": Happening, "file": FileMessage, "resp": Answer,
}  # fmt: skip


def sender(topic: str) -> tuple[str, str]:
    """(device, kind). Raises Unreadable."""
    found = TOPIC.match(topic)
    if found is None:
        raise Unreadable("topic")
    return found[1], found[2]


def read(topic: str, payload: bytes) -> Heard:
    """Raises Unreadable with what is wrong, in words that name the field and not its content."""
    device, kind = sender(topic)
    if len(payload) > LARGEST:
        raise Unreadable(f"larger than {LARGEST} bytes")
    try:
        raw: Any = json.loads(payload)
        told: Any = clean(raw)
    except (ValueError, RecursionError):
        raise Unreadable("no JSON") from None
    try:
        if kind == "gps":
            return Heard(device, kind, points(told))
        if kind == "file" and isinstance(told, dict):
            told["as_told"] = visible(raw.get("name"))
        return Heard(device, kind, KINDS[kind].model_validate(told))
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        why = f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"[:200]
        raise Unreadable(why, file_asked_for(told) if kind == "file" else None) from None


def visible(name: object) -> str:
    """What no database holds and no screen shows is escaped."""
    return shown(name.encode("utf-8", "backslashreplace")) if isinstance(name, str) else ""


def file_asked_for(told: Any) -> str | None:
    """Which file is to be brought, as far as that can be read."""
    file_id = told.get("file_id") if isinstance(told, dict) and told.get("op") != "progress" else None
    return file_id if isinstance(file_id, str) and re.fullmatch(FILE_ID, file_id) else None


def clean(told: Any, depth: int = 0) -> Any:
    """As any database and any JSON reader takes it. Raises Unreadable for what none does."""
    if depth > DEEPEST:
        raise Unreadable(f"nested more than {DEEPEST} deep")
    match told:
        case dict():
            return {clean(name, depth + 1): clean(value, depth + 1) for name, value in told.items()}
        case list():
            return [clean(value, depth + 1) for value in told]
        case str():
            return told.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        case float() if not math.isfinite(told):
            raise Unreadable("a number that is none")
        case int() if abs(told) > 2**63:
            raise Unreadable("a number that is too large")
    return told


def points(told: Any) -> tuple[Point, ...]:
    if not isinstance(told, list) or not 1 <= len(told) <= POINTS:
        raise Unreadable(f"gps: a list of 1 to {POINTS} points")
    return tuple(Point.model_validate(point) for point in told)
