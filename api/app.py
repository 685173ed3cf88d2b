"""The application factory: nothing is built at import."""

import threading
from collections.abc import Sequence
from datetime import timedelta

from fastapi import APIRouter, Depends, FastAPI

from api import console, problems
from api.console import errors
from api.console.docks import Looks
from api.headers import Headers
from api.leaving import Leaving
from api.oidc import Provider
from api.parameters import known_only, storable_only
from api.signin import IDLE
from api.v1 import (
    cases,
    clips,
    copies,
    custody,
    devices,
    disposals,
    duties,
    equipment,
    evidence,
    health,
    item_lists,
    links,
    live,
    notes,
    offloads,
    orders,
    parties,
    report_files,
    reports,
    requests,
    retention,
    rooms,
    samples,
    session,
    telemetry,
    viewings,
    webhooks,
)
from gateway import __version__
from gateway.case_sources.rules import CaseRules, usual
from gateway.config import Settings
from gateway.config.oidc import OidcSettings
from gateway.database import Database
from gateway.law import Law
from gateway.live import LiveFolder
from gateway.store import LocalStore

PREFIX = "/api/v1"
MODULES = (
    session, health, devices, equipment, telemetry, live, rooms, offloads, clips, cases, parties, notes,
    evidence, links, duties, item_lists, webhooks, custody, retention, disposals, samples, reports,
    report_files, orders, requests, viewings, copies,
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
    problems.install(app, errors.answer)
    root = APIRouter(prefix=PREFIX, dependencies=[Depends(storable_only), Depends(known_only)])
    for module in MODULES:
        root.include_router(module.router)
    app.include_router(root)
    app.include_router(console.router)

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
    stop: threading.Event | None = None,
    idle: timedelta = IDLE,
    oidc: OidcSettings | None = None,
) -> FastAPI:
    """`law` and `rules`: the site's; without them the pack that comes with us holds. `stop` ends streams.

    `idle`: a session that is unused for so long has ended. `oidc`: where people may sign in besides.
    """
    app.state.database, app.state.store, app.state.live = database, store, live_folder
    app.state.law = law or Law.of(Settings())
    app.state.idle, app.state.oidc = idle, oidc and Provider(oidc)
    app.state.stop, app.state.looks = stop or threading.Event(), Looks()
    app.state.leaving = Leaving(database, app.state.stop)
    app.state.rules, app.state.webhook_hosts = rules or usual(), tuple(webhook_hosts)
    return app
