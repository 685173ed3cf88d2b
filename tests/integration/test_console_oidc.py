"""Signing in by a city's own sign-in service: a certified one that runs, and whom it lets in here."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from api import accounts, second_factor
from api.console.entrance import HALF_WAY
from api.console.oidc import BEGUN
from api.oidc import Provider, Somebody
from api.oidc.bindings import enter
from api.signin import add_user, asker_of
from drivers.ports import free_port
from gateway import audit
from gateway.config.oidc import OidcSettings
from gateway.database import Database
from gateway.models import CustodyEvent, OidcBinding, Role, SecondFactor, User
from tests import warm
from tests.integration.console_site import SLOW
from tests.integration.oidc_peer import SECRET, Peer, peer
from tests.integration.test_api_matrix import Row
from tests.integration.test_console_administration import BOSS, PEOPLE, WHO

__all__ = ["peer"]

ROWS = [Row("POST", f"{PEOPLE}/unbind", BOSS, body=WHO)]
Console = tuple[TestClient, dict[str, str]]


@pytest.fixture
def client(console: Console, peer: Peer) -> Iterator[TestClient]:
    client, _ = console
    configure(client, peer.settings())
    return client


def configure(client: TestClient, settings: OidcSettings) -> None:
    client.app.state.oidc = Provider(settings)  # type: ignore[attr-defined]


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def sign_in(client: TestClient, peer: Peer, who: str, way: str = "/docks") -> tuple[int, str]:
    """(status, page)."""
    begun = client.get(f"/sign-in/oidc?next={way}")
    assert begun.status_code == 303
    ended = client.get(come_back(peer, begun.headers["location"], who))
    return ended.status_code, ended.text


def come_back(peer: Peer, url: str, who: str) -> str:
    """Where somebody, `4711:chen`, is sent who signs in there; nobody: who calls it off."""
    sub, _, name = who.partition(":")
    if name:
        peer.call(sub, name)
    return path_of(peer.sign_in(url, sub))


def me(client: TestClient) -> str | None:
    asked = client.get("/api/v1/session")
    return str(asked.json()["name"]) if asked.status_code == 200 else None


def events(database: Database, *kinds: str) -> list[tuple[str, str, str | None]]:
    with database.read() as session:
        found = session.exec(
            select(CustodyEvent).where(CustodyEvent.chain == "site").order_by(CustodyEvent.seq)
        )  # type: ignore[arg-type]
        return [(one.event, one.actor, one.detail.get("why")) for one in found if one.event in kinds]


KINDS = ("SIGNED_IN", "SIGN_IN_REFUSED", "USER_BOUND", "USER_UNBOUND")


def test_the_first_sign_in_binds_and_a_new_name_there_does_not_move_it(
    client: TestClient, peer: Peer, database: Database
) -> None:
    with database.write() as session:
        add_user(session, "wu", SLOW, Role.EVIDENCE, "u")
    assert "使用统一身份认证登录" in client.get("/sign-in").text
    status, page = sign_in(client, peer, "4711:chen")
    assert status == 200
    assert '<meta http-equiv="refresh" content="0; url=/docks">' in page
    assert me(client) == "chen"
    client.post("/sign-out")
    sign_in(client, peer, "4711:wu")
    assert me(client) == "chen", "who is called wu there now is still the one whom we know"
    client.post("/sign-out")
    status, page = sign_in(client, peer, "4712:chen")
    assert (status, me(client)) == (403, None), "another one who is called chen now is not"
    assert "您的统一认证账号在本系统没有可用账户" in page
    assert 'name="password"' in page
    assert events(database, *KINDS) == [
        ("USER_BOUND", "chen", None), ("SIGNED_IN", "chen", None), ("SIGNED_IN", "chen", None),
        ("SIGN_IN_REFUSED", "chen", "bound_to_another"),
    ]  # fmt: skip


def test_an_administrator_loosens_the_binding(
    client: TestClient, console: Console, peer: Peer, database: Database
) -> None:
    boss = {"x-api-key": console[1]["admin"]}
    assert sign_in(client, peer, "4711:chen")[0] == 200
    shown = client.get(PEOPLE, headers=boss).text
    assert "4711" in shown
    assert "解除统一认证绑定" in shown
    client.post(f"{PEOPLE}/unbind", data={"name": "chen"}, headers=boss)
    assert me(client) is None, "who came in by it is out"
    assert "解除统一认证绑定" not in client.get(PEOPLE, headers=boss).text
    assert sign_in(client, peer, "4712:chen")[0] == 200
    client.post(f"{PEOPLE}/unbind", data={"name": "chen"}, headers=boss)
    client.post(f"{PEOPLE}/unbind", data={"name": "chen"}, headers=boss)
    assert [event for event, _, _ in events(database, "USER_UNBOUND")] == ["USER_UNBOUND"] * 2


def test_the_command_loosens_the_binding(
    client: TestClient, peer: Peer, database: Database, tmp_path: Path
) -> None:
    assert sign_in(client, peer, "4711:chen")[0] == 200
    config = tmp_path / "devices.yaml"
    config.write_text(json.dumps({"database": str(database.engine.url), "devices": []}))
    done = warm.finished("--config", config, "user", "unbind", "chen")
    assert done.returncode == 0, done.stderr
    assert me(client) is None
    assert sign_in(client, peer, "4712:chen")[0] == 200


def test_what_was_called_off_or_used_says_so_and_the_password_still_does(
    client: TestClient, peer: Peer, database: Database
) -> None:
    status, page = sign_in(client, peer, "")
    assert status == 403
    assert "未完成统一认证登录" in page
    assert 'action="/sign-in"' in page
    begun = client.get("/sign-in/oidc?next=/docks")
    cookie = client.cookies[BEGUN]
    back = come_back(peer, begun.headers["location"], "4711:chen")
    stranger = TestClient(client.app, follow_redirects=False)
    elsewhere = stranger.get(back)
    assert elsewhere.status_code == 400, "the address alone, in another browser, opens nothing"
    assert "code=" not in elsewhere.text
    assert "请重新点击统一认证登录" in elsewhere.text
    assert client.get(back).status_code == 200
    assert client.get(back).headers["location"] == "/", "the browser's way back leads on"
    again = stranger.get(back, headers={"cookie": f"{BEGUN}={cookie}"})
    assert (again.status_code, me(stranger)) == (400, None), "its code was used: the provider refuses it"
    assert stranger.post("/sign-in", data={"name": "chen", "password": SLOW}).status_code == 303
    assert len(events(database, "SIGNED_IN")) == 2


def test_the_cookie_of_a_sign_in_comes_back_from_there_and_goes_nowhere_else(client: TestClient) -> None:
    begun = client.get("https://testserver/sign-in/oidc?next=//evil.example").headers["set-cookie"]
    assert begun.startswith(f"{BEGUN}=")
    for said in ("HttpOnly", "SameSite=lax", "Path=/sign-in/oidc", "Secure", "Max-Age=600"):
        assert said in begun
    assert "evil" not in begun
    long = client.get("/sign-in/oidc", params={"next": "/" + "路" * 1900}).headers["set-cookie"]
    assert len(long) < 4096


@pytest.mark.parametrize(("whose", "asked"), [("ours", True), ("provider", False)])
def test_a_second_factor_that_is_set_up_here(
    client: TestClient, peer: Peer, database: Database, whose: str, *, asked: bool
) -> None:
    configure(client, peer.settings(second_factor=whose))
    with database.write() as session:
        chen = session.exec(select(User).where(User.name == "chen")).one()
        second_factor.prepare(session, chen)
        session.get_one(SecondFactor, chen.id).step = 1
        secret = session.get_one(SecondFactor, chen.id).secret
    begun = client.get("/sign-in/oidc?next=/docks")
    ended = client.get(come_back(peer, begun.headers["location"], "4711:chen"))
    assert (me(client) is None) is asked
    if asked:
        assert ended.headers["location"] == "/sign-in/code?next=/docks"
        assert HALF_WAY in client.cookies
        code = pyotp.TOTP(secret).now()
        assert (
            client.post("/sign-in/code", data={"code": code, "next": "/docks"}).headers["location"]
            == "/docks"
        )
        assert me(client) == "chen"
    assert [event for event, _, _ in events(database, *KINDS)] == ["USER_BOUND", "SIGNED_IN"]


def test_without_it_nothing_changes(console: Console) -> None:
    client, _ = console
    assert "/sign-in/oidc" not in client.get("/sign-in").text
    for path in ("/sign-in/oidc", "/sign-in/oidc/back?code=x&state=y&session_state=z"):
        assert client.get(path).status_code == 404


def test_a_service_that_is_away_is_told_and_the_password_does(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    configure(
        client,
        OidcSettings(issuer=away, client_id="gateway", client_secret=SECRET, name={"zh": "市局统一认证"}),
    )
    with caplog.at_level(logging.WARNING):
        told = client.get("/sign-in/oidc?next=/docks")
    assert told.status_code == 503
    assert "统一认证服务暂时无法连接" in told.text
    assert "使用市局统一认证登录" in told.text
    assert 'value="/docks"' in told.text
    assert "127.0.0.1" not in told.text, "where it is, is for the log"
    assert "away" in caplog.text
    assert SECRET not in caplog.text + told.text


def somebody(sub: str = "4711", name: str | None = "chen", issuer: str = "https://sso.example") -> Somebody:
    return Somebody(issuer, sub, name)


def of_whom(session: Session, token: str | None) -> str | None:
    asker = asker_of(session, token) if token else None
    return asker.user.name if asker else None


def test_who_enters_on_either_database(either: Database) -> None:
    with either.write() as session:
        for name, role in (("chen", Role.EVIDENCE), ("gone", Role.EVIDENCE), ("platform", Role.INTEGRATOR)):
            accounts.add(session, "x", name, SLOW, role, None)
        accounts.disable(session, "x", session.exec(select(User).where(User.name == "gone")).one())
    tries = (
        (somebody(), "chen"),
        (somebody(name=None), "chen"),
        (somebody("4712"), None),
        (somebody("4712", "nobody"), None),
        (somebody("4712", None), None),
        (somebody("4712", "gone"), None),
        (somebody("4712", "platform"), None),
        (somebody("4712", "Chen"), None),
        (somebody("4712", issuer="https://another.example"), "chen"),
    )
    for told, expected in tries:
        made = enter(either, told, asks_code=True)
        with either.read() as session:
            assert of_whom(session, made.token) == expected, told
    with either.write() as session:
        assert len(session.exec(select(OidcBinding)).all()) == 2
        accounts.disable(session, "x", session.exec(select(User).where(User.name == "chen")).one())
    assert enter(either, somebody(), asks_code=True).token is None, (
        "who is disabled here is, whatever is said there"
    )
    whys = [why for event, _, why in events(either, "SIGN_IN_REFUSED")]
    assert whys == ["bound_to_another", "unknown", "no_name", "disabled", "program", "unknown", "disabled"]
    with either.read() as session:
        assert list(audit.rows(session)) == []


def test_a_binding_that_somebody_writes_into_the_database_is_found(database: Database) -> None:
    with database.write() as session:
        accounts.add(session, "x", "chen", SLOW, Role.ADMIN, None)
    enter(database, somebody(), asks_code=True)
    with database.write() as session:
        session.exec(select(OidcBinding)).one().sub = "of the intruder"
    with database.read() as session:
        assert ["edited" in one.what for one in audit.rows(session)] == [True]
