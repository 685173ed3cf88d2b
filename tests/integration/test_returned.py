"""A file that a device still has after its original was destroyed: kept anew, known, and nothing is dropped."""

import hashlib
from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway import disposal
from gateway.database import Database
from gateway.device import FileFound, FoundFile, MediaKind, Refused
from gateway.intake.events import store_one
from gateway.linking import relink
from gateway.models import (
    Clip,
    CustodyEvent,
    DestructionRecord,
    Finding,
    Link,
    Original,
    RelinkDue,
    State,
    Work,
    now,
)
from ingest import errands
from ingest.commit import commit
from ingest.pipeline import stage_at
from ingest.runner import item_of
from ingest.stage import Outcome
from tests.shelf import Shelf

FILE = FoundFile(
    device_id="cam-u", path=b"one.mp4", local=Path("/card/one.mp4"), size=650, mtime_ns=1,
    kind=MediaKind.VIDEO, edges="edges",
)  # fmt: skip


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    """With one clip that was destroyed, and whose file the camera had."""
    made = Shelf(database, tmp_path)
    made.clip("one")
    with database.read() as session:
        finding = session.exec(select(Finding)).one()
    made.change(Finding, finding.id, identity=FILE.identity)
    with database.write() as session:
        run = disposal.propose(session, made.packs, made.viewer("chen"), "保存期满").id
    disposal.approve(database, made.packs, run, made.viewer("zhao"), 1)
    made.daemon.round()
    return made


def comes(shelf: Shelf) -> list[str]:
    with shelf.database.write() as session:
        return store_one(session, FileFound(found=FILE), "h", "e")


def verified(shelf: Shelf, item_id: str, sha256: str) -> Original:
    """As after its second read."""
    shelf.change(Original, item_id, state=State.ACQUIRED, sha256=sha256)
    with shelf.database.read() as session:
        item = item_of(session, session.get_one(Work, (item_id, "preserve")))
    stage = stage_at("preserve", State.ACQUIRED)
    assert stage is not None
    assert commit(
        shelf.database, shelf.packs, item, "preserve", stage, Outcome(changes={"verified_at": now()})
    )
    found: Original = shelf.get(Original, item_id)
    return found


def test_the_same_content_is_kept_anew_and_says_so(shelf: Shelf) -> None:
    [again] = comes(shelf)
    assert again != "one"
    original = verified(shelf, again, shelf.get(Original, "one").sha256)
    assert (original.state, original.returns) == (State.VERIFIED, "one")
    with shelf.database.read() as session:
        newest = session.exec(select(Finding).order_by(col(Finding.id).desc())).first()
        record = session.exec(select(DestructionRecord)).one()
    assert newest is not None
    assert newest.why is not None
    assert (newest.why["code"], newest.why["facts"]["record"]) == ("found.destroyed_before", record.id)
    assert comes(shelf) == [], "one that is on its way is not taken twice"
    wrong = [one for one in shelf.differences() if one.startswith(("row", "chain"))]
    assert wrong == []


def test_other_content_of_the_same_identity_is_no_return(shelf: Shelf) -> None:
    """Identity covers the edges only: a copy must not be skipped for it."""
    [again] = comes(shelf)
    assert verified(shelf, again, hashlib.sha256(b"other").hexdigest()).returns is None


def test_no_order_and_no_new_fact_touches_what_was_destroyed(shelf: Shelf) -> None:
    for ask in (
        lambda: errands.verify_now(shelf.database, shelf.store, "one", "chen"),
        lambda: errands.retry(shelf.database, "one", "chen"),
    ):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.reason["code"] == "order.destroyed"
    shelf.case("k")
    link = shelf.link("one", "k")
    with shelf.database.write() as session:
        before = len(session.exec(select(CustodyEvent)).all())
        session.add(RelinkDue(why="x", clip_id="one"))
        assert relink(session, [session.get_one(Clip, "one")], shelf.packs, "gateway") == []
        assert session.get_one(Link, link).ended_at is None
        assert len(session.exec(select(CustodyEvent)).all()) == before
    assert shelf.get(Original, "one").state is State.DESTROYED
