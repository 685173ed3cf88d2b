"""Where uploads go when they are taken in: out of reach, what belongs together in one folder."""

import errno
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from uuid_utils import uuid7

from drivers.ftp.together import is_clip, stems
from gateway.device import shown
from gateway.store.durable import sync_folder


@dataclass(frozen=True, slots=True)
class HandedOn:
    """A clip that was taken in, for what comes after it."""

    clip: str
    """Its path as it was reported."""
    names: set[bytes]
    """What was taken in with it; of those, another one belongs to another clip."""
    at: float


class Aside:
    """`home/{device}` is what a device sees, `ready/{device}/{set}` what is handed on.

    A set is gathered elsewhere and appears by one rename: no clip is ever seen without its sidecars.
    """

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.moving = threading.Lock()
        self.handed: dict[tuple[str, bytes], HandedOn] = {}
        """By device and stem; lost at a restart: what comes late after that is kept by itself."""
        self.beside: dict[Path, str] = {}
        """Of what came late: the clip it belongs to."""

    def home(self, user: str) -> Path:
        return (self.spool / "home" / user).resolve()

    def ready(self, user: str) -> Path:
        return self.spool / "ready" / user

    def take(self, user: str, paths: Sequence[bytes], late_for: HandedOn | None = None) -> dict[bytes, Path]:
        """Move a set out of reach; returns where its files are now. Raises OSError."""
        home, name = self.home(user), uuid7().hex
        own, target = self.spool / "gather" / user / name, self.ready(user) / name
        moved: dict[bytes, Path] = {}
        with self.moving:  # nobody tidies a new folder away before its files are in it
            for path in paths:
                relative = Path(os.fsdecode(path))
                with suppress(FileNotFoundError):  # its sender has just renamed it
                    moved[path] = target / move(home / relative, own, relative).relative_to(own)
            if not moved:
                drop_empty(own.parent)
                return {}
            target.parent.mkdir(parents=True, exist_ok=True)
            own.rename(target)
            self.remember(user, moved, late_for)
        sync_folder(target.parent)
        sync_folder((home / os.fsdecode(paths[0])).parent)
        return moved

    def remember(self, user: str, moved: dict[bytes, Path], late_for: HandedOn | None) -> None:
        clips = [path for path in moved if is_clip(path)]
        for path in clips:
            told = shown(os.fsencode(moved[path].relative_to(self.ready(user))))
            names = set(moved) - set(clips)
            self.handed[user, next(stems(path))] = HandedOn(told, names, time.monotonic())
        if late_for is not None:
            late_for.names.update(moved)
            self.beside |= dict.fromkeys(moved.values(), late_for.clip)

    def clip_before(self, user: str, path: bytes) -> HandedOn | None:
        """The clip that was taken in before a sidecar of it came."""
        if is_clip(path):
            return None
        known = next((self.handed[user, stem] for stem in stems(path) if (user, stem) in self.handed), None)
        return None if known is None or path in known.names else known

    def forget(self, older_s: float) -> None:
        """After so long, a sidecar is more likely one of a clip to come that uses a name again."""
        with self.moving:
            oldest = time.monotonic() - older_s
            self.handed = {key: one for key, one in self.handed.items() if one.at >= oldest}

    def tidy(self, user: str, lying: set[Path]) -> None:
        """Drop the folders that what was taken over leaves behind."""
        root = self.ready(user)
        with self.moving:
            gone = {path for path in self.beside if root in path.parents and path not in lying}
            self.beside = {path: clip for path, clip in self.beside.items() if path not in gone}
            drop_empty(root)

    def put_back(self, user: str) -> None:
        """What a kill left half gathered lies where it was; before anybody can upload. Raises OSError."""
        gathered = self.spool / "gather" / user
        for own in sorted(gathered.iterdir()) if gathered.is_dir() else ():
            for path in [one for one in own.rglob("*") if not one.is_dir()]:
                if not os.path.lexists(self.home(user) / path.relative_to(own)):
                    move(path, self.home(user), path.relative_to(own))
            drop_empty(own)
            if any(own.iterdir()):  # its name is another's by now
                self.ready(user).mkdir(parents=True, exist_ok=True)
                own.rename(self.ready(user) / own.name)
            else:
                own.rmdir()


def move(path: Path, root: Path, relative: Path) -> Path:
    """Returns where it is now: what lies too deep loses its folders, not its name. Raises OSError."""
    target = root / relative
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        target = root / relative.name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    sync_folder(target.parent)
    return target


def drop_empty(root: Path) -> None:
    """All empty folders below one."""
    for folder, _, _ in os.walk(root, topdown=False):
        if Path(folder) != root:
            with suppress(OSError):  # not empty
                Path(folder).rmdir()
