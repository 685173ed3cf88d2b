"""What officers do at a dock without locks: take a shared device, bring one back (R-44 to R-46)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

from gateway import holdings, ledger
from gateway.bays import bays_of, open_checkouts
from gateway.device import Refused
from gateway.handover import decided
from gateway.ledger import CheckoutIn, ReturnIn
from gateway.models import Checkout, Device, Officer
from gateway.rules.handover import Claim, Opening
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA, Reason, reason


@dataclass(frozen=True, slots=True)
class Offer:
    """What this officer may do here now."""

    officer: Officer
    out: tuple[tuple[Checkout, Device], ...]
    """What he has, to be brought back."""
    take: Opening | None = None
    name: str = ""
    """Of the device that he may take."""
    why: Reason | None = None
    """Why there is nothing to take."""


def offer(session: Session, viewer: Viewer, dock: str, code: str, at: datetime) -> Offer:
    """`code` is what the reader tells of a badge, or the officer's number, typed.

    Raises Refused for somebody who is not known, or not to this viewer.
    """
    known = or_(col(Officer.badge) == code, col(Officer.number) == code)
    on = at.astimezone(CHINA).date()
    officer = holdings.who_bears(session, and_(known, visible(viewer, Officer)), on)
    if officer is None:
        raise Refused("handover.unknown_badge", badge=code)
    out = open_checkouts(session, Checkout.officer_id == officer.id)
    if out:
        return Offer(officer, tuple((one, session.get_one(Device, one.device_id)) for one in out))
    found = choice(session, dock, officer, at)
    if isinstance(found, Opening):
        device = session.get_one(Device, found.device)
        return Offer(officer, (), take=found, name=device.name or device.id)
    return Offer(officer, (), why=found)


def choice(session: Session, dock: str, officer: Officer, at: datetime) -> Opening | Reason:
    """The shared device that he should take; his own needs no checkout."""
    bays = [bay for bay in bays_of(session, dock, officer, at) if bay.claim is not Claim.PERSONAL]
    found = decided(session, officer, bays, at, has_one_out=False, least_battery=0)
    return found if isinstance(found, Opening) else reason(found.code, **found.facts)


def take(session: Session, viewer: Viewer, dock: str, officer_id: str, device: str, at: datetime) -> Checkout:
    """Enter that he takes it. Raises Refused when it is no longer the one that he may take."""
    officer = session.exec(
        select(Officer).where(Officer.id == officer_id, visible(viewer, Officer))
    ).one_or_none()
    if officer is None:
        raise Refused("ledger.unknown", kind="officer", ref=officer_id)
    if session.get(Device, device, with_for_update=True) is None:
        raise Refused("ledger.unknown", kind="device", ref=device)
    if open_checkouts(session, Checkout.officer_id == officer.id):
        raise Refused("handover.has_one_out")
    found = choice(session, dock, officer, at)
    if not isinstance(found, Opening):
        raise Refused(found["code"], **found["facts"])
    if found.device != device:
        raise Refused("handover.changed")
    given = CheckoutIn(device=device, officer=officer.id, out_at=at, handed_by=dock)
    return ledger.check_out(session, given, viewer.name)


def bring_back(session: Session, viewer: Viewer, dock: str, checkout_id: str, at: datetime) -> Checkout:
    """Raises Refused for an entry that is not there, or closed already."""
    seen = select(Checkout.id).where(Checkout.id == checkout_id, visible(viewer, Checkout))
    if session.exec(seen).one_or_none() is None:
        raise Refused("ledger.unknown", kind="checkout", ref=checkout_id)
    given = ReturnIn(in_at=at, received_by=viewer.name, in_station_id=dock)
    return ledger.give_back(session, checkout_id, given, viewer.name)
