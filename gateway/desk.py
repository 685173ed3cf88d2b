"""The desk at which devices go out and come back (领用、归还), by whatever was typed or scanned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, or_, select

from gateway import holdings
from gateway.bays import open_checkouts
from gateway.models import Checkout, Device, DeviceState, Officer
from gateway.roster import STORAGE, names_of
from gateway.rules.certificate import certificate_rule
from gateway.rules.findings import Finding
from gateway.visibility import Viewer, visible
from gateway.wording import CHINA


@dataclass(frozen=True, slots=True)
class Scanned:
    """Whose number, or whose label, that was; several where two bear the same."""

    officers: Sequence[Officer]
    devices: Sequence[Device]


@dataclass(frozen=True, slots=True)
class Out:
    """A device that somebody has taken out."""

    id: str
    """Of the checkout."""
    device: str
    device_name: str
    officer: str
    officer_name: str
    since: datetime


MOST = 20


def scanned(session: Session, viewer: Viewer, code: str, at: datetime) -> Scanned:
    """By 警号, badge or number of an officer; by number, serial or asset number of a device."""
    officers = select(Officer).where(
        visible(viewer, Officer),
        or_(Officer.id == code, Officer.number == code, Officer.badge == code),
        holdings.serving(at.astimezone(CHINA).date()),
    )
    devices = select(Device).where(
        visible(viewer, Device),
        or_(Device.id == code, Device.serial_no == code, Device.asset_no == code),
        col(Device.type) != STORAGE,
        col(Device.status) != DeviceState.RETIRED,
    )
    return Scanned(
        session.exec(officers.order_by(col(Officer.id)).limit(MOST)).all(),
        session.exec(devices.order_by(col(Device.id)).limit(MOST)).all(),
    )


def out_with(session: Session, device_id: str) -> Checkout | None:
    """The checkout by which a device is out now."""
    return next(iter(open_checkouts(session, Checkout.device_id == device_id)), None)


def out_now(session: Session, viewer: Viewer, limit: int = 100) -> tuple[list[Out], int]:
    """What is out, the longest first; and how many in all."""
    is_out = (visible(viewer, Checkout), col(Checkout.in_at).is_(None), col(Checkout.superseded_at).is_(None))
    rows = session.exec(select(Checkout).where(*is_out).order_by(col(Checkout.out_at)).limit(limit)).all()
    devices = names_of(session, Device, {row.device_id for row in rows})
    officers = names_of(session, Officer, {row.officer_id for row in rows})
    count = session.exec(select(func.count()).select_from(Checkout).where(*is_out)).one()
    return [
        Out(
            row.id, row.device_id, devices.get(row.device_id) or row.device_id, row.officer_id,
            officers.get(row.officer_id, row.officer_id), row.out_at,
        )
        for row in rows
    ], count  # fmt: skip


def certificate_of(session: Session, officer: Officer, at: datetime) -> Finding:
    """AL-5: who hands out a device is told where the certificate does not hold; it prevents nothing here."""
    [held] = holdings.certificates(session, [officer]).values()
    return certificate_rule(officer.name, held, at.astimezone(CHINA).date())
