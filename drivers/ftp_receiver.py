"""Recorders that upload by FTP or FTPS (devices 4.5): completeness is proved, never believed.

A cut upload ends like a finished one. What its container proves to be whole is taken in at once; what it
proves to be cut waits for its sender to go on, and is taken in as it is when nobody does.
"""

import errno
import fnmatch
import logging
import os
import queue
import stat
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event

from uuid_utils import uuid7

from drivers.card import Entry, report, walk
from drivers.ftp.server import Server
from drivers.ftp.whole import is_whole
from drivers.release import erase
from gateway.config.connected import FtpCamera, FtpReceiverSettings
from gateway.device import (
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    Emit,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
)
from gateway.instants import moment
from gateway.store.durable import sync_folder

log = logging.getLogger(__name__)

GROUP = 50


class FtpReceiver:
    """`home/{device}` is what a device sees; `ready/{device}` what is being taken in, out of its reach."""

    def __init__(self, settings: FtpReceiverSettings) -> None:
        self.settings = settings
        self.server: Server | None = None
        self.opened = False
        self.logins: dict[str, datetime] = {}
        self.told: set[Path] = set()
        self.since: dict[Path, tuple[tuple[int, int], float]] = {}
        """Size and time of what lies in the devices' folders, and since when that is so (monotonic)."""
        self.cut: queue.SimpleQueue[SignalReceived] = queue.SimpleQueue()
        """What was taken in as it is, although nothing proves that all of it came; what could not be."""
        self.moving = threading.Lock()
        self.troubled: set[Path] = set()

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable while the spool or the address cannot be had."""
        spool = self.settings.spool
        if self.opened and not spool.is_dir():
            raise DeviceUnavailable("wait.store_gone", path=spool)
        self.told = set()
        try:
            spool.mkdir(parents=True, exist_ok=True)
            self.opened, mark = True, spool.stat().st_ino
            self.server = Server(self.settings, self.keep_aside, self.arrived)
            emit(Connected(device_id=self.settings.id, at=moment()))
            for camera in self.settings.cameras:
                entry = self.settings.entry_of(camera)
                emit(
                    DeviceSeen(device_id=camera.id, via=self.settings.id, type=camera.type, entry=entry),
                    Connected(device_id=camera.id, at=moment()),
                )
            while not stop.is_set():
                if not spool.is_dir() or spool.stat().st_ino != mark:
                    raise DeviceUnavailable("wait.store_gone", path=spool)
                if not self.server.thread.is_alive():
                    address = f"{self.settings.host}:{self.settings.port}"
                    raise DeviceUnavailable("upload.no_listener", address=address)
                self.look(emit, stop)
                stop.wait(self.settings.scan_seconds)
        except OSError as error:
            raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
        finally:
            if self.server is not None:
                self.server.close(1.0)
                self.server = None

    def arrived(self, user: str) -> None:
        self.logins[user] = moment()

    def look(self, emit: Emit, stop: Event) -> None:
        """Move what is whole out of reach, report what lies there."""
        busy = self.server.uploading() if self.server else set()
        for user, at in list(self.logins.items()):
            emit(SignalReceived(device_id=user, at=at, kind="login", detail={"at": at.isoformat()}))
            self.logins.pop(user, None)
        before, self.since = self.since, {}
        for camera in self.settings.cameras:
            home = (self.settings.spool / "home" / camera.id).resolve()
            for entry in walk(home):
                path = home / os.fsdecode(entry.path)
                try:
                    seen = path.stat()
                    now = entry.size, entry.mtime_ns
                    known = before.get(path)
                    self.since[path] = known if known and known[0] == now else (now, time.monotonic())
                    if (seen.st_dev, seen.st_ino) not in busy and self.is_due(path, entry, seen):
                        self.keep_aside(camera.id, path)
                except FileNotFoundError:
                    continue  # its sender has just renamed it
                except OSError as error:
                    self.failed(camera.id, path, error)
            if stop.is_set():
                return
            self.report(camera, emit)
        while not self.cut.empty():
            emit(self.cut.get_nowait())

    def failed(self, user: str, path: Path, error: OSError) -> None:
        """One file of one device, told once: the other devices go on, and it is tried again."""
        if path not in self.troubled:
            self.troubled.add(path)
            detail = {"name": path.name, "error": error.strerror}
            self.cut.put(
                SignalReceived(
                    device_id=user, at=moment(), kind="upload_unreadable", event_id=uuid7().hex, detail=detail
                )
            )

    def is_due(self, path: Path, entry: Entry, seen: os.stat_result) -> bool:
        """Raises OSError."""
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in self.settings.ignore) or entry.error:
            return False
        rested = time.monotonic() - self.since[path][1]  # no clock that is set makes a file older
        if rested < self.settings.rest_seconds:
            return False
        whole = is_whole(path)
        if whole is None and self.is_marked(seen):
            whole = False
        return whole is not False or rested > self.settings.patience_seconds

    def is_marked(self, seen: os.stat_result) -> bool:
        return self.server is not None and seen in self.server.marks

    def keep_aside(self, user: str, path: Path) -> None:
        """Out of the device's reach: what it sends next under that name is another file. Raises OSError."""
        home = (self.settings.spool / "home" / user).resolve()
        seen, own = path.stat(), self.settings.spool / "ready" / user / uuid7().hex
        target = own / path.resolve().relative_to(home)
        with self.moving:  # nobody tidies the new folder away before the file is in it
            try:
                target.parent.mkdir(parents=True)
                path.rename(target)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                target = own / path.name  # too deep: it loses its folders, not its name
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
        sync_folder(target.parent)
        sync_folder(path.parent)
        if self.server is not None and (seen in self.server.marks or is_whole(target) is False):
            self.server.marks.clear(seen)
            detail = {"name": target.name, "bytes": seen.st_size}
            self.cut.put(
                SignalReceived(
                    device_id=user, at=moment(), kind="upload_cut", event_id=own.name, detail=detail
                )
            )

    def report(self, camera: FtpCamera, emit: Emit) -> None:
        """What was told in this run is not told again; a restart tells all that still lies there."""
        root = self.settings.spool / "ready" / camera.id
        if not root.is_dir():
            return
        lying = list(walk(root))
        self.tidy(root, {root / os.fsdecode(entry.path) for entry in lying})
        fresh = [entry for entry in lying if root / os.fsdecode(entry.path) not in self.told][:GROUP]
        if fresh:
            emit(
                *(
                    report(
                        root, entry, camera.id, templates=self.settings.name_templates, adopt=True,
                        is_there=root.is_dir,
                    )
                    for entry in fresh
                )
            )  # fmt: skip
            self.told.update(root / os.fsdecode(entry.path) for entry in fresh)
        for path in [root / os.fsdecode(entry.path) for entry in fresh if stat.S_ISREG(entry.mode)]:
            with suppress(OSError):  # taken over already
                if path.stat().st_size == 0:  # it is on record, and no footage is in it
                    path.unlink()

    def tidy(self, root: Path, lying: set[Path]) -> None:
        """Drop the folders that what was taken over leaves behind, and what was remembered of it."""
        self.told -= {path for path in self.told if root in path.parents and path not in lying}
        with self.moving:
            for folder, _, _ in os.walk(root, topdown=False):
                if Path(folder) != root:
                    with suppress(OSError):  # not empty
                        Path(folder).rmdir()

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Taken over by rename it is gone; where the store lies on another disk, what was copied goes now."""
        return erase(self.settings.spool / "ready" / found.device_id, found, sha256)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
