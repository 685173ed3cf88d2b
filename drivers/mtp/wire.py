"""What goes over the wire (ISO 15740 PTP, MTP 1.1): containers, texts, times, the data sets we read.

Everything here comes from a device that may be broken or hostile: what does not hold together raises Garbled.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum
from zoneinfo import ZoneInfo

HEADER = struct.Struct("<IHHI")
COMMAND, DATA, RESPONSE, EVENT = 1, 2, 3, 4
UNKNOWN_LENGTH = 0xFFFFFFFF
"""Of a data phase that ends with a short packet; and of an object's size that takes more than 32 bits."""
ROOT = 0xFFFFFFFF
FOLDER = 0x3001
OBJECT_SIZE = 0xDC04
WHEN = re.compile(r"(\d{8})T(\d{6})(?:\.(\d))?(Z|[+-]\d{4})?$")
LAST_NS = 2**63 - 1
INFO = struct.Struct("<IHHIHIIIIIIIHII")


class Operation(IntEnum):
    DEVICE_INFO = 0x1001
    OPEN = 0x1002
    CLOSE = 0x1003
    STORAGES = 0x1004
    STORAGE_INFO = 0x1005
    HANDLES = 0x1007
    INFO = 0x1008
    WHOLE = 0x1009
    DELETE = 0x100B
    PART = 0x101B
    PART_64 = 0x95C1
    """Android's: any place in a file of any size."""
    PROPERTY = 0x9803


OK = 0x2001
BAD_HANDLE = 0x2009
OPEN_ALREADY = 0x201E
SAID = {
    0x2002: "general error", 0x2003: "session not open", 0x2005: "operation not supported",
    0x2006: "parameter not supported", 0x2007: "incomplete transfer", 0x2008: "no such storage",
    BAD_HANDLE: "no such object", 0x200C: "store full", 0x200D: "object is write-protected",
    0x200E: "store is read-only", 0x200F: "access denied", 0x2012: "only partly deleted",
    0x2013: "store not available", 0x2019: "busy", 0x201D: "invalid parameter", 0x201F: "cancelled",
}  # fmt: skip


class Garbled(Exception):
    """What came is not what the standard says; the message tells what."""


def command(code: int, transaction: int, parameters: Sequence[int]) -> bytes:
    length = HEADER.size + 4 * len(parameters)
    return HEADER.pack(length, COMMAND, code, transaction) + struct.pack(f"<{len(parameters)}I", *parameters)


def read_header(block: bytes) -> tuple[int, int, int, int]:
    """(length, type, code, transaction) of the container that begins here."""
    if len(block) < HEADER.size:
        raise Garbled(f"a container of {len(block)} bytes")
    length, kind, code, transaction = HEADER.unpack_from(block)
    if length < HEADER.size:
        raise Garbled(f"a container that is {length} bytes long")
    return length, kind, code, transaction


class Reader:
    """Takes one field after another from a data set."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, size: int) -> bytes:
        taken = self.content[self.at : self.at + size]
        if len(taken) < size:
            raise Garbled(f"a data set that ends after {len(self.content)} bytes")
        self.at += size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def numbers(self, size: int) -> list[int]:
        count = self.number(4)
        taken = self.take(count * size)
        return [int.from_bytes(taken[at : at + size], "little") for at in range(0, len(taken), size)]

    def text(self) -> str:
        """UTF-16 up to its NUL; half a surrogate pair stays what it is."""
        taken = self.take(self.number(1) * 2)
        return taken.decode("utf-16-le", "surrogatepass").split("\0")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    operations: frozenset[int]
    serial: str


def read_device_info(content: bytes) -> DeviceInfo:
    reader = Reader(content)
    reader.take(2 + 4 + 2)
    reader.text()
    reader.take(2)
    operations = frozenset(reader.numbers(2))
    for _ in range(4):  # events, properties, formats
        reader.numbers(2)
    for _ in range(3):  # manufacturer, model, version
        reader.text()
    return DeviceInfo(operations=operations, serial=reader.text())


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One object as the camera tells it. `size` None: more than 32 bits can say."""

    format: int
    size: int | None
    parent: int
    name: str
    modified: str


def read_object_info(content: bytes) -> ObjectInfo:
    reader = Reader(content)
    told = INFO.unpack(reader.take(INFO.size))
    name, captured, modified = reader.text(), reader.text(), reader.text()
    size = None if told[3] == UNKNOWN_LENGTH else told[3]
    return ObjectInfo(format=told[1], size=size, parent=told[11], name=name, modified=modified or captured)


def read_storage_name(content: bytes) -> str:
    reader = Reader(content)
    reader.take(2 + 2 + 2 + 8 + 8 + 4)
    return reader.text()


def read_moment(text: str, zone: ZoneInfo) -> int:
    """`20240501T101112.3+0800` in nanoseconds; without a zone of its own it is the camera's.

    0 for what is no time, or lies before 1970 or after what a database can hold.
    """
    match = WHEN.match(text)
    if match is None:
        return 0
    date, time, tenth, told = match.groups()
    try:
        moment = datetime.strptime(date + time, "%Y%m%d%H%M%S")
        seconds = int(moment.replace(tzinfo=zone_of(told) or zone).timestamp())
    except (ValueError, OverflowError):
        return 0
    return max(0, min(seconds * 10**9 + int(tenth or 0) * 10**8, LAST_NS))


def zone_of(told: str | None) -> timezone | None:
    """Raises ValueError for a zone more than a day away."""
    if told is None or told == "Z":
        return UTC if told else None
    return timezone(timedelta(hours=int(told[:3]), minutes=int(told[0] + told[3:])))
