"""Badges at a cabinet, what they open, and what was really taken or put back (领用、归还)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody, holdings, ledger, orders
from gateway.bays import NOTHING, SHUT_S, bays_of, open_checkouts, openings, status_of
from gateway.device import BadgeShown, BayRead, Refused
from gateway.ledger import CheckoutIn, ReturnIn
from gateway.models import Checkout, DeviceStatus, Officer, OrderRow, OrderState
from gateway.rules.certificate import is_valid
from gateway.rules.handover import BayFacts, Denied, Opening, decide
from gateway.wording import CHINA, Reason, reason

ACTOR = "gateway"
ASKED_S = 15
"""A lock that has not been opened by then stays shut: whoever showed the badge has gone."""


def badge_shown(session: Session, event: BadgeShown) -> None:
    """Ask for the lock that this badge opens, or say why it opens none."""
    on = event.at.astimezone(CHINA).date()
    officer = holdings.who_bears(session, col(Officer.badge) == event.code, on)
    if officer is None:
        refused(session, event, None, reason("handover.unknown_badge", badge=event.code))
        return
    if event.late:
        refused(session, event, officer, reason("handover.late"))
        return
    if (opened := opened_for(session, event.device_id, officer.id, event.at)) is not None:
        open_again(session, event, officer, opened)
        return
    out = open_checkouts(session, Checkout.officer_id == officer.id)
    bays = bays_of(session, event.device_id, officer, event.at)
    found = decided(
        session, officer, bays, event.at, has_one_out=bool(out), least_battery=event.least_battery
    )
    if not isinstance(found, Opening):
        refused(session, event, officer, reason(found.code, **found.facts))
        return
    unlock(session, event, officer, found.bay, found.device)


def decided(
    session: Session, officer: Officer, bays: Sequence[BayFacts], at: datetime, *, has_one_out: bool,
    least_battery: int,
) -> Opening | Denied:  # fmt: skip
    """What these bays give this officer then, by what the roster tells of him."""
    on = at.astimezone(CHINA).date()
    [certificate] = holdings.certificates(session, [officer]).values()
    return decide(
        bays, has_one_out=has_one_out, certificate=is_valid(certificate, on), least_battery=least_battery,
        has_left=officer.has_left(on),
    )  # fmt: skip


def opened_for(session: Session, cabinet: str, officer: str, at: datetime) -> OrderRow | None:
    """What was opened for this officer a moment ago and is still there: one badge gives one device."""
    found = session.exec(select(DeviceStatus.bay).where(DeviceStatus.device_id == cabinet)).all()
    mine = [
        order
        for bay in found
        for order in openings(session, cabinet, bay, at)
        if order.arguments.get("officer") == officer and order.arguments.get("device")
    ]
    return max(mine, key=lambda order: order.asked_at, default=None)


def open_again(session: Session, event: BadgeShown, officer: Officer, opened: OrderRow) -> None:
    """The same bay, if its lock has fallen shut; never another."""
    bay = str(opened.arguments["bay"])
    shut = status_of(session, event.device_id, bay).detail.get("locked") is not False
    if opened.state is OrderState.DONE and shut and event.at - opened.asked_at > timedelta(seconds=SHUT_S):
        opened.spent = NOTHING
        session.add(opened)
        unlock(session, event, officer, bay, opened.arguments.get("device"))
    else:
        refused(session, event, officer, reason("handover.already_open", bay=bay))


def unlock(session: Session, event: BadgeShown, officer: Officer, bay: str, device: str | None) -> None:
    asked = {"bay": bay, "device": device, "officer": officer.id}
    orders.ask(
        session, "unlock", officer.id, device_id=event.device_id, arguments=asked,
        within=timedelta(seconds=ASKED_S),
    )  # fmt: skip
    enter(session, event.device_id, "BADGE_ACCEPTED", officer.id, {**asked, "reader": event.reader})
    show(session, event.device_id, officer.name, reason("handover.open", bay=bay), event.at)


def refused(session: Session, event: BadgeShown, officer: Officer | None, why: Reason) -> None:
    who = officer.id if officer else ACTOR
    enter(session, event.device_id, "BADGE_REFUSED", who, {"why": why, "reader": event.reader})
    show(session, event.device_id, officer.name if officer else "", why, event.at)


def show(session: Session, cabinet: str, who: str, why: Reason, at: datetime) -> None:
    """What the cabinet answered last."""
    status = status_of(session, cabinet, "")
    status.detail = {**status.detail, "badge": {"who": who, "why": why, "at": at.isoformat()}}
    session.add(status)


def enter(session: Session, cabinet: str, event: str, actor: str, detail: Mapping[str, Any]) -> None:
    custody.append(session, custody.device_chain(cabinet), event, actor, cabinet, (), detail)


def bay_read(session: Session, event: BayRead) -> None:
    """The board's view of one bay. That something left or came is told by comparing, so that what happened
    while nobody looked is noticed, too.
    """
    status = status_of(session, event.device_id, event.bay)
    before = status.detail.get("occupied")
    fresh_alarms = sorted({*event.alarms} - {*status.detail.get("alarms", ())})
    told = {
        "dock": event.dock, "occupied": event.occupied, "battery": event.battery, "closed": event.closed,
        "locked": event.locked, "alarms": list(event.alarms),
    }  # fmt: skip
    if event.occupied is not before:
        told["occupied_since"] = event.at.isoformat()
    if event.occupied:
        told["unregistered"] = None
    dock = session.get(DeviceStatus, (event.dock, event.bay)) if event.dock else None
    if dock is not None and dock.detail.get("camera") and event.occupied is not False:
        told["camera"] = dock.detail["camera"]
    status.detail = {**status.detail, **told}
    status.present = True
    session.add(status)
    if fresh_alarms:
        enter(session, event.device_id, "BAY_ALARM", ACTOR, {"bay": event.bay, "alarms": fresh_alarms})
    if before and event.occupied is False:
        taken(session, event.device_id, status, event.at)


def docked(session: Session, dock: str, bay: str, camera: str | None, at: datetime) -> None:
    """What the dock sees in a bay. In a cabinet's bay, a device that comes is given back; where the board
    cannot tell, one that goes is taken.
    """
    cabinet = next(
        (
            one
            for one in session.exec(select(DeviceStatus).where(DeviceStatus.bay == bay))
            if one.detail.get("dock") == dock
        ),
        None,
    )
    if cabinet is None:
        return
    before, occupied = cabinet.detail.get("camera"), cabinet.detail.get("occupied")
    if camera and before and camera != before:
        taken(session, cabinet.device_id, cabinet, at)  # changed for another while nobody looked
    cabinet.detail = {**cabinet.detail, "camera": camera or (before if occupied is not False else None)}
    if camera:
        for checkout in open_checkouts(session, Checkout.device_id == camera):
            back = max(at, checkout.out_at + timedelta(seconds=1))
            ledger.give_back(session, checkout.id, ReturnIn(in_at=back, in_station_id=dock), ACTOR)
    elif occupied is None and before:
        taken(session, cabinet.device_id, cabinet, at)
    session.add(cabinet)


def taken(session: Session, cabinet: str, status: DeviceStatus, at: datetime) -> None:
    """Something left a bay: a checkout for whom it was opened, or an entry that nobody registered it."""
    camera = status.detail.get("camera")
    opening = next(iter(openings(session, cabinet, status.bay, at)), None)
    status.detail = {**status.detail, "camera": None}
    officer = opening.arguments.get("officer") if opening else None
    if camera is None:
        return  # nothing that we know of lay in it
    try:
        if opening is None or opening.arguments.get("device") != camera:
            raise Refused("handover.unregistered", device=camera, bay=status.bay)
        given = CheckoutIn(
            device=camera, officer=str(officer), out_at=at, handed_by=cabinet,
            precheck_battery_pct=status.detail.get("battery"),
        )  # fmt: skip
        checkout = ledger.check_out(session, given, str(officer))
    except Refused as no:
        status.detail = {**status.detail, "unregistered": no.reason}
        enter(session, cabinet, "TAKEN_UNREGISTERED", ACTOR, {"bay": status.bay, "why": no.reason})
        return
    opening.spent = {"checkout": checkout.id}
    session.add(opening)
