"""Who watched what, how long, and who was not let: in the chain and to who listens, in one transaction."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from gateway import audit, custody, live, retrieval
from gateway.database import Database
from gateway.delivery import endpoints
from gateway.models import (
    Clip,
    CustodyEvent,
    Device,
    LiveView,
    Original,
    OutboxEvent,
    Role,
    Unit,
    User,
    Viewing,
    now,
)
from gateway.store import LocalStore

Api = tuple[TestClient, dict[str, str]]


def listen(session: Session) -> None:
    endpoints.add_webhook(
        session, "t", ["*"], name="h", url="https://x.example/h",
        kinds=["retrieval.begun", "retrieval.ended", "retrieval.refused", "retrieval.live_begun", "retrieval.live_ended"], unit=None,
    )  # fmt: skip


@pytest.fixture
def desk(either: Database) -> Database:
    with either.write() as session:
        session.add_all((Unit(id="u", name="u"), User(id="chen", name="chen", role=Role.EVIDENCE)))
        session.flush()
        session.add(Device(id="cam", type="body_camera", unit_id="u"))
        session.add(Original(id="c", device_id="cam", name="c.mp4", suffix=".mp4", size=1))
        session.flush()
        session.add(Clip(id="c", device_id="cam", kind="VIDEO"))
        listen(session)
    return either


def lines(database: Database, *events: str) -> list[tuple[str, str, str]]:
    with database.read() as session:
        found = select(CustodyEvent).where(col(CustodyEvent.event).in_(events)).order_by(col(CustodyEvent.at))
        return [(one.event, one.actor, one.subject) for one in session.exec(found)]


def told(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        return [
            (one.kind, one.body) for one in session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))
        ]


def begin(database: Database) -> str:
    with database.write() as session:
        clip, original = session.get_one(Clip, "c"), session.get_one(Original, "c")
        return retrieval.begin(session, clip, original, "chen", "chen", "案卷评查").id


def test_a_viewing_begins_and_ends_once(desk: Database) -> None:
    viewing = begin(desk)
    for later in (60, 120):
        with desk.write() as session:
            row = session.get_one(Viewing, viewing)
            retrieval.end(session, row, row.started_at + timedelta(seconds=later), "chen")
    assert lines(desk, "VIEWED", "VIEWING_ENDED") == [("VIEWED", "chen", "c"), ("VIEWING_ENDED", "chen", "c")]
    (first, began), (last, ended) = told(desk)
    assert (first, last) == ("retrieval.begun", "retrieval.ended")
    assert (began["by"], began["purpose"], began["clip"], began["device"]) == ("chen", "案卷评查", "c", "cam")
    assert (ended["seconds"], ended["viewing"]) == (60.0, viewing)


def test_one_that_nobody_ends_ends_with_its_time(desk: Database) -> None:
    open_one, over = begin(desk), begin(desk)
    with desk.write() as session:
        row = session.get_one(Viewing, over)
        row.started_at, row.expires_at = now() - timedelta(hours=5), now() - timedelta(hours=1)
        session.add(row)
    assert retrieval.end_expired(desk) == 1
    assert retrieval.end_expired(desk) == 0
    with desk.read() as session:
        assert session.get_one(Viewing, open_one).ended_at is None
        row = session.get_one(Viewing, over)
        assert row.ended_at == row.expires_at
    assert lines(desk, "VIEWING_ENDED") == [("VIEWING_ENDED", "gateway", "c")]
    assert told(desk)[-1][1]["seconds"] == 4 * 3600


def test_an_event_stands_or_falls_with_its_line_of_custody(desk: Database) -> None:
    def fail() -> None:
        with desk.write() as session:
            clip, original = session.get_one(Clip, "c"), session.get_one(Original, "c")
            retrieval.begin(session, clip, original, "chen", "chen", "案卷评查")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert told(desk) == []
    assert lines(desk, "VIEWED") == []


def test_a_refusal_is_noted_once_in_a_while_for_each_person_and_reason(desk: Database) -> None:
    def refuse(user: str, code: str = "retrieval.not_visible", **of: str | None) -> bool:
        asked: dict[str, str | None] = {"clip_id": None, "device_id": None, **of}
        with desk.write() as session:
            return retrieval.refused(
                session, user, code, clip_id=asked["clip_id"], device_id=asked["device_id"]
            )

    assert [refuse("chen", clip_id="c"), refuse("chen", clip_id="c")] == [True, False]
    assert refuse("li", clip_id="c")
    assert refuse("chen", "retrieval.not_allowed", clip_id="c")
    assert refuse("chen", device_id="cam")
    assert not refuse("chen", clip_id="nothing")
    assert not refuse("chen", device_id="nothing")
    assert len(lines(desk, "VIEW_REFUSED")) == 4
    assert {kind for kind, _ in told(desk)} == {"retrieval.refused"}
    assert [(body["by"], body["clip"]) for _, body in told(desk)] == [
        ("chen", "c"), ("li", "c"), ("chen", "c"), ("chen", None)
    ]  # fmt: skip
    with desk.read() as session:
        assert list(custody.breaks(session, "device:cam")) == []


def test_a_live_picture_is_told_of_as_well(desk: Database) -> None:
    with desk.write() as session:
        view = live.begin(session, session.get_one(Device, "cam"), "chen", "chen", "督察抽查")
    for _ in range(2):
        with desk.write() as session:
            row = session.get_one(LiveView, view.id)
            live.end(session, row, row.started_at + timedelta(seconds=5), "gateway")
    (first, began), (last, ended) = told(desk)
    assert (first, last) == ("retrieval.live_begun", "retrieval.live_ended")
    assert (began["purpose"], began["by"]) == ("督察抽查", "chen")
    assert (ended["by"], ended["seconds"]) == ("chen", 5.0), "by whom it was watched, whoever ended it"


def ask(api: Api, role: str, method: str, path: str, body: Any = None) -> Any:
    client, keys = api
    return client.request(method, f"/api/v1{path}", json=body, headers={"x-api-key": keys[role]})


def test_whoever_is_not_let_stands_in_the_chain(api: Api, database: Database) -> None:
    with database.write() as session:
        listen(session)
    purpose = {"purpose": "评查"}
    assert ask(api, "evidence", "POST", "/clips/clip-v/viewings", purpose).status_code == 404
    assert ask(api, "operator", "POST", "/clips/clip-u/viewings", purpose).status_code == 403
    assert ask(api, "evidence", "GET", "/clips/clip-u/original?viewing=view-admin-u").status_code == 403
    for _ in range(3):
        assert ask(api, "supervisor", "GET", "/clips/clip-v/renditions/proxy?viewing=x").status_code == 404
    assert ask(api, "operator", "POST", "/devices/cam-u/live", purpose).status_code == 403
    assert ask(api, "evidence", "POST", "/devices/cam-v/live", purpose).status_code == 404
    assert ask(api, "evidence", "GET", "/devices/cam-u/live/live-admin-u/1.mp4").status_code == 403
    assert ask(api, "evidence", "POST", "/clips/nothing/viewings", purpose).status_code == 404
    assert lines(database, "VIEW_REFUSED") == [
        ("VIEW_REFUSED", "user-evidence", "clip-v"),
        ("VIEW_REFUSED", "user-operator", "clip-u"),
        ("VIEW_REFUSED", "user-evidence", "clip-u"),
        ("VIEW_REFUSED", "user-supervisor", "clip-v"),
        ("VIEW_REFUSED", "user-operator", "cam-u"),
        ("VIEW_REFUSED", "user-evidence", "cam-v"),
        ("VIEW_REFUSED", "user-evidence", "cam-u"),
    ]
    assert len(told(database)) == 7


def test_who_is_let_is_no_refusal_and_an_ended_viewing_shows_nothing_more(
    api: Api, database: Database, store: LocalStore
) -> None:
    made = ask(api, "evidence", "POST", "/clips/clip-u/viewings", {"purpose": "评查"}).json()
    path = made["original"].removeprefix("/api/v1")
    assert ask(api, "evidence", "GET", path).status_code == 200
    assert ask(api, "supervisor", "DELETE", f"/clips/clip-u/viewings/{made['viewing']}").status_code == 403
    for _ in range(2):
        gone = ask(api, "evidence", "DELETE", f"/clips/clip-u/viewings/{made['viewing']}")
        assert gone.status_code == 204, gone.text
    assert ask(api, "evidence", "GET", path).status_code == 403
    assert lines(database, "VIEWING_ENDED", "VIEW_REFUSED") == [("VIEWING_ENDED", "user-evidence", "clip-u")]
    with database.read() as session:
        row = session.get_one(Viewing, made["viewing"])
        said = session.exec(select(CustodyEvent).where(CustodyEvent.event == "VIEWING_ENDED")).one()
    assert said.rows == [{"table": "viewing", "id": row.id, "digest": custody.row_digest(row)}]
    assert not [
        one
        for one in audit.audit(database, store, read_bytes=False)
        if "viewing" in one.where + one.what and row.id in str(one)
    ]
