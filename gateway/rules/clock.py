"""When a clip was really recorded: every time as read, the best one corrected, with its uncertainty."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

EPOCH_DOUBT = datetime(2000, 1, 1, tzinfo=UTC)
"""No footage is older: an earlier time means a camera that lost its clock."""


class TimeSource(StrEnum):
    """Where a capture time was read, the most trusted first."""

    GPS = "gps"
    GATEWAY = "gateway"
    """Our own clock, of what we recorded ourselves."""
    CONTAINER = "container"
    NAME = "name"
    FILE = "file"


TRUST = tuple(TimeSource)
TRUE_TIME = {TimeSource.GPS, TimeSource.GATEWAY}
"""Needs no correction by how wrong the device's clock was."""


NEVER = datetime(1, 1, 2, tzinfo=UTC)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
MOST_S = 50 * 366 * 86400.0
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
class Reading:
    """A device clock as read at docking: device minus true, in seconds."""

    at: datetime
    offset_s: float
    uncertainty_s: float


@dataclass(frozen=True, slots=True)
class ClockLimits:
    """Numbers from the rule pack."""

    drift_s_per_day: float
    unread_uncertainty_s: float
    gps_uncertainty_s: float


@dataclass(frozen=True, slots=True)
class Interval:
    start: datetime
    end: datetime
    uncertainty_s: float
    source: TimeSource
    doubtful: bool = False
    """The clock had evidently lost its time; nothing may be concluded from it."""

    def overlap_s(self, start: datetime, end: datetime, slack_s: float = 0.0) -> float:
        """Seconds shared with another interval widened by `slack_s` on both sides; 0 where they part."""
        slack = timedelta(seconds=slack_s)
        shared = min(self.end, end + slack) - max(self.start, start - slack)
        return max(0.0, shared.total_seconds())


def capture_interval(
    times: Sequence[TimeRead],
    duration_s: float | None,
    readings: Sequence[Reading],
    limits: ClockLimits,
    now: datetime,
) -> Interval | None:
    """The corrected interval, from the most trusted time that can be true.

    A GPS track is UTC, and what we recorded bears our own time: neither needs correction. Every
    other time is the device's clock: the offset of the reading nearest in time is taken off (R-21, R-22).
    """
    ordered = sorted(times, key=lambda read: TRUST.index(read.source))
    usable = [read for read in ordered if EPOCH_DOUBT < read.instant <= now + timedelta(days=1)]
    if not ordered:
        return None
    chosen, doubtful = (usable[0], False) if usable else (ordered[0], True)
    length = timedelta(seconds=max(0.0, min(duration_s or 0.0, LONGEST.total_seconds())))
    start = max(chosen.instant, EARLIEST) - (length if chosen.at_end else timedelta())
    uncertainty = limits.gps_uncertainty_s
    if chosen.source not in TRUE_TIME:
        correction, uncertainty = clock_error(start, readings, limits)
        start -= timedelta(seconds=max(-MOST_S, min(correction, MOST_S)))
    return Interval(start, start + length, uncertainty, chosen.source, doubtful)


def clock_error(at: datetime, readings: Sequence[Reading], limits: ClockLimits) -> tuple[float, float]:
    """(offset to take off, uncertainty that remains), in seconds."""
    if not readings:
        return 0.0, limits.unread_uncertainty_s
    nearest = min(readings, key=lambda reading: abs((reading.at - at).total_seconds()))
    days = abs((nearest.at - at).total_seconds()) / 86400
    return nearest.offset_s, nearest.uncertainty_s + days * limits.drift_s_per_day
