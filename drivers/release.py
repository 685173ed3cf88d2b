"""Letting go of a file on a mounted source: only what still reads as the stored original is erased."""

import hashlib
import os
from pathlib import Path

from gateway.device import DeviceUnavailable, FoundFile, Refused, Release
from gateway.store.direct import DirectFile, buffers, filled


def erase(root: Path, found: FoundFile, sha256: str) -> Release:
    """Re-read the source with its cache dropped, compare, unlink, make it durable.

    Raises Refused("release.source_differs") and leaves the file if one byte differs.
    """
    local = root / os.fsdecode(found.path)
    if not root.is_dir():
        raise DeviceUnavailable("wait.source_gone", done=0)
    try:
        handle = os.open(local, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return Release.GONE
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    try:
        size, digest = read_whole(handle)
        if digest != sha256:
            raise Refused("release.source_differs")
        remove(local, handle, size)
    finally:
        os.close(handle)
    return Release.DONE


def read_whole(handle: int) -> tuple[int, str]:
    """(bytes, SHA-256) as the device has them now, not as the page cache remembers them."""
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    digest, size = hashlib.sha256(), 0
    try:
        for block in filled(DirectFile(handle), buffers(1)):
            digest.update(block)
            size += len(block)
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    return size, digest.hexdigest()


def remove(local: Path, handle: int, size: int) -> None:
    """Unlink exactly the file that was read: not one that took its name, not one that grew meanwhile."""
    read, named = os.fstat(handle), local.lstat()
    same = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    if size != read.st_size or any(getattr(read, name) != getattr(named, name) for name in same):
        raise Refused("release.source_differs")
    try:
        local.unlink()
    except OSError as error:
        raise Refused("release.failed", error=error.strerror) from error
    folder = os.open(local.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
