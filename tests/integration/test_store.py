"""The store: what a crash leaves, what is kept of it, what can never be replaced."""

import fcntl
import hashlib
import os
import re
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.store import LocalStore, Partial, StoreFull
from gateway.store.digests import digests
from gateway.store.direct import BLOCK, DirectFile, buffers, filled
from gateway.store.durable import is_unfinished, publish
from gateway.store.lanes import Lanes


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


def test_a_sync_that_failed_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Partial(tmp_path / "one.mp4", 1) as partial:
        partial.recover()
        partial.put(b"x")
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", refuse)
            with pytest.raises(OSError, match="disk"):
                partial.sync()
        assert partial.synced == 0


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


def test_after_a_block_that_failed_none_takes_its_place() -> None:
    written: list[bytes] = []

    def write(block: memoryview) -> None:
        if block[0] == 1:
            raise OSError(28, "full")
        written.append(bytes(block[:1]))

    def fill() -> None:
        with Lanes([write, lambda block: None]) as lanes:
            for number in range(100):
                block = next(lanes.buffers)
                block[0] = number
                lanes.put(block[:1])

    with pytest.raises(OSError, match="full"):
        fill()
    assert written == [b"\0"]


def test_a_slow_lane_never_sees_a_buffer_filled_anew() -> None:
    seen: list[int] = []

    def slow(block: memoryview) -> None:
        time.sleep(0.002)
        seen.append(block[0])

    with Lanes([slow, lambda block: None]) as lanes:
        for number in range(60):
            block = next(lanes.buffers)
            block[0] = number
            lanes.put(block)
    assert seen == list(range(60))


def has_direct(handle: int) -> bool:
    return bool(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_DIRECT)


def test_a_file_is_read_past_the_cache_and_its_odd_end_through_it(tmp_path: Path) -> None:
    path, content = tmp_path / "file", os.urandom(3 * BLOCK + 4097)
    path.write_bytes(content)
    handle = os.open(path, os.O_RDONLY)
    try:
        modes, got = [], b""
        for block in filled(DirectFile(handle), buffers(2), 0):
            modes.append(has_direct(handle))
            got += block
        assert got == content
        assert modes == [True] * 4
        assert not has_direct(handle), "who reads the handle next knows nothing of alignment"
    finally:
        os.close(handle)


@pytest.mark.parametrize("refused_at", ["fcntl", "preadv"])
def test_where_the_file_system_refuses_it_goes_through_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused_at: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(os.urandom(BLOCK + 5))
    handle = os.open(path, os.O_RDONLY)
    set_flags, read = fcntl.fcntl, os.preadv

    def refuse_flag(handle: int, command: int, flags: int = 0) -> int:
        if flags & os.O_DIRECT:
            raise OSError(22, "Invalid argument")
        return set_flags(handle, command, flags)

    def refuse_transfer(handle: int, *rest: object) -> int:
        if has_direct(handle):
            raise OSError(22, "Invalid argument")
        return read(handle, *rest)  # type: ignore[arg-type]

    try:
        with monkeypatch.context() as patched:
            if refused_at == "fcntl":
                patched.setattr(fcntl, "fcntl", refuse_flag)
            else:
                patched.setattr(os, "preadv", refuse_transfer)
            got = b"".join(bytes(block) for block in filled(DirectFile(handle), buffers(1)))
    finally:
        os.close(handle)
    assert got == path.read_bytes()


def test_other_errors_of_the_disk_are_not_taken_for_a_refusal(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(IsADirectoryError):
            DirectFile(handle).read(next(buffers(1)), 0)
    finally:
        os.close(handle)


def test_the_reserve_is_never_used_up(tmp_path: Path) -> None:
    full = LocalStore(tmp_path, reserve_bytes=1 << 60)
    with pytest.raises(StoreFull), full.claim(lambda: 1):
        pass


def test_what_one_has_still_to_write_is_nobody_elses(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free
    one, other = LocalStore(tmp_path), LocalStore(tmp_path, reserve_bytes=free // 4)
    left = [free // 2]
    with one.claim(lambda: left[0]) as first:
        first.check()
        with pytest.raises(StoreFull) as full, other.claim(lambda: free // 3):
            pass
        assert full.value.free < free * 2 // 3, "what is claimed is told as not free"
        left[0] = free // 8
        with other.claim(lambda: free // 3):
            pass
        left[0] = free // 2
    with other.claim(lambda: free // 3), pytest.raises(StoreFull), one.claim(lambda: free):
        pass


def test_a_second_copy_keeps_holes(tmp_path: Path) -> None:
    one, other = LocalStore(tmp_path / "one"), LocalStore(tmp_path / "other")
    key = one.original_key("0" * 32, ".mp4")
    with one.place(key).open("wb") as file:
        for at in (0, 20 << 20, 63 << 20):
            file.seek(at)
            file.write(os.urandom(5000))
        file.truncate((64 << 20) + 7)
    digest = digests(one.path(key), ("sha256",), lambda _: None)["sha256"]
    other.prepare()
    one.copy_to(other, key, digest, lambda _: None)
    assert digests(other.path(key), ("sha256",), lambda _: None)["sha256"] == digest
    assert other.path(key).stat().st_size == (64 << 20) + 7
    assert other.path(key).stat().st_blocks * 512 < 8 << 20


def test_a_store_is_known_by_its_marker(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    assert not store.is_present
    store.prepare()
    assert store.is_present


@pytest.mark.parametrize("ending", [".partial", ".partial2", ".journal", ".1", ".json", ".mp4", ""])
def test_only_our_own_form_of_name_is_unfinished_work(store: LocalStore, ending: str) -> None:
    """Also of an original that an earlier version gave such an ending."""
    key = f"originals/ab/0ab{ending}"
    target = store.place(key)
    target.write_bytes(b"kept")
    beside = [target.with_name(f"0ab{more}") for more in (f"{ending}.5.aside", f"{ending}.manifest.json")]
    ours = [target.with_name(f"0ab{more}") for more in (
        f"{ending}.1.partial", f"{ending}.1.partial.journal", f"{ending}.manifest.json.4711.partial",
    )]  # fmt: skip
    for path in (*beside, *ours):
        path.write_bytes(b"x")
    store.remove_partials(key)
    assert sorted(target.parent.iterdir()) == sorted([target, *beside])


@example(".partial")
@example(".partial2")
@example(".journal")
@given(st.from_regex(r"\.[a-z0-9]{0,10}|[^/\0]{0,10}", fullmatch=True))
def test_no_ending_makes_an_original_look_unfinished(suffix: str) -> None:
    name = Path(LocalStore(Path("x")).original_key("0ab", suffix)).name
    assert name.startswith("0ab")
    assert not re.search(r"\.(partial|journal)", name)
    assert not is_unfinished(Path(name))
