"""The driver contract: what a driver reports, what it may be asked, how it says that a device is gone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Event
from typing import Protocol, runtime_checkable

from gateway.device.events import (
    BadgeShown,
    BayRead,
    ClockRead,
    ClockSet,
    Connected,
    DeviceEvent,
    DeviceSeen,
    Disconnected,
    FileFound,
    FileListed,
    Light,
    OffloadOpened,
    Position,
    SignalReceived,
    StillThere,
    StrangerSeen,
    TrackReceived,
    Unavailable,
)
from gateway.device.files import (
    EDGE,
    AttachmentKind,
    Declared,
    FoundFile,
    ListedFile,
    MediaKind,
    edge_digest,
    edge_offsets,
    modified_ns,
    numbering_gaps,
    shown,
)
from gateway.wording import Reason, reason

__all__ = [
    "EDGE",
    "AttachmentKind",
    "BadgeShown",
    "BayRead",
    "ClockRead",
    "ClockSet",
    "Connected",
    "Declared",
    "DeviceEvent",
    "DeviceSeen",
    "DeviceUnavailable",
    "Disconnected",
    "Driver",
    "Emit",
    "FileFound",
    "FileListed",
    "FoundFile",
    "Light",
    "ListedFile",
    "MediaKind",
    "OffloadOpened",
    "Order",
    "OrderResult",
    "Position",
    "Pulls",
    "Refused",
    "Release",
    "SignalReceived",
    "StillThere",
    "StrangerSeen",
    "TrackReceived",
    "Unavailable",
    "edge_digest",
    "edge_offsets",
    "modified_ns",
    "numbering_gaps",
    "shown",
]


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
