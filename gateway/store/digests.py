"""Several digests of a file as the disk has it, in one read."""

import hashlib
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.store.durable import cold_blocks

if TYPE_CHECKING:
    from hashlib import _Hash

AHEAD = 6
"""Blocks a digest may lag behind the reading: enough that the slow one never waits, little memory."""


def digests(path: Path, names: Sequence[str], tick: Callable[[int], None]) -> dict[str, str]:
    """Hexadecimal digests by name (`sha256`, `sm3`, `md5`); each runs beside the others.

    SM3 costs a core at a fifth of the speed of SHA-256: it sets the pace here, and must not
    sit on the copy path. `tick` hears the bytes read so far and may raise to stop.
    """
    running = {name: hashlib.new(name) for name in names}
    lanes = [Lane(digest) for digest in running.values()]
    done = 0
    try:
        for block in cold_blocks(path):
            for lane in lanes:
                lane.blocks.put(block)
            done += len(block)
            tick(done)
    finally:
        for lane in lanes:
            lane.end()
    return {name: digest.hexdigest() for name, digest in running.items()}


class Lane:
    """One thread that feeds one digest; hashing releases the interpreter, so lanes use all cores."""

    def __init__(self, digest: "_Hash") -> None:
        self.digest = digest
        self.blocks: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self.thread = threading.Thread(target=self.work, name="digest", daemon=True)
        self.thread.start()

    def work(self) -> None:
        while block := self.blocks.get():
            self.digest.update(block)

    def end(self) -> None:
        self.blocks.put(None)
        self.thread.join()
