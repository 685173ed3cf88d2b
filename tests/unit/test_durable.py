"""Small files that are there whole or not at all, and what a crash leaves of them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.axis.shelf import Shelf
from drivers.dock_notes import DockNotes
from drivers.nvr.spool import ChannelSpool
from drivers.room.takes import Takes
from drivers.uploads.spool import Spool
from gateway.store.durable import drop_unfinished, own_partial, underway, write_whole

LEFT = "{}.123456.partial"

KILLED = """
import os, signal, sys
from pathlib import Path
import gateway.store.durable as durable
durable.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
durable.write_whole(Path(sys.argv[1]), b"new")
"""


def test_what_a_killed_writer_left_goes_and_what_was_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "taken.json"
    write_whole(path, b"old")
    killed = subprocess.run([sys.executable, "-c", KILLED, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    [left] = [one for one in tmp_path.iterdir() if one != path]
    assert left.name.endswith(".partial")
    drop_unfinished(tmp_path)
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"old"]


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "taken.json"
    with underway(own_partial(path)) as file:
        file.write(b"new")
        file.flush()
        drop_unfinished(tmp_path)
        own_partial(path).replace(path)
    assert path.read_bytes() == b"new"


def test_writing_and_dropping_at_once_loses_nothing(tmp_path: Path) -> None:
    path, done = tmp_path / "taken.json", threading.Event()

    def drop() -> None:
        while not done.is_set():
            drop_unfinished(tmp_path)

    thread = threading.Thread(target=drop)
    thread.start()
    try:
        for number in range(300):
            write_whole(path, b"%d" % number)
            assert path.read_bytes() == b"%d" % number
    finally:
        done.set()
        thread.join()
    assert os.listdir(tmp_path) == ["taken.json"]


def test_an_error_while_writing_is_the_writers(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"")
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "taken.json", b"")


def test_what_is_not_named_as_ours_stays(tmp_path: Path) -> None:
    strangers = [
        "record.partial", "1.partial", "taken.json.x1.partial", "taken.json.12.partial.old",
        "other.json.12.partial",
    ]  # fmt: skip
    for name in strangers:
        (tmp_path / name).touch()
    (tmp_path / LEFT.format("taken.json")).touch()
    drop_unfinished(tmp_path, "taken.json")
    assert sorted(os.listdir(tmp_path)) == sorted(strangers)
    drop_unfinished(tmp_path / "gone")


OPENED: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a recorder's taken ones": ("taken.json", lambda root: ChannelSpool(root, 0).open()),
    "how far a recorder was searched": ("searched.json", lambda root: ChannelSpool(root, 0).open()),
    "a room's wishes": ("wanted.json", lambda root: Takes(root).begin()),
    "a room's edge": ("edge.json", lambda root: Takes(root).begin()),
    "a room's take": ("000001-x/take.json", lambda root: Takes(root).begin()),
    "an Axis container": ("0a1b/journal.json", lambda root: Shelf(root).open()),
    "an upload": ("camera-1/file-1.json", lambda root: Spool(root, 0, 1).forget(0)),
    "a dock's notes": ("dock-1.json", lambda root: DockNotes(root / "dock-1.json")),
}


@pytest.mark.parametrize("what", OPENED)
def test_a_driver_drops_what_its_crash_left(tmp_path: Path, what: str) -> None:
    name, begin = OPENED[what]
    left = tmp_path / LEFT.format(name)
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b'{"hal')
    begin(tmp_path)
    assert not left.exists()
