"""File operations whose effect survives a power cut."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from gateway.store.direct import BLOCK


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


def own_partial(path: Path) -> Path:
    """A name beside a file that no other thread or process writes to."""
    return path.with_name(f"{path.name}.{os.getpid()}{threading.get_native_id()}.partial")


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file so that it is either there whole or not at all."""
    partial = own_partial(path)
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


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
