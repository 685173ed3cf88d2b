"""The application factory: nothing is built at import."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.parameters import known_only
from api.v1 import (
    cases,
    clips,
    custody,
    devices,
    disposals,
    duties,
    equipment,
    health,
    links,
    live,
    offloads,
    orders,
    parties,
    report_files,
    reports,
    retention,
    rooms,
    samples,
    session,
    telemetry,
    webhooks,
)
from gateway import __version__
from gateway.case_sources.rules import CaseRules, usual
from gateway.config import Settings
from gateway.database import Database
from gateway.law import Law
from gateway.live import LiveFolder
from gateway.store import LocalStore

PREFIX = "/api/v1"
LARGEST = 8 * 1024 * 1024
MODULES = (
    session, health, devices, equipment, telemetry, live, rooms, offloads, clips, cases, parties, links,
    duties, webhooks, custody, retention, disposals, samples, reports, report_files, orders,
)  # fmt: skip


def create_app() -> FastAPI:
    """Every route, with nothing to serve yet: see `serve_from`."""
    app = FastAPI(
        title="Evidence gateway 执法全过程记录网关",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its page loads from outside; these networks are closed
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    problems.install(app)
    root = APIRouter(prefix=PREFIX, dependencies=[Depends(known_only)])
    for module in MODULES:
        root.include_router(module.router)
    app.include_router(root)

    app.add_middleware(Headers)
    return app


def serve_from(
    app: FastAPI,
    database: Database,
    store: LocalStore,
    live_folder: LiveFolder,
    law: Law | None = None,
    rules: CaseRules | None = None,
    webhook_hosts: Sequence[str] = (),
) -> FastAPI:
    """`law` and `rules`: the site's; without them the pack that comes with us holds."""
    app.state.database, app.state.store, app.state.live = database, store, live_folder
    app.state.law = law or Law.of(Settings())
    app.state.rules, app.state.webhook_hosts = rules or usual(), tuple(webhook_hosts)
    return app


class Headers:
    """Adds the headers every answer carries; passes bodies through untouched, however large."""

    ALWAYS = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                missing = [header for header in self.ALWAYS if header[0] not in present]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        if too_large(scope):
            answer = problems.body(413, "The request is too large", f"At most {LARGEST} bytes.")
            await answer(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)


def too_large(scope: Scope) -> bool:
    """Judged by what the client announces; a body without a length is for nobody here."""
    if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "DELETE"}:
        return False
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    return b"transfer-encoding" in headers or (length.isdigit() and int(length) > LARGEST)
