"""The GPS clock in a GoPro telemetry track (GPMF, https://github.com/gopro/gpmf-parser)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

NESTED = 0


@dataclass(frozen=True, slots=True)
class Fix:
    at: datetime
    latitude: float | None
    longitude: float | None


def entries(data: bytes) -> Iterator[tuple[bytes, int, int, bytes]]:
    """(key, type, size of one sample, payload) of one level; ends at the first entry that cannot be whole."""
    position = 0
    while position + 8 <= len(data):
        key, kind, size, repeat = struct.unpack_from(">4sBBH", data, position)
        length = size * repeat
        payload = data[position + 8 : position + 8 + length]
        if len(payload) < length:
            return
        yield key, kind, size, payload
        position += 8 + (length + 3) // 4 * 4


def first_fix(data: bytes) -> Fix | None:
    """The first UTC time with a satellite fix, and the position beside it; None without one."""
    for key, kind, _, payload in entries(data):
        if kind != NESTED:
            continue
        if key == b"STRM" and (fix := fix_of(payload)):
            return fix
        if key == b"DEVC" and (fix := first_fix(payload)):
            return fix
    return None


def fix_of(stream: bytes) -> Fix | None:
    found = {key: (size, payload) for key, _, size, payload in entries(stream)}
    if b"GPSU" not in found:
        return None
    locked = struct.unpack(">L", found[b"GPSF"][1][:4])[0] if b"GPSF" in found else 2
    if locked < 2:
        return None
    try:
        at = datetime.strptime(found[b"GPSU"][1].decode("ascii").strip("\0"), "%y%m%d%H%M%S.%f")
    except ValueError:
        return None
    latitude = longitude = None
    if b"GPS5" in found and b"SCAL" in found and len(found[b"GPS5"][1]) >= 8:
        scale = struct.unpack_from(">2l", found[b"SCAL"][1])
        raw = struct.unpack_from(">2l", found[b"GPS5"][1])
        latitude, longitude = raw[0] / scale[0], raw[1] / scale[1]
    return Fix(at.replace(tzinfo=UTC), latitude, longitude)
