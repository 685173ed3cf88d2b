"""No stretch of a recorder's time is passed by: long rounds, outages, late entries, clocks that are set."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.nvr import channel, searched
from drivers.nvr_export import NvrExport
from drivers.simulators.nvr import Shot
from drivers.simulators.nvr_faults import Fault
from tests.integration.test_drivers import Recorder
from tests.integration.test_nvr import Line, files, running, settings_for, told
from tests.patience import until

HOUR = timedelta(hours=1)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Without an overlap: what is not asked for is never found by luck."""
    monkeypatch.setattr(searched, "OVERLAP", timedelta())
    made = Line("dahua_cgi")
    made.up()
    yield made
    made.down()


def between(line: Line, begin: timedelta, end: timedelta, *, of: int = 1) -> Shot:
    """A recording from `begin` to `end`, both counted from the recorder's now."""
    now = line.twin.now
    shot = Shot(of, now + begin, now + end, f"{len(line.twin.shots):05}".encode() * 12, "x")
    line.twin.shots.append(shot)
    return shot


def contents(seen: Recorder) -> set[bytes]:
    return {one.local.read_bytes() for one in files(seen)}


def test_a_round_that_takes_long_leaves_no_gap(line: Line, tmp_path: Path) -> None:
    """While one channel's backlog is fetched, the other one records on."""
    slow = between(line, -2 * HOUR, -HOUR, of=2)
    slow.fault = Fault.DRIP  # 60 bytes, 3 seconds
    with running(settings_for(line, tmp_path, settle_seconds=0)) as seen:
        until(lambda: list(tmp_path.rglob("room-2/ready/*.part")))
        meanwhile = between(line, timedelta(), timedelta(seconds=1))
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert contents(seen) == {slow.content, meanwhile.content}


def test_an_outage_longer_than_the_look_back_is_made_good_and_told(line: Line, tmp_path: Path) -> None:
    settings = settings_for(line, tmp_path, lookback_hours=1)
    line.twin.ahead_s = -10 * 86400
    before = between(line, -3 * HOUR, -2 * HOUR)
    with running(settings) as seen:
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        assert files(seen) == [], "the very first search begins here"
        [begins] = [one for one in told(seen, "search_begins") if one.device_id == "room-1"]
        assert str(begins.detail["from"]) > before.end.isoformat()
    line.twin.ahead_s = 0
    missed = between(line, -5 * 24 * HOUR, -5 * 24 * HOUR + HOUR)
    with running(settings) as seen:
        seen.wait(lambda seen: files(seen))
        assert contents(seen) == {missed.content}
        seen.wait(lambda seen: len(told(seen, "searched_late")) == 2)
        line.twin.asked.clear()
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        assert told(seen, "search_begins") == []
    line.twin.shots.clear()
    with running(settings) as seen:
        line.twin.asked.clear()
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        assert told(seen, "searched_late") == []


def test_an_open_recording_is_not_passed_by(line: Line, tmp_path: Path) -> None:
    """Also with a recorder that lists only what begins in the time that is asked for."""
    twin = line.twin
    twin.of = lambda channel, since, until: [  # type: ignore[method-assign]
        one for one in twin.shots if one.channel == channel and since <= one.start <= until
    ]
    shot = between(line, -3 * HOUR, timedelta())
    with running(settings_for(line, tmp_path, settle_seconds=2)) as seen:
        until(lambda: sum("mediaFileFind" in one for one in twin.asked) > 10)
        assert files(seen) == []
        seen.wait(lambda seen: files(seen))
        assert contents(seen) == {shot.content}


def test_what_is_entered_late_is_found_by_the_deep_look(line: Line, tmp_path: Path) -> None:
    """A camera that kept its own footage while its line was down brings it hours later."""
    with running(settings_for(line, tmp_path, deep_minutes=0.03)) as seen:
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        late = between(line, -30 * HOUR, -29 * HOUR)
        seen.wait(lambda seen: files(seen))
        assert contents(seen) == {late.content}


def test_an_end_that_cannot_be_is_no_reason_to_wait_for_ever(line: Line, tmp_path: Path) -> None:
    """The clock was set while it recorded: taken in and told, once it can no longer be open."""
    back = between(line, -2 * HOUR, -3 * HOUR)
    future = between(line, -30 * HOUR, 30 * HOUR)
    between(line, -HOUR / 2, -HOUR / 2)
    between(line, -2 * HOUR, HOUR)
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert contents(seen) == {back.content, future.content}
        line.twin.asked.clear()
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        assert len(files(seen)) == 2, "what may still be open waits"
        odd = {str(one.detail["start"]) for one in told(seen, "odd_times")}
        assert odd == {back.start.isoformat(), future.start.isoformat()}


def test_a_clock_that_was_set_back_is_followed(line: Line, tmp_path: Path) -> None:
    line.twin.ahead_s = 4 * 3600
    settings = settings_for(line, tmp_path, settle_seconds=0)
    with running(settings) as seen:
        first = between(line, -HOUR, -HOUR / 2)
        seen.wait(lambda seen: files(seen))
        line.twin.ahead_s = 0
        second = between(line, -timedelta(seconds=3), -timedelta(seconds=1))
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert contents(seen) == {first.content, second.content}
        line.twin.asked.clear()
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        third = between(line, -timedelta(seconds=1), timedelta())
        seen.wait(lambda seen: third.content in contents(seen))


def test_what_was_not_given_is_remembered_beyond_the_look_back(line: Line, tmp_path: Path) -> None:
    """Over restarts, until the recorder names it no more; that is told."""
    settings = settings_for(line, tmp_path, lookback_hours=1)
    line.twin.ahead_s = -10 * 86400
    kept, lost = between(line, -HOUR, -HOUR / 2), between(line, -HOUR, -HOUR / 3)
    misread = between(line, -HOUR, -HOUR / 4)
    kept.fault = lost.fault = Fault.MISSING
    misread.written = "never"
    with running(settings) as seen:
        seen.wait(lambda seen: len(told(seen, "not_delivered")) == 3)
    line.twin.ahead_s = 0
    with running(settings):
        until(lambda: searched_until(tmp_path) > (line.twin.now - HOUR).isoformat())
    kept.fault, misread.written = Fault.NONE, ""
    line.twin.shots.remove(lost)
    with running(settings) as seen:
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert contents(seen) == {kept.content, misread.content}
        gone = [str(one.detail["start"]) for one in told(seen, "no_longer_listed")]
        assert lost.start.isoformat() in gone
        assert len(gone) == 2, "and the entry that could not be read, as it was"
    with running(settings) as seen:
        line.twin.asked.clear()
        until(lambda: sum("mediaFileFind" in one for one in line.twin.asked) > 20)
        assert told(seen, "no_longer_listed") == []


def searched_until(folder: Path) -> str:
    read = searched.Searched(folder / "nvr" / "nvr" / "room-1" / "searched.json")
    read.open()
    return read.until.isoformat() if read.until else ""


def test_a_search_that_was_broken_off_does_not_count(line: Line, tmp_path: Path) -> None:
    between(line, -2 * HOUR, -HOUR).fault = Fault.DRIP
    driver, stop = NvrExport(settings_for(line, tmp_path)), threading.Event()
    running_it = threading.Thread(target=driver.run, args=(Recorder(), stop))
    running_it.start()
    until(lambda: list(tmp_path.rglob("room-1/ready/*.part")))
    began = searched_until(tmp_path)
    stop.set()
    running_it.join(5)
    assert searched_until(tmp_path) == began < (line.twin.now - channel.LONGEST).isoformat()
