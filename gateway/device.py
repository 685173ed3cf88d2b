"""The driver contract: what a driver reports, what it may be asked, how it says that a device is gone."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Literal, Protocol, runtime_checkable

from gateway.wording import Reason, reason

EDGE = 64 * 1024


class DeviceUnavailable(Exception):
    """The device is not there, or not now; nothing is wrong with the work itself."""

    def __init__(self, code: str, **facts: object) -> None:
        self.reason: Reason = reason(code, **facts)
        super().__init__(code, facts)


class Refused(Exception):
    """What was asked must not be done; a person has to look."""

    def __init__(self, code: str, **facts: object) -> None:
        self.reason: Reason = reason(code, **facts)
        super().__init__(code, facts)


class MediaKind(StrEnum):
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    PHOTO = "PHOTO"


class AttachmentKind(StrEnum):
    LOG = "LOG"
    TRACK = "TRACK"
    KEY = "KEY"
    PREVIEW = "PREVIEW"
    LABELS = "LABELS"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a file's name or sidecar says of itself; nothing here is believed without a check."""

    device: str | None = None
    officer: str | None = None
    started: datetime | None = None
    """Naive: as written on the device's own clock."""
    clock: Literal["gateway"] | None = None
    """Whose clock `started` was read from; none: the device's own."""
    sequence: int | None = None
    important: bool = False
    case_no: str | None = None
    place: str | None = None
    matter: str | None = None
    """证明对象, the fact to be proved."""
    md5: str | None = None
    account: str | None = None
    """Who wore it, as the sender's own system vouches; an account that no officer has is told of."""
    beside: str | None = None
    """Of an attachment: the path of the clip it belongs to, where its name does not say so."""
    name: str | None = None
    """As its device called it, where it cannot be called so here: a NUL, a path, characters of control."""
    encrypted: bool = False
    """Its key lies beside it, as an attachment with the ending `.key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file seen on a device, readable at a local path."""

    device_id: str
    path: bytes
    """Relative to the device's root, as the file system has it: any bytes but NUL."""
    local: Path
    size: int
    mtime_ns: int
    kind: MediaKind | AttachmentKind
    edges: str
    """SHA-256 of the first, middle and last 64 KiB, see `edge_digest`."""
    volume: str = ""
    offload: str | None = None
    declared: Declared = field(default_factory=Declared)
    adopt: bool = False
    """It lies on our disk, or its driver pulls it there: hash, fsync and rename it instead of copying."""

    @property
    def identity(self) -> str:
        """Equal identity only ever skips a copy; it never permits an erase (architecture 4.6)."""
        parts = (self.device_id, self.volume, self.path.hex(), str(self.size), str(self.mtime_ns), self.edges)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    path: bytes
    size: int
    mtime_ns: int
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSeen:
    """A device that came through another one, as a camera in a dock's bay: entered in the registry.

    `entry` holds what the registry keeps of it (columns of `Device`).
    """

    device_id: str
    via: str
    type: str
    entry: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangerSeen:
    """Something was plugged in that nobody taught us: refused, not looked into, reported."""

    device_id: str
    """The dock it was plugged into."""
    at: datetime
    bay: str
    why: Reason
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    device_id: str
    at: datetime
    bay: str | None = None
    volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffloadOpened:
    """A docking session begins: everything that lies on the device at this moment."""

    device_id: str
    offload: str
    at: datetime
    listing: tuple[ListedFile, ...]
    bay: str | None = None
    volume: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFound:
    found: FoundFile


@dataclass(frozen=True, slots=True, kw_only=True)
class FileListed:
    """A file that is accounted for but not kept, and why."""

    device_id: str
    offload: str | None
    path: bytes
    size: int
    mtime_ns: int
    why: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRead:
    """The device's clock as read before it was set (architecture 4.7)."""

    device_id: str
    at: datetime
    device_time: datetime
    uncertainty_s: float
    host_synchronised: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    """The device's clock was set, after it had been read: from then on another error holds."""

    device_id: str
    at: datetime
    device_time: datetime
    """What it was set to."""
    uncertainty_s: float
    host_synchronised: bool | None
    certain: bool
    """It answered that it did; if not, it may or may not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReceived:
    """Telemetry: heartbeat, an alarm, what a bay is doing.

    One with an `event_id` is kept, and kept once however often it comes; the others only show how it is now.
    """

    device_id: str
    at: datetime
    bay: str | None = None
    kind: str
    detail: Mapping[str, object]
    event_id: str = ""
    device_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    at: datetime
    """By the device's own clock."""
    latitude: float
    longitude: float
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackReceived:
    """Where a device was: a batch of positions, kept once however often it comes."""

    device_id: str
    at: datetime
    points: tuple[Position, ...]


class Light(StrEnum):
    """What a bay's lamp tells the people in front of it; which colour that is, the driver knows."""

    OFF = "OFF"
    BUSY = "BUSY"
    """Being copied: do not touch."""
    CHARGE = "CHARGE"
    """Everything is safe, the battery is not yet full enough."""
    TAKE = "TAKE"
    OPEN = "OPEN"
    """This one, now: its lock is open for you."""
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class BayRead:
    """A cabinet's bay, as its board tells it; None for what it cannot tell."""

    device_id: str
    at: datetime
    bay: str
    dock: str | None
    """The dock whose bay of the same number reads what lies in it."""
    occupied: bool | None
    battery: int | None
    closed: bool | None
    locked: bool | None
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeShown:
    """Somebody held a badge or a code to a cabinet."""

    device_id: str
    at: datetime
    reader: str
    code: str
    least_battery: int = 0
    """Per cent that a device needs before this cabinet gives it out."""
    late: bool = False
    """It was shown while nobody listened: whoever showed it has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    device_id: str
    at: datetime
    offload: str | None = None


DeviceEvent = (
    DeviceSeen
    | StrangerSeen
    | Connected
    | OffloadOpened
    | FileFound
    | FileListed
    | ClockRead
    | ClockSet
    | SignalReceived
    | TrackReceived
    | BayRead
    | BadgeShown
    | Disconnected
)


class Emit(Protocol):
    def __call__(self, *events: DeviceEvent) -> None:
        """Return once the events are stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    kind: str
    arguments: Mapping[str, object]
    device_id: str = ""
    """Which of the devices that are reached through this driver."""
    deadline: datetime | None = None
    """Never to be carried out later than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    done: bool
    detail: Mapping[str, object] = field(default_factory=dict)


class Release(StrEnum):
    """How a release ended on the device."""

    DONE = "DONE"
    KEPT = "KEPT"
    TOLD = "TOLD"
    """The device was told that it may delete it; whether it does is its own affair."""
    GONE = "GONE"
    """It was not there any more: nothing was erased by us."""


@runtime_checkable
class Pulls(Protocol):
    """A driver with cameras that no path leads into: their files come to our disk when it is their turn."""

    def pull(self, found: FoundFile, tick: Callable[[int], None]) -> None:
        """Bring a reported file to `found.local`, from where an earlier pull broke off.

        `tick` is told how far it is, and may raise to stop. Raises DeviceUnavailable if it is not at hand.
        """


class Driver(Protocol):
    def run(self, emit: Emit, stop: Event) -> None:
        """Report events until `stop` is set; raise DeviceUnavailable if the device goes away."""

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Let go of a file whose clip is preserved: erase or leave it. Idempotent.

        `sha256` is the original's digest: what is erased must still read as that.
        Raises Refused if it does not, DeviceUnavailable if the device is not there.
        """

    def perform(self, order: Order) -> OrderResult:
        """Carry out an order for this device; raise Refused for one it does not know."""


def edge_digest(handle: int, size: int) -> str:
    """SHA-256 over the first, middle and last 64 KiB of an open file: tells a reused name."""
    digest = hashlib.sha256()
    for offset in edge_offsets(size):
        digest.update(os.pread(handle, EDGE, offset))
    return digest.hexdigest()


def edge_offsets(size: int) -> list[int]:
    """Where the edges begin; each is 64 KiB, or what is left."""
    return sorted({0, max(0, size // 2 - EDGE // 2), max(0, size - EDGE)})


def modified_ns(seen: os.stat_result) -> int:
    """Modification time in nanoseconds, held within what a database can store (years 1678 to 2262)."""
    return max(-(2**63), min(seen.st_mtime_ns, 2**63 - 1))


def shown(path: bytes) -> str:
    """A device's path as a person can read it: UTF-8, else GBK as Chinese cameras write, else escaped."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = path.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return path.decode("ascii", "backslashreplace")


def numbering_gaps(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """The numbers a device skipped, as inclusive ranges."""
    ordered = sorted(set(sequences))
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]
