"""Administration: for administrators alone, with the custody of the commands; nobody locks everybody out."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api import accounts
from api.signin import add_key, add_user, known
from gateway.database import Database
from gateway.device import Refused
from gateway.machinery import room
from gateway.models import ApiKey, CustodyEvent, Device, Endpoint, Original, Role, User, now
from gateway.store import LocalStore
from tests.integration.console_site import SLOW
from tests.integration.test_api_matrix import ADMIN, Row, roles
from tests.integration.test_worklist import id_at

BOSS = roles(ADMIN)
PEOPLE, KEYS, SYSTEMS = "/administration/people", "/administration/keys", "/administration/systems"
WHO = {"name": "proposer-{}"}
ROWS = [
    Row("GET", "/administration", BOSS, listing=True),
    Row("GET", PEOPLE, BOSS, listing=True),
    Row("GET", SYSTEMS, BOSS, listing=True),
    Row("GET", "/administration/rules", BOSS, listing=True),
    Row("GET", "/administration/orders", BOSS, listing=True),
    Row("POST", PEOPLE, BOSS, body={"name": "wu-{}", "role": "evidence", "unit": "{}"}),
    Row("POST", f"{PEOPLE}/place", BOSS, body={**WHO, "role": "evidence", "unit": "{}"}),
    Row("POST", f"{PEOPLE}/password", BOSS, body={**WHO, "new": "long enough"}),
    Row("POST", f"{PEOPLE}/disable", BOSS, body=WHO),
    Row("POST", f"{PEOPLE}/enable", BOSS, body=WHO),
    Row("POST", f"{PEOPLE}/reset-code", BOSS, body=WHO),
    Row("POST", KEYS, BOSS, body={**WHO, "label": "x"}),
    Row("POST", f"{KEYS}/revoke", BOSS, body={"key": "none"}),
    Row("POST", SYSTEMS, BOSS, body={"name": "n", "url": "https://cases.example/{}", "unit": "{}"}),
    Row("POST", SYSTEMS + "/hook-{}/off", BOSS),
]
"""Asked by every role in test_console.py."""


@pytest.fixture
def boss(console: tuple[TestClient, dict[str, str]]) -> TestClient:
    client, keys = console
    client.headers["x-api-key"] = keys["admin"]
    return client


def site_events(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        told = select(CustodyEvent).where(CustodyEvent.chain == "site").order_by(col(CustodyEvent.seq))
        return [(one.event, one.actor) for one in session.exec(told)]


def test_every_change_of_a_person_is_what_the_command_writes(boss: TestClient, database: Database) -> None:
    before = len(site_events(database))
    form = {"name": "wu", "role": "evidence", "unit": "u", "password": SLOW}
    assert boss.post(PEOPLE, data=form).status_code == 303
    boss.post(f"{PEOPLE}/place", data={"name": "wu", "role": "supervisor"})
    boss.post(f"{PEOPLE}/password", data={"name": "wu", "new": "another horse"})
    with database.read() as session:
        assert known(session, "wu", SLOW) is None
        wu = known(session, "wu", "another horse")
        assert wu is not None
        assert (wu.role, wu.unit_id) == (Role.SUPERVISOR, None)
    boss.post(f"{PEOPLE}/disable", data={"name": "wu"})
    with database.read() as session:
        assert known(session, "wu", "another horse") is None
    boss.post(f"{PEOPLE}/enable", data={"name": "wu"})
    names = ("USER_ADD", "USER_PLACED", "USER_PASSWORD_SET", "USER_DISABLE", "USER_ENABLE")
    assert site_events(database)[before:] == [(name, "user-admin") for name in names]


@pytest.mark.parametrize(("change", "more"), [("password", {"new": "another horse"}), ("disable", {})])
def test_a_new_password_and_a_disabling_end_every_session(
    console: tuple[TestClient, dict[str, str]], change: str, more: dict[str, str]
) -> None:
    client, keys = console
    client.post("/sign-in", data={"name": "chen", "password": SLOW})
    assert client.get("/docks").status_code == 200
    client.post(f"{PEOPLE}/{change}", data={"name": "chen", **more}, headers={"x-api-key": keys["admin"]})
    assert client.get("/docks").status_code == 303


def test_a_key_is_shown_once_opens_and_is_revoked(boss: TestClient, database: Database) -> None:
    told = boss.post(KEYS, data={"name": "user-integrator", "label": "案件系统"}).text
    key = {"x-api-key": re.findall(r"gwk_[\w-]+", told)[0]}
    assert boss.get("/api/v1/session", headers=key).json()["name"] == "user-integrator"
    assert "gwk_" not in boss.get(PEOPLE).text
    with database.read() as session:
        made = session.exec(select(ApiKey).where(ApiKey.label == "案件系统")).one()
    boss.post(f"{KEYS}/revoke", data={"key": made.id})
    assert boss.get("/api/v1/session", headers=key).status_code == 401
    events = [event for event, _ in site_events(database)]
    assert events[-2:] == ["USER_KEY", "USER_KEY_REVOKED"]
    boss.post(f"{KEYS}/revoke", data={"key": made.id})
    assert len(site_events(database)) == len(events), "a second time changes nothing"


@pytest.mark.parametrize(
    ("came", "back"),
    [
        (PEOPLE, PEOPLE),
        (f"{PEOPLE}?x=1", f"{PEOPLE}?x=1"),
        (KEYS, "/"),
        ("https://evil.example/account", "/"),
        ("", "/"),
    ],
)
def test_a_page_that_answers_a_form_leads_back_to_one_that_can_be_opened(
    boss: TestClient, came: str, back: str
) -> None:
    """A change of language there ended at "no such page", with the key that is shown once."""
    where = f"{boss.base_url}{came}" if came.startswith("/") else came
    told = boss.post(KEYS, data={"name": "chen", "label": "案件系统"}, headers={"referer": where}).text
    assert "gwk_" in told
    assert set(re.findall(r'name="next" value="([^"]*)"', told)) == {back}


def test_what_cannot_be_is_told_and_not_done(boss: TestClient, database: Database) -> None:
    before = site_events(database)
    taken = boss.post(PEOPLE, data={"name": "chen", "role": "evidence"})
    assert "已有用户“chen”" in taken.text
    for same in ("CHEN", "ｃｈｅｎ", "chen "):
        assert "已有用户“chen”" in boss.post(PEOPLE, data={"name": same, "role": "evidence"}).text
    for odd in ("ab\u202e", "a\u200bb", "a\tb", "长" * 41):
        assert "不能含看不见的字符" in boss.post(PEOPLE, data={"name": odd, "role": "evidence"}).text
    short = boss.post(f"{PEOPLE}/password", data={"name": "chen", "new": "short"})
    assert "密码不足 8 位" in short.text
    stranger = boss.post(f"{PEOPLE}/place", data={"name": "chen", "role": "evidence", "unit": "zz"})
    assert "登记簿中没有单位 zz" in stranger.text
    elsewhere = boss.post(SYSTEMS, data={"name": "n", "url": "https://evil.example/"})
    assert "不允许向 evil.example 投递" in elsewhere.text
    assert "不是可用的网址" in boss.post(SYSTEMS, data={"name": "n", "url": "file:///etc"}).text
    assert site_events(database) == before


def test_the_last_administrator_stays(database: Database) -> None:
    """Only who can sign in counts; at the terminal it may be done, where another can be added."""
    with database.write() as session:
        first = add_user(session, "first", SLOW, Role.ADMIN, None)
        add_user(session, "program", None, Role.ADMIN, None)
        changes: tuple[Callable[[], object], ...] = (
            lambda: accounts.disable(session, "x", first),
            lambda: accounts.place(session, "x", first, Role.EVIDENCE, None),
        )
        for change in changes:
            with pytest.raises(Refused):
                change()
        second = add_user(session, "second", SLOW, Role.ADMIN, None)
        accounts.disable(session, "x", first)
        with pytest.raises(Refused):
            accounts.disable(session, "x", second)
        assert accounts.disable(session, "x", second, last_too=True).disabled


def test_a_webhook_is_entered_switched_and_taken_out(boss: TestClient, database: Database) -> None:
    told = boss.post(SYSTEMS, data={"name": "案件系统", "url": "https://cases.example/in"}).text
    assert "whsec_" in told
    assert "whsec_" not in boss.get(SYSTEMS).text
    with database.read() as session:
        made = session.exec(select(Endpoint).where(Endpoint.name == "案件系统")).one()
    for change, enabled in (("off", False), ("on", True), ("end", False)):
        assert boss.post(f"{SYSTEMS}/{made.id}/{change}").status_code == 303
        with database.read() as session:
            assert session.get_one(Endpoint, made.id).enabled is enabled
    assert boss.post(f"{SYSTEMS}/{made.id}/on").status_code == 404, "it is gone for good"


def test_the_room_is_told_in_days_of_the_last_week(database: Database, store: LocalStore) -> None:
    at = now()
    with database.write() as session:
        session.add(Device(id="cam", type="body_camera"))
        session.flush()
        for number, days in enumerate((1, 6, 30)):
            session.add(
                Original(
                    id=id_at(at - timedelta(days=days), number), device_id="cam", name="a", suffix="",
                    size=7_000_000 * (1 + number), found_at=at - timedelta(days=days),
                )
            )  # fmt: skip
    with database.read() as session:
        told = room(session, store.root, at)
        assert told is not None
        assert told.a_day == 3_000_000
        assert told.days == told.free / 3_000_000
        assert room(session, store.root / "gone", at) is None


def test_rules_are_found_by_value_and_by_source(boss: TestClient) -> None:
    every = boss.get("/administration/rules").text
    assert "deadlines.upload_hours" in every
    found = boss.get("/administration/rules?q=upload_hours").text
    assert "deadlines.upload_hours" in found
    assert found.count("<tr>") < every.count("<tr>") / 4
    assert "没有相符的项目" in boss.get("/administration/rules?q=nothing-like-it").text


def test_what_a_value_rests_on_is_told_in_the_readers_language(boss: TestClient) -> None:
    cells = re.findall(
        r"<tr><td><code>.*?</td><td>.*?</td><td>(.*?)</td></tr>", rules_in(boss, "zh"), re.DOTALL
    )
    assert len(cells) > 100
    words = [word for cell in cells for word in re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]+>", "", cell))]
    assert words == [], "no English beside Chinese"
    assert "S1（无极县人社局音像记录设备配备办法）第6条" in " ".join(cells)
    assert "行政处罚法第60条" in " ".join(cells)
    assert "quoting GA/T 947.2" in rules_in(boss, "en")


def test_a_value_is_told_in_words(boss: TestClient) -> None:
    cells = re.findall(r"<tr><td><code>.*?</td><td>(.*?)</td><td>", rules_in(boss, "zh"), re.DOTALL)
    assert len(cells) > 100
    raw = [cell for cell in cells if re.search(r"null|true|false|[{}\[\]_]|&#34;|[A-Z]{4,}", cell)]
    assert raw == []
    assert {"未规定", "随案件", "永久", "相关环节音像记录"} <= set(cells)
    assert "执法记录仪、手持执法终端" in cells
    assert "面向当事人，行政强制措施，可作处罚证据" in cells
    assert "PARTIAL" in boss.get("/administration/rules?q=PARTIAL").text, "found as the pack writes it"


def rules_in(boss: TestClient, language: str) -> str:
    return boss.get("/administration/rules", headers={"cookie": f"gateway_language={language}"}).text


def test_who_administers_one_unit_cannot_give_himself_the_others(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, _ = console
    with database.write() as session:
        user = add_user(session, "bezirk", None, Role.ADMIN, "u")
        _, key = add_key(session, user, "test")
    asked = {"x-api-key": key}
    form = {"name": "bezirk", "role": "admin", "unit": ""}
    assert client.post(f"{PEOPLE}/place", data=form, headers=asked).status_code == 403
    assert client.get(PEOPLE, headers=asked).status_code == 403
    head = {"user": "user-supervisor", "unit": "v"}
    assert client.post("/api/v1/view-heads", json=head, headers=asked).status_code == 404
    with database.read() as session:
        assert session.exec(select(User.unit_id).where(User.name == "bezirk")).one() == "u"
