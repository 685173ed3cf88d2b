"""A card that fails on command: a FUSE file system over a folder, near to a dying reader.

    python -m tests.faulty_card SOURCE MOUNTPOINT MODEFILE [rw]

MODEFILE says what happens now: `ok`; `eio N` (reading at or past byte N fails); `gone` (the device has left:
open files fail, names are not found, the listing is empty, as seen with real USB devices); `slow S` (each read
takes S seconds); `rate N` (N bytes a second, as a card behind a hub gives them); `unsynced` (names go, and syncing
their folder fails). It is read-only unless mounted with `writable`.
"""

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mfusepy as fuse


class FaultyCard(fuse.Operations):
    use_ns = True

    def __init__(self, source: str, mode: str) -> None:
        self.source, self.mode = source, mode
        self.free_at = 0.0
        self.turn = threading.Lock()

    def at_rate(self, size: int, rate: float) -> None:
        """Wait for this read's turn on the line."""
        with self.turn:
            now = time.monotonic()
            self.free_at = max(self.free_at, now - 0.05) + size / rate
            pause = self.free_at - now
        if pause > 0:
            time.sleep(pause)

    def now(self) -> list[str]:
        return Path(self.mode).read_text().split()

    def real(self, path: str) -> str:
        if self.now()[0] == "gone" and path != "/":
            raise fuse.FuseOSError(errno.ENOENT)
        return self.source + path

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        seen = os.lstat(self.real(path))
        told = {name: getattr(seen, name) for name in ("st_mode", "st_nlink", "st_size", "st_uid", "st_gid")}
        return told | {
            "st_mtime": seen.st_mtime_ns,
            "st_atime": seen.st_atime_ns,
            "st_ctime": seen.st_ctime_ns,
        }

    def readdir(self, path: str, fh: int) -> list[str]:
        names = [] if self.now()[0] == "gone" else os.listdir(self.source + path)
        return [".", "..", *names]

    def open(self, path: str, flags: int) -> int:
        return os.open(self.real(path), os.O_RDONLY)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        what, *numbers = self.now()
        if what == "gone" or (what == "eio" and offset + size > int(numbers[0])):
            raise fuse.FuseOSError(errno.EIO)
        if what == "slow":
            time.sleep(float(numbers[0]))
        if what == "rate":
            self.at_rate(size, float(numbers[0]))
        return os.pread(fh, size, offset)

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def unlink(self, path: str) -> int:
        Path(self.real(path)).unlink()
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        if self.now()[0] == "unsynced":
            raise fuse.FuseOSError(errno.EIO)
        return 0


class Card:
    def __init__(self, source: Path, mount: Path, mode: Path) -> None:
        self.source, self.mount, self.mode = source, mount, mode

    def set(self, mode: str) -> None:
        fresh = self.mode.with_suffix(".new")
        fresh.write_text(mode)
        fresh.replace(self.mode)


@contextmanager
def mounted(folder: Path, mount: Path, *, writable: bool = False) -> Iterator[Card]:
    source, mode = folder / "inside", folder / "mode"
    for made in (source, mount):
        made.mkdir(parents=True, exist_ok=True)
    mode.write_text("ok")
    asked = [sys.executable, "-m", "tests.faulty_card", source, mount, mode, "rw" if writable else "ro"]
    process = subprocess.Popen(asked)
    try:
        deadline = time.monotonic() + 10
        while not mount.is_mount():
            assert time.monotonic() < deadline, "the faulty card did not mount"
            time.sleep(0.05)
        yield Card(source, mount, mode)
    finally:
        subprocess.run(["umount", "-l", mount], check=False)
        process.wait(10)


if __name__ == "__main__":
    fuse.FUSE(
        FaultyCard(sys.argv[1], sys.argv[3]), sys.argv[2],
        foreground=True, ro=sys.argv[4:] != ["rw"], direct_io=True, attr_timeout=0, entry_timeout=0,
        nothreads=False, hard_remove=True,
    )  # fmt: skip
