"""A container's digits and those in the file's name, of one clock: which zone they are in, and what a conflict means."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway import rulepacks
from gateway.linking.clocks import limits_of
from gateway.rules.clock import Interval, TimeRead, TimeSource, capture_interval
from gateway.rules.clock_error import Course, DeviceClock, Reading, Window

LIMITS = limits_of(rulepacks.load("hebei-xingtai-2019"))
CHINA = "Asia/Shanghai"
TRUE = datetime(2026, 11, 26, 9, 30)
"""By the clock on the wall; UTC is eight hours less."""
FOUND = datetime(2026, 11, 27, tzinfo=UTC)
EIGHT = timedelta(hours=8)


def of(
    container: datetime,
    zone: str,
    name: datetime | None = TRUE,
    length_s: float = 600,
    ahead_s: float | None = None,
) -> Interval:
    times = [TimeRead(TimeSource.CONTAINER, container, zone)]
    times += [TimeRead(TimeSource.NAME, name, CHINA)] if name else []
    read = FOUND - timedelta(minutes=1)
    told = read + timedelta(seconds=ahead_s or 0)
    readings = (Reading(at=read, device_time=told, uncertainty_s=1.0),) if ahead_s is not None else ()
    found = capture_interval(times, length_s, Course(DeviceClock(readings), LIMITS), Window(FOUND))
    assert found is not None
    return found


def test_a_container_that_is_honestly_utc_is_read_so_where_the_name_says_it() -> None:
    found = of(TRUE - EIGHT, CHINA)
    assert found.start == datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    assert (found.read_as, found.torn, found.either) == ("UTC", False, ())


def test_a_container_that_is_local_though_its_device_says_utc() -> None:
    found = of(TRUE, "UTC")
    assert found.start == datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
    assert found.read_as == CHINA


def test_where_both_agree_nothing_is_said() -> None:
    for container, zone in ((TRUE, CHINA), (TRUE - EIGHT, "UTC"), (TRUE + timedelta(seconds=600), CHINA)):
        found = of(container, zone)
        assert (found.read_as, found.torn, found.uncertainty_s) == (None, False, 60)
    assert of(TRUE - EIGHT, CHINA, name=None).read_as is None, "without a name the setting decides"


def test_a_recording_as_long_as_the_zones_are_apart_is_read_as_it_began() -> None:
    """A day in a hearing room: by its length alone, the wrong reading would fit as well."""
    for hours in (7.9, 8, 9, 12):
        found = of(TRUE - EIGHT, CHINA, length_s=hours * 3600)
        assert (found.start, found.read_as) == (datetime(2026, 11, 26, 1, 30, tzinfo=UTC), "UTC"), hours
    ended = of(TRUE + timedelta(hours=7) - EIGHT, CHINA, length_s=7 * 3600)
    assert ended.read_as == "UTC", "written at its end"


def test_another_difference_is_two_possible_times() -> None:
    found = of(TRUE - timedelta(hours=3), CHINA)
    assert found.torn
    assert [one.start for one in found.either] == [
        datetime(2026, 11, 25, 22, 30, tzinfo=UTC), datetime(2026, 11, 26, 1, 30, tzinfo=UTC),
    ]  # fmt: skip
    assert not found.doubtful


def test_so_far_apart_they_name_nothing() -> None:
    found = of(TRUE - timedelta(days=40), CHINA)
    assert (found.doubtful, found.torn, len(found.either)) == (True, True, 2)
    lost = of(datetime(1970, 1, 1), CHINA)
    assert (lost.source, lost.doubtful) == (TimeSource.NAME, False), (
        "a container that lost its time says nothing"
    )
    later = of(TRUE, CHINA, name=datetime(2031, 1, 1))
    assert (later.source, later.doubtful, later.torn) == (TimeSource.CONTAINER, False, False)


def test_how_wrong_the_clock_was_is_taken_off_either_reading() -> None:
    found = of(TRUE - EIGHT, CHINA, ahead_s=3600)
    assert abs(found.start - datetime(2026, 11, 26, 0, 30, tzinfo=UTC)) < timedelta(seconds=5)
    assert found.read_as == "UTC"


@given(st.integers(-20 * 3600, 20 * 3600), st.integers(0, 7200), st.sampled_from([CHINA, "UTC"]))
def test_what_the_name_says_always_lies_within_what_is_possible(
    apart_s: int, length_s: int, zone: str
) -> None:
    found = of(TRUE + timedelta(seconds=apart_s), zone, length_s=length_s)
    named = TRUE.replace(tzinfo=UTC) - EIGHT
    if found.doubtful:
        return
    if found.torn:
        assert named in {one.start for one in found.either}
    doubt = timedelta(seconds=found.uncertainty_s + length_s + LIMITS.unread_uncertainty_s)
    assert found.start - doubt <= named <= found.start + doubt
