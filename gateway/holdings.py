"""Loads what the ledger tells: who had a device, where it stood, whose certificates hold; also as of then."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, case
from sqlmodel import Session, col, or_, select

from gateway.device import Refused
from gateway.models import (
    Allocation,
    AnnualCheck,
    Checkout,
    Device,
    Officer,
    Standing,
    UnitClass,
)
from gateway.rules.allocation import Entry, HolderKind, Holding
from gateway.rules.certificate import Certificate, Check
from gateway.rules.standing import Stand, status_at

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a device stands as it was registered, if nobody said since when."""


def must_stand(entry: Allocation | Checkout | Standing | UnitClass | AnnualCheck) -> None:
    """Raises Refused for what another entry took the place of already."""
    if entry.superseded_at is not None:
        raise Refused("ledger.superseded", at=entry.superseded_at.isoformat())


def serving(on: date) -> ColumnElement[bool]:
    """Of officers, those who have not left by that day."""
    return or_(col(Officer.left_on).is_(None), col(Officer.left_on) > on)


def who_bears(session: Session, theirs: ColumnElement[bool], on: date) -> Officer | None:
    """Whose badge or number that is. One that was given to somebody else is no more of who has left."""
    has_left = case((serving(on), 0), else_=1)
    found = select(Officer).where(theirs)
    return session.exec(found.order_by(has_left, col(Officer.left_on).desc(), col(Officer.id))).first()


def entries(session: Session, device_id: str) -> list[Entry]:
    """Every line of the ledger about a device, also what was superseded."""
    allocated = session.exec(select(Allocation).where(Allocation.device_id == device_id)).all()
    taken = session.exec(select(Checkout).where(Checkout.device_id == device_id)).all()
    return [*map(allocation_entry, allocated), *map(checkout_entry, taken)]


def allocation_entry(row: Allocation) -> Entry:
    holder, holder_id = holder_of(row)
    held = Holding(row.id, row.kind.value, holder, holder_id, row.valid_from, row.valid_to)
    return Entry(held, row.recorded_at, row.superseded_at)


def checkout_entry(row: Checkout) -> Entry:
    return Entry(taken_by(row), row.recorded_at, row.superseded_at, row.in_recorded_at)


def taken_by(row: Checkout | Row[Any]) -> Holding:
    return Holding(row.id, "CHECKOUT", HolderKind.OFFICER, row.officer_id, row.out_at, row.in_at)


def holder_of(row: Allocation) -> tuple[HolderKind, str]:
    if row.officer_id:
        return HolderKind.OFFICER, row.officer_id
    if row.room_id:
        return HolderKind.ROOM, row.room_id
    return HolderKind.UNIT, row.unit_id or ""


def stands(session: Session, device: Device, known: datetime | None = None) -> list[Stand]:
    """Where a device stood since when, by what the ledger told at `known`; None: as it stands now."""
    rows = session.exec(select(Standing).where(Standing.device_id == device.id)).all()
    return [Stand(row.status.value, row.since) for row in told(rows, known)] or [as_registered(device)]


def as_registered(device: Device) -> Stand:
    """The standing of a device of which nobody entered one."""
    first = device.in_service_from
    since = datetime.combine(first, time(), ZoneInfo(device.timezone)) if first else BEGINNING
    return Stand(device.status.value, since)


def told(rows: Iterable[Standing], known: datetime | None) -> list[Standing]:
    if known is None:
        return [row for row in rows if row.superseded_at is None]
    return [
        row
        for row in rows
        if row.recorded_at <= known and (row.superseded_at is None or known < row.superseded_at)
    ]


def status_of(session: Session, device: Device, at: datetime, known: datetime | None = None) -> str | None:
    """AL-8: the status at a moment; None before anything is known of the device."""
    return status_at(stands(session, device, known), at)


def current(session: Session, device_id: str, model: type[Allocation] | type[Checkout]) -> list[Holding]:
    """The lines of one kind as they stand now."""
    allocations = model is Allocation
    return [
        entry.holding
        for entry in entries(session, device_id)
        if entry.superseded_at is None and (entry.holding.kind != "CHECKOUT") is allocations
    ]


def certificates(session: Session, officers: Iterable[Officer]) -> dict[str, Certificate]:
    """By officer id, with their annual checks as they stand now."""
    known = {officer.id: officer for officer in officers}
    checks: defaultdict[str, list[Check]] = defaultdict(list)
    for row in session.exec(
        select(AnnualCheck)
        .where(col(AnnualCheck.officer_id).in_(known), col(AnnualCheck.superseded_at).is_(None))
        .order_by(col(AnnualCheck.valid_from), col(AnnualCheck.id))
    ):
        checks[row.officer_id].append(Check(row.passed, row.valid_from, row.valid_to))
    return {
        ref: Certificate(officer.cert_valid_from, officer.cert_valid_to, tuple(checks[ref]))
        for ref, officer in known.items()
    }
