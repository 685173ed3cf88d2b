"""A camera volume that the system mounts: every docking is one offload."""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from uuid_utils import uuid7

from drivers.apart import do_apart
from drivers.card import Entry, grouped, report, walk
from drivers.names import read_name
from drivers.release import check, erase
from gateway.config.devices import VolumeSettings
from gateway.device import (
    Connected,
    DeviceUnavailable,
    Disconnected,
    Emit,
    FileListed,
    FoundFile,
    ListedFile,
    OffloadOpened,
    Order,
    OrderResult,
    Refused,
    Release,
    edge_digest,
)
from gateway.instants import moment
from gateway.store.regular import reading
from gateway.wording import reason

GROUP = 50

Mark = tuple[int, int] | None


class Volume:
    """Waits for its folder to appear, reports all that lies on it, watches it until it leaves."""

    def __init__(
        self, settings: VolumeSettings, serial: str | None = None, unread: Sequence[ListedFile] = ()
    ) -> None:
        self.settings = settings
        self.unread = unread
        """What else the camera has and nobody reads: it stands in the listing, and a person has to look."""
        self.serial = serial
        """Of the file system, where whoever mounted it knows it."""
        self.root = settings.path
        self.docked: str | None = None
        """The offload of the card that is there now."""
        self.listing: frozenset[bytes] = frozenset()
        """What lay on it when it came; a folder is named here only if it could not be read."""
        self.name = ""
        """Its volume, as far as that is known."""
        self.mark: Mark = None
        self.expected: set[bytes] = set()
        """What must still lie on the card: listed and not erased by us."""
        self.stop = Event()

    def run(self, emit: Emit, stop: Event) -> None:
        do_apart(self.settings.id, lambda tell: self.watch(tell, stop), emit, stop)

    def watch(self, emit: Emit, stop: Event) -> None:
        while not stop.is_set():
            if self.is_there():
                self.offload(emit, stop)
            stop.wait(min(self.settings.poll_seconds, 0.5))

    def is_there(self) -> bool:
        """A mounted card, or a folder with something in it: an empty mount point is no card."""
        return self.root.is_mount() or self.lists_something()

    def lists_something(self) -> bool:
        """After a surprise removal the mount stays and its listing is empty: that is no wiped card."""
        try:
            with os.scandir(self.root) as entries:
                return any(True for _ in entries)
        except OSError:
            return False

    def offload(self, emit: Emit, stop: Event) -> None:
        device, offload = self.settings.id, uuid7().hex
        self.mark, self.expected, self.stop = mark_of(self.root), set(), stop
        volume = self.name = volume_serial(self.root) if self.serial is None else self.serial
        emit(Connected(device_id=device, at=moment(), bay=self.settings.bay, volume=volume))
        entries = list(walk(self.root))
        self.expected = {entry.path for entry in entries}
        self.listing = frozenset(self.expected)
        if not self.still_there():
            raise DeviceUnavailable("wait.source_gone", done=0)
        emit(
            OffloadOpened(
                device_id=device,
                offload=offload,
                at=moment(),
                listing=(*(self.listed(entry) for entry in entries), *self.unread),
                bay=self.settings.bay,
                volume=volume,
            )
        )
        self.docked = offload
        emit(*(self.passed(one, offload) for one in self.unread))
        for group in grouped(self.by_urgency(entries), GROUP):
            if stop.is_set():
                return
            if not self.still_there():
                break
            emit(
                *(
                    report(
                        self.root, entry, device,
                        volume=volume, offload=offload, templates=self.settings.name_templates,
                        is_there=self.still_there,
                    )
                    for entry in group
                )
            )  # fmt: skip
        while not stop.wait(min(self.settings.poll_seconds, 0.5)):
            if not self.still_there():
                self.docked = None
                emit(Disconnected(device_id=device, at=moment(), offload=offload))
                return

    def still_there(self) -> bool:
        """The same card, still plugged in; it may list nothing only if we erased all that was on it."""
        if mark_of(self.root) != self.mark or not has_device(self.mark):
            return False
        return self.lists_something() or not self.expected

    def listed(self, entry: Entry) -> ListedFile:
        declared = read_name(entry.readable, self.settings.name_templates)
        return ListedFile(
            path=entry.path, size=entry.size, mtime_ns=entry.mtime_ns, sequence=declared.sequence
        )

    def passed(self, one: ListedFile, offload: str) -> FileListed:
        why = reason("listed.other_file_system", what=os.fsdecode(one.path))
        return FileListed(
            device_id=self.settings.id, offload=offload, path=one.path, size=one.size, mtime_ns=one.mtime_ns,
            why=why,
        )  # fmt: skip

    def by_urgency(self, entries: list[Entry]) -> list[Entry]:
        """Files marked important first, then in the card's own order."""
        templates = self.settings.name_templates
        return sorted(entries, key=lambda entry: not read_name(entry.readable, templates).important)

    def release(self, found: FoundFile, sha256: str) -> Release:
        if self.settings.release == "keep":
            return Release.KEPT
        if self.docked is None or not self.still_there():
            raise DeviceUnavailable("wait.source_gone", done=0)
        if found.offload != self.docked:
            return self.release_of_before(found)
        if self.settings.release == "check":
            return check(self.root, found, sha256, self.stop)
        ended = erase(self.root, found, sha256, self.stop)
        if ended is Release.DONE:
            self.expected.discard(found.path)
        return ended

    def release_of_before(self, found: FoundFile) -> Release:
        """What an earlier docking left open: it is gone, or this docking's own finding of it ends both.

        Raises DeviceUnavailable where that cannot be told: another card, a folder or file that is not read.
        """
        above = {b"/".join(found.path.split(b"/")[:depth]) for depth in range(1, found.path.count(b"/") + 1)}
        if found.volume != self.name or above & self.listing:
            raise DeviceUnavailable("release.earlier")
        if found.path in self.listing and edges_of(self.root, found) == found.edges:
            raise DeviceUnavailable("release.earlier")
        return Release.GONE

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)


def edges_of(root: Path, found: FoundFile) -> str | None:
    """Of what bears its name now; None if nothing does. Raises DeviceUnavailable."""
    try:
        with reading(root / os.fsdecode(found.path)) as handle:
            return edge_digest(handle, found.size)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error


def mark_of(root: Path) -> Mark:
    """Tells this card from whatever is mounted there a moment later."""
    try:
        seen = root.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def has_device(mark: Mark) -> bool:
    """Whether the block device under a mount is still plugged in; a plain folder has none to lose."""
    if mark is None:
        return False
    major, minor = os.major(mark[0]), os.minor(mark[0])
    return major == 0 or Path(f"/sys/dev/block/{major}:{minor}").exists()


def volume_serial(root: Path) -> str:
    """The file system's own serial where the system knows it, else empty."""
    try:
        device = root.stat().st_dev
        for link in Path("/dev/disk/by-uuid").iterdir():
            if os.stat(link).st_rdev == device:
                return link.name
    except OSError:
        return ""
    return ""
