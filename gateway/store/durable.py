"""File operations whose effect survives a power cut."""

import fcntl
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from gateway.store.direct import BLOCK

UNFINISHED = re.compile(r"\.\d+\.partial(\.journal)?$")
"""How the names of a copy's attempt, of its journal, and of what `own_partial` names end."""


def sync_folder(folder: Path) -> None:
    sync_file(folder, os.O_DIRECTORY)


def sync_file(path: Path, flags: int = 0) -> None:
    handle = os.open(path, os.O_RDONLY | flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, each entry fsynced in its parent."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)


def is_unfinished(path: Path) -> bool:
    return UNFINISHED.search(path.name) is not None


def own_partial(path: Path) -> Path:
    """A name beside a file that no other thread or process writes to."""
    return path.with_name(f"{path.name}.{os.getpid()}{threading.get_native_id()}.partial")


def write_whole(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a small file so that it is either there whole or not at all; `mode` as of `open(2)`."""
    partial = own_partial(path)
    with underway(partial, mode) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        partial.replace(path)
    sync_folder(path.parent)


@contextmanager
def underway(partial: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open a partial, under a lock that says its writer is alive: the kernel gives it up if he dies."""
    while True:
        with open(partial, "wb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:  # else it was taken for a dead one's before it was locked
                yield file
                return


def drop_unfinished(folder: Path, names: str = "*") -> None:
    """Remove what a crash left of `write_whole`; what is being written just now stays, and what cannot go.

    `names`: a glob of the files, from `folder`.
    """
    for partial in folder.glob(f"{names}.*.partial"):
        if is_unfinished(partial):
            with suppress(OSError), partial.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(partial.stat(), os.fstat(file.fileno())):  # else it has its name since
                    partial.unlink()


def publish(partial: Path, target: Path) -> None:
    """Give a finished, fsynced file its name; a file that has the name already stays.

    Raises FileExistsError then: originals are never replaced.
    """
    os.link(partial, target, follow_symlinks=False)
    sync_folder(target.parent)
    partial.unlink()
    sync_folder(target.parent)


def blocks(handle: int, start: int = 0, size: int = BLOCK) -> Iterator[bytes]:
    """A file's bytes from `start` to its end."""
    while block := os.pread(handle, size, start):
        yield block
        start += len(block)
