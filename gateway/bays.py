"""The bays of a cabinet: what lies in each, by what right it may be taken, and what was opened for whom."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway.models import (
    Allocation,
    Checkout,
    Device,
    DeviceState,
    DeviceStatus,
    Officer,
    OrderRow,
    OrderState,
    now,
)
from gateway.offloads import open_offloads, progress
from gateway.rules.handover import BayFacts, Claim

SHUT_S = 5
"""A lock needs that long to be seen open."""
NOTHING: dict[str, Any] = {"checkout": None}
"""How an opening is spent that gave nothing out."""
HAND_S = 120
"""An opening accounts for what leaves its bay within so many seconds."""


def openings(session: Session, cabinet: str, bay: str, at: datetime) -> list[OrderRow]:
    """Orders that opened this bay a moment ago, or are about to, and gave nothing out yet; newest first."""
    found = session.exec(
        select(OrderRow)
        .where(
            OrderRow.device_id == cabinet,
            OrderRow.kind == "unlock",
            OrderRow.asked_at > at - timedelta(seconds=HAND_S),
            OrderRow.asked_at <= at + timedelta(seconds=SHUT_S),  # later: from before the clock was set back
            col(OrderRow.spent).is_(None),
            col(OrderRow.state).in_([OrderState.ASKED, OrderState.CLAIMED, OrderState.DONE]),
        )
        .order_by(col(OrderRow.asked_at).desc())
    )
    return [order for order in found if str(order.arguments.get("bay")) == bay]


def openings_ahead(session: Session, cabinet: str, at: datetime) -> Sequence[OrderRow]:
    """Those of before the clock was set back."""
    return session.exec(
        select(OrderRow).where(
            OrderRow.device_id == cabinet,
            OrderRow.kind == "unlock",
            OrderRow.asked_at > at + timedelta(seconds=SHUT_S),
            col(OrderRow.spent).is_(None),
        )
    ).all()


def end_openings_ahead(session: Session, cabinet: str, at: datetime) -> None:
    """They must not account for what is taken when their hour comes again."""
    for order in openings_ahead(session, cabinet, at):
        order.spent = NOTHING
        session.add(order)


def bays_of(session: Session, cabinet: str, officer: Officer | None, at: datetime) -> list[BayFacts]:
    """Every bay of a cabinet; `claim` is by what right this officer takes what lies in it."""
    statuses = session.exec(
        select(DeviceStatus).where(DeviceStatus.device_id == cabinet, DeviceStatus.bay != "")
    ).all()
    numbered = sorted(statuses, key=lambda status: (len(status.bay), status.bay))
    return [facts_of(session, cabinet, status, officer, at) for status in numbered]


def facts_of(
    session: Session, cabinet: str, status: DeviceStatus, officer: Officer | None, at: datetime
) -> BayFacts:
    told = status.detail
    camera = told.get("camera")
    device = session.get(Device, camera) if camera else None
    offload = open_offloads(session, [camera]).get(camera) if camera else None
    seen = progress(session, offload) if offload and offload.bay == status.bay else None
    dock = session.get(DeviceStatus, (told["dock"], status.bay)) if told.get("dock") else None
    occupied = told.get("occupied")
    return BayFacts(
        bay=status.bay,
        occupied=holds_something(camera, dock) if occupied is None else occupied,
        device=camera,
        in_service=device is not None and device.status is DeviceState.IN_SERVICE,
        claim=claim_of(session, device, officer, at) if device and officer else Claim.NONE,
        is_done=bool(seen and seen.is_done),
        set_aside=seen.set_aside if seen else 0,
        battery=told.get("battery"),
        fault=bool(told.get("alarms")) or bool(dock and dock.detail.get("state") in {"FAULT", "STRANGER"}),
        reserved=any(order.arguments.get("device") for order in openings(session, cabinet, status.bay, at)),
    )


def holds_something(camera: str | None, dock: DeviceStatus | None) -> bool:
    """Where the board cannot tell: only a dock that sees nothing plugged in makes a bay empty."""
    return bool(camera) or (dock is not None and dock.detail.get("state") != "EMPTY")


def claim_of(session: Session, device: Device, officer: Officer, at: datetime) -> Claim:
    """AL-3: his own by allocation, or shared with his unit."""
    held = session.exec(
        select(Allocation).where(
            Allocation.device_id == device.id,
            col(Allocation.superseded_at).is_(None),
            Allocation.valid_from <= at,
            or_(col(Allocation.valid_to).is_(None), col(Allocation.valid_to) > at),
        )
    ).all()
    if any(allocation.officer_id == officer.id for allocation in held):
        return Claim.PERSONAL
    is_shared = any(
        allocation.officer_id is None and allocation.unit_id == officer.unit_id for allocation in held
    )
    return Claim.SHARED if is_shared else Claim.NONE


def open_checkouts(session: Session, which: Any) -> Sequence[Checkout]:
    return session.exec(
        select(Checkout).where(
            which,
            col(Checkout.in_at).is_(None),
            col(Checkout.superseded_at).is_(None),
            Checkout.out_at <= now(),
        )
    ).all()


def status_of(session: Session, device: str, bay: str) -> DeviceStatus:
    return session.get(DeviceStatus, (device, bay)) or DeviceStatus(device_id=device, bay=bay)
