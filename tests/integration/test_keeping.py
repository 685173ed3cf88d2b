"""What is asked of the stores before a device may erase its own: they hold it, whole, and now."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from gateway import custody
from gateway.daemon.keeping import FRESH, Held, Keeping
from gateway.database import Database
from gateway.device import StillThere
from gateway.intake.events import store_one
from gateway.models import Finding, Original, ReleaseState, State, now
from gateway.store import LocalStore
from tests.shelf import Shelf


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    made = Shelf(database, tmp_path)
    made.clip("one")
    return made


def held(shelf: Shelf, *, twice: bool = True) -> Held:
    keeping = Keeping(shelf.database, shelf.store, shelf.second)
    return keeping.holds(shelf.get(Original, "one"), twice=twice)


def second(shelf: Shelf) -> LocalStore:
    assert shelf.second is not None
    return shelf.second


def alter(place: LocalStore, shelf: Shelf) -> None:
    path = place.path(shelf.get(Original, "one").stored_as)
    content = path.read_bytes()
    path.write_bytes(b"x" + content[1:])


def test_both_copies_whole(shelf: Shelf) -> None:
    assert held(shelf) is Held.WHOLE
    assert "FIXITY_CHECKED" not in shelf.events("one")


@pytest.mark.parametrize("gone", [False, True])
def test_an_original_that_is_altered_or_gone_is_set_aside(shelf: Shelf, gone: bool) -> None:
    alter(shelf.store, shelf)
    if gone:
        shelf.store.path(shelf.get(Original, "one").stored_as).unlink()
    assert held(shelf) is Held.LOST
    assert shelf.get(Original, "one").state is State.QUARANTINED


@pytest.mark.parametrize("gone", [False, True])
def test_a_second_copy_that_is_altered_or_gone_is_owed_again(shelf: Shelf, gone: bool) -> None:
    alter(second(shelf), shelf)
    if gone:
        second(shelf).path(shelf.get(Original, "one").stored_as).unlink()
    assert held(shelf, twice=False) is Held.WHOLE
    assert held(shelf) is Held.LOST
    original = shelf.get(Original, "one")
    assert (original.state, original.second_copy) == (State.PRESERVED, None)
    assert shelf.events("one")[-1] == "SECOND_COPY_LOST"
    assert [one for one in shelf.differences() if one.startswith(("row", "chain"))] == []


@pytest.mark.parametrize("which", ["store", "second"])
def test_a_disk_that_is_not_there_loses_nothing_and_erases_nothing(shelf: Shelf, which: str) -> None:
    place = shelf.store if which == "store" else second(shelf)
    place.root.rename(place.root.with_name("away"))
    assert held(shelf) is Held.AWAY
    original = shelf.get(Original, "one")
    assert (original.state, original.second_copy) == (State.PRESERVED, True)


def test_what_was_read_back_just_now_is_not_read_again(shelf: Shelf) -> None:
    """But looked for: length and place."""
    shelf.change(Original, "one", preserved_at=now())
    alter(shelf.store, shelf)
    assert held(shelf) is Held.WHOLE
    shelf.change(Original, "one", preserved_at=now() - FRESH - timedelta(minutes=1))
    assert held(shelf) is Held.LOST


def test_a_clock_that_was_set_back_makes_nothing_fresh(shelf: Shelf) -> None:
    shelf.change(Original, "one", preserved_at=now() + timedelta(days=1))
    alter(shelf.store, shelf)
    assert held(shelf) is Held.LOST


def test_a_short_file_is_seen_at_once(shelf: Shelf) -> None:
    shelf.change(Original, "one", preserved_at=now())
    second(shelf).path(shelf.get(Original, "one").stored_as).write_bytes(b"x")
    assert held(shelf) is Held.LOST


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_is_on_its_device_still_is_let_go_of_once_more(shelf: Shelf, whole: bool) -> None:
    """Only while it is preserved: what is not any more, its device keeps, or brings again."""
    with shelf.database.write() as session:
        finding = session.exec(select(Finding)).one()
        finding.release = ReleaseState.DONE
        session.add(finding)
        custody.append(
            session, custody.device_chain(finding.device_id), "RELEASED", "gateway", "one", (finding,)
        )
    if not whole:
        shelf.change(Original, "one", state=State.QUARANTINED)
    sha256 = shelf.get(Original, "one").sha256
    assert sha256 is not None
    for path, digest in ((b"other", sha256), (b"one.mp4", "0" * 64), (b"one.mp4", sha256)):
        with shelf.database.write() as session:
            assert session.exec(select(Finding)).one().release is ReleaseState.DONE
            event = StillThere(device_id="cam-u", at=now(), path=path, sha256=digest)
            store_one(session, event, "host", "executor")
    with shelf.database.read() as session:
        assert session.exec(select(Finding)).one().release is (
            ReleaseState.DUE if whole else ReleaseState.DONE
        )
    assert ("RELEASE_DUE" in shelf.events("one")) is whole
    assert [one for one in shelf.differences() if one.startswith(("row finding", "chain"))] == []
