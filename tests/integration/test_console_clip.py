"""The page of a clip: who sees what, one viewing however often it loads, decisions, and what it says of every state."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console.purposes import PURPOSE
from api.leaving import Leaving
from gateway import custody
from gateway.database import Database
from gateway.models import (
    CaseAlias,
    Clip,
    CustodyEvent,
    DeviceSignal,
    Link,
    LinkStatus,
    OrderRow,
    OrderState,
    Original,
    Rendition,
    State,
    Track,
    User,
    Viewing,
    Work,
    now,
)
from gateway.wording import reason
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WATCH, WORK, Row

Console = tuple[TestClient, dict[str, str]]
T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)
WHY = {"why": "核对无误"}
ROWS = [
    Row("GET", "/clips/clip-{}", EVERYBODY),
    Row("GET", "/clips/clip-{}/digests", EVERYBODY),
    Row("POST", "/clips/clip-{}/viewings/view-{role}-{}/left", WATCH),
    Row("POST", "/clips/clip-{}/labels", LEDGER, body={"place": "和平路"}),
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


def test_labels_are_entered_and_what_was_not_touched_stays(console: Console, database: Database) -> None:
    client, keys = console
    key = {"x-api-key": keys["evidence"]}
    changed(database, Clip, "clip-u", secrecy="privacy", place="旧址")
    form = {"place": "和平路 1 号", "case_no": "冀邢市监罚〔2024〕27号", "secrecy": "privacy"}
    said = client.post("/clips/clip-u/labels", data=form, headers=key)
    assert said.headers["location"] == "/clips/clip-u#labels"
    with database.read() as session:
        clip = session.get_one(Clip, "clip-u")
        assert (clip.place, clip.secrecy) == ("和平路 1 号", "privacy")
        [line] = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LABELLED_BY_PERSON")).all()
        assert set(line.detail) == {"place", "case_no"}
    client.post("/clips/clip-u/labels", data=form, headers=key)
    with database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LABELLED_BY_PERSON")).all()
        assert len(lines) == 1, "what says nothing new is no line"
    lifted = client.post("/clips/clip-u/labels", data={**form, "secrecy": ""}, headers=key)
    assert lifted.status_code == 409
    assert "请写明理由" in lifted.text
    timed = {**form, "captured_at": "2024-05-06T09:31:00", "why": "画面时钟"}
    assert client.post("/clips/clip-u/labels", data=timed, headers=key).status_code == 303
    assert 'value="2024-05-06T09:31:00"' in opened(console, "evidence")


def test_a_link_is_corrected_by_the_number_that_people_know(console: Console, database: Database) -> None:
    client, keys = console
    key, way = {"x-api-key": keys["evidence"]}, "/clips/clip-u/links/link-u/correct"
    with database.write() as session:
        for case in ("case-u", "case-v"):
            number = f"冀邢市监罚〔2024〕{27 if case == 'case-u' else 28}号"
            session.add(CaseAlias(case_uid=case, raw=number, norm=number))
    for number in ("冀邢市监罚〔2024〕28号", "没有这个号"):
        refused = client.post(way, data={"case": number, "why": "应为此案"}, headers=key)
        assert refused.status_code == 404, "another unit's is as one that is not there"
        assert f"没有编号为“{number}”的案件" in refused.text
    said = client.post(
        way, data={"case": "冀邢市监罚[2024] 27号", "why": "应为此案", "t0_s": "", "t1_s": ""}, headers=key
    )
    assert said.headers["location"] == "/clips/clip-u#links"
    with database.read() as session:
        old = session.get_one(Link, "link-u")
        assert old.status is LinkStatus.WITHDRAWN
        made = session.exec(select(Link).where(Link.supersedes == "link-u")).one()
        assert (made.case_uid, made.made_by) == ("case-u", "user-evidence")
    told = opened(console, "evidence")
    assert "已确认" in told
    assert "历次关联（1）" in told
    foreign = client.post("/clips/old-u/links/sure-u/withdraw", data={"why": "不是本案"}, headers=key)
    assert foreign.status_code == 404, "a link of another clip"


def test_asking_to_verify_shows_its_end_by_itself(console: Console, database: Database) -> None:
    client, keys = console
    key = {"x-api-key": keys["evidence"]}
    with database.write() as session:
        for order in session.exec(select(OrderRow)).all():
            session.delete(order)
    assert client.post("/clips/clip-u/orders", data={"kind": "unlock"}, headers=key).status_code == 422
    client.post("/clips/clip-u/orders", data={"kind": "verify"}, headers=key)
    waits = client.get("/clips/clip-u/digests", headers=key).text
    assert 'hx-trigger="every 1s"' in waits
    assert "正在重新读取原件" in waits
    with database.read() as session:
        [order] = session.exec(select(OrderRow)).all()
    for state, result, says in (
        (OrderState.DONE, {"same": True}, "与入库时一致"),
        (OrderState.DONE, {"same": False}, "与入库时不一致，已隔离"),
        (OrderState.FAILED, {"reason": reason("order.nothing_stored")}, "没有校验成"),
        (OrderState.EXPIRED, {}, "没有执行"),
    ):
        changed(database, OrderRow, order.id, state=state, result=result, ended_at=now())
        told = client.get("/clips/clip-u/digests", headers=key).text
        assert says in told
        assert "hx-trigger" not in told


def test_marks_and_track_stand_at_their_seconds(console: Console, database: Database) -> None:
    """The camera's clock was a minute ahead: what it told, and where it was, belongs to the true time."""
    start, ahead = T0 + timedelta(minutes=10), timedelta(minutes=1)
    written = (start + ahead + timedelta(hours=8)).replace(tzinfo=None).isoformat()
    read = {"source": "name", "written": written, "zone": "Asia/Shanghai"}
    changed(
        database, Clip, "clip-u", started_at=start, ended_at=start + timedelta(seconds=100), duration_s=100.0,
        times=[read], time_source="name",
    )  # fmt: skip
    told_at = start + ahead
    points = [
        [(told_at + timedelta(seconds=n)).timestamp(), 37.0 + n / 10_000, 114.5] for n in range(-20, 60, 10)
    ]
    with database.write() as session:
        session.add(
            Track(
                device_id="cam-u",
                begins_at=told_at - timedelta(seconds=20),
                ends_at=told_at + timedelta(seconds=50),
                points=points,
            )
        )
        for kind in ("sos", "low_battery"):
            session.add(
                DeviceSignal(
                    device_id="cam-u",
                    event_id=kind,
                    kind=kind,
                    received_at=now(),
                    device_time=told_at + timedelta(seconds=25),
                )
            )
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    fixes = client.get("/api/v1/clips/clip-u/track", headers=key).json()
    assert [fix["at_s"] for fix in fixes] == [0, 10, 20, 30, 40, 50]
    assert fixes[0]["at"] == start.isoformat().replace("+00:00", "Z")
    changed(database, DeviceSignal, ("cam-u", "sos"), received_at=told_at + timedelta(seconds=30))
    watching(console, database)
    told = opened(console)
    assert 'data-to="25.0"' in told
    assert "设备报警（SOS）" in told
    assert 'x1="25.000%"' in told
    assert "6 个定位点，约 557 米" in told
    assert "low_battery" not in told


def test_the_chain_tells_in_words_and_says_how_much_there_is(console: Console, database: Database) -> None:
    why = reason("retrieval.not_allowed")
    with database.write() as session:
        for number in range(40):
            detail = {"purpose": f"第{number}次"}
            custody.append(session, "device:cam-u", "VIEWED", "王监督", "clip-u", (), detail)
        custody.append(session, "device:cam-u", "VIEW_REFUSED", "chen", "clip-u", (), {"why": why})
        custody.append(session, "device:cam-u", "PRESERVED", "gateway", "clip-u")
    told = opened(console)
    assert "其岗位无权调阅" in told
    assert "固化保存" in told
    assert "PRESERVED</" not in told
    assert "第39次" in told
    assert "第0次" not in told
    assert "第0次" in opened(console, path="/clips/clip-u?custody=all")
    assert "Viewing refused" in opened(console, cookie="gateway_language=en")


def test_an_original_of_another_units_case_names_no_case(console: Console, database: Database) -> None:
    """A clip may be linked to what its viewer must not read."""
    changed(database, Link, "link-u", case_uid="case-v")
    told = opened(console, "evidence")
    assert "其他单位的案件" in told
    assert "case-v" not in told


def test_renditions_tell_what_made_them(console: Console, database: Database) -> None:
    with database.write() as session:
        session.add(
            Rendition(
                clip_id="clip-u", kind="waveform", stored_as="w", media_type="image/png", size=9, sha256="w" * 8,
                parent_sha256="u" * 64, command=["ffmpeg", "-i", "<x>"], tool="ffmpeg version 5.1",
            )
        )  # fmt: skip
    told = opened(console)
    assert "声音波形" in told
    assert "ffmpeg -i &lt;x&gt;" in told
    assert "ffmpeg version 5.1" in told
