"""Pages as a browser gets them: who may open which, what surrounds them, signing in, and events."""

from collections.abc import Sequence

import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request as StarletteRequest

from api.console import MODULES
from api.console.docks import Looks
from api.console.pages import Reader
from api.console.purposes import PURPOSE, purpose_of
from api.headers import POLICY
from api.signin import COOKIE, add_user
from gateway.database import Database
from gateway.models import Device, Role
from gateway.visibility import Viewer
from tests.browser.pictures_of_town import PAGES as PICTURED
from tests.integration import (
    test_console_account,
    test_console_administration,
    test_console_board,
    test_console_cases,
    test_console_clip,
    test_console_clips,
    test_console_equipment,
    test_console_holds,
    test_console_kiosk,
    test_console_oidc,
    test_console_reports,
    test_console_retrieval,
    test_console_work,
)
from tests.integration.console_site import SLOW, check, paths
from tests.integration.test_api_matrix import EVERYBODY, WATCH, Row, by_role, matches

PAGES = [
    Row("GET", "/docks", EVERYBODY, listing=True),
    Row("GET", "/docks/events", EVERYBODY, listing=True),
    *test_console_account.ROWS,
    *test_console_oidc.ROWS,
    *test_console_kiosk.ROWS,
    Row("POST", "/purpose", WATCH, body={"purpose": "案卷评查"}, listing=True),
    *test_console_clips.ROWS,
    *test_console_work.ROWS,
    *test_console_retrieval.ROWS,
    *test_console_administration.ROWS,
    *test_console_board.ROWS,
    *test_console_equipment.ROWS,
    *test_console_reports.ROWS,
    *test_console_clip.ROWS,
    *test_console_cases.ROWS,
    *test_console_holds.ROWS,
]
"""Each part of the console brings its rows: `*clips.ROWS`."""
LEADS_ON = {("GET", "/")}
OPEN = {
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/code"),
    ("POST", "/sign-in/code"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
    ("POST", "/sign-out"),
    ("POST", "/preferences"),
    ("GET", "/static/{name}"),
}

ELSEWHERE = {"/docks", "/sign-in"}
"""Their pictures are taken of a cabinet by itself (`tests/browser/pictures.py`)."""
NO_PAGES = {
    "/",
    "/cases/{uid}/evidence/file",
    "/clips-cases",
    "/clips-found",
    "/clips-many/{action_id}",
    "/clips/{clip_id}/digests",
    "/clips/{clip_id}/thumb",
    "/docks/events",
    "/kiosk/{dock}/events",
    "/kiosk/{dock}/offloads/{offload_id}",
    "/retrieval/log/file",
    "/retrieval/requests/{request_id}/clips/{clip_id}",
    "/sign-in/code",
    "/sign-in/oidc",
    "/sign-in/oidc/back",
    "/static/{name}",
}


@pytest.mark.parametrize(("row", "every"), by_role(PAGES))
def test_role_by_page_by_unit(
    console: tuple[TestClient, dict[str, str]], row: Row, every: Sequence[Role]
) -> None:
    for role in every:
        check(*console, row, role)


def test_every_page_has_a_row() -> None:
    """And every row its page."""
    written = paths(PAGES) | LEADS_ON | OPEN
    present = {
        (method, route.path)
        for module in MODULES
        for route in module.router.routes
        for method in route.methods  # type: ignore[attr-defined]
    }
    have = {
        (method, path): [one for one in present if one[0] == method and matches(one[1], path)]
        for method, path in written
    }
    assert [row for row, pages in have.items() if len(pages) != 1] == []
    assert present == {page for pages in have.values() for page in pages}


def test_every_page_has_a_picture() -> None:
    """Parts of pages, files and streams have none."""
    pages = {
        route.path
        for module in MODULES
        for route in module.router.routes
        if "GET" in route.methods  # type: ignore[attr-defined]
    }
    shown = {path.partition("?")[0] for path in PICTURED.values()} | ELSEWHERE
    missing = {page for page in pages - NO_PAGES if not any(matches(page, path) for path in shown)}
    assert missing == set()


def test_signing_in_and_out(console: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = console
    sent = client.get("/docks")
    assert sent.headers["location"] == "/sign-in?next=/docks"
    form = {"name": "chen", "password": SLOW, "next": "/docks"}
    entered = client.post("/sign-in", data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, "/docks")
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert "cam-u" in client.get("/docks").text
    assert client.get("/").headers["location"] == "/docks"
    assert client.get("/sign-in?next=/docks").headers["location"] == "/docks"
    token = client.cookies[COOKIE]
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    assert COOKIE not in client.cookies
    stale = client.get("/docks", headers={"cookie": f"{COOKIE}={token}"})
    assert stale.status_code == 303, "the session ended here, not only in the browser"


def test_why_somebody_watches_is_his_and_ends_with_his_session(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    """A station PC is shared: the next person does not watch for the reason of the one before."""
    client, _ = console
    with database.write() as session:
        users = {name: add_user(session, name, SLOW, Role.EVIDENCE, "u").id for name in ("li", "wu")}
    client.post("/sign-in", data={"name": "li", "password": SLOW})
    assert client.post("/purpose", data={"purpose": "  ", "next": "/docks"}).status_code == 422
    said = client.post("/purpose", data={"purpose": "案卷评查", "next": "/docks"})
    assert said.headers["location"] == "/docks"
    kept = client.cookies[PURPOSE]
    request = StarletteRequest({"type": "http", "headers": [(b"cookie", f"{PURPOSE}={kept}".encode())]})
    viewers = {name: Viewer(number, name, Role.EVIDENCE, None) for name, number in users.items()}
    assert purpose_of(request, viewers["li"]) == "案卷评查"
    assert purpose_of(request, viewers["wu"]) is None
    client.post("/sign-out")
    assert PURPOSE not in client.cookies


@pytest.mark.parametrize(
    ("headers", "again"),
    [
        ({"referer": "http://cases.example/"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"referer": "http://testserver/docks"}, False),
        ({"sec-fetch-site": "same-origin", "referer": "http://cases.example/"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({}, False),
    ],
)
def test_who_comes_by_a_link_from_elsewhere_is_sent_on_once(
    console: tuple[TestClient, dict[str, str]], headers: dict[str, str], *, again: bool
) -> None:
    client, _ = console
    sent = client.get("/docks", headers=headers).headers["location"]
    assert sent.endswith("&from=elsewhere") is again
    assert ('data-again="/docks"' in client.get(sent).text) is again


def test_over_tls_the_cookie_never_leaves_in_the_clear(console: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = console
    entered = client.post("https://testserver/sign-in", data={"name": "chen", "password": SLOW})
    assert "Secure" in entered.headers["set-cookie"]


def test_a_wrong_password_says_so_and_many_have_to_wait(console: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = console
    tried = [
        client.post("/sign-in", data={"name": "chen", "password": "x", "next": "//evil"}) for _ in range(6)
    ]
    assert [one.status_code for one in tried] == [401] * 5 + [429]
    assert "用户名或密码不正确" in tried[0].text
    assert 'value="chen"' in tried[0].text
    assert "evil" not in tried[0].text
    assert "等待" in tried[5].text
    assert COOKIE not in client.cookies


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "http://testserver"}, 303),
        ({"origin": "http://testserver"}, 303),
        ({}, 303),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://testserver:81"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_what_another_site_sends_changes_nothing(
    console: tuple[TestClient, dict[str, str]], headers: dict[str, str], status: int
) -> None:
    client, _ = console
    client.post("/sign-in", data={"name": "chen", "password": SLOW})
    assert client.post("/sign-out", headers=headers).status_code == status
    if status == 403:
        assert client.get("/docks").status_code == 200, "still signed in"
        assert client.delete("/api/v1/session", headers=headers).status_code == 403
        assert client.get("/docks", headers=headers).status_code == 200, "looking changes nothing"


def test_language_and_theme_are_kept(console: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = console
    assert '<html lang="zh-CN" data-theme="auto" data-bs-theme="light">' in client.get("/sign-in").text
    chosen = client.post("/preferences", data={"language": "en", "next": "/sign-in?next=/docks"})
    assert chosen.headers["location"] == "/sign-in?next=/docks"
    client.post("/preferences", data={"theme": "dark"})
    client.post("/preferences", data={"theme": "pink", "language": "tlh"})
    told = client.get("/sign-in").text
    assert '<html lang="en" data-theme="dark" data-bs-theme="dark">' in told
    assert "Sign in" in told


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/static/console.css", 404), ("/docks?docc=1", 422), ("/sign-out", 405)],
)
def test_what_cannot_be_shown_says_what_to_do(
    console: tuple[TestClient, dict[str, str]], path: str, status: int
) -> None:
    client, keys = console
    said = client.get(path, headers={"x-api-key": keys["operator"]})
    assert said.status_code == status
    assert said.headers["content-type"].startswith("text/html")
    assert "返回首页" in said.text
    assert client.get(f"/api/v1{path}").headers["content-type"] == "application/problem+json"


def test_our_own_fault_is_a_page_too(console: tuple[TestClient, dict[str, str]], database: Database) -> None:
    client, keys = console
    careful = TestClient(client.app, raise_server_exceptions=False)
    client.app.state.database = None  # type: ignore[attr-defined]
    for path, kind in (("/docks", "text/html"), ("/api/v1/devices", "application/problem+json")):
        said = careful.get(path, headers={"x-api-key": keys["operator"]})
        assert said.status_code == 500
        assert said.headers["content-type"].startswith(kind)
        assert "NoneType" not in said.text
    assert "运行日志" in careful.get("/docks", headers={"x-api-key": "x"}).text
    client.app.state.database = database  # type: ignore[attr-defined]


def test_a_database_that_is_away_is_told_as_such(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    client.app.state.database = Database("sqlite:////nowhere/at/all.sqlite")  # type: ignore[attr-defined]
    said = client.get("/docks", headers={"x-api-key": keys["operator"]})
    client.app.state.database = database  # type: ignore[attr-defined]
    assert said.status_code == 503
    assert "采集不受影响" in said.text


def test_every_answer_carries_the_policy(console: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = console
    style = client.get("/sign-in").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    for path in ("/docks", "/nothing", style, "/api/v1/devices", "/api/v1/nothing"):
        said = client.get(path, headers={"x-api-key": keys["operator"]})
        assert said.headers["content-security-policy"] == POLICY
        assert said.headers["x-frame-options"] == "DENY"
        assert said.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_files_are_kept_for_ever_under_the_name_of_their_content(
    console: tuple[TestClient, dict[str, str]],
) -> None:
    client, _ = console
    text = client.get("/sign-in").text
    [style] = [part.partition('"')[0] for part in text.split('"/static/') if part.startswith("tabler")] or [
        ""
    ]
    style = style or text.partition("/static/tabler")[2].partition('"')[0]
    packed = client.get("/static/tabler" + style.removeprefix("tabler"))
    assert packed.status_code == 200
    assert packed.headers["content-encoding"] == "gzip"
    assert "immutable" in packed.headers["cache-control"]
    plain = client.get(packed.request.url.path, headers={"accept-encoding": "identity"})
    assert plain.content == packed.content
    assert "content-encoding" not in plain.headers


def test_what_somebody_wrote_into_a_name_does_not_run(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    with database.write() as session:
        session.get_one(Device, "cam-u").name = "<script>alert(1)</script>"
    told = client.get("/docks", headers={"x-api-key": keys["operator"]}).text
    assert "<script>alert" not in told
    assert "&lt;script&gt;" in told


def test_a_stream_brings_other_docks_whole_and_then_what_changed(
    console: tuple[TestClient, dict[str, str]],
) -> None:
    client, keys = console
    key = {"x-api-key": keys["operator"]}
    page = client.get("/docks", headers=key).text
    shape = page.partition("shape=")[2].partition('"')[0]
    same = client.get(f"/docks/events?shape={shape}", headers=key).text
    assert "event: docks" not in same
    assert same.count("event: bay-") == 1
    assert "event: summary" in same
    assert "event: beat" in same
    assert "event: docks" in client.get("/docks/events?shape=old", headers=key).text


def test_who_has_no_session_any_more_is_told_by_the_stream(
    console: tuple[TestClient, dict[str, str]],
) -> None:
    client, _ = console
    refused = client.get("/docks/events", headers={"accept": "text/event-stream"})
    assert refused.status_code == 401


def test_many_who_watch_cost_one_look(console: tuple[TestClient, dict[str, str]], database: Database) -> None:
    """And see no more than their own: what is shared is shared by those who see the same units."""
    looks, reader = Looks(), Reader("zh", "auto")
    ours = Viewer("1", "a", Role.OPERATOR, frozenset({"u"}))
    first, parts = looks.seen(database, ours, reader)
    again, same = looks.seen(database, Viewer("2", "b", Role.EVIDENCE, frozenset({"u"})), reader)
    assert again is first
    assert same is parts
    english = looks.seen(database, ours, Reader("en", "auto"))
    assert english[0] is first
    assert "可以取走" in "".join(parts.values())
    assert "Take it" in "".join(english[1].values())
    theirs, _ = looks.seen(database, Viewer("3", "c", Role.OPERATOR, frozenset({"v"})), reader)
    assert [dock.id for dock in theirs.docks] == ["dock-v"]
    assert [dock.id for dock in first.docks] == ["dock-u"]
