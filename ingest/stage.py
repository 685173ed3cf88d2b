"""What a stage is given, what it gives back, and the ways it can end."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.models import Clip, Device, Finding, Original, Rendition, Work
from gateway.store import LocalStore


class Stopping(Exception):
    """The process is going down; the work goes on at the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One original on its way, with everything a stage may look at."""

    original: Original
    finding: Finding
    work: Work
    device: Device
    clip: Clip | None = None
    key: Original | None = None
    """Of encrypted content: the object that carries its key."""
    decrypted: Rendition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a finished stage changes: fields of the original or clip, and its line in the chain of custody."""

    changes: dict[str, Any] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    renditions: tuple[Rendition, ...] = ()
    relink: bool = False
    """Labels and links are to be decided by gateway.linking in the same transaction."""


Pull = Callable[[Finding, Path, Callable[[int], None]], None]
"""Brings a finding's bytes to a path on our disk; see `gateway.device.Pulls`."""


@dataclass(slots=True, kw_only=True)
class Context:
    """The tools of a stage; one for all workers of a process."""

    store: LocalStore
    second: LocalStore | None
    stop: threading.Event
    progress: Callable[[str, int], None]
    """Called with an item's id and the bytes it has so far."""
    derive: bool = True
    content_keys: Mapping[str, Path] = field(default_factory=dict)
    """Where the private halves lie of the keys that recorders encrypt with."""
    pull: Pull | None = None
    """Where drivers have cameras that no path leads into."""
    copying: Callable[[], bool] = bool
    """Whether bytes are being brought in right now: what can wait, waits."""

    def tick(self, item_id: str, done: int) -> None:
        """Say how far it is; raises Stopping when the process goes down."""
        if self.stop.is_set():
            raise Stopping
        self.progress(item_id, done)

    def zone(self, device: Device) -> ZoneInfo:
        return ZoneInfo(device.timezone)


StageFunction = Callable[[Item, Context], Outcome]


@dataclass(frozen=True, slots=True)
class Stage:
    before: str
    run: StageFunction
    after: str

    @property
    def name(self) -> str:
        return self.run.__name__
