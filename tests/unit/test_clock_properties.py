"""What must hold for any clock, however it was read and set."""

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.rules.clock import Interval, TimeRead, TimeSource, capture_interval
from gateway.rules.clock_error import (
    ClockLimits,
    Course,
    DeviceClock,
    Reading,
    Setting,
    Window,
    possible_times,
)

T0 = datetime(2025, 1, 1, tzinfo=UTC)
RATE = 3 / 86400
LIMITS = ClockLimits(
    drift_s_per_day=3, unread_uncertainty_s=60, gps_uncertainty_s=2, unsynchronised_host_s=300,
    doubt_s=math.inf, brought_within_s=math.inf,
)  # fmt: skip
EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)


def span(found: Interval) -> tuple[float, float]:
    start = (found.start - T0).total_seconds()
    return start - found.uncertainty_s, start + found.uncertainty_s


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def named(shown: datetime) -> tuple[TimeRead, ...]:
    return (TimeRead(TimeSource.NAME, shown.replace(tzinfo=None), "UTC"),)


def placed(shown: datetime, clock: DeviceClock, window: Window, lasted: float = 0.0) -> Interval:
    found = capture_interval(named(shown), lasted, Course(clock, LIMITS), window)
    assert found is not None
    return found


@dataclass(frozen=True)
class Life:
    """A device whose clock drifts within R-22, is read now and then with errors, and sometimes set."""

    moments: tuple[float, ...]
    errors: tuple[float, ...]
    """True error when the moment comes, before anything is done to the clock."""
    left: tuple[float, ...]
    """True error from then on: another one where it was set."""
    clock: DeviceClock

    def error(self, at: float) -> float:
        for (start, end), begins, ends in zip(
            pairwise(self.moments), self.left, self.errors[1:], strict=False
        ):
            if start <= at < end:
                return begins + (ends - begins) * (at - start) / (end - start)
        return self.left[-1] if at >= self.moments[-1] else self.errors[0]

    def shows(self, at: float) -> datetime:
        return after(at + self.error(at))


@st.composite
def lives(draw: Any, always_read: bool = True) -> Life:
    """Drift changes at each moment; one that is not read is a bend between two readings."""
    error = draw(st.floats(-7200, 7200))
    at, moments, errors, left = 0.0, [], [], []
    readings: list[Reading] = []
    made: list[Setting] = []
    for _ in range(draw(st.integers(1, 6))):
        moments.append(at)
        errors.append(error)
        uncertainty = draw(st.floats(0.5, 3))
        seen = error + uncertainty * draw(st.floats(-1, 1))
        host = draw(st.sampled_from([True, True, None, False]))
        note: dict[str, Any] = {"uncertainty_s": uncertainty, "host_synchronised": host}
        is_read = always_read or not readings or draw(st.booleans())
        if is_read:
            readings.append(Reading(at=after(at), device_time=after(at + seen), **note))
        if is_read and draw(st.booleans()):
            error = uncertainty * draw(st.floats(-1, 1))
            made.append(Setting(at=after(at), device_time=after(at), **note))
        left.append(error)
        apart = draw(st.floats(600, 30 * 86400))
        at, error = at + apart, error + apart * RATE * draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0]))
    moments.append(at)
    errors.append(error)
    left.append(error)
    return Life(tuple(moments), tuple(errors), tuple(left), DeviceClock(tuple(readings), tuple(made)))


parts = st.floats(0, 0.999)


@EXAMPLES
@given(lives(always_read=False), parts, st.floats(1, 3600))
def test_the_true_time_lies_within_the_stated_uncertainty(life: Life, part: float, found_s: float) -> None:
    at = part * life.moments[-1]
    found = placed(life.shows(at), life.clock, Window(after(at + found_s)))
    low, high = span(found)
    assert not found.doubtful
    assert low - 1e-3 <= at <= high + 1e-3
    if found.either:
        assert any(first - 1e-3 <= at <= last + 1e-3 for first, last in map(span, found.either))


@EXAMPLES
@given(lives(), parts)
def test_where_the_docking_is_known_one_time_is_left(life: Life, part: float) -> None:
    """Found at the first docking after it, on a card that was listed without it at the one before."""
    at = part * life.moments[-1]
    dockings = [(start, end) for start, end in pairwise(life.moments) if start <= at < end]
    [(since, until)] = dockings
    found = placed(life.shows(at), life.clock, Window(after(until), after(since)))
    low, high = span(found)
    assert found.either == ()
    assert low - 1e-3 <= at <= high + 1e-3
    synchronised = all(one.host_synchronised is not False for one in life.clock.readings)
    assert found.uncertainty_s < (4 if synchronised else 304) + 2 * RATE * (until - since)


@EXAMPLES
@given(lives(), parts, st.randoms())
def test_the_order_in_which_readings_became_known_changes_nothing(life: Life, part: float, any_: Any) -> None:
    readings, made = list(life.clock.readings), list(life.clock.settings)
    any_.shuffle(readings)
    any_.shuffle(made)
    shown, window = life.shows(part * life.moments[-1]), Window(after(life.moments[-1]))
    assert placed(shown, life.clock, window) == placed(
        shown, DeviceClock(tuple(readings), tuple(made)), window
    )


@EXAMPLES
@given(lives(), parts, st.floats(0, 1000), st.booleans(), st.lists(st.floats(-9000, 9000), max_size=3))
def test_less_certain_readings_never_make_a_time_more_certain(
    life: Life, part: float, more: float, unsynchronised: bool, steps: list[float]
) -> None:
    def doubted(note: Any) -> Any:
        host = False if unsynchronised else note.host_synchronised
        return replace(note, uncertainty_s=note.uncertainty_s + more, host_synchronised=host)

    readings = tuple(  # steps that nobody recorded
        replace(note, device_time=note.device_time + timedelta(seconds=step))
        for note, step in zip(life.clock.readings, [*steps, 0, 0, 0, 0, 0, 0], strict=False)
    )
    shown, window = life.shows(part * life.moments[-1]), Window(after(life.moments[-1]))
    sure = placed(shown, DeviceClock(readings, life.clock.settings), window)
    less = placed(
        shown,
        DeviceClock(tuple(map(doubted, readings)), tuple(map(doubted, life.clock.settings))),
        window,
    )
    if sure.doubtful:
        return
    assert not less.doubtful
    assert span(less)[0] <= span(sure)[0] + 1e-3
    assert span(less)[1] >= span(sure)[1] - 1e-3


@EXAMPLES
@given(lives(), parts, st.floats(0, 30 * 86400), st.booleans())
def test_a_setting_never_changes_what_was_found_before_it(
    life: Life, part: float, later: float, certain: bool
) -> None:
    at = part * life.moments[-1]
    setting = Setting(at=after(at + later), device_time=after(at), uncertainty_s=1, certain=certain)
    window = Window(after(at + later))
    known = DeviceClock(
        tuple(note for note in life.clock.readings if note.at <= setting.at),
        tuple(note for note in life.clock.settings if note.at <= setting.at),
    )
    before = placed(life.shows(at), known, window, lasted=later)
    assert (
        placed(life.shows(at), replace(known, settings=(*known.settings, setting)), window, lasted=later)
        == before
    )


anytime = st.datetimes(timezones=st.just(UTC))
anything = st.builds(
    Setting, at=anytime, device_time=anytime, uncertainty_s=st.floats(), certain=st.booleans(),
    host_synchronised=st.sampled_from([None, True, False]),
)  # fmt: skip


@EXAMPLES
@given(
    anytime, st.lists(anything, max_size=5), st.lists(anything, max_size=4), anytime,
    st.none() | anytime, st.none() | st.floats(allow_nan=False), st.booleans(),
)  # fmt: skip
def test_no_time_is_too_absurd(
    shown: datetime, read: list[Reading], made: list[Setting], until: datetime, since: datetime | None,
    lasted: float | None, at_end: bool,
) -> None:  # fmt: skip
    times = (TimeRead(TimeSource.CONTAINER, shown.replace(tzinfo=None), "Asia/Shanghai", at_end),)
    clock = DeviceClock(tuple(read), tuple(made))
    found = capture_interval(times, lasted, Course(clock, LIMITS), Window(until, since))
    assert found is not None
    assert math.isfinite(found.uncertainty_s)
    assert found.start <= found.end
    assert found.uncertainty_s >= 0


@EXAMPLES
@given(
    lives(always_read=False).map(lambda life: life.clock)
    | st.builds(DeviceClock, st.lists(anything, max_size=5).map(tuple), st.lists(anything, max_size=4).map(tuple)),
    st.floats(-1e5, 1e7) | st.floats(-1e10, 1e10),
)  # fmt: skip
def test_what_is_passed_over_of_a_clocks_course_holds_no_possible_time(
    clock: DeviceClock, shown_s: float
) -> None:
    course, whole = Course(clock, LIMITS), Course(clock, LIMITS)
    whole.slowest, whole.fastest = -math.inf, math.inf
    window = Window(after(2e10))
    assert possible_times(after(shown_s), 60, course, window) == possible_times(
        after(shown_s), 60, whole, window
    )
