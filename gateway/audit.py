"""Compares store, database and chain of custody, each against the others, and names every difference."""

import contextlib
import hashlib
import json
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import inspect
from sqlmodel import Session, SQLModel, col, select

from gateway import custody
from gateway.custody import PAGE, UNREADABLE
from gateway.database import Database
from gateway.disposal import check
from gateway.models import (
    Activity,
    Allocation,
    AnnualCheck,
    ApiKey,
    Attachment,
    CaseAlias,
    CaseParty,
    CaseRecord,
    CaseSample,
    ChainHead,
    Checkout,
    Clip,
    ClockReading,
    ClockSetting,
    CustodyEvent,
    DestructionRecord,
    Device,
    DisposalItem,
    DisposalRun,
    Document,
    Endpoint,
    Finding,
    LegalHold,
    Link,
    LiveView,
    Officer,
    Offload,
    Original,
    Party,
    Receipt,
    Recording,
    Rendition,
    ReportMade,
    RetentionFlag,
    RulePackUse,
    SampleCase,
    SampleRemark,
    ScopeItem,
    ScopeList,
    Snapshot,
    SnapshotFigure,
    Standing,
    State,
    Statement,
    UnitClass,
    User,
    Viewing,
    Work,
)
from gateway.reports import check as sealed
from gateway.store import LocalStore
from gateway.store.digests import digests
from gateway.store.local import MANIFEST, is_unfinished

EVIDENCE: tuple[type[SQLModel], ...] = (
    Original, Clip, Attachment, Recording, Finding, Link, Receipt, Rendition,
    Device, Officer, Allocation, Checkout, Standing, UnitClass, AnnualCheck, ClockReading, ClockSetting,
    CaseRecord, CaseAlias, Party, CaseParty, Document, Activity, ScopeList, ScopeItem, Statement, RulePackUse,
    User, ApiKey, Viewing, LiveView, Endpoint,
    LegalHold, RetentionFlag, DisposalRun, DisposalItem, DestructionRecord,
    CaseSample, SampleCase, SampleRemark, ReportMade,
    Snapshot, SnapshotFigure,
)  # fmt: skip
"""Tables in which every row is vouched for by a line of a chain."""

FEW = 10
"""Rows at a time where each may hold a megabyte."""

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
        "offloads": in_session(database, offloads),
        "disposals": in_session(database, disposals),
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


def paged(database: Database, model: type[Any], *conditions: Any) -> Iterator[Any]:
    """The rows of a table, a short transaction for each page; `rows` names the ones that cannot be read."""
    last = ""
    while True:
        with database.read() as session:
            wanted = select(model.id).where(*conditions, col(model.id) > last)
            keys = session.exec(wanted.order_by(col(model.id)).limit(PAGE)).all()
            page = list(readable(session, model, keys).values())
        yield from page
        if len(keys) < PAGE:
            return
        last = keys[-1]


def readable(session: Session, model: type[Any], keys: Sequence[str]) -> dict[str, Any]:
    """Rows by key, without those in which somebody wrote what their columns cannot hold."""
    [key_column] = inspect(model).primary_key
    with contextlib.suppress(*UNREADABLE):
        page = session.exec(select(model).where(key_column.in_(keys)).order_by(key_column)).all()
        return {getattr(row, key_column.name): row for row in page}
    found = {}
    for key in keys:
        with contextlib.suppress(*UNREADABLE):
            found[key] = session.get_one(model, key)
    return found


def chains(session: Session) -> Iterator[Difference]:
    names = {*session.exec(select(ChainHead.chain)), *session.exec(select(CustodyEvent.chain).distinct())}
    for name in sorted(names):
        for seq, what in custody.breaks(session, name):
            yield Difference(f"chain {name}, line {seq}", what)


def rows(session: Session) -> Iterator[Difference]:
    """Each row must be as the last line that describes it says; no row may be there that no line tells of."""
    told: dict[tuple[str, str], str] = {}
    for chain in session.exec(select(CustodyEvent.chain).distinct().order_by(CustodyEvent.chain)).all():
        for _, line in custody.lines_of(session, chain):
            for row in line.rows if line else ():
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
    step = FEW if model is SnapshotFigure else PAGE
    for start in range(0, len(keys), step):
        page = keys[start : start + step]
        found = readable(session, model, page)
        for key in page:
            where = f"row {table}/{key}"
            expected = told.pop((table, key), None)
            if key not in found:
                yield Difference(where, "edited: cannot be read")
            elif expected is None or expected == custody.GONE:
                yield Difference(where, "no line of custody tells of it")
            elif expected != custody.row_digest(found[key]):
                yield Difference(where, "edited: differs from its last line of custody")
        session.expunge_all()


def offloads(session: Session) -> Iterator[Difference]:
    """What an offload was, when, and what it listed at t0, is what the chain says of it."""
    opened = {detail.get("offload"): (by, detail) for by, detail in lines_that(session, "OFFLOAD_OPENED")}
    closed = {
        offload_id: detail["closed_at"]
        for _, detail in lines_that(session, "DISCONNECTED")
        for offload_id in detail.get("closed", ())
    }
    for offload_id in session.exec(select(Offload.id)).all():
        offload = session.get_one(Offload, offload_id)
        line = opened.pop(offload_id, None)
        told = expected(session, *line, closed.get(offload_id)) if line else {"listing": None}
        held = json.loads(custody.canonical(offload.model_dump(include=set(told) - {"listing"})))
        held["listing"] = custody.value_digest(offload.listing)
        for name in sorted(name for name in told if told[name] != held[name]):
            yield Difference(f"row offload/{offload_id}", f"edited: its {name} differs from the chain's")
        session.expunge(offload)
    for offload_id in sorted(map(str, opened)):
        yield Difference(f"row offload/{offload_id}", "deleted: the chain tells of it")


def disposals(session: Session) -> Iterator[Difference]:
    for where, what in check.differences(session):
        yield Difference(where, what)


def frozen_quarters(session: Session) -> Iterator[Difference]:
    for where, what in sealed.differences(session):
        yield Difference(where, what)


def lines_that(session: Session, event: str) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """(subject, detail) of each."""
    yield from session.exec(
        select(CustodyEvent.subject, CustodyEvent.detail).where(CustodyEvent.event == event)
    )


def expected(
    session: Session, subject: str, detail: Mapping[Any, Any], closed_at: str | None
) -> dict[str, Any]:
    """The columns that are vouched for: by the lines themselves, or in older chains by the receipt."""
    told = {"device_id": subject, "listing": detail.get("listing")}
    if "opened_at" in detail:
        parts = {name: detail[name] for name in ("bay", "volume", "opened_at")}
        return told | parts | {"closed_at": closed_at}
    sealed = select(Receipt).where(Receipt.offload_id == detail["offload"])
    receipt = session.exec(sealed.order_by(col(Receipt.revision).desc()).limit(1)).first()
    if receipt is None:
        return told
    moments = {
        name: custody.plain(datetime.fromisoformat(receipt.body[name]))
        for name in ("opened_at", "closed_at")
        if receipt.body[name]
    }
    return told | moments | {name: receipt.body[name] for name in ("bay", "volume")}


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
    destroyed = select(Original.id).where(Original.state == State.DESTROYED)
    for made in paged(database, Rendition, col(Rendition.clip_id).not_in(destroyed)):
        yield from compare(store, made.stored_as, made.size, made.sha256, None, read_bytes=read_bytes)


def compare(
    store: LocalStore, key: str, size: int, sha256: str | None, sm3: str | None, *, read_bytes: bool
) -> Iterator[Difference]:
    path = store.path(key)
    expected = {name: digest for name, digest in (("sha256", sha256), ("sm3", sm3)) if digest}
    try:
        seen = path.lstat()
        if not stat.S_ISREG(seen.st_mode):
            yield Difference(f"file {path}", "is no file of its own any more")
        elif seen.st_size != size:
            yield Difference(f"file {path}", f"{seen.st_size} bytes, {size} expected")
        elif read_bytes:
            found = digests(path, list(expected), lambda _: None)
            wrong = [name for name in expected if found[name] != expected[name]]
            if wrong:
                yield Difference(f"file {path}", f"altered: {' and '.join(wrong)} differ")
    except OSError as error:
        yield unreadable(path, error)


def unreadable(path: Path, error: OSError) -> Difference:
    gone = isinstance(error, FileNotFoundError)
    return Difference(f"file {path}", "missing" if gone else f"cannot be read ({error.strerror})")


def manifest(store: LocalStore, original: Original) -> Iterator[Difference]:
    """The manifest is as it was written."""
    assert original.stored_as is not None
    path = store.manifest_path(original.stored_as)
    try:
        content = path.read_bytes()
    except OSError as error:
        yield unreadable(path, error)
        return
    if hashlib.sha256(content).hexdigest() != original.manifest:
        yield Difference(f"file {path}", "altered")


def second_copies(database: Database, second: LocalStore, *, read_bytes: bool) -> Iterator[Difference]:
    """Every preserved original has its second copy, whole, with its manifest; nothing else lies there."""
    for original in paged(database, Original, Original.state == State.PRESERVED):
        assert original.stored_as is not None
        if not original.second_copy:
            yield Difference(f"file {second.path(original.stored_as)}", "the second copy is not made yet")
            continue
        yield from compare(
            second, original.stored_as, original.size, original.sha256, None, read_bytes=read_bytes
        )
        yield from manifest(second, original)
    yield from strays(database, second, young_s=60)


def strays(database: Database, store: LocalStore, young_s: float = 0) -> Iterator[Difference]:
    """Every file belongs to a row, and every unfinished file to work that is still open.

    An unfinished one younger than `young_s` seconds may be in the making.
    """
    for key in store.files():
        item_id = Path(key).name.partition(".")[0]
        if young_s and is_unfinished(Path(key)) and is_young(store.path(key), young_s):
            continue
        with database.read() as session:
            if is_known(session, key.removesuffix(MANIFEST)) or under_way(session, item_id):
                continue
            was_destroyed = check.is_destroyed(session, item_id)
        what = "left over from unfinished work" if is_unfinished(Path(key)) else "no row knows it"
        what = "destroyed on record, and still here" if was_destroyed else what
        yield Difference(f"file {store.path(key)}", what)


def is_young(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.lstat().st_mtime < seconds
    except OSError:
        return True


def is_known(session: Session, key: str) -> bool:
    gone = (State.DUPLICATE, State.DESTROYED)
    row: Any = select(Original.id).where(Original.stored_as == key, col(Original.state).not_in(gone))
    if key.startswith("renditions/"):
        row = select(Rendition.id).join(Original, col(Original.id) == Rendition.clip_id)
        row = row.where(Rendition.stored_as == key, Original.state != State.DESTROYED)
    return session.exec(row).first() is not None


def under_way(session: Session, item_id: str) -> bool:
    return (
        session.exec(select(Work.item_id).where(Work.item_id == item_id, col(Work.open).is_(True))).first()
        is not None
    )
