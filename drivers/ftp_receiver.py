"""Recorders that upload by FTP or FTPS (devices 4.5): completeness is proved, never believed.

A cut upload ends like a finished one. What its container or its digest proves to be whole is taken in at
once; what they prove to be cut waits for its sender to go on, and is taken in as it is when nobody does.
"""

import dataclasses
import hashlib
import os
import queue
import stat
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event

from uuid_utils import uuid7

from drivers.card import Entry, md5_beside, report, walk
from drivers.ftp.aside import Aside, HandedOn
from drivers.ftp.server import Server
from drivers.ftp.together import is_clip, sets
from drivers.ftp.waiting import Waiting
from drivers.release import erase
from gateway.config.recorders import FtpCamera, FtpReceiverSettings
from gateway.device import (
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    Emit,
    FileFound,
    FileListed,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
    shown,
)
from gateway.instants import moment

GROUP = 50


class FtpReceiver:
    """`home/{device}` is what a device sees; `ready/{device}` what is being taken in, out of its reach."""

    def __init__(self, settings: FtpReceiverSettings) -> None:
        self.settings = settings
        self.aside = Aside(settings.spool)
        self.waiting = Waiting(settings, self.aside)
        self.digests = {camera.id: camera.digest for camera in settings.cameras}
        self.opened = False
        self.logins: dict[str, datetime] = {}
        self.told: set[Path] = set()
        self.signals: queue.SimpleQueue[SignalReceived] = queue.SimpleQueue()
        """What was taken in as it is, although nothing proves that all of it came; what could not be."""
        self.troubled: set[tuple[str, bytes]] = set()

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable while the spool or the address cannot be had."""
        spool = self.settings.spool
        if self.opened and not spool.is_dir():
            raise DeviceUnavailable("wait.store_gone", path=spool)
        self.told = set()
        try:
            spool.mkdir(parents=True, exist_ok=True)
            self.opened, mark = True, spool.stat().st_ino
            for camera in self.settings.cameras:
                self.aside.put_back(camera.id)
            server = self.waiting.server = Server(self.settings, self.make_way, self.arrived)
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
                if not server.thread.is_alive():
                    address = f"{self.settings.host}:{self.settings.port}"
                    raise DeviceUnavailable("upload.no_listener", address=address)
                self.look(emit, stop)
                stop.wait(self.settings.scan_seconds)
        except OSError as error:
            raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
        finally:
            if self.waiting.server is not None:
                self.waiting.server.close(1.0)
                self.waiting.server = None

    def arrived(self, user: str) -> None:
        self.logins[user] = moment()

    def look(self, emit: Emit, stop: Event) -> None:
        """Move what is whole out of reach, report what lies there."""
        for user, at in list(self.logins.items()):
            emit(SignalReceived(device_id=user, at=at, kind="login", detail={"at": at.isoformat()}))
            self.logins.pop(user, None)
        self.aside.forget(self.settings.patience_seconds)
        before = self.waiting.begin()
        for camera in self.settings.cameras:
            for belonging in sets(self.waiting.notice(camera, before)):
                try:
                    if due := self.waiting.due_of(camera, belonging, stop):
                        self.hand_on(camera.id, due, self.aside.clip_before(camera.id, due[0]))
                except FileNotFoundError:
                    continue  # its sender has just renamed it
                except OSError as error:
                    self.failed(camera.id, belonging[0], error)
                if stop.is_set():
                    return
            self.tell_left_lying(camera)
            self.report(camera, emit)
        while not self.signals.empty():
            emit(self.signals.get_nowait())

    def failed(self, user: str, path: bytes, error: OSError) -> None:
        """One file of one device, told once: the other devices go on, and it is tried again."""
        if (user, path) not in self.troubled:
            self.troubled.add((user, path))
            detail = {"name": shown(os.path.basename(path)), "error": error.strerror}
            self.signals.put(
                SignalReceived(
                    device_id=user, at=moment(), kind="upload_unreadable", event_id=uuid7().hex, detail=detail
                )
            )

    def tell_left_lying(self, camera: FtpCamera) -> None:
        """A name in `ignore` that is never renamed: nobody may think that it was taken in. Counts once."""
        for path, seen in self.waiting.left_lying(camera):
            name = os.fsencode(path.relative_to(self.aside.home(camera.id)))
            which = hashlib.sha256(b"%b %d %d" % (name, *seen)).hexdigest()[:32]
            detail = {"name": shown(name), "bytes": seen[0]}
            self.signals.put(
                SignalReceived(
                    device_id=camera.id, at=moment(), kind="upload_ignored", event_id=f"ignored-{which}",
                    detail=detail,
                )
            )  # fmt: skip

    def make_way(self, user: str, path: Path) -> None:
        """What a device sends next under that name is another file. Raises OSError.

        A set that was all there goes as one. Of one whose clip was cut the sidecars stay, for the clip that
        comes whole.
        """
        home, path = self.aside.home(user), path.resolve()
        replaced, waiting = os.fsencode(path.relative_to(home)), self.waiting
        files = [one for one in path.parent.iterdir() if one.is_file() and waiting.is_wanted(one)]
        states = {os.fsencode(one.relative_to(home)): one.stat() for one in files}
        belonging = next((one for one in sets(states) if replaced in one), [replaced])
        clips = [one for one in belonging if is_clip(one)]
        broken = [one for one in clips if waiting.is_written(states[one])]
        broken += [one for one in clips if waiting.is_cut(home / os.fsdecode(one), states[one])]
        if broken or not clips:
            belonging = [replaced]
        written = {one for one, seen in states.items() if one != replaced and waiting.is_written(seen)}
        self.hand_on(user, [one for one in belonging if one not in written])

    def hand_on(self, user: str, paths: list[bytes], late_for: HandedOn | None = None) -> None:
        """Out of the device's reach, with all that belongs together. Raises OSError."""
        for path, target in self.aside.take(user, paths, late_for).items():
            try:
                seen = target.lstat()
                kind = self.doubt(user, self.aside.home(user) / os.fsdecode(path), target, seen)
            except FileNotFoundError:
                continue  # an empty one goes as soon as it is on record
            self.waiting.unmark(seen)
            if kind is not None:
                detail = {"name": shown(os.fsencode(target.name)), "bytes": seen.st_size}
                self.signals.put(
                    SignalReceived(
                        device_id=user, at=moment(), kind=kind, event_id=uuid7().hex, detail=detail
                    )
                )

    def doubt(self, user: str, source: Path, target: Path, seen: os.stat_result) -> str | None:
        """What is told of a file of which nothing proves that all of it came. Raises OSError."""
        promised = md5_beside(target) if is_clip(os.fsencode(target)) else None
        if promised is not None and self.waiting.proofs.get(source, (None, ""))[1] == promised:
            return None
        if self.waiting.is_cut(target, seen):
            return "upload_cut"
        is_missed = self.digests[user] == "md5" and is_clip(os.fsencode(target)) and promised is None
        return "digest_missing" if is_missed else None

    def report(self, camera: FtpCamera, emit: Emit) -> None:
        """What was told in this run is not told again; a restart tells all that still lies there.

        Clips first: a sidecar may be taken over as soon as it is told, and would be missed beside its clip.
        """
        root = self.aside.ready(camera.id)
        if not root.is_dir():
            return
        lying = {root / os.fsdecode(entry.path): entry for entry in walk(root)}
        self.told -= {path for path in self.told if root in path.parents and path not in lying}
        self.aside.tidy(camera.id, set(lying))
        untold = [path for path in lying if path not in self.told]
        fresh = sorted(untold, key=lambda path: not is_clip(os.fsencode(path)))[:GROUP]
        if fresh:
            emit(*(self.event_for(camera, root, path, lying[path]) for path in fresh))
            self.told.update(fresh)
        for path in (one for one in fresh if stat.S_ISREG(lying[one].mode)):
            with suppress(OSError):  # taken over already
                if path.stat().st_size == 0:  # it is on record, and no footage is in it
                    path.unlink()

    def event_for(self, camera: FtpCamera, root: Path, path: Path, entry: Entry) -> FileFound | FileListed:
        event = report(
            root, entry, camera.id, templates=self.settings.name_templates, adopt=True, is_there=root.is_dir
        )
        name = shown(entry.path.partition(b"/")[2])  # the folder is ours
        if not isinstance(event, FileFound):
            return dataclasses.replace(event, name=name)
        declared = dataclasses.replace(event.found.declared, beside=self.aside.beside.get(path))
        return FileFound(found=dataclasses.replace(event.found, name=name, declared=declared))

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Taken over by rename it is gone; where the store lies on another disk, what was copied goes now."""
        return erase(self.aside.ready(found.device_id), found, sha256)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)
