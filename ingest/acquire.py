"""Copy a file from its device into the store while hashing, so that a crash at any byte costs little."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.device import DeviceUnavailable, Refused
from gateway.models import now
from gateway.store import Partial, StoreFull, promised_digest
from gateway.store.digests import digests
from gateway.store.durable import BLOCK, blocks, make_folder, publish, sync_folder
from ingest.stage import Context, Item, Outcome

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def acquire(item: Item, context: Context) -> Outcome:
    """After this the bytes are in the store under their final name: written, fsynced, renamed."""
    key = context.store.original_key(item.original.id, item.original.suffix)
    target = context.store.place(key)
    source = Path(os.fsdecode(item.work.source or b""))
    take = adopt if item.work.adopt else copy
    sha256 = take(item, source, target, context)
    return Outcome(
        changes={"stored_as": key, "sha256": sha256, "acquired_at": now()},
        detail={"sha256": sha256, "size": item.original.size},
    )


def copy(item: Item, source: Path, target: Path, context: Context) -> str:
    """Copy to a partial, going on from the prefix that an earlier start left and that still reads right."""
    if done := published_before(item, target, context):
        return done
    try:
        partial = Partial(target, item.work.failures + 1)
    except BlockingIOError:
        raise DeviceUnavailable("wait.busy") from None
    with partial:
        context.store.require(item.original.size - partial.size)
        handle = open_source(source, partial.size)
        try:
            check_unchanged(item, handle)
            pump(item, handle, partial, context)
            check_unchanged(item, handle)
        finally:
            os.close(handle)
        if partial.size != item.original.size:
            raise DeviceUnavailable("wait.source_gone", done=partial.size)
        set_aside(target)
        partial.publish()
        return partial.digest.hexdigest()


def pump(item: Item, handle: int, partial: Partial, context: Context) -> None:
    """Read, hash and write block by block; hashing and writing go on side by side."""
    with ThreadPoolExecutor(1, thread_name_prefix="hash") as hasher:
        incoming = source_blocks(handle, partial)
        for block in incoming:
            hashed = hasher.submit(partial.digest.update, block)
            try:
                partial.put(block)
            except OSError as error:
                raise store_error(error, partial, item) from error
            finally:
                hashed.result()
            if partial.due:
                sync(partial, item)
                os.posix_fadvise(handle, 0, partial.size, os.POSIX_FADV_DONTNEED)
            try:
                context.tick(item.original.id, partial.size)
            except Exception:
                sync(partial, item)
                raise


def sync(partial: Partial, item: Item) -> None:
    try:
        partial.sync()
    except OSError as error:
        raise store_error(error, partial, item) from error


def source_blocks(handle: int, partial: Partial) -> Iterator[bytes]:
    """The rest of the source; a read error keeps what was copied and waits."""
    try:
        yield from blocks(handle, partial.size, BLOCK)
    except OSError as error:
        partial.sync()
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error


def open_source(source: Path, done: int) -> int:
    try:
        handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise DeviceUnavailable("wait.source_gone", done=done) from None
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return handle


def check_unchanged(item: Item, handle: int) -> None:
    """The file is the one that was found; another under its name is found as its own item."""
    seen = os.fstat(handle)
    if (seen.st_size, seen.st_mtime_ns) != (item.finding.size, item.finding.mtime_ns):
        raise Refused("quarantine.source_changed", was=item.finding.size, found=seen.st_size)


def store_error(error: OSError, partial: Partial, item: Item) -> Exception:
    if error.errno not in FULL:
        return error
    usage = os.statvfs(partial.target.parent)
    return StoreFull(usage.f_bavail * usage.f_frsize, item.original.size - partial.size)


def published_before(item: Item, target: Path, context: Context) -> str | None:
    """The digest of a file that got its name before a crash kept its row from being written.

    It counts only if it still reads as its journal says; the source need not be there any more.
    """
    promised = promised_digest(target, item.work.failures + 1, item.original.size)
    if promised is None or not target.exists():
        return None
    return promised if hashed(item, target, context) == promised else None


def set_aside(target: Path) -> None:
    """Free the name from a file that no row knows and no journal vouches for; a fresh copy is at hand."""
    if target.exists():
        target.unlink()
        sync_folder(target.parent)


def adopt(item: Item, source: Path, target: Path, context: Context) -> str:
    """Take over a file that already lies on our disk: hash, fsync, rename, no second copy."""
    if target.exists() and not source.exists():
        # the rename was done, the row was not: the file is whole, it was fsynced before it moved
        return hashed(item, target, context)
    handle = open_source(source, 0)
    try:
        check_unchanged(item, handle)
        os.fsync(handle)
    finally:
        os.close(handle)
    sha256 = hashed(item, source, context)
    make_folder(target.parent)
    try:
        publish(source, target)
    except FileExistsError:
        set_aside(target)
        publish(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return copy(item, source, target, context)
    sync_folder(source.parent)
    return sha256


def hashed(item: Item, path: Path, context: Context) -> str:
    return digests(path, ("sha256",), lambda done: context.tick(item.original.id, done))["sha256"]
