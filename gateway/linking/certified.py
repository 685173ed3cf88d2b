"""Which clips an officer's certificate can decide on (LK-5): of what he had, or was there at his steps."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, or_, select

from gateway.database import columns
from gateway.linking.due import due
from gateway.linking.outings import day_of
from gateway.linking.together import days_due
from gateway.models import Activity, Allocation, CaseAlias, CaseRecord, Checkout, Device
from gateway.models.spans import touches
from gateway.wording import CHINA

Span = tuple[datetime, datetime]
DAY = timedelta(days=1)


def certificate_due(
    session: Session, officer: str, first: date = date(1970, 1, 1), last: date = date(9000, 1, 1)
) -> None:
    """Have the clips of these days decided anew; a day more on both sides, for devices of other zones."""
    within = midnight(first) - DAY, midnight(last) + 2 * DAY
    whole: dict[str, Span] = {}
    for device, start, end in (*held(session, officer, within), *in_rooms(session, officer, within)):
        begin, finish = max(start, within[0]), min(end or within[1], within[1])
        known = whole.get(device, (begin, finish))
        whole[device] = min(known[0], begin), max(known[1], finish)
    for device, span in sorted(whole.items()):
        due(session, "certificate", device_id=device, span=span)
    witnesses_due(session, officer, within)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


def held(session: Session, officer: str, within: Span) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Devices that the ledger gives him in these days."""
    given = select(Allocation.device_id, Allocation.valid_from, Allocation.valid_to).where(
        Allocation.officer_id == officer,
        col(Allocation.superseded_at).is_(None),
        Allocation.valid_from <= within[1],
        or_(col(Allocation.valid_to).is_(None), col(Allocation.valid_to) >= within[0]),
    )
    taken = select(Checkout.device_id, Checkout.out_at, Checkout.in_at).where(
        Checkout.officer_id == officer,
        col(Checkout.superseded_at).is_(None),
        Checkout.out_at <= within[1],
        or_(col(Checkout.in_at).is_(None), col(Checkout.in_at) >= within[0]),
    )
    yield from session.exec(given)
    yield from session.exec(taken)


def in_rooms(session: Session, officer: str, within: Span) -> Iterator[tuple[str, datetime, datetime | None]]:
    """Recorders of the rooms and vehicles in which he took part in a step."""
    steps = session.exec(
        select(Activity.room_id, Activity.officers, Activity.started_at, Activity.ended_at).where(
            col(Activity.room_id).is_not(None),
            col(Activity.withdrawn_at).is_(None),
            touches(Activity.started_at, Activity.ended_at, *within),
        )
    )
    his = [(room, start, end) for room, officers, start, end in steps if officer in officers]
    recorders = recorders_of(session, {room for room, _, _ in his if room})
    for room, start, end in his:
        for device in recorders.get(room or "", ()):
            yield device, start, end


def recorders_of(session: Session, rooms: Iterable[str]) -> dict[str, set[str]]:
    """Room → devices that ever were in it."""
    wanted = sorted(rooms)
    fixed = session.exec(select(Device.room_id, Device.id).where(col(Device.room_id).in_(wanted))).all()
    given = session.exec(
        select(Allocation.room_id, Allocation.device_id).where(
            col(Allocation.room_id).in_(wanted), col(Allocation.superseded_at).is_(None)
        )
    ).all()
    found: dict[str, set[str]] = {}
    for room, device in (*fixed, *given):
        found.setdefault(str(room), set()).add(device)
    return found


def witnesses_due(session: Session, officer: str, within: Span) -> None:
    """What another's camera, or a vehicle, recorded of steps where he took part: it is a note only where all
    who were there have a certificate (`custody.refuted`, `custody.swapped`, AL-3)."""
    found = session.execute(
        columns(
            Activity.case_uid, Activity.officers, Activity.started_at, Activity.ended_at, CaseRecord.unit_id
        )
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(
            col(Activity.withdrawn_at).is_(None),
            touches(Activity.started_at, Activity.ended_at, *within),
        )
    )
    his = [row for row in found if officer in row.officers]
    units = units_of(session, {one for step in his for one in step.officers})
    days: defaultdict[str | None, set[date]] = defaultdict(set)
    for step in his:
        first, last = day_of(step.started_at) - DAY, day_of(step.ended_at) + DAY
        span = {first + number * DAY for number in range((last - first).days + 1)}
        for unit in {step.unit_id}.union(*(units[one] for one in step.officers)):
            days[unit] |= span
    for unit, reached in sorted(days.items(), key=str):
        days_due(session, unit, reached)
    cases = {step.case_uid for step in his}
    due(session, "certificate", numbers=sorted(numbers_of(session, cases)))


def units_of(session: Session, officers: set[str]) -> defaultdict[str, set[str]]:
    """Whose cameras these officers ever had."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in (Allocation, Checkout):
        had = (
            select(line.officer_id, Device.unit_id)
            .join(Device, col(Device.id) == line.device_id)
            .where(col(line.officer_id).in_(officers), col(line.superseded_at).is_(None))
            .distinct()
        )
        for holder, unit in session.exec(had):
            if holder is not None and unit is not None:
                found[holder].add(unit)
    return found


def numbers_of(session: Session, cases: set[str]) -> set[str]:
    return set(session.exec(select(CaseAlias.norm).where(col(CaseAlias.case_uid).in_(cases))))
