"""The equipment ledger: who has a device (配备), who took one out and brought it back (领用、归还)."""

from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, holdings, linking
from gateway.device import Refused
from gateway.instants import Moment
from gateway.models import (
    Allocation,
    AllocationKind,
    Checkout,
    ClockSetting,
    Condition,
    Device,
    Officer,
    Room,
    Unit,
    now,
)
from gateway.rules.allocation import Custody, Holding, held_at
from gateway.rules.ledger import clash, holder_rule, order_rule
from gateway.rules.standing import OUT_OF_USE
from gateway.wording import CHINA

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
    why: str | None = Field(default=None, max_length=500, description="of a correction: what was wrong")


class CheckoutIn(BaseModel):
    """领用: who took a shared device out, and when it came back."""

    model_config = ConfigDict(extra="forbid")
    device: str
    officer: str
    out_at: Moment
    in_at: Moment | None = None
    purpose: str | None = None
    case_hint: str | None = None
    precheck_battery_pct: float | None = Field(default=None, ge=0, le=100, description="电量 % (R-21)")
    precheck_free_gb: float | None = Field(default=None, ge=0, description="剩余存储 GB (R-21)")
    clock_offset_s: float | None = Field(default=None, description="its clock minus true time (R-21, AL-12)")
    clock_synced_at: Moment | None = Field(
        default=None, description="when its clock had been set; without it, as docks have on record"
    )
    handed_by: str | None = None
    received_by: str | None = None
    in_condition: Condition | None = None
    in_station_id: str | None = None
    why: str | None = Field(default=None, max_length=500, description="of a correction: what was wrong")


class ReturnIn(BaseModel):
    """归还: when it came back, to whom, into which dock, and how."""

    model_config = ConfigDict(extra="forbid")
    in_at: Moment
    received_by: str | None = None
    in_condition: Condition | None = None
    in_station_id: str | None = None


def allocate(session: Session, given: AllocationIn, actor: str, replaces: str | None = None) -> Allocation:
    """Enter an allocation; one that corrects another supersedes it and never overwrites it.

    Raises Refused for an unknown device or holder, a holder that does not go with the kind (AL-3), a period
    that ends before it begins, a device that is lost or retired by then (AL-8), and a period in which
    somebody else has the device already (AL-2).
    """
    device = device_held(session, given.device)
    holders = [ref for ref in (given.officer, given.room, given.unit) if ref]
    if len(holders) != 1:
        raise Refused("ledger.one_holder")
    if given.officer:
        must_serve(session, given.officer, given.valid_from)
    elif given.room:
        known(session, Room, given.room, "room")
    elif given.unit:
        known(session, Unit, given.unit, "unit")
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
        why=given.why,
    )
    held = holdings.allocation_entry(new).holding
    check_holder(held)
    return taken_in(session, device, new, held, replaces, "ALLOCATED", actor)


def check_out(session: Session, given: CheckoutIn, actor: str, replaces: str | None = None) -> Checkout:
    """Enter a checkout (AL-4: checkouts of one device do not overlap), with the look before use (R-21)."""
    device = device_held(session, given.device)
    must_serve(session, given.officer, given.out_at)
    told = given.model_dump(exclude={"device", "officer"})
    told["clock_synced_at"] = given.clock_synced_at or last_set(session, given.device, given.out_at)
    new = Checkout(device_id=given.device, officer_id=given.officer, **told)
    return taken_in(
        session, device, new, holdings.checkout_entry(new).holding, replaces, "CHECKED_OUT", actor
    )


def give_back(session: Session, checkout_id: str, given: ReturnIn, actor: str) -> Checkout:
    """Close an open checkout. What is closed is corrected by another entry, not by a second return."""
    row = session.get(Checkout, checkout_id, with_for_update=True)
    if row is None:
        raise Refused("ledger.unknown", kind="checkout", ref=checkout_id)
    holdings.must_stand(row)
    if row.in_at is not None:
        raise Refused("ledger.returned_already", at=row.in_at.isoformat())
    in_order(row.out_at, given.in_at)
    for name, value in given.model_dump().items():
        setattr(row, name, value)
    row.in_recorded_at = now()
    return entered(session, row, None, "RETURNED", actor, (row.out_at, None))


def must_serve(session: Session, officer_id: str, at: datetime) -> None:
    """Raises Refused for somebody unknown, and for who had left by then (R-44)."""
    known(session, Officer, officer_id, "officer")
    officer = session.get_one(Officer, officer_id)
    if officer.left_on is not None and officer.has_left(at.astimezone(CHINA).date()):
        raise Refused("ledger.has_left", officer=officer.name, on=officer.left_on.isoformat())


def held(session: Session, device_id: str, at: datetime, known_at: datetime | None = None) -> Custody:
    """Who held the device at `at`, by what the ledger told at `known_at`; None: as it stands now."""
    return held_at(holdings.entries(session, device_id), at, known_at)


def last_set(session: Session, device_id: str, before: datetime) -> datetime | None:
    """When a dock set its clock last, for sure."""
    wanted = select(ClockSetting.set_at).where(
        ClockSetting.device_id == device_id,
        ClockSetting.set_at <= before,
        col(ClockSetting.certain).is_(True),
    )
    return session.exec(wanted.order_by(col(ClockSetting.set_at).desc()).limit(1)).first()


def device_held(session: Session, device_id: str) -> Device:
    """The device, locked: two who hand it out in one moment take turns."""
    device = session.get(Device, device_id, with_for_update=True)
    if device is None:
        raise Refused("ledger.unknown", kind="device", ref=device_id)
    return device


def taken_in(
    session: Session, device: Device, new: Entry, held: Holding, replaces: str | None, event: str, actor: str
) -> Entry:
    """A new line that all others may stand beside; the one that it corrects ends as this begins to tell."""
    in_order(held.start, held.end)
    check_in_use(session, device, held.start)
    if replaces is not None and (same := as_it_stands(session, new, replaces)) is not None:
        return same
    old = superseded(session, type(new), replaces)
    check_free(session, device.id, type(new), held, replaces)
    if old is not None and old.superseded_at is not None:
        new.recorded_at = old.superseded_at
    new.entered_by = actor
    return entered(session, new, old, event, actor, (held.start, held.end))


def as_it_stands(session: Session, new: Entry, replaces: str) -> Entry | None:
    """The entry itself where its correction says what it says: nothing is written."""
    old = session.get(type(new), replaces, with_for_update=True)
    own = {"id", "recorded_at", "in_recorded_at", "superseded_at", "entered_by", "why"}
    told = type(new).model_fields.keys() - own
    if old is None or old.superseded_at is not None:
        return None
    return old if all(getattr(old, name) == getattr(new, name) for name in told) else None


def check_holder(held: Holding) -> None:
    rule = holder_rule(held.kind, held.holder)
    if not rule.passed:
        raise Refused("ledger.unfit_holder", **dict(rule.facts))


def check_in_use(session: Session, device: Device, at: datetime) -> None:
    """Nobody gets what is lost or retired (AL-8)."""
    status = holdings.status_of(session, device, at)
    if status in OUT_OF_USE:
        raise Refused("ledger.out_of_use", status=status, at=at.isoformat())


def in_order(start: datetime, end: datetime | None) -> None:
    rule = order_rule(start, end)
    if not rule.passed:
        raise Refused("ledger.backwards", **dict(rule.facts))


def check_free(
    session: Session,
    device_id: str,
    model: type[Allocation] | type[Checkout],
    new: Holding,
    replaces: str | None,
) -> None:
    """AL-2 and AL-4."""
    others = (one for one in holdings.current(session, device_id, model) if one.id not in {replaces, new.id})
    if (other := clash(new, others)) is not None:
        raise Refused("ledger.overlaps", holder=other.holder_id, since=other.start.isoformat())


def entered(session: Session, new: Entry, old: Entry | None, event: str, actor: str, span: Span) -> Entry:
    """Write one entry and what it supersedes, with custody, and have the clips it can reach decided anew."""
    session.add(new)
    detail = {"replaces": old.id} if old is not None else {}
    if old is not None:
        session.add(old)
        chain = custody.device_chain(old.device_id)
        custody.append(session, chain, "SUPERSEDED", actor, old.device_id, (old,), {"by": new.id})
    custody.append(session, custody.device_chain(new.device_id), event, actor, new.device_id, (new,), detail)
    linking.holding_due(session, event.lower(), new.device_id, span)
    return new


def superseded(session: Session, model: type[Entry], entry_id: str | None) -> Entry | None:
    """The entry that a correction takes the place of; it stays in the ledger."""
    if entry_id is None:
        return None
    old = session.get(model, entry_id, with_for_update=True)
    if old is None:
        raise Refused("ledger.unknown", kind=model.__name__.lower(), ref=entry_id)
    holdings.must_stand(old)
    old.superseded_at = now()
    linking.holding_due(session, "correction", old.device_id, span_of(old))
    return old


def span_of(entry: Allocation | Checkout) -> Span:
    if isinstance(entry, Allocation):
        return entry.valid_from, entry.valid_to
    return entry.out_at, entry.in_at


def known(session: Session, model: type[SQLModel], ref: str, what: str) -> None:
    if session.get(model, ref) is None:
        raise Refused("ledger.unknown", kind=what, ref=ref)
