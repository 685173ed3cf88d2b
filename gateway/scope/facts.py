"""Loads what the board needs of many steps at once: one query for each kind of fact, however many steps."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, func, or_, select

from gateway.linking.untimed import card_if, doubts_time
from gateway.models import (
    SHOWS_NOTHING,
    Activity,
    CaseRecord,
    Clip,
    Device,
    DeviceSignal,
    Link,
    LinkStatus,
    Original,
    Statement,
)
from gateway.rules.recorded import Part, Run, Told, is_elsewhere
from gateway.visibility import Viewer, visible

several: Any = sqlalchemy.select
"""Of many columns: SQLModel types no more than four."""

COUNTED = (LinkStatus.PROPOSED, LinkStatus.CONFIRMED)
MOMENTS = ("rec_stop", "low_battery", "storage_low", "tamper")
"""What connected recorders tell of why nothing was recorded; rooms tell of their gaps themselves."""
FEW = 200
"""Devices that are asked for by name; of more everything of the span is read."""
LATE_TOLD = timedelta(days=7)
"""A connected camera tells of a day when it is connected again."""


def looked_at_last(condition: Any) -> Any:
    """The same condition, by which no query begins: SQLite would read every link, and every step of a unit's
    cases however old, before it asks for the days that are wanted."""
    return sqlalchemy.case((condition, 1), else_=0) == 1


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a case, as the board shows it."""

    id: str
    case_uid: str
    case_title: str
    unit_id: str | None
    kind: str
    stage: str
    start: datetime
    end: datetime
    place: str | None
    room_id: str | None
    officers: Sequence[str]


@dataclass(slots=True)
class Footage:
    """What was linked to one step."""

    parts: list[Part] = field(default_factory=list)
    timeless: int = 0
    elsewhere: int = 0
    unreadable: int = 0
    last_arrival: datetime | None = None

    def add(self, part: Part | None, arrived: datetime) -> None:
        if part is None or part.start == part.end:
            self.timeless += 1
        else:
            self.parts.append(part)
        if self.last_arrival is None or arrived > self.last_arrival:
            self.last_arrival = arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which steps: those that began within a span."""

    since: datetime
    until: datetime
    units: frozenset[str] | None = None
    case: str | None = None
    cases: frozenset[str] | None = None
    steps: frozenset[str] | None = None
    stage: str | None = None
    """In any word for it; what that means each unit's rule pack says."""
    activity: str | None = None

    def conditions(self, viewer: Viewer) -> list[Any]:
        found = [
            Activity.started_at >= self.since,
            Activity.started_at < self.until,
            col(Activity.withdrawn_at).is_(None),
            looked_at_last(visible(viewer, CaseRecord)),
        ]
        if self.units is not None:
            found.append(looked_at_last(col(CaseRecord.unit_id).in_(self.units)))
        several = ((Activity.case_uid, self.cases), (Activity.id, self.steps))
        found += [col(column).in_(sorted(which)) for column, which in several if which is not None]
        given = ((Activity.case_uid, self.case), (Activity.id, self.activity))
        return [*found, *(column == value for column, value in given if value is not None)]


def steps(session: Session, conditions: Sequence[Any]) -> list[Step]:
    columns: Any = several(
        Activity.id, Activity.case_uid, CaseRecord.title, CaseRecord.unit_id, Activity.kind, Activity.stage,
        Activity.started_at, Activity.ended_at, Activity.place, Activity.room_id, Activity.officers,
    )  # fmt: skip
    found = columns.join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid).where(*conditions)
    return [Step(*row) for row in session.exec(found)]


APART: Any = or_(
    Clip.ended_at < Activity.started_at,  # type: ignore[operator]
    Clip.started_at > Activity.ended_at,  # type: ignore[operator]
    col(Link.t0_s).is_not(None),
    col(Link.t1_s).is_not(None),
)
"""What may be of another time than its step, before clocks and slack are asked: few of a board's clips."""


UNREADABLE: Any = func.coalesce(col(Clip.condition)["code"].as_string(), "").in_(SHOWS_NOTHING)


def footage(
    session: Session, conditions: Sequence[Any], asked: Mapping[str, Step], around: Callable[[Step], Run]
) -> dict[str, Footage]:
    """What was linked to each step; a rejected link proves nothing, nor does a clip of another time.

    `around`: a step with the slack of linking. What nobody knows the time of may be of the step.
    """
    columns: Any = several(
        Link.activity_id, card_if(APART), Clip.device_id, Clip.started_at, Clip.ended_at, Clip.uncertainty_s,
        Link.t0_s, Link.t1_s, func.coalesce(Original.acquired_at, Original.found_at), UNREADABLE,
    )  # fmt: skip
    rows = session.exec(
        columns.join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Activity, col(Activity.id) == Link.activity_id)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(
            col(Link.ended_at).is_(None),
            looked_at_last(col(Link.status).in_(COUNTED)),
            Link.verdict != "REJECTED",
            *conditions,
        )
    )
    found: dict[str, Footage] = defaultdict(Footage)
    for activity, card, *told, arrived, is_unreadable in rows:
        if is_unreadable:
            found[activity].unreadable += 1
            continue
        part, step = part_of(*told), card is not None and asked.get(activity)
        if step and part and is_elsewhere(part, *around(step)) and not doubts_time(card):
            found[activity].elsewhere += 1
        else:
            found[activity].add(part, arrived)
    return found


def part_of(
    device: str,
    start: datetime | None,
    end: datetime | None,
    doubt: float | None,
    t0: float | None,
    t1: float | None,
) -> Part | None:
    """The linked segment of a clip, or the moment at which it begins; None where its time is not known."""
    if start is None or end is None:
        return None
    begin = start if t0 is None else start + timedelta(seconds=t0)
    finish = end if t1 is None else min(end, start + timedelta(seconds=t1))
    return Part(device, begin, max(begin, finish), doubt or 0.0)


def statements(session: Session, conditions: Sequence[Any]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    rows = session.exec(
        select(Statement)
        .join(Activity, col(Activity.id) == Statement.activity_id)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(col(Statement.superseded_at).is_(None), *conditions)
        .order_by(col(Statement.id))
    )
    for row in rows:
        found[row.activity_id].append(row)
    return found


def recorders_of_rooms(session: Session) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for room, device in session.exec(
        select(Device.room_id, Device.id).where(col(Device.room_id).is_not(None))
    ):
        found[room or ""].append(device)
    return found


class Signals:
    """What each recorder told, in order of time."""

    def __init__(self, rows: Iterable[tuple[str, Told]], reach: timedelta) -> None:
        self.reach = reach
        self.told: dict[str, list[Told]] = defaultdict(list)
        for device, told in rows:
            self.told[device].append(told)
        for told_by in self.told.values():
            told_by.sort(key=lambda one: (one.start, one.cause))
        self.starts = {device: [one.start for one in told_by] for device, told_by in self.told.items()}
        self.longest = {
            device: max(one.end - one.start for one in told_by) for device, told_by in self.told.items()
        }

    @classmethod
    def load(
        cls, session: Session, since: datetime, until: datetime, reach: timedelta, devices: Collection[str]
    ) -> "Signals":
        """By when they happened, or where the device said nothing of that, by when they came."""
        here: list[Any] = [
            DeviceSignal.received_at >= since - reach, DeviceSignal.received_at < until + LATE_TOLD,
        ]  # fmt: skip
        if len(devices) <= FEW:
            here.append(col(DeviceSignal.device_id).in_(sorted(devices)))
        at = func.coalesce(DeviceSignal.device_time, DeviceSignal.received_at)
        moments = several(DeviceSignal.device_id, at, DeviceSignal.kind).where(
            col(DeviceSignal.kind).in_(MOMENTS), *here
        )
        told = [(device, Told(at, at, kind, is_moment=True)) for device, at, kind in session.exec(moments)]
        gaps = select(DeviceSignal.device_id, DeviceSignal.detail).where(DeviceSignal.kind == "gap", *here)
        each = ((device, told_gap(detail)) for device, detail in session.exec(gaps))
        return cls([*told, *((device, gap) for device, gap in each if gap is not None)], reach)

    def about(self, devices: Iterable[str], start: datetime, end: datetime) -> list[Told]:
        found: list[Told] = []
        for device in devices:
            if device not in self.told:
                continue
            first = bisect_left(self.starts[device], start - self.reach - self.longest[device])
            last = bisect_left(self.starts[device], end)
            found += self.told[device][first:last]
        return found


def told_gap(detail: Mapping[str, Any]) -> Told | None:
    """What a room's recorder tells of a gap; None where it does not say from when to when."""
    try:
        start, end = (datetime.fromisoformat(str(detail[name])) for name in ("from", "to"))
    except (KeyError, ValueError):
        return None
    if start.tzinfo is None or end.tzinfo is None or end <= start:
        return None
    return Told(start, end, str(detail.get("cause") or "unknown"))
