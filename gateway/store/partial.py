"""A file that is still being written, and the journal that lets it go on after a crash."""

import fcntl
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.store.direct import BLOCK, DirectFile
from gateway.store.durable import publish, sync_folder

if TYPE_CHECKING:
    from hashlib import _Hash

STEP = 64 * 1024 * 1024
"""Bytes between two fsyncs: what stopping may have to wait for, and what a crash may cost."""


class Partial:
    """`<name>.<attempt>.partial` beside its target, with the running SHA-256 journalled at every fsync.

    Call `recover` first: it goes on from what an earlier start left.
    Only one process can hold it (flock): a frozen worker that wakes up finds it taken.
    Raises BlockingIOError when another holds it.
    """

    def __init__(self, target: Path, attempt: int) -> None:
        self.target = target
        self.path = partial_of(target, attempt)
        self.journal = journal_of(target, attempt)
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.notes = os.open(self.journal, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:
            os.close(self.handle)
            raise
        self.digest: _Hash = hashlib.sha256()
        self.file = DirectFile(self.handle)
        self.size = 0
        self.synced = 0

    def recover(self, tick: Callable[[int], None] = lambda _: None) -> None:
        """Keep the longest prefix that still reads as the journal says; cut off the rest.

        `tick` hears how far it is and may raise to stop: nothing is changed before all is read.
        """
        promised = self.entries()
        running, position = hashlib.sha256(), 0
        kept: tuple[int, _Hash] = (0, hashlib.sha256())
        for boundary in sorted(promised):
            while position < boundary and (
                block := os.pread(self.handle, min(BLOCK, boundary - position), position)
            ):
                running.update(block)
                position += len(block)
                tick(position)
            if position != boundary or running.hexdigest() != promised[boundary]:
                break
            kept = (position, running.copy())
        self.size, self.digest = kept
        self.synced = self.size
        os.ftruncate(self.handle, self.size)
        os.ftruncate(self.notes, 0)
        if self.size:
            self.note()

    def entries(self) -> dict[int, str]:
        return read_journal(os.pread(self.notes, 1 << 20, 0))

    def put(self, block: memoryview | bytes) -> None:
        """Store a block that is hashed elsewhere; zeros become a hole, as in a sparse source."""
        self.file.extend(block, self.size)
        self.size += len(block)

    def sync(self) -> None:
        """Make what was written so far durable, and say so in the journal."""
        os.fsync(self.handle)
        self.synced = self.size
        self.note()

    def forget(self) -> None:
        """Begin at nothing again."""
        os.ftruncate(self.notes, 0)
        os.fsync(self.notes)
        os.ftruncate(self.handle, 0)
        self.size, self.synced, self.digest = 0, 0, hashlib.sha256()

    def note(self) -> None:
        os.write(self.notes, json.dumps([self.size, self.digest.hexdigest()]).encode() + b"\n")
        os.fsync(self.notes)

    def publish(self) -> None:
        """Bytes durable, then the name, then the folder. Raises FileExistsError if the name is taken."""
        self.sync()
        sync_folder(self.path.parent)
        publish(self.path, self.target)

    def close(self) -> None:
        os.close(self.notes)
        os.close(self.handle)

    def __enter__(self) -> "Partial":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def partial_of(target: Path, attempt: int) -> Path:
    return target.with_name(f"{target.name}.{attempt}.partial")


def journal_of(target: Path, attempt: int) -> Path:
    return target.with_name(f"{target.name}.{attempt}.partial.journal")


def read_journal(content: bytes) -> dict[int, str]:
    """Size → SHA-256 of the bytes up to there; the line that a power cut tore is passed over."""
    found: dict[int, str] = {}
    for line in content.decode("ascii", "replace").splitlines():
        try:
            size, digest = json.loads(line)
        except ValueError:
            continue
        found[size] = digest
    return found


def promised_digest(target: Path, attempt: int, size: int) -> str | None:
    """What the journal says a finished file of this size must give, if a crash left one."""
    try:
        return read_journal(journal_of(target, attempt).read_bytes()).get(size)
    except FileNotFoundError:
        return None


def vouch(target: Path, attempt: int, size: int, digest: str) -> None:
    """Write down what a file will give before it gets its name, in case its row is never written."""
    with journal_of(target, attempt).open("ab") as journal:
        journal.write(json.dumps([size, digest]).encode() + b"\n")
        journal.flush()
        os.fsync(journal.fileno())
    sync_folder(target.parent)
