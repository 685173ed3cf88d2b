"""Whatever somebody writes into an address or a form, the answer says what is wrong with it; nothing breaks.

Every query parameter of every page and GET endpoint and every field of every form, as the routes themselves
declare them, with values that have broken such things elsewhere. Each is given one of them, on one of the two
databases; every one of them on both with `ODD_VALUES=every` (minutes).
"""

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlmodel import Session, select

from api import console
from api.app import MODULES as RESOURCES
from api.app import PREFIX, serve_from
from api.parameters import declared
from api.signin import add_key
from gateway.database import Database
from gateway.live import LiveFolder
from gateway.models import User
from gateway.store import LocalStore
from tests.client import app
from tests.integration.api_site import seed
from tests.integration.clips_site import seed_many
from tests.integration.console_site import seed_docks
from tests.integration.test_api_matrix import MATRIX, Row, filled, matches
from tests.integration.test_console import PAGES

Values = Sequence[str]
Fields = list[tuple[str, str]]
ODD: tuple[Values, ...] = (
    ("²",), ("1e999",), ("NaN",), ("-0",), ("1" + "0" * 30,), ("🎥",), ("\0",), ("x" * 10_000,), ("\u202e21",),
    ("\ud800",), ("1", "2"), ("",), (" ",), ("9" * 5_000,), ("-1",), ("9223372036854775807",), ("0",), ("%",),
    ("0001-01-01T00:00:00+08:00",), ("9999-12-31T23:59:59-12:00",), ("0001-01-01",), ("２０２６-01-01",),
    ("x.²",), ("x.1.²",), ("1:²",), ("a\nb",), ("'",), ("[]",), ("=1+1",), ("inf",), ("2" * 400,), ("０",),
)  # fmt: skip
LINK = [("case", "case-u"), ("why", "本案")]
BROKE_ONCE: list[tuple[str, str, Fields]] = [
    ("POST", "/clips-many", [("what", "link"), ("ids", "clip-u"), ("case", "case-u"), ("why", "因" * 301)]),
    ("POST", "/clips-many", [("what", "label"), ("ids", "clip-u"), ("place", "桥" * 201)]),
    ("POST", "/clips/clip-u/links", [*LINK, ("t0_s", "-1")]),
    ("POST", "/clips/clip-u/links", [*LINK, ("t1_s", "NaN")]),
    ("POST", "/clips/clip-u/links", [*LINK, ("t1_s", "1e999")]),
    ("POST", "/devices/cam-u/checkouts/out-u", [("officer", "zhang-u"), ("out_at", "2024-05-06T01:00"),
     ("in_at", "2024-05-06T09:00"), ("in_condition", "0"), ("why", "x")]),
    ("POST", "/kiosk/dock-u/take", [("officer", "zhang-u"), ("device", "nowhere")]),
    ("POST", "/retrieval/copies", [("clip", "clip-u"), ("start", "0"), ("end", "0")]),
    ("POST", "/retrieval/copies", [("clip", "clip-u"), ("start", "²")]),
    ("POST", "/work/proposed/undo", [("clip", "clip-u"), ("did", "clip-u.1.²")]),
    ("GET", "/api/v1/board?officer=0001-01-01T00:00:00%2B08:00", []),
    ("GET", "/api/v1/clips?q=%00", []),
    ("GET", "/cases?cursor=0001-01-01T00:00:00%2B14:00%20x", []),
    ("GET", "/cases?cursor=9999-12-31T23:59:59%20x", []),
    ("GET", "/cases/case-u?held=22222222222222222222", []),
    ("POST", "/equipment/officers/zhang-u/checks", [("valid_from", "0001-01-01"), ("valid_to", "2026-12-31")]),
    ("GET", "/retrieval/log?since=0001-01-01&until=9999-12-31", []),
    ("POST", "/retrieval/heads", [("user", " "), ("unit", " ")]),
    ("POST", "/work/proposed/decide", [("clip", "clip-u"), ("seen", "0"), ("act", "label"),
     ("captured_at", "0001-01-01T00:00")]),
]  # fmt: skip
"""Each of these was an error of ours."""
EVERY = os.environ.get("ODD_VALUES") == "every"


@pytest.fixture
def site(either: Database, tmp_path: Path, store: LocalStore) -> Iterator[tuple[TestClient, str]]:
    with either.write() as session:
        seed(session, store)
        seed_docks(session)
        seed_many(session)
        key = key_of_root(session)
    made = serve_from(app(), either, store, LiveFolder(tmp_path))
    with TestClient(made, raise_server_exceptions=False, follow_redirects=False) as client:
        client.app.state.stop = threading.Event()  # type: ignore[attr-defined]
        client.app.state.stop.set()  # type: ignore[attr-defined]  # streams say what there is, and end
        yield client, key


def key_of_root(session: Session) -> str:
    root = session.exec(select(User).where(User.name == "user-admin")).one()
    return add_key(session, root, "odd")[1]


def form_fields(dependant: Dependant) -> set[str]:
    found: set[str] = set()
    for parameter in dependant.body_params:
        model = parameter.field_info.annotation
        is_model = isinstance(model, type) and issubclass(model, BaseModel)
        found |= set(model.model_fields) if is_model else {parameter.alias}
    return found.union(*(form_fields(inner) for inner in dependant.dependencies))


def asked() -> Iterator[tuple[str, str, str, str, Fields, Fields]]:
    """Method, path, where and what is odd, and query and form as they should be."""
    of_api = [(PREFIX, RESOURCES, row) for row in MATRIX if row.method == "GET"]
    done = set()
    for prefix, modules, row in of_api + [("", console.MODULES, row) for row in PAGES]:
        path = prefix + filled(row.path, "u", "admin")
        every = [one for one in routes_of(modules) if row.method in one.methods]
        route = next(one for one in every if matches(one.path, row.path))
        if (row.method, prefix + route.path) in done:
            continue
        done.add((row.method, prefix + route.path))
        query = parse_qsl(filled(row.query, "u", "admin"))
        form = fields(row)
        for name in sorted(declared(route.dependant)):
            yield row.method, path, "query", name, query, form
        if row.method != "GET":
            for name in sorted(form_fields(route.dependant) | {name for name, _ in form}):
                yield row.method, path, "form", name, query, form


def routes_of(modules: Sequence[Any]) -> list[APIRoute]:
    return [one for module in modules for one in module.router.routes if isinstance(one, APIRoute)]


def fields(row: Row) -> Fields:
    told: dict[str, Any] = filled(row.body or {}, "u", "admin") if row.method != "GET" else {}
    return [
        (name, str(one))
        for name, value in told.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def encoded(given: Fields) -> str:
    """As bytes that may be no text at all: httpx would not send them."""
    return "&".join(f"{quote(name)}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in given)


def odd(given: Fields, name: str, values: Values) -> Fields:
    return [*((one, value) for one, value in given if one != name), *((name, value) for value in values)]


def test_every_parameter_takes_whatever_is_written(site: tuple[TestClient, str]) -> None:
    client, key = site
    headers = {"x-api-key": key, "content-type": "application/x-www-form-urlencoded"}
    mine = ("sqlite", "postgresql").index(client.app.state.database.engine.dialect.name)  # type: ignore[attr-defined]
    broken, count = [], 0
    for method, path, given in BROKE_ONCE:
        said = client.request(method, path, content=encoded(given), headers=headers)
        if not is_answer(path, said):
            broken.append(f"{said.status_code} {method} {path} {encoded(given)[:80]}")
    for number, (method, path, where, name, query, form) in enumerate(asked()):
        for values in ODD if EVERY else [ODD[number // 2 * 7 % len(ODD)]] if number % 2 == mine else []:
            address = f"{path}?{encoded(odd(query, name, values) if where == 'query' else query)}"
            body = encoded(odd(form, name, values) if where == "form" else form)
            said = client.request(method, address, content=body if method != "GET" else None, headers=headers)
            count += 1
            if not is_answer(path, said):
                broken.append(f"{said.status_code} {method} {path} {where} {name}={values[0][:20]!r}")
    assert broken == []
    assert count > 150, "the routes were found"


def is_answer(path: str, said: Any) -> bool:
    """A page, a file or a problem that says what is wrong; on the way to another page it says nothing."""
    if said.status_code < 400:
        return not said.headers.get("location", "").startswith("/sign-in")
    kind = said.headers["content-type"]
    if path.startswith("/api/"):
        return said.status_code < 500 and kind == "application/problem+json" and bool(said.json()["title"])
    return said.status_code < 500 and kind.startswith("text/html") and "<h1" in said.text
