"""Files that others may still change while we open them."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def open_regular(path: Path) -> int:
    """A handle to read by. Raises OSError for what is no file of bytes (any more).

    A pipe would keep us until somebody writes into it, a link lead to what is nobody's recording.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "not a regular file any more")
    return handle


@contextmanager
def reading(path: Path) -> Iterator[int]:
    """As `open_regular`; closed at the end."""
    handle = open_regular(path)
    try:
        yield handle
    finally:
        os.close(handle)
