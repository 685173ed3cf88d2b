"""Who is told of what happens (webhooks), how that went, and what sources of cases could not leave here."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api.paging import Cutting, Page, page
from api.problems import Problem, not_found
from api.shapes import ReasonOut, Shape
from api.signin import Db, EndpointKeeper
from gateway import outbox
from gateway.config.sources import checked_url
from gateway.delivery import endpoints
from gateway.models import (
    CaseFeed,
    CaseRefusal,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Endpoint,
    EndpointKind,
    OutboxEvent,
    Unit,
)
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["webhooks"])

Address = Annotated[str, Field(max_length=500), AfterValidator(checked_url)]
EventKind = Annotated[str, Field(pattern=r"^[a-z]+\.[a-z_]+$", max_length=60, examples=list(outbox.KINDS))]


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookIn(Given):
    name: str = Field(min_length=1, max_length=100)
    url: Address = Field(examples=["https://cases.example/hooks/footage"])
    kinds: list[EventKind] = Field(default_factory=list, description="empty: every kind")
    unit: str | None = Field(default=None, description="whose events; none: everybody's, if you see all")


class WebhookChange(Given):
    name: str | None = Field(default=None, min_length=1, max_length=100)
    url: Address | None = None
    kinds: list[EventKind] | None = None
    enabled: bool | None = None


class Replay(Given):
    after: int | None = Field(
        default=None, ge=0, le=2**63 - 1, description="a `position`; 0: all that is known"
    )
    after_event: str | None = Field(default=None, description="or the id of the last event you have")
    only_dead: bool = Field(default=False, description="only what could not be delivered")


class WebhookOut(Shape):
    id: str
    kind: str
    name: str
    url: str
    kinds: list[str]
    unit_id: str | None
    enabled: bool
    made_by: str
    made_at: datetime
    deliveries: dict[str, int] = Field(default_factory=dict, description="how many are DUE, DONE, DEAD")


class WebhookMade(WebhookOut):
    secret: str = Field(description="for checking signatures; shown only now")


class AttemptOut(Shape):
    at: datetime
    status: int | None = Field(description="HTTP status; null where no answer came")
    error: str | None
    seconds: float


class DeliveryOut(BaseModel):
    id: str
    event: str = Field(description="the `webhook-id`, the same in every attempt and replay")
    position: int
    kind: str
    subject: str
    at: datetime
    state: str
    attempts: list[AttemptOut]
    next_attempt: datetime | None
    body: dict[str, Any]


class Count(BaseModel):
    count: int


class RefusalOut(BaseModel):
    id: str
    source_id: str
    what: str
    unit_id: str | None
    at: datetime
    settled_at: datetime | None
    why: ReasonOut | None


class FeedOut(BaseModel):
    source: str
    cursor: str | None
    read_at: datetime | None
    failing_since: datetime | None
    why: ReasonOut | None


@router.get("/webhooks")
def webhooks(viewer: EndpointKeeper, database: Db, wanted: Cutting) -> Page[WebhookOut]:
    with database.read() as session:
        statement = select(Endpoint).where(visible(viewer, Endpoint), col(Endpoint.ended_at).is_(None))
        return page(session, statement, Endpoint.id, wanted, lambda row: shown(session, row))


def shown(session: Session, row: Endpoint) -> WebhookOut:
    found = WebhookOut.model_validate(row)
    found.deliveries = endpoints.waiting(session, row.id)
    return found


@router.post("/webhooks", status_code=201)
def add(given: WebhookIn, request: Request, viewer: EndpointKeeper, database: Db) -> WebhookMade:
    """Tell a URL of what happens from now on, signed as Standard Webhooks are. Its host must be listed."""
    with database.write() as session:
        unit = unit_of(session, viewer, given.unit)
        told = {"name": given.name, "url": given.url, "kinds": given.kinds}
        hosts = request.app.state.webhook_hosts
        made = endpoints.add_webhook(session, viewer.name, hosts, unit=unit, **told)  # type: ignore[arg-type]
        return WebhookMade(**shown(session, made).model_dump(), secret=made.secret or "")


def unit_of(session: Session, viewer: Viewer, unit: str | None) -> str | None:
    if unit is None and viewer.units is not None:
        raise Problem(422, "Whose events?", "Name your `unit`, or one below it.")
    if unit is not None and (
        session.get(Unit, unit) is None or (viewer.units is not None and unit not in viewer.units)
    ):
        raise not_found("Unit")
    return unit


def own(session: Session, viewer: Viewer, webhook_id: str) -> Endpoint:
    found = session.exec(
        select(Endpoint)
        .where(Endpoint.id == webhook_id, visible(viewer, Endpoint), col(Endpoint.ended_at).is_(None))
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise not_found("Webhook")
    return found


@router.patch("/webhooks/{webhook_id}")
def change(
    webhook_id: str, given: WebhookChange, request: Request, viewer: EndpointKeeper, database: Db
) -> WebhookOut:
    """What is switched off keeps its place: switched on again, it is told what it missed."""
    with database.write() as session:
        found = own(session, viewer, webhook_id)
        if found.kind is EndpointKind.CASE_SYSTEM:
            raise Problem(409, "It stands in devices.yaml", "Change it there, under case_sources.")
        told = given.model_dump(exclude_none=True)
        if given.url is not None:
            endpoints.check_host(given.url, request.app.state.webhook_hosts)
        endpoints.change(session, found, viewer.name, told)
        return shown(session, found)


@router.delete("/webhooks/{webhook_id}", status_code=204)
def end(webhook_id: str, viewer: EndpointKeeper, database: Db) -> None:
    """Take it out for good, with what it is owed. A case system that stands in devices.yaml comes back."""
    with database.write() as session:
        endpoints.end(session, own(session, viewer, webhook_id), viewer.name)


@router.post("/webhooks/{webhook_id}/replay", status_code=202)
def replay(webhook_id: str, given: Replay, viewer: EndpointKeeper, database: Db) -> Count:
    """Deliver again what came after a cursor, in order and under the same ids; or only what failed."""
    with database.write() as session:
        found = own(session, viewer, webhook_id)
        after = given.after
        if given.after_event is not None:
            after = endpoints.position_of(session, found.id, given.after_event)
            if after is None:
                raise not_found("Event")
        if after is None and not given.only_dead:
            raise Problem(422, "From where?", "Give `after`, `after_event` or `only_dead`.")
        count = endpoints.replay(session, found, viewer.name, after=after, only_dead=given.only_dead)
        return Count(count=count)


@router.get("/webhooks/{webhook_id}/deliveries")
def deliveries(
    webhook_id: str,
    viewer: EndpointKeeper,
    database: Db,
    wanted: Cutting,
    state: Annotated[DeliveryState | None, Query(description="DEAD: what could not be delivered")] = None,
) -> Page[DeliveryOut]:
    """The delivery log: each event with every attempt and its answer."""
    with database.read() as session:
        found = session.exec(select(Endpoint.id).where(Endpoint.id == webhook_id, visible(viewer, Endpoint)))
        if found.one_or_none() is None:
            raise not_found("Webhook")
        statement = (
            select(Delivery, OutboxEvent)
            .join(OutboxEvent, col(OutboxEvent.id) == Delivery.event_id)
            .where(Delivery.endpoint_id == webhook_id)
        )
        if state is not None:
            statement = statement.where(Delivery.state == state)
        return page(
            session, statement, Delivery.id, wanted, lambda pair: told_of(session, *pair),
            lambda pair: str(pair[0].id),
        )  # fmt: skip


def told_of(session: Session, delivery: Delivery, event: OutboxEvent) -> DeliveryOut:
    tried = session.exec(
        select(DeliveryAttempt)
        .where(DeliveryAttempt.delivery_id == delivery.id)
        .order_by(col(DeliveryAttempt.id))
    )
    return DeliveryOut(
        id=delivery.id, event=event.id, position=delivery.position, kind=event.kind, subject=event.subject,
        at=event.at, state=delivery.state, attempts=[AttemptOut.model_validate(one) for one in tried],
        next_attempt=delivery.not_before, body=event.body,
    )  # fmt: skip


@router.get("/case-sources")
def case_sources(viewer: EndpointKeeper, database: Db) -> list[FeedOut]:
    """How far each source of cases was read, and what is wrong with it now."""
    with database.read() as session:
        feeds = session.exec(
            select(CaseFeed).where(visible(viewer, CaseFeed)).order_by(col(CaseFeed.source_id))
        )
        return [
            FeedOut(source=feed.source_id, why=ReasonOut.of(feed.why), **feed.model_dump(exclude={"why"}))
            for feed in feeds
        ]


@router.get("/case-refusals")
def case_refusals(
    viewer: EndpointKeeper,
    database: Db,
    wanted: Cutting,
    settled: Annotated[bool, Query(description="also what came after all")] = False,
) -> Page[RefusalOut]:
    """Cases and files that could not be taken, each with the reason: for a person."""
    statement = select(CaseRefusal).where(visible(viewer, CaseRefusal))
    if not settled:
        statement = statement.where(col(CaseRefusal.settled_at).is_(None))
    with database.read() as session:
        return page(
            session, statement, CaseRefusal.id, wanted,
            lambda row: RefusalOut(why=ReasonOut.of(row.why), **row.model_dump(exclude={"why"})),
        )  # fmt: skip
