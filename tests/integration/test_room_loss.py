"""What a room's recording loses when something dies: at most a part (0.5 s), told to the second.

The twin gives each picture its number as colour and notes when it was sent: what was recorded is compared with
what was sent, picture by picture.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from drivers.ports import free_port
from drivers.simulators.rooms import Room
from drivers.simulators.rtsp_relay import Relay
from gateway.device import DeviceUnavailable, FileFound, FoundFile, Order
from tests.integration.test_drivers import Recorder
from tests.integration.test_room import driver_for, gaps, recording, segments, until_lost

RATE, PART_S = 10, 0.5
UNDER_WAY = 2
"""Pictures that are sent and not yet in a part: one waits for its successor to know how long it is shown."""


class Told(Protocol):
    """A gap as it was told, or as it stands on record."""

    @property
    def detail(self) -> Mapping[str, Any]: ...


class Numbered:
    """A room whose pictures are numbered."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "sent"
        self.room = Room("--numbered", str(self.log))

    def sent(self) -> dict[int, float]:
        """Number → when, in seconds since the epoch."""
        lines = (line.split() for line in self.log.read_text().splitlines())
        return {int(number): float(at) for number, at in lines}


@pytest.fixture
def numbered(tmp_path: Path) -> Iterator[Numbered]:
    made = Numbered(tmp_path)
    made.room.start()
    yield made
    made.room.kill()


def pictured(path: Path) -> list[int]:
    """The numbers of a file's pictures. Decoding it says nothing: all of it is playable."""
    command = [
        "ffmpeg", "-v", "error", "-i", path, "-vf", "crop=16:16:200:200,scale=1:1:flags=area,format=rgb24",
        "-f", "rawvideo", "-fps_mode", "passthrough", "-",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    colours = zip(done.stdout[::3], done.stdout[1::3], done.stdout[2::3], strict=True)
    return [(red >> 4) << 8 | (green >> 4) << 4 | blue >> 4 for red, green, blue in colours]


def recorded(found: list[FoundFile]) -> list[int]:
    return [number for one in found for number in pictured(one.local)]


def judge(numbered: Numbered, takes: list[list[int]], cuts: list[float], gaps: Sequence[Told]) -> None:
    """Each take is without a hole and ends at most a part before its cut; each gap lies where pictures are missing."""
    sent = numbered.sent()
    assert len(takes) == len(cuts) + 1 == len(gaps) + 1
    for take in takes:
        assert take == list(range(take[0], take[-1] + 1)), "no hole, nothing twice"
    for take, following, cut, gap in zip(takes, takes[1:], cuts, gaps, strict=False):
        lost = [number for number, at in sent.items() if take[-1] < number < following[0] and at < cut]
        assert len(lost) <= PART_S * RATE + UNDER_WAY, (len(lost), take[-1], cut)
        begin, end = (datetime.fromisoformat(str(gap.detail[name])).timestamp() for name in ("from", "to"))
        assert abs(begin - (sent[take[-1]] + 1 / RATE)) < 0.7, "the gap begins with the last picture"
        assert abs(end - sent[following[0]]) < 0.7, "and ends with the next one"


def kill_ffmpeg(numbered: Numbered, folder: Path) -> None:
    told = subprocess.run(["pgrep", "-f", f"{folder}/rooms"], capture_output=True, check=True)
    for line in told.stdout.split():
        os.kill(int(line), signal.SIGKILL)


def kill_camera(numbered: Numbered, folder: Path) -> None:
    numbered.room.kill()
    numbered.room.start()


def freeze_camera(numbered: Numbered, folder: Path) -> None:
    numbered.room.freeze()


@pytest.mark.parametrize("strike", [kill_ffmpeg, kill_camera, freeze_camera])
def test_a_cut_loses_a_part_at_most(
    numbered: Numbered, tmp_path: Path, strike: Callable[[Numbered, Path], None]
) -> None:
    driver = driver_for(numbered.room, tmp_path, segment_seconds=60)
    cut: list[float] = []

    def cut_it() -> None:
        cut.append(time.time())
        strike(numbered, tmp_path)

    striker = threading.Timer(5, cut_it)
    striker.start()
    seen, lost = until_lost(driver)
    assert lost.reason["code"] in {"room.lost", "room.still"}
    assert datetime.now(UTC).timestamp() - cut[0] < 8, "it is seen soon"
    striker.join()  # a camera that was killed takes a while to be back, and nobody calls the driver twice here
    numbered.room.thaw()
    with recording(driver) as again:
        again.wait(lambda seen: gaps(seen))
        time.sleep(1)
    with recording(driver) as last:  # what was open when it was asked to end is reported at the next start
        last.wait(lambda seen: segments(seen))
        second = recorded(segments(last)[:1])
    judge(numbered, [recorded(segments(seen)), second], cut, gaps(again))
    causes = {freeze_camera: "standing_still", kill_camera: "source_lost", kill_ffmpeg: "source_lost"}
    assert gaps(again)[0].detail["cause"] == causes[strike]


def test_time_stamps_that_leap_date_nothing_wrong(numbered: Numbered, tmp_path: Path) -> None:
    """As of a camera that stamps by its clock, when that is set: recorded anew at once, what came before stands."""
    port = free_port()
    relay = Relay(port, numbered.room.port, 3600, 5)
    try:
        numbered.room.url = numbered.room.url.replace(str(numbered.room.port), str(port))
        driver = driver_for(numbered.room, tmp_path, segment_seconds=60)
        before = datetime.now(UTC).timestamp()
        seen, lost = until_lost(driver)
        assert lost.reason["code"] == "room.leapt"
        assert datetime.now(UTC).timestamp() - before < 12
        relay.after_s = 1000
        with recording(driver) as again:
            again.wait(lambda seen: gaps(seen))
            [gap] = gaps(again)
    finally:
        relay.close()
    assert gap.detail["cause"] == "time_stamps_leapt"
    assert float(str(gap.detail["seconds"])) < 6
    numbers = recorded(segments(seen))
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    sent = numbered.sent()
    for one in segments(seen):
        assert one.declared.started
        local = sent[pictured(one.local)[0]] + 8 * 3600
        assert abs(one.declared.started.replace(tzinfo=UTC).timestamp() - local) < 1.0


def test_another_codec_is_a_new_take(numbered: Numbered, tmp_path: Path) -> None:
    driver = driver_for(numbered.room, tmp_path)
    with recording(driver) as seen:
        seen.wait(lambda seen: segments(seen))
    numbered.room.kill()
    numbered.room.more = (*numbered.room.more, "--codec", "jpeg")
    numbered.room.start()
    with recording(driver) as again:
        again.wait(lambda seen: len(segments(seen)) > 2)
        assert [gap.detail["cause"] for gap in gaps(again)] == ["gateway_stopped"]
        numbers = [recorded([one]) for one in segments(again)]
    assert all(numbers), "pictures of both codecs decode"


def test_a_segment_that_could_not_be_told_comes_again_at_its_own_time(
    numbered: Numbered, tmp_path: Path
) -> None:
    """The database was locked for a moment: the segment keeps its place, and the one after it its own."""

    class Stubborn(Recorder):
        refused = 0

        def __call__(self, *events: object) -> None:
            if self.refused < 1 and any(
                isinstance(one, FileFound) and one.found.path.endswith(b"00001.mp4") for one in events
            ):
                self.refused += 1
                raise OSError(5, "database is locked")
            super().__call__(*events)  # type: ignore[arg-type]

    driver = driver_for(numbered.room, tmp_path)
    seen = Stubborn()
    with pytest.raises(DeviceUnavailable):
        driver.run(seen, threading.Event())
    sent = numbered.sent()
    found = segments(seen)
    assert [one.path[-9:] for one in found[:2]] == [b"00000.mp4", b"00001.mp4"]
    for one in found:
        assert one.declared.started
        local = sent[pictured(one.local)[0]] + 8 * 3600
        assert abs(one.declared.started.replace(tzinfo=UTC).timestamp() - local) < 0.7


def test_a_segment_that_cannot_be_read_is_kept(numbered: Numbered, tmp_path: Path) -> None:
    """After a power cut the head of a file may be gone: its bytes are evidence all the same."""
    driver = driver_for(numbered.room, tmp_path, segment_seconds=60)
    with recording(driver):
        time.sleep(3)
    [path] = (tmp_path / "rooms").rglob("00000.mp4")
    content = bytearray(path.read_bytes())
    content[:4096] = bytes(4096)
    path.write_bytes(content)
    with recording(driver) as again:
        again.wait(lambda seen: segments(seen))
        assert segments(again)[0].local == path
        assert path.read_bytes() == bytes(content)


def test_gaps_are_told_rightly_when_what_was_recorded_is_long_gone(
    numbered: Numbered, tmp_path: Path
) -> None:
    """Clips are taken over as soon as they are found; a long hearing's gap is not its whole beginning."""
    driver = driver_for(numbered.room, tmp_path, mode="asked")

    def taken_over(seen: Recorder) -> None:
        for one in segments(seen):
            one.local.unlink(missing_ok=True)

    driver.perform(Order(id="1", kind="start_recording", arguments={}))
    threading.Timer(13, numbered.room.kill).start()
    seen, _ = until_lost(driver)
    taken_over(seen)
    numbered.room.start()
    begun = datetime.now(UTC)
    with recording(driver) as again:
        again.wait(lambda seen: len(segments(seen)) > 1)
        taken_over(again)
        [gap] = gaps(again)
        driver.perform(Order(id="2", kind="stop_recording", arguments={}))
        driver.perform(Order(id="3", kind="start_recording", arguments={}))
        time.sleep(3)
        driver.perform(Order(id="4", kind="stop_recording", arguments={}))
        again.wait(lambda _: driver.wishes.read() == [])
        assert gaps(again) == [gap], "one gap, and not from the beginning on"
    assert float(str(gap.detail["seconds"])) < 8
    assert abs((datetime.fromisoformat(str(gap.detail["to"])) - begun).total_seconds()) < 5
