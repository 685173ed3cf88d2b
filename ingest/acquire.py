"""Copy a file from its device into the store while hashing, so that a crash at any byte costs little."""

import errno
import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from gateway.device import DeviceUnavailable, edge_digest, modified_ns
from gateway.models import now
from gateway.store import Claim, Partial, StoreFull, open_regular, promised_digest, vouch
from gateway.store.digests import digests
from gateway.store.direct import DirectFile, filled
from gateway.store.durable import publish, sync_folder
from gateway.store.lanes import Lanes
from gateway.store.partial import STEP, journal_of, partial_of
from ingest.stage import Context, Item, Outcome, Stopping

log = logging.getLogger(__name__)

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
    attempt = item.work.failures + 1
    drop_earlier(target, attempt)
    try:
        partial = Partial(target, attempt)
    except BlockingIOError:
        raise DeviceUnavailable("wait.busy") from None
    with partial:
        partial.recover(lambda done: context.tick(item.original.id, done))
        if partial.size:
            log.info("%s: going on at byte %d", item.original.id, partial.size)
        with context.store.claim(lambda: item.original.size - partial.size) as claim:
            fill(item, source, partial, claim, context)
        if partial.size != item.original.size:
            raise DeviceUnavailable("wait.source_gone", done=partial.size)
        set_aside(target)
        partial.publish()
        return partial.digest.hexdigest()


def fill(item: Item, source: Path, partial: Partial, claim: Claim, context: Context) -> None:
    """The rest of the source, which is the same before and after."""
    handle = open_source(source, partial.size)
    try:
        check_same(item, handle, partial.size)
        try:
            pump(item, handle, partial, claim, context)
        except OSError as error:
            raise store_error(error, partial, item) from error
        try:
            check_same(item, handle, partial.size)
        except DeviceUnavailable:
            partial.forget()  # it changed while it was read: no part of what was read can be trusted
            raise
    finally:
        os.close(handle)


def drop_earlier(target: Path, attempt: int) -> None:
    """A failed attempt's bytes are not trusted again, and must not fill the store."""
    for earlier in range(1, attempt):
        for path in (partial_of(target, earlier), journal_of(target, earlier)):
            path.unlink(missing_ok=True)


def pump(item: Item, handle: int, partial: Partial, claim: Claim, context: Context) -> None:
    """Read, hash and write side by side; at every step the journal says what is safe."""
    with Lanes([partial.digest.update, partial.put]) as lanes:
        read = partial.size
        try:
            for block in source_blocks(handle, read, lanes.buffers):
                lanes.put(block)
                read += len(block)
                if read - partial.synced >= STEP:
                    lanes.drain()
                    partial.sync()
                    claim.check()  # what others than we write here was not foreseen
                    os.posix_fadvise(handle, 0, read, os.POSIX_FADV_DONTNEED)
                context.tick(item.original.id, partial.size)
            lanes.drain()
        except (DeviceUnavailable, Stopping):
            lanes.drain()
            partial.sync()
            raise


def source_blocks(handle: int, start: int, buffers: Iterator[memoryview]) -> Iterator[memoryview]:
    """The rest of the source. Raises DeviceUnavailable on a read error."""
    try:
        yield from filled(DirectFile(handle), buffers, start)
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error


def open_source(source: Path, done: int) -> int:
    try:
        handle = open_regular(source)
    except FileNotFoundError:
        raise DeviceUnavailable("wait.source_gone", done=done) from None
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return handle


def check_same(item: Item, handle: int, done: int) -> None:
    """The open file is the one that was found: another card in the bay may have one of the same name.

    Raises DeviceUnavailable: the true one is still on its device, or came as an item of its own.
    """
    seen = os.fstat(handle)
    same = (seen.st_size, modified_ns(seen)) == (item.finding.size, item.finding.mtime_ns)
    try:
        same = same and edge_digest(handle, item.finding.size) == item.finding.edges
    except OSError as error:
        raise DeviceUnavailable("wait.source_unreadable", error=error.strerror) from error
    if not same:
        raise DeviceUnavailable("wait.source_changed", done=done)


def store_error(error: OSError, partial: Partial, item: Item) -> Exception:
    if error.errno not in FULL:
        return error
    usage = os.statvfs(partial.target.parent)
    return StoreFull(usage.f_bavail * usage.f_frsize, item.original.size - partial.size)


def published_before(item: Item, target: Path, context: Context) -> str | None:
    """The digest of a file that got its name before a crash kept its row from being written.

    It counts only if it still reads as its journal says; the source need not be there any more.
    """
    if not target.exists():
        return None
    attempts = range(1, item.work.failures + 2)
    promises = {promised_digest(target, attempt, item.original.size) for attempt in attempts} - {None}
    if not promises:
        return None
    found = hashed(item, target, context)
    return found if found in promises else None


def set_aside(target: Path) -> None:
    """Free the name from a file that no row knows and no journal vouches for; nothing is deleted.

    `gateway verify` names it: no row knows it.
    """
    if target.exists():
        target.rename(target.with_name(f"{target.name}.{time.time_ns()}.aside"))
        sync_folder(target.parent)


def adopt(item: Item, source: Path, target: Path, context: Context) -> str:
    """Take over a file that lies on our disk, or is pulled there now: hash, fsync, rename, no second copy."""
    if done := published_before(item, target, context):
        return done
    pull(item, source, context)
    handle = open_source(source, 0)
    try:
        flock(handle, LOCK_EX | LOCK_NB)
        check_same(item, handle, 0)
        os.fsync(handle)
        sha256 = hashed(item, source, context)
        vouch(target, item.work.failures + 1, item.original.size, sha256)
        return sha256 if take_over(source, target) else copy(item, source, target, context)
    except BlockingIOError:
        raise DeviceUnavailable("wait.busy") from None
    finally:
        os.close(handle)


def pull(item: Item, source: Path, context: Context) -> None:
    """What is still on its camera alone; its spool minds its own reserve. Raises DeviceUnavailable."""
    if context.pull is not None and not os.path.lexists(source):
        context.pull(item.finding, source, lambda done: context.tick(item.original.id, done))


def take_over(source: Path, target: Path) -> bool:
    """Rename into the store; False where the two lie on different disks."""
    if target.exists() and not target.samefile(source):
        set_aside(target)
    try:
        if target.exists():
            source.unlink()  # a crash came between the two names
        else:
            publish(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    with suppress(FileNotFoundError):  # its driver tidies away what is empty
        sync_folder(source.parent)
    sync_folder(target.parent)
    return True


def hashed(item: Item, path: Path, context: Context) -> str:
    return digests(path, ("sha256",), lambda done: context.tick(item.original.id, done))["sha256"]
