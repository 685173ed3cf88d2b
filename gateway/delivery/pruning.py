"""Takes out of the outbox what everybody who listens has been told long ago."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_
from sqlmodel import Session, SQLModel, col, select

from gateway.database import Database
from gateway.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Endpoint,
    EndpointCursor,
    OutboxEvent,
    now,
)

BATCH = 500


def prune(database: Database, keep: timedelta, at: datetime | None = None) -> int:
    """How many events went, with what the log says of them, once the last delivery is `keep` ago.

    Never one that is still owed: to whoever was not told yet, is switched off, or refused it for good (DEAD).
    Of what is still tried, the log loses the attempts that are older.
    """
    before = (at or now()) - keep
    delivered = and_(col(Delivery.state) == DeliveryState.DONE, col(Delivery.ended_at) < before)
    theirs = col(Delivery.endpoint_id).in_(select(Endpoint.id).where(col(Endpoint.ended_at).is_not(None)))
    in_batches(database, (or_(delivered, theirs),), drop_deliveries, Delivery)
    owed = select(Delivery.id).where(Delivery.state == DeliveryState.DUE)
    tried = DeliveryAttempt.at < before, col(DeliveryAttempt.delivery_id).in_(owed)
    in_batches(database, tried, drop_attempts, DeliveryAttempt)
    return in_batches(database, (OutboxEvent.at < before, *TOLD), drop_events, OutboxEvent)


BEHIND = (
    select(func.min(EndpointCursor.position))
    .join(Endpoint, col(Endpoint.id) == EndpointCursor.endpoint_id)
    .where(col(Endpoint.ended_at).is_(None))
    .scalar_subquery()
)
"""How far the one that is farthest behind has been sorted out, whether it is switched on or not."""
TOLD = (
    col(OutboxEvent.position).is_not(None),
    col(OutboxEvent.position) <= func.coalesce(BEHIND, OutboxEvent.position),
    ~exists().where(col(Delivery.event_id) == OutboxEvent.id),
)
"""Nobody has it before it any more, and nothing is left of its deliveries."""


def in_batches(database: Database, wanted: Sequence[Any], drop: Any, model: type[Any]) -> int:
    """Found by reading, so that writers wait for short; each is looked at again when it goes."""
    gone, last = 0, ""
    while True:
        with database.read() as session:
            here = select(model.id).where(*wanted, model.id > last).order_by(model.id).limit(BATCH)
            found = list(session.exec(here))
        if not found:
            return gone
        with database.write() as session:
            hold_cursors(session)
            still = list(session.exec(select(model.id).where(model.id.in_(found), *wanted)))
            drop(session, still)
            gone += len(still)
        last = found[-1]


def hold_cursors(session: Session) -> None:
    """Nobody sorts out, or asks for a replay, while we look who is behind (PostgreSQL)."""
    session.exec(
        select(EndpointCursor.endpoint_id).order_by(EndpointCursor.endpoint_id).with_for_update()
    ).all()


def drop_deliveries(session: Session, ids: Sequence[str]) -> None:
    remove(session, DeliveryAttempt, col(DeliveryAttempt.delivery_id).in_(ids))
    remove(session, Delivery, col(Delivery.id).in_(ids))


def drop_attempts(session: Session, ids: Sequence[str]) -> None:
    remove(session, DeliveryAttempt, col(DeliveryAttempt.id).in_(ids))


def drop_events(session: Session, ids: Sequence[str]) -> None:
    remove(session, OutboxEvent, col(OutboxEvent.id).in_(ids))


def remove(session: Session, model: type[SQLModel], condition: Any) -> None:
    session.execute(delete(model).where(condition).execution_options(synchronize_session=False))
