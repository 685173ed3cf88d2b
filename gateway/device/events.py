"""What a driver reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.device.files import FoundFile, ListedFile
from gateway.wording import Reason


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
    name: str = ""
    """What people read, where its path is ours and not its sender's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StillThere:
    """A file that its device was told it may delete lies there still: whether it may is asked once more."""

    device_id: str
    at: datetime
    path: bytes
    sha256: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """Why a device cannot be had; holds until it is there or there is another reason."""

    device_id: str
    why: Reason


DeviceEvent = (
    DeviceSeen
    | StrangerSeen
    | Connected
    | OffloadOpened
    | FileFound
    | FileListed
    | StillThere
    | ClockRead
    | ClockSet
    | SignalReceived
    | TrackReceived
    | BayRead
    | BadgeShown
    | Disconnected
    | Unavailable
)
