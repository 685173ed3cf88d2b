"""How much of an activity was recorded, as far as clocks tell; its gaps and their causes (R-18, LK-14)."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.rules.coverage import Stretch, minus, union

NOTHING = timedelta()


@dataclass(frozen=True, slots=True)
class CoverageLimits:
    """Numbers from the rule pack."""

    ratio: float
    gap_tolerance_s: float
    """Between two clips of one recorder: so much is a seam."""
    edge_slack_s: float
    edge_slack_share: float
    """At either end of a span: a gap within this, and no longer, is rounding (R-16); less than half of it."""
    signal_reach_s: float


@dataclass(frozen=True, slots=True)
class Part:
    """What one linked clip, or a segment of it, has of an activity."""

    recorder: str
    start: datetime
    end: datetime
    uncertainty_s: float = 0.0


def is_elsewhere(part: Part, first: datetime, last: datetime) -> bool:
    """Whether it was recorded at another time than this, however wrong its clock may be (LK-7)."""
    if part.start <= last and first <= part.end:
        return False
    by = timedelta(seconds=part.uncertainty_s)
    return part.end + by < first or last < part.start - by


@dataclass(frozen=True, slots=True)
class Told:
    """What says why nothing was recorded: a recorder's signal, or a person (R-18)."""

    start: datetime
    end: datetime
    cause: str
    by_person: bool = False
    is_moment: bool = False
    """A signal such as `battery low`: it comes before the gap that it explains."""


@dataclass(frozen=True, slots=True)
class Gap:
    start: datetime
    end: datetime
    cause: str | None
    """None: nobody said."""
    explained: bool
    """A person gave the reason for all of it (R-18, LK-9)."""
    sure: bool
    """Even if the clocks are as wrong as they may be, something is missing there."""

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Recorded:
    """Of a span: `certain` lies within what was `measured`, and that within what is `possible`."""

    certain: float
    measured: float
    possible: float
    """Shares of the span, 0…1."""
    gaps: tuple[Gap, ...]
    """In what was measured."""

    def is_whole(self, limits: CoverageLimits) -> bool:
        return self.measured >= limits.ratio

    def is_doubtful(self, limits: CoverageLimits) -> bool:
        """Whether it is whole hangs on how right the clocks were."""
        return self.certain < limits.ratio <= self.possible


def recorded(parts: Sequence[Part], span: Stretch, told: Sequence[Told], limits: CoverageLimits) -> Recorded:
    """Whoever recorded it: the union over all recorders (trap 8), each second once (trap 13)."""
    length = span.seconds
    if length <= 0:
        return of_a_moment(parts, span.start)
    if not parts:
        whole_span = span.start, span.end
        return Recorded(0.0, 0.0, 0.0, (explained(whole_span, [whole_span], told, limits),))
    slack = timedelta(seconds=min(limits.edge_slack_s, length * limits.edge_slack_share))
    inside = measured(parts, limits)
    holes = surely = missing(inside, span, slack)
    share_measured = sure = possible = share(holes, length)
    if any(one.uncertainty_s for one in parts):
        if holes:
            surely = missing(merged([*inside, *widened(parts)], NOTHING), span, slack)
            possible = share(surely, length)
        sure = share(missing(merged(certain(parts, limits), NOTHING), span, slack), length)
    gaps = tuple([explained(hole, surely, told, limits) for hole in holes])
    return Recorded(sure, share_measured, possible, gaps)


def of_a_moment(parts: Iterable[Part], at: datetime) -> Recorded:
    """Of a step without length: whether a clip has that moment."""
    off = [
        (max(one.start - at, at - one.end).total_seconds(), one.uncertainty_s) for one in parts
    ]  # negative: so far within
    return Recorded(
        certain=float(any(distance <= -doubt for distance, doubt in off)),
        measured=float(any(distance <= 0 for distance, _ in off)),
        possible=float(any(distance <= doubt for distance, doubt in off)),
        gaps=(),
    )


Run = tuple[datetime, datetime]
"""A stretch, as quick to make as can be: a board has tens of thousands."""


def merged(runs: Iterable[Run], seam: timedelta) -> list[Run]:
    """In order, without overlaps; what lies no more than a seam apart is one, and what has no length none."""
    found: list[Run] = []
    for start, end in sorted(runs):
        if end <= start:
            continue
        if not found or start - found[-1][1] > seam:
            found.append((start, end))
        elif end > found[-1][1]:
            found[-1] = found[-1][0], end
    return found


def measured(parts: Sequence[Part], limits: CoverageLimits) -> list[Run]:
    """As the clips' times say; two clips of one recorder with no more than a seam between them are one."""
    found = takes(parts, limits)
    return merged(found, NOTHING) if len(found) > 1 else found


def takes(parts: Sequence[Part], limits: CoverageLimits) -> list[Run]:
    seam = timedelta(seconds=limits.gap_tolerance_s)
    of: dict[str, list[Run]] = {}
    for one in parts:
        of.setdefault(one.recorder, []).append((one.start, one.end))
    return [run for runs in of.values() for run in merged(runs, seam)]


def certain(parts: Sequence[Part], limits: CoverageLimits) -> list[Run]:
    """What is recorded however wrong the clocks are, within their uncertainty.

    The clips of one recorder are wrong together: a take loses at its two ends, not at every seam. Level by
    level, so that a less certain clip never takes away from what the more certain ones prove.
    """
    found: list[Run] = []
    for level in {one.uncertainty_s for one in parts}:
        by = timedelta(seconds=level)
        sure = [one for one in parts if one.uncertainty_s <= level]
        found += [(start + by, end - by) for start, end in takes(sure, limits) if start + by < end - by]
    return found


def widened(parts: Iterable[Part]) -> list[Run]:
    """Each clip as far as it can reach if its clock was wrong the right way."""
    each = ((one, timedelta(seconds=one.uncertainty_s)) for one in parts)
    return [(one.start - by, one.end + by) for one, by in each]


def missing(covered: Iterable[Run], span: Stretch, slack: timedelta) -> list[Run]:
    """What of a span is in none of these, but for what lies wholly in the slack at either end."""
    at, finish = span.start, span.end
    holes: list[Run] = []
    for start, end in covered:
        if start > at:
            holes.append((at, min(start, finish)))
        if end > at:
            at = end
        if at >= finish:
            break
    else:
        holes.append((at, finish))
    if not holes:
        return holes
    first, last = span.start + slack, finish - slack
    return [(start, end) for start, end in holes if start < end and end > first and start < last]


def share(holes: Sequence[Run], length_s: float) -> float:
    if not holes:
        return 1.0
    return round(1.0 - sum([(end - start).total_seconds() for start, end in holes]) / length_s, 6)


def begin(run: Run) -> datetime:
    return run[0]


def explained(run: Run, surely: Sequence[Run], told: Sequence[Told], limits: CoverageLimits) -> Gap:
    """A person's reason counts before what a recorder told, and that which explains most of the gap first."""
    since, until = run
    before = bisect_left(surely, until, key=begin) - 1  # they are in order, and none overlaps another
    sure = before >= 0 and since < surely[before][1]
    if not told:
        return Gap(since, until, None, False, sure)
    hole = Stretch(since, until)
    reach = timedelta(seconds=limits.signal_reach_s)
    about = [
        one
        for one in told
        if one.start < hole.end and one.end + (reach if one.is_moment else NOTHING) > hole.start
    ]
    reasons = [Stretch(one.start, one.end) for one in about if one.by_person]
    best = max(about, key=rank(hole), default=None)
    rounding = timedelta(seconds=limits.edge_slack_s)  # people write times to the minute
    return Gap(
        start=since,
        end=until,
        cause=best.cause if best else None,
        explained=bool(reasons) and not minus([hole], union(reasons, hole, NOTHING), rounding),
        sure=sure,
    )


WEAK = frozenset({"rec_stop"})
"""That it was stopped is told of every recording that ended: any other cause says more."""


def rank(hole: Stretch) -> Callable[[Told], tuple[bool, bool, float, str]]:
    def of(one: Told) -> tuple[bool, bool, float, str]:
        shared = min(one.end, hole.end) - max(one.start, hole.start)
        return one.by_person, one.cause not in WEAK, max(0.0, shared.total_seconds()), one.cause

    return of
