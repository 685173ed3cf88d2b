"""Capture time: what is trusted, what is corrected, what is only doubted."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway import rulepacks
from gateway.linking.clocks import limits_of
from gateway.rules.clock import Interval, TimeRead, TimeSource, capture_interval
from gateway.rules.clock_error import Course, DeviceClock, Reading, Setting, Window

LIMITS = limits_of(rulepacks.load("hebei-xingtai-2019"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GPS = TimeRead(TimeSource.GPS, datetime(2019, 11, 18, 23, 45, 14), "UTC")
CONTAINER = TimeRead(TimeSource.CONTAINER, datetime(2019, 11, 18, 15, 45, 32), "America/Los_Angeles")
HOUR = 3600.0


def interval(
    *times: TimeRead,
    readings: tuple[Reading, ...] = (),
    settings: tuple[Setting, ...] = (),
    duration: float | None = 10.5,
    until: datetime = NOW,
    since: datetime | None = None,
    file_tells: bool = True,
) -> Interval:
    course, window = Course(DeviceClock(readings, settings), LIMITS), Window(until, since)
    found = capture_interval(times, duration, course, window, file_tells=file_tells)
    assert found is not None
    return found


def at(clock: str, day: int = 4) -> datetime:
    return datetime.fromisoformat(f"2025-08-{day:02}T{clock}:00+00:00")


def shows(clock: str, day: int = 4) -> TimeRead:
    return TimeRead(TimeSource.NAME, at(clock, day).replace(tzinfo=None), "UTC")


def read(when: datetime, ahead_s: float, uncertainty_s: float = 1.0, **more: bool) -> Reading:
    told = when + timedelta(seconds=ahead_s)
    return Reading(at=when, device_time=told, uncertainty_s=uncertainty_s, **more)


def put(when: datetime, uncertainty_s: float = 1.0, **more: bool) -> Setting:
    return Setting(at=when, device_time=when, uncertainty_s=uncertainty_s, **more)


def test_a_gps_track_wins_over_the_container() -> None:
    found = interval(CONTAINER, GPS)
    assert found.start == datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)
    assert found.source is TimeSource.GPS
    assert found.uncertainty_s == 2


def test_gps_is_never_corrected_by_the_device_clock() -> None:
    reading = read(datetime(2019, 11, 18, tzinfo=UTC), 3600)
    assert interval(GPS, readings=(reading,)).start == GPS.instant


def test_a_container_time_with_a_z_is_local() -> None:
    assert interval(CONTAINER).start == datetime(2019, 11, 18, 23, 45, 32, tzinfo=UTC)


def test_the_error_goes_evenly_from_one_reading_to_the_next() -> None:
    fast = (read(at("08:00", 4), 0.0), read(at("08:00", 8), 8.0))
    found = interval(shows("08:00", 6), readings=fast)
    assert abs((at("08:00", 6) - found.start).total_seconds() - 4) < 0.001
    assert found.uncertainty_s == pytest.approx(1 + 2 * 3 * 4 / 4, abs=0.01), "the clock may bend in between"


def test_before_the_first_reading_and_after_the_last_doubt_grows_with_the_days() -> None:
    found = interval(CONTAINER, readings=(read(datetime(2019, 11, 20, 23, 45, 14, tzinfo=UTC), 18.0),))
    assert found.start == GPS.instant
    assert found.uncertainty_s == pytest.approx(1 + 2 * 3, abs=0.01)
    late = interval(shows("08:00", 9), readings=(read(at("08:00", 4), 0.0),))
    assert late.uncertainty_s == pytest.approx(1 + 5 * 3, abs=0.01)


def test_what_is_recorded_after_a_clock_was_set_is_not_corrected_by_what_was_read_before() -> None:
    """One hour fast, read and set at 08:00; recorded at a true 09:00, docked again at 18:00."""
    known = (read(at("08:00"), HOUR), read(at("18:00"), 0.0))
    found = interval(
        shows("09:00"), readings=known, settings=(put(at("08:00")),), until=at("18:00"), duration=600
    )
    assert (found.start, found.doubtful, found.either) == (at("09:00"), False, ())
    assert found.uncertainty_s < 1.5


@pytest.mark.parametrize("clock", ["08:15", "08:59"])
def test_of_two_times_that_a_clock_showed_the_listing_of_the_card_decides(clock: str) -> None:
    """Set back by an hour at 08:00, it shows 08:00 to 09:00 a second time."""
    known = {"readings": (read(at("08:00"), HOUR), read(at("18:00"), 0.0)), "settings": (put(at("08:00")),)}
    open_to_doubt = interval(shows(clock), **known, until=at("18:00"))  # type: ignore[arg-type]
    assert [one.start for one in open_to_doubt.either] == [at(clock) - timedelta(hours=1), at(clock)]
    assert open_to_doubt.uncertainty_s > 1800
    found = interval(shows(clock), **known, until=at("18:00"), since=at("08:01"))  # type: ignore[arg-type]
    assert (found.start, found.either) == (at(clock), ())
    docked = interval(shows(clock), **known, until=at("08:00"))  # type: ignore[arg-type]
    assert (docked.start, docked.either) == (at(clock) - timedelta(hours=1), ())


def test_a_recording_that_was_found_before_the_setting_stays_as_it_is() -> None:
    before = interval(shows("08:30"), readings=(read(at("08:00"), HOUR),), until=at("08:00"))
    after = interval(
        shows("08:30"), readings=(read(at("08:00"), HOUR),), settings=(put(at("08:00")),), until=at("08:00")
    )
    assert before == after
    assert before.start == at("07:30")


def test_a_step_that_drift_cannot_explain_leaves_both_possible() -> None:
    """Somebody set it by hand between 08:00 and 18:00; nobody knows when."""
    found = interval(
        shows("14:00"), readings=(read(at("08:00"), HOUR), read(at("18:00"), 0.0)), until=at("18:00")
    )
    assert [one.start for one in found.either] == [at("13:00"), at("14:00")]
    assert found.start - timedelta(seconds=found.uncertainty_s) <= at("13:00")
    assert found.start + timedelta(seconds=found.uncertainty_s) >= at("14:00")
    assert found.overlap_s(at("13:25"), at("13:35")) == 0, "neither was at half past one"
    assert found.overlap_s(at("13:00"), at("13:30")) == 0, "it is not certain"
    assert found.overlap_s(at("12:00"), at("15:00")) > 0


def test_a_step_leaves_one_possible_where_the_other_would_lie_outside() -> None:
    """Until 08:00 it was right; what shows 18:30 and was found at 18:00 was recorded after the step."""
    stepped = (read(at("08:00"), 0.0), read(at("18:00"), HOUR))
    found = interval(shows("18:30"), readings=stepped, until=at("18:00"))
    assert (found.start, found.either) == (at("17:30"), ())


def test_a_camera_that_lost_its_clock_is_corrected_by_the_docking_that_brought_the_file() -> None:
    lost_s = (datetime(2017, 1, 1, 9, tzinfo=UTC) - at("18:00", 8)).total_seconds()
    years_ago = read(datetime(2023, 1, 1, tzinfo=UTC), 1.0)
    readings = (years_ago, read(at("18:00", 7), 1.0), read(at("18:00", 8), lost_s))
    lost = TimeRead(TimeSource.CONTAINER, datetime(2017, 1, 1, 0, 30), "UTC")
    found = interval(lost, readings=readings, until=at("18:00", 8))
    assert (found.start, found.doubtful, found.either) == (at("09:30", 8), False, ())
    assert found.uncertainty_s < 5


def test_a_lost_time_that_was_mended_before_the_docking_is_doubted() -> None:
    readings = (read(at("18:00", 7), 1.0), read(at("18:00", 8), 1.0))
    lost = TimeRead(TimeSource.CONTAINER, datetime(2017, 1, 1, 0, 30), "UTC")
    assert interval(lost, readings=readings, until=at("18:00", 8), since=at("18:01", 7)).doubtful


def test_a_file_is_never_recorded_after_it_was_found() -> None:
    assert interval(shows("19:00"), readings=(read(at("18:00"), 0.0),), until=at("18:00")).doubtful


def test_what_we_recorded_had_ended_when_we_found_it() -> None:
    """The time stamps of a recorder that leapt by an hour make the file look an hour longer."""
    ours = TimeRead(TimeSource.GATEWAY, at("18:00").replace(tzinfo=None), "UTC")
    found = interval(ours, duration=3610, until=at("18:01"))
    assert (found.start, found.end) == (at("18:00"), at("18:01"))
    assert interval(ours, duration=30, until=at("18:01")).end == at("18:00") + timedelta(seconds=30)


def test_a_files_own_time_does_not_outvote_what_the_device_wrote() -> None:
    """Of an uploaded file it is ours; the name is as good a witness as the container."""
    known = (read(at("18:00", 7), 1.0), read(at("18:00", 8), 1.0))
    lost = TimeRead(TimeSource.CONTAINER, datetime(2017, 1, 1, 0, 30), "UTC")
    landed = TimeRead(TimeSource.FILE, datetime(2025, 8, 8, 17, 0), "UTC", at_end=True)
    window = {"readings": known, "until": at("18:00", 8), "since": at("18:01", 7)}
    assert interval(lost, landed, **window).doubtful  # type: ignore[arg-type]
    found = interval(lost, shows("16:00", 8), landed, **window)  # type: ignore[arg-type]
    assert (found.source, found.doubtful) == (TimeSource.NAME, False)


def test_a_host_that_was_not_synchronised_has_read_with_doubt() -> None:
    sure, unsure = (
        interval(
            shows("12:00"), readings=(read(at("18:00"), 0.0, host_synchronised=state),), until=at("18:00")
        )
        for state in (True, False)
    )
    assert unsure.uncertainty_s == pytest.approx(sure.uncertainty_s + 300, abs=0.1)
    assert not unsure.doubtful


def test_a_setting_without_an_answer_may_have_been_none() -> None:
    known = {"readings": (read(at("08:00"), HOUR),), "settings": (put(at("08:00"), certain=False),)}
    found = interval(shows("14:00"), **known, until=at("18:00"))  # type: ignore[arg-type]
    assert [one.start for one in found.either] == [at("13:00"), at("14:00")]
    for ahead, start in ((0.0, at("14:00")), (HOUR, at("13:00"))):  # the next reading tells
        later = (*known["readings"], read(at("18:00"), ahead))
        told = interval(shows("14:00"), readings=later, settings=known["settings"], until=at("18:00"))  # type: ignore[arg-type]
        assert (told.start, told.either) == (start, ())


def test_a_step_too_small_to_matter_only_widens() -> None:
    found = interval(
        shows("14:00"), readings=(read(at("08:00"), 40.0), read(at("18:00"), 0.0)), until=at("18:00")
    )
    assert found.either == ()
    assert 20 < found.uncertainty_s < 25


def test_a_time_that_could_be_any_of_two_days_names_none() -> None:
    days = (read(at("08:00", 1), 3 * 86400.0), read(at("08:00", 20), 0.0))
    assert interval(shows("14:00", 12), readings=days).doubtful


def test_a_file_time_marks_the_end() -> None:
    written = TimeRead(TimeSource.FILE, datetime(2024, 5, 6, 9, 30), "Asia/Shanghai", at_end=True)
    found = interval(written, duration=60)
    assert found.end == datetime(2024, 5, 6, 1, 30, tzinfo=UTC)
    assert found.end - found.start == timedelta(seconds=60)


def test_a_clock_at_1970_is_doubted_and_a_possible_time_is_preferred() -> None:
    reset = TimeRead(TimeSource.CONTAINER, datetime(1970, 1, 1, 0, 3), "Asia/Shanghai")
    assert interval(reset).doubtful
    named = TimeRead(TimeSource.NAME, datetime(2024, 5, 6, 9, 30), "Asia/Shanghai")
    assert interval(reset, named).source is TimeSource.NAME
    assert not interval(reset, named).doubtful


@pytest.mark.parametrize("year", [1970, 2099])
@pytest.mark.parametrize("known", [(), (read(at("18:00", 7), 1.0), read(at("18:00", 8), 1.0))])
def test_a_files_own_time_is_no_way_out_for_a_clock_that_was_lost(
    year: int, known: tuple[Reading, ...]
) -> None:
    """The same clock wrote it, or whoever copied the file since."""
    copied = TimeRead(TimeSource.FILE, datetime(2025, 8, 8, 17, 0), "UTC", at_end=True)
    window = {"readings": known, "until": at("18:00", 8), "since": at("18:01", 7)}
    for source in (TimeSource.CONTAINER, TimeSource.NAME):
        lost = TimeRead(source, datetime(year, 1, 1, 0, 30), "UTC")
        assert interval(lost, copied, **window).doubtful  # type: ignore[arg-type]
    assert not interval(copied, **window).doubtful, "nothing was written that speaks against it"  # type: ignore[arg-type]
    gone = TimeRead(TimeSource.GPS, datetime(1980, 1, 6), "UTC")
    assert not interval(gone, copied, **window).doubtful, "a receiver without a fix is another clock"  # type: ignore[arg-type]


@pytest.mark.parametrize("known", [(), (read(at("18:00", 7), 1.0), read(at("18:00", 8), 1.0))])
def test_a_photo_that_tells_no_time_itself_is_doubted(known: tuple[Reading, ...]) -> None:
    """After a copy its file's time is the copy's, and no length beside it could tell."""
    copied = TimeRead(TimeSource.FILE, datetime(2025, 8, 8, 17, 0), "UTC", at_end=True)
    photo = {"readings": known, "until": at("18:00", 8), "duration": None, "file_tells": False}
    assert interval(copied, **photo).doubtful  # type: ignore[arg-type]
    for source in (TimeSource.CONTAINER, TimeSource.NAME, TimeSource.GPS, TimeSource.GATEWAY):
        told = TimeRead(source, datetime(2025, 8, 8, 16, 0), "UTC")
        found = interval(told, copied, **photo)  # type: ignore[arg-type]
        assert (found.source, found.doubtful) == (source, False)


def test_a_time_in_the_future_is_doubted() -> None:
    assert interval(TimeRead(TimeSource.NAME, datetime(2037, 1, 1), "UTC")).doubtful


def test_no_time_at_all_is_no_interval() -> None:
    assert capture_interval([], 5, Course(DeviceClock(), LIMITS), Window(NOW)) is None


def test_overlap_is_of_intervals_not_of_starts() -> None:
    found = interval(GPS, duration=600)
    began_before = GPS.instant - timedelta(hours=1)
    assert found.overlap_s(began_before, GPS.instant + timedelta(seconds=60)) == 60
    assert found.overlap_s(GPS.instant + timedelta(hours=1), GPS.instant + timedelta(hours=2)) == 0
