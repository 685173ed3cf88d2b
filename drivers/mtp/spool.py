"""Where objects are pulled to: `<spool>/<identity>`, durable and whole before it has that name.

What was pulled of one stays beside it, with a journal of digests, until the rest comes.
"""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.full import told_full
from gateway.device import DeviceUnavailable, FoundFile, edge_digest
from gateway.store import Claim, Partial
from gateway.store.direct import buffers
from gateway.store.durable import make_folder, sync_folder
from gateway.store.partial import STEP, journal_of
from gateway.store.room import AHEAD

log = logging.getLogger(__name__)

ATTEMPT = 1
"""A failed attempt's bytes were never trusted without their digest: there is no second name for them."""


class PullSpool:
    """One dock's. Raises OSError if the disk does."""

    def __init__(self, folder: Path, reserve: int) -> None:
        self.folder, self.reserve = folder, reserve

    def place(self, found: FoundFile) -> Path:
        """Ours: no name that a camera gave is a name on our disk."""
        return self.folder / found.identity

    def pull(
        self, found: FoundFile, blocks: Callable[[int], Iterator[bytes]], tick: Callable[[int], None]
    ) -> None:
        """After this the object lies whole at `found.local`. `blocks` gives its bytes from an offset on.

        Raises DeviceUnavailable if the camera leaves, holds something else now, or the disk is full, and what
        `tick` raises; what came is kept.
        """
        target = found.local
        make_folder(target.parent)
        if target.exists():
            return
        try:
            partial = Partial(target, ATTEMPT)
        except BlockingIOError:
            raise DeviceUnavailable("wait.busy") from None
        with partial:
            partial.recover(tick)
            if partial.size:
                log.info("%s: going on at byte %d", target.name, partial.size)
            claim = Claim(target.parent, self.reserve, lambda: found.size - partial.size)
            try:
                with told_full(), claim:
                    self.fill(partial, found.size, blocks(partial.size), claim, tick)
            except DeviceUnavailable as gone:
                if gone.reason["code"] == "wait.source_gone":
                    raise DeviceUnavailable("wait.source_gone", done=partial.size) from gone
                raise
            finally:
                partial.sync()
            if partial.size < found.size:
                raise DeviceUnavailable("wait.source_unreadable", error=f"{partial.size} / {found.size}")
            partial.file.switch(False)  # edges are not aligned as O_DIRECT wants it
            if partial.size > found.size or edge_digest(partial.handle, found.size) != found.edges:
                partial.forget()
                raise DeviceUnavailable("wait.source_changed", done=0)
            os.utime(partial.handle, ns=(found.mtime_ns, found.mtime_ns))
            partial.publish()
        journal_of(target, ATTEMPT).unlink(missing_ok=True)
        sync_folder(target.parent)

    def fill(
        self, partial: Partial, size: int, blocks: Iterator[bytes], claim: Claim, tick: Callable[[int], None]
    ) -> None:
        """Up to its size; whoever sends more is not listened to any longer."""
        aligned = next(buffers(1))
        unchecked = 0
        for block in blocks:
            for at in range(0, len(block), len(aligned)):
                piece = block[at : at + len(aligned)]
                aligned[: len(piece)] = piece
                partial.put(aligned[: len(piece)])
                partial.digest.update(piece)
            unchecked += len(block)
            if unchecked >= AHEAD:
                claim.check()
                unchecked = 0
            if partial.size - partial.synced >= STEP:
                partial.sync()
            tick(partial.size)
            if partial.size > size:
                return
