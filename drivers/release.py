"""Letting go of a file on a mounted source: only what still reads as the stored original is erased."""

import hashlib
import os
from pathlib import Path

from gateway.device import DeviceUnavailable, FoundFile, Refused, Release

BLOCK = 4 * 1024 * 1024


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
        if read_digest(handle) != sha256:
            raise Refused("release.source_differs")
        remove(local, handle)
    finally:
        os.close(handle)
    return Release.DONE


def read_digest(handle: int) -> str:
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    digest = hashlib.sha256()
    try:
        while block := os.read(handle, BLOCK):
            digest.update(block)
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    return digest.hexdigest()


def remove(local: Path, handle: int) -> None:
    """Unlink exactly the file that was read: not one that took its name, not one that grew meanwhile."""
    read, named = os.fstat(handle), local.lstat()
    same = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    if any(getattr(read, name) != getattr(named, name) for name in same):
        raise Refused("release.source_differs")
    if os.lseek(handle, 0, os.SEEK_CUR) != read.st_size:
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
