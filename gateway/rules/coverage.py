"""What was recorded of a span of time, and by whom; what is missing, and what only one recorder has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From `start` on, up to and not including `end`."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def union(given: Iterable[Stretch], within: Stretch, seam: timedelta) -> list[Stretch]:
    """What is covered of `within`, in order and without overlaps; what lies less than a seam apart is one."""
    found: list[Stretch] = []
    for one in sorted(given):
        start, end = max(one.start, within.start), min(one.end, within.end)
        if end <= start:
            continue
        if found and start - found[-1].end <= seam:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, end))
        else:
            found.append(Stretch(start, end))
    return found


def minus(covered: Sequence[Stretch], by: Sequence[Stretch], seam: timedelta) -> list[Stretch]:
    """What of `covered` lies in none of `by`; both as `union` returns them. Nothing shorter than a seam."""
    found: list[Stretch] = []
    for one in covered:
        start = one.start
        for other in by:
            if other.end <= start or other.start >= one.end:
                continue
            if other.start > start:
                found.append(Stretch(start, other.start))
            start = max(start, other.end)
        if start < one.end:
            found.append(Stretch(start, one.end))
    return [one for one in found if one.end - one.start > seam]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several recorders of one event beside each other."""

    covered: dict[str, list[Stretch]]
    """By recorder."""
    only: dict[str, list[Stretch]]
    """By recorder: what no other one has."""
    missing: list[Stretch]
    """What none has."""


def compare(given: Mapping[str, Iterable[Stretch]], within: Stretch, seam: timedelta) -> Comparison:
    covered = {name: union(stretches, within, seam) for name, stretches in given.items()}
    only = {}
    for name in covered:
        others = union(
            (one for other, found in covered.items() if other != name for one in found), within, seam
        )
        only[name] = minus(covered[name], others, seam)
    whole = union((one for found in covered.values() for one in found), within, seam)
    return Comparison(covered, only, minus([within], whole, seam))
