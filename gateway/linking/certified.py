"""Which clips an officer's certificate can decide on (LK-5): devices that he or his rooms had then."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, or_, select

from gateway.linking.due import due
from gateway.models import Activity, Allocation, Checkout, Device
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
