"""A card that fails on command: a FUSE file system over a folder, near to a dying reader.

    python -m drivers.simulators.fuse_card SOURCE MOUNTPOINT FAULTS

FAULTS is a file that says what is wrong now, a word a line (`card_faults.py`); it may change at any time.
What was flipped is written beside it. Begun by `faulty_card.py`, which says what is missing where FUSE is.
"""

import argparse
import errno
import fcntl
import hashlib
import json
import os
import struct
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import mfusepy as fuse

from drivers.simulators import card_faults, dock
from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.fault_script import read

NOISE = hashlib.shake_128(b"a card").digest(4 << 20)
HEAD = 4096
BURST_S = 0.05
"""What a line that was idle may give at once."""


class Line:
    """Who reads from a card waits for its turn; cards that share a file share its rate."""

    def __init__(self, shared: Path) -> None:
        self.shared = os.open(shared, os.O_RDWR | os.O_CREAT, 0o600)
        self.turn = threading.Lock()

    def wait(self, size: int, rate: float) -> None:
        with self.turn:
            fcntl.flock(self.shared, fcntl.LOCK_EX)
            try:
                [free_at] = struct.unpack("d", os.pread(self.shared, 8, 0) or bytes(8))
                now = time.monotonic()  # one clock for all processes of this machine
                free_at = max(free_at, now - BURST_S) + size / rate
                os.pwrite(self.shared, struct.pack("d", free_at), 0)
            finally:
                fcntl.flock(self.shared, fcntl.LOCK_UN)
        time.sleep(max(0.0, free_at - now))


def filled(path: str, fh: int, size: int, offset: int) -> bytes:
    """The same byte at the same place of a file, however it is read; its hole is not, which costs much."""
    size = max(0, min(size, os.fstat(fh).st_size - offset))
    head = os.pread(fh, min(size, HEAD - offset), offset) if offset < HEAD else b""
    start = (zlib.crc32(path.encode()) + offset + len(head)) % len(NOISE)
    missing = size - len(head)
    noise = NOISE[start : start + missing]
    while len(noise) < missing:
        noise += NOISE[: missing - len(noise)]
    return head + noise if head else noise


class FuseCard(fuse.Operations):  # type: ignore[misc]
    use_ns = True

    def __init__(self, source: Path, faults: Path, hub: Path, leaves: Path | None) -> None:
        self.source, self.faults, self.leaves = str(source), faults, leaves
        self.own, self.hub = Line(faults.with_suffix(".line")), Line(hub)
        self.state = threading.Lock()
        self.known: tuple[str, tuple[Fault, ...]] = ("", ())
        self.given, self.has_left = 0, False
        self.flipped: set[tuple[str, int]] = set()

    def now(self) -> tuple[Fault, ...]:
        text = self.faults.read_text()
        with self.state:
            if text != self.known[0]:
                self.known = text, tuple(map(read, text.split()))
            return self.known[1]

    @property
    def is_gone(self) -> bool:
        return self.has_left or only(self.now(), card_faults.Gone) is not None

    def real(self, path: str) -> str:
        if path != "/" and self.is_gone:
            raise fuse.FuseOSError(errno.ENOENT)
        return self.source + path

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        del fh
        seen = os.lstat(self.real(path))
        told = {name: getattr(seen, name) for name in ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid")}
        return told | {
            "st_mtime": seen.st_mtime_ns,
            "st_atime": seen.st_atime_ns,
            "st_ctime": seen.st_ctime_ns,
        }

    def readdir(self, path: str, fh: int) -> list[str]:
        del fh
        names = [] if self.is_gone else os.listdir(self.source + path)
        return [".", "..", *names]

    def statfs(self, path: str) -> dict[str, int]:
        del path
        seen = os.statvfs(self.source)
        told = {
            name: getattr(seen, name) for name in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail")
        }
        return told | {"f_bfree": 0, "f_bavail": 0} if only(self.now(), card_faults.Full) else told

    def open(self, path: str, flags: int) -> int:
        if flags & os.O_ACCMODE != os.O_RDONLY:
            raise self.unwritable()
        return os.open(self.real(path), os.O_RDONLY)

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        del path, mode, fi
        raise self.unwritable()

    def unwritable(self) -> OSError:
        error: OSError = fuse.FuseOSError(errno.ENOSPC if only(self.now(), card_faults.Full) else errno.EROFS)
        return error

    def unlink(self, path: str) -> int:
        Path(self.real(path)).unlink()
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        del path, datasync, fh
        if only(self.now(), card_faults.Unsynced):
            raise fuse.FuseOSError(errno.EIO)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        faults = self.now()
        content = (
            filled(path, fh, size, offset) if only(faults, card_faults.Filled) else os.pread(fh, size, offset)
        )
        if lag := only(faults, card_faults.Lag):
            time.sleep(lag.seconds)
        if slow := only(faults, card_faults.Slow):
            self.own.wait(len(content), slow.rate)
        if hub := only(faults, card_faults.Hub):
            self.hub.wait(len(content), hub.rate)
        self.count(len(content), only(faults, card_faults.Unplug))
        broken = only(faults, card_faults.ReadError)
        if self.is_gone or (broken and offset + size > broken.at):
            raise fuse.FuseOSError(errno.EIO)
        return self.bent(path, content, offset, faults)

    def count(self, size: int, unplug: card_faults.Unplug | None) -> None:
        """The hand that tears it out, once enough was read."""
        with self.state:
            self.given += size
            leaves = unplug is not None and self.given > unplug.at and not self.has_left
            self.has_left = self.has_left or leaves
        if leaves and self.leaves is not None:
            dock.pull(self.leaves.parent, self.leaves.name)

    def bent(self, path: str, content: bytes, offset: int, faults: tuple[Fault, ...]) -> bytes:
        for fault in faults:
            if isinstance(fault, card_faults.Flip | card_faults.Rot) and offset <= fault.at < offset + len(
                content
            ):
                if isinstance(fault, card_faults.Flip) and not self.is_first(path, fault.at):
                    continue
                at = fault.at - offset
                content = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        return content

    def is_first(self, path: str, at: int) -> bool:
        """Whether this byte passes for the first time; if so, that is on record."""
        with self.state:
            if (path, at) in self.flipped:
                return False
            self.flipped.add((path, at))
            with self.faults.with_suffix(".flips").open("a") as record:
                record.write(f"{json.dumps([path.lstrip('/'), at])}\n")
        return True

    def release(self, path: str, fh: int) -> int:
        del path
        os.close(fh)
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("mount", type=Path)
    parser.add_argument("faults", type=Path)
    parser.add_argument("--hub", type=Path, help="a file that the cards behind one hub share")
    parser.add_argument("--leaves", type=Path, help="the port (a folder) that `unplug@…` leaves empty")
    parser.add_argument("--erasable", action="store_true", help="else it is read-only")
    parser.add_argument("--background", action="store_true", help="return once it is mounted")
    asked = parser.parse_args()
    hub = asked.hub or asked.faults.with_suffix(".hub")
    fuse.FUSE(
        FuseCard(asked.source, asked.faults, hub, asked.leaves), str(asked.mount),
        foreground=not asked.background, ro=not asked.erasable, direct_io=True, hard_remove=True,
        attr_timeout=0, entry_timeout=0, nothreads=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
