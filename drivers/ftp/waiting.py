"""What lies in the devices' folders: since when it rests, whether it is whole, what is to be taken in now."""

import fnmatch
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from drivers.card import Entry, md5_beside, walk
from drivers.ftp.aside import Aside
from drivers.ftp.server import Server
from drivers.ftp.together import by_themselves, is_clip, is_sidecar
from drivers.ftp.whole import is_whole
from gateway.config.recorders import FtpCamera, FtpReceiverSettings

STEP = 1 << 20
Seen = tuple[int, int]
"""Size and modification time."""


class Waiting:
    def __init__(self, settings: FtpReceiverSettings, aside: Aside) -> None:
        self.settings, self.aside = settings, aside
        self.server: Server | None = None
        self.since: dict[Path, tuple[Seen, float]] = {}
        """How each file is, and since when it is so: by a clock that nobody sets (monotonic)."""
        self.proofs: dict[Path, tuple[Seen, str]] = {}
        """The digest of what has one beside it."""
        self.passed_over: set[tuple[Path, Seen]] = set()
        """What was told of that nobody takes in under the name that it has."""

    def begin(self) -> dict[Path, tuple[Seen, float]]:
        """A new look at everything; returns what the last one saw."""
        before, self.since = self.since, {}
        self.proofs = {path: proof for path, proof in self.proofs.items() if path in before}
        return before

    def notice(self, camera: FtpCamera, before: dict[Path, tuple[Seen, float]]) -> dict[bytes, Entry]:
        """What a device's folder holds, but for what is not to be taken in under the name that it has."""
        home, lying = self.aside.home(camera.id), dict[bytes, Entry]()
        for entry in walk(home):
            path = home / os.fsdecode(entry.path)
            if entry.error is None:
                now = entry.size, entry.mtime_ns
                known = before.get(path)
                self.since[path] = known if known and known[0] == now else (now, time.monotonic())
                if self.is_wanted(path):
                    lying[entry.path] = entry
        return lying

    def left_lying(self, camera: FtpCamera) -> Iterator[tuple[Path, Seen]]:
        """What nobody renames any more: each once, as it is."""
        home = self.aside.home(camera.id)
        lying = {path: seen for path, (seen, _) in self.since.items() if home in path.parents}
        self.passed_over -= {
            one for one in self.passed_over if home in one[0].parents and one[0] not in lying
        }
        for path, seen in lying.items():
            if not self.is_wanted(path) and (path, seen) not in self.passed_over and self.is_left(path):
                self.passed_over.add((path, seen))
                yield path, seen

    def is_left(self, path: Path) -> bool:
        try:
            return self.rested(path) > self.settings.patience_seconds and not self.is_written(path.lstat())
        except FileNotFoundError:  # its sender has just renamed it
            return False

    def is_wanted(self, path: Path) -> bool:
        return not any(fnmatch.fnmatch(path.name, pattern) for pattern in self.settings.ignore)

    def due_of(self, camera: FtpCamera, belonging: list[bytes], stop: Event) -> list[bytes]:
        """What of a set is taken in now: all of it, or, after long enough, what is there. Raises OSError."""
        home = self.aside.home(camera.id)
        due = [path for path in belonging if self.is_due(camera, home / os.fsdecode(path), stop)]
        patience = self.settings.patience_seconds
        if len(due) < len(belonging):
            clips = [home / os.fsdecode(path) for path in due if is_clip(path)]
            if any(self.rested(clip) > patience for clip in clips):
                return due
            return by_themselves(belonging, due)
        first = due[0]
        if is_clip(first) or not is_sidecar(first) or self.aside.clip_before(camera.id, first):
            return due
        return due if self.rested(home / os.fsdecode(first)) > patience else []  # its clip may yet come

    def rested(self, path: Path) -> float:
        return time.monotonic() - self.since[path][1]

    def is_due(self, camera: FtpCamera, path: Path, stop: Event) -> bool:
        """Raises OSError."""
        seen, rested = path.lstat(), self.rested(path)
        if rested < self.settings.rest_seconds or self.is_written(seen):
            return False
        if rested > self.settings.patience_seconds:
            return True
        promised = md5_beside(path) if is_clip(os.fsencode(path)) else None
        if promised is not None:
            return self.agrees(path, promised, stop)
        if camera.digest == "md5" and is_clip(os.fsencode(path)):
            return False
        return not self.is_cut(path, seen)

    def agrees(self, path: Path, promised: str, stop: Event) -> bool:
        """Whether it reads as its sender's digest says; read once for each state it is in.

        What the disk does not give back agrees with nothing. Raises FileNotFoundError.
        """
        state, _ = self.since[path]
        if self.proofs.get(path, (None, ""))[0] != state:
            try:
                read = md5_of(path, stop)
            except FileNotFoundError:
                raise
            except OSError:
                read = ""
            if read is None:
                return False
            self.proofs[path] = state, read
        return self.proofs[path][1] == promised

    def is_cut(self, path: Path, seen: os.stat_result) -> bool:
        """Its container says so, or tells nothing and its line never ended in order. Raises OSError."""
        whole = is_whole(path)
        return whole is False or (whole is None and self.is_marked(seen))

    def is_marked(self, seen: os.stat_result) -> bool:
        return self.server is not None and seen in self.server.marks

    def is_written(self, seen: os.stat_result) -> bool:
        return self.server is not None and (seen.st_dev, seen.st_ino) in self.server.uploading()

    def unmark(self, seen: os.stat_result) -> None:
        if self.server is not None:
            self.server.marks.clear(seen)


def md5_of(path: Path, stop: Event) -> str | None:
    """None if we are to stop before its end. Raises OSError."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb", buffering=0) as file:
        while block := file.read(STEP):
            digest.update(block)
            if stop.is_set():
                return None
    return digest.hexdigest()
