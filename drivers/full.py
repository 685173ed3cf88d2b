"""A spool without room, as its device's waiting is told."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.device import DeviceUnavailable
from gateway.store import StoreFull


@contextmanager
def told_full() -> Iterator[None]:
    """Raises DeviceUnavailable for StoreFull."""
    try:
        yield
    except StoreFull as full:
        raise DeviceUnavailable(
            "wait.store_full", free=f"{full.free >> 20} MiB", need=f"{full.need >> 20} MiB"
        ) from full
