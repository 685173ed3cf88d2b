"""Compares store, database and chain of custody, each against the others, and names every difference."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from gateway import custody
from gateway.database import Database
from gateway.models import (
    Activity,
    Allocation,
    Attachment,
    CaseAlias,
    CaseRecord,
    ChainHead,
    Checkout,
    Clip,
    ClockReading,
    CustodyEvent,
    Device,
    Document,
    Finding,
    Link,
    Officer,
    Offload,
    Original,
    Receipt,
    Recording,
    Rendition,
    State,
    User,
    Viewing,
    Work,
)
from gateway.store import LocalStore
from gateway.store.digests import digests

EVIDENCE: tuple[type[SQLModel], ...] = (
    Original, Clip, Attachment, Recording, Finding, Link, Receipt, Rendition,
    Device, Officer, Allocation, Checkout, ClockReading,
    CaseRecord, CaseAlias, Document, Activity, User, Viewing,
)  # fmt: skip
"""Tables in which every row is vouched for by a line of a chain."""

UNREADABLE = (ValueError, LookupError, TypeError)
"""What a row raises in which somebody wrote what its column cannot hold."""

PAGE = 500

STORED = (State.ACQUIRED, State.VERIFIED, State.PRESERVED, State.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Difference:
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def audit(
    database: Database, store: LocalStore, second: LocalStore | None = None, *, read_bytes: bool = True
) -> Iterator[Difference]:
    """Every difference. With `read_bytes` each stored file is read cold and its digest compared.

    No transaction stays open while bytes are read: a daemon beside this one goes on writing.
    """
    parts: dict[str, Iterator[Difference]] = {
        "chains": in_session(database, chains),
        "rows": in_session(database, rows),
        "listings": in_session(database, listings),
        "files": files(database, store, read_bytes=read_bytes),
        "strays": strays(database, store),
    }
    if second is not None:
        parts["second copies"] = second_copies(database, second, read_bytes=read_bytes)
    for name, part in parts.items():
        try:
            yield from part
        except UNREADABLE as error:
            yield Difference(name, f"cannot be read to the end ({error}); see the row that is named above")


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


def paged(database: Database, model: type[Any], *conditions: Any) -> Iterator[Any]:
    """The rows of a table, a short transaction for each page."""
    last = ""
    while True:
        with database.read() as session:
            wanted = select(model).where(*conditions, col(model.id) > last)
            page = session.exec(wanted.order_by(col(model.id)).limit(PAGE)).all()
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1].id


def chains(session: Session) -> Iterator[Difference]:
    names = {*session.exec(select(ChainHead.chain)), *session.exec(select(CustodyEvent.chain).distinct())}
    for name in sorted(names):
        for seq, what in custody.breaks(session, name):
            yield Difference(f"chain {name}, line {seq}", what)


def rows(session: Session) -> Iterator[Difference]:
    """Each row must be as the last line that describes it says; no row may be there that no line tells of."""
    told: dict[tuple[str, str], str] = {}
    lines = session.exec(select(CustodyEvent.rows).order_by(col(CustodyEvent.chain), col(CustodyEvent.seq)))
    for described in lines:
        for row in described:
            told[row["table"], row["id"]] = row["digest"]
    for model in EVIDENCE:
        yield from table_rows(session, model, told)
    watched = {str(model.__tablename__) for model in EVIDENCE}
    for (table, key), digest in sorted(told.items()):
        if table in watched and digest != custody.GONE:
            yield Difference(f"row {table}/{key}", "deleted: the chain tells of it")


def table_rows(
    session: Session, model: type[SQLModel], told: dict[tuple[str, str], str]
) -> Iterator[Difference]:
    """Compare one table; takes what it finds out of `told`."""
    table = str(model.__tablename__)
    [key_column] = inspect(model).primary_key
    keys = session.exec(select(key_column)).all()
    for start in range(0, len(keys), PAGE):
        page = keys[start : start + PAGE]
        at_hand: dict[str, SQLModel] = {}
        with contextlib.suppress(*UNREADABLE):  # one bad row spoils its page: then each is read by itself
            read = session.exec(select(model).where(key_column.in_(page))).all()
            at_hand = {getattr(row, key_column.name): row for row in read}
        for key in page:
            where = f"row {table}/{key}"
            expected = told.pop((table, key), None)
            try:
                found = at_hand.get(key) or session.get_one(model, key)
            except UNREADABLE as error:
                yield Difference(where, f"edited: cannot be read ({error})")
                continue
            if expected is None or expected == custody.GONE:
                yield Difference(where, "no line of custody tells of it")
            elif expected != custody.row_digest(found):
                yield Difference(where, "edited: differs from its last line of custody")
        session.expunge_all()


def listings(session: Session) -> Iterator[Difference]:
    """What an offload listed at t0 is what the chain says it listed."""
    opened = select(CustodyEvent.detail).where(CustodyEvent.event == "OFFLOAD_OPENED")
    told = {detail["offload"]: detail.get("listing") for detail in session.exec(opened)}
    for offload_id in session.exec(select(Offload.id)).all():
        offload = session.get_one(Offload, offload_id)
        if told.pop(offload_id, None) != custody.value_digest(offload.listing):
            yield Difference(f"row offload/{offload_id}", "edited: its listing differs from the chain's")
        session.expunge(offload)
    for offload_id in sorted(told):
        yield Difference(f"row offload/{offload_id}", "deleted: the chain tells of it")


def files(database: Database, store: LocalStore, *, read_bytes: bool) -> Iterator[Difference]:
    """Every row's file is there, with its size and digest, and its manifest as it was written."""
    kept = (col(Original.state).in_(STORED), col(Original.stored_as).is_not(None))
    for original in paged(database, Original, *kept):
        assert original.stored_as is not None
        yield from compare(
            store, original.stored_as, original.size, original.sha256, original.sm3, read_bytes=read_bytes
        )
        if original.manifest:
            yield from manifest(store, original)
    for made in paged(database, Rendition):
        yield from compare(store, made.stored_as, made.size, made.sha256, None, read_bytes=read_bytes)


def compare(
    store: LocalStore, key: str, size: int, sha256: str | None, sm3: str | None, *, read_bytes: bool
) -> Iterator[Difference]:
    path = store.path(key)
    try:
        found_size = path.stat().st_size
    except FileNotFoundError:
        yield Difference(f"file {path}", "missing")
        return
    if found_size != size:
        yield Difference(f"file {path}", f"{found_size} bytes, {size} expected")
    elif read_bytes:
        expected = {"sha256": sha256, "sm3": sm3}
        names = [name for name, digest in expected.items() if digest]
        found = digests(path, names, lambda _: None)
        wrong = [name for name in names if found[name] != expected[name]]
        if wrong:
            yield Difference(f"file {path}", f"altered: {' and '.join(wrong)} differ")


def manifest(store: LocalStore, original: Original) -> Iterator[Difference]:
    """The manifest is as it was written."""
    assert original.stored_as is not None
    path = store.manifest_path(original.stored_as)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        yield Difference(f"file {path}", "missing")
        return
    if hashlib.sha256(content).hexdigest() != original.manifest:
        yield Difference(f"file {path}", "altered")


def second_copies(database: Database, second: LocalStore, *, read_bytes: bool) -> Iterator[Difference]:
    copied = (col(Original.second_copy).is_(True), Original.state == State.PRESERVED)
    for original in paged(database, Original, *copied):
        assert original.stored_as is not None
        yield from compare(
            second, original.stored_as, original.size, original.sha256, None, read_bytes=read_bytes
        )


def strays(database: Database, store: LocalStore) -> Iterator[Difference]:
    """Every file belongs to a row, and every unfinished file to work that is still open."""
    for key in store.finished():
        item_id = Path(key).name.partition(".")[0]
        with database.read() as session:
            strange = not is_known(session, key) and not under_way(session, item_id)
        if strange:
            yield Difference(f"file {store.path(key)}", "no row knows it")
    for item_id, path in store.partials():
        with database.read() as session:
            left_over = not under_way(session, item_id)
        if left_over:
            yield Difference(f"file {path}", "left over from unfinished work")


def is_known(session: Session, key: str) -> bool:
    row: Any = select(Original.id).where(Original.stored_as == key, Original.state != State.DUPLICATE)
    if key.startswith("renditions/"):
        row = select(Rendition.id).where(Rendition.stored_as == key)
    return session.exec(row).first() is not None


def under_way(session: Session, item_id: str) -> bool:
    return (
        session.exec(select(Work.item_id).where(Work.item_id == item_id, col(Work.open).is_(True))).first()
        is not None
    )
