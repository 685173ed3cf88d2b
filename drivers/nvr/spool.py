"""What was fetched and waits to be taken in, and what has been taken: a fetch that breaks leaves nothing.

`<spool>/<device>/ready/<key>/<name>` with `record.json` beside it; `taken.json` names what was taken in.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

import httpx2 as httpx

from drivers.full import told_full
from drivers.nvr import pace
from drivers.nvr.records import Record
from gateway.store import Claim
from gateway.store.durable import drop_unfinished, make_folder, sync_file, sync_folder, write_whole
from gateway.store.room import AHEAD

TAKEN, BESIDE = "taken.json", "record.json"
PIECE = 1 << 20
SLACK = 64 << 20
UNFIT = frozenset({".part", ".unreadable"})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A recording that lies whole in the spool."""

    key: str
    path: Path
    start: datetime

    @property
    def relative(self) -> bytes:
        return os.fsencode(f"{self.key}/{self.path.name}")


class ChannelSpool:
    """One channel's. Every method raises OSError if the disk does."""

    def __init__(self, folder: Path, reserve: int) -> None:
        self.folder, self.ready, self.reserve = folder, folder / "ready", reserve
        self.taken: dict[str, str] = {}
        """Key → when that recording begins (ISO, naive)."""

    def open(self) -> None:
        """Drop what a crash left half fetched; a ledger that cannot be read costs a second fetch only."""
        make_folder(self.ready)
        drop_unfinished(self.folder)
        for partial in self.ready.glob("*.part"):
            shutil.rmtree(partial)
        try:
            read = json.loads((self.folder / TAKEN).read_text())
        except (OSError, ValueError):
            read = {}
        self.taken = {str(key): str(start) for key, start in read.items()} if isinstance(read, dict) else {}

    def lying(self) -> Iterator[Fetched]:
        """What waits to be taken in; what was taken over leaves its folder, which goes."""
        for folder in sorted(path for path in self.ready.iterdir() if path.suffix not in UNFIT):
            files = [path for path in folder.iterdir() if path.name != BESIDE]
            if not files:
                self.take(folder.name, started(folder))
                shutil.rmtree(folder, ignore_errors=True)
            for path in files:
                yield Fetched(folder.name, path, started(folder))

    def knows(self, key: str) -> bool:
        return key in self.taken or (self.ready / key).is_dir()

    def take(self, key: str, start: datetime) -> None:
        if key not in self.taken:
            self.taken[key] = start.isoformat()
            self.keep()

    def forget(self, before: datetime) -> None:
        """What the recorder is no longer asked for need not be remembered."""
        kept = {key: start for key, start in self.taken.items() if start >= before.isoformat()}
        if len(kept) < len(self.taken):
            self.taken = kept
            self.keep()

    def keep(self) -> None:
        write_whole(self.folder / TAKEN, json.dumps(self.taken).encode())

    def partial(self, record: Record) -> Path:
        return self.ready / f"{record.key}.part"

    def fetch(self, record: Record, answer: httpx.Response, name: str, stop: Event) -> int | None:
        """Write it aside; bytes that came, None if we were asked to stop.

        Raises DeviceUnavailable when the disk is full, ReadTimeout for what drips.
        """
        folder = self.partial(record)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        beside = {"start": record.start.isoformat(), "end": record.end.isoformat(), "name": record.name}
        (folder / BESIDE).write_text(json.dumps(beside))
        done = unchecked = 0
        steady = pace.Pace(stop, pace.CONTENT_S, pace.LEAST)
        claim = Claim(folder, self.reserve, lambda: max(AHEAD - unchecked, (record.size or 0) - done))
        with (folder / name).open("xb", PIECE) as file, told_full(), claim:
            for piece in answer.iter_bytes():  # as they come: a whole MiB may never
                if stop.is_set():
                    return None
                steady.took(len(piece))
                unchecked += len(piece)
                file.write(piece)
                done += len(piece)
                if unchecked > PIECE:
                    unchecked = 0
                    claim.check()
                if record.size is not None and done > 2 * record.size + SLACK:
                    raise httpx.RemoteProtocolError(f"more than twice the {record.size} bytes stated")
            file.flush()
            os.fsync(file.fileno())
        return done

    def publish(self, record: Record) -> Fetched:
        """Durable, then in its place."""
        partial, folder = self.partial(record), self.ready / record.key
        sync_file(partial / BESIDE)
        sync_folder(partial)
        partial.rename(folder)
        sync_folder(self.ready)
        [path] = [path for path in folder.iterdir() if path.name != BESIDE]
        return Fetched(record.key, path, record.start)

    def set_aside(self, fetched: Fetched) -> None:
        """What our own disk does not give back is left for a person; the recorder is asked for it again."""
        folder = self.ready / fetched.key
        shutil.rmtree(folder.with_suffix(".unreadable"), ignore_errors=True)
        folder.rename(folder.with_suffix(".unreadable"))
        sync_folder(self.ready)

    def drop(self, record: Record) -> None:
        shutil.rmtree(self.partial(record), ignore_errors=True)


def started(folder: Path) -> datetime:
    """As the recorder told; else when the file was written."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return datetime.fromisoformat(json.loads((folder / BESIDE).read_text())["start"])
    return datetime.fromtimestamp(folder.stat().st_mtime)


def stored_name(device: str, record: Record) -> str:
    """Ours, from what the recorder told: its own names may hold anything."""
    ending = Path(record.name).suffix.lower()
    ending = ending if ending[1:].isalnum() and ending.isascii() and len(ending) <= 6 else ".bin"
    return f"{device}_{record.start:%Y%m%d_%H%M%S}{ending}"
