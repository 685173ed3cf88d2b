"""The list of clips as a browser gets it: found, narrowed, kept, labelled and linked together, undone."""

import html
import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console.clips import listing
from gateway.database import Database
from gateway.models import CaseRecord, Clip, CustodyEvent, Described, Link, Original, State
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WATCH, Row

ROWS = [
    Row("GET", "/clips", EVERYBODY, listing=True),
    Row("GET", "/clips-found", EVERYBODY, query="q=one", listing=True),
    Row("GET", "/clips-cases", EVERYBODY, query="case=case-v", listing=True),
    Row("GET", "/clips/clip-{}/thumb", WATCH),
    Row("POST", "/clips-many", LEDGER, body={"what": "label", "ids": "clip-{}", "place": "桥东区"}),
    Row("GET", "/clips-many/many-{role}-{}", LEDGER),
    Row("POST", "/clips-many/many-{role}-{}/undo", LEDGER),
    Row("POST", "/searches", EVERYBODY, body={"name": "未关联", "query": "linked=no"}, listing=True),
    Row("POST", "/searches/kept-{}/remove", EVERYBODY, listing=True),
]
Console = tuple[TestClient, dict[str, str]]
LONG = "邢台市襄都区某某食品销售有限公司涉嫌经营超过保质期的食品以及未按规定建立并遵守进货查验记录制度等违法行为一案"


@pytest.fixture
def more(console: Console, database: Database) -> list[str]:
    """Four further clips of unit u's camera, the newest last."""
    with database.write() as session:
        for number in range(4):
            clip = f"{number + 1:032x}"
            session.add(
                Original(
                    id=clip,
                    device_id="cam-u",
                    name=f"MAH{number}.MP4",
                    suffix=".mp4",
                    size=1,
                    state=State.PRESERVED,
                )
            )
            session.flush()
            session.add(Clip(id=clip, device_id="cam-u", kind="VIDEO", described=Described.READY))
    return [f"{number + 1:032x}" for number in range(4)]


def get(console: Console, path: str, role: str = "evidence", **headers: str) -> Any:
    client, keys = console
    return client.get(path, headers={"x-api-key": keys[role], **headers})


def post(console: Console, path: str, form: dict[str, Any], role: str = "evidence") -> Any:
    client, keys = console
    return client.post(path, data=form, headers={"x-api-key": keys[role]})


def shown(page: str) -> list[str]:
    return re.findall(r'class="open" href="/clips/([^"]+)"', page)


def test_words_narrow_the_list(console: Console, more: list[str], database: Database) -> None:
    with database.write() as session:
        session.get_one(Clip, more[0]).place = "新华路9号"
        session.get_one(CaseRecord, "case-u").title = LONG
    told = get(console, "/clips").text
    assert shown(told)[:4] == [*reversed(more)]
    assert LONG in told
    assert shown(get(console, "/clips?q=新华").text) == [more[0]]
    assert shown(get(console, "/clips?q=保质期").text) == ["clip-u"]
    assert shown(get(console, "/clips?linked=no&q=mah").text) == [*reversed(more)]
    assert shown(get(console, "/clips?linked=yes&q=mah").text) == []
    assert shown(get(console, "/clips?missing=place&missing=case&q=mah").text) == [*reversed(more[1:])]
    none = get(console, "/clips?q=没有的").text
    assert shown(none) == []
    assert "没有符合条件的音像资料" in none


def test_a_filter_is_said_and_can_be_taken_away(console: Console, more: list[str]) -> None:
    told = get(console, "/clips?q=mah&linked=no&missing=place&since=2020-01-01&until=").text
    assert "缺少标注：采集地点" in told
    assert "关联：未关联" in told
    assert 'href="/clips?q=mah&amp;since=2020-01-01&amp;missing=place"' in told
    assert get(console, "/clips?linked=perhaps").status_code == 422


def test_results_alone_while_somebody_types(console: Console, more: list[str]) -> None:
    part = get(console, "/clips?q=mah&officer=&place=", **{"hx-request": "true"})
    assert "<html" not in part.text
    assert part.headers["hx-replace-url"] == "/clips?q=mah"
    back = get(console, "/clips?q=mah", **{"hx-request": "true", "hx-history-restore-request": "true"})
    assert "<html" in back.text, "the whole page is shown again by going back"


def test_pages_follow_one_another(console: Console, more: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIMIT", 2)
    monkeypatch.setattr(listing, "COUNTED", 3)
    seen, path = [], "/clips?q=mah"
    while path:
        told = get(console, path).text
        seen += shown(told)
        path = "".join(re.findall(r'href="([^"]+)" rel="next"', told)).replace("&amp;", "&")
    assert seen == [*reversed(more)]
    assert "超过 3 条" in get(console, "/clips-found?q=mah").text
    assert "共 1 条" in get(console, "/clips-found?q=mah0").text


def test_who_may_not_watch_sees_no_picture(console: Console) -> None:
    assert "/thumb" in get(console, "/clips", "supervisor").text
    told = get(console, "/clips", "operator").text
    assert "/thumb" not in told
    assert 'name="ids"' not in told


def test_of_a_state_secret_not_even_the_small_picture_is_shown(console: Console, database: Database) -> None:
    assert get(console, "/clips/clip-u/thumb").status_code == 200
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = "state_secret"
    assert get(console, "/clips/clip-u/thumb").status_code == 403


def test_a_search_is_kept_for_oneself(console: Console, more: list[str]) -> None:
    kept = post(console, "/searches", {"name": "缺地点", "query": "missing=place&missing=case&q=mah&docc=1"})
    assert kept.headers["location"] == "/clips?q=mah&missing=case&missing=place"
    taken = post(console, "/searches", {"name": "缺地点 ", "query": "linked=no"})
    assert (taken.status_code, "已有名为“缺地点”的搜索" in taken.text) == (409, True)
    told = get(console, "/clips").text
    assert told.count("缺地点") == 2, "its link and its removal, once"
    assert "/clips?q=mah&amp;missing=case&amp;missing=place" in told
    assert "缺地点" not in get(console, "/clips", "supervisor").text
    address = "".join(re.findall(r'action="(/searches/[^"]+/remove)"', told))
    post(console, address, {}, "supervisor")
    assert "缺地点" in get(console, "/clips").text, "it is not another's to remove"
    post(console, address, {"next": "/clips?q=mah"})
    assert "缺地点" not in get(console, "/clips").text
    for unseen in ("\u200b", "\u202e缺地点", "缺地\u2066点"):
        odd = post(console, "/searches", {"name": unseen, "query": "missing=place"})
        assert (odd.status_code, "看不见的字符" in odd.text) == (409, True)
    refused = [post(console, "/searches", {"name": f"{number}", "query": ""}) for number in range(21)]
    assert [one.status_code for one in refused] == [303] * 20 + [409]


@pytest.mark.parametrize(
    "query",
    ["state=FOO", "missing=FOO", "since=2026-13-40", "cursor=%00", "q=%00", "q=" + 300 * "a", "q=%ED%A0%80"],
)
def test_a_search_that_the_list_would_not_take_is_not_kept(console: Console, query: str) -> None:
    kept = post(console, "/searches", {"name": "x", "query": query})
    if kept.status_code == 303:
        assert get(console, kept.headers["location"]).status_code == 200
    else:
        assert kept.status_code == 422
        assert "/searches/" not in get(console, "/clips").text.replace("/searches/kept", "")


def seen_in(told: str) -> str:
    return html.unescape("".join(re.findall(r'name="seen" value="([^"]*)"', told)))


def test_many_are_labelled_but_not_over_what_somebody_entered_meanwhile(
    console: Console, more: list[str], database: Database
) -> None:
    """Of an older list only what nobody else labelled since; what one entered oneself is no surprise."""
    old, form = seen_in(get(console, "/clips?q=mah").text), {"what": "label", "ids": more[:2]}
    assert set(json.loads(old)) <= set(more)
    post(console, f"/clips/{more[0]}/labels", {"place": "甲地", "shown": "{}"}, "admin")
    result = post(console, "/clips-many", {**form, "place": "乙地", "seen": old}).headers["location"]
    told = get(console, result).text
    assert "已完成 1 条" in told
    assert "user-admin 已于" in told
    with database.read() as session:
        assert [session.get_one(Clip, clip).place for clip in more[:2]] == ["甲地", "乙地"]
    matter = post(console, "/clips-many", {**form, "matter": "过期食品", "seen": old}).headers["location"]
    assert "已完成 2 条" in get(console, matter).text, "of another label nobody said anything"
    now = seen_in(get(console, "/clips?q=mah").text)
    again = post(console, "/clips-many", {**form, "place": "丙地", "seen": now}).headers["location"]
    assert "已完成 2 条" in get(console, again).text
    for odd in ("[]", "x", '{"a": -1}', '{"a": 99999999999999999999}'):
        assert post(console, "/clips-many", {**form, "place": "丁", "seen": odd}).status_code == 422


def test_what_an_undo_left_can_be_undone_later(console: Console, more: list[str], database: Database) -> None:
    """Somebody's own labels stand between: an undo that did nothing is none."""
    first = post(console, "/clips-many", {"what": "label", "ids": more[:2], "place": "甲地"}).headers[
        "location"
    ]
    now = seen_in(get(console, "/clips?q=mah").text)
    other = {"what": "label", "ids": more[:2], "place": "乙地", "seen": now}
    second = post(console, "/clips-many", other, "admin").headers["location"]
    nothing = post(console, f"{first}/undo", {}).headers["location"]
    assert "未执行 2 条" in get(console, nothing).text
    assert "已撤销" not in get(console, first).text
    assert post(console, f"{nothing}/undo", {}).status_code == 409
    post(console, f"{second}/undo", {}, "admin")
    with database.write() as session:
        session.get_one(Clip, more[0]).place = "别人改的"
    post(console, f"{first}/undo", {})
    told = get(console, first).text
    assert "部分撤销，1 条保持不变" in told
    assert f"{first}/undo" in told
    with database.write() as session:
        session.get_one(Clip, more[0]).place = "甲地"
    post(console, f"{first}/undo", {})
    with database.read() as session:
        assert [session.get_one(Clip, clip).place for clip in more[:2]] == [None, None]
    told = get(console, first).text
    assert "已撤销" in told
    assert f"{first}/undo" not in told
    assert post(console, f"{first}/undo", {}).status_code == 409


def lines_of(database: Database, clip: str) -> list[tuple[str, str]]:
    with database.read() as session:
        of = select(CustodyEvent).where(CustodyEvent.subject == clip).order_by(col(CustodyEvent.seq))
        return [(one.event, one.actor) for one in session.exec(of)]


def test_many_are_labelled_and_all_of_it_is_undone(
    console: Console, more: list[str], database: Database
) -> None:
    with database.write() as session:
        session.get_one(Clip, more[1]).place = "旧地点"
    chosen = more[:3]
    sent = post(
        console, "/clips-many", {"what": "label", "ids": chosen, "place": " 桥东区团结路 ", "matter": ""}
    )
    result = sent.headers["location"]
    assert "已完成 3 条" in get(console, result).text
    assert len(shown(get(console, "/clips?place=团结").text)) == 3
    assert all(("LABELLED_BY_PERSON", "user-evidence") in lines_of(database, clip) for clip in chosen)
    with database.write() as session:
        session.get_one(Clip, more[2]).place = "别人改的"
    before = [lines_of(database, clip) for clip in chosen]
    undone = post(console, f"{result}/undo", {}).headers["location"]
    told = get(console, undone).text
    assert "已完成 2 条" in told
    assert "此后已有人改动" in told
    with database.read() as session:
        assert [session.get_one(Clip, clip).place for clip in chosen] == [None, "旧地点", "别人改的"]
    after = [lines_of(database, clip) for clip in chosen]
    assert [later[: len(first)] for first, later in zip(before, after, strict=True)] == before
    assert [len(later) - len(first) for first, later in zip(before, after, strict=True)] == [1, 1, 0]
    assert "部分撤销，1 条保持不变" in get(console, result).text
    assert get(console, result, "admin").status_code == 404, "it is his who did it"


def test_many_are_linked_each_as_one_would_be(console: Console, more: list[str], database: Database) -> None:
    """One of them is linked there already: it is told, and the others are done."""
    form = {"what": "link", "ids": [more[0], more[1], "clip-u"], "case": "case-u", "why": "同一现场"}
    result = post(console, "/clips-many", form).headers["location"]
    told = get(console, result).text
    assert "已完成 2 条" in told
    assert "未执行 1 条" in told
    for clip in more[:2]:
        assert ("LINK_MADE", "user-evidence") in lines_of(database, clip)
    assert set(shown(get(console, "/clips?case=case-u").text)) == {more[0], more[1], "clip-u"}
    undone = post(console, f"{result}/undo", {}).headers["location"]
    assert "已完成 2 条" in get(console, undone).text
    assert shown(get(console, "/clips?case=case-u").text) == ["clip-u"]
    for clip in more[:2]:
        assert ("LINK_UNDONE", "user-evidence") in lines_of(database, clip)
    with database.read() as session:
        kept = session.exec(select(Link).where(col(Link.clip_id).in_(more))).all()
    assert len(kept) == 2, "nothing is erased"
    assert all(one.ended_at for one in kept)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"what": "link", "case": "case-u"}, "请写明关联理由"),
        ({"what": "link", "case": "没有的案件", "why": "x"}, "没有找到这个案件"),
        ({"what": "link", "case": "case-v", "why": "x"}, "没有找到这个案件"),
        ({"what": "label", "place": "  "}, "没有填写标注内容"),
        ({"what": "label", "place": "x", "ids": []}, "没有选择资料"),
    ],
)
def test_what_is_not_said_is_asked(
    console: Console, more: list[str], form: dict[str, Any], said: str
) -> None:
    sent = post(console, "/clips-many", {"ids": more[:2], **form})
    assert sent.status_code == 422
    assert said in sent.text
    assert sent.text.count('name="ids"') == (2 if "ids" not in form else 0)


def test_what_a_linked_clip_proves_is_said_of_its_links(console: Console, more: list[str]) -> None:
    sent = post(
        console, "/clips-many", {"what": "label", "ids": ["clip-u", more[0]], "matter": "过期食品在售"}
    )
    told = get(console, sent.headers["location"]).text
    assert "证明对象在其关联中填写" in told
    assert "已完成 1 条" in told


def test_another_units_clip_among_many_stops_all(
    console: Console, more: list[str], database: Database
) -> None:
    sent = post(console, "/clips-many", {"what": "label", "ids": [more[0], "clip-v"], "place": "x"})
    assert sent.status_code == 404
    with database.read() as session:
        assert session.get_one(Clip, more[0]).place is None
