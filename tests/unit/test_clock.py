"""Capture time: what is trusted, what is corrected, what is only doubted."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.rules.clock import (
    ClockLimits,
    Interval,
    Reading,
    TimeRead,
    TimeSource,
    capture_interval,
)

LIMITS = ClockLimits(drift_s_per_day=3, unread_uncertainty_s=60, gps_uncertainty_s=2)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GPS = TimeRead(TimeSource.GPS, datetime(2019, 11, 18, 23, 45, 14), "UTC")
CONTAINER = TimeRead(TimeSource.CONTAINER, datetime(2019, 11, 18, 15, 45, 32), "America/Los_Angeles")


def interval(*times: TimeRead, readings: tuple[Reading, ...] = (), duration: float = 10.5) -> Interval:
    found = capture_interval(times, duration, readings, LIMITS, NOW)
    assert found is not None
    return found


def test_a_gps_track_wins_over_the_container() -> None:
    found = interval(CONTAINER, GPS)
    assert found.start == datetime(2019, 11, 18, 23, 45, 14, tzinfo=UTC)
    assert found.source is TimeSource.GPS
    assert found.uncertainty_s == 2


def test_gps_is_never_corrected_by_the_device_clock() -> None:
    reading = Reading(datetime(2019, 11, 18, tzinfo=UTC), 3600, 1)
    assert interval(GPS, readings=(reading,)).start == GPS.instant


def test_a_container_time_with_a_z_is_local() -> None:
    assert interval(CONTAINER).start == datetime(2019, 11, 18, 23, 45, 32, tzinfo=UTC)


def test_the_offset_read_nearest_is_taken_off() -> None:
    fast = Reading(datetime(2019, 11, 20, 23, 45, 32, tzinfo=UTC), 18.0, 1.0)
    long_ago = Reading(datetime(2019, 1, 1, tzinfo=UTC), -500.0, 1.0)
    found = interval(CONTAINER, readings=(long_ago, fast))
    assert found.start == GPS.instant
    assert found.uncertainty_s == pytest.approx(1 + 2 * 3)


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


def test_a_time_in_the_future_is_doubted() -> None:
    assert interval(TimeRead(TimeSource.NAME, datetime(2037, 1, 1), "UTC")).doubtful


def test_no_time_at_all_is_no_interval() -> None:
    assert capture_interval([], 5, [], LIMITS, NOW) is None


def test_overlap_is_of_intervals_not_of_starts() -> None:
    found = interval(GPS, duration=600)
    began_before = GPS.instant - timedelta(hours=1)
    assert found.overlap_s(began_before, GPS.instant + timedelta(seconds=60)) == 60
    assert found.overlap_s(GPS.instant + timedelta(hours=1), GPS.instant + timedelta(hours=2)) == 0
