"""Room on a disk: what one who writes has still to write is nobody else's."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

AHEAD = 4 << 20
"""Bytes that one claims who does not know how much will come."""

LOCK = threading.Lock()
CLAIMS: set["Claim"] = set()
"""Of the whole process: stores and spools may lie on one disk, and none knows of the others."""


class StoreFull(Exception):
    def __init__(self, free: int, need: int) -> None:
        super().__init__(f"the store is full: {free} bytes left, {need} needed")
        self.free, self.need = free, need


class Claim:
    """Room for one writer until its `with` ends. `left` tells how many bytes it has still to write.

    `left` goes down after bytes are on the disk, never before: in between they count twice, not at all never.
    Asked from any thread.
    """

    def __init__(self, folder: Path, reserve: int, left: Callable[[], int]) -> None:
        self.folder, self.reserve, self.left = folder, reserve, left
        self.disk = folder.stat().st_dev

    def check(self) -> None:
        """Raise StoreFull if what is left to write would use up the reserve, or what others still write."""
        with LOCK:
            need = self.left() + self.reserve
            others = sum(max(0, one.left()) for one in CLAIMS if one is not self and one.disk == self.disk)
            free = max(0, shutil.disk_usage(self.folder).free - others)
            if free < need:
                raise StoreFull(free, need)
            CLAIMS.add(self)

    def close(self) -> None:
        with LOCK:
            CLAIMS.discard(self)

    def __enter__(self) -> Self:
        self.check()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unwritten(path: Path, size: int) -> int:
    """How many of so many bytes do not lie in a file yet."""
    try:
        return size - path.stat().st_size
    except FileNotFoundError:
        return size


def require(folder: Path, reserve: int, size: int) -> None:
    """Raise StoreFull if `size` more bytes would use up the reserve now; nothing is kept for them."""
    with Claim(folder, reserve, lambda: size):
        pass
