"""Delivers what is due: each endpoint by itself, each subject in order, and again until it is taken."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import CursorResult, exists, func, or_, update
from sqlmodel import Session, col, select

from gateway.backoff import wait_s
from gateway.calling import NoAnswer
from gateway.config.sources import AnyCaseSource, WebhookSettings
from gateway.database import Database
from gateway.delivery.sending import Sender
from gateway.delivery.sorting import number, ours, sort_all
from gateway.device import Refused
from gateway.errands import Errand, Errands
from gateway.guard import guarded
from gateway.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Endpoint,
    EndpointCursor,
    OutboxEvent,
    now,
)
from gateway.wording import sentence

log = logging.getLogger(__name__)

AT_ONCE = 8
ROUND = 50
HOLD = timedelta(seconds=60)
"""So long an endpoint is one gateway's; a shorter round renews it."""
LONGEST_ROUND = timedelta(seconds=20)
ENDPOINT_FAILS = frozenset({401, 403, 404, 405, 408, 410, 425, 429})
"""With 5xx and silence: the endpoint is unwell, whatever it is told; others are about the event."""


@dataclass(frozen=True, slots=True)
class Pause:
    failures: int
    until: datetime


class Courier:
    """`clock` and `chance` are the world's, but in tests."""

    def __init__(
        self,
        database: Database,
        executor: str,
        settings: WebhookSettings,
        sources: Mapping[str, AnyCaseSource],
        send: Sender,
        stop: threading.Event,
        clock: Callable[[], datetime] = now,
        chance: float | None = None,
    ) -> None:
        self.database, self.executor, self.settings, self.sources = database, executor, settings, sources
        self.send, self.stop, self.clock, self.chance = send, stop, clock, chance
        self.pauses: dict[str, Pause] = {}
        self.busy: set[str] = set()
        self.errands = Errands("deliveries", AT_ONCE, self.guarded, stop)
        self.thread = threading.Thread(target=self.work, name="outbox", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def guarded(self, errand: Errand) -> None:
        guarded(log, "deliveries", errand)

    def work(self) -> None:
        while not self.stop.wait(0.5):
            guarded(log, "the outbox", self.hand_out)

    def hand_out(self) -> None:
        """Sort out what is new, and send each endpoint's errand on its way, one at a time."""
        for endpoint in self.owed():
            if endpoint.id not in self.busy:
                self.busy.add(endpoint.id)
                self.errands.send(endpoint.id, partial(self.errand, endpoint))

    def errand(self, endpoint: Endpoint) -> None:
        try:
            self.deliver(endpoint)
        finally:
            self.busy.discard(endpoint.id)

    def round(self) -> None:
        """The same here and now."""
        for endpoint in self.owed():
            self.deliver(endpoint)

    def owed(self) -> list[Endpoint]:
        """Endpoints to which something is due, and which are not left in peace for a while."""
        while number(self.database):
            pass
        sort_all(self.database, self.sources)
        due = exists().where(
            col(Delivery.endpoint_id) == Endpoint.id, col(Delivery.state) == DeliveryState.DUE
        )
        with self.database.read() as session:
            found = session.exec(ours(self.sources).where(due))
            return [one for one in found if self.is_up(one.id)]

    def is_up(self, endpoint_id: str) -> bool:
        pause = self.pauses.get(endpoint_id)
        return pause is None or pause.until <= self.clock()

    def deliver(self, endpoint: Endpoint) -> None:
        """Until nothing is due any more, the endpoint fails, or it is time for others."""
        began = self.clock()
        if not self.take(endpoint.id, began):
            return
        for delivery, event in self.due(endpoint.id):
            goes_on = self.attempt(endpoint, delivery, event)
            if not goes_on or self.stop.is_set() or self.clock() - began > LONGEST_ROUND:
                return

    def take(self, endpoint_id: str, at: datetime) -> bool:
        """Compare and set: two gateways on one database never tell one endpoint at the same time."""
        free = or_(
            col(EndpointCursor.taken_by).is_(None),
            col(EndpointCursor.taken_by) == self.executor,
            col(EndpointCursor.taken_until) < at,
        )
        with self.database.write() as session:
            done = session.execute(
                update(EndpointCursor)
                .where(col(EndpointCursor.endpoint_id) == endpoint_id, free)
                .values(taken_by=self.executor, taken_until=at + HOLD)
            )
            assert isinstance(done, CursorResult)
            return done.rowcount == 1

    def due(self, endpoint_id: str) -> list[tuple[Delivery, OutboxEvent]]:
        """Of each subject the first that is not through; those that were not tried yet come first."""
        first = (
            select(func.min(Delivery.position))
            .where(Delivery.endpoint_id == endpoint_id, Delivery.state == DeliveryState.DUE)
            .group_by(col(Delivery.subject))
        )
        with self.database.read() as session:
            found = session.exec(
                select(Delivery, OutboxEvent)
                .join(OutboxEvent, col(OutboxEvent.id) == Delivery.event_id)
                .where(
                    Delivery.endpoint_id == endpoint_id,
                    Delivery.state == DeliveryState.DUE,
                    col(Delivery.position).in_(first),
                    or_(col(Delivery.not_before).is_(None), col(Delivery.not_before) <= self.clock()),
                )
                .order_by(col(Delivery.not_before).asc().nulls_first(), col(Delivery.position))
                .limit(ROUND)
            )
            return list(found)

    def attempt(self, endpoint: Endpoint, delivery: Delivery, event: OutboxEvent) -> bool:
        """One try, written down; whether the endpoint may be told more now."""
        began = self.clock()
        status, error = None, None
        try:
            answer = self.send(endpoint, event, began)
            status = answer.status
        except NoAnswer as gone:
            error = str(gone)
        except Refused as no:
            error = sentence(no.reason, "en")
        is_well = status is not None and status < 500 and status not in ENDPOINT_FAILS
        took = (self.clock() - began).total_seconds()
        tried = DeliveryAttempt(delivery_id=delivery.id, at=began, status=status, error=error, seconds=took)
        with self.database.write() as session:
            self.write_down(session, delivery.id, tried)
        if is_well:
            if self.pauses.pop(endpoint.id, None):
                log.info("%s answers again", endpoint.name)
        else:
            self.rest(endpoint, error or f"HTTP {status}")
        return is_well

    def write_down(self, session: Session, delivery_id: str, tried: DeliveryAttempt) -> None:
        delivery = session.get_one(Delivery, delivery_id, with_for_update=True)
        at = self.clock()
        if tried.status is not None and 200 <= tried.status < 300:
            delivery.state, delivery.ended_at, delivery.not_before = DeliveryState.DONE, at, None
        else:
            # silence says nothing of this event and spends no attempt; the next try is another subject's
            delivery.attempts += tried.status is not None
            pause = self.pauses.get(delivery.endpoint_id)
            failures = max(delivery.attempts, pause.failures if pause else 1)
            delivery.not_before = at + timedelta(seconds=self.wait(failures))
            if delivery.attempts >= self.settings.attempts:
                delivery.state, delivery.ended_at = DeliveryState.DEAD, at
                log.error("event %s cannot be delivered: HTTP %s", delivery.event_id, tried.status)
        session.add_all((delivery, tried))

    def rest(self, endpoint: Endpoint, why: str) -> None:
        before = self.pauses.get(endpoint.id)
        failures = before.failures + 1 if before else 1
        if before is None:
            log.warning("%s does not take what it is told (%s); it is told again", endpoint.name, why)
        self.pauses[endpoint.id] = Pause(failures, self.clock() + timedelta(seconds=self.wait(failures)))

    def wait(self, failures: int) -> float:
        settings = self.settings
        return wait_s(failures, settings.first_wait_seconds, settings.longest_wait_seconds, self.chance)
