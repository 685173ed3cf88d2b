"""Destroying: whole or gone with a record, whatever is killed or fails; `verify` names what does not fit."""

from typing import Any

import pytest
from sqlmodel import select

from gateway.models import (
    DestructionRecord,
    Finding,
    ItemState,
    Original,
    ReleaseState,
    RelinkDue,
    State,
)
from tests.integration.disposing import approve, destroyed, item, lite, propose, shelf
from tests.shelf import Shelf

__all__ = ["lite", "shelf"]


class Killed(BaseException):
    pass


KILLS = ("before the record", "after the record", "in the first store", "before the second line")


@pytest.mark.parametrize("at", KILLS)
def test_a_kill_leaves_the_whole_original_or_a_record_and_then_nothing(
    shelf: Shelf, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.clip("one")
    shelf.attachment("track", "one")
    approve(shelf, propose(shelf, "one"), 1)
    daemon = shelf.daemon

    def dies(*_: object, **__: object) -> Any:
        raise Killed

    def dies_in_second(item_id: str) -> None:
        raise Killed

    where: dict[str, tuple[Any, str, Any]] = {
        "before the record": (daemon, "record", dies),
        "after the record": (shelf.store, "destroy", dies),
        "in the first store": (shelf.second, "destroy", dies_in_second),
        "before the second line": (daemon, "last_of", dies),
    }
    target, name, instead = where[at]
    with monkeypatch.context() as patch:
        patch.setattr(target, name, instead)
        with pytest.raises(Killed):
            daemon.round()
    said = shelf.differences()
    if at == "before the record":
        assert said == []
        assert len(shelf.lying("one")) == 5
        assert shelf.get(Original, "one").state is State.PRESERVED
    else:
        assert shelf.get(Original, "one").state is State.DESTROYED
        here = [str(path) for path in (*shelf.lying("one"), *shelf.lying("track"))]
        assert sorted(said) == sorted(f"file {path}: destroyed on record, and still here" for path in here)
        assert bool(here)
    shelf.daemon.round()
    assert shelf.differences() == []
    assert shelf.lying("one") == shelf.lying("track") == []
    assert item(shelf, "one").state is ItemState.DESTROYED
    assert shelf.events("one").count("DESTROYED") == 1


def test_verify_names_bytes_that_came_back_and_bytes_that_went_without_a_record(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    key = lite.get(Original, "one").stored_as
    content = lite.store.path(key).read_bytes()
    destroyed(lite, "one")
    assert lite.differences() == []
    lite.bytes_of(key, content)
    lite.store.path(lite.get(Original, "two").stored_as).unlink()
    said = lite.differences()
    assert f"file {lite.store.path(key)}: destroyed on record, and still here" in said
    assert any(one.endswith("two.mp4: missing") for one in said)


def test_verify_names_a_destroyed_row_without_record_and_a_record_of_what_is_here(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    lite.clip("three")
    destroyed(lite, "one", "two")
    with lite.database.write() as session:
        row = session.exec(select(DestructionRecord).where(DestructionRecord.original_id == "one")).one()
        session.delete(row)
        session.get_one(Original, "two").state = State.PRESERVED
    said = lite.differences()
    assert "row original/one: destroyed, and no record tells of it" in said
    assert "row original/two: a record says that it was destroyed" in said
    assert any(one.startswith("row destructionrecord/") and "deleted" in one for one in said)


def test_a_loss_is_not_covered_by_a_record(lite: Shelf) -> None:
    """What is gone already was not destroyed by two persons: nobody can count a loss that a list swallows."""
    lite.clip("gone")
    lite.clip("cut")
    approve(lite, propose(lite), 2)
    lite.store.path(lite.get(Original, "gone").stored_as).unlink()
    lite.store.path(lite.get(Original, "cut").stored_as).write_bytes(b"x")
    lite.daemon.round()
    assert item(lite, "gone").why["code"] == "disposal.bytes_missing"  # type: ignore[index]
    assert item(lite, "cut").why["code"] == "disposal.bytes_differ"  # type: ignore[index]
    assert len(lite.differences()) == 2
    with lite.database.read() as session:
        assert session.exec(select(DestructionRecord)).first() is None


def test_it_waits_for_a_disk_that_is_away_and_for_links_that_are_due(lite: Shelf) -> None:
    lite.clip("one")
    approve(lite, propose(lite, "one"), 1)
    assert lite.second is not None
    away = lite.second.root.rename(lite.second.root.with_name("away"))
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED
    away.rename(lite.second.root)
    with lite.database.write() as session:
        session.add(RelinkDue(why="x", clip_id="one"))
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED
    with lite.database.write() as session:
        session.delete(session.exec(select(RelinkDue)).one())
    lite.change(Original, "one", second_copy=None)
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.PRESERVED, "a copy is still to be made"
    lite.change(Original, "one", second_copy=True)
    lite.daemon.round()
    assert lite.get(Original, "one").state is State.DESTROYED
    assert lite.differences() == []


def test_an_attachment_that_another_clip_needs_stays(lite: Shelf) -> None:
    lite.clip("one")
    lite.clip("two")
    lite.attachment("track", "one")
    lite.attachment(
        "twin", "two", state=State.DUPLICATE, duplicate_of="track", sha256=lite.get(Original, "track").sha256
    )
    lite.attachment("nobody", None)
    destroyed(lite, "one")
    assert lite.get(Original, "track").state is State.PRESERVED
    destroyed(lite, "two")
    assert lite.get(Original, "track").state is State.DESTROYED
    assert lite.get(Original, "nobody").state is State.PRESERVED
    assert lite.differences() == []


def test_a_file_that_waits_to_be_let_go_of_stays_on_its_device(lite: Shelf) -> None:
    lite.clip("one")
    with lite.database.read() as session:
        finding = session.exec(select(Finding)).one()
    lite.change(Finding, finding.id, release=ReleaseState.DUE)
    destroyed(lite, "one")
    found = lite.get(Finding, finding.id)
    assert (found.release, found.why["code"]) == (ReleaseState.KEPT, "release.destroyed")
    assert lite.differences() == []


def test_a_disk_that_refuses_is_tried_again(lite: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    lite.clip("one")
    approve(lite, propose(lite, "one"), 1)

    def refuses(_: str) -> None:
        raise OSError(30, "Read-only file system")

    daemon = lite.daemon
    with monkeypatch.context() as patch:
        patch.setattr(lite.second, "destroy", refuses)
        daemon.round()
    assert "Read-only" in daemon.said
    assert item(lite, "one").state is ItemState.BEGUN
    daemon.round()
    assert item(lite, "one").state is ItemState.DESTROYED
    assert lite.differences() == []
