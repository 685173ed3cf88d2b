"""MTP cameras in a dock, down to the containers on the wire. Real USB is tested in a guest (`make test-usb`)."""

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from drivers.mtp import camera as sessions
from drivers.mtp.camera import Camera
from drivers.mtp.objects import survey
from drivers.mtp.wire import Operation, command
from drivers.simulators import dock as twin
from drivers.usb_dock import UsbDock
from gateway.daemon.pulling import Pulling, sweep
from gateway.database import Database
from gateway.device import (
    Connected,
    DeviceUnavailable,
    Disconnected,
    FileFound,
    FileListed,
    FoundFile,
    MediaKind,
    OffloadOpened,
    Refused,
    Release,
    edge_digest,
    shown,
)
from gateway.intake.devices import enter_device
from gateway.intake.events import store_one
from gateway.models import Finding, Work
from gateway.supervisor import Supervisor
from tests.integration.test_drivers import Recorder, running
from tests.integration.test_usb_dock import CAMERA, Town, why

HOME = "内部存储"
SAFE = {"erase_without_second_copy": True}


class Place:
    """A bay, and what is done to the camera in it."""

    def __init__(self, town: Town, bay: int = 1, serial: str = "S1") -> None:
        self.town, self.bay, self.serial = town, bay, serial
        self.card = town.folder / f"mtp-{serial}"
        self.card.mkdir(exist_ok=True)

    def put(self, name: str, content: bytes) -> bytes:
        path = self.card / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return content

    def plug(self, bay: int | None = None, **script: object) -> None:
        self.bay = bay or self.bay
        twin.plug(
            self.town.usb, f"1-1.{self.bay}", self.card, serial=self.serial, name="H8 MTP", interfaces=("06",)
        )
        self.script(**script)

    def script(self, **told: object) -> None:
        path = self.town.usb / f"1-1.{self.bay}" / "mtp.json"
        aside = path.with_suffix(".new")
        aside.write_text(json.dumps(told))
        aside.replace(path)

    def pull(self) -> None:
        self.town.pull(self.bay)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, reserve_mb=0)


@pytest.fixture
def place(town: Town) -> Place:
    return Place(town)


def found_in(seen: Recorder, offload: int = 0) -> dict[str, FoundFile]:
    ids = [event.offload for event in seen.events if isinstance(event, OffloadOpened)]
    return {
        shown(event.found.path): event.found
        for event in seen.events
        if isinstance(event, FileFound) and event.found.offload == ids[offload]
    }


def listed(seen: Recorder) -> dict[str, str]:
    return {shown(one.path): one.why["code"] for one in seen.events if isinstance(one, FileListed)}


def opened(seen: Recorder) -> OffloadOpened:
    return next(event for event in seen.events if isinstance(event, OffloadOpened))


def whole(seen: Recorder) -> bool:
    """Everything that was listed is accounted for."""
    if not seen.of(OffloadOpened):
        return False
    return len(found_in(seen)) + len(listed(seen)) >= len(opened(seen).listing)


def test_every_object_is_listed_and_pulled_whatever_it_is_called(town: Town, place: Place) -> None:
    gbk = "执法.MP4".encode("gbk").decode("latin-1")
    content = {
        f"{HOME}/DCIM/0001.MP4": place.put("DCIM/0001.MP4", os.urandom(3_000_001)),
        f"{HOME}/DCIM/执法 2.MP4": place.put("DCIM/执法 2.MP4", os.urandom(700)),
        f"{HOME}/DCIM/执法.MP4": place.put(f"DCIM/{gbk}", b"gbk"),
        f"{HOME}/a/b/c/d/e/f/deep.MP4": place.put("a/b/c/d/e/f/deep.MP4", b"deep"),
        f"{HOME}/a∕..∕b.MP4": place.put("a%2F..%2Fb.MP4", b"slashes"),
        f"{HOME}/‥": place.put("%2E%2E", b"dots"),
    }
    same = [place.put("DCIM/SAME.MP4#1", b"one"), place.put("DCIM/SAME.MP4#2", b"other")]
    place.put("empty.MP4", b"")
    place.put("DCIM/odd.MP4", b"x")
    with running(town.driver) as seen:
        place.plug(unreadable=["odd.MP4"])
        seen.wait(whole)
        found = found_in(seen)
        for one in found.values():
            town.driver.pull(one, lambda _: None)
    unread = {name: code for name, code in listed(seen).items() if name.startswith(f"{HOME}/DCIM/[object ")}
    assert list(unread.values()) == ["listed.unreadable"]
    assert listed(seen) == unread | {f"{HOME}/empty.MP4": "condition.empty"}
    assert len(opened(seen).listing) == 10
    pulled = {name: one.local.read_bytes() for name, one in found.items()}
    twins = {name: pulled.pop(name) for name in (f"{HOME}/DCIM/SAME.MP4", f"{HOME}/DCIM/SAME~2.MP4")}
    assert sorted(twins.values()) == sorted(same)
    assert pulled == content
    for one in found.values():
        seen_now = one.local.stat()
        assert (seen_now.st_size, seen_now.st_mtime_ns) == (one.size, one.mtime_ns)
        with one.local.open("rb") as file:
            assert edge_digest(file.fileno(), one.size) == one.edges
        assert one.local.parent == town.folder / "mtp", "no name of the camera's is a name on our disk"
        assert one.adopt


def test_what_is_important_is_told_first_and_a_sidecar_is_read(town: Town, place: Place) -> None:
    for number in range(30):
        place.put(f"DCIM/2024050{number % 9 + 1}_10{number:02}00.MP4", b"%d" % number)
    place.put("DCIM/20240510_120000_IMP.MP4", b"sos")
    place.put("DCIM/20240510_120000_IMP.json", json.dumps({"place": "南关"}).encode())
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
    first = next(event.found for event in seen.events if isinstance(event, FileFound))
    assert (shown(first.path), first.declared.place) == (f"{HOME}/DCIM/20240510_120000_IMP.MP4", "南关")


def test_beyond_four_gibibytes(town: Town, place: Place) -> None:
    path = place.card / "long.MP4"
    size = (4 << 30) + 123_456
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size - 10)
        file.write(b"the end...")
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
    [found] = found_in(seen).values()
    with path.open("rb") as file:
        assert (found.size, found.edges) == (size, edge_digest(file.fileno(), size))


def test_torn_out_in_the_middle_it_goes_on_in_any_bay(town: Town, place: Place) -> None:
    content = place.put("0001.MP4", os.urandom(20 << 20))
    reached: list[int] = []
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
        [found] = found_in(seen).values()

        def torn(done: int) -> None:
            if done > 8 << 20:
                place.pull()

        with pytest.raises(DeviceUnavailable) as gone:
            town.driver.pull(found, torn)
        assert gone.value.reason["code"] == "wait.source_gone"
        assert int(str(gone.value.reason["facts"]["done"])) > 8 << 20
        assert not found.local.exists(), "it has its name only once it is whole"
        seen.wait(lambda seen: seen.of(Disconnected))
        with pytest.raises(DeviceUnavailable):
            town.driver.pull(found, reached.append)
        place.plug(bay=3)
        seen.wait(lambda seen: len(seen.of(FileFound)) == 2)
        [again] = found_in(seen, 1).values()
        assert (again.identity, again.local) == (found.identity, found.local)
        served = counted(town, place)
        town.driver.pull(again, reached.append)
    assert found.local.read_bytes() == content
    assert served() <= 12 << 20, "the prefix was not asked for again"
    assert [path.name for path in (town.folder / "mtp").iterdir()] == [found.identity]


def counted(town: Town, place: Place) -> Callable[[], int]:
    """How many bytes of files the twin in a bay has told since."""
    bay = next(bay for bay in town.driver.docked.bays.values() if bay.number == str(place.bay))
    assert bay.volume is not None
    pipe = bay.volume.camera.pipe  # type: ignore[union-attr]
    before, told = pipe.content, [0]

    def content(path: Path, offset: int, size: int) -> bytes:
        block: bytes = before(path, offset, size)
        told[0] += len(block)
        return block

    pipe.content = content
    return lambda: told[0]


def test_a_prefix_that_no_longer_reads_right_is_pulled_anew(town: Town, place: Place) -> None:
    content = place.put("0001.MP4", os.urandom(6 << 20))
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
        [found] = found_in(seen).values()
        with pytest.raises(Stop):
            town.driver.pull(found, stop_at(3 << 20))
        [partial] = (town.folder / "mtp").glob("*.partial")
        with partial.open("r+b") as file:
            file.seek(100)
            file.write(b"rot")
        town.driver.pull(found, lambda _: None)
    assert found.local.read_bytes() == content


class Stop(Exception):
    """Raised where the stages say that the process goes down."""


def stop_at(byte: int) -> Callable[[int], None]:
    def tick(done: int) -> None:
        if done >= byte:
            raise Stop

    return tick


def test_another_content_under_the_same_name_is_not_taken_for_it(town: Town, place: Place) -> None:
    """A wiped camera with a reset clock: same name, same size, same time."""
    place.put("0001.MP4", b"a" * 1000)
    os.utime(place.card / "0001.MP4", (1000, 1000))
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
        [found] = found_in(seen).values()
        place.pull()
        seen.wait(lambda seen: seen.of(Disconnected))
        place.put("0001.MP4", b"b" * 1000)
        os.utime(place.card / "0001.MP4", (1000, 1000))
        place.plug()
        seen.wait(lambda seen: len(seen.of(FileFound)) == 2)
        with pytest.raises(DeviceUnavailable):
            town.driver.pull(found, lambda _: None)
        [other] = found_in(seen, 1).values()
        place.put("0001.MP4", b"c" * 1000)
        with pytest.raises(DeviceUnavailable) as changed:
            town.driver.pull(other, lambda _: None)
    assert changed.value.reason["code"] == "wait.source_changed"
    assert not found.local.exists()
    assert not other.local.exists()


def test_a_full_spool_waits_says_so_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(tmp_path, reserve_mb=1)
    place = Place(town)
    content = place.put("0001.MP4", os.urandom(12 << 20))
    free = [100 << 20]

    def usage(_: object) -> Any:
        return type("Usage", (), {"free": free[0]})

    monkeypatch.setattr("gateway.store.room.shutil.disk_usage", usage)
    with running(town.driver) as seen:
        place.plug()
        seen.wait(whole)
        [found] = found_in(seen).values()

        def fills_up(done: int) -> None:
            if done > 5 << 20:
                free[0] = 1 << 20

        with pytest.raises(DeviceUnavailable) as full:
            town.driver.pull(found, fills_up)
        assert full.value.reason["code"] == "wait.store_full"
        kept = sum(path.stat().st_size for path in (tmp_path / "mtp").glob("*.partial"))
        assert kept >= 5 << 20
        with pytest.raises(DeviceUnavailable) as still:
            town.driver.pull(found, lambda _: None)
        assert still.value.reason["facts"]["free"] == "1 MiB"
        free[0] = 100 << 20
        town.driver.pull(found, lambda _: None)
    assert found.local.read_bytes() == content


def test_two_cameras_do_not_wait_for_one_another(town: Town) -> None:
    """One hangs in the middle of a file, the other is pulled; and the end comes in time (`running`)."""
    stuck, quick = Place(town, 1, "S1"), Place(town, 2, "S2")
    stuck.put("0001.MP4", os.urandom(4 << 20))
    content = quick.put("0001.MP4", os.urandom(4 << 20))
    ended: list[BaseException] = []
    with running(town.driver) as seen:
        stuck.plug()
        quick.plug()
        seen.wait(lambda seen: len(seen.of(FileFound)) == 2)
        found = {one.device_id: one for event in seen.of(FileFound) if (one := event.found)}  # type: ignore[union-attr]

        def pull() -> None:
            try:
                town.driver.pull(found["bwc-S1"], lambda _: stuck.script(hangs=True))
            except DeviceUnavailable as gone:
                ended.append(gone)

        thread = threading.Thread(target=pull)
        thread.start()
        town.driver.pull(found["bwc-S2"], lambda _: None)
        assert found["bwc-S2"].local.read_bytes() == content
        assert thread.is_alive()
        began = time.monotonic()
    thread.join(5)
    assert time.monotonic() - began < 2.0
    assert [gone.reason["code"] for gone in ended] == ["wait.source_gone"]  # type: ignore[attr-defined]


def test_a_camera_that_hangs_is_tried_again_by_itself(
    town: Town, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "ANSWER_S", 0.5)
    place.put("0001.MP4", b"content")
    with running(town.driver) as seen:
        place.plug(hangs=True)
        seen.wait(lambda seen: any(e.detail["state"] == "FAULT" for e in seen.events if hasattr(e, "detail")))
        assert why(seen, "1") == "bay.mtp_hangs"
        place.script()
        seen.wait(lambda seen: seen.of(FileFound))


def test_a_locked_screen_is_no_empty_camera(town: Town, place: Place) -> None:
    place.put("0001.MP4", b"content")
    with running(town.driver) as seen:
        place.plug(locked=True)
        seen.wait(lambda seen: any(e.detail["state"] == "FAULT" for e in seen.events if hasattr(e, "detail")))
        assert why(seen, "1") == "bay.mtp_locked"
        assert not seen.of(OffloadOpened)
        place.script()
        seen.wait(lambda seen: seen.of(FileFound))


QUIRKS: list[dict[str, object]] = [
    {}, {"header_apart": True}, {"no_empty_packet": True}, {"flat": True}, {"cannot": [Operation.PART_64]},
    {"cannot": [Operation.PART]}, {"cannot": [Operation.PART, Operation.PART_64]},
]  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS, ids=str)
def test_ways_to_say_the_same(town: Town, place: Place, quirk: dict[str, object]) -> None:
    """Sizes about the length of a packet and of a transfer are where the ends of containers are missed."""
    sizes = [1, 499, 500, 501, 512, 1012, 1024, (1 << 20) - 12, 1 << 20, (1 << 20) + 500, 2_500_000]
    content = {f"{HOME}/DCIM/{size}.MP4": place.put(f"DCIM/{size}.MP4", os.urandom(size)) for size in sizes}
    with running(town.driver) as seen:
        place.plug(**quirk)
        seen.wait(whole)
        for one in found_in(seen).values():
            town.driver.pull(one, lambda _: None)
    assert {name: one.local.read_bytes() for name, one in found_in(seen).items()} == content


def test_what_an_earlier_process_left_half_said_is_cleared_away(town: Town, place: Place) -> None:
    place.put("0001.MP4", os.urandom(100_000))
    place.plug()
    pipe = town.driver.open_bus().mtp(town.driver.open_bus().plugged()["1-1.1"])
    before = Camera(pipe, bool)
    before.open()
    pipe.write(command(Operation.WHOLE, 77, (1,)))
    pipe.read(512, 0.1)
    camera = Camera(pipe, bool)
    camera.open()
    assert len(survey(camera, ZoneInfo("UTC"))) == 1


def docked(
    town: Town, place: Place, policy: str, **script: object
) -> Iterator[tuple[UsbDock, FoundFile, str]]:
    content = place.put("DCIM/0001.MP4", os.urandom(2_000_000))
    driver = town.dock({**CAMERA, **SAFE, "release": policy})
    with running(driver) as seen:
        place.plug(**script)
        seen.wait(whole)
        [found] = found_in(seen).values()
        yield driver, found, hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("policy", "ended", "stays"),
    [("keep", Release.KEPT, True), ("check", Release.KEPT, True), ("erase", Release.DONE, False)],
)
def test_release_policies(town: Town, place: Place, policy: str, ended: Release, stays: bool) -> None:
    for driver, found, sha256 in docked(town, place, policy):
        assert driver.release(found, sha256) is ended
        assert (place.card / "DCIM" / "0001.MP4").exists() is stays
        if not stays:
            assert driver.release(found, sha256) is Release.GONE, "asked again"


@pytest.mark.parametrize("policy", ["check", "erase"])
def test_what_reads_otherwise_stays(town: Town, place: Place, policy: str) -> None:
    for driver, found, sha256 in docked(town, place, policy):
        place.script(flips="0001.MP4")
        with pytest.raises(Refused) as no:
            driver.release(found, sha256)
        assert no.value.reason["code"] == "release.source_differs"
    assert (place.card / "DCIM" / "0001.MP4").exists()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ({"cannot": [Operation.DELETE]}, "release.mtp_cannot"),
        ({"refuses_to_delete": True}, "release.failed"),
        ({"says_deleted": True}, "release.failed"),
    ],
)
def test_a_camera_that_lets_nothing_go_says_so_in_words(
    town: Town, place: Place, script: dict[str, object], code: str
) -> None:
    for driver, found, sha256 in docked(town, place, "erase", **script):
        with pytest.raises(Refused) as no:
            driver.release(found, sha256)
        assert no.value.reason["code"] == code
    assert (place.card / "DCIM" / "0001.MP4").exists()


def test_a_stop_ends_the_second_reading_and_leaves_the_object(town: Town, place: Place) -> None:
    ended: list[str] = []
    for driver, found, sha256 in docked(town, place, "erase"):
        place.script(hangs=True)

        def release(driver: UsbDock = driver, found: FoundFile = found, sha256: str = sha256) -> None:
            try:
                driver.release(found, sha256)
            except DeviceUnavailable as gone:
                ended.append(gone.reason["code"])

        thread = threading.Thread(target=release)
        thread.start()
        began = time.monotonic()
    thread.join(5)
    assert time.monotonic() - began < 2.0
    assert ended == ["wait.source_gone"]
    assert (place.card / "DCIM" / "0001.MP4").exists()


def test_what_an_earlier_docking_left_open(town: Town, place: Place) -> None:
    """Erased meanwhile: gone. Still there: this docking's own finding ends both."""
    place.put("DCIM/1.MP4", b"first")
    place.put("DCIM/2.MP4", b"second")
    driver = town.dock({**CAMERA, **SAFE, "release": "erase"})
    with running(driver) as seen:
        place.plug()
        seen.wait(whole)
        earlier = found_in(seen)
        place.pull()
        seen.wait(lambda seen: seen.of(Disconnected))
        (place.card / "DCIM" / "1.MP4").unlink()
        place.plug()
        seen.wait(lambda seen: len(seen.of(FileFound)) == 3)
        gone, here = earlier[f"{HOME}/DCIM/1.MP4"], earlier[f"{HOME}/DCIM/2.MP4"]
        assert driver.release(gone, "") is Release.GONE
        with pytest.raises(DeviceUnavailable) as waits:
            driver.release(here, hashlib.sha256(b"second").hexdigest())
    assert waits.value.reason["code"] == "release.earlier"


def test_a_marker_is_looked_for_among_the_objects(town: Town, place: Place) -> None:
    place.put("police/video/0001.MP4", b"x")
    mine = {**CAMERA, "id": "ours-{serial}", "match": {"name": "H8*", "marker": "police/video"}}
    other = {**CAMERA, "id": "other-{serial}", "match": {"name": "H8*", "marker": "police/audio"}}
    driver = town.dock(other, mine)
    with running(driver) as seen:
        place.plug()
        seen.wait(whole)
    assert {event.device_id for event in seen.of(OffloadOpened)} == {"ours-S1"}  # type: ignore[union-attr]


def test_a_restart_cleans_what_no_row_needs_and_never_what_one_needs(
    either: Database, tmp_path: Path
) -> None:
    spool = tmp_path / "mtp"
    spool.mkdir()
    places = {}
    for name in ("waiting", "half", "ended"):
        found = FoundFile(
            device_id="cam", path=name.encode(), local=Path(), size=1, mtime_ns=1, kind=MediaKind.VIDEO,
            edges=name, adopt=True,
        )  # fmt: skip
        places[name] = spool / found.identity
        with either.write() as session:
            enter_device(session, "cam", "body_camera", {}, "test")
            found = replace(found, local=places[name])
            store_one(session, FileFound(found=found), "host", "host-run")
    with either.write() as session:
        of_ended = select(Work).join(Finding, col(Finding.original_id) == Work.item_id)
        session.exec(of_ended.where(Finding.path == b"ended")).one().open = False
    half, unknown = places["half"].name, "0" * 64
    stays = {places["waiting"].name, f"{half}.1.partial", f"{half}.1.partial.journal", "holiday.mp4"}
    for name in (
        *stays,
        places["ended"].name,
        unknown,
        f"{unknown}.1.partial",
        f"{unknown}.1.partial.journal",
    ):
        (spool / name).write_bytes(b"x")
    sweep(either, [spool, tmp_path / "never"])
    assert {path.name for path in spool.iterdir()} == stays


def test_only_a_camera_that_is_there_is_asked(town: Town, place: Place, tmp_path: Path) -> None:
    content = place.put("0001.MP4", b"content")
    stop, seen = threading.Event(), Recorder()
    keeper = Supervisor("dock-1", town.driver, seen, stop)
    pulling = Pulling({"another": Supervisor("another", town.dock(CAMERA), seen, stop), "dock-1": keeper})
    keeper.start()
    try:
        seen.wait(lambda seen: seen.of(Connected))
        place.plug()
        seen.wait(whole)
        [found] = found_in(seen).values()
        finding = Finding(
            device_id=found.device_id, offload_id=found.offload, path=found.path, name="", size=found.size,
            mtime_ns=found.mtime_ns, volume=found.volume, edges=found.edges, identity=found.identity,
            disposition="CLIP",
        )  # fmt: skip
        with pytest.raises(DeviceUnavailable):
            pulling(finding.model_copy(update={"device_id": "bwc-else"}), found.local, lambda _: None)
        pulling(finding, found.local, lambda _: None)
    finally:
        stop.set()
        keeper.join(5)
    assert found.local.read_bytes() == content
