"""Loads what a sheet counts: officers with certificates, devices as they stood, checkouts of a span."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, or_, select

from gateway import holdings
from gateway.models import Checkout, Clip, Device, Officer, Standing, UnitClass, now
from gateway.rules.certificate import Certificate
from gateway.rules.standing import Stand, stand_at

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a sheet tells of: how things stand on the last, and what happened since the first."""

    since: date
    on: date
    zone: ZoneInfo

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.since, time(), self.zone)

    @property
    def moment(self) -> datetime:
        """The last moment of the last day; now, while it is not over."""
        return min(self.midnight(self.on) - timedelta(microseconds=1), now())

    @property
    def day_end(self) -> datetime:
        """The last end of a day that has come: what went out today need not be back yet."""
        last = self.midnight(self.on)
        return last if last <= now() else datetime.combine(self.on, time(), self.zone)

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), time(), self.zone)


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as it stood at the moment of the sheet."""

    row: Device
    status: str | None
    since: date | None
    """The day on which it got this status."""
    last_used: date | None

    @property
    def spec(self) -> Mapping[str, float | None]:
        return self.row.spec or {}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is counted, by the unit it is entered under."""

    officers: Mapping[str, list[Officer]]
    certificates: Mapping[str, Certificate]
    devices: Mapping[str, list[DeviceSeen]]
    checkouts: Mapping[str, list[Checkout]]
    classes: Mapping[str, UnitClass]


def load(session: Session, units: Collection[str], span: Span) -> Facts:
    officers = session.exec(
        select(Officer)
        .where(
            col(Officer.unit_id).in_(units),
            holdings.serving(span.on),
        )
        .order_by(col(Officer.id))
    ).all()
    devices = session.exec(
        select(Device).where(col(Device.unit_id).in_(units)).order_by(col(Device.id))
    ).all()
    ids = [device.id for device in devices]
    seen = devices_seen(session, devices, span)
    return Facts(
        officers=by_unit(officers, lambda officer: officer.unit_id),
        certificates=holdings.certificates(session, officers),
        devices=by_unit(seen, lambda one: one.row.unit_id),
        checkouts=checkouts(session, ids, {device.id: device.unit_id for device in devices}, span),
        classes=classes(session, units, span.on),
    )


def by_unit(rows: Iterable[T], unit_of: Callable[[T], str | None]) -> dict[str, list[T]]:
    """What is entered under no unit is on no sheet; a query by units brings none."""
    found: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[unit_of(row) or ""].append(row)
    return found


def devices_seen(session: Session, devices: Collection[Device], span: Span) -> list[DeviceSeen]:
    ids = [device.id for device in devices]
    rows = session.exec(
        select(Standing).where(col(Standing.device_id).in_(ids), col(Standing.superseded_at).is_(None))
    ).all()
    lives: dict[str, list[Stand]] = defaultdict(list)
    for row in rows:
        lives[row.device_id].append(Stand(row.status.value, row.since))
    used = last_uses(session, ids, span)
    found = []
    for device in devices:
        stand = stand_at(lives.get(device.id) or [holdings.as_registered(device)], span.moment)
        since = stand.since.astimezone(span.zone).date() if stand else None
        found.append(DeviceSeen(device, stand.status if stand else None, since, used.get(device.id)))
    return found


def last_uses(session: Session, ids: Collection[str], span: Span) -> dict[str, date]:
    """The day on which each device recorded last, or was out last."""
    recorded = session.exec(
        select(Clip.device_id, func.max(Clip.started_at))
        .where(col(Clip.device_id).in_(ids), col(Clip.started_at) <= span.moment)
        .group_by(Clip.device_id)
    )
    taken = session.exec(
        select(Checkout.device_id, func.max(Checkout.out_at))
        .where(
            col(Checkout.device_id).in_(ids),
            Checkout.out_at <= span.moment,
            col(Checkout.superseded_at).is_(None),
        )
        .group_by(Checkout.device_id)
    )
    found: dict[str, date] = {}
    for device, at in (*recorded, *taken):
        if at is not None:
            day = at.astimezone(span.zone).date()
            found[device] = max(found.get(device, day), day)
    return found


def checkouts(
    session: Session, ids: Collection[str], units: Mapping[str, str | None], span: Span
) -> dict[str, list[Checkout]]:
    """Those that began in the span, and those that were still open when its last day ended."""
    rows = session.exec(
        select(Checkout)
        .where(
            col(Checkout.device_id).in_(ids),
            col(Checkout.superseded_at).is_(None),
            Checkout.out_at < span.moment,
            or_(
                Checkout.out_at >= span.begin,
                col(Checkout.in_at).is_(None),
                col(Checkout.in_at) > span.day_end,
            ),
        )
        .order_by(col(Checkout.out_at))
    ).all()
    return by_unit(rows, lambda row: units[row.device_id])


def classes(session: Session, units: Collection[str], on: date) -> dict[str, UnitClass]:
    rows = session.exec(
        select(UnitClass).where(
            col(UnitClass.unit_id).in_(units),
            col(UnitClass.superseded_at).is_(None),
            UnitClass.valid_from <= on,
            or_(col(UnitClass.valid_to).is_(None), col(UnitClass.valid_to) >= on),
        )
    )
    return {row.unit_id: row for row in rows}
