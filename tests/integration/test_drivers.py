"""Every driver against its simulator: the contract first, then what is particular to each."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.drop_folder import DropFolder
from drivers.names import kind_of, read_name
from drivers.simulators import dock as twin
from drivers.usb_dock import UsbDock
from drivers.volume import Volume
from gateway.config.devices import DropFolderSettings, UsbDockSettings, VolumeSettings
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceUnavailable,
    Disconnected,
    Driver,
    FileFound,
    FileListed,
    OffloadOpened,
    Order,
    Refused,
)
from tests.patience import PATIENCE_S, until


class Recorder:
    """Stands where the intake stands: remembers what a driver reports, in order."""

    def __init__(self) -> None:
        self.events: list[DeviceEvent] = []
        self.calls: list[int] = []

    def __call__(self, *events: DeviceEvent) -> None:
        self.calls.append(len(events))
        self.events.extend(events)

    def found(self) -> list[str]:
        return [event.found.path.decode() for event in self.events if isinstance(event, FileFound)]

    def of(self, kind: type) -> list[DeviceEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def wait(self, holds: Callable[["Recorder"], object], timeout: float = PATIENCE_S) -> None:
        try:
            until(lambda: holds(self), timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.events[-5:]}") from None


@contextmanager
def running(driver: Driver) -> Iterator[Recorder]:
    recorder, stop = Recorder(), threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            driver.run(recorder, stop)
        except DeviceUnavailable as gone:
            failed.append(gone)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield recorder
    finally:
        stop.set()
        began = time.monotonic()
        thread.join(5)
        assert not thread.is_alive(), "a driver must end when asked"
        assert time.monotonic() - began < 1.0, "every blocking call has a time-out of half a second"


def volume(path: Path) -> Volume:
    return Volume(VolumeSettings(id="cam", driver="volume", path=path, poll_seconds=0.1))


def drop(path: Path, **more: object) -> DropFolder:
    path.mkdir(exist_ok=True)
    told = {"id": "drop", "driver": "drop_folder", "path": path, "scan_seconds": 0.3, **more}
    return DropFolder(DropFolderSettings.model_validate(told))


def usb_dock(card: Path) -> UsbDock:
    usb = card.parent / "usb"
    twin.plug(usb, "1-1.1", card, name="H8", serial="S1")
    told = {
        "id": "dock", "driver": "usb_dock", "bays": {"1": "1-1.1"}, "mounts": card.parent / "mounts", "spool": card.parent / "mtp",
        "simulated": usb, "poll_seconds": 0.1, "cameras": [{"id": "cam", "match": {"name": "H8"}}],
    }  # fmt: skip
    return UsbDock(UsbDockSettings.model_validate(told))


DRIVERS = {"volume": volume, "drop_folder": drop, "usb_dock": usb_dock}


@pytest.mark.parametrize("make", DRIVERS.values(), ids=DRIVERS)
def test_contract(make: Callable[[Path], Driver], tmp_path: Path) -> None:
    """Connected first, every file with its exact facts, an unknown order refused, an end when asked."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "sub").mkdir()
    content = os.urandom(300_000)
    (source / "sub" / "0001.MP4").write_bytes(content)
    (source / "empty.mp4").touch()
    driver = make(source)
    with running(driver) as seen:
        seen.wait(lambda seen: seen.found() and seen.of(FileListed))
        assert isinstance(seen.events[0], Connected)
        [event] = [event for event in seen.events if isinstance(event, FileFound)]
        found = event.found
        assert (found.path, found.size) == (b"sub/0001.MP4", len(content))
        assert found.local.read_bytes() == content
        assert found.mtime_ns == found.local.stat().st_mtime_ns
        with pytest.raises(Refused):
            driver.perform(Order(id="o", kind="levitate", arguments={}))


def test_a_volume_lists_at_t0_and_notices_that_it_left_and_came_back(tmp_path: Path) -> None:
    card = tmp_path / "card"
    with running(volume(card)) as seen:
        card.mkdir()
        (card / "a.mp4").write_bytes(b"a" * 100)
        seen.wait(lambda seen: seen.found())
        [opened] = seen.of(OffloadOpened)
        assert isinstance(opened, OffloadOpened)
        assert [(file.path, file.size) for file in opened.listing] == [(b"a.mp4", 100)]
        card.rename(tmp_path / "away")
        seen.wait(lambda seen: seen.of(Disconnected))
        (tmp_path / "away").rename(card)
        seen.wait(lambda seen: len(seen.of(OffloadOpened)) == 2)
        seen.wait(lambda seen: seen.found() == ["a.mp4", "a.mp4"])
        first, second = (event.found for event in seen.events if isinstance(event, FileFound))
        assert first.identity == second.identity


def test_important_files_come_first(tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    for name in ("DCAM_C1_000001_20240506_090000.mp4", "DCAM_C1_000001_20240506_100000_IMP.mp4"):
        (card / name).write_bytes(b"x")
    with running(volume(card)) as seen:
        seen.wait(lambda seen: len(seen.found()) == 2)
        assert seen.found()[0].endswith("_IMP.mp4")


def test_a_slow_writer_is_waited_for(tmp_path: Path) -> None:
    with running(drop(tmp_path / "d")) as seen, (tmp_path / "d" / "slow.mp4").open("wb") as file:
        for _ in range(12):
            file.write(b"x" * 1000)
            file.flush()
            time.sleep(0.1)
            assert seen.found() == []
        seen.wait(lambda seen: seen.found() == ["slow.mp4"])
        [event] = seen.of(FileFound)
        assert isinstance(event, FileFound)
        assert event.found.size == 12_000


def test_rename_into_place_and_ignored_names(tmp_path: Path) -> None:
    with running(drop(tmp_path / "d")) as seen:
        (tmp_path / "d" / "clip.mp4.part").write_bytes(b"x" * 10)
        (tmp_path / "d" / "other.tmp").write_bytes(b"x" * 10)
        time.sleep(1.2)
        assert seen.found() == []
        (tmp_path / "d" / "clip.mp4.part").rename(tmp_path / "d" / "clip.mp4")
        seen.wait(lambda seen: seen.found() == ["clip.mp4"])


def test_a_file_replaced_by_another_is_found_again(tmp_path: Path) -> None:
    with running(drop(tmp_path / "d")) as seen:
        (tmp_path / "d" / "clip.mp4").write_bytes(b"first")
        seen.wait(lambda seen: len(seen.found()) == 1)
        (tmp_path / "d" / "clip.mp4").write_bytes(b"second, longer")
        seen.wait(lambda seen: len(seen.found()) == 2)


def test_a_marker_is_waited_for(tmp_path: Path) -> None:
    with running(drop(tmp_path / "d", marker="ok")) as seen:
        (tmp_path / "d" / "clip.mp4").write_bytes(b"whole")
        time.sleep(1.2)
        assert seen.found() == []
        (tmp_path / "d" / "clip.mp4.ok").touch()
        seen.wait(lambda seen: seen.found() == ["clip.mp4"])


def test_a_marker_with_a_digest_is_filled_before_it_counts(tmp_path: Path) -> None:
    """`md5sum` makes it empty at first; what is reported then would never be compared."""
    with running(drop(tmp_path / "d", marker="md5")) as seen:
        (tmp_path / "d" / "clip.mp4").write_bytes(b"whole")
        (tmp_path / "d" / "clip.mp4.md5").touch()
        time.sleep(1.2)
        assert seen.found() == []
        (tmp_path / "d" / "clip.mp4.md5").write_text("0" * 32 + "  clip.mp4\n")
        seen.wait(lambda seen: seen.found() == ["clip.mp4"])
    [found] = [event.found for event in seen.events if isinstance(event, FileFound)]
    assert found.declared.md5 == "0" * 32


def test_a_burst_of_ten_thousand_files(tmp_path: Path) -> None:
    """More than inotify's queue holds in one go: events are only a hint, the scan finds all, in batches."""
    with running(drop(tmp_path / "d")) as seen:
        for number in range(10_000):
            (tmp_path / "d" / f"{number:05}.jpg").write_bytes(number.to_bytes(4, "big"))
        seen.wait(lambda seen: len(seen.found()) >= 10_000)
        time.sleep(0.7)
        assert len(seen.found()) == 10_000
        assert len(set(seen.found())) == 10_000
        assert max(seen.calls) <= 100


def test_without_any_inotify_event_the_scan_finds_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on NFS and SMB, or with no watches left: the observer cannot even start."""
    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", refuse)
    with running(drop(tmp_path / "d")) as seen:
        (tmp_path / "d" / "clip.mp4").write_bytes(b"x")
        seen.wait(lambda seen: seen.found() == ["clip.mp4"])


def refuse(_: object) -> None:
    raise OSError(28, "inotify watch limit reached")


def test_sidecars_declare_labels_and_digest(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "clip.json").write_text(
        '{"case_no": "冀邢市监罚〔2024〕27号", "place": "桥西区\\u0000\\ud800", "matter": 7}'
    )
    (folder / "clip.mp4.md5").write_text("d41d8cd98f00b204e9800998ecf8427e  clip.mp4\n")
    (folder / "clip.mp4").write_bytes(b"x")
    with running(drop(folder)) as seen:
        seen.wait(lambda seen: "clip.mp4" in seen.found())
    [declared] = [
        event.found.declared
        for event in seen.events
        if isinstance(event, FileFound) and event.found.path == b"clip.mp4"
    ]
    assert declared.case_no == "冀邢市监罚〔2024〕27号"
    assert declared.place == "桥西区", "what no database can hold is left out"
    assert declared.matter is None
    assert declared.md5 == "d41d8cd98f00b204e9800998ecf8427e"


NAMES = {
    "police/video/DCAM_CAM001_000001_20260804_100000_IMP.mp4": (
        "CAM001",
        "000001",
        "2026-08-04T10:00:00",
        None,
        True,
    ),
    "DCAM_CAM001_000001_20260804_100000.mp4": ("CAM001", "000001", "2026-08-04T10:00:00", None, False),
    "Video/Normal/20130501-121010_EVT_D1.avi": (None, None, "2013-05-01T12:10:10", None, True),
    "2017_0101_060101_001A.MP4": (None, None, "2017-01-01T06:01:01", 1, False),
    "DCIM/100GOPRO/GX010042.MP4": (None, None, None, 10042, False),
    "100MEDIA/0007.MP4": (None, None, None, 7, False),
    "EVENT/clip.mp4": (None, None, None, None, True),
    "DCAM_CAM001_000001_20261399_100000.mp4": ("CAM001", "000001", None, None, False),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_as_cameras_write_them(name: str) -> None:
    read = read_name(name)
    started = read.started.isoformat() if read.started else None
    assert (read.device, read.officer, started, read.sequence, read.important) == NAMES[name]


def test_a_units_own_template_comes_first() -> None:
    read = read_name("A7_张三_20240506093000.mp4", (r"^(?P<device>A\d)_.*_(?P<date>\d{8})(?P<time>\d{6})$",))
    assert (read.device, read.started and read.started.isoformat()) == ("A7", "2024-05-06T09:30:00")


def test_kinds_by_extension_and_the_unknown_is_kept() -> None:
    told = {
        name: kind_of(name).value
        for name in ("a.MP4", "a.wav", "a.JPG", "a.nmea", "a.log", "a.key", "a.thm", "a.xyz", "a")
    }
    assert list(told.values()) == [
        "VIDEO",
        "AUDIO",
        "PHOTO",
        "TRACK",
        "LOG",
        "KEY",
        "PREVIEW",
        "OTHER",
        "OTHER",
    ]


def test_a_share_that_is_not_mounted_is_no_empty_folder(tmp_path: Path) -> None:
    """Unmounted under the driver its loss is told; without a mount nothing is looked for."""
    share = tmp_path / "share"
    share.mkdir()
    driver = drop(share / "in", share=True, rest_seconds=0.5)
    with pytest.raises(DeviceUnavailable):
        driver.run(Recorder(), threading.Event())
    subprocess.run(["mount", "-t", "tmpfs", "none", share], check=True)
    seen, lost = Recorder(), list[str]()

    def work() -> None:
        try:
            driver.run(seen, threading.Event())
        except DeviceUnavailable as gone:
            lost.append(gone.reason["code"])

    thread = threading.Thread(target=work)
    try:
        (share / "in").mkdir()
        began = time.monotonic()
        thread.start()
        (share / "in" / "a.mp4").write_bytes(b"footage")
        seen.wait(lambda seen: seen.found())
        assert time.monotonic() - began >= 0.5, "it has to rest"
    finally:
        subprocess.run(["umount", "-l", share], check=True)
    thread.join(10)
    assert not thread.is_alive()
    assert lost in (["wait.source_gone"], ["wait.source_unreadable"])
