"""Acquire by itself: what is read from a source that changes meanwhile, what a lost row leaves."""

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.device import AttachmentKind, DeviceUnavailable, FoundFile, edge_digest
from gateway.intake.files import finding_of
from gateway.models import Device, Original, Work
from gateway.store import LocalStore, StoreFull
from ingest.acquire import acquire
from ingest.stage import Context, Item


def item_for(source: Path, *, failures: int = 0, adopt: bool = False, number: int = 0) -> Item:
    seen = source.stat()
    with source.open("rb") as file:
        edges = edge_digest(file.fileno(), seen.st_size)
    found = FoundFile(
        device_id="cam", path=b"clip.mp4", local=source, size=seen.st_size, mtime_ns=seen.st_mtime_ns,
        kind=AttachmentKind.OTHER, edges=edges, adopt=adopt,
    )  # fmt: skip
    original = Original(
        id=f"{number:032}", device_id="cam", name="clip.mp4", suffix=".mp4", size=seen.st_size
    )
    work = Work(
        item_id=original.id, pipeline="preserve", source=bytes(source), failures=failures, adopt=adopt
    )
    return Item(
        original=original, finding=finding_of(found, original.id), work=work,
        device=Device(id="cam", type="body_camera"),
    )  # fmt: skip


def context(folder: Path, progress: Callable[[str, int], None] = lambda _, __: None) -> Context:
    store = LocalStore(folder / "store")
    store.prepare()
    return Context(store=store, second=None, stop=threading.Event(), progress=progress)


def test_nothing_read_from_a_file_that_changed_meanwhile_is_trusted_again(tmp_path: Path) -> None:
    """Changed in place while it was copied, then changed back: the copy begins anew."""
    source, content = tmp_path / "clip.mp4", os.urandom(80 << 20)
    source.write_bytes(content)
    item, seen = item_for(source), source.stat()

    def meddle(_: str, done: int) -> None:
        if done > 5 << 20 and source.stat().st_mtime_ns == seen.st_mtime_ns:
            with source.open("r+b") as file:
                file.seek(40 << 20)
                file.write(b"x" * 100)

    with pytest.raises(DeviceUnavailable) as waits:
        acquire(item, context(tmp_path, meddle))
    assert waits.value.reason["code"] == "wait.source_changed"
    source.write_bytes(content)
    os.utime(source, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    outcome = acquire(item, context(tmp_path))
    assert outcome.changes["sha256"] == hashlib.sha256(content).hexdigest()
    stored = tmp_path / "store" / outcome.changes["stored_as"]
    assert stored.read_bytes() == content


@pytest.mark.parametrize("put", [os.mkfifo, lambda path: path.symlink_to("/etc/passwd"), os.mkdir])
def test_what_took_the_place_of_a_file_is_not_opened(tmp_path: Path, put: Callable[[Path], None]) -> None:
    """A pipe would keep a copy waiting for ever, and then all of its device's."""
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"x" * 100)
    item = item_for(source)
    source.unlink()
    put(source)
    with pytest.raises(DeviceUnavailable) as waits:
        acquire(item, context(tmp_path))
    assert waits.value.reason["code"] == "wait.source_unreadable"


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")
def test_what_a_copy_has_still_to_write_is_not_free_for_the_next(tmp_path: Path) -> None:
    """A real disk of 24 MiB, 5 of them in reserve: ten fit, and ten more do not beside them."""
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    for path in (one, two):
        path.write_bytes(os.urandom(10 << 20))
    (tmp_path / "store").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", tmp_path / "store"], check=True)
    try:
        store = LocalStore(tmp_path / "store", reserve_bytes=5 << 20)
        store.prepare()
        second, refused = item_for(two, number=2), list[StoreFull]()

        def begin_another(item: str, done: int) -> None:
            if item != second.original.id and not refused and done > 1 << 20:
                with pytest.raises(StoreFull) as full:
                    acquire(second, both)
                refused.append(full.value)

        both = Context(store=store, second=None, stop=threading.Event(), progress=begin_another)
        acquire(item_for(one), both)
        assert refused
        assert shutil.disk_usage(store.root).free >= 5 << 20
    finally:
        subprocess.run(["umount", "-l", tmp_path / "store"], check=True)


@pytest.mark.parametrize("adopt", [True, False])
def test_a_file_whose_row_was_lost_is_known_by_its_journal_after_a_failure_too(
    tmp_path: Path, adopt: bool
) -> None:
    """It bears its final name, its source may be gone, and the row says one failure more."""
    source, content = tmp_path / "clip.mp4", os.urandom(300_000)
    source.write_bytes(content)
    item = item_for(source, adopt=adopt)
    first = acquire(item, context(tmp_path))
    source.unlink(missing_ok=True)
    item.work.failures = 1
    again = acquire(item, context(tmp_path))
    assert again.changes["stored_as"] == first.changes["stored_as"]
    assert again.changes["sha256"] == hashlib.sha256(content).hexdigest()
