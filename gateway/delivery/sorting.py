"""Gives committed events their positions, and sorts out for each endpoint which of them it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway import outbox
from gateway.config.sources import AnyCaseSource, http_systems
from gateway.database import Database
from gateway.models import (
    CaseRecord,
    Clip,
    Delivery,
    Device,
    Endpoint,
    EndpointCursor,
    EndpointKind,
    Link,
    OutboxEvent,
    OutboxHead,
    Role,
)
from gateway.visibility import Viewer, units_below, visible

BATCH = 200


def number(database: Database) -> int:
    """Give the next events their positions; how many. Only here, under one lock: no reader passes one by."""
    with database.read() as session:
        waits = session.exec(
            select(OutboxEvent.id).where(col(OutboxEvent.position).is_(None)).limit(1)
        ).first()
    if waits is None:
        return 0
    with database.write() as session:
        head = locked_head(session)
        fresh = session.exec(
            select(OutboxEvent)
            .where(col(OutboxEvent.position).is_(None))
            .order_by(col(OutboxEvent.id))
            .limit(BATCH)
        ).all()
        for event in fresh:
            head.count += 1
            event.position = head.count
        session.add_all((head, *fresh))
        return len(fresh)


def locked_head(session: Session) -> OutboxHead:
    if session.get_bind().dialect.name == "postgresql":
        session.exec(insert(OutboxHead).values(id=1, count=0).on_conflict_do_nothing())
    head = session.get(OutboxHead, 1, with_for_update=True)
    if head is None:
        head = OutboxHead()
        session.add(head)
    return head


def sort_out(database: Database, endpoint: Endpoint, source: AnyCaseSource | None = None) -> int:
    """Write the next deliveries that an endpoint is owed; how many events were looked at."""
    with database.write() as session:
        cursor = session.get_one(EndpointCursor, endpoint.id, with_for_update=True)
        events = session.exec(
            select(OutboxEvent)
            .where(col(OutboxEvent.position) > cursor.position)
            .order_by(col(OutboxEvent.position))
            .limit(BATCH)
        ).all()
        if not events:
            return 0
        there = set(session.exec(sorted_already(endpoint, events)))
        wanted = Wanted(session, endpoint, source, events)
        for event in events:
            assert event.position is not None
            if event.id not in there and wanted.takes(event):
                session.add(delivery_of(event, endpoint, event.position))
            cursor.position = event.position
        session.add(cursor)
        return len(events)


def sorted_already(endpoint: Endpoint, events: Sequence[OutboxEvent]) -> SelectOfScalar[str]:
    keys = [event.id for event in events]
    return select(Delivery.event_id).where(
        Delivery.endpoint_id == endpoint.id, col(Delivery.event_id).in_(keys)
    )


def delivery_of(event: OutboxEvent, endpoint: Endpoint, position: int) -> Delivery:
    return Delivery(endpoint_id=endpoint.id, event_id=event.id, position=position, subject=event.subject)


class Wanted:
    """What an endpoint is told of a batch: its kinds, and what its unit may see, as in every other query."""

    def __init__(
        self,
        session: Session,
        endpoint: Endpoint,
        source: AnyCaseSource | None,
        events: Sequence[OutboxEvent],
    ) -> None:
        self.endpoint = endpoint
        viewer = viewer_of(session, endpoint, source)
        self.clips = seen(session, viewer, Clip, [event.clip_id for event in events])
        self.devices = seen(session, viewer, Device, [event.device_id for event in events])
        subjects = {event.subject for event in events}
        told = select(Delivery.subject).where(
            Delivery.endpoint_id == endpoint.id, col(Delivery.subject).in_(subjects)
        )
        self.told = set(session.exec(told))
        """It learned of these already: that its own case lost one, it learns as well."""
        links = {event.body.get("link") for event in events if event.kind == "link.changed"}
        self.decided = {
            link
            for link, facts in session.exec(select(Link.id, Link.facts).where(col(Link.id).in_(links)))
            if "machine" in facts
        }
        """By a person once, so its case's unit was told: the log may be too short to say so."""
        named = {uid for event in events for uid in event.cases}
        mine = select(CaseRecord.uid).where(col(CaseRecord.uid).in_(named))
        self.cases = set(session.exec(mine.where(visible(viewer, CaseRecord))))
        self.own_cases = set(session.exec(mine.where(CaseRecord.source == endpoint.id)))

    def takes(self, event: OutboxEvent) -> bool:
        if not outbox.wants(self.endpoint.kind, self.endpoint.kinds, event.kind):
            return False
        if self.endpoint.kind is EndpointKind.CASE_SYSTEM and not self.own_cases & set(event.cases):
            return False
        was_told = event.subject in self.told or event.body.get("link") in self.decided
        if event.kind == "link.changed" and was_told and self.cases.issuperset(event.cases):
            return True
        shown = event.clip_id in self.clips or event.device_id in self.devices
        if event.clip_id is None and event.device_id is None:
            shown = bool(event.cases) and self.cases.issuperset(event.cases)
        if shown:
            self.told.add(event.subject)
        return shown


def viewer_of(session: Session, endpoint: Endpoint, source: AnyCaseSource | None) -> Viewer:
    units: frozenset[str] | None = None
    if endpoint.unit_id is not None:
        units = units_below(session, endpoint.unit_id)
    elif source is not None and source.units is not None:
        units = frozenset[str]().union(*(units_below(session, unit) for unit in source.units))
    return Viewer(endpoint.id, endpoint.name, Role.INTEGRATOR, units)


def seen(session: Session, viewer: Viewer, model: type[Any], keys: Sequence[str | None]) -> set[str | None]:
    wanted = {key for key in keys if key is not None}
    return set(session.exec(select(model.id).where(col(model.id).in_(wanted), visible(viewer, model))))


def sort_all(database: Database, sources: Mapping[str, AnyCaseSource]) -> None:
    with database.read() as session:
        head = session.get(OutboxHead, 1)
        behind = select(EndpointCursor.endpoint_id).where(
            EndpointCursor.position < (head.count if head else 0)
        )
        endpoints = session.exec(ours(sources).where(col(Endpoint.id).in_(behind))).all()
    for endpoint in endpoints:
        while sort_out(database, endpoint, sources.get(endpoint.id)) == BATCH:
            pass


def ours(sources: Mapping[str, AnyCaseSource]) -> SelectOfScalar[Endpoint]:
    """Those that this gateway tells: of the case systems only the ones in its own devices.yaml."""
    mine = or_(
        col(Endpoint.kind) == EndpointKind.WEBHOOK, col(Endpoint.id).in_(http_systems(sources.values()))
    )
    return select(Endpoint).where(col(Endpoint.enabled).is_(True), col(Endpoint.ended_at).is_(None), mine)
