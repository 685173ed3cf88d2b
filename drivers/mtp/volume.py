"""A docked MTP camera: one offload as of a mounted volume, but each file is pulled when it is wanted."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from uuid_utils import uuid7

from drivers.card import SIDECAR_BYTES, Entry, grouped, not_kept, with_sidecars
from drivers.mtp.camera import Camera, Said
from drivers.mtp.objects import Object, stem_of
from drivers.mtp.spool import PullSpool
from drivers.mtp.wire import Garbled
from drivers.names import kind_of, read_name
from gateway.config.devices import VolumeSettings
from gateway.device import (
    EDGE,
    Connected,
    Declared,
    DeviceUnavailable,
    Disconnected,
    Emit,
    FileFound,
    FileListed,
    FoundFile,
    ListedFile,
    MediaKind,
    OffloadOpened,
    Refused,
    Release,
    edge_offsets,
)
from gateway.instants import moment
from gateway.wording import reason

GROUP = 20
"""Each file of it is asked for its edges before the group is told."""
PATIENCE = 3


@dataclass(frozen=True, slots=True)
class Reported:
    """What was told of an object in this docking."""

    object: Object
    edges: str

    def agrees(self, found: FoundFile) -> bool:
        entry = self.object.entry
        told = (entry.size, entry.mtime_ns, self.edges)
        return told == (found.size, found.mtime_ns, found.edges)


class MtpVolume:
    """Lists, reports, and holds the camera until it leaves; pulls and releases come from other threads."""

    def __init__(
        self,
        settings: VolumeSettings,
        camera: Camera,
        spool: PullSpool,
        objects: Sequence[Object],
        *,
        serial: str,
        has_left: Callable[[], bool],
    ) -> None:
        self.settings, self.camera, self.spool = settings, camera, spool
        self.objects = {one.path: one for one in objects}
        self.serial, self.has_left = serial, has_left
        self.docked: str | None = None
        self.reported: dict[bytes, Reported] = {}
        """By path; what we erased is no longer in it."""
        self.erased: set[bytes] = set()
        self.stop = Event()

    def offload(self, emit: Emit, stop: Event) -> None:
        device, offload, bay = self.settings.id, uuid7().hex, self.settings.bay
        self.stop = stop
        emit(Connected(device_id=device, at=moment(), bay=bay, volume=self.serial))
        listing = tuple(self.listed(one.entry) for one in self.objects.values())
        opened = OffloadOpened(
            device_id=device, offload=offload, at=moment(), listing=listing, bay=bay, volume=self.serial
        )
        emit(opened)
        self.docked = offload
        for group in self.groups():
            if stop.is_set():
                return
            emit(*(self.report(one, offload) for one in group))
        self.hold(stop)
        if not stop.is_set():
            self.docked = None
            emit(Disconnected(device_id=device, at=moment(), offload=offload))

    def groups(self) -> Iterator[list[Object]]:
        """What has to be read whole to be told of holds up nothing else."""
        quick: list[Object] = []
        slow: list[Object] = []
        for one in self.by_urgency():
            is_slow = not_kept(one.entry) is None and not self.camera.can_seek(one.entry.size)
            (slow if is_slow else quick).append(one)
        yield from grouped(quick, GROUP)
        yield from grouped(slow, 1)

    def hold(self, stop: Event) -> None:
        """Until the camera leaves. Raises DeviceUnavailable if it stays and answers no more."""
        silent = 0
        while not self.has_left() and not stop.wait(min(self.settings.poll_seconds, 0.5)):
            silent = silent + 1 if self.camera.broken else 0
            if silent > PATIENCE:  # the bus may need a moment to tell that it has gone
                self.docked = None
                raise DeviceUnavailable("bay.mtp_failed", error="no answer")

    def by_urgency(self) -> list[Object]:
        """Files marked important first, then in the order of their paths."""
        templates = self.settings.name_templates
        return sorted(
            self.objects.values(), key=lambda one: not read_name(one.entry.readable, templates).important
        )

    def listed(self, entry: Entry) -> ListedFile:
        sequence = read_name(entry.readable, self.settings.name_templates).sequence
        return ListedFile(path=entry.path, size=entry.size, mtime_ns=entry.mtime_ns, sequence=sequence)

    def report(self, one: Object, offload: str) -> FileFound | FileListed:
        """Raises DeviceUnavailable if the camera left meanwhile."""
        entry, device = one.entry, self.settings.id
        why = not_kept(entry)
        if why is None:
            try:
                return FileFound(found=self.found(one, offload))
            except (Said, Garbled) as no:
                why = reason("listed.unreadable", error=str(no))
        return FileListed(
            device_id=device, offload=offload, path=entry.path, size=entry.size, mtime_ns=entry.mtime_ns,
            why=why,
        )  # fmt: skip

    def found(self, one: Object, offload: str) -> FoundFile:
        entry = one.entry
        edges = edges_of(self.camera, one)
        found = FoundFile(
            device_id=self.settings.id, path=entry.path, local=Path(), size=entry.size,
            mtime_ns=entry.mtime_ns, kind=kind_of(entry.readable), edges=edges, volume=self.serial,
            offload=offload, declared=self.declared(one), adopt=True,
        )  # fmt: skip
        self.reported[entry.path] = Reported(one, edges)
        return dataclasses.replace(found, local=self.spool.place(found))

    def declared(self, one: Object) -> Declared:
        """Its name first, then what a sidecar beside it adds."""
        declared = read_name(one.entry.readable, self.settings.name_templates)
        if not isinstance(kind_of(one.entry.readable), MediaKind):
            return declared
        whole, stem = one.path, stem_of(one.path)
        labels = (self.head_of(path) for path in (stem + b".json", whole + b".json"))
        digests = (self.head_of(path) for path in (whole + b".md5", stem + b".md5"))
        return with_sidecars(declared, labels, digests)

    def head_of(self, path: bytes) -> bytes:
        """The beginning of a small file; nothing of what is not there or cannot be read."""
        one = self.objects.get(path)
        if one is None or one.entry.error or not 0 < one.entry.size <= SIDECAR_BYTES:
            return b""
        try:
            return b"".join(self.camera.blocks(one.handle, one.entry.size))
        except Said:
            return b""

    def pull(self, found: FoundFile, tick: Callable[[int], None]) -> None:
        told = self.reported.get(found.path)
        if told is None or not told.agrees(found):
            raise DeviceUnavailable("wait.source_gone", done=0)
        one = told.object
        try:
            self.spool.pull(
                found, lambda offset: self.camera.blocks(one.handle, one.entry.size, offset), tick
            )
        except Said as no:
            raise DeviceUnavailable("wait.source_unreadable", error=str(no)) from no

    def release(self, found: FoundFile, sha256: str) -> Release:
        """By the policy. Raises Refused where the object differs or the camera will not let it go."""
        if self.settings.release == "keep":
            return Release.KEPT
        if self.docked is None or self.has_left():
            raise DeviceUnavailable("wait.source_gone", done=0)
        told = self.reported.get(found.path)
        if found.offload != self.docked:
            return self.release_of_before(found, told)
        if told is None:
            return Release.GONE
        try:
            return self.let_go(told.object, sha256)
        except (Said, Garbled) as no:
            raise DeviceUnavailable("wait.source_unreadable", error=str(no)) from no

    def let_go(self, one: Object, sha256: str) -> Release:
        try:
            self.compare(one, sha256)
        except Said as no:
            if no.is_unknown and not self.is_listed(one):
                return Release.GONE
            raise
        if self.settings.release == "check":
            return Release.KEPT
        self.erase(one)
        self.reported.pop(one.path)
        return Release.DONE

    def release_of_before(self, found: FoundFile, told: "Reported | None") -> Release:
        """As of a mounted volume: it is gone, or this docking's own finding of it ends both.

        Raises DeviceUnavailable where that cannot be told.
        """
        parts = found.path.split(b"/")
        above = {b"/".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
        is_unread = bool(above & (self.objects.keys() - self.reported.keys() - self.erased))
        if found.volume != self.serial or is_unread or (told is not None and told.edges == found.edges):
            raise DeviceUnavailable("release.earlier")
        return Release.GONE

    def compare(self, one: Object, sha256: str) -> None:
        """Read it once more. Raises Refused if it is not what is kept."""
        digest = hashlib.sha256()
        for block in self.camera.blocks(one.handle, one.entry.size):
            if self.stop.is_set():
                raise DeviceUnavailable("release.stopped")
            digest.update(block)
        if digest.hexdigest() != sha256 or self.camera.info(one.handle) != one.info:
            raise Refused("release.source_differs")

    def erase(self, one: Object) -> None:
        """Raises Refused if it is still there."""
        if not self.camera.may_delete:
            raise Refused("release.mtp_cannot")
        try:
            self.camera.delete(one.handle)
        except Said as no:
            raise Refused("release.failed", error=str(no)) from no
        self.erased.add(one.path)
        if self.is_listed(one):
            self.erased.discard(one.path)
            raise Refused("release.failed", error="the object is still there")

    def is_listed(self, one: Object) -> bool:
        return one.handle in self.camera.children(one.storage, one.parent)


def edges_of(camera: Camera, one: Object) -> str:
    """`edge_digest` of an object. One that cannot be sought in is read from beginning to end for that."""
    size, digest = one.entry.size, hashlib.sha256()
    edges = [(offset, min(size, offset + EDGE)) for offset in edge_offsets(size)]
    if camera.can_seek(size):
        for begin, end in edges:
            for block in camera.blocks(one.handle, end, begin):
                digest.update(block)
        return digest.hexdigest()
    parts, at = [bytearray() for _ in edges], 0
    for block in camera.blocks(one.handle, size):
        for part, (begin, end) in zip(parts, edges, strict=True):
            part += block[max(0, begin - at) : max(0, end - at)]
        at += len(block)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
