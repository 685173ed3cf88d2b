"""Who is told: webhooks that people enter, and the case systems of devices.yaml."""

import base64
import secrets
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from gateway import custody, outbox
from gateway.config.sources import AnyCaseSource, HttpSource
from gateway.database import Database
from gateway.device import Refused
from gateway.models import (
    Delivery,
    DeliveryState,
    Endpoint,
    EndpointCursor,
    EndpointKind,
    OutboxHead,
    now,
)

ACTOR = "devices.yaml"
SECRET_BYTES = 32


def check_host(url: str, hosts: Sequence[str]) -> None:
    """Raises Refused unless devices.yaml lists the host: a key of ours must open no doors in the network."""
    host = (urlsplit(url).hostname or "").lower()
    if not any(fnmatch(host, allowed.lower()) for allowed in hosts):
        raise Refused("webhook.host", host=host)


def add_webhook(
    session: Session,
    actor: str,
    hosts: Sequence[str],
    *,
    name: str,
    url: str,
    kinds: list[str],
    unit: str | None,
) -> Endpoint:
    """Told of what happens from now on; asked to, also of what others were told before (`replay`).

    Raises Refused for a host that is not listed.
    """
    check_host(url, hosts)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    made = Endpoint(
        kind=EndpointKind.WEBHOOK, name=name, url=url, secret=secret, kinds=kinds, unit_id=unit, made_by=actor
    )
    session.add(made)
    session.flush()
    head = session.get(OutboxHead, 1)
    session.add(EndpointCursor(endpoint_id=made.id, position=head.count if head else 0))
    enter(session, made, actor)
    return made


def change(session: Session, endpoint: Endpoint, actor: str, told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        setattr(endpoint, name, value)
    session.add(endpoint)
    enter(session, endpoint, actor)


def end(session: Session, endpoint: Endpoint, actor: str) -> None:
    """For good: it is told nothing more, and what it was owed is kept for it no longer."""
    endpoint.ended_at, endpoint.enabled = now(), False
    session.add(endpoint)
    custody.append(session, custody.SITE, "ENDPOINT_ENDED", actor, endpoint.id, (endpoint,), {})


def begin_again(session: Session, endpoint: Endpoint, actor: str) -> None:
    """It stands in devices.yaml again: told from now on."""
    head = session.get(OutboxHead, 1)
    cursor = session.get_one(EndpointCursor, endpoint.id, with_for_update=True)
    cursor.position = head.count if head else 0
    session.add(cursor)
    change(session, endpoint, actor, {"ended_at": None, "enabled": True})


def enter(session: Session, endpoint: Endpoint, actor: str) -> None:
    told = {"url": endpoint.url, "kinds": endpoint.kinds, "enabled": endpoint.enabled}
    custody.append(session, custody.SITE, "ENDPOINT_SET", actor, endpoint.id, (endpoint,), told)
    outbox.begin_listening(session)


def replay(
    session: Session, endpoint: Endpoint, actor: str, *, after: int | None, only_dead: bool = False
) -> int:
    """Deliver again what came after a position, in order, under the same ids; how many that will be.

    What was never sorted out for it (it was new then) is sorted out now.
    """
    wanted = [col(Delivery.endpoint_id) == endpoint.id]
    if only_dead:
        wanted.append(col(Delivery.state) == DeliveryState.DEAD)
    if after is not None:
        wanted.append(col(Delivery.position) > after)
        cursor = session.get_one(EndpointCursor, endpoint.id, with_for_update=True)
        if not only_dead:
            cursor.position = min(cursor.position, after)
            session.add(cursor)
    again = session.exec(select(Delivery.id).where(*wanted)).all()
    session.execute(
        update(Delivery)
        .where(*wanted)
        .values(state=DeliveryState.DUE, attempts=0, not_before=None, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    told = {"after": after, "only_dead": only_dead, "count": len(again)}
    custody.append(session, custody.SITE, "REPLAY_ASKED", actor, endpoint.id, (), told)
    return len(again)


def register(database: Database, sources: Iterable[AnyCaseSource]) -> None:
    """The case systems that are written back to are endpoints; a new one is told all that is still known."""
    with database.write() as session:
        for source in sources:
            if not isinstance(source, HttpSource) or not source.write_back:
                continue
            row = session.get(Endpoint, source.id)
            if row is None:
                row = Endpoint(
                    id=source.id, kind=EndpointKind.CASE_SYSTEM, name=source.id, url=source.url, made_by=ACTOR
                )
                session.add(row)
                session.flush()
                session.add(EndpointCursor(endpoint_id=row.id))
                enter(session, row, ACTOR)
            elif row.ended_at is not None:
                begin_again(session, row, ACTOR)
            if row.url != source.url:
                change(session, row, ACTOR, {"url": source.url})


def waiting(session: Session, endpoint_id: str) -> dict[str, int]:
    """How many deliveries stand in each state."""
    counted = session.exec(
        select(Delivery.state, func.count())
        .where(Delivery.endpoint_id == endpoint_id)
        .group_by(col(Delivery.state))
    )
    return {str(state): count for state, count in counted}


def position_of(session: Session, endpoint_id: str, event_id: str) -> int | None:
    """Of an event that this endpoint was told, or is to be."""
    known = select(Delivery.position).where(
        Delivery.endpoint_id == endpoint_id, Delivery.event_id == event_id
    )
    return session.exec(known).one_or_none()
