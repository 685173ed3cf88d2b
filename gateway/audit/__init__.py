"""Compares store, database and chain of custody, each against the others, and names every difference."""

import time
from collections.abc import Callable, Iterator

from sqlmodel import Session

from gateway.audit.database import (
    EVIDENCE,
    chains,
    disposals,
    frozen_quarters,
    offloads,
    rows,
    told_by_devices,
)
from gateway.audit.difference import Difference
from gateway.audit.stores import files, second_copies, strays
from gateway.custody import UNREADABLE
from gateway.database import Database
from gateway.store import LocalStore

__all__ = ["EVIDENCE", "Difference", "audit", "chains", "in_session", "lasting", "offloads", "rows"]


def audit(
    database: Database, store: LocalStore, second: LocalStore | None = None, *, read_bytes: bool = True
) -> Iterator[Difference]:
    """Every difference. With `read_bytes` each stored file is read cold and its digest compared.

    No transaction stays open while bytes are read: a daemon beside this one goes on writing.
    """
    parts: dict[str, Iterator[Difference]] = {
        "chains": in_session(database, chains),
        "rows": in_session(database, rows),
        "offloads": in_session(database, offloads),
        "disposals": in_session(database, disposals),
        "telemetry": in_session(database, told_by_devices),
        "frozen quarters": in_session(database, frozen_quarters),
        "files": files(database, store, read_bytes=read_bytes),
        "strays": strays(database, store),
    }
    if second is not None:
        parts["second copies"] = second_copies(database, second, read_bytes=read_bytes)
    for name, part in parts.items():
        try:
            yield from part
        except (*UNREADABLE, OSError) as error:
            yield Difference(name, f"cannot be read to the end ({error})")


def lasting(
    database: Database, store: LocalStore, second: LocalStore | None = None, *, read_bytes: bool = True
) -> list[Difference]:
    """The differences that are still there on a second look: beside a running daemon files move meanwhile."""

    def look() -> list[Difference]:
        return list(audit(database, store, second, read_bytes=read_bytes))

    first = look()
    if not first:
        return []
    time.sleep(2)
    return [difference for difference in look() if difference in first]


def in_session(database: Database, part: Callable[[Session], Iterator[Difference]]) -> Iterator[Difference]:
    with database.read() as session:
        yield from part(session)
