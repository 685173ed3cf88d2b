"""Axis body-worn systems: their controllers push recordings to us (devices 1.8, peers 2).

A recording is one offload: its receipt names every object that was acknowledged.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from threading import Event, RLock
from zoneinfo import ZoneInfo

from drivers.axis import reports
from drivers.axis.listener import Listener
from drivers.axis.shelf import Body, Container, Missing, Shelf
from drivers.uploads.server import Server
from drivers.uploads.spool import readable_name
from gateway.config.base import DeviceSettings
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
from gateway.wording import reason

log = logging.getLogger(__name__)

REMEMBERED_S = 30 * 24 * 3600
REJECTED_QUIET_S = 30
"""Nobody says that rejected content is complete."""
RECORD = "recording.json"
TRACK_BYTES = 32 << 20


class AxisBodyWorn:
    def __init__(self, settings: AxisBodyWornSettings) -> None:
        self.settings = settings
        self.shelf = Shelf(settings.spool)
        self.opened = False
        self.listener: Listener | None = None
        self.emit: Emit | None = None
        self.lock = RLock()
        """One recording is entered at a time."""
        self.here: set[str] = set()

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable while the spool or the address cannot be had."""
        spool = self.settings.spool
        if self.opened and not spool.is_dir():
            # made anew it would be an empty folder where a disk was mounted
            raise DeviceUnavailable("wait.store_gone", path=spool)
        try:
            self.shelf.open()
            self.opened = True
            self.shelf.forget(time.time() - REMEMBERED_S)
        except OSError as error:
            raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
        settings = self.settings
        self.listener = Listener(settings, self.shelf, self.enter)
        server = Server(
            self.listener.app, (settings.host, settings.port), (settings.certificate, settings.key),
            settings.at_once * 4 + 16,
        )  # fmt: skip
        mark = spool.stat().st_ino
        self.here = set()
        try:
            server.start(stop)
            self.emit = emit
            emit(Connected(device_id=settings.id, at=moment()))
            while not stop.is_set():
                if not spool.is_dir() or spool.stat().st_ino != mark:
                    raise DeviceUnavailable("wait.store_gone", path=spool)
                self.look_after()
                stop.wait(0.5)
        finally:
            self.emit = None
            server.close(0.8)

    def look_after(self) -> None:
        """Who is here, what was left without a last word, which camera is let go of."""
        busy: set[str] = set()
        for container in self.shelf.containers():
            if not reports.is_footage(container) or (not container.bodies and container.is_complete):
                continue
            if self.is_due(container):
                self.enter(container)
            if not container.is_done:
                busy.add(self.device_of(container))
        for device in sorted(busy - self.here):
            self.say(*self.seen(device))
            self.here.add(device)
        for device in sorted(self.here - busy - {self.settings.id}):
            self.here.discard(device)
            self.say(Disconnected(device_id=device, at=moment()))

    def is_due(self, container: Container) -> bool:
        if not container.waiting:
            return False
        quiet = REJECTED_QUIET_S if reports.is_rejected(container) else self.settings.quiet_seconds
        return container.is_complete or time.time() - container.touched > min(
            quiet, self.settings.quiet_seconds
        )

    def say(self, *events: DeviceEvent) -> None:
        """Raises DeviceUnavailable when nobody listens any more."""
        if self.emit is None:
            raise DeviceUnavailable("wait.store_gone", path=self.settings.spool)
        self.emit(*events)

    def device_of(self, container: Container) -> str:
        return reports.serial_of(container) or self.settings.id

    def camera(self, device: str) -> DeviceSettings:
        """What is known of a camera beforehand; one that nobody entered belongs to the controller's unit."""
        known = (one for one in self.settings.cameras if fnmatchcase(device, one.id))
        return next(known, self.settings)

    def seen(self, device: str) -> list[DeviceEvent]:
        if device == self.settings.id or device in self.here:
            return []
        settings = self.camera(device)
        told = self.shared("Devices", device)
        entry = settings.entry() | {
            "name": told.get("name") or settings.name, "serial_no": device, "model": told.get("model"),
            "unit_id": settings.unit or self.settings.unit, "driver": self.settings.driver, "room_id": None,
        }  # fmt: skip
        return [
            DeviceSeen(device_id=device, via=self.settings.id, type="body_camera", entry=entry),
            Connected(device_id=device, at=moment()),
        ]

    def shared(self, container: str, name: str) -> dict[str, str]:
        """What was told of a user or a camera; nothing where nobody did."""
        try:
            return self.shelf.container(container).body(name).meta
        except Missing:
            return {}

    def account(self, container: Container) -> reports.Account | None:
        user = reports.user_of(container)
        told = self.shared("Users", user or "")
        return reports.Account(told.get("name", ""), told.get("userid", "")) if told else None

    def enter(self, container: Container) -> None:
        """Report what waits of a recording. Returns once the events are stored. Raises DeviceUnavailable."""
        with self.lock:
            waiting = container.waiting
            if not waiting or not reports.is_footage(container):
                return
            if any(body.entered for body in container.bodies):
                log.warning("%s: more came after it had been taken in", container.name)
                self.shelf.renew(container)
            if not any(body.name == RECORD for body in waiting):
                waiting = [*waiting, self.keep_record(container)]
            device = self.device_of(container)
            found = [self.event(container, body) for body in waiting]
            opened = OffloadOpened(
                device_id=device, offload=container.offload, at=moment(), volume=container.name,
                listing=tuple(listed(event) for event in found),
            )  # fmt: skip
            whole = [] if device == self.settings.id else [opened]
            self.say(*self.seen(device), *whole, *found, *self.tracks(container, device, waiting))
            self.here.add(device)
            self.shelf.mark(container, waiting, entered=True)
            gone = [body for body, event in zip(waiting, found, strict=True) if isinstance(event, FileListed)]
            self.shelf.mark(container, gone, released=True)

    def keep_record(self, container: Container) -> Body:
        with self.shelf.draft(container.name) as draft:
            draft.write(reports.record_of(container))
            return self.shelf.keep(container.name, RECORD, draft, {}, None)

    def event(self, container: Container, body: Body) -> FileFound | FileListed:
        device = self.device_of(container)
        local = self.shelf.path(container, body)
        name = reports.path_of(container, body.name)
        path = name.encode("utf-8", "surrogateescape")
        offload = None if device == self.settings.id else container.offload
        if body.size == 0 or not local.exists():
            why = reason("condition.empty" if body.size == 0 else "listed.gone")
            return FileListed(
                device_id=device, offload=offload, path=path, size=body.size, mtime_ns=0, why=why
            )
        with local.open("rb") as file:
            edges = edge_digest(file.fileno(), body.size)
        zone = ZoneInfo(self.camera(device).timezone or self.settings.timezone or "UTC")
        told = reports.declared(container, body, self.account(container), zone)
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
        """The controller deletes its own when it said `Complete`: here it is only written down.

        Raises Refused if what is preserved is not what was received.
        """
        container_name, _, name = found.path.decode("utf-8", "surrogateescape").partition("/")
        try:
            container = self.shelf.container(container_name)
        except Missing:
            return Release.TOLD
        same = [body for body in container.bodies if (body.name, body.size) == (name, found.size)]
        right = [body for body in same if body.sha256 == sha256]
        if same and not right:
            raise Refused("upload.other_digest", file=readable_name(name, name), found=sha256[:16])
        self.shelf.mark(container, right, released=True)
        return Release.TOLD

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)


def listed(event: FileFound | FileListed) -> ListedFile:
    seen = event.found if isinstance(event, FileFound) else replace(event)
    return ListedFile(path=seen.path, size=seen.size, mtime_ns=seen.mtime_ns)


def moment() -> datetime:
    return datetime.now(UTC)
