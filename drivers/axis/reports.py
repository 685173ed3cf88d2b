"""What the containers of a controller say of footage: who, which camera, when, where."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from drivers.axis.containers import Body, Container, Meta
from drivers.names import kind_of
from gateway.config.model import IDENTIFIER
from gateway.device import AttachmentKind, Declared, MediaKind, Position

RECORDING = re.compile(r"^(?P<user>[^_/]+)_(?P<serial>[^_/]+)_(?P<date>\d{8})[T_]?(?P<time>\d{6})Z?$")
POINT = re.compile(r"^\s*POINT\s*\(\s*(?P<lon>-?\d+(?:\.\d+)?)\s+(?P<lat>-?\d+(?:\.\d+)?)\s*\)\s*$", re.I)
POINTS = 100_000
RECORD = "recording.json"
REJECTED = "RejectedContent_"
SHARED = frozenset({"System", "Users", "Devices"})
"""Containers of things that are known, not of footage."""


def is_footage(container: Container) -> bool:
    return container.name not in SHARED


def is_rejected(container: Container) -> bool:
    """Re-sent after a refusal; such a container is never said to be complete."""
    return container.name.startswith(REJECTED)


def origin(container: Container) -> "re.Match[str] | None":
    """The recording's own name; of rejected content the one it should have had."""
    return RECORDING.match(container.meta.get("rejectedcontentoriginalcontainer", container.name))


def serial_of(container: Container) -> str | None:
    """The camera that recorded it, if what it is called can be an id."""
    named = origin(container)
    serial = container.meta.get("bwcserialnumber") or (named["serial"] if named else "")
    return serial if re.fullmatch(IDENTIFIER.strip("^$"), serial) else None


def user_of(container: Container) -> str | None:
    named = origin(container)
    return container.meta.get("userid") or (named["user"] if named else None)


def kind_here(name: str) -> MediaKind | AttachmentKind:
    """By name, as this API gives them; a bookmark has no ending, a trail ends like a label."""
    if name.startswith("bookmark_"):
        return AttachmentKind.LABELS
    return AttachmentKind.TRACK if name.endswith("_gpstrail.json") else kind_of(name)


def instant(meta: Meta, name: str) -> datetime | None:
    """A time as this API tells it: RFC 3339 under …ISO, seconds since 1970 otherwise."""
    try:
        if written := meta.get(f"{name}iso"):
            told = datetime.fromisoformat(written.replace("Z", "+00:00"))
            return told if told.tzinfo else told.replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(meta[name]), UTC)
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def named_instant(name: str) -> datetime | None:
    """Of a clip's or a recording's name: UTC (the API says so)."""
    found = re.match(r"^(?P<date>\d{8})[T_]?(?P<time>\d{6})", name)
    try:
        told = found and datetime.strptime(found["date"] + found["time"], "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return told.replace(tzinfo=UTC) if told else None


@dataclass(frozen=True, slots=True)
class Account:
    """One entry of `Users/`."""

    name: str
    number: str
    """What the unit calls the person (警号); empty where nobody entered one."""


def declared(container: Container, body: Body, account: Account | None, zone: ZoneInfo) -> Declared:
    """What is said of one object; officers are matched by the number that was entered for the account."""
    clips = [one.name for one in container.bodies if isinstance(kind_here(one.name), MediaKind)]
    user = user_of(container)
    if body.name not in clips:
        return Declared(
            device=serial_of(container), md5=body.md5 or None, beside=clip_beside(container, body, clips)
        )
    named = origin(container)
    started = (
        instant(body.meta, "starttime")
        or named_instant(body.name)
        or (named_instant(named["date"] + named["time"]) if named else None)
    )
    return Declared(
        device=serial_of(container), md5=body.md5 or None, encrypted=has_key(container, body),
        started=local(started, zone),
        officer=(account.number if account else "") or user,
        account=f"{account.name} ({account.number or user})" if account else user,
        important=any(one.name.startswith("bookmark_") for one in container.bodies),
    )  # fmt: skip


def stem(name: str) -> str:
    return name.rpartition(".")[0] or name


def has_key(container: Container, body: Body) -> bool:
    """Named after the clip's stem (the specification) or after its whole name (its own tools)."""
    names = {one.name for one in container.bodies if one.size}
    return f"{stem(body.name)}.key" in names or f"{body.name}.key" in names


def clip_beside(container: Container, body: Body, clips: list[str]) -> str | None:
    """The clip of the same name, else the one that was running then, else the first."""
    if not clips:
        return None
    for clip in clips:
        if stem(body.name) in (stem(clip), clip):
            return path_of(container, clip)
    at = instant(body.meta, "starttime") or named_instant(body.name.removeprefix("bookmark_"))
    if at is not None:
        for clip in clips:
            meta = container.body(clip).meta
            start, end = instant(meta, "starttime"), instant(meta, "stoptime")
            if start and end and start <= at <= end:
                return path_of(container, clip)
    return path_of(container, min(clips))


def path_of(container: Container, name: str) -> str:
    return f"{container.name}/{name}"


def path_of_body(container: Container, body: Body) -> str:
    """Other bytes under a name that was taken have a path of their own."""
    first = next(one for one in container.bodies if one.name == body.name)
    return path_of(container, body.name if first is body else f"{body.name}~{body.sha256[:8]}")


def local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    """As a clock on the wall showed it; nothing of an instant that no calendar has."""
    try:
        return at.astimezone(zone).replace(tzinfo=None) if at else None
    except (OverflowError, ValueError):
        return None


def positions(content: bytes) -> Iterable[Position]:
    """The points of a track as it is written; what is no point is passed over."""
    try:
        entries = json.loads(content)["CoordinateEntries"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for entry in entries[:POINTS] if isinstance(entries, list) else ():
        try:
            place = POINT.match(entry["LocationWKT"])
            told = datetime.fromisoformat(entry["Timestamp"].replace("Z", "+00:00"))
            at = told.astimezone(UTC)
        except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
            continue
        if place and told.tzinfo and abs(float(place["lat"])) <= 90 and abs(float(place["lon"])) <= 180:
            yield Position(at=at, latitude=float(place["lat"]), longitude=float(place["lon"]))


def record_of(container: Container) -> bytes:
    """All that was said of a recording, as it was said: kept beside it."""
    told = {
        "container": container.name,
        "metadata": container.meta,
        "objects": [
            {"name": body.name, "size": body.size, "sha256": body.sha256, "metadata": body.meta}
            for body in container.bodies
            if body.name != RECORD
        ],
    }
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode()


def has_news(container: Container) -> bool:
    """Whether more was said of a recording that is entered than the records of it tell."""
    if not any(body.entered for body in container.bodies):
        return False
    told = hashlib.sha256(record_of(container)).hexdigest()
    return all(body.sha256 != told for body in container.bodies if body.name == RECORD)
