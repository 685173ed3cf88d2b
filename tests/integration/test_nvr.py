"""Network video recorders against their twin: both dialects, busy, cut, misstated, refused, gone and back."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from drivers.nvr import records, searched, spool
from drivers.nvr.channel import Channel
from drivers.nvr.dahua import FINDER
from drivers.nvr.failures import Failures
from drivers.nvr_export import NvrExport
from drivers.ports import free_port
from drivers.simulators.nvr import PAGE, Nvr, Shot
from drivers.uploads.server import Server
from gateway.config.recorders import NvrExportSettings
from gateway.device import (
    ClockRead,
    DeviceUnavailable,
    FileFound,
    FoundFile,
    Refused,
    Release,
    SignalReceived,
)
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started
from tests.patience import until

ANCIENT = datetime(2001, 1, 1)


class Line:
    """The twin at one address, which can be taken away and given back."""

    def __init__(self, dialect: str) -> None:
        self.twin, self.port = Nvr(dialect), free_port()
        self.server: Server | None = None

    def up(self) -> None:
        self.server = Server(self.twin.app(), ("127.0.0.1", self.port), (None, None), 64)
        self.server.start(threading.Event())

    def down(self) -> None:
        if self.server is not None:
            self.server.close(3)
            self.server = None

    def shoot(self, content: bytes, *, channel: int = 1, back: timedelta = timedelta(minutes=30)) -> Shot:
        start = self.twin.now - back
        shot = Shot(channel, start, start + timedelta(minutes=5), content, f"{len(self.twin.shots):017}")
        self.twin.shots.append(shot)
        return shot


@pytest.fixture(params=["hik_isapi", "dahua_cgi"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    made = Line(request.param)
    made.up()
    yield made
    made.down()


def settings_for(line: Line, folder: Path, **more: Any) -> NvrExportSettings:
    told = {
        "id": "nvr", "driver": "nvr_export", "dialect": line.twin.dialect, "url": f"http://127.0.0.1:{line.port}",
        "user": "gateway", "password": "secret", "spool": folder / "nvr", "poll_seconds": 0.2, "reserve_mb": 1,
        "timezone": "Asia/Shanghai", "channels": [{"id": "room-1", "channel": 1}, {"id": "room-2", "channel": 2}],
        **more,
    }  # fmt: skip
    return NvrExportSettings.model_validate(told)


@contextmanager
def running(settings: NvrExportSettings) -> Iterator[Recorder]:
    with started(NvrExport(settings)) as seen:
        yield seen


def files(seen: Recorder) -> list[FoundFile]:
    return [event.found for event in seen.events if isinstance(event, FileFound)]


def told(seen: Recorder, kind: str) -> list[SignalReceived]:
    return [event for event in seen.events if isinstance(event, SignalReceived) and event.kind == kind]


def test_what_was_recorded_is_fetched_once(line: Line, tmp_path: Path) -> None:
    """More than a page, two channels; what is still being recorded waits; a restart fetches nothing anew."""
    count = 103 if line.twin.dialect == "dahua_cgi" else PAGE + 3
    shots = [line.shoot(os.urandom(5000 + n), back=timedelta(minutes=10 * n + 20)) for n in range(count)]
    other = line.shoot(os.urandom(70_000), channel=2)
    line.shoot(b"grows", back=timedelta(minutes=5, seconds=2))
    settings = settings_for(line, tmp_path)
    driver = NvrExport(settings)
    with started(driver) as seen:
        seen.wait(lambda seen: len(files(seen)) == count + 1)
        found = files(seen)
        assert {one.local.read_bytes() for one in found} == {shot.content for shot in [*shots, other]}
        assert all(one.adopt and one.declared.clock is None for one in found)
        first = next(one for one in found if one.device_id == "room-2")
        assert first.declared.started == other.start
        assert first.local.name == f"room-2_{other.start:%Y%m%d_%H%M%S}{first.local.suffix}"
        clocks = {event.device_id: event for event in seen.events if isinstance(event, ClockRead)}
        assert set(clocks) == {"room-1", "room-2"}
        assert clocks["room-1"].device_time.utcoffset() == timedelta(hours=8)
        with pytest.raises(Refused):
            driver.release(first, "0" * 64)
        right = hashlib.sha256(other.content).hexdigest()
        assert [driver.release(first, right) for _ in range(2)] == [Release.DONE, Release.GONE]
    downloads = sum("download" in one or "Loadfile" in one for one in line.twin.asked)
    with running(settings) as seen:
        seen.wait(lambda seen: len(files(seen)) == count)
        line.twin.asked.clear()
        until(lambda: sum("search" in one or FINDER in one for one in line.twin.asked) > 4)
        assert len(files(seen)) == count, "what was let go of is not fetched again"
    assert downloads >= count + 1
    assert not [one for one in line.twin.asked if "download" in one or "Loadfile" in one]
    until(lambda: line.twin.finders == {})  # given back; amid a slow search only after we have ended


def test_a_recorder_that_is_busy_or_cuts_is_asked_again(line: Line, tmp_path: Path) -> None:
    """Nothing cut is taken in; it is told once."""
    line.twin.busy, line.twin.cut = 2, 2
    shot = line.shoot(os.urandom(300_000))
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: files(seen))
        [found] = files(seen)
        assert found.local.read_bytes() == shot.content
        assert len(told(seen, "not_delivered")) == 1
        assert "503" in str(told(seen, "not_delivered")[0].detail["error"])


def test_a_recording_that_is_refused_for_long_stays_asked_for(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later rounds look back only a little; what did not come by then must not be forgotten."""
    monkeypatch.setattr(searched, "OVERLAP", timedelta(seconds=4))
    line.shoot(b"first", back=timedelta(minutes=30))
    with running(settings_for(line, tmp_path, settle_seconds=0)) as seen:
        seen.wait(lambda seen: len(files(seen)) == 1)
        line.twin.busy = 10**6
        line.shoot(b"second", back=timedelta(minutes=5))
        seen.wait(lambda seen: told(seen, "not_delivered"))
        time.sleep(5)
        line.twin.busy = 0
        seen.wait(lambda seen: len(files(seen)) == 2)


def test_an_answer_without_an_end_is_cut_off(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "LARGEST", 20)
    with pytest.raises(DeviceUnavailable) as lost:
        NvrExport(settings_for(line, tmp_path)).run(Recorder(), threading.Event())
    assert lost.value.reason["code"] == "nvr.unreadable"


def test_a_recording_that_is_far_longer_than_stated_is_not_read_on(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "SLACK", 0)
    line.twin.misstated = -299_000
    line.shoot(os.urandom(300_000))
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: told(seen, "not_delivered"))
        assert "more than twice" in str(told(seen, "not_delivered")[0].detail["error"])
        time.sleep(1)
        assert files(seen) == []


def test_a_size_that_is_misstated_is_told(line: Line, tmp_path: Path) -> None:
    """The same bytes twice: the recorder is wrong about the size, not the line about the bytes."""
    line.twin.misstated = 7
    shot = line.shoot(os.urandom(100_000))
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == shot.content
        [signal] = told(seen, "size_differs")
        assert (signal.detail["stated"], signal.detail["came"]) == (100_007, 100_000)


def test_a_wrong_password_is_tried_once(line: Line, tmp_path: Path) -> None:
    """Recorders lock a user out: what is refused once is not tried again for half an hour."""
    driver = NvrExport(settings_for(line, tmp_path, password="other"))
    for _ in range(5):
        with pytest.raises(DeviceUnavailable) as no:
            driver.run(Recorder(), threading.Event())
        assert no.value.reason["code"] == "nvr.refuses_user"
    assert line.twin.wrong == 1


def test_times_that_cannot_be_are_not_taken_in(line: Line, tmp_path: Path) -> None:
    """Read wrongly, every recording would be hours off: nothing is taken in until the profile is right."""
    line.twin.shots.append(
        Shot(1, line.twin.now + timedelta(minutes=30), line.twin.now + timedelta(hours=1), b"x", "a")
    )
    line.twin.of = lambda channel, since, until: line.twin.shots if channel == 1 else []  # type: ignore[method-assign]
    with pytest.raises(DeviceUnavailable) as no:
        NvrExport(settings_for(line, tmp_path)).run(Recorder(), threading.Event())
    assert no.value.reason["code"] == "nvr.ahead"


def test_a_full_disk_and_a_crash_leave_no_half_file(line: Line, tmp_path: Path) -> None:
    line.shoot(os.urandom(50_000))
    settings = settings_for(line, tmp_path, reserve_mb=10**9)
    with pytest.raises(DeviceUnavailable) as no:
        NvrExport(settings).run(Recorder(), threading.Event())
    assert no.value.reason["code"] == "wait.store_full"
    ready = settings.spool / "nvr" / "room-1" / "ready"
    assert [path.suffix for path in ready.iterdir()] == [".part"]
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: files(seen))
        assert [path.suffix for path in ready.iterdir()] == [""]


def test_the_z_of_a_recorder_that_means_it(tmp_path: Path) -> None:
    """`times: utc`: asked and read in UTC, told in the recorder's own zone."""
    line = Line("hik_isapi")
    line.up()
    try:
        shift = timedelta(hours=8)
        shot = line.shoot(b"footage" * 1000, back=timedelta(minutes=30) + shift)
        with running(settings_for(line, tmp_path, profile={"times": "utc"})) as seen:
            seen.wait(lambda seen: files(seen))
            assert files(seen)[0].declared.started == shot.start + shift
    finally:
        line.down()


def test_a_recorder_that_tells_real_utc(tmp_path: Path) -> None:
    """`real_utc`: asked and read in UTC whatever its other times say, told in the recorder's own zone."""
    line = Line("dahua_cgi")
    line.twin.real_utc_h = 8
    line.up()
    try:
        shot = line.shoot(b"footage" * 1000)
        with running(settings_for(line, tmp_path, lookback_hours=1, profile={"real_utc": True})) as seen:
            seen.wait(lambda seen: files(seen))
            assert files(seen)[0].declared.started == shot.start
            assert files(seen)[0].local.read_bytes() == shot.content
    finally:
        line.down()


def test_a_recorder_that_gives_its_first_page_for_ever_is_not_asked_for_ever(tmp_path: Path) -> None:
    line = Line("hik_isapi")
    line.twin.stuck = True
    shots = [line.shoot(os.urandom(1000), back=timedelta(minutes=30 + 10 * number)) for number in range(2)]
    line.up()
    try:
        with running(settings_for(line, tmp_path, poll_seconds=60)) as seen:
            seen.wait(lambda seen: len(files(seen)) == len(shots))
            assert sum("search" in one for one in line.twin.asked) <= 6, (
                "two pages for each channel, and no more"
            )
    finally:
        line.down()


class Silent:
    """A recorder that says neither how long a recording is nor where its answer ends."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = list(contents)

    @contextmanager
    def content(self, record: records.Record) -> Iterator[httpx.Response]:
        del record
        yield httpx.Response(200, stream=httpx.ByteStream(self.contents.pop(0)))


def test_where_nothing_tells_the_end_the_same_must_come_twice(tmp_path: Path) -> None:
    """The line may have ended in the middle: a cut recording was kept as whole, without a sign."""
    settings = settings_for(Line("hik_isapi"), tmp_path)
    channel, seen = Channel(settings, settings.channels[0], Failures()), Recorder()
    channel.open(seen)
    record = records.Record(1, ANCIENT, ANCIENT + timedelta(minutes=5), None, "one", "loc")
    recorder = Silent(b"cut", b"whole", b"whole")
    for count in (0, 0, 1):
        channel.fetch(recorder, record, seen, threading.Event())  # type: ignore[arg-type]
        assert len(files(seen)) == count
    assert files(seen)[0].local.read_bytes() == b"whole"
    assert told(seen, "not_delivered") == []


def test_where_it_never_comes_the_same_as_many_bytes_are_enough_or_it_is_told(tmp_path: Path) -> None:
    """A recorder that makes a file for each download writes the hour into it."""
    settings = settings_for(Line("hik_isapi"), tmp_path)
    channel, seen = Channel(settings, settings.channels[0], Failures()), Recorder()
    channel.open(seen)
    one, other = (
        records.Record(1, ANCIENT, ANCIENT + timedelta(minutes=5), None, name, name) for name in "ab"
    )
    recorder = Silent(b"at 1", b"at 2", b"at 3", b"at 4", b"c", b"cu", b"cut", b"cut o", b"cut off")
    for _ in range(4):
        assert files(seen) == []
        channel.fetch(recorder, one, seen, threading.Event())  # type: ignore[arg-type]
    assert files(seen)[0].local.read_bytes() == b"at 4"
    assert told(seen, "not_delivered") == []
    for _ in range(5):
        channel.fetch(recorder, other, seen, threading.Event())  # type: ignore[arg-type]
    assert len(files(seen)) == 1
    [signal] = told(seen, "not_delivered")
    assert "otherwise each time" in str(signal.detail["error"])
