"""One recording, channel or line that fails holds up no other; each is told once and tried again."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.nvr import failures, pace, records
from drivers.nvr_export import NvrExport
from drivers.simulators import nvr
from drivers.simulators.nvr_faults import Fault
from gateway.device import DeviceUnavailable
from tests.integration.test_drivers import Recorder
from tests.integration.test_nvr import Line, files, running, settings_for, told
from tests.patience import until

both = pytest.mark.parametrize("line", ["hik_isapi", "dahua_cgi"], indirect=True)


@pytest.fixture
def line(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    monkeypatch.setattr(records, "READ_S", 0.4)
    made = Line(getattr(request, "param", "hik_isapi"))
    made.up()
    yield made
    made.down()


def run_until_it_ends(driver: NvrExport, seen: Recorder) -> str:
    stop = threading.Event()
    limit = threading.Timer(20, stop.set)
    limit.start()
    with pytest.raises(DeviceUnavailable) as gone:
        driver.run(seen, stop)
    limit.cancel()
    return str(gone.value.reason["code"])


def test_a_recording_that_fails_holds_up_no_other(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reset, hanging, dripping, forbidden, missing: the oldest five; the sixth comes, and they do later."""
    monkeypatch.setattr(pace, "LEAST_OVER_S", 0.4)
    monkeypatch.setattr(failures, "IN_A_ROW", 6)
    faults = [Fault.RESET, Fault.HANG, Fault.DRIP, Fault.FORBIDDEN, Fault.MISSING]
    bad = [line.shoot(bytes([n]) * 1000, back=timedelta(hours=9 - n)) for n in range(len(faults))]
    good = line.shoot(b"good")
    for shot, fault in zip(bad, faults, strict=True):
        shot.fault = fault
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == good.content
        failed = [str(one.detail["start"]) for one in told(seen, "not_delivered")]
        assert failed == [shot.start.isoformat() for shot in bad]
        why = [str(one.detail["error"]) for one in told(seen, "not_delivered")]
        assert why[2].endswith("bytes in 0 s")
        assert why[3:] == ["403", "404"]
        for shot in bad:
            shot.fault = Fault.NONE
        seen.wait(lambda seen: len(files(seen)) == 6)
        assert len(told(seen, "not_delivered")) == 5, "each was told once"


@both
def test_an_entry_that_cannot_be_read_spoils_no_listing(line: Line, tmp_path: Path) -> None:
    bad = line.shoot(b"bad", back=timedelta(hours=2))
    bad.written, good = "2026-02-30T25:00:00Z", line.shoot(b"good")
    with running(settings_for(line, tmp_path, deep_minutes=0.01)) as seen:
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == good.content
        [signal] = told(seen, "not_delivered")
        assert bad.written in str(signal.detail["error"])
        assert bad.written in str(signal.detail["listed"])
        bad.written = ""
        seen.wait(lambda seen: len(files(seen)) == 2)


def test_a_listing_of_which_nothing_can_be_read_is_no_empty_one(line: Line, tmp_path: Path) -> None:
    """Then the profile is wrong, and nothing must count as searched."""
    for number in range(1, 7):
        shot = line.shoot(b"bad", channel=1 + number % 2, back=timedelta(hours=number))
        shot.written = f"yesterday at {number}"
    driver = NvrExport(settings_for(line, tmp_path))
    assert run_until_it_ends(driver, Recorder()) == "nvr.unreadable"
    until = driver.channels["room-1"].searched.until
    assert until is not None
    assert until < line.twin.now - timedelta(hours=70)


@both
def test_a_channel_that_is_forbidden_holds_up_no_other(line: Line, tmp_path: Path) -> None:
    line.twin.forbidden = {1}
    first, second = line.shoot(b"first", channel=1), line.shoot(b"second", channel=2)
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == second.content
        time.sleep(0.5)
        [signal] = told(seen, "search_failed")
        assert (signal.device_id, signal.detail["error"]) == ("room-1", "403")
        line.twin.forbidden = set()
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert files(seen)[1].local.read_bytes() == first.content
        assert told(seen, "searched_late") == [], "its first search had only to be repeated"
    line.twin.forbidden = {1, 2}
    driver = NvrExport(settings_for(line, tmp_path))
    assert run_until_it_ends(driver, Recorder()) == "nvr.refuses_user"


def test_lines_that_break_one_after_the_other_are_the_recorder_s(line: Line, tmp_path: Path) -> None:
    """What broke is not first in line at the next start: the fourth comes."""
    bad = [line.shoot(b"bad" * 1000, back=timedelta(hours=9 - n)) for n in range(failures.IN_A_ROW)]
    for shot in bad:
        shot.fault = Fault.HANG
    good = line.shoot(b"good")
    driver, seen = NvrExport(settings_for(line, tmp_path, poll_seconds=0.1)), Recorder()
    assert run_until_it_ends(driver, seen) == "nvr.away"
    assert files(seen) == []
    time.sleep(0.3)  # all of them may be tried again
    assert run_until_it_ends(driver, seen) == "nvr.away"
    assert files(seen)[0].local.read_bytes() == good.content
    assert len(told(seen, "not_delivered")) == len(bad)


def test_a_recorder_that_goes_is_no_recording_that_fails(line: Line, tmp_path: Path) -> None:
    line.shoot(b"x" * 1000).fault = Fault.DRIP
    driver, seen, ended = NvrExport(settings_for(line, tmp_path)), Recorder(), list[str]()
    run = threading.Thread(target=lambda: ended.append(run_until_it_ends(driver, seen)))
    run.start()
    until(lambda: list(tmp_path.rglob("room-1/ready/*.part")))
    line.down()
    run.join(10)
    assert ended == ["nvr.away"]
    assert told(seen, "not_delivered") == []


def test_answers_that_drip_end(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time; the whole answer never would. Asked to stop, nobody waits for it."""
    line.twin.dripping = "search" if line.twin.dialect == "hik_isapi" else "mediaFileFind"
    with running(settings_for(line, tmp_path)):
        until(lambda: any(line.twin.dripping in one for one in line.twin.asked))
        time.sleep(0.3)
    monkeypatch.setattr(pace, "ANSWER_S", 0.3)
    driver = NvrExport(settings_for(line, tmp_path))
    assert run_until_it_ends(driver, Recorder()) == "nvr.away"


def test_a_recording_that_drips_is_left_at_once_when_asked_to_stop(line: Line, tmp_path: Path) -> None:
    line.shoot(b"x" * 1000).fault = Fault.DRIP
    with running(settings_for(line, tmp_path)) as seen:
        until(lambda: list(tmp_path.rglob("room-1/ready/*.part")))
    assert told(seen, "not_delivered") == []


@pytest.mark.parametrize("line", ["dahua_cgi"], indirect=True)
def test_a_finder_made_while_we_are_asked_to_stop_is_given_back(line: Line, tmp_path: Path) -> None:
    """Its number stands in an answer that is still coming; four of them left behind lock the recorder's search."""
    line.twin.dripping = "factory.create"
    with running(settings_for(line, tmp_path)):
        until(lambda: line.twin.finders)
    until(lambda: line.twin.finders == {})  # its number was told since


def test_an_overall_limit_ends_what_is_slow_but_steady(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "CONTENT_S", 0.5)
    line.shoot(b"x" * 1000).fault = Fault.DRIP
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: told(seen, "not_delivered"))
        assert str(told(seen, "not_delivered")[0].detail["error"]).startswith("not whole after")


def test_what_our_own_disk_lost_is_fetched_again(line: Line, tmp_path: Path) -> None:
    """Before it was taken in: set aside and told; the recorder still has it."""
    shot, other = line.shoot(b"footage" * 100), line.shoot(b"other", channel=2)
    settings = settings_for(line, tmp_path)
    with running(settings) as seen:
        seen.wait(lambda seen: len(files(seen)) == 2)
        [path] = [one.local for one in files(seen) if one.device_id == "room-1"]
    path.unlink()
    path.symlink_to("/proc/self/mem")  # reads as EIO
    with running(settings) as seen:
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert {one.local.read_bytes() for one in files(seen)} == {shot.content, other.content}
        assert [one.device_id for one in told(seen, "spool_unreadable")] == ["room-1"]
    assert len(list(path.parents[1].glob("*.unreadable"))) == 1


def test_what_a_recorder_that_repeats_its_page_does_not_name_is_asked_for_by_time(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven recordings, pages of three, the first one for ever."""
    monkeypatch.setattr(nvr, "PAGE", 3)
    line.twin.stuck = True
    shots = [line.shoot(b"shot %d" % number, back=timedelta(hours=2 + number)) for number in range(7)]
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: len(files(seen)) == len(shots))
        assert {one.local.read_bytes() for one in files(seen)} == {shot.content for shot in shots}
        assert told(seen, "search_failed") == []


def test_what_cannot_be_asked_for_by_time_does_not_pass_for_searched(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first page for ever, newest first: nobody can tell what it leaves out."""
    monkeypatch.setattr(nvr, "PAGE", 3)
    line.twin.stuck = True
    newest = line.shoot(b"newest")
    for number in range(6):
        line.shoot(b"older", back=timedelta(hours=2 + number))
    of = line.twin.of
    monkeypatch.setattr(line.twin, "of", lambda *asked: of(*asked)[::-1])
    with running(settings_for(line, tmp_path)) as seen:
        seen.wait(lambda seen: told(seen, "search_failed"))
        monkeypatch.setattr(line.twin, "of", of)
        seen.wait(lambda seen: len(files(seen)) == 7)
        assert newest.content in {one.local.read_bytes() for one in files(seen)}
