"""The screen before a dock: its own dock and nothing else; badges take shared devices out and bring them back."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.console.kiosk import SCREEN_COOKIE
from api.signin import COOKIE
from gateway import receipts
from gateway.database import Database
from gateway.models import (
    Allocation,
    AllocationKind,
    Checkout,
    CustodyEvent,
    Device,
    DeviceStatus,
    Officer,
    Offload,
    User,
)
from gateway.wording import CHINA
from tests.integration.console_site import SLOW
from tests.integration.test_api_matrix import EVERYBODY, WORK, Row

ROWS = [
    Row("GET", "/kiosk/dock-{}", EVERYBODY),
    Row("GET", "/kiosk/dock-{}/events", EVERYBODY, listing=True),
    Row("POST", "/kiosk/dock-{}/open", WORK),
    Row("POST", "/kiosk/dock-{}/close", WORK),
    Row("POST", "/kiosk/dock-{}/badge", WORK, body={"code": "x"}),
    Row("POST", "/kiosk/dock-{}/take", WORK, body={"officer": "zhang-{}", "device": "cam-{}"}),
    Row("POST", "/kiosk/dock-{}/return", WORK, body={"checkout": "out-{}"}),
    Row("GET", "/kiosk/dock-{}/offloads/now-{}", EVERYBODY),
    Row("GET", "/offloads/now-{}", EVERYBODY),
]
Console = tuple[TestClient, dict[str, str]]


@pytest.fixture
def screen(console: Console) -> TestClient:
    """A browser that an operator made the screen of dock-u; he has signed out of it."""
    client, _ = console
    client.post("/sign-in", data={"name": "chen", "password": SLOW})
    assert client.post("/kiosk/dock-u/open").headers["location"] == "/kiosk/dock-u"
    assert COOKIE not in client.cookies
    return client


@pytest.fixture
def pooled(database: Database) -> Database:
    """cam-p is shared by the unit, lies in bay 2 of dock-u, all of it safe; 王五 has badge 77 and number 130599."""
    with database.write() as session:
        session.add(Device(id="cam-p", name="公用机", type="body_camera", unit_id="u"))
        session.add(Officer(id="wang", name="王五", unit_id="u", badge="77", number="130599"))
        session.flush()
        past = datetime(2024, 1, 1, tzinfo=UTC)
        session.add(Allocation(device_id="cam-p", kind=AllocationKind.POOL, unit_id="u", valid_from=past))
        detail = {"state": "OFFLOADING", "camera": "cam-p"}
        session.add(DeviceStatus(device_id="dock-u", bay="2", present=True, detail=detail))
        session.add(DeviceStatus(device_id="cam-p", bay="2", present=True))
        opened = datetime.now(UTC) - timedelta(minutes=3)
        session.add(Offload(id="done-p", device_id="cam-p", bay="2", opened_at=opened, listing=[]))
    return database


def open_of(session: Session, officer: str) -> list[Checkout]:
    return list(
        session.exec(select(Checkout).where(Checkout.officer_id == officer, col(Checkout.in_at).is_(None)))
    )


def test_a_screen_opens_its_dock_and_nothing_else(screen: TestClient, pooled: Database) -> None:
    assert screen.get("/kiosk/dock-u").status_code == 200
    assert "event: beat" in screen.get("/kiosk/dock-u/events").text
    token = screen.cookies[SCREEN_COOKIE]
    for path in ("/docks", "/account", "/offloads/now-u", "/kiosk/dock-v"):
        assert screen.get(path).headers["location"].startswith("/sign-in"), path
    for header in ({"authorization": f"Bearer {token}"}, {"cookie": f"{COOKIE}={token}"}):
        assert screen.get("/api/v1/session", headers=header).status_code == 401
    assert screen.get("/kiosk/dock-u/offloads/done-p").status_code == 200
    with pooled.write() as session:
        session.get_one(DeviceStatus, ("dock-u", "2")).present = False
    assert screen.get("/kiosk/dock-u/offloads/done-p").status_code == 404, "it lies elsewhere now"


def test_who_makes_it_a_screen_is_signed_out_of_it(console: Console) -> None:
    """Else whoever stands before the dock is the operator."""
    client, _ = console
    client.post("/sign-in", data={"name": "chen", "password": SLOW})
    token = client.cookies[COOKIE]
    client.post("/kiosk/dock-u/open")
    assert COOKIE not in client.cookies
    stale = client.get("/api/v1/session", headers={"authorization": f"Bearer {token}"})
    assert stale.status_code == 401
    assert client.get("/kiosk/dock-u").status_code == 200


def test_a_screen_does_not_go_idle_and_can_be_closed(
    screen: TestClient, console: Console, database: Database
) -> None:
    client, keys = console
    assert client.post("/kiosk/dock-u/close", headers={"x-api-key": keys["operator"]}).status_code == 303
    assert screen.get("/kiosk/dock-u").headers["location"].startswith("/sign-in")


def test_who_opened_it_and_is_disabled_closes_it(screen: TestClient, database: Database) -> None:
    with database.write() as session:
        session.exec(select(User).where(User.name == "chen")).one().disabled = True
    assert screen.get("/kiosk/dock-u").status_code == 303


@pytest.mark.parametrize("code", ["77", " 130599 "])
def test_a_badge_takes_a_shared_device_and_brings_it_back(
    screen: TestClient, pooled: Database, code: str
) -> None:
    shown = screen.post("/kiosk/dock-u/badge", data={"code": code})
    assert "请取 2 号仓的 公用机" in shown.text
    with pooled.read() as session:
        assert open_of(session, "wang") == [], "looking enters nothing"
    taken = screen.post("/kiosk/dock-u/take", data={"officer": "wang", "device": "cam-p"})
    assert "done=taken" in taken.headers["location"]
    with pooled.read() as session:
        [out] = open_of(session, "wang")
        assert (out.device_id, out.handed_by) == ("cam-p", "dock-u")
    again = screen.post("/kiosk/dock-u/take", data={"officer": "wang", "device": "cam-p"})
    assert "请先归还" in again.text
    assert "归还 公用机" in screen.post("/kiosk/dock-u/badge", data={"code": code}).text
    back = screen.post("/kiosk/dock-u/return", data={"checkout": out.id})
    assert "done=back" in back.headers["location"]
    with pooled.read() as session:
        assert open_of(session, "wang") == []
        events = session.exec(select(CustodyEvent.event).where(CustodyEvent.actor == "chen")).all()
        assert {"CHECKED_OUT", "RETURNED"} <= {*events}
    twice = screen.post("/kiosk/dock-u/return", data={"checkout": out.id})
    assert twice.status_code == 200
    assert 'role="alert"' in twice.text


def test_who_has_left_takes_nothing_from_the_day_on_and_brings_back_what_he_has(
    screen: TestClient, pooled: Database
) -> None:
    def leaves(days: int) -> None:
        with pooled.write() as session:
            on = datetime.now(CHINA).date() + timedelta(days=days)
            session.get_one(Officer, "wang").left_on = on

    leaves(0)
    assert "已离岗" in screen.post("/kiosk/dock-u/badge", data={"code": "77"}).text
    sent = screen.post("/kiosk/dock-u/take", data={"officer": "wang", "device": "cam-p"})
    assert "已离岗" in sent.text
    with pooled.read() as session:
        assert open_of(session, "wang") == []
    leaves(1)
    assert "done=taken" in take(screen)
    leaves(0)
    assert "归还 公用机" in screen.post("/kiosk/dock-u/badge", data={"code": "77"}).text


def test_a_badge_that_was_given_to_somebody_else_is_theirs(screen: TestClient, pooled: Database) -> None:
    with pooled.write() as session:
        session.get_one(Officer, "wang").left_on = datetime.now(CHINA).date()
        session.add(Officer(id="zhao", name="赵六", unit_id="u", badge="77"))
    assert "赵六" in screen.post("/kiosk/dock-u/badge", data={"code": "77"}).text


def take(screen: TestClient) -> str:
    sent = screen.post("/kiosk/dock-u/take", data={"officer": "wang", "device": "cam-p"})
    return sent.headers.get("location", sent.text)


def test_what_is_not_safe_yet_is_not_given_out(screen: TestClient, pooled: Database) -> None:
    with pooled.write() as session:
        entry = {"path": "61", "name": "a", "size": 10, "mtime_ns": 0, "sequence": None}
        session.get_one(Offload, "done-p").listing = [entry]
    assert "尚未采集完毕" in screen.post("/kiosk/dock-u/badge", data={"code": "77"}).text
    sent = screen.post("/kiosk/dock-u/take", data={"officer": "wang", "device": "cam-p"})
    assert "尚未采集完毕" in sent.text
    with pooled.read() as session:
        assert open_of(session, "wang") == []


def test_a_badge_of_another_unit_is_nobodys(screen: TestClient, pooled: Database) -> None:
    with pooled.write() as session:
        session.add(Officer(id="far", name="远方", unit_id="v", badge="88"))
    said = screen.post("/kiosk/dock-u/badge", data={"code": "88"}).text
    assert "未登记" in said
    assert "远方" not in said


def test_a_receipt_says_what_became_of_each_file(console: Console, database: Database) -> None:
    client, keys = console
    key = {"x-api-key": keys["operator"]}
    told = client.get("/offloads/now-u", headers=key).text
    assert "尚未读取" in told
    assert "不作凭据" in told
    with database.write() as session:
        sealed = receipts.seal(session, session.get_one(Offload, "now-u"))
        assert sealed is not None
        digest = sealed.digest
    told = client.get("/offloads/now-u", headers=key).text
    assert "回执第 1 版" in told
    assert digest in told
    assert "请证据管理员处理" in told, "what was listed is not all there"
