"""The stores against the database."""

import hashlib
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from gateway.audit.difference import Difference, paged
from gateway.database import Database
from gateway.disposal import check
from gateway.models import (
    Original,
    Rendition,
    State,
    Work,
)
from gateway.store import LocalStore
from gateway.store.digests import digests
from gateway.store.durable import is_unfinished
from gateway.store.local import MANIFEST

STORED = (State.ACQUIRED, State.VERIFIED, State.PRESERVED, State.QUARANTINED)


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
