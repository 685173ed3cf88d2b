"""When a device's clock can have shown what it showed, from how it was read and set (R-21, R-22, AL-12).

Between two readings the error moves by no more than the drift that R-22 allows, or somebody set the clock
and nobody knows when: then what held before and what held after are both possible. A setting of ours is no
riddle: the readings before it say nothing of the time after it, and the other way round.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

DAY_S = 86400.0
ZERO = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DOUBT = datetime(2000, 1, 1, tzinfo=UTC)
"""No footage is older: an earlier time means a camera that lost its clock."""
MOST_S = 50 * 366 * DAY_S


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """Numbers from the rule pack."""

    drift_s_per_day: float
    unread_uncertainty_s: float
    gps_uncertainty_s: float
    unsynchronised_host_s: float
    doubt_s: float
    """A time less certain than this names nothing."""
    brought_within_s: float
    """Where a clock showed a time twice, footage this old is not thought of as newly brought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A device's clock as found."""

    at: datetime
    device_time: datetime
    uncertainty_s: float
    host_synchronised: bool | None = None
    """Whether our own clock was known to be right; None where nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Reading):
    """A device's clock as we set it: from then on it goes its way from there."""

    certain: bool = True
    """It answered that it did; if not, it may still go as before."""


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """All that is known of one device's clock."""

    readings: tuple[Reading, ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.readings or self.settings)


@dataclass(frozen=True, slots=True)
class Window:
    """When a file can have been recorded: not after it was found."""

    until: datetime
    since: datetime | None = None
    """When everything on its card was listed and it was not there yet."""


@dataclass(frozen=True, slots=True)
class Span:
    """Possible true times, in seconds since 1970."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        return (self.low + self.high) / 2

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Known:
    """The error (device minus true) at one moment, all in seconds."""

    at: float
    error: float
    uncertainty: float

    def held(self, shown: float, rate: float) -> Span:
        """True times at which the device showed `shown`, if since or until then its clock only drifted."""
        middle = shown - self.error
        return about(middle, self.uncertainty + rate * abs(middle - self.at), rate)


@dataclass(frozen=True, slots=True)
class Gap:
    """The time between two moments at which the clock was read or set."""

    start: float
    end: float
    run_ends: float
    """When it was set the next time."""
    before: tuple[Known, ...] = ()
    """What it may have gone on from; more than one after a setting that was not answered."""
    after: Known | None = None
    """What it had come to by the end, if it was read then."""

    def possible(self, shown: float, rate: float) -> list[Span]:
        after, before = self.after, self.before
        if after is None:
            return [known.held(shown, rate) for known in before]
        agreeing = tuple(known for known in before if agree(known, after, rate))
        before = agreeing or before
        if len(before) == 1 and drifts(before[0], after, rate):
            return [between(before[0], after, shown, rate)]
        return [known.held(shown, rate) for known in (*before, after)]


class Course:
    """How a clock went all its life, in pieces: worked out once for all that its device recorded."""

    def __init__(self, clock: DeviceClock, limits: ClockLimits) -> None:
        self.limits = limits
        self.is_known = clock.is_known
        self.rate = limits.drift_s_per_day / DAY_S
        self.gaps = tuple(gaps(clock, limits))
        self.ends = [gap.end for gap in self.gaps]
        self.read_at = sorted(reading.at for reading in clock.readings)
        told = [one for gap in self.gaps for one in (*gap.before, gap.after) if one is not None]
        ats = [one.at for one in told]
        # by how much more than it was ever told to be the clock may have been wrong, with its uncertainty
        more = max((one.uncertainty for one in told), default=0.0)
        more += 4 * self.rate * (max(ats, default=0.0) - min(ats, default=0.0)) + 1
        self.slowest = min((one.error for one in told), default=0.0) - 2 * more
        self.fastest = max((one.error for one in told), default=0.0) + 2 * more

    def around(self, shown: float, since: float, until: float) -> Iterator[Gap]:
        """Pieces in which it can have shown that, within a stretch of true time."""
        first = bisect_left(self.ends, max(since, shown - self.fastest))
        last = min(until, shown - self.slowest)
        return takewhile(lambda gap: gap.start <= last, self.gaps[first:])

    def read_last(self, since: datetime, until: datetime) -> datetime | None:
        """The last reading from one moment to another."""
        place = bisect_right(self.read_at, until)
        return self.read_at[place - 1] if place and self.read_at[place - 1] >= since else None


def possible_times(shown: datetime, lasted_s: float, course: Course, window: Window) -> list[Span]:
    """Every stretch of true time in which the device may have shown `shown`, the earliest first.

    None at all: the clock had lost its time, or somebody set it there and back between two readings.
    `lasted_s` is for how long it recorded after that. A clock that was set back shows some times twice: a
    recording that ends before the setting is thought of before one that goes on across it, and newly brought
    footage before old.
    """
    limits, rate = course.limits, course.rate
    told, until = seconds(shown), seconds(window.until)
    since = seconds(window.since) if window.since else -math.inf
    found: list[tuple[Span, bool]] = []
    for gap in course.around(told, since, until):
        low, high = max(gap.start, since), min(gap.end, until)
        if low >= high:
            continue
        for span in gap.possible(told, rate):
            if span.low <= high and span.high >= low and span.middle > seconds(EPOCH_DOUBT):
                across = span.low + lasted_s > gap.run_ends and gap.run_ends < until
                found.append((span, across))
    whole = [span for span, across in found if not across] or [span for span, _ in found]
    new = [span for span in whole if span.high >= until - limits.brought_within_s]
    return merged(new or whole)


def gaps(clock: DeviceClock, limits: ClockLimits) -> Iterator[Gap]:
    """The device's whole life, in pieces; the order in which things became known does not matter."""
    notes = sorted((*clock.readings, *clock.settings), key=order)
    ends = [seconds(note.at) for note in notes if isinstance(note, Setting)]
    start, before = -math.inf, tuple[Known, ...]()
    for note in notes:
        known = known_from(note, limits)
        ahead = next(iter(ends[bisect_left(ends, known.at) :]), math.inf)
        if isinstance(note, Setting):
            # set without having been read: what it showed before is anybody's guess
            untold = () if before else (Known(known.at, 0.0, limits.unread_uncertainty_s),)
            yield Gap(start, known.at, known.at, before or untold)
            before = (known,) if note.certain else (*before, *untold, known)
        else:
            yield Gap(start, known.at, ahead, before, known)
            before = (known,)
        start = known.at
    yield Gap(start, math.inf, math.inf, before)


def order(note: Reading) -> tuple[datetime, bool, datetime, float]:
    return note.at, isinstance(note, Setting), note.device_time, finite(note.uncertainty_s)


def known_from(note: Reading, limits: ClockLimits) -> Known:
    """A host that was not synchronised has read against a clock that may itself be wrong."""
    doubt = limits.unsynchronised_host_s if note.host_synchronised is False else 0.0
    error = (note.device_time - note.at).total_seconds()
    return Known(seconds(note.at), error, finite(note.uncertainty_s) + doubt)


def drifts(before: Known, after: Known, rate: float) -> bool:
    """Whether drift alone explains both; errors of reading left out, so that a doubt never makes sure."""
    apart = after.at - before.at
    return apart > 0 and abs(after.error - before.error) <= rate * apart


def agree(before: Known, after: Known, rate: float) -> bool:
    drift = rate * (after.at - before.at)
    return abs(after.error - before.error) <= drift + before.uncertainty + after.uncertainty


def between(before: Known, after: Known, shown: float, rate: float) -> Span:
    """By a clock that went evenly from one reading to the next.

    No clock that keeps R-22 leaves that line by more than 2·rate·w·(1-w) of the time between the two.
    """
    apart = after.at - before.at
    part = (shown - before.at - before.error) / (apart + after.error - before.error)
    inside = max(0.0, min(part, 1.0))
    bent = 2 * rate * apart * inside * (1 - inside) + rate * apart * abs(part - inside)
    return about(before.at + part * apart, max(before.uncertainty, after.uncertainty) + bent, 3 * rate)


def about(middle: float, uncertainty: float, rate: float) -> Span:
    """The error was taken where the time is thought to be; it moves on over the uncertainty itself."""
    half = uncertainty / (1 - rate)
    return Span(middle - half, middle + half)


def merged(spans: Sequence[Span]) -> list[Span]:
    """Spans that touch are one."""
    apart: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.low, span.high)):
        if apart and span.low <= apart[-1].high:
            apart[-1] = Span(apart[-1].low, max(apart[-1].high, span.high))
        else:
            apart.append(span)
    return apart


def finite(uncertainty_s: float) -> float:
    """Nobody's clock is read better than exactly, or worse than by a lifetime."""
    return max(0.0, min(uncertainty_s, MOST_S)) if math.isfinite(uncertainty_s) else MOST_S


def seconds(moment: datetime) -> float:
    return (moment - ZERO).total_seconds()


def instant(at: float) -> datetime:
    return ZERO + timedelta(seconds=max(-MOST_S, min(at, 4 * MOST_S)))
