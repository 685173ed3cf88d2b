"""Files past the page cache: what is read comes from the disk, what is written goes to it.

The second read must not be answered from memory, and a copy through the page cache costs the
kernel a core: 1.4 s for each GiB read and 2 s for each GiB written here, against 0.1 s (docs/benchmarks.md).
"""

import errno
import fcntl
import mmap
import os
from collections.abc import Callable, Iterator
from itertools import cycle

BLOCK = 1024 * 1024
ZEROS = bytes(BLOCK)
FIRST = 512
"""Bytes that tell most blocks from zeros without looking at all of them."""

ALIGNED = 4096
"""Bytes: addresses, offsets and lengths must be multiples of it (open(2), O_DIRECT); no disk wants more."""


def buffers(count: int, size: int = BLOCK) -> Iterator[memoryview]:
    """The same `count` page-aligned buffers, over and over."""
    return cycle([memoryview(mmap.mmap(-1, size)) for _ in range(count)])


class DirectFile:
    """One open file, past the page cache wherever file system and alignment allow it, through it elsewhere.

    Some refuse when asked, some only at the first transfer, and the end of a file is seldom aligned.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.allowed = True
        self.direct = False

    def read(self, buffer: memoryview, offset: int) -> int:
        """Bytes read into the buffer, 0 at the end of the file. Raises OSError."""
        return self.transfer(lambda: os.preadv(self.handle, [buffer], offset), offset, len(buffer))

    def write(self, block: memoryview, offset: int) -> int:
        """Bytes written, which may be fewer. Raises OSError."""
        return self.transfer(lambda: os.pwrite(self.handle, block, offset), offset, len(block))

    def extend(self, block: memoryview | bytes, end: int) -> None:
        """Put a block at the end of the file; zeros become a hole. Raises OSError."""
        if is_zeros(block):
            os.ftruncate(self.handle, end + len(block))
            return
        left = memoryview(block)
        while left:
            written = self.write(left, end)
            end, left = end + written, left[written:]

    def transfer(self, call: Callable[[], int], offset: int, length: int) -> int:
        self.switch(self.allowed and offset % ALIGNED == 0 and length % ALIGNED == 0)
        try:
            return call()
        except OSError as error:
            if not self.direct or error.errno != errno.EINVAL:
                raise
        self.allowed = False
        self.switch(False)
        return call()

    def switch(self, direct: bool) -> None:
        if direct == self.direct:
            return
        flags = fcntl.fcntl(self.handle, fcntl.F_GETFL) & ~os.O_DIRECT
        try:
            fcntl.fcntl(self.handle, fcntl.F_SETFL, flags | (os.O_DIRECT if direct else 0))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.allowed = False
        else:
            self.direct = direct


def is_zeros(block: memoryview | bytes) -> bool:
    return block[:FIRST] == ZEROS[: len(block[:FIRST])] and bytes(block) == ZEROS[: len(block)]


def filled(file: DirectFile, buffers: Iterator[memoryview], position: int = 0) -> Iterator[memoryview]:
    """A file's bytes from a position to its end, each block in the next buffer."""
    try:
        while size := file.read(buffer := next(buffers), position):
            yield buffer[:size]
            position += size
    finally:
        file.switch(False)
