"""Other systems: who is told of what happens, where cases come from, and what could not be taken."""

from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, select

from api.console.administration.routes import router
from api.console.administration.showing import Admin, shown
from api.problems import not_found
from api.signin import Db
from api.v1 import webhooks
from gateway.database import Database
from gateway.delivery import endpoints
from gateway.device import Refused
from gateway.models import CaseFeed, CaseRefusal, Endpoint, EndpointKind, Unit
from gateway.outbox import KINDS
from gateway.visibility import Viewer
from gateway.wording import Reason, reason

URL: TypeAdapter[str] = TypeAdapter(webhooks.Address)
REFUSALS = 50


def page(
    request: Request,
    viewer: Viewer,
    database: Database,
    problem: Reason | None = None,
    secret: tuple[str, str] | None = None,
) -> Response:
    with database.read() as session:
        listed = select(Endpoint).where(col(Endpoint.ended_at).is_(None)).order_by(col(Endpoint.id))
        rows = [(row, endpoints.waiting(session, row.id)) for row in session.exec(listed).all()]
        feeds = session.exec(select(CaseFeed).order_by(col(CaseFeed.source_id))).all()
        open_ones = select(CaseRefusal).where(col(CaseRefusal.settled_at).is_(None))
        refusals = session.exec(open_ones.order_by(col(CaseRefusal.id).desc()).limit(REFUSALS)).all()
        units = session.exec(select(Unit).order_by(col(Unit.name))).all()
    return shown(
        request, viewer, "systems", problem, endpoints=rows, feeds=feeds, refusals=refusals, units=units,
        kinds=KINDS, secret=secret, webhook=EndpointKind.WEBHOOK,
    )  # fmt: skip


@router.get("/administration/systems")
def systems(request: Request, viewer: Admin, database: Db) -> Response:
    return page(request, viewer, database)


@router.post("/administration/systems")
def add(
    request: Request,
    viewer: Admin,
    database: Db,
    name: Annotated[str, Form(min_length=1, max_length=100)],
    url: Annotated[str, Form(max_length=500)],
    unit: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Told of everything from now on; its secret is shown this once."""
    try:
        address = URL.validate_python(url)
    except ValidationError:
        return page(request, viewer, database, reason("webhook.address", url=url))
    hosts = request.app.state.webhook_hosts
    try:
        with database.write() as session:
            whose = webhooks.unit_of(session, viewer, unit or None)
            made = endpoints.add_webhook(
                session, viewer.name, hosts, name=name, url=address, kinds=[], unit=whose
            )
    except Refused as no:
        return page(request, viewer, database, no.reason)
    return page(request, viewer, database, secret=(made.name, made.secret or ""))


def webhook(session: Session, viewer: Viewer, webhook_id: str) -> Endpoint:
    """Raises Refused for a case system: it stands in devices.yaml."""
    found = webhooks.own(session, viewer, webhook_id)
    if found.kind is not EndpointKind.WEBHOOK:
        raise Refused("webhook.configured", name=found.name)
    return found


@router.post("/administration/systems/{webhook_id}/{change}")
def switch(request: Request, webhook_id: str, change: str, viewer: Admin, database: Db) -> Response:
    """`on`, `off`: what is off keeps its place; `again`: what could not be delivered; `end`: for good."""
    try:
        with database.write() as session:
            found = webhook(session, viewer, webhook_id)
            match change:
                case "on" | "off":
                    endpoints.change(session, found, viewer.name, {"enabled": change == "on"})
                case "again":
                    endpoints.replay(session, found, viewer.name, after=None, only_dead=True)
                case "end":
                    endpoints.end(session, found, viewer.name)
                case _:
                    raise not_found("Change")
    except Refused as no:
        return page(request, viewer, database, no.reason)
    return RedirectResponse("/administration/systems", 303)
