"""What people decide on the page of a clip, and what it tells of its seconds, its chain and its copies."""

import json
from datetime import UTC, datetime, timedelta

from sqlmodel import select

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
    Rendition,
    Track,
    now,
)
from gateway.wording import reason
from tests.integration.test_console_clip import Console, changed, opened, watching

T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)


def test_labels_are_entered_and_what_was_not_touched_stays(console: Console, database: Database) -> None:
    client, keys = console
    key = {"x-api-key": keys["evidence"]}
    changed(database, Clip, "clip-u", secrecy="privacy", place="旧址")
    form = {"place": "和平路 1 号", "case_no": "冀邢市监罚〔2024〕27号", "secrecy": "privacy"}
    form["shown"] = json.dumps({"place": "旧址", "case_no": "", "secrecy": "privacy", "captured_at": ""})
    said = client.post("/clips/clip-u/labels", data=form, headers=key)
    assert said.headers["location"] == "/clips/clip-u#labels"
    with database.read() as session:
        clip = session.get_one(Clip, "clip-u")
        assert (clip.place, clip.secrecy) == ("和平路 1 号", "privacy")
        [line] = session.exec(select(CustodyEvent).where(CustodyEvent.event == "LABELLED_BY_PERSON")).all()
        assert set(line.detail) == {"place", "case_no", "before"}
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
        custody.append(session, "device:cam-u", "VERIFIED", "gateway", "clip-u", (), {"restored": True})
        custody.append(session, "device:cam-u", "PRESERVED", "gateway", "clip-u")
    told = opened(console)
    assert "其岗位无权调阅" in told
    assert "固化保存" in told
    assert "由第二份副本恢复" in told
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
