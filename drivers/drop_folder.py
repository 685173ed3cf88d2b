"""A folder that something else writes into: events are a hint, a periodic scan is the truth."""

import fnmatch
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from drivers.apart import do_apart
from drivers.card import Entry, grouped, md5_beside, report, walk
from drivers.release import check, erase
from gateway.config.devices import DropFolderSettings
from gateway.device import (
    Connected,
    DeviceUnavailable,
    Emit,
    FileFound,
    FileListed,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
)
from gateway.wording import reason

GROUP = 100
MARKERS = (b".ok", b".md5")
Seen = tuple[int, int]
"""Size and modification time."""


class Hint(FileSystemEventHandler):
    """Wakes the scan; may be lost, doubled or wrong without harm."""

    def __init__(self, wake: Event) -> None:
        self.wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if not event.is_directory and event.event_type in {"created", "closed", "moved"}:
            self.wake.set()


@dataclass
class Memory:
    """What earlier scans saw; lost at a restart without harm, since identity is checked in the database."""

    before: dict[bytes, tuple[Seen, float]] = field(default_factory=dict)
    """And since when it has been so (monotonic seconds)."""
    at: float = 0.0
    """When the last look was (monotonic seconds)."""
    reported: dict[bytes, Seen] = field(default_factory=dict)


class DropFolder:
    """Reports a file once its size and time rest, over two scans or longer, and its marker is there."""

    def __init__(self, settings: DropFolderSettings) -> None:
        self.settings = settings
        self.root = settings.path
        self.stop = Event()

    def run(self, emit: Emit, stop: Event) -> None:
        self.stop = stop
        do_apart(self.settings.id, lambda tell: self.watch(tell, stop), emit, stop)

    def watch(self, emit: Emit, stop: Event) -> None:
        if not self.is_there():
            raise DeviceUnavailable(
                "wait.source_unreadable", error=f"{self.root} is no folder, or not mounted"
            )
        emit(Connected(device_id=self.settings.id, at=datetime.now(UTC)))
        wake = Event()
        if self.settings.share:
            self.scan_until(emit, stop, wake)
            return
        observer = Observer()
        observer.schedule(Hint(wake), str(self.root), recursive=True)
        with suppress(OSError):  # no more inotify watches: the scan alone is enough
            observer.start()
        try:
            self.scan_until(emit, stop, wake)
        finally:
            if observer.is_alive():
                observer.stop()
                observer.join(timeout=2)

    def is_there(self) -> bool:
        """A share that is not mounted is an empty folder, and must not look like one that was emptied."""
        try:
            return self.root.is_dir() and (not self.settings.share or is_mounted(self.root))
        except OSError:
            return False  # a stale handle: the server has gone

    def scan_until(self, emit: Emit, stop: Event, wake: Event) -> None:
        memory = Memory()
        while not stop.is_set():
            wake.clear()
            if not self.is_there():
                raise DeviceUnavailable("wait.source_gone", done=0)
            self.scan(emit, memory, stop)
            self.rest(stop, wake)

    def rest(self, stop: Event, wake: Event) -> None:
        """Until the next scan is due; a hint shortens the wait, never below a tenth of it."""
        pause = self.settings.scan_seconds
        stop.wait(min(pause / 10, 0.5))
        waited = pause / 10
        while waited < pause and not wake.is_set() and not stop.wait(0.2):
            waited += 0.2

    def scan(self, emit: Emit, memory: Memory, stop: Event) -> None:
        """One look at everything: report what rests, remember the rest for the next look."""
        entries = {entry.path: entry for entry in walk(self.root)}
        if not self.is_there():
            raise DeviceUnavailable("wait.source_gone", done=0)
        self.look(entries, memory)
        ready = (entry for entry in entries.values() if self.is_ready(entry, entries, memory))
        for group in grouped(ready, GROUP):
            if stop.is_set():
                return
            emit(*(self.event_for(entry) for entry in group))
            memory.reported.update({entry.path: (entry.size, entry.mtime_ns) for entry in group})
        memory.reported = {path: seen for path, seen in memory.reported.items() if path in entries}

    def look(self, entries: dict[bytes, Entry], memory: Memory) -> None:
        """Remember since when each file has been as it is."""
        memory.at, before, memory.before = time.monotonic(), memory.before, {}
        for path, entry in entries.items():
            now: Seen = (entry.size, entry.mtime_ns)
            known = before.get(path)
            memory.before[path] = known if known and known[0] == now else (now, memory.at)

    def is_ready(self, entry: Entry, entries: dict[bytes, Entry], memory: Memory) -> bool:
        now: Seen = (entry.size, entry.mtime_ns)
        if memory.reported.get(entry.path) == now or self.is_ignored(entry):
            return False
        _, since = memory.before[entry.path]
        if since == memory.at or memory.at - since < self.settings.rest_seconds:
            return False
        return self.is_marker(entry) or self.has_marker(entry, entries)

    def is_ignored(self, entry: Entry) -> bool:
        name = entry.readable.rpartition("/")[2]
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.settings.ignore)

    def is_marker(self, entry: Entry) -> bool:
        return entry.path.endswith(MARKERS)

    def has_marker(self, entry: Entry, entries: dict[bytes, Entry]) -> bool:
        if self.settings.marker == "none" or not stat.S_ISREG(entry.mode):
            return True
        if self.settings.marker == "md5":  # `md5sum` makes it empty, and fills it when it has read the file
            return md5_beside(self.root / os.fsdecode(entry.path)) is not None
        return entry.path + b".ok" in entries or entry.path.rpartition(b".")[0] + b".ok" in entries

    def event_for(self, entry: Entry) -> FileFound | FileListed:
        if self.is_marker(entry):
            return FileListed(
                device_id=self.settings.id, offload=None, path=entry.path,
                size=entry.size, mtime_ns=entry.mtime_ns, why=reason("listed.marker"),
            )  # fmt: skip
        return report(
            self.root, entry, self.settings.id,
            templates=self.settings.name_templates, adopt=self.settings.adopt, is_there=self.root.is_dir,
        )  # fmt: skip

    def release(self, found: FoundFile, sha256: str) -> Release:
        if self.settings.adopt:
            return Release.KEPT if (self.root / os.fsdecode(found.path)).exists() else Release.GONE
        if self.settings.release == "keep":
            return Release.KEPT
        let_go = check if self.settings.release == "check" else erase
        return let_go(self.root, found, sha256, self.stop)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)


def is_mounted(path: Path) -> bool:
    """Whether it lies on a mount of its own, below the root file system. Raises OSError."""
    while path != path.parent:
        if path.is_mount():
            return True
        path = path.parent
    return False
