"""Work that one process asks of another: asked, claimed once, ended with a result."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from gateway import custody, importance
from gateway.database import Database
from gateway.models import OrderRow, OrderState, Original, now
from gateway.wording import reason

NOBODY = timedelta(seconds=5)
KINDS = ("verify", "retry", "relink", "copy")
CARRIED_OUT_BY: Mapping[str, frozenset[str]] = {
    "mqtt_camera": frozenset(
        {"start_recording", "stop_recording", "set_clock", "upload_now", "mark_important"}
    ),
    "rtsp_recorder": frozenset({"start_recording", "stop_recording"}),
    "serial_dock": frozenset({"unlock"}),
}
"""What a person may ask of a device, by its driver; of those that are not here, nothing."""


def ask(
    session: Session,
    kind: str,
    asked_by: str,
    *,
    device_id: str | None = None,
    clip_id: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    within: timedelta = timedelta(minutes=10),
) -> OrderRow:
    """Write an order down; what touches footage or a device is a custody event as well."""
    order = OrderRow(
        kind=kind,
        device_id=device_id,
        clip_id=clip_id,
        arguments=dict(arguments or {}),
        asked_by=asked_by,
        deadline=now() + within,
    )
    session.add(order)
    original = session.get(Original, clip_id) if clip_id else None
    about = original.device_id if original else device_id
    if about is not None:
        importance.take_named(session, order)
        detail = {"order": order.id, "kind": kind, **({"arguments": order.arguments} if device_id else {})}
        custody.append(
            session, custody.device_chain(about), "ORDERED", asked_by, clip_id or about, (), detail
        )
        importance.mark_named(session, order)
    return order


def claim(
    database: Database, executor: str, reaches: Callable[[str], object] = lambda _: True
) -> list[OrderRow]:
    """Take every order that nobody has; one whose deadline has passed is ended, never carried out.

    An order for a device is left to the gateway that reaches it. Only when nobody has taken it for a while
    does anybody, to say that there is no such device.
    """
    with database.read() as session:
        waiting = session.exec(select(OrderRow).where(OrderRow.state == OrderState.ASKED)).all()
    mine = []
    for order in waiting:
        if order.deadline < now():
            end(database, order.id, OrderState.EXPIRED, {}, OrderState.ASKED)
        elif order.device_id and not reaches(order.device_id) and now() - order.asked_at < NOBODY:
            continue
        elif move(database, order.id, OrderState.ASKED, state=OrderState.CLAIMED, claimed_by=executor):
            mine.append(order)
    return mine


def abandon(database: Database, executor: str) -> None:
    """At start: what this executor had claimed before it died did not end; whoever asked must know."""
    with database.write() as session:
        for order in session.exec(
            select(OrderRow).where(OrderRow.state == OrderState.CLAIMED, OrderRow.claimed_by == executor)
        ):
            order.state, order.ended_at = OrderState.FAILED, now()
            order.result = {"reason": reason("order.interrupted")}
            session.add(order)


def end(
    database: Database,
    order_id: str,
    state: OrderState,
    result: Mapping[str, Any],
    before: OrderState = OrderState.CLAIMED,
) -> bool:
    return move(database, order_id, before, state=state, result=dict(result), ended_at=now())


def move(database: Database, order_id: str, before: OrderState, **changes: Any) -> bool:
    """Compare and set: only one process gets True."""
    with database.write(first=True) as session:
        done = session.execute(
            update(OrderRow)
            .where(col(OrderRow.id) == order_id, col(OrderRow.state) == before)
            .values(**changes)
        )
        assert isinstance(done, CursorResult)
        return done.rowcount == 1
