"""Letting go of a file on a mounted source: only what still reads as the stored original is erased."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

from gateway.device import DeviceUnavailable, FoundFile, Refused, Release
from gateway.store.direct import DirectFile, buffers, filled
from gateway.store.durable import sync_folder
from gateway.store.regular import open_regular


def erase(root: Path, found: FoundFile, sha256: str, stop: Event | None = None) -> Release:
    """Re-read the source with its cache dropped, compare, unlink, make it durable.

    Raises Refused("release.source_differs") and leaves the file if one byte differs; DeviceUnavailable if
    the device fails (after the unlink, too: whoever asks again is told GONE) or `stop` is set meanwhile.
    """
    return read_again(root, found, sha256, stop, remove)


def check(root: Path, found: FoundFile, sha256: str, stop: Event | None = None) -> Release:
    """As `erase`, but that the file stays: a bad cable may have bent a bit the first time."""
    ended = read_again(root, found, sha256, stop, lambda *_: None)
    return Release.KEPT if ended is Release.DONE else ended


def read_again(
    root: Path, found: FoundFile, sha256: str, stop: Event | None, then: Callable[[Path, int, int], None]
) -> Release:
    local = root / os.fsdecode(found.path)
    if not root.is_dir():
        raise DeviceUnavailable("wait.source_gone", done=0)
    try:
        handle = open_regular(local)
    except FileNotFoundError:
        return Release.GONE
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    try:
        size, digest = read_whole(handle, stop)
        if digest != sha256:
            raise Refused("release.source_differs")
        then(local, handle, size)
    finally:
        os.close(handle)
    return Release.DONE


def read_whole(handle: int, stop: Event | None) -> tuple[int, str]:
    """(bytes, SHA-256) as the device has them now, not as the page cache remembers them."""
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    digest, size = hashlib.sha256(), 0
    try:
        for block in filled(DirectFile(handle), buffers(1)):
            if stop is not None and stop.is_set():
                raise DeviceUnavailable("release.stopped")
            digest.update(block)
            size += len(block)
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    return size, digest.hexdigest()


def remove(local: Path, handle: int, size: int) -> None:
    """Unlink exactly the file that was read: not one that took its name, not one that grew meanwhile."""
    read, named = os.fstat(handle), named_now(local)
    same = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    if size != read.st_size or any(getattr(read, name) != getattr(named, name) for name in same):
        raise Refused("release.source_differs")
    try:
        local.unlink()
    except OSError as error:
        raise Refused("release.failed", error=error.strerror) from error
    try:
        sync_folder(local.parent)
    except OSError as error:  # the name is gone and may come back when the card is taken out now
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error


def named_now(local: Path) -> os.stat_result:
    try:
        return local.lstat()
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
