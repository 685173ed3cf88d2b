"""Pages of cases and parties: the text beside the footage, lines and seconds, evidence."""

import hashlib
import io
import json
import re
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlmodel import select

from gateway.audit.database import rows
from gateway.casefile import listing, package, party
from gateway.casefile.evidence import evidence
from gateway.casefile.listing import Search
from gateway.config import Settings
from gateway.database import Database
from gateway.law import Law
from gateway.models import (
    Activity,
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    CustodyEvent,
    Described,
    Document,
    LegalHold,
    Link,
    LinkStatus,
    Note,
    Original,
    RetentionFlag,
    Role,
    State,
    Statement,
)
from gateway.store import LocalStore
from gateway.visibility import Viewer
from gateway.wording import reason
from tests.integration.api_site import T0
from tests.integration.test_api_matrix import CASES, EVERYBODY, LEDGER, Row

NOTE = {"clip": "clip-{}", "at": "0:05", "line": "问：何时购进？", "activity": "step-{}"}
ROWS = [
    Row("GET", "/cases", EVERYBODY, listing=True),
    Row("GET", "/cases/case-{}", EVERYBODY),
    Row("GET", "/cases/case-{}/footage", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence/file", EVERYBODY, query="format=xlsx"),
    Row("POST", "/cases/case-{}/package", LEDGER, body={"purpose": "移送人民法院"}),
    Row("POST", "/cases/case-{}/notes", CASES, body=NOTE),
    Row("POST", "/cases/case-{}/notes/note-{}", CASES, body={"at": "6", "line": "问：何时？"}),
    Row(
        "POST", "/cases/case-{}/statements", LEDGER,
        body={"activity": "step-{}", "what": "GAP.battery", "why": "电池耗尽"},
    ),
    Row("POST", "/cases/case-{}/links/link-{}/confirm", LEDGER, body={"why": "核对无误"}),
    Row("POST", "/cases/case-{}/links/link-{}/withdraw", LEDGER, body={"why": "不是本案"}),
    Row("GET", "/parties/party-{}", EVERYBODY),
]  # fmt: skip
LAW = Law.of(Settings())
ADMIN = Viewer("a", "a", Role.ADMIN, None)

Console = tuple[TestClient, dict[str, str]]


@pytest.fixture
def told(console: Console, database: Database) -> tuple[TestClient, dict[str, str]]:
    """The step of the case has the first half of its hour, of which a person stands by it."""
    with database.write() as session:
        clip = session.get_one(Clip, "clip-u")
        clip.started_at, clip.ended_at, clip.duration_s = T0, T0 + timedelta(minutes=30), 1800.0
        clip.officer_id = "zhang-u"
        link = session.get_one(Link, "sure-u")
        link.activity_id = "step-u"
        session.add(Document(id="paper-u", case_uid="case-u", type="检查(勘验)笔录"))
        session.flush()
        session.get_one(Activity, "step-u").document_id = "paper-u"
    return console


def test_a_party_has_no_page_beyond_its_last(
    console: Console, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "没有登记该执法对象" in get(console, "/parties/party-u")
    with database.write() as session:
        session.add(CaseRecord(uid="k-new", title="第二案", unit_id="u", source="x"))
        session.flush()
        session.add(CaseParty(case_uid="k-new", party_id="party-u", place=0, name="王-u"))
        title = session.get_one(CaseRecord, "case-u").title
    whole = get(console, "/parties/party-u?page=99999&clips=99999")
    assert ("第二案" in whole, title in whole, "件案件的合计" in whole) == (True, True, False)
    assert "clip-u" in whole
    monkeypatch.setattr(party, "CASES", 1)
    pages = [get(console, f"/parties/party-u?page={number}") for number in (1, 2, 3)]
    assert all("为本页 1 件案件的合计" in one for one in pages)
    rows = [set(re.findall(r'class="case-name"><a href="/cases/([^"]+)"', one)) for one in pages]
    assert rows[1] == rows[2] == {"case-u", "k-new"} - rows[0]
    assert all(f">{title}</a></td>" in one.partition("its-footage")[2] for one in pages), "a title, no uid"


def get(told: Console, path: str, role: str = "evidence") -> str:
    client, keys = told
    said = client.get(path, headers={"x-api-key": keys[role]})
    assert said.status_code == 200, said.text
    return str(said.text)


def post(told: Console, path: str, body: dict[str, Any], role: str = "evidence") -> Any:
    client, keys = told
    return client.post(path, data=body, headers={"x-api-key": keys[role]})


def test_text_and_footage_stand_beside_each_other(told: Console) -> None:
    page = get(told, "/cases/case-u")
    entry = page.partition('id="step-step-u"')[2].partition("</article>")[0]
    assert "现场检查" in entry
    assert "检查(勘验)笔录" in entry
    assert 'href="/clips/clip-u"' in entry
    assert "覆盖 50%" in entry
    assert re.search(r'class="gap" x="[45]\d\d\.\d"', entry), "the second half is missing"
    assert "未定环节的资料" in page, "the proposed link is of no step"
    assert 'style="' not in page


def test_who_may_only_read_sees_the_record_and_no_form(told: Console) -> None:
    page = get(told, "/cases/case-u", "operator")
    assert "现场检查" in page
    assert 'action="/cases' not in page
    evidence = get(told, "/cases/case-u/evidence", "supervisor")
    assert "带水印的副本" in evidence
    assert 'action="/cases/case-u/package"' not in evidence


def test_a_line_leads_to_its_second_and_back(told: Console, database: Database) -> None:
    body = {"clip": "clip-u", "at": "0:02:05", "line": "问：何时购进？", "document": "paper-u"}
    sent = post(told, "/cases/case-u/notes", body)
    with database.read() as session:
        [made] = session.exec(select(Note).where(Note.document_id == "paper-u")).all()
    assert made.at_s == 125
    assert sent.headers["location"] == f"/cases/case-u?note={made.id}#note-{made.id}"
    page = get(told, sent.headers["location"].partition("#")[0])
    line = page.partition(f'id="note-{made.id}"')[2].partition("</li>")[0]
    assert 'href="/clips/clip-u?t=125"' in line
    assert "问：何时购进？" in line
    assert "data-sought" in line
    clip = get(told, "/clips/clip-u?t=125")
    assert f'href="/cases/case-u?note={made.id}#note-{made.id}"' in clip, "and back"


def test_a_note_is_corrected_and_never_lost(told: Console, database: Database) -> None:
    assert post(told, "/cases/case-u/notes/note-u", {"at": "7", "line": "答：去年"}).status_code == 303
    again = post(told, "/cases/case-u/notes/note-u", {"at": "8", "line": "答：前年"})
    assert again.status_code == 409, "it was corrected already"
    with database.read() as session:
        old, [new] = session.get_one(Note, "note-u"), session.exec(select(Note).where(Note.at_s == 7)).all()
        assert (old.superseded_at is None, old.line) == (False, "问：何时？")
        assert (new.replaces, new.activity_id) == ("note-u", "step-u")
        event = session.exec(select(CustodyEvent).where(CustodyEvent.event == "NOTE_CORRECTED")).one()
        assert (event.subject, event.detail["replaces"]) == ("clip-u", "note-u")


def test_a_line_that_is_sent_twice_is_one_note(told: Console, database: Database) -> None:
    key = {"x-api-key": told[1]["evidence"]}
    body = {"clip": "clip-u", "at_s": 12.5, "line": "问：姓名？", "document": "paper-u"}
    with ThreadPoolExecutor(2) as both:
        sent = [
            *both.map(lambda _: told[0].post("/api/v1/cases/case-u/notes", json=body, headers=key), range(2))
        ]
    assert sorted(one.status_code for one in sent) == [200, 201]
    assert len({one.json()["id"] for one in sent}) == 1
    later = told[0].post("/api/v1/cases/case-u/notes", json={**body, "at_s": 13}, headers=key)
    assert later.status_code == 201, "another second is another note"
    with database.read() as session:
        assert len(session.exec(select(Note).where(Note.line == "问：姓名？")).all()) == 2


def test_a_system_sends_its_lines_again_without_harm(told: Console, database: Database) -> None:
    client, keys = told
    key = {"x-api-key": keys["integrator"]}
    body = {"clip": "clip-u", "at_s": 12.5, "line": "问：姓名？", "document": "paper-u", "ref": "bilu-7/3"}
    statuses = [client.post("/api/v1/cases/case-u/notes", json=body, headers=key) for _ in range(2)]
    assert [one.status_code for one in statuses] == [201, 200]
    changed = client.post("/api/v1/cases/case-u/notes", json={**body, "at_s": 13}, headers=key).json()
    assert changed["replaces"] == statuses[0].json()["id"]
    shown = client.get("/api/v1/clips/clip-u/notes", headers=key).json()
    assert [(one["at_s"], one["line"]) for one in shown] == [(3, "问：何时？"), (13, "问：姓名？")]
    line = {**body, "at_s": 90.0, "ref": "bilu-7/4"}

    def send(_: int) -> str:
        made: str = client.post("/api/v1/cases/case-u/notes", json=line, headers=key).json()["id"]
        return made

    with ThreadPoolExecutor(2) as both:
        assert len({*both.map(send, range(2))}) == 1, "nor if it comes twice at once"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"clip": "old-u"}, "note.not_linked"),
        ({"activity": "step-v"}, "note.of_another_case"),
        ({"at_s": 1900}, "note.beyond"),
        ({"activity": None}, "note.of_nothing"),
    ],
)
def test_a_note_is_of_one_case_and_one_clip(told: Console, change: dict[str, Any], code: str) -> None:
    client, keys = told
    body = {"clip": "clip-u", "at_s": 1, "line": "问", "activity": "step-u", **change}
    said = client.post("/api/v1/cases/case-u/notes", json=body, headers={"x-api-key": keys["evidence"]})
    assert (said.status_code, said.json()["code"]) == (409, code)


@pytest.mark.parametrize("at", ["x", "1:99", "-1", "", "20000000"])
def test_a_time_that_is_none_is_refused(told: Console, at: str) -> None:
    """And the page says which field it was."""
    body = {"clip": "clip-u", "at": at, "line": "问", "activity": "step-u"}
    said = post(told, "/cases/case-u/notes", body)
    assert said.status_code == 422
    assert "填写不正确：时间（时:分:秒）<" in said.text
    both = post(told, "/cases/case-u/notes", {**body, "line": "问" * 1001, "at": "1" * 21})
    assert "填写不正确：时间（时:分:秒）、笔录内容<" in both.text


def test_a_statement_explains_a_gap(told: Console, database: Database) -> None:
    with database.write() as session:
        session.get_one(Activity, "step-u").kind = "查封扣押"  # of which all is owed
    page = get(told, "/cases/case-u")
    form = page.partition('class="gaps"')[2].partition("</form>")[0]
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    answer = post(told, "/cases/case-u/statements", {**given, "what": "GAP.battery", "why": "电池耗尽"})
    assert answer.headers["location"] == "/cases/case-u#step-step-u"
    with database.read() as session:
        stated = session.exec(select(Statement)).one()
    assert (stated.ground, stated.made_by) == ("battery", "user-evidence")
    assert (stated.from_at, stated.to_at) == (T0 + timedelta(minutes=30), T0 + timedelta(hours=1))
    after = get(told, "/cases/case-u")
    assert "已说明" in after
    assert "中断原因：电池耗尽，电池耗尽" in after


@pytest.mark.parametrize(
    ("given", "marked", "said"),
    [
        ({"what": "AWAY"}, "to_at", "“返回时间”须填写：至"),
        ({"what": "GAP.battery", "why": " "}, "why", "“中断原因”须填写：理由"),
        ({"what": "GAP.secret"}, "what", "填写不正确：说明内容"),
        ({"what": "GAP.battery", "from_at": "soon"}, "from_at", "填写不正确：自"),
        ({"what": "GAP.battery", "to_at": "2024-05-06T09:00"}, "to_at", "“至”须晚于“自”"),
    ],
)
def test_a_statement_that_lacks_something_comes_back_as_it_was_filled_in(
    told: Console, database: Database, given: dict[str, str], marked: str, said: str
) -> None:
    form = {
        "activity": "step-u", "why": "山区检查", "from_at": "2024-05-06T09:30", "work_record": "邢记〔2024〕7号",
        "reported_to": "王科长", "approved_by": "李局长", "approved_at": "2024-05-06T08:00",
        "next": "/cases/case-u#step-step-u", **given,
    }  # fmt: skip
    answer = post(told, "/cases/case-u/statements", form)
    assert answer.status_code == 422
    page = answer.text
    assert said in page
    assert "to_at" not in re.sub(r'(name|id)="\w+"', "", page)
    assert re.search(rf'name="{marked}"[^>]*aria-invalid="true"', page)
    assert page.count('aria-invalid="true"') == 1
    for name, value in form.items():
        if name == "what":
            assert value == "GAP.secret" or f'value="{value}" selected' in page
        else:
            assert re.search(rf'name="{name}"[^>]* value="{re.escape(value)}"', page), name
    assert stated(database) == []
    strange = post(told, "/cases/case-v/statements", form | {"activity": "step-v"})
    assert strange.status_code == 404, "nothing is told of another unit's case"


def test_a_gap_that_comes_back_keeps_its_span_by_the_clock_here(told: Console, database: Database) -> None:
    times = {"from_at": "2024-05-06T01:30:05+00:00", "to_at": "2024-05-06T01:40:00.250000+00:00"}
    form = {"activity": "step-u", "what": "GAP.battery", **times}
    page = post(told, "/cases/case-u/statements", form).text
    again = {name: re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page)[0] for name in times}
    assert again == {"from_at": "2024-05-06T09:30:05", "to_at": "2024-05-06T09:40:00.250"}
    sent = post(told, "/cases/case-u/statements", form | again | {"why": "电池耗尽"})
    assert sent.status_code == 303
    with database.read() as session:
        made = session.exec(select(Statement)).one()
    assert (made.from_at, made.to_at) == tuple(map(datetime.fromisoformat, times.values()))


def test_the_api_says_in_words_what_a_statement_lacks(told: Console) -> None:
    client, keys = told
    key = {"x-api-key": keys["evidence"]}
    said = client.post("/api/v1/activities/step-u/statements", json={"kind": "AWAY"}, headers=key).json()
    assert (said["status"], said["code"], said["detail"]) == (409, "statement.lacks", "请说明：返回时间")
    assert said["title"] == "say to_at", "as the field is called"


def test_a_card_that_refuses_leads_back_to_the_page_of_the_form(told: Console) -> None:
    client, keys = told
    key = {"x-api-key": keys["evidence"]}
    body = {"at": "7", "line": "答：去年"}
    post(told, "/cases/case-u/notes/note-u", body)

    def card(referer: str | None) -> str:
        headers = key | ({"referer": referer} if referer else {})
        said = client.post("/cases/case-u/notes/note-u", data=body, headers=headers)
        assert said.status_code == 409
        return said.text

    here = f"{client.base_url}/cases/case-u?page=1"
    assert 'href="/cases/case-u?page=1" data-back' in card(here)
    assert "刷新后" not in card(here), "that would lose what was typed"
    assert "冲突" not in card(here), "it says itself why"
    for elsewhere in (None, "https://other.example/cases/case-u", f"{client.base_url}//evil.example/"):
        told_there = card(elsewhere)
        assert 'href="/cases/' not in told_there
        assert "evil" not in told_there.partition("<main")[2]
        assert 'class="btn btn-primary" href="/"' in told_there


def stated(database: Database) -> list[tuple[str, str | None]]:
    with database.read() as session:
        return [(one.made_by, one.ground) for one in session.exec(select(Statement).order_by(Statement.id))]


def test_a_statement_that_is_sent_twice_is_one(told: Console, database: Database) -> None:
    form = {"activity": "step-u", "what": "GAP.battery", "why": "电池耗尽", "from_at": "2024-05-06T09:40"}
    for _ in "12":
        assert post(told, "/cases/case-u/statements", form).status_code == 303
    assert len(stated(database)) == 1
    assert post(told, "/cases/case-u/statements", form, "admin").status_code == 303
    assert post(told, "/cases/case-u/statements", form | {"why": "没电"}).status_code == 303
    assert len(stated(database)) == 3, "another person or another word is another statement"
    client, keys = told
    asked = {"kind": "GAP", "ground": "battery", "why": "电池耗尽", "from_at": "2024-05-06T09:40:00+08:00"}
    key = {"x-api-key": keys["evidence"]}
    first = client.post("/api/v1/activities/step-u/statements", json=asked, headers=key)
    again = client.post(
        "/api/v1/activities/step-u/statements", json=asked | {"replaces": first.json()["id"]}, headers=key
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert len(stated(database)) == 3


def test_who_changes_his_mind_about_a_notice_is_heard_each_time(told: Console, database: Database) -> None:
    """The last word counts: the first one, said again, is no repetition."""
    for ground in ("given", "missing", "missing", "given"):
        form = {"activity": "step-u", "what": f"NOTICE.{ground}"}
        assert post(told, "/cases/case-u/statements", form).status_code == 303
    assert [ground for _, ground in stated(database)] == ["given", "missing", "given"]


def test_a_link_is_confirmed_and_withdrawn_here(told: Console, database: Database) -> None:
    here = "/cases/case-u"
    body = {"why": "核对无误", "matter": "货架有过期食品", "next": here}
    assert post(told, f"{here}/links/link-u/confirm", body).headers["location"] == here
    with database.read() as session:
        link = session.get_one(Link, "link-u")
        assert (link.status, link.matter) == (LinkStatus.CONFIRMED, "货架有过期食品")
    stale = post(told, f"{here}/links/link-u/withdraw", {"why": "不是本案"})
    assert stale.status_code == 409, "from a page of before the confirmation"
    assert "user-evidence" in stale.text
    [seen] = re.findall(r'name="seen" value="(\d+)"', get(told, here))[:1]
    assert post(told, f"{here}/links/link-u/withdraw", {"why": "不是本案", "seen": seen}).status_code == 303
    assert post(told, f"{here}/links/link-u/withdraw", {"why": "不是本案", "seen": seen}).status_code == 409
    strange = post(told, "/cases/case-u/links/link-v/confirm", {"why": "x"}, "admin")
    assert strange.status_code == 404, "a link of another case"


def test_the_list_is_found_by_what_people_know(told: Console, database: Database) -> None:
    with database.write() as session:
        session.add(CaseAlias(case_uid="case-u", raw="冀邢市监罚〔2026〕27号", norm="冀邢市监罚〔2026〕27号"))
        session.get_one(CaseRecord, "case-u").handlers = ["zhang-u"]
        session.get_one(CaseRecord, "case-u").title = "某超市销售过期食品案"
    for q in ("罚〔2026〕27", "过期食品", "王-u", "张", "case-u"):
        assert 'href="/cases/case-u"' in get(told, f"/cases?q={q}"), q
    for q in ("〔2026〕28", "100%", "王-v"):
        assert 'href="/cases/' not in get(told, f"/cases?q={q}"), q
    assert 'href="/cases/case-u"' not in get(told, "/cases?state=archived")
    client, keys = told
    same = client.get("/api/v1/cases?q=过期食品", headers={"x-api-key": keys["operator"]}).json()
    assert [one["uid"] for one in same["items"]] == ["case-u"]
    assert client.get("/cases?cursor=x", headers={"x-api-key": keys["admin"]}).status_code == 422


def test_pages_of_the_list_show_every_case_once(told: Console, database: Database) -> None:
    with database.write() as session:
        session.add_all(
            CaseRecord(uid=f"more-{n}", title="案", unit_id="u", updated_at=T0 + timedelta(days=n // 3))
            for n in range(9)
        )
    seen: list[str] = []
    cursor: str | None = ""
    with database.read() as session:
        while cursor is not None:
            rows, cursor = listing.found(session, ADMIN, Search(limit=2, cursor=cursor))
            seen += [row.uid for row in rows]
    assert sorted(seen) == sorted({"case-u", "case-v", *(f"more-{n}" for n in range(9))})


def test_why_it_is_kept_names_a_case_as_people_do(told: Console, database: Database) -> None:
    client, keys = told
    with database.write() as session:
        session.delete(session.get_one(LegalHold, "hold-u"))
        session.delete(session.get_one(RetentionFlag, "flag-u"))
        session.get_one(CaseRecord, "case-u").closed_on = None
        original = session.get_one(Original, "clip-u")
        original.state, original.found_at = State.PRESERVED, T0
        session.get_one(Clip, "clip-u").described = Described.READY
    assert "案件 案 尚未结案" in get(told, "/cases/case-u/evidence"), "by its title, where it has no number"
    with database.write() as session:
        session.add(CaseAlias(case_uid="case-u", raw="冀邢市监罚〔2026〕99号", norm="x99"))
    said = "案件 冀邢市监罚〔2026〕99号 尚未结案"
    assert said in get(told, "/cases/case-u/evidence")
    key = {"x-api-key": keys["evidence"]}
    file = client.get("/cases/case-u/evidence/file?format=xlsx", headers=key).content
    assert said in str([[*sheet.values] for sheet in load_workbook(io.BytesIO(file))])
    [item] = client.get("/api/v1/cases/case-u/evidence", headers=key).json()["items"]
    assert item["kept_why"]["facts"]["case"] == "case-u", "programs know it by its id"


def packed(told: Console, body: dict[str, str]) -> Any:
    return post(told, "/cases/case-u/package", {"purpose": "移送人民法院", **body})


def test_a_package_is_what_is_on_record(
    told: Console, database: Database, store: LocalStore, tmp_path: Path
) -> None:
    content = b"original of u"
    with database.write() as session:
        session.get_one(Original, "clip-u").sha256 = hashlib.sha256(content).hexdigest()
    sent = packed(told, {})
    assert sent.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(sent.content)) as zipped:
        assert zipped.testzip() is None
        zipped.extractall(tmp_path / "out")
        names = zipped.namelist()
    assert [name for name in names if name.startswith("音像资料/")] == ["音像资料/0001_one.mp4"]
    check = subprocess.run(["sha256sum", "-c", "digests.sha256"], cwd=tmp_path / "out", check=False)
    assert check.returncode == 0
    listed = [line.partition("  ")[2] for line in (tmp_path / "out/digests.sha256").read_text().splitlines()]
    assert sorted(listed) == sorted(set(names) - {"digests.sha256"}), "everything but the list of digests"
    for name in ("证据清单.xlsx", "结果.json", "保管链/0001_clip-u.json"):
        file = tmp_path / "out" / name
        before = file.read_bytes()
        file.write_bytes(before + b" ")
        again = subprocess.run(["sha256sum", "-c", "digests.sha256"], cwd=tmp_path / "out", check=False)
        assert again.returncode == 1, f"{name} was changed"
        file.write_bytes(before)
    result = json.loads((tmp_path / "out/结果.json").read_text())
    assert [one["result"]["code"] for one in result["files"]] == ["package.whole"]
    chain = json.loads((tmp_path / "out/保管链/0001_clip-u.json").read_text())
    assert "CLIP_EXPORTED" in [line["event"] for line in chain], "the copy itself is in what it takes along"
    with database.read() as session:
        ended = session.exec(select(CustodyEvent).where(CustodyEvent.event == "EXPORT_ENDED")).one()
        copied = session.exec(select(CustodyEvent).where(CustodyEvent.event == "CLIP_EXPORTED")).one()
    assert ended.detail["sha256"] == hashlib.sha256(sent.content).hexdigest()
    assert (ended.detail["whole"], ended.detail["wrong"]) == (True, {})
    assert (copied.subject, copied.detail["purpose"]) == ("clip-u", "移送人民法院")


def test_a_state_secret_is_a_number_in_the_list_of_a_package_and_nothing_else(
    told: Console, database: Database
) -> None:
    with database.write() as session:
        session.add(
            Original(
                id="secret-u", device_id="cam-u", name="密.mp4", suffix=".mp4", size=77_001, sha256="5" * 64,
                sm3="6" * 64, stored_as="originals/secret.mp4", state=State.PRESERVED,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Clip(
                id="secret-u", device_id="cam-u", kind="VIDEO", started_at=T0, ended_at=T0, duration_s=12_345,
                secrecy="state_secret", place="保密地点", officer_id="zhang-u", matter="保密证明对象",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            Link(
                clip_id="secret-u", case_uid="case-u", verdict="VALID", score=1, reasons=[], rule_pack="p",
            )
        )  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(packed(told, {}).content)) as zipped:
        book, about = zipped.read("证据清单.xlsx"), zipped.read("说明.txt").decode()
        left = json.loads(zipped.read("结果.json"))["left_out"]
    rows = [row for sheet in load_workbook(io.BytesIO(book)) for row in sheet.iter_rows(values_only=True)]
    [row] = [row for row in rows if "未导出（国家秘密）" in row]
    assert [cell for cell in row if cell not in (None, "")] == [row[0], "未导出（国家秘密）"]
    whole = str(rows)
    told_of_it = ("保密地点", "保密证明", "5" * 64, "6" * 64, "密.mp4", "secret.mp4", "12345", "77001")
    assert [one for one in told_of_it if one in whole] == []
    with database.read() as session:
        weight = session.get_one(Original, "clip-u").size
    assert f"2 份，共 {weight} 字节" in whole, "nor what it weighs, by subtraction"
    assert "另有 1 份涉及国家秘密，未导出" in about
    assert [one["clip"] for one in left] == ["secret-u"]
    page = get(told, "/cases/case-u/evidence")
    assert "保密地点" in page, "who may see it sees it in the console"


def test_what_is_not_as_it_was_is_told(told: Console, database: Database) -> None:
    """The original in the store of this site has another digest than the record."""
    with zipfile.ZipFile(io.BytesIO(packed(told, {}).content)) as zipped:
        [file] = json.loads(zipped.read("结果.json"))["files"]
        about = zipped.read("说明.txt").decode()
    assert file["result"]["code"] == "package.differs"
    assert f"其中 1 份（序号 {file['number']}）与登记的摘要不符" in about
    assert "均与登记的摘要一致" not in about
    with database.read() as session:
        ended = session.exec(select(CustodyEvent).where(CustodyEvent.event == "EXPORT_ENDED")).one()
    assert ended.detail["wrong"] == {"clip-u": "package.differs"}


def test_a_purpose_with_signs_that_nobody_sees_is_refused(told: Console) -> None:
    """It stands in 说明.txt, beside what must be read."""
    refused = packed(told, {"purpose": "移送\u202e法院"})
    assert refused.status_code == 409
    assert "U+202E" in refused.text


def test_what_may_not_leave_stays(told: Console, database: Database) -> None:
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = "state_secret"
    assert packed(told, {}).status_code == 409
    with database.write() as session:
        session.get_one(Clip, "clip-u").secrecy = None
        session.get_one(Original, "clip-u").state = State.FOUND
    assert packed(told, {}).status_code == 409
    assert packed(told, {"purpose": " "}).status_code == 422
    with database.read() as session:
        events = set(session.exec(select(CustodyEvent.event)))
    assert events.isdisjoint({"CASE_EXPORTED", "REPORT_MADE"}), "nothing was made"


def test_a_package_that_is_broken_off_is_on_record(
    told: Console, database: Database, store: LocalStore
) -> None:
    with database.write() as session:
        case = session.get_one(CaseRecord, "case-u")
        found = evidence(session, ADMIN, LAW, case, T0)
        made = package.plan(session, case, found, package.Content.PROXIES, "x", "a", b"xlsx")
        package.begin(session, made)
    pieces = package.stream(database, store, made, LAW.zone)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    with database.read() as session:
        ended = session.exec(select(CustodyEvent).where(CustodyEvent.event == "EXPORT_ENDED")).one()
    assert (ended.detail["whole"], ended.detail["sha256"]) == (False, None)


def test_a_file_that_shows_nothing_says_so_in_the_evidence_list(told: Console, database: Database) -> None:
    """On the page, on paper and for programs; it stood there as one that waits to be confirmed."""
    client, keys = told
    key = {"x-api-key": keys["evidence"]}
    with database.write() as session:
        why = reason("condition.unplayable", error="moov atom not found")
        session.get_one(Clip, "clip-u").condition = dict(why)
        session.get_one(Original, "clip-u").state = State.PRESERVED
    said = "容器损坏且无法恢复可播放内容（moov atom not found）"
    assert said in get(told, "/cases/case-u/evidence")
    file = client.get("/cases/case-u/evidence/file?format=xlsx", headers=key).content
    assert said in str([[*sheet.values] for sheet in load_workbook(io.BytesIO(file))])
    [item] = client.get("/api/v1/cases/case-u/evidence", headers=key).json()["items"]
    assert item["flaw"]["code"] == "condition.unplayable"
    with database.write() as session:
        original = session.get_one(Original, "clip-u")
        original.state = State.QUARANTINED
        original.quarantine = dict(reason("quarantine.digest_differs", expected="a", found="b"))
    assert "二次读取校验不一致" in get(told, "/cases/case-u/evidence")


@pytest.mark.parametrize("kind", ["xlsx", "pdf"])
def test_the_evidence_list_as_a_file_is_on_record(told: Console, kind: str) -> None:
    client, keys = told
    key = {"x-api-key": keys["evidence"]}
    made = client.get(f"/cases/case-u/evidence/file?format={kind}", headers=key)
    assert made.status_code == 200, made.text
    digest = hashlib.sha256(made.content).hexdigest()
    [row] = client.get(f"/api/v1/reports/files?sha256={digest}", headers=key).json()["items"]
    assert (row["kind"], row["case_uid"], row["made_by"]) == ("evidence", "case-u", "user-evidence")


def test_every_note_is_vouched_for(told: Console, database: Database, store: LocalStore) -> None:
    body = {"clip": "clip-u", "at": "0:05", "line": "问", "activity": "step-u"}
    assert post(told, "/cases/case-u/notes", body).status_code == 303
    with database.read() as session:
        made = session.exec(select(Note.id).where(Note.line == "问")).one()
    with database.write() as session:
        session.get_one(Note, made).line = "改过"
    with database.read() as session:
        said = [str(one) for one in rows(session)]
    assert any(made in one for one in said), said
