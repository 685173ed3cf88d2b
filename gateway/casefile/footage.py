"""The footage of a case, step by step: on a time line, by device and day, counted where there is much."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlmodel import Session, col, func, or_, select

from gateway.casefile.listing import people
from gateway.database import columns
from gateway.models import Activity, Clip, Device, Link, LinkStatus
from gateway.rules.findings import Verdict
from gateway.visibility import Viewer, visible

LAST = datetime(2200, 1, 1, tzinfo=UTC)
PIXELS = 1000
"""A time line is drawn this fine: what lies closer is one mark."""
CLOSE = 2
DAYS = timedelta(hours=30)
"""A step that lasts longer is drawn day by day."""
AROUND = 0.15
"""So much beside the step is drawn of what was recorded before and after it."""


class Piece(NamedTuple):
    """One clip, or a part of it, where it is linked to one step."""

    link: str
    clip: str
    step: str | None
    device: str
    officer: str | None
    began: datetime | None
    ended: datetime | None
    t0: float | None
    t1: float | None
    status: LinkStatus
    verdict: str
    doubted: bool

    @property
    def start(self) -> datetime | None:
        return self.began + timedelta(seconds=self.t0) if self.began and self.t0 else self.began

    @property
    def end(self) -> datetime | None:
        if self.began and self.ended and self.t1 is not None:
            return min(self.ended, self.began + timedelta(seconds=self.t1))
        return self.ended

    @property
    def order(self) -> tuple[datetime, str]:
        return self.start or LAST, self.link

    @property
    def asks(self) -> bool:
        """A person has to look at it."""
        return self.doubted or self.verdict == Verdict.NEEDS_REVIEW

    def day(self, zone: tzinfo) -> date | None:
        return self.start.astimezone(zone).date() if self.start else None


@dataclass(frozen=True, slots=True)
class Pieces:
    seen: list[Piece]
    """In order of time; what has none comes last."""
    hidden: int
    """Of devices that the viewer may not see: counted, not shown."""


def pieces(session: Session, viewer: Viewer, uid: str, steps: Iterable[str]) -> dict[str | None, Pieces]:
    """By step; under None what is linked to no step, or to one that the case system took back."""
    wanted = sorted(steps)
    mine = columns(
        Link.id, Link.clip_id, Link.activity_id, Clip.device_id, Clip.officer_id, Clip.started_at,
        Clip.ended_at, Link.t0_s, Link.t1_s, Link.status, Link.verdict, col(Link.doubt).is_not(None),
    ).join(Clip, col(Clip.id) == Link.clip_id)  # fmt: skip
    placed = col(Link.activity_id).in_(wanted)
    seen = mine.where(*standing(uid), or_(placed, unplaced(uid)), visible(viewer, Clip))
    found: dict[str | None, list[Piece]] = defaultdict(list)
    known = set(wanted)
    for row in session.execute(seen):
        piece = Piece(*row)
        found[piece.step if piece.step in known else None].append(piece)
    counted, there = counts(session, uid), every_step(session, uid)
    gone = sum(count for step, count in counted.items() if step not in there)
    told: dict[str | None, Pieces] = {}
    for step in (*wanted, None):
        here = sorted(found.get(step, ()), key=lambda one: one.order)
        told[step] = Pieces(here, (counted[step] if step else gone) - len(here))
    return told


def standing(uid: str) -> tuple[Any, ...]:
    return Link.case_uid == uid, col(Link.ended_at).is_(None), Link.status != LinkStatus.WITHDRAWN


def unplaced(uid: str) -> Any:
    there = select(Activity.id).where(Activity.case_uid == uid, col(Activity.withdrawn_at).is_(None))
    return or_(col(Link.activity_id).is_(None), col(Link.activity_id).not_in(there))


def every_step(session: Session, uid: str) -> set[str]:
    there = select(Activity.id).where(Activity.case_uid == uid, col(Activity.withdrawn_at).is_(None))
    return set(session.exec(there))


def counts(session: Session, uid: str) -> Counter[str | None]:
    """How many links each step has, whoever may see their clips."""
    counted = columns(Link.activity_id, func.count()).where(*standing(uid)).group_by(col(Link.activity_id))
    return Counter({step: int(count) for step, count in session.execute(counted)})


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a lane: one piece, or several that lie so close that they cannot be told apart."""

    x: float
    width: float
    """0 … 1000 of the lane."""
    confirmed: bool
    asks: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """What one device recorded, on one day where the step is drawn by days."""

    device: str
    day: date | None
    holders: tuple[str, ...]
    marks: tuple[Mark, ...]
    count: int
    beyond: int
    """Recorded at another time than is drawn, or nobody knows when."""


@dataclass(frozen=True, slots=True)
class Axis:
    start: datetime
    end: datetime

    @property
    def length(self) -> float:
        return max((self.end - self.start).total_seconds(), 1.0)

    def x(self, at: datetime) -> float:
        return min(max((at - self.start).total_seconds() / self.length, 0.0), 1.0) * PIXELS

    def has(self, start: datetime, end: datetime) -> bool:
        return start < self.end and end > self.start


def axis_of(start: datetime, end: datetime, own: Sequence[Piece]) -> Axis:
    """The step, and of its surroundings as much as was recorded close to it."""
    room = max((end - start) * AROUND, timedelta(minutes=2))
    first = min((one.start for one in own if one.start), default=start)
    last = max((one.end for one in own if one.end), default=end)
    return Axis(max(start - room, min(start, first)), min(end + room, max(end, last)))


def is_by_days(start: datetime, end: datetime) -> bool:
    return end - start > DAYS


def lanes(
    own: Sequence[Piece], axis: Axis, *, by_days: bool, zone: tzinfo, most: int
) -> tuple[list[Lane], int]:
    """The device that began first on top; by days, the days in their order. And how many more there are."""
    grouped: dict[tuple[date, str], list[Piece]] = defaultdict(list)
    for one in own:  # in order of time, and so is each group
        grouped[(one.day(zone) or date.max) if by_days else date.max, one.device].append(one)
    order = sorted(grouped, key=lambda which: (which[0], grouped[which][0].order))
    return [lane(grouped[which], which, axis, zone) for which in order[:most]], max(0, len(order) - most)


def lane(own: Sequence[Piece], which: tuple[date, str], axis: Axis, zone: tzinfo) -> Lane:
    day = which[0] if which[0] != date.max else None
    drawn = day_axis(day, zone) if day else axis
    shown = [one for one in own if one.start and one.end and drawn.has(one.start, one.end)]
    holders = tuple(dict.fromkeys(one.officer for one in own if one.officer))
    marks = tuple(marked(shown, drawn))
    return Lane(which[1], day, holders, marks, len(own), len(own) - len(shown))


def day_axis(day: date, zone: tzinfo) -> Axis:
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    return Axis(start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC))


def marked(own: Iterable[Piece], axis: Axis) -> Iterable[Mark]:
    """What a person stands by and what is proposed never become one mark."""
    run: list[Piece] = []
    begin = end = 0.0
    for one in own:
        assert one.start is not None
        assert one.end is not None
        x0, x1 = axis.x(one.start), axis.x(one.end)
        if run and x0 - end <= CLOSE and min(x1 - begin, x1 - x0) <= 4 * CLOSE and alike(run[-1], one):
            run.append(one)
            end = max(end, x1)
            continue
        if run:
            yield mark(run, begin, end)
        run, begin, end = [one], x0, x1
    if run:
        yield mark(run, begin, end)


def alike(one: Piece, other: Piece) -> bool:
    return one.status is other.status and one.asks == other.asks


def mark(run: Sequence[Piece], begin: float, end: float) -> Mark:
    wide = max(end - begin, CLOSE)
    return Mark(
        round(min(begin, PIXELS - wide), 1), round(wide, 1), run[0].status is LinkStatus.CONFIRMED,
        run[0].asks, tuple(run),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """What people call devices and officers."""

    devices: Mapping[str, str]
    people: Mapping[str, str]

    def device(self, ref: str) -> str:
        return self.devices.get(ref, ref)

    def person(self, ref: str) -> str:
        return self.people.get(ref, ref)


def names_of(session: Session, devices: set[str], officers: set[str]) -> Names:
    called = select(Device.id, Device.name).where(col(Device.id).in_(devices))
    return Names({one: name or one for one, name in session.exec(called)}, people(session, officers))


def names_in(session: Session, own: Iterable[Piece], more: Iterable[str] = ()) -> Names:
    """Of everything that is drawn, and of `more` people."""
    known = list(own)
    officers = {one.officer for one in known if one.officer}
    return names_of(session, {one.device for one in known}, officers.union(more))
