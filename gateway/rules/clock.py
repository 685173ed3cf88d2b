"""When a clip was really recorded: every time as read, the best one corrected, with its uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.rules.clock_error import (
    EPOCH_DOUBT,
    ClockLimits,
    Course,
    Span,
    Window,
    instant,
    possible_times,
)


class TimeSource(StrEnum):
    """Where a capture time was read, the most trusted first."""

    PERSON = "person"
    """Somebody looked at it and said when it was, with a reason."""
    GPS = "gps"
    GATEWAY = "gateway"
    """Our own clock, of what we recorded ourselves."""
    CONTAINER = "container"
    NAME = "name"
    FILE = "file"


TRUST = tuple(TimeSource)
TRUE_TIME = {TimeSource.PERSON, TimeSource.GPS, TimeSource.GATEWAY}
"""Needs no correction by how wrong the device's clock was."""


NEVER = datetime(1, 1, 2, tzinfo=UTC)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
HALF_ROLLOVER = timedelta(weeks=512)
"""GPS counts weeks to 1024 and begins again (IS-GPS-200): old receivers are then so many weeks behind."""
LONGEST = timedelta(days=30)
"""No clip is longer: a greater duration is a broken header's."""


@dataclass(frozen=True, slots=True)
class TimeRead:
    """One capture time exactly as read, and how it is to be understood."""

    source: TimeSource
    written: datetime
    """Naive: the digits as they stand."""
    zone: str
    """The zone those digits are taken to be in: `UTC` or a name such as Asia/Shanghai."""
    at_end: bool = False
    """A file's modification time marks the end of recording."""

    @property
    def instant(self) -> datetime:
        zone = UTC if self.zone == "UTC" else ZoneInfo(self.zone)
        try:
            return self.written.replace(tzinfo=zone).astimezone(UTC)
        except OverflowError:
            return NEVER  # the digits of a broken header


@dataclass(frozen=True, slots=True)
class Interval:
    start: datetime
    end: datetime
    uncertainty_s: float
    source: TimeSource
    doubtful: bool = False
    """The clock had evidently lost its time; nothing may be concluded from it."""
    either: tuple["Interval", ...] = ()
    """Where the clock was set in between and more than one time is possible: each of them."""
    torn: bool = False
    """More than one is possible because the file's name and its container disagree."""
    read_as: str | None = None
    """The zone in which the container was read, against its device's setting, because its name says so."""

    @property
    def possible(self) -> tuple["Interval", ...]:
        return self.either or (self,)

    def overlap_s(self, start: datetime, end: datetime, slack_s: float = 0.0) -> float:
        """Seconds shared with another interval widened by `slack_s` on both sides; 0 where they part.

        Of several possible times that which shares least: the others are not certain.
        """
        if self.either:
            return min(one.overlap_s(start, end, slack_s) for one in self.either)
        slack = timedelta(seconds=slack_s)
        shared = min(self.end, end + slack) - max(self.start, start - slack)
        return max(0.0, shared.total_seconds())


def capture_interval(
    times: Sequence[TimeRead],
    duration_s: float | None,
    course: Course,
    window: Window,
    *,
    file_tells: bool = True,
) -> Interval | None:
    """The corrected interval, from the most trusted time that can be true.

    What a person says counts first. A GPS track is UTC, and what we recorded bears our own time: these need
    no correction. Every other time is the device's clock, taken back to the true times at which it can have
    shown that (R-21, R-22).
    `file_tells`: whether the file's own time may be the recorder's. A photo's alone dates nothing: cameras
    write the time into photos; nor does that of a file that came as a copy: it is the copy's.
    """
    length = timedelta(seconds=max(0.0, min(duration_s or 0.0, LONGEST.total_seconds())))
    said = by_name(times, length, course.limits, window)
    found = trusted(said.times, length, course, window, file_tells=file_tells)
    if found is None or found.source is not TimeSource.CONTAINER or found.doubtful:
        return found
    if said.disagree:
        rest = [read for read in times if read.source is not TimeSource.CONTAINER]
        other = trusted(rest, length, course, window, file_tells=file_tells)
        if other is not None and not other.doubtful:
            return between(found, other, course.limits)
    return replace(found, read_as=said.read_as)


def trusted(
    times: Sequence[TimeRead], length: timedelta, course: Course, window: Window, *, file_tells: bool
) -> Interval | None:
    """By the most trusted time that can be true."""
    ordered = sorted(times, key=lambda read: TRUST.index(read.source))
    if not ordered:
        return None
    limits = course.limits
    contradicted = not file_tells
    for read in ordered:
        if contradicted and read.source is TimeSource.FILE:
            break  # the same lost clock wrote it, or whoever copied the file: it proves nothing
        shown = read.instant
        plausible = is_plausible(shown, window)
        if read.source is TimeSource.GPS and window.until - shown > HALF_ROLLOVER and len(ordered) > 1:
            continue  # a receiver whose week number has rolled over
        if read.source in TRUE_TIME or not course.is_known:
            if plausible:
                return ended_by(as_read(read, length, limits), window.until)
            contradicted = contradicted or read.source not in TRUE_TIME
            continue
        lasted = 0.0 if read.at_end else length.total_seconds()
        spans = possible_times(shown, lasted, course, window)
        if spans and spans[-1].high - spans[0].low <= 2 * limits.doubt_s:
            return corrected(read, length, spans, limits)
        contradicted = True
    return replace(as_read(ordered[0], length, limits), doubtful=True)


def is_plausible(shown: datetime, window: Window) -> bool:
    return EPOCH_DOUBT < shown <= window.until + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Compared:
    """The times of a file after its container was held against its name."""

    times: Sequence[TimeRead]
    read_as: str | None = None
    disagree: bool = False


def by_name(times: Sequence[TimeRead], length: timedelta, limits: ClockLimits, window: Window) -> Compared:
    """Whether a container's digits are local or UTC, as the name tells, whose digits are local by custom.

    One clock wrote both: as it began, or as it ended what takes so long. Where neither reading of the
    container agrees, they disagree, and nobody but a person can say which is right (AL-12).
    """
    told = {read.source: read for read in times}
    name, container = told.get(TimeSource.NAME), told.get(TimeSource.CONTAINER)
    if name is None or container is None or not is_plausible(name.instant, window):
        return Compared(times)
    slack = length + timedelta(seconds=2 * limits.unread_uncertainty_s)
    readings = (container, *(replace(container, zone=zone) for zone in ("UTC", name.zone)))
    agreeing = [read for read in readings if abs(read.instant - name.instant) <= slack]
    if not agreeing:
        return Compared(times, disagree=is_plausible(container.instant, window))
    read = min(agreeing, key=lambda read: fit(read.instant - name.instant, length, limits))
    if read is container:
        return Compared(times)
    return Compared([read if one is container else one for one in times], read_as=read.zone)


def fit(apart: timedelta, length: timedelta, limits: ClockLimits) -> tuple[bool, timedelta]:
    """The lower the better: at the beginning or the end of a recording, not amid it; then the nearer."""
    off = min(abs(apart), abs(abs(apart) - length))
    return off > timedelta(seconds=2 * limits.unread_uncertainty_s), abs(apart)


def between(one: Interval, other: Interval, limits: ClockLimits) -> Interval:
    """Either of two, with all that lies from the earlier to the later; too far apart, they name nothing."""
    first, last = sorted((one, other), key=lambda known: known.start)
    low = first.start - timedelta(seconds=first.uncertainty_s)
    half = (last.start + timedelta(seconds=last.uncertainty_s) - low) / 2
    start = low + half
    either = (*first.possible, *last.possible)
    if half.total_seconds() > limits.doubt_s:
        return replace(one, doubtful=True, torn=True, either=either)
    return Interval(
        start, start + (one.end - one.start), half.total_seconds(), one.source, torn=True, either=either
    )


def ended_by(read: Interval, found: datetime) -> Interval:
    """What we recorded ourselves had ended when we found it, however long its time stamps say it is."""
    if read.source is not TimeSource.GATEWAY:
        return read
    return replace(read, end=max(read.start, min(read.end, found)))


def as_read(read: TimeRead, length: timedelta, limits: ClockLimits) -> Interval:
    start = max(read.instant, EARLIEST) - (length if read.at_end else timedelta())
    exact = read.source in {TimeSource.GPS, TimeSource.GATEWAY}  # a person tells the minute
    uncertainty = limits.gps_uncertainty_s if exact else limits.unread_uncertainty_s
    return Interval(start, start + length, uncertainty, read.source)


def corrected(read: TimeRead, length: timedelta, spans: Sequence[Span], limits: ClockLimits) -> Interval:
    """From the first possible time to the last; several are told of where that makes a difference.

    It makes none as long as the time stays as certain as that of a clock which was never read.
    """
    whole = interval_of(read, length, Span(spans[0].low, spans[-1].high))
    if len(spans) == 1 or whole.uncertainty_s <= limits.unread_uncertainty_s:
        return whole
    return replace(whole, either=tuple(interval_of(read, length, span) for span in spans))


def interval_of(read: TimeRead, length: timedelta, span: Span) -> Interval:
    start = instant(span.middle) - (length if read.at_end else timedelta())
    return Interval(start, start + length, span.half, read.source)
