"""One reader, several workers that each get every block: hashing and writing beside the reading."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from gateway.store.direct import buffers

AHEAD = 6
"""Blocks a lane may lag behind the reader: enough that the slow one never waits, little memory."""

Work = Callable[[memoryview], object]


class Lanes:
    """Each work runs in a thread of its own over all blocks, in order; hashing and I/O release the GIL.

    Fill the next of `buffers`, `put` it: when a buffer comes round again, every lane is done with it.
    Leaving the `with` waits until all blocks are done, or, on an exception, drops those that wait.
    """

    def __init__(self, works: Sequence[Work]) -> None:
        self.buffers = buffers(AHEAD + 1)  # AHEAD with the lanes, one being filled
        self.lanes = [Lane(work) for work in works]

    def put(self, block: memoryview) -> None:
        """Give a block to each lane. Raises what a lane's work raised."""
        for lane in self.lanes:
            lane.put(block)

    def drain(self) -> None:
        """Wait until each lane has done what it was given. Raises what a lane's work raised."""
        for lane in self.lanes:
            lane.wait(0)

    def __enter__(self) -> "Lanes":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.drain()
        finally:
            for lane in self.lanes:
                lane.thread.shutdown(cancel_futures=True)


class Lane:
    def __init__(self, work: Work) -> None:
        self.work = work
        self.broken = False
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="lane")
        self.waiting: deque[Future[None]] = deque()

    def put(self, block: memoryview) -> None:
        self.wait(AHEAD - 1)
        self.waiting.append(self.thread.submit(self.run, block))

    def wait(self, allowed: int) -> None:
        while len(self.waiting) > allowed:
            self.waiting.popleft().result()

    def run(self, block: memoryview) -> None:
        if not self.broken:  # after a block that failed, none may land in its place
            self.broken = True
            self.work(block)
            self.broken = False
