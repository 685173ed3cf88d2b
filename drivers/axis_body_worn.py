"""Axis body-worn systems: their controllers push recordings to us (devices 1.8, peers 2).

A recording is one offload: its receipt names every object that was acknowledged.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from threading import Event, RLock

from drivers.axis import lost, reports
from drivers.axis.containers import Body, Container, Missing
from drivers.axis.known import Known
from drivers.axis.listener import Listener
from drivers.axis.shelf import Shelf
from drivers.uploads.server import Server
from drivers.uploads.spool import readable_name
from gateway.config.connected import AxisBodyWornSettings
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    Emit,
    FileFound,
    FileListed,
    FoundFile,
    ListedFile,
    OffloadOpened,
    Order,
    OrderResult,
    Refused,
    Release,
    TrackReceived,
    edge_digest,
    modified_ns,
)
from gateway.guard import guarded
from gateway.instants import moment
from gateway.store.regular import reading
from gateway.wording import reason

log = logging.getLogger(__name__)

REMEMBERED_S = 30 * 24 * 3600
REJECTED_QUIET_S = 30
"""Nobody says that rejected content is complete."""
NEWS_QUIET_S = 2
"""What is said of several objects of an entered recording is told once."""
TRACK_BYTES = 32 << 20
MARKER = ".evidence-axis"
AGAIN_S = 60.0
FORGET_S = 3600.0


class AxisBodyWorn:
    def __init__(self, settings: AxisBodyWornSettings) -> None:
        self.settings = settings
        self.shelf = Shelf(settings.spool)
        self.known = Known(settings, self.shelf)
        self.opened = False
        self.listener: Listener | None = None
        self.emit: Emit | None = None
        self.lock = RLock()
        """One recording is entered at a time."""
        self.here: dict[str, set[str]] = {}
        """Cameras of which something is being taken in, and the offloads that are open for them."""
        self.settled: dict[str, float] = {}
        """Containers of which nothing is left to do, until they are touched again."""
        self.later: dict[str, float] = {}
        self.quiet: dict[str, tuple[float, float]] = {}
        """When a container was last touched, and since when (monotonic seconds) that has been so."""

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable while the spool or the address cannot be had."""
        mark = self.open_spool()
        settings = self.settings
        self.listener = Listener(settings, self.shelf, self.enter)
        server = Server(
            self.listener.app, (settings.host, settings.port), (settings.certificate, settings.key),
            settings.at_once * 4 + 16,
        )  # fmt: skip
        self.here, self.settled, self.later, self.quiet = {}, {}, {}, {}
        forgotten = time.monotonic()
        try:
            server.start(stop)
            self.emit = emit
            emit(Connected(device_id=settings.id, at=moment()), *lost.signals(self.shelf, settings.id))
            while not stop.is_set():
                if self.mark != mark:
                    raise DeviceUnavailable("wait.store_gone", path=settings.spool)
                if not server.is_alive:
                    raise DeviceUnavailable("upload.no_listener", address=f"{settings.host}:{settings.port}")
                self.look_after()
                if time.monotonic() - forgotten > FORGET_S:
                    forgotten = time.monotonic()
                    self.shelf.forget(time.time() - REMEMBERED_S)
                stop.wait(0.5)
        finally:
            self.emit = None
            server.close(0.8)

    def open_spool(self) -> tuple[int, int] | None:
        """Raises DeviceUnavailable. One that was seen before is not made anew: a disk may not be mounted."""
        marker = self.settings.spool / MARKER
        if self.opened and not marker.exists():
            raise DeviceUnavailable("wait.store_gone", path=self.settings.spool)
        try:
            with self.lock:  # whoever still takes in a recording finishes first
                self.shelf.open()
                lost.salvage(self.shelf)
            marker.touch()
            self.opened = True
            self.shelf.forget(time.time() - REMEMBERED_S)
        except OSError as error:
            raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
        return self.mark

    @property
    def mark(self) -> tuple[int, int] | None:
        try:
            seen = (self.settings.spool / MARKER).stat()
        except OSError:
            return None
        return seen.st_dev, seen.st_ino

    def look_after(self) -> None:
        """Who is here, what was left without a last word, which camera is let go of."""
        with self.lock:
            busy: dict[str, set[str]] = {}
            for container in self.shelf.containers():
                if self.settled.get(container.name) == container.touched or not reports.is_footage(container):
                    continue
                if self.is_due(container):
                    self.try_to_enter(container)
                if container.is_done and not reports.has_news(container):
                    self.settled[container.name] = container.touched
                    self.quiet.pop(container.name, None)
                else:
                    busy.setdefault(self.known.device_of(container), set()).update(offloads_of(container))
            for device, offloads in busy.items():
                if device not in self.here:
                    self.say(*self.seen(device))
                self.here.setdefault(device, set()).update(offloads)
            for device in sorted(set(self.here) - set(busy) - {self.settings.id}):
                for offload in sorted(self.here.pop(device)):
                    self.say(Disconnected(device_id=device, at=moment(), offload=offload))

    def try_to_enter(self, container: Container) -> None:
        """One that cannot be entered keeps no other waiting."""
        if self.later.get(container.name, 0) > time.monotonic():
            return
        if not guarded(log, f"taking in {container.name}", lambda: self.enter(container)):
            self.later[container.name] = time.monotonic() + AGAIN_S

    def is_due(self, container: Container) -> bool:
        if not container.waiting:
            return reports.has_news(container) and self.rested(container) > NEWS_QUIET_S
        if container.is_complete:
            return True
        quiet = self.settings.quiet_seconds
        if reports.is_rejected(container):
            quiet = min(quiet, REJECTED_QUIET_S)
        return not self.shelf.drafts[container.name] and self.rested(container) > quiet

    def rested(self, container: Container) -> float:
        """Seconds without a touch, as far as this process has seen: the clock may have been set meanwhile."""
        touched, since = self.quiet.get(container.name, (None, 0.0))
        if touched != container.touched:
            since = time.monotonic()
            self.quiet[container.name] = container.touched, since
        return time.monotonic() - since

    def say(self, *events: DeviceEvent) -> None:
        """Raises DeviceUnavailable when nobody listens any more."""
        if self.emit is None:
            raise DeviceUnavailable("wait.store_gone", path=self.settings.spool)
        self.emit(*events)

    def seen(self, device: str) -> list[DeviceEvent]:
        if device == self.settings.id or device in self.here:
            return []
        entry = self.known.entry_of(device)
        return [
            DeviceSeen(device_id=device, via=self.settings.id, type="body_camera", entry=entry),
            Connected(device_id=device, at=moment()),
        ]

    def enter(self, container: Container) -> None:
        """Report what waits of a recording. Returns once the events are stored. Raises DeviceUnavailable."""
        with self.lock:
            container = self.shelf.container(container.name)  # the spool may have been opened anew meanwhile
            if not reports.is_footage(container):
                return
            if not container.waiting and not reports.has_news(container):
                return
            self.keep_record(container)
            waiting = container.waiting
            self.shelf.account(container, waiting)
            device = self.known.device_of(container)
            for offload in dict.fromkeys(body.offload for body in waiting):
                self.enter_account(container, device, [one for one in waiting if one.offload == offload])
            tracks = self.tracks(container, device, waiting)
            if tracks:
                guarded(log, f"the track of {container.name}", lambda: self.say(*tracks))

    def enter_account(self, container: Container, device: str, bodies: list[Body]) -> None:
        found = [self.event(container, body) for body in bodies]
        opened = OffloadOpened(
            device_id=device, offload=bodies[0].offload, at=moment(), volume=container.name,
            listing=tuple(listed(event) for event in found),
        )  # fmt: skip
        whole = [] if device == self.settings.id else [opened]
        self.say(*self.seen(device), *whole, *found)
        self.here.setdefault(device, set()).add(bodies[0].offload)
        self.shelf.mark(container, bodies, entered=True)
        gone = [body for body, event in zip(bodies, found, strict=True) if isinstance(event, FileListed)]
        self.shelf.mark(container, gone, released=True)

    def keep_record(self, container: Container) -> Body:
        with self.shelf.draft(container.name) as draft:
            draft.write(reports.record_of(container))
            return self.shelf.keep(container.name, reports.RECORD, draft, {}, None)

    def event(self, container: Container, body: Body) -> FileFound | FileListed:
        device = self.known.device_of(container)
        local = self.shelf.path(container, body)
        path = reports.path_of_body(container, body).encode("utf-8", "surrogateescape")
        offload = None if device == self.settings.id else body.offload
        if body.size == 0 or not local.exists():
            why = reason("condition.empty" if body.size == 0 else "listed.gone")
            return FileListed(
                device_id=device, offload=offload, path=path, size=body.size, mtime_ns=0, why=why
            )
        with reading(local) as handle:
            edges = edge_digest(handle, body.size)
        zone = self.known.zone_of(device)
        told = reports.declared(container, body, self.known.account_of(container), zone)
        return FileFound(
            found=FoundFile(
                device_id=device, path=path, local=local, size=body.size, mtime_ns=modified_ns(local.stat()),
                kind=reports.kind_here(body.name), edges=edges, volume=container.name, offload=offload,
                declared=told, adopt=True,
            )
        )  # fmt: skip

    def tracks(self, container: Container, device: str, bodies: Iterable[Body]) -> list[DeviceEvent]:
        """Of an encrypted one nothing can be told here."""
        told: list[DeviceEvent] = []
        for body in bodies:
            local = self.shelf.path(container, body)
            if reports.kind_here(body.name) == "TRACK" and body.size <= TRACK_BYTES and local.exists():
                points = tuple(reports.positions(local.read_bytes()))
                if points:
                    told.append(TrackReceived(device_id=device, at=moment(), points=points))
        return told

    def release(self, found: FoundFile, sha256: str) -> Release:
        """The controller deletes its own when it said `Complete`; a copy that is still here goes now.

        Raises Refused if what is preserved is not what was received, DeviceUnavailable for another's file.
        """
        path = found.path.decode("utf-8", "surrogateescape")
        name = path.partition("/")[0]
        if found.volume != name:
            raise DeviceUnavailable("wait.source_gone", done=0)
        with self.shelf.lock:
            try:
                container = self.shelf.container(name)
            except Missing:
                return Release.TOLD
            same = [body for body in container.bodies if reports.path_of_body(container, body) == path]
            right = [body for body in same if self.shelf.digest(container, body) in ("", sha256)]
            if same and not right:
                raise Refused("upload.other_digest", file=readable_name(path, name), found=sha256[:16])
            for body in right:  # taken over by copy, where the store lies on another disk
                self.shelf.path(container, body).unlink(missing_ok=True)
            self.shelf.mark(container, right, released=True)
        return Release.TOLD

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)


def offloads_of(container: Container) -> set[str]:
    return {body.offload for body in container.bodies if body.offload and not body.released}


def listed(event: FileFound | FileListed) -> ListedFile:
    seen = event.found if isinstance(event, FileFound) else replace(event)
    return ListedFile(path=seen.path, size=seen.size, mtime_ns=seen.mtime_ns)
