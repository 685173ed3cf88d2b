"""One's own account, the second factor, and sessions that end when nobody is there any more."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select
from starlette.requests import Request

from api import second_factor
from api.console.docks import look_again
from api.console.entrance import HALF_WAY
from api.console.pages import Reader
from api.signin import COOKIE, IDLE, add_user, looking, token_hash
from gateway.database import Database
from gateway.models import CustodyEvent, FailedSignIns, Role, SecondFactor, SignIn, User, now
from tests.integration.console_site import SLOW
from tests.integration.test_api_matrix import EVERYBODY, Row

PASSWORDS = {"old": "x", "new": "y", "again": "y"}
ROWS = [
    Row("GET", "/account", EVERYBODY, listing=True),
    Row("POST", "/account/password", EVERYBODY, body=PASSWORDS, listing=True),
    Row("POST", "/account/second-factor/prepare", EVERYBODY, body={"password": "x"}, listing=True),
    Row("POST", "/account/second-factor", EVERYBODY, body={"code": "000000"}, listing=True),
    Row(
        "POST", "/account/second-factor/remove", EVERYBODY, body={"password": "x", "code": "1"}, listing=True
    ),
]

Console = tuple[TestClient, dict[str, str]]


def enter(client: TestClient, password: str = SLOW) -> str:
    return client.post("/sign-in", data={"name": "chen", "password": password}).headers.get("location", "")


def prepared(client: TestClient, password: str = SLOW) -> Any:
    return client.post("/account/second-factor/prepare", data={"password": password})


def secret_in(page: str) -> str:
    return "".join(re.findall(r'name="secret" value="([A-Z2-7]+)"', page))


def chen(session: Session) -> User:
    return session.exec(select(User).where(User.name == "chen")).one()


def codes(database: Database, *steps: int) -> list[str]:
    """What the app shows, so many steps of 30 s from now."""
    with database.read() as session:
        secret = session.get_one(SecondFactor, chen(session).id).secret
    return [pyotp.TOTP(secret).generate_otp(second_factor.this_step() + step) for step in steps]


@pytest.fixture(autouse=True)
def half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a test takes on a busy machine."""
    here = second_factor.this_step()
    monkeypatch.setattr(second_factor, "this_step", lambda: here)


@pytest.fixture
def guarded(console: Console, database: Database) -> TestClient:
    """`chen` has a second factor, set by the page with the code of the step before this one; nobody is signed in."""
    client, _ = console
    enter(client)
    assert 'src="data:image/svg' in prepared(client).text
    assert "data:image" not in client.get("/account").text, "only who just made it sees it"
    [code] = codes(database, -1)
    done = client.post("/account/second-factor", data={"code": f"{code[:3]} {code[3:]}"})
    assert done.headers["location"] == "/account?done=on"
    client.post("/sign-out")
    return client


def test_nobody_locks_himself_out_with_a_picture_he_did_not_scan(
    console: Console, database: Database
) -> None:
    client, _ = console
    enter(client)
    prepared(client)
    assert (
        client.post("/account/second-factor", data={"code": "12"}).headers["location"].endswith("wrong=code")
    )
    client.post("/sign-out")
    assert enter(client) == "/", "the password alone still does"


def test_an_open_session_binds_no_other_phone(console: Console, database: Database) -> None:
    """Each secret is new, is shown once, and to who gave the password; a wrong digit does not cost it."""
    client, _ = console
    enter(client)
    assert prepared(client, "wrong").headers["location"].endswith("wrong=password")
    first = secret_in(prepared(client).text)
    second = secret_in(prepared(client).text)
    assert len({"", first, second}) == 3
    [code] = codes(database, 0)
    assert pyotp.TOTP(second).generate_otp(second_factor.this_step()) == code
    for shown in ("", first):
        again = client.post("/account/second-factor", data={"code": "000000", "secret": shown})
        assert second not in again.text, "to who did not see it before it is not shown"
    again = client.post("/account/second-factor", data={"code": "000000", "secret": second})
    assert secret_in(again.text) == second
    assert "密码或动态口令不正确" in again.text
    done = client.post("/account/second-factor", data={"code": code, "secret": second})
    assert done.headers["location"].endswith("done=on")
    again = prepared(client)
    assert "data:image" not in again.text
    assert codes(database, 0) == [code], "what is in use stays"


def test_password_then_code(guarded: TestClient, database: Database) -> None:
    assert enter(guarded).startswith("/sign-in/code")
    assert COOKIE not in guarded.cookies
    half = guarded.cookies[HALF_WAY]
    for header in ({"authorization": f"Bearer {half}"}, {"cookie": f"{COOKIE}={half}"}):
        assert guarded.get("/api/v1/session", headers=header).status_code == 401, (
            "half a session opens nothing"
        )
    assert guarded.post("/sign-in/code", data={"code": "000000"}).status_code == 401
    [used, code] = codes(database, -1, 0)
    assert guarded.post("/sign-in/code", data={"code": used}).status_code == 401, "a code is good once"
    assert (
        guarded.post("/sign-in/code", data={"code": code, "next": "/docks"}).headers["location"] == "/docks"
    )
    assert guarded.get("/docks").status_code == 200
    assert guarded.post("/sign-in/code", data={"code": code}).status_code == 303, "the half is used up"


def test_codes_cannot_be_guessed_either(guarded: TestClient, database: Database) -> None:
    """Nor does the right password in between begin the counting anew."""
    answers = []
    for _ in range(6):
        enter(guarded)
        answers.append(guarded.post("/sign-in/code", data={"code": "000000"}).status_code)
    assert answers[:5] == [401] * 5
    assert guarded.post("/sign-in", data={"name": "chen", "password": SLOW}).status_code == 429
    with database.read() as session:
        refused = select(CustodyEvent).where(CustodyEvent.event == "SIGN_IN_REFUSED")
        assert len(session.exec(refused).all()) == 5


def test_programs_send_the_code_along(guarded: TestClient, database: Database) -> None:
    given = {"name": "chen", "password": SLOW}
    said = guarded.post("/api/v1/session", json=given)
    assert (said.status_code, said.json()["code"]) == (401, "session.code_needed")
    assert guarded.post("/api/v1/session", json={**given, "code": "1"}).status_code == 401
    [code] = codes(database, 0)
    assert guarded.post("/api/v1/session", json={**given, "code": code}).status_code == 200


def test_it_is_taken_off_with_password_and_code(guarded: TestClient, database: Database) -> None:
    enter(guarded)
    now_, later = codes(database, 0, 1)
    guarded.post("/sign-in/code", data={"code": now_})
    wrong = guarded.post("/account/second-factor/remove", data={"password": SLOW, "code": now_})
    assert wrong.headers["location"].endswith("wrong=code")
    done = guarded.post("/account/second-factor/remove", data={"password": SLOW, "code": later})
    assert done.headers["location"].endswith("done=off")
    guarded.post("/sign-out")
    assert enter(guarded) == "/"
    with database.read() as session:
        events = set(session.exec(select(CustodyEvent.event).where(CustodyEvent.actor == "chen")))
    assert {"SECOND_FACTOR_SET", "SECOND_FACTOR_REMOVED"} <= events


def test_a_secret_in_preparation_is_not_shown_again_once_it_is_on(
    guarded: TestClient, database: Database
) -> None:
    enter(guarded)
    [code] = codes(database, 0)
    guarded.post("/sign-in/code", data={"code": code})
    with database.read() as session:
        secret = session.get_one(SecondFactor, chen(session).id).secret
    shown = guarded.get("/account")
    assert secret not in shown.text
    assert "data:image/svg" not in shown.text
    assert shown.headers["cache-control"] == "no-store"


def test_codes_of_two_at_once_are_good_for_one(either: Database) -> None:
    with either.write() as session:
        user = add_user(session, "chen", SLOW, Role.OPERATOR, None)
        second_factor.prepare(session, user)
    [code] = codes(either, 0)
    answers = []
    for _ in range(2):
        with either.write() as session:
            answers.append(second_factor.accept(session, chen(session), code))
    assert answers == [True, False]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"old": "wrong", "new": "a new password", "again": "a new password"}, "wrong=password"),
        ({"old": SLOW, "new": "short", "again": "short"}, "wrong=short"),
        ({"old": SLOW, "new": "a new password", "again": "another one"}, "wrong=same"),
        ({"old": SLOW, "new": "a new password", "again": "a new password"}, "done=password"),
    ],
)
def test_a_new_password_ends_every_other_session(
    console: Console, database: Database, form: dict[str, str], says: str
) -> None:
    client, _ = console
    enter(client)
    other = client.cookies[COOKIE]
    enter(client)
    sent = client.post("/account/password", data=form).headers["location"]
    assert sent.endswith(says)
    assert client.get("/account").status_code == 200, "this one goes on"
    stale = client.get("/api/v1/session", headers={"authorization": f"Bearer {other}"}).status_code
    assert stale == (401 if says == "done=password" else 200)


def seen(database: Database, token: str, ago: timedelta | None = None) -> timedelta:
    """How long ago somebody was there; with `ago`, make it so."""
    with database.write() as session:
        row = session.exec(select(SignIn).where(col(SignIn.token_hash) == token_hash(token))).one()
        if ago is not None:
            row.seen_at = now() - ago
        assert row.seen_at is not None
        return now() - row.seen_at


def test_a_session_that_nobody_uses_ends(console: Console, database: Database) -> None:
    client, _ = console
    enter(client)
    token, nearly = client.cookies[COOKIE], IDLE - timedelta(seconds=20)
    seen(database, token, nearly)
    client.get("/docks/events", headers={"accept": "text/event-stream"})
    client.get("/docks")
    assert seen(database, token) < timedelta(seconds=10), "who opens a page is there"
    seen(database, token, IDLE)
    ended = client.get("/docks").headers["location"]
    assert ended == "/sign-in?next=/docks&from=ended"
    assert "较长时间没有操作" in client.get(ended).text
    assert client.get("/api/v1/session", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_page_that_asks_by_itself_keeps_no_session_alive(console: Console, database: Database) -> None:
    client, _ = console
    enter(client)
    token = client.cookies[COOKIE]
    seen(database, token, IDLE - timedelta(minutes=1))
    scope = {"type": "http", "headers": [(b"cookie", f"{COOKIE}={token}".encode())], "app": client.app}
    request = Request(scope)
    look_again(request, Reader("zh", "auto"), lambda: looking(request))
    assert seen(database, token) > timedelta(minutes=20)


def remove(client: TestClient, password: str = "wrong", code: str = "000000") -> int:
    return client.post("/account/second-factor/remove", data={"password": password, "code": code}).status_code


def change(client: TestClient, old: str = "wrong") -> Any:
    return client.post("/account/password", data={"old": old, "new": "x" * 8, "again": "x" * 8})


def test_who_finds_an_open_session_guesses_no_faster_than_at_the_door(
    console: Console, database: Database
) -> None:
    client, _ = console
    enter(client)
    assert [change(client).status_code for _ in range(3)] == [303] * 3
    assert [remove(client) for _ in range(3)] == [303, 303, 429]
    told = change(client, SLOW)
    assert told.status_code == 429, "the right one is not even tried"
    assert 1 <= int(told.headers["retry-after"]) <= 10
    assert "再试" in told.text
    assert client.post("/account/second-factor", data={"code": "1"}).status_code == 429
    assert client.get("/account").status_code == 200
    assert client.post("/sign-in", data={"name": "chen", "password": SLOW}).status_code == 429, "one count"
    with database.write() as session:
        events = list(session.exec(select(CustodyEvent.event).where(CustodyEvent.actor == "chen")))
        assert events.count("ACCOUNT_REFUSED") == 5
        session.exec(select(FailedSignIns)).one().last_at -= timedelta(seconds=11)
    assert change(client, SLOW).headers["location"].endswith("done=password")


def test_the_right_password_does_not_begin_the_counting_of_codes_anew(
    guarded: TestClient, database: Database
) -> None:
    enter(guarded)
    [code] = codes(database, 0)
    guarded.post("/sign-in/code", data={"code": code})
    answers, same = [], {"old": SLOW, "new": SLOW, "again": SLOW}
    for _ in range(5):
        assert guarded.post("/account/password", data=same).headers["location"].endswith("done=password")
        answers.append(remove(guarded, SLOW))
    assert [*answers, remove(guarded, SLOW)] == [303] * 5 + [429]
