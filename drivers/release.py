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
        return Release.DONE
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    try:
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        digest = hashlib.sha256()
        while block := os.read(handle, BLOCK):
            digest.update(block)
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    finally:
        os.close(handle)
    if digest.hexdigest() != sha256:
        raise Refused("release.source_differs")
    local.unlink()
    folder = os.open(local.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Release.DONE
