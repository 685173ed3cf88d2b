"""Sums over many rows without the collector of cycles, which would walk the whole process over and over."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Rows and facts make no cycles; what is left over elsewhere waits until this is done."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
