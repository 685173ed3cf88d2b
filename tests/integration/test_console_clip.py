"""The page of a clip: who sees what, one viewing however often it loads, decisions, and what it says of every state."""

import threading
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console.purposes import PURPOSE
from api.leaving import Leaving
from gateway import retrieval
from gateway.database import Database
from gateway.models import (
    Clip,
    CustodyEvent,
    Original,
    State,
    User,
    Viewing,
    Work,
)
from gateway.wording import reason
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WATCH, WORK, Row

Console = tuple[TestClient, dict[str, str]]
WHY = {"why": "核对无误"}
ROWS = [
    Row("GET", "/clips/clip-{}", EVERYBODY),
    Row("GET", "/clips/clip-{}/digests", EVERYBODY),
    Row("POST", "/clips/clip-{}/viewings/view-{role}-{}/left", WATCH),
    Row("POST", "/clips/clip-{}/labels", LEDGER, body={"place": "和平路"}),
    Row("POST", "/clips/clip-{}/secrecy/lift", WATCH, body=WHY),
    Row("POST", "/clips/clip-{}/links", LEDGER, body={"case": "case-{}", "t0_s": "0", "t1_s": "9", **WHY}),
    Row("POST", "/clips/clip-{}/links/link-{}/confirm", LEDGER, body={**WHY, "matter": "现场情况"}),
    Row("POST", "/clips/clip-{}/links/link-{}/withdraw", LEDGER, body=WHY),
    Row("POST", "/clips/clip-{}/links/link-{}/correct", LEDGER, body={"case": "case-{}", **WHY}),
    Row("POST", "/clips/clip-{}/links/sure-{}/undo", LEDGER, body=WHY),
    Row("POST", "/clips/clip-{}/orders", WORK, body={"kind": "verify"}),
]


def changed(database: Database, model: Any, key: Any, **values: Any) -> None:
    with database.write() as session:
        row = session.get_one(model, key)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def opened(console: Console, role: str = "supervisor", path: str = "/clips/clip-u", **headers: str) -> str:
    client, keys = console
    said = client.get(path, headers={"x-api-key": keys[role], **headers})
    assert said.status_code == 200, said.text
    return said.text


def watching(
    console: Console, database: Database, role: str = "supervisor", purpose: str = "案卷评查"
) -> None:
    """From here on this person has said why he watches."""
    with database.read() as session:
        user = session.exec(select(User).where(User.name == f"user-{role}")).one()
    console[0].cookies.set(PURPOSE, quote(f"{user.id} {purpose}"))


def viewings(database: Database) -> list[Viewing]:
    with database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "VIEWED")).all()
        found = session.exec(select(Viewing).where(col(Viewing.purpose).not_in(["x"]))).all()
        assert len(lines) == len(found), "each has its line of custody"
        return sorted(found, key=lambda one: one.started_at)


def test_nobody_watches_before_he_has_said_why(console: Console, database: Database) -> None:
    told = opened(console)
    assert "本次调阅事由" in told
    assert "<video" not in told
    assert viewings(database) == []
    watching(console, database)
    told = opened(console, **{"sec-purpose": "prefetch"})
    assert viewings(database) == [], "a browser that looks ahead is nobody who watches"
    told = opened(console)
    [viewing] = viewings(database)
    assert f"/api/v1/clips/clip-u/original?viewing={viewing.id}" in told
    assert "user-supervisor · u" in told, "the watermark names who watches, and his unit"


def test_a_page_that_is_loaded_again_is_the_same_viewing(console: Console, database: Database) -> None:
    watching(console, database)
    for _ in range(3):
        opened(console, path="/clips/clip-u?t=4.5")
    assert len(viewings(database)) == 1
    watching(console, database, purpose="抽查")
    assert "#t=4.5" in opened(console, path="/clips/clip-u?t=4.5")
    assert [one.purpose for one in viewings(database)] == ["案卷评查", "抽查"]
    watching(console, database, "evidence")
    opened(console, "evidence")
    assert len({one.user_id for one in viewings(database)}) == 2, "another's viewing is not his"


def test_two_pages_that_open_at_once_begin_one(console: Console, database: Database) -> None:
    """Both have looked before either has written."""
    begun = []
    for _ in range(2):
        with database.write() as session:
            clip, original = session.get_one(Clip, "clip-u"), session.get_one(Original, "clip-u")
            user = session.exec(select(User).where(User.name == "user-supervisor")).one()
            begun.append(retrieval.go_on(session, clip, original, user.id, user.name, "案卷评查").id)
    assert begun[0] == begun[1]
    assert len(viewings(database)) == 1


def test_who_left_has_ended_it_but_not_who_only_loaded_it_again(console: Console, database: Database) -> None:
    client, keys = console
    watching(console, database)
    opened(console)
    [viewing] = viewings(database)
    leaving = Leaving(database, threading.Event(), rest_s=3600)
    client.app.state.leaving = leaving  # type: ignore[attr-defined]
    way, key = f"/clips/clip-u/viewings/{viewing.id}/left", {"x-api-key": keys["supervisor"]}
    assert client.post(way, headers={"x-api-key": keys["evidence"]}).status_code == 403, "it is not his"
    assert client.post(way, headers=key).status_code == 200
    opened(console)
    assert leaving.gone(0.0) == [], "he is here again"
    client.post(way, headers=key)
    client.get(f"/api/v1/clips/clip-u/original?viewing={viewing.id}", headers=key)
    assert leaving.gone(0.0) == [], "another page of his still plays it"
    assert client.post(way, headers=key).status_code == 200
    leaving.stop.set()  # the service stops: who has left has left
    assert leaving.waiting is not None
    leaving.waiting.join(10)
    [viewing] = viewings(database)
    assert viewing.ended_at is not None
    opened(console)
    assert len(viewings(database)) == 2


def test_an_operator_is_told_why_there_is_no_player(console: Console, database: Database) -> None:
    watching(console, database, "operator")
    told = opened(console, "operator")
    assert "您的角色（操作员）不能调阅音像资料" in told
    assert "<video" not in told
    assert "本次调阅事由" not in told
    assert "保管链" not in told
    assert viewings(database) == []


def test_who_may_watch_and_asks_for_anothers_is_on_record(console: Console, database: Database) -> None:
    client, keys = console
    assert client.get("/clips/clip-v", headers={"x-api-key": keys["supervisor"]}).status_code == 404
    assert client.get("/clips/clip-v", headers={"x-api-key": keys["operator"]}).status_code == 404
    with database.read() as session:
        refused = session.exec(select(CustodyEvent).where(CustodyEvent.event == "VIEW_REFUSED")).all()
    assert [(one.actor, one.subject) for one in refused] == [("user-supervisor", "clip-v")]


MP4 = {
    "container": "mov,mp4,m4a",
    "streams": [{"codec_type": "video", "codec_name": "h264", "pix_fmt": "yuv420p"}],
}
HEVC = {
    "container": "mov,mp4,m4a",
    "streams": [{"codec_type": "video", "codec_name": "hevc", "pix_fmt": "yuv420p"}],
}
SOUND = {"container": "mov,mp4,m4a", "streams": [{"codec_type": "audio", "codec_name": "aac"}]}


@pytest.mark.parametrize(
    ("format", "first", "second"),
    [
        (MP4, "original?", "renditions/proxy"),
        (HEVC, "renditions/proxy", "original?"),
        (None, "original?", "renditions/proxy"),
    ],
)
def test_what_plays_first_is_decided_by_what_the_file_is(
    console: Console, database: Database, format: dict[str, Any] | None, first: str, second: str
) -> None:
    changed(database, Clip, "clip-u", format=format)
    watching(console, database)
    told = opened(console)
    assert 0 < told.index(f"/clips/clip-u/{first}") < told.index(f"/clips/clip-u/{second}")


@pytest.mark.parametrize(
    ("of_original", "of_clip", "says"),
    [
        ({"state": State.FOUND, "stored_as": None}, {}, ("尚未采集入库", "等待其再次接入后从 7 字节处继续复制")),
        ({"state": State.QUARANTINED, "quarantine": reason("quarantine.stored_missing", path="a")}, {},
         ("原件已隔离", "存储中的文件不见了", "重新处理")),
        ({"state": State.DUPLICATE, "duplicate_of": "old-u"}, {}, ("内容与另一份资料完全相同", 'href="/clips/old-u"')),
        ({"state": State.ACQUIRED}, {}, ("正在进行二次校验",)),
        ({}, {"condition": reason("condition.not_media", suffix=".mp4")}, ("内容不是音像文件",)),
        ({}, {"quarantine": reason("quarantine.unknown_officer", account="9")}, ("不在人员名册中",)),
        ({}, {"secrecy": "state_secret"}, ("本系统不予播放",)),
        ({}, {"format": SOUND}, ("只有声音，没有画面", "<video")),
        ({}, {"kind": "PHOTO"}, ("IMG", )),
    ],
)  # fmt: skip
def test_every_state_says_what_it_is(
    console: Console,
    database: Database,
    of_original: dict[str, Any],
    of_clip: dict[str, Any],
    says: tuple[str, ...],
) -> None:
    with database.write() as session:
        waiting = reason("wait.source_gone", done=7)
        session.add(Work(item_id="clip-u", pipeline="preserve", waiting=waiting))
    changed(database, Original, "clip-u", **of_original, **({"name": "IMG.jpg"} if "kind" in of_clip else {}))
    changed(database, Clip, "clip-u", **of_clip)
    watching(console, database, "evidence")
    told = opened(console, "evidence")
    assert [one for one in says if one not in told] == []
    is_shown = "viewing=" in told
    assert is_shown is (of_original.get("state") not in {State.FOUND, State.DUPLICATE} and not (
        {"condition", "secrecy"} & of_clip.keys()
    ))  # fmt: skip


def test_what_was_destroyed_has_its_record_and_no_player(console: Console, database: Database) -> None:
    watching(console, database)
    told = opened(console, path="/clips/gone-u")
    assert "本资料已依法销毁" in told
    assert "销毁记录" in told
    assert "viewing=" not in told
