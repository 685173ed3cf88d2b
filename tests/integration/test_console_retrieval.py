"""The pages of retrieval and the live wall: who may open which, and what a walk through them shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console.retrieval.copies import given
from api.problems import Problem
from api.signin import add_key
from gateway import copies
from gateway.database import Database
from gateway.models import (
    Clip,
    ClipCopy,
    CustodyEvent,
    Device,
    OrderRow,
    RequestState,
    Role,
    User,
    Viewing,
    ViewRequest,
    now,
)
from tests.integration.test_api_matrix import ASK, EVERYBODY, WATCH, Row, roles

Console = tuple[TestClient, dict[str, str]]
CHECKERS = roles(Role.SUPERVISOR, Role.ADMIN)
ROOT = roles(Role.ADMIN)
ROWS = [
    Row("GET", "/retrieval", ASK, listing=True),
    Row("GET", "/retrieval/new", ASK, listing=True),
    Row(
        "POST", "/retrieval/new", ASK, listing=True,
        body={"unit": "u", "scope": "clips", "clips": "clip-u", "purpose": "评查", "days": "3"},
    ),
    Row("GET", "/retrieval/requests/open-{role}-{}", ASK),
    Row("POST", "/retrieval/requests/ask-{}/decision", WATCH, body={"approve": "true"}),
    Row("POST", "/retrieval/requests/mine-{role}-{}/revoke", ASK, body={"why": "误批"}),
    Row("POST", "/retrieval/requests/open-{role}-{}/withdraw", ASK),
    Row("POST", "/retrieval/requests/mine-{role}-{}/clips/clip-{}/watch", WATCH),
    Row("GET", "/retrieval/requests/mine-{role}-{}/clips/clip-{}", WATCH),
    Row("GET", "/retrieval/heads", ROOT, listing=True),
    Row("POST", "/retrieval/heads", ROOT, body={"user": "proposer-{}", "unit": "{}"}),
    Row("POST", "/retrieval/heads/head-admin-{}/end", ROOT),
    Row("GET", "/retrieval/log", WATCH, listing=True),
    Row("GET", "/retrieval/log/file", WATCH, query="format=csv", listing=True),
    Row("GET", "/retrieval/copies", ASK, listing=True),
    Row("POST", "/retrieval/copies", WATCH, body={"clip": "clip-{}"}),
    Row("GET", "/retrieval/samples", EVERYBODY, listing=True),
    Row("POST", "/retrieval/samples", CHECKERS, body={"unit": "{}", "period": "2026-H1", "count": "1"}),
    Row("GET", "/retrieval/samples/sample-{}", EVERYBODY),
    Row("GET", "/retrieval/samples/sample-{}/cases/case-{}", EVERYBODY),
    Row("POST", "/retrieval/samples/sample-{}/cases/case-{}", CHECKERS, body={"result": "SOUND"}),
    Row("GET", "/wall", WATCH, listing=True),
    Row("GET", "/wall/cam-{}", WATCH),
    Row("POST", "/wall/cam-{}/watch", WATCH, body={"purpose": "督察"}),
    Row("POST", "/wall/cam-{}/end", WATCH, body={"view": "live-{role}-{}"}),
]  # fmt: skip


def ask(console: Console, key: str, method: str, path: str, **form: str) -> Any:
    client, _ = console
    return client.request(method, path, data=form or None, headers={"x-api-key": key})


def test_the_walk_in_pages(console: Console, database: Database) -> None:
    """Asked, own approval refused, approved by the head, watched, seen in the log; over, refused and seen."""
    _, keys = console
    with database.write() as session:
        li = session.exec(select(User).where(User.name == "asker-v")).one()
        li.role = Role.EVIDENCE
        _, key = add_key(session, li, "t")
    head = keys["supervisor"]
    form = {"unit": "u", "scope": "clips", "clips": "clip-u", "purpose": "督察评查", "days": "3"}
    page = ask(console, key, "POST", "/retrieval/new", **form).headers["location"]
    assert "督察评查" in ask(console, key, "GET", "/retrieval").text
    shown = ask(console, key, "GET", page).text
    assert "批准后显示" in shown
    assert "one.mp4" not in shown
    own = ask(console, key, "POST", f"{page}/decision", approve="true")
    assert own.status_code == 409
    assert "不得审批本人的申请" in own.text
    assert ask(console, key, "GET", f"{page}/clips/clip-u").status_code == 404

    assert "待我审批" in ask(console, head, "GET", "/retrieval").text
    assert "one.mp4" in ask(console, head, "GET", page).text
    assert ask(console, head, "POST", f"{page}/decision", approve="true", days="2").status_code == 303
    watched = ask(console, key, "POST", f"{page}/clips/clip-u/watch").headers["location"]
    picture = ask(console, key, "GET", watched).text
    source = picture.partition('src="/api/v1')[2].partition('"')[0]
    assert ask(console, key, "GET", f"/api/v1{source}").content == b"proxy of u"
    assert "asker-v v" in picture, "the mark says who watches"
    with database.read() as session:
        [viewing] = session.exec(select(Viewing).where(Viewing.user_id == li.id)).all()
        assert viewing.purpose == "督察评查"
    log = ask(console, head, "GET", "/retrieval/log?person=asker-v").text
    assert "督察评查" in log
    assert page in log, "by whose grant"

    with database.write() as session:
        row = session.get_one(ViewRequest, page.rpartition("/")[2])
        row.valid_until = now() - timedelta(seconds=1)
        session.add(row)
    assert ask(console, key, "GET", f"/api/v1{source}").status_code == 403
    over = ask(console, key, "POST", f"{page}/clips/clip-u/watch")
    assert over.status_code == 403
    assert "已到期" in over.text
    assert "已到期" in ask(console, key, "GET", "/retrieval").text
    assert "调阅授权已到期或者被撤销" in ask(console, head, "GET", "/retrieval/log?kind=REFUSED").text


def test_nobody_watches_in_the_name_of_another(console: Console) -> None:
    """His own right opens the clip; the request of somebody else is not what he watches it for."""
    _, keys = console
    theirs = "/retrieval/requests/mine-evidence-u/clips/clip-u"
    assert ask(console, keys["supervisor"], "POST", f"{theirs}/watch").status_code == 404
    assert ask(console, keys["supervisor"], "GET", theirs).status_code == 404
    other = "/retrieval/requests/mine-supervisor-u/clips/old-u"
    assert ask(console, keys["supervisor"], "POST", f"{other}/watch").status_code == 404, (
        "not of that request"
    )
    open_one = "/retrieval/requests/open-supervisor-u/clips/clip-u"
    assert ask(console, keys["supervisor"], "POST", f"{open_one}/watch").status_code == 404, "not granted"


def test_the_log_says_whose_grant_it_was_not_and_a_stranger_learns_nothing(console: Console) -> None:
    """He may watch that clip by his own right: that he may not see it would be false."""
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    theirs = "/retrieval/requests/mine-operator-u/clips/old-u?viewing=view-operator-u"
    refused = ask(console, keys["supervisor"], "GET", theirs)
    nowhere = ask(console, keys["supervisor"], "GET", theirs.replace("mine-operator-u", "none"))
    assert (refused.status_code, nowhere.status_code) == (404, 404)
    assert "不是本人" not in refused.text
    asked = "/viewings?clip=old-u&person=user-supervisor&kind=REFUSED"
    [line] = client.get(f"/api/v1{asked}", headers=key).json()["items"]
    assert line["why"]["code"] == "retrieval.not_own_grant"
    assert "所依据的调阅申请不是本人提出" in ask(console, keys["supervisor"], "GET", "/retrieval/log").text
    file = client.get("/retrieval/log/file?format=csv", headers=key).text
    assert "不在其可见范围之内" not in file
    assert "所依据的调阅申请不是本人提出" in file


def test_a_request_of_ones_own_that_opens_nothing_is_noted_as_that(console: Console) -> None:
    client, keys = console
    open_one = "/retrieval/requests/open-supervisor-u/clips/clip-u"
    assert ask(console, keys["supervisor"], "GET", open_one).status_code == 404
    asked = "/api/v1/viewings?clip=clip-u&person=user-supervisor&kind=REFUSED"
    [line] = client.get(asked, headers={"x-api-key": keys["supervisor"]}).json()["items"]
    assert line["why"]["code"] == "retrieval.no_grant"


def test_pages_tell_a_viewing_as_long_as_its_file_does(console: Console, database: Database) -> None:
    _, keys = console
    with database.write() as session:
        session.get_one(Clip, "old-u").duration_s = 0.9
        viewing = session.get_one(Viewing, "view-operator-u")
        viewing.request_id = "mine-operator-u"
        viewing.ended_at = viewing.started_at + timedelta(seconds=4)
        session.add(viewing)
    log = ask(console, keys["supervisor"], "GET", "/retrieval/log?kind=VIEWING").text
    assert '<td class="number" data-label="时长">4 秒</td>' in log
    page = ask(console, keys["operator"], "GET", "/retrieval/requests/mine-operator-u").text
    assert "不到 1 秒" in page, "the length of the clip"
    assert "4 秒" in page


def test_a_file_of_the_log_bears_the_sites_own_time(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, keys = console
    at = datetime(2026, 11, 26, 23, 13, 52, tzinfo=UTC)
    monkeypatch.setattr("api.v1.viewings.now", lambda: at)
    for path in ("/retrieval/log/file", "/api/v1/viewings/file"):
        taken = ask(console, keys["supervisor"], "GET", f"{path}?format=csv")
        assert 'filename="viewings-20261127T071352.csv"' in taken.headers["content-disposition"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"purpose": " "}, "请填写事由"),
        ({"clips": ""}, "请写明调阅哪些资料"),
        ({"days": "99"}, "调阅期限最长 30 天"),
        ({"since": "2026-13-01T00:00"}, "开始时间不正确"),
        ({"unit": ""}, "请选择采集单位"),
        ({"purpose": "评查\u202e\u0007"}, "事由中含有不可见的控制字符（U+202E、U+0007）"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_its_form(
    console: Console, database: Database, change: dict[str, str], said: str
) -> None:
    _, keys = console
    form = {"unit": "u", "scope": "clips", "clips": "clip-u", "purpose": "案卷评查", "days": "3"} | change
    answer = ask(console, keys["evidence"], "POST", "/retrieval/new", **form)
    assert answer.status_code == 409
    assert said in answer.text
    assert form["clips"] in answer.text, "what was filled in is kept"
    with database.read() as session:
        assert (
            session.exec(
                select(ViewRequest).where(ViewRequest.purpose == "案卷评查", col(ViewRequest.days) != 7)
            ).all()
            == []
        )


def test_two_heads_for_a_secret_and_the_page_says_what_is_still_needed(
    console: Console, database: Database
) -> None:
    _, keys = console
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = "state_secret"
    form = {"unit": "u", "scope": "clips", "clips": "clip-u", "purpose": "保密检查", "days": "1"}
    page = ask(console, keys["operator"], "POST", "/retrieval/new", **form).headers["location"]
    assert "还需 2 人同意" in ask(console, keys["evidence"], "GET", page).text
    ask(console, keys["evidence"], "POST", f"{page}/decision", approve="true")
    assert "还需 1 人同意" in ask(console, keys["operator"], "GET", page).text
    ask(console, keys["supervisor"], "POST", f"{page}/decision", approve="true")
    assert "已批准" in ask(console, keys["operator"], "GET", page).text


def test_a_copy_is_asked_for_and_fetched(console: Console, database: Database) -> None:
    _client, keys = console
    with database.write() as session:
        session.get_one(Clip, "clip-u").duration_s = 90.0
    form = {"clip": "clip-u", "start": "0:05", "end": "1:10"}
    assert ask(console, keys["evidence"], "POST", "/retrieval/copies", **form).status_code == 303
    with database.read() as session:
        made = session.exec(select(ClipCopy).where(ClipCopy.start_s == 5.0)).one()
        assert (made.end_s, made.purpose) == (70.0, "案卷评查")
        assert made.lines[0].startswith("调阅副本 u user-evidence ")
        order = session.exec(select(OrderRow).where(OrderRow.kind == "copy")).one()
        assert order.arguments == {"copy": made.id}
    assert "制作中" in ask(console, keys["evidence"], "GET", "/retrieval/copies").text
    beyond = ask(console, keys["evidence"], "POST", "/retrieval/copies", clip="clip-u", start="2:00")
    assert beyond.status_code == 409
    for span, named in (({"start": "x"}, "起点"), ({"end": "x"}, "终点")):
        said = ask(console, keys["evidence"], "POST", "/retrieval/copies", clip="clip-u", **span)
        assert said.status_code == 422
        assert f"填写不正确：{named}<" in said.text
    file = "/api/v1/copies/copy-evidence-u/file"
    taken = ask(console, keys["evidence"], "GET", file)
    assert taken.content == b"copy of u"
    assert taken.headers["content-disposition"].startswith("attachment")
    assert ask(console, keys["supervisor"], "GET", file).status_code == 404, "only for who asked"
    leak = "/api/v1/clips/clip-u/renditions/copy-copy-evidence-u?viewing=view-evidence-u"
    assert ask(console, keys["evidence"], "GET", leak).status_code == 404, "no way around its own"
    client, _ = console
    for part in ("bytes=1-", "bytes=-99999999999", "x"):
        client.get(file, headers={"x-api-key": keys["evidence"], "range": part})
    with database.write() as session:
        taken_by_now = session.get_one(ClipCopy, "copy-evidence-u").taken
        assert taken_by_now == 3, "from further on is the same download, from the beginning a new one"
        session.get_one(Clip, "clip-u").secrecy = "state_secret"
    assert ask(console, keys["evidence"], "GET", file).status_code == 409, "it became a secret meanwhile"
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = None
        row = session.get_one(ViewRequest, "mine-evidence-u")
        row.state = RequestState.REVOKED
        session.add(row)
    assert ask(console, keys["evidence"], "GET", file).status_code == 409


def test_a_download_in_parts_is_one_and_none_goes_unseen(
    console: Console, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, keys = console

    def take(part: str) -> tuple[int, int, int]:
        """How it was answered; how often it was taken by then, and by the chain."""
        headers = {"x-api-key": keys["evidence"], "range": part}
        answer = client.get("/api/v1/copies/copy-evidence-u/file", headers=headers)
        with database.read() as session:
            lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "COPY_TAKEN")).all()
            return answer.status_code, session.get_one(ClipCopy, "copy-evidence-u").taken, len(lines)

    assert take("bytes=1-") == (206, 1, 1), "nothing before: all but a byte would go out unseen"
    assert take("bytes=4-5") == take("bytes=-2") == (206, 1, 1)
    assert take("bytes=0-3") == (206, 2, 2)
    assert take("bytes=4-5") == (206, 2, 2)
    assert take("bytes=99-") == (416, 2, 2), "nothing went out"
    monkeypatch.setattr(copies, "GOES_ON", timedelta(0))
    assert take("bytes=4-5") == (206, 3, 3), "long after it is another"


def test_copies_tell_their_span_and_whole_digest_also_to_the_head_who_approved(
    console: Console, database: Database
) -> None:
    _, keys = console
    with database.write() as session:
        copy = session.get_one(ClipCopy, "copy-evidence-u")
        copy.start_s, copy.end_s, copy.sha256, copy.taken = 65.0, 130.0, "ab" * 32, 2
        copy.size, copy.made_at, copy.keep_until = (
            9,
            datetime(2031, 1, 2, tzinfo=UTC),
            datetime(2031, 2, 3, tzinfo=UTC),
        )
        session.add(copy)
        row = session.get_one(ViewRequest, "mine-evidence-u")
        row.user_id, row.user = session.exec(select(User.id, User.name).where(User.name == "asker-v")).one()
        session.add(row)
    page = ask(console, keys["supervisor"], "GET", "/retrieval/requests/mine-evidence-u").text
    told = page.partition('id="copies"')[2].partition("</section>")[0]
    for one in (
        "user-evidence",
        "2031年1月2日",
        "节选 01:05–02:10",
        "ab" * 32,
        "下载 2 次",
        "2031年2月3日",
        "one.mp4",
    ):
        assert one in told, one
    own = ask(console, keys["evidence"], "GET", "/retrieval/copies").text
    assert "节选 01:05–02:10" in own
    assert f">{'ab' * 32}<" in own
    assert "/api/v1/copies" not in page, "to be told of is not to have"


def test_without_a_grant_that_says_so_nothing_is_copied(console: Console, database: Database) -> None:
    _, keys = console
    with database.write() as session:
        row = session.get_one(ViewRequest, "mine-evidence-u")
        row.copying = False
        session.add(row)
    refused = ask(console, keys["evidence"], "POST", "/retrieval/copies", clip="clip-u")
    assert refused.status_code == 409
    assert "制作副本须经审批" in refused.text


@pytest.mark.parametrize(
    ("written", "told"), [("75", 75), ("1:15", 75), ("1:02:03", 3723), (" ", None), ("0：30", 30)]
)
def test_times_in_a_clip(written: str, told: float | None) -> None:
    assert given(written, "").start_s == told


@pytest.mark.parametrize("written", ["1:2:3:4", "x", "-3", "1::2", "²", "1:²", "0", "1e999", "NaN", "1.2.3"])
def test_what_is_no_time_in_a_clip(written: str) -> None:
    with pytest.raises(Problem):
        given("", written)


def test_a_fault_is_noted_followed_and_settled(console: Console) -> None:
    _, keys = console
    case = "/retrieval/samples/sample-u/cases/case-u"
    key = keys["supervisor"]
    vague = ask(console, key, "POST", case, result="FAULTY", remark="缺现场检查录像")
    assert vague.status_code == 409
    assert "须写明整改期限" in vague.text
    assert "缺现场检查录像" in vague.text, "what was written is kept"
    due = (now() + timedelta(days=10)).date().isoformat()
    assert (
        ask(console, key, "POST", case, result="FAULTY", remark="缺现场检查录像", due_on=due).status_code
        == 303
    )
    assert "缺现场检查录像" in ask(console, keys["operator"], "GET", "/retrieval/samples").text
    page = ask(console, key, "GET", case).text
    fault = page.partition('name="answers" value="')[2].partition('"')[0]
    ask(console, key, "POST", case, result="FOLLOWED", remark="已通知承办人", answers=fault)
    assert (
        ask(console, key, "POST", case, result="SETTLED", remark="已补录", answers=fault).status_code == 303
    )
    assert "缺现场检查录像" not in ask(console, key, "GET", "/retrieval/samples").text
    told = ask(console, key, "GET", case).text
    assert "已补录" in told
    assert "整改跟踪" in told


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"due_on": "31.12.2026"}, "不是有效的日期"),
        ({"due_on": "9999-12-31"}, "距今超过一年"),
        ({"remark": "录" * 2001}, "超过 2000 字"),
    ],
)
def test_a_remark_that_is_wrong_comes_back_with_what_was_typed(
    console: Console, database: Database, wrong: dict[str, str], said: str
) -> None:
    with database.write() as session:
        session.get_one(Device, "cam-u").name = "执法记录仪 01"
    _, keys = console
    form = {"remark": "缺现场检查录像", "due_on": (now() + timedelta(days=9)).date().isoformat(), **wrong}
    answer = ask(
        console,
        keys["supervisor"],
        "POST",
        "/retrieval/samples/sample-u/cases/case-u",
        result="FAULTY",
        **form,
    )
    assert answer.status_code == 409
    assert said in answer.text
    assert form["remark"] in answer.text
    assert f'value="{form["due_on"]}"' in answer.text
    assert "执法记录仪 01" in answer.text


def test_a_sample_is_drawn_again_only_with_a_reason(console: Console) -> None:
    _, keys = console
    form = {"unit": "u", "period": "2026-H1", "count": "1"}
    first = ask(console, keys["supervisor"], "POST", "/retrieval/samples", **form)
    assert "复算结果一致" in ask(console, keys["supervisor"], "GET", first.headers["location"]).text
    again = ask(console, keys["supervisor"], "POST", "/retrieval/samples", **form)
    assert again.status_code == 409
    assert "再次抽取须写明理由" in again.text
    assert (
        ask(console, keys["supervisor"], "POST", "/retrieval/samples", **form, why="复查").status_code == 303
    )


def test_the_wall_shows_what_is_there_and_asks_why_first(console: Console, database: Database) -> None:
    _client, keys = console
    told = ask(console, keys["supervisor"], "GET", "/wall").text
    assert 'data-tile="cam-u" data-state="idle"' in told
    assert 'action="/purpose"' in told
    assert "/wall/cam-u/watch" not in told, "nothing begins without a purpose"
    sent = ask(console, keys["supervisor"], "POST", "/wall/cam-u/watch", purpose="督察抽查")
    page = ask(console, keys["supervisor"], "GET", sent.headers["location"]).text
    playlist = page.partition('src="/api/v1')[2].partition('"')[0]
    assert ask(console, keys["supervisor"], "GET", f"/api/v1{playlist}").text.startswith("#EXTM3U")
    assert ask(console, keys["supervisor"], "GET", "/wall?text=cam-").text.count("data-tile=") == 1
    assert ask(console, keys["supervisor"], "GET", "/wall?text=%25").text.count("data-tile=") == 0


def test_nobody_learns_by_asking_that_another_unit_has_a_state_secret(
    console: Console, database: Database
) -> None:
    client, keys = console
    with database.write() as session:
        session.get_one(Clip, "clip-v").secrecy = "state_secret"
    asked = {"unit": "v", "clips": ["clip-v"], "purpose": "评查", "days": 3}
    key = {"x-api-key": keys["evidence"]}
    made = client.post("/api/v1/requests", json=asked, headers=key).json()
    assert (made["needs"], made["clips"]) == (None, None), made
    page = client.get(f"/retrieval/requests/{made['id']}", headers=key)
    assert page.status_code == 200
    assert "还需" not in page.text
    listed = client.get("/api/v1/requests", headers=key).json()["items"]
    assert {one["needs"] for one in listed if one["id"] == made["id"]} == {None}
    over = client.get(f"/api/v1/requests/{made['id']}", headers={"x-api-key": keys["admin"]}).json()
    assert over["needs"] == 2, "who sees that unit knows"
