"""A room's recorder against a real RTSP server that is killed, frozen and comes back."""

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from drivers.room.account import Edge
from drivers.room.capture import Capture
from drivers.rtsp_recorder import RtspRecorder
from drivers.simulators.rooms import Room
from gateway import ffmpeg
from gateway.config.recorders import RtspRecorderSettings
from gateway.device import (
    Connected,
    DeviceUnavailable,
    FileFound,
    FoundFile,
    Order,
    Refused,
    SignalReceived,
)
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    made.start()
    yield made
    made.kill()


def driver_for(room: Room, folder: Path, **more: Any) -> RtspRecorder:
    told = {
        "id": "room-1", "driver": "rtsp_recorder", "url": room.url, "spool": folder / "rooms", "reserve_mb": 1,
        "segment_seconds": 2, "stall_seconds": 3, "timezone": "Asia/Shanghai", **more,
    }  # fmt: skip
    return RtspRecorder(RtspRecorderSettings.model_validate(told))


def segments(seen: Recorder) -> list[FoundFile]:
    return [event.found for event in seen.events if isinstance(event, FileFound)]


def gaps(seen: Recorder) -> list[SignalReceived]:
    return [event for event in seen.events if isinstance(event, SignalReceived) and event.kind == "gap"]


def length(found: FoundFile) -> float:
    return float(ffmpeg.probe(found.local)["format"]["duration"])


@contextmanager
def recording(driver: RtspRecorder) -> Iterator[Recorder]:
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        yield seen


def until_lost(driver: RtspRecorder) -> tuple[Recorder, DeviceUnavailable]:
    """One run, as the supervisor calls it, to its end."""
    seen = Recorder()
    with pytest.raises(DeviceUnavailable) as lost:
        driver.run(seen, threading.Event())
    return seen, lost.value


def pictures(path: Path) -> int:
    counted = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v:0", "-show_entries",
         "stream=nb_read_packets", "-of", "csv=p=0", path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(counted.stdout.strip().strip(","))


def test_segments_of_a_take_follow_one_another(room: Room, tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with recording(driver_for(room, tmp_path)) as seen:
        seen.wait(lambda seen: len(segments(seen)) >= 3)
        found = segments(seen)
        starts = [one.declared.started for one in found]
        assert all(one.declared.clock == "gateway" and one.adopt for one in found)
        assert [one.declared.sequence for one in found] == list(range(len(found)))
        first = starts[0]
        assert first is not None
        local = (before + timedelta(hours=8)).replace(tzinfo=None)
        assert timedelta(seconds=-1) < first - local < timedelta(seconds=8), "by the room's own zone"
        for one, following in pairwise(found):
            assert one.declared.started
            assert following.declared.started
            apart = (following.declared.started - one.declared.started).total_seconds()
            assert abs(apart - length(one)) < 0.3
        kinds = {stream["codec_name"] for stream in ffmpeg.probe(found[0].local)["streams"]}
        assert kinds == {"h264", "aac"}
        assert gaps(seen) == []
        assert "secret" not in " ".join(one.path.decode() for one in found)


def test_the_camera_is_killed_and_comes_back(room: Room, tmp_path: Path) -> None:
    """ffmpeg ends with 0: what it wrote is kept, the gap has its cause and length."""
    driver = driver_for(room, tmp_path)
    killer = threading.Timer(5, room.kill)
    killer.start()
    seen, lost = until_lost(driver)
    ended = datetime.now(UTC)
    assert lost.reason["code"] in {"room.lost", "room.still"}
    assert "secret" not in str(lost.reason)
    assert sum(map(length, segments(seen))) > 2
    time.sleep(2)
    room.start()
    with recording(driver) as again:
        again.wait(lambda seen: gaps(seen))
        [gap] = gaps(again)
        assert gap.detail["cause"] == "source_lost"
        assert 2 < float(str(gap.detail["seconds"])) < (datetime.now(UTC) - ended).total_seconds() + 6
        again.wait(lambda seen: segments(seen))


def test_a_camera_that_stays_away_has_a_cause_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows when it will be back; told again after a kill it is the same gaps."""
    monkeypatch.setattr("drivers.rtsp_recorder.is_synchronised", lambda: True)
    since = datetime.now(UTC) - timedelta(minutes=40)
    root = driver_for(Room(), tmp_path).takes.root
    root.mkdir(parents=True)
    edge = root / "edge.json"
    Edge(at=since, cause="source_lost", take="000001-x").keep(edge)
    before = edge.read_bytes()
    runs = []
    for _ in range(2):
        edge.write_bytes(before)  # killed before it was written down
        seen, lost = until_lost(driver_for(Room(), tmp_path))
        assert lost.reason["code"] == "room.lost"
        runs.append(
            [(one.event_id, one.detail["from"], one.detail["to"], one.detail["cause"]) for one in gaps(seen)]
        )
    assert runs[0] == runs[1]
    assert [one[2:] for one in runs[0]] == [
        ((since + timedelta(minutes=15 * number)).isoformat(), "source_lost") for number in (1, 2)
    ]
    assert gaps(until_lost(driver_for(Room(), tmp_path))[0]) == []


def test_the_picture_changes_its_size_in_the_middle_of_a_take(tmp_path: Path) -> None:
    """The recorder was set to another stream while it ran: one take, no gap, every picture decodes."""
    room = Room("--then", "640x480", "--after", "4")
    room.start()
    try:
        with recording(driver_for(room, tmp_path)) as seen:
            seen.wait(lambda seen: "640x480" in sizes(segments(seen)[-1:]))
            found = segments(seen)
            assert len({one.volume for one in found}) == 1
            assert gaps(seen) == []
            assert sizes(found) == ["320x240", "640x480"]
            for one in found:
                decoded = subprocess.run(
                    ["ffmpeg", "-v", "error", "-i", one.local, "-f", "null", "-"],
                    capture_output=True,
                    text=True,
                )
                assert decoded.stderr == ""
    finally:
        room.kill()


def sizes(found: list[FoundFile]) -> list[str]:
    """In which sizes the pictures come."""
    told = set()
    for one in found:
        command = [
            "ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=width,height",
            "-of", "csv=p=0:s=x", one.local,
        ]  # fmt: skip
        told |= set(re.findall(r"\d+x\d+", subprocess.run(command, capture_output=True, text=True).stdout))
    return sorted(told)


def test_a_picture_that_ends_while_the_sound_goes_on(tmp_path: Path) -> None:
    """Sound is written, and is no recording: it is lost, and the gap begins with the last picture."""
    room = Room("--pictures", "60")
    room.start()
    driver = driver_for(room, tmp_path, segment_seconds=60)
    try:
        before = datetime.now(UTC)
        seen, lost = until_lost(driver)
        assert lost.reason["code"] == "room.still"
        [found] = segments(seen)
        assert 50 < pictures(found.local) <= 60
        room.kill()
        room.more = ()
        room.start()
        with recording(driver) as again:
            again.wait(lambda seen: gaps(seen))
            [gap] = gaps(again)
        assert gap.detail["cause"] == "standing_still"
        begun = datetime.fromisoformat(str(gap.detail["from"]))
        assert 5 < (begun - before).total_seconds() < 13, "six seconds of pictures, and the opening"
        assert length(found) > 8, "the sound is kept"
        assert float(str(gap.detail["seconds"])) > 3
    finally:
        room.kill()


def test_a_camera_that_is_away_when_it_is_asked_for(room: Room, tmp_path: Path) -> None:
    """What was wanted and is not there is a gap, from the order on, whether or not it ever comes."""
    room.kill()
    driver = driver_for(room, tmp_path, mode="asked")
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        driver.perform(Order(id="1", kind="start_recording", arguments={}))
        deadline = time.monotonic() + 12
        while time.monotonic() < deadline:
            time.sleep(0.2)
        driver.perform(Order(id="2", kind="stop_recording", arguments={}))
    with started(driver) as seen:
        seen.wait(lambda seen: gaps(seen))
        [gap] = gaps(seen)
    assert gap.detail["cause"] == "source_lost"
    assert 11 < float(str(gap.detail["seconds"])) < 14
    with started(driver) as seen:
        time.sleep(1)
        assert gaps(seen) == [], "once"


def test_a_recording_that_cannot_be_started_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = driver_for(Room(), tmp_path).settings
    monkeypatch.setenv("PATH", str(tmp_path))
    before = os.listdir("/proc/self/fd")
    with pytest.raises(FileNotFoundError):
        Capture(settings, tmp_path)
    assert os.listdir("/proc/self/fd") == before


def test_what_a_killed_gateway_left_is_reported_at_its_next_start(room: Room, tmp_path: Path) -> None:
    driver = driver_for(room, tmp_path, segment_seconds=60)
    with recording(driver) as seen:
        time.sleep(4)
    assert segments(seen) == [], "the process went down before the segment was complete"
    with recording(driver_for(room, tmp_path)) as again:
        again.wait(lambda seen: gaps(seen))
        assert gaps(again)[0].detail["cause"] == "gateway_stopped"
        [left] = segments(again)[:1]
        assert length(left) > 3
        assert left.declared.started
    for journal in (tmp_path / "rooms" / "room-1").glob("*/take.json"):
        journal.write_text("{")
    with recording(driver_for(room, tmp_path)) as third:
        assert segments(third), "without its journal a take's files are found all the same"


def test_recording_when_it_is_asked_for(room: Room, tmp_path: Path) -> None:
    driver = driver_for(room, tmp_path, mode="asked")
    with recording(driver) as seen:
        with pytest.raises(Refused):
            driver.perform(Order(id="o", kind="start_recording", arguments={"until": "soon"}))
        driver.perform(Order(id="o", kind="start_recording", arguments={}))
        seen.wait(lambda seen: segments(seen))
        driver.perform(Order(id="o", kind="stop_recording", arguments={}))
        count = -1
        while count != len(segments(seen)):
            count = len(segments(seen))
            time.sleep(1.5)
        soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
        driver.perform(Order(id="o", kind="start_recording", arguments={"until": soon}))
        kept = json.loads((tmp_path / "rooms" / "room-1" / "wanted.json").read_text())
        assert kept[-1]["until"] == soon, "a kill does not end it"
        seen.wait(lambda seen: len(segments(seen)) > count)
        seen.wait(lambda _: driver.wishes.read() == [])
        assert gaps(seen) == [], "what nobody asked for is no gap"
        assert len(seen.of(Connected)) == 1


def test_a_full_disk_is_said_before_it_is_full(room: Room, tmp_path: Path) -> None:
    _, lost = until_lost(driver_for(room, tmp_path, reserve_mb=10**9))
    assert lost.reason["code"] == "wait.store_full"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")
def test_the_disk_fills_up_while_it_records(room: Room, tmp_path: Path) -> None:
    """Lost with its cause before the disk is full; what was recorded stays whole; the gap is told."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=True)
    try:
        driver = driver_for(room, disk, segment_seconds=60)
        filler = threading.Timer(8, lambda: (disk / "ballast").write_bytes(b"x" * (7 << 20)))
        filler.start()
        seen, lost = until_lost(driver)
        filler.join()
        assert lost.reason["code"] == "wait.store_full"
        [found] = segments(seen)
        assert pictures(found.local) >= 20
        again, lost = until_lost(driver)
        assert lost.reason["code"] == "wait.store_full", "as long as it is full"
        assert again.events == []
        time.sleep(3)
        (disk / "ballast").unlink()
        with recording(driver) as back:
            back.wait(lambda seen: gaps(seen))
            [gap] = gaps(back)
        assert gap.detail["cause"] == "disk_full"
        assert 2.5 < float(str(gap.detail["seconds"])) < 12
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
