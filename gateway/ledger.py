"""The equipment ledger: who has a device (配备), who took one out and brought it back (领用、归还)."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, linking
from gateway.device import Refused
from gateway.instants import Moment
from gateway.models import Allocation, AllocationKind, Checkout, Device, Officer, Room, Unit, now

Entry = TypeVar("Entry", Allocation, Checkout)
Span = tuple[datetime, datetime | None]


class AllocationIn(BaseModel):
    """配备: who has a device, from when to when. Exactly one of officer, room, unit."""

    model_config = ConfigDict(extra="forbid")
    device: str
    kind: AllocationKind = AllocationKind.PERSONAL
    officer: str | None = None
    room: str | None = None
    unit: str | None = None
    valid_from: Moment
    valid_to: Moment | None = None
    doc_no: str | None = None
    approved_by: str | None = None


class CheckoutIn(BaseModel):
    """领用: who took a shared device out, and when it came back."""

    model_config = ConfigDict(extra="forbid")
    device: str
    officer: str
    out_at: Moment
    in_at: Moment | None = None
    purpose: str | None = None
    case_hint: str | None = None


def allocate(session: Session, given: AllocationIn, actor: str, replaces: str | None = None) -> Allocation:
    """Enter an allocation; one that corrects another supersedes it and never overwrites it.

    Raises Refused for an unknown device or holder, a period that ends before it begins,
    and a period in which somebody else has the device already (AL-2).
    """
    known(session, Device, given.device, "device")
    holders = [ref for ref in (given.officer, given.room, given.unit) if ref]
    if len(holders) != 1:
        raise Refused("ledger.one_holder")
    if given.officer:
        known(session, Officer, given.officer, "officer")
    elif given.room:
        known(session, Room, given.room, "room")
    elif given.unit:
        known(session, Unit, given.unit, "unit")
    period(given.valid_from, given.valid_to)
    old = superseded(session, Allocation, replaces)
    check_free(session, given, replaces)
    new = Allocation(
        device_id=given.device,
        kind=given.kind,
        officer_id=given.officer,
        room_id=given.room,
        unit_id=given.unit,
        valid_from=given.valid_from,
        valid_to=given.valid_to,
        doc_no=given.doc_no,
        approved_by=given.approved_by,
    )
    return entered(session, new, old, "ALLOCATED", actor, (given.valid_from, given.valid_to))


def check_out(session: Session, given: CheckoutIn, actor: str, replaces: str | None = None) -> Checkout:
    """Enter a checkout (AL-4: checkouts of one device do not overlap)."""
    known(session, Device, given.device, "device")
    known(session, Officer, given.officer, "officer")
    period(given.out_at, given.in_at)
    old = superseded(session, Checkout, replaces)
    for other in session.exec(
        select(Checkout).where(Checkout.device_id == given.device, col(Checkout.superseded_at).is_(None))
    ):
        if other.id != replaces and overlap(given.out_at, given.in_at, other.out_at, other.in_at):
            raise Refused("ledger.overlaps", holder=other.officer_id, since=other.out_at.isoformat())
    new = Checkout(
        device_id=given.device,
        officer_id=given.officer,
        out_at=given.out_at,
        in_at=given.in_at,
        purpose=given.purpose,
        case_hint=given.case_hint,
    )
    return entered(session, new, old, "CHECKED_OUT", actor, (given.out_at, given.in_at))


def give_back(session: Session, checkout_id: str, in_at: datetime, actor: str) -> Checkout:
    """Close an open checkout."""
    row = session.get(Checkout, checkout_id, with_for_update=True)
    if row is None or row.superseded_at is not None:
        raise Refused("ledger.unknown", what="checkout", ref=checkout_id)
    period(row.out_at, in_at)
    row.in_at = in_at
    return entered(session, row, None, "RETURNED", actor, (row.out_at, None))


def entered(session: Session, new: Entry, old: Entry | None, event: str, actor: str, span: Span) -> Entry:
    """Write one entry and what it supersedes, with custody, and have the clips it can reach decided anew."""
    session.add(new)
    detail = {"replaces": old.id} if old is not None else {}
    if old is not None:
        session.add(old)
        chain = custody.device_chain(old.device_id)
        custody.append(session, chain, "SUPERSEDED", actor, old.device_id, (old,), {"by": new.id})
    custody.append(session, custody.device_chain(new.device_id), event, actor, new.device_id, (new,), detail)
    linking.due(session, event.lower(), device_id=new.device_id, span=span)
    return new


def superseded(session: Session, model: type[Entry], entry_id: str | None) -> Entry | None:
    """The entry that a correction takes the place of; it stays in the ledger."""
    if entry_id is None:
        return None
    old = session.get(model, entry_id, with_for_update=True)
    if old is None or old.superseded_at is not None:
        raise Refused("ledger.unknown", what=model.__name__.lower(), ref=entry_id)
    old.superseded_at = now()
    linking.due(session, "correction", device_id=old.device_id, span=span_of(old))
    return old


def span_of(entry: Allocation | Checkout) -> Span:
    if isinstance(entry, Allocation):
        return entry.valid_from, entry.valid_to
    return entry.out_at, entry.in_at


def check_free(session: Session, given: AllocationIn, replaces: str | None) -> None:
    shared = {AllocationKind.FIXED_ROOM, AllocationKind.WINDOW}
    if given.kind in shared:
        return
    for other in session.exec(
        select(Allocation).where(
            Allocation.device_id == given.device, col(Allocation.superseded_at).is_(None)
        )
    ):
        if other.id == replaces or other.kind in shared:
            continue
        if overlap(given.valid_from, given.valid_to, other.valid_from, other.valid_to):
            holder = other.officer_id or other.room_id or other.unit_id
            raise Refused("ledger.overlaps", holder=holder, since=other.valid_from.isoformat())


def overlap(start: datetime, end: datetime | None, other: datetime, other_end: datetime | None) -> bool:
    return (other_end is None or start < other_end) and (end is None or other < end)


def period(start: datetime, end: datetime | None) -> None:
    if end is not None and end <= start:
        raise Refused("ledger.backwards", start=start.isoformat(), end=end.isoformat())


def known(session: Session, model: type[SQLModel], ref: str, what: str) -> None:
    if session.get(model, ref) is None:
        raise Refused("ledger.unknown", what=what, ref=ref)
