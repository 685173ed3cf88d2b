"""The store: what a crash leaves, what is kept of it, what can never be replaced."""

import hashlib
import os
from pathlib import Path

import pytest

from gateway.store import LocalStore, Partial, StoreFull
from gateway.store.digests import digests
from gateway.store.durable import publish


def written(target: Path, *blocks: bytes, attempt: int = 1) -> None:
    """Some blocks, a sync after each but the last, then a crash."""
    with Partial(target, attempt) as partial:
        partial.recover()
        for number, block in enumerate(blocks):
            partial.digest.update(block)
            partial.put(block)
            if number < len(blocks) - 1:
                partial.sync()


def test_what_was_not_synced_is_cut_off_and_the_rest_goes_on(tmp_path: Path) -> None:
    target = tmp_path / "one.mp4"
    written(target, b"a" * 1000, b"b" * 500, b"torn")
    with Partial(target, 1) as partial:
        partial.recover()
        assert partial.size == 1500
        partial.digest.update(b"rest")
        partial.put(b"rest")
        partial.publish()
    assert target.read_bytes() == b"a" * 1000 + b"b" * 500 + b"rest"
    assert partial.digest.hexdigest() == hashlib.sha256(target.read_bytes()).hexdigest()


def test_a_prefix_that_reads_otherwise_is_not_gone_on_from(tmp_path: Path) -> None:
    """After a power cut a file may hold zeros where its journal says data."""
    target = tmp_path / "one.mp4"
    written(target, b"a" * 1000, b"b" * 500, b"torn")
    path = target.with_name("one.mp4.1.partial")
    path.write_bytes(b"a" * 1000 + bytes(500))
    with Partial(target, 1) as partial:
        partial.recover()
        assert partial.size == 1000


def test_a_torn_journal_line_is_passed_over(tmp_path: Path) -> None:
    target = tmp_path / "one.mp4"
    written(target, b"a" * 1000, b"b" * 500, b"torn")
    journal = target.with_name("one.mp4.1.partial.journal")
    journal.write_bytes(journal.read_bytes()[:-20])
    with Partial(target, 1) as partial:
        partial.recover()
        assert partial.size == 1000


def test_only_one_worker_can_hold_a_partial(tmp_path: Path) -> None:
    with Partial(tmp_path / "one.mp4", 1), pytest.raises(BlockingIOError):
        Partial(tmp_path / "one.mp4", 1)


def test_a_sync_that_failed_behind_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Partial(tmp_path / "one.mp4", 1) as partial:
        partial.recover()
        partial.put(b"x")
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", refuse)
            partial.sync_behind()
            with pytest.raises(OSError, match="disk"):
                partial.sync()


def refuse(_: int) -> None:
    raise OSError(5, "the disk is gone")


def test_a_finished_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"original")
    (tmp_path / "partial").write_bytes(b"other")
    with pytest.raises(FileExistsError):
        publish(tmp_path / "partial", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == b"original"


def test_digests_of_one_read_equal_those_of_many(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(9_000_001))
    found = digests(path, ("sha256", "sm3", "md5"), lambda _: None)
    assert found == {name: hashlib.new(name, path.read_bytes()).hexdigest() for name in found}


def test_a_tick_that_raises_stops_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(50_000_000))
    seen: list[int] = []

    def stop(done: int) -> None:
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digests(path, ("sha256",), stop)
    assert len(seen) == 1


def test_the_reserve_is_never_used_up(tmp_path: Path) -> None:
    full = LocalStore(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(StoreFull):
        full.require(1)


def test_a_store_is_known_by_its_marker(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    assert not store.is_present
    store.prepare()
    assert store.is_present
