"""Read what a clip is and when it was recorded: every time as read, with its zone and source."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import ffmpeg
from gateway.models import Clip, Rendition
from gateway.wording import Reason, reason
from ingest.decrypt import Locked, decrypt
from ingest.gpmf import Fix, first_fix
from ingest.stage import Context, Item, Outcome

TELEMETRY_BYTES = 4 * 1024 * 1024
ISO_6709 = re.compile(r"^(?P<lat>[+-]\d+(?:\.\d+)?)(?P<lon>[+-]\d+(?:\.\d+)?)")
BROKEN = re.compile(
    r"moov atom not found|Invalid data|EBML header|error reading header|truncat|end of file", re.I
)
MAGIC = re.compile(
    rb"^(?:....(?:ftyp|moov|mdat|wide|free|skip)|\x00\x00\x01[\xb3\xba]|\x1a\x45\xdf\xa3|RIFF|DHAV|OggS|ID3|fLaC"
    rb"|\xff\xd8\xff|\x89PNG|II\*\x00|MM\x00\*|G|\x30\x26\xb2\x75|FLV|#!AMR)",
    re.S,
)


def characterize(item: Item, context: Context) -> Outcome:
    """Never refuses: what cannot be read is marked as such and goes on to be labelled."""
    clip = item.clip
    assert clip is not None
    assert item.original.stored_as is not None
    path = context.store.path(item.original.stored_as)
    changes: dict[str, Any] = {}
    made: tuple[Rendition, ...] = ()
    times = [declared_time(item, context), file_time(item, context)]
    try:
        if item.finding.declared.get("encrypted"):
            made = (decrypt(item, context),)
            path = context.store.path(made[0].stored_as)
        read = ffmpeg.probe(path, is_photo=clip.kind == "PHOTO")
    except Locked as locked:
        changes["condition"] = locked.why
    except ffmpeg.MediaError as error:
        changes["condition"] = what_is_wrong(path, item.original.suffix, str(error))
    else:
        fix = gps_fix(path, read)
        changes |= described(read, clip)
        changes |= place_of(read, fix, clip)
        times = [gps_time(fix), container_time(read, item, context) or taken(read, item, context), *times]
    changes["times"] = [time for time in times if time is not None]
    detail = {"condition": (changes.get("condition") or {}).get("code")}
    return Outcome(changes=changes, detail=detail, renditions=made)


def what_is_wrong(path: Path, suffix: str, said: str) -> Reason:
    """Tell media that is broken from a file that never was media."""
    with path.open("rb") as file:
        head = file.read(16)
    if MAGIC.match(head) and BROKEN.search(said):
        return reason("condition.broken", error=said)
    return reason("condition.not_media", suffix=suffix or "—")


def described(read: dict[str, Any], clip: Clip) -> dict[str, Any]:
    """Duration and a summary of the format; a photo has no duration."""
    container = read["format"]
    duration = container.get("duration")
    summary = {
        "container": container.get("format_name"),
        "bit_rate": container.get("bit_rate"),
        "tags": container.get("tags", {}),
        "streams": [stream_summary(stream) for stream in read["streams"]],
    }
    is_photo = clip.kind == "PHOTO"
    return {"format": summary, "duration_s": None if is_photo or duration is None else float(duration)}


def stream_summary(stream: dict[str, Any]) -> dict[str, Any]:
    kept = (
        "index", "codec_type", "codec_name", "codec_tag_string", "profile", "width", "height", "pix_fmt",
        "avg_frame_rate", "sample_rate", "channels", "duration",
    )  # fmt: skip
    return {name: stream[name] for name in kept if name in stream}


def gps_fix(path: Path, read: dict[str, Any]) -> Fix | None:
    for stream in read["streams"]:
        if stream.get("codec_tag_string") == "gpmd":
            return first_fix(ffmpeg.extract_stream(path, stream["index"], TELEMETRY_BYTES))
    return None


def gps_time(fix: Fix | None) -> dict[str, Any] | None:
    return None if fix is None else as_read("gps", fix.at.replace(tzinfo=None), "UTC")


def container_time(read: dict[str, Any], item: Item, context: Context) -> dict[str, Any] | None:
    """`creation_time` often wears a Z and is the camera's local time: the device's setting decides."""
    written = read["format"].get("tags", {}).get("creation_time")
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        return None
    zone = "UTC" if item.device.container_time == "utc" else context.zone(item.device).key
    return as_read("container", moment.replace(tzinfo=None), zone) | {"raw": written}


def taken(read: dict[str, Any], item: Item, context: Context) -> dict[str, Any] | None:
    """When a camera took a photo (Exif), in its local time; DateTime is whoever edited it last."""
    tags: dict[str, str] = next((frame.get("tags", {}) for frame in read.get("frames", ())), {})
    written = tags.get("DateTimeOriginal") or tags.get("DateTimeDigitized") or ""
    try:
        moment = datetime.strptime(written.strip(), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return as_read("container", moment, context.zone(item.device).key) | {"raw": written}


def declared_time(item: Item, context: Context) -> dict[str, Any] | None:
    declared = item.finding.declared
    if declared.get("started") is None:
        return None
    written = datetime.fromisoformat(declared["started"])
    return as_read(declared.get("clock", "name"), written, context.zone(item.device).key)


def file_time(item: Item, context: Context) -> dict[str, Any]:
    """When the device last wrote the file: the end of the recording, on the device's own clock."""
    zone = context.zone(item.device)
    seconds = item.finding.mtime_ns / 1_000_000_000
    written = datetime.fromtimestamp(seconds, UTC).astimezone(zone).replace(tzinfo=None)
    return as_read("file", written, zone.key) | {"at_end": True}


def as_read(source: str, written: datetime, zone: str) -> dict[str, Any]:
    return {"source": source, "written": written.isoformat(), "zone": zone}


def place_of(read: dict[str, Any], fix: Fix | None, clip: Clip) -> dict[str, Any]:
    """The place that the container or the track tells, as ISO 6709; a declared one stays."""
    tagged = ISO_6709.match(read["format"].get("tags", {}).get("location", ""))
    if tagged:
        latitude, longitude = float(tagged["lat"]), float(tagged["lon"])
    elif fix and fix.latitude is not None and fix.longitude is not None:
        latitude, longitude = fix.latitude, fix.longitude
    else:
        return {}
    place = clip.place or f"{latitude:+08.4f}{longitude:+09.4f}"
    return {"latitude": latitude, "longitude": longitude, "place": place}
