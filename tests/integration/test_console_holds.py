"""Legal holds and marks on the pages: who may place and lift them, and that they bind where they say so."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.console import holds
from gateway.database import Database
from gateway.models import CaseParty, LegalHold, RetentionFlag
from tests.integration.test_api_matrix import AGREE, EVERYBODY, HOLD, Row

Console = tuple[TestClient, dict[str, str]]
WHY = {"why": "当事人申请行政复议"}
ROWS = [
    Row("GET", "/holds", EVERYBODY, listing=True),
    Row("POST", "/clips/clip-{}/holds", HOLD, body=WHY),
    Row("POST", "/cases/case-{}/holds", HOLD, body=WHY),
    Row("POST", "/devices/cam-{}/holds", HOLD, body={**WHY, "since": "2024-05-06T08:00"}),
    Row("POST", "/holds/hold-{}/lift", AGREE, body={**WHY, "next": "/clips/clip-u"}),
    Row("POST", "/clips/clip-{}/flags", HOLD, body={**WHY, "flag": "OBSTRUCTION"}),
    Row("POST", "/clips/clip-{}/flags/flag-{}/lift", AGREE, body=WHY),
]


@pytest.fixture
def key(console: Console) -> dict[str, str]:
    return {"x-api-key": console[1]["supervisor"]}


def page(console: Console, key: dict[str, str], path: str) -> str:
    said = console[0].get(path, headers=key)
    assert said.status_code == 200, said.text
    return said.text


def section(text: str) -> str:
    return text.partition('id="holds"')[2].partition("</section>")[0]


def standing(database: Database) -> list[LegalHold]:
    with database.read() as session:
        return list(session.exec(select(LegalHold).where(col(LegalHold.lifted_at).is_(None))))


def test_a_hold_with_its_paper_shows_where_it_binds_until_it_is_lifted(
    console: Console, key: dict[str, str], database: Database
) -> None:
    client, _ = console
    form = {**WHY, "paper": " 邢政复〔2026〕35号 "}
    placed = client.post("/cases/case-u/holds", data=form, headers=key)
    assert placed.headers["location"] == "/cases/case-u?held=1#holds", "it tells how many clips it reaches"
    told = "邢政复〔2026〕35号"
    case = page(console, key, placed.headers["location"].partition("#")[0])
    assert told in section(case)
    assert "目前涉及 1 份资料" in case
    assert "user-supervisor 于" in section(case)
    clip = section(page(console, key, "/clips/clip-u"))
    assert told in clip, "a clip of the case is bound by it, too"
    assert "/cases/case-u" in clip
    [hold] = [one for one in standing(database) if one.case_uid == "case-u"]
    lifted = {"why": "复议已终结", "next": "/cases/case-u#holds"}
    assert client.post(f"/holds/{hold.id}/lift", data=lifted, headers=key).headers["location"] == (
        "/cases/case-u#holds"
    )
    assert "复议已终结" in section(page(console, key, "/cases/case-u"))
    assert told not in section(page(console, key, "/clips/clip-u"))
    assert client.post(f"/holds/{hold.id}/lift", data=lifted, headers=key).status_code == 409


def test_a_form_that_is_sent_twice_places_one_hold(
    console: Console, key: dict[str, str], database: Database
) -> None:
    client, keys = console
    form = {**WHY, "paper": "邢政复〔2026〕12号", "since": "2024-05-06T08:00"}

    def placed() -> int:
        return len([one for one in standing(database) if one.device_id == "cam-u"])

    ways = [client.post("/devices/cam-u/holds", data=form, headers=key).headers["location"] for _ in "12"]
    assert ways[0] == ways[1]
    assert placed() == 1
    for change in ({"why": "诉讼"}, {"paper": ""}, {"since": ""}):
        assert client.post("/devices/cam-u/holds", data=form | change, headers=key).status_code == 303
    assert placed() == 4
    admin = {"x-api-key": keys["admin"]}
    assert client.post("/devices/cam-u/holds", data=form, headers=admin).status_code == 303
    assert placed() == 5, "of another unit, which alone may lift its own"
    asked = {"clip": "clip-u", **WHY}
    made = [client.post("/api/v1/holds", json=asked, headers=key) for _ in "12"]
    assert [one.status_code for one in made] == [201, 201]
    assert made[0].json()["id"] == made[1].json()["id"]
    assert made[0].json()["reaches"] == made[1].json()["reaches"]
    client.post(f"/holds/{made[0].json()['id']}/lift", data=WHY, headers=key)
    again = client.post("/api/v1/holds", json=asked, headers=key).json()
    assert again["id"] != made[0].json()["id"], "what was lifted is placed anew"


def test_all_holds_of_ones_units_are_on_one_page_also_those_that_were_lifted(
    console: Console, key: dict[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = console
    for number in range(3):
        client.post("/cases/case-u/holds", data={"why": f"第{number}次"}, headers=key)
    [newest] = [one.id for one in standing(database) if one.why == "第2次"]
    said = page(console, key, "/holds")
    assert re.findall(r"<strong>第(\d)次</strong>", said) == ["2", "1", "0"]
    assert "/cases/case-u" in section(said)
    client.post(f"/holds/{newest}/lift", data={"why": "已终结", "next": "/holds"}, headers=key)
    assert "第2次" not in page(console, key, "/holds")
    assert "已终结" in page(console, key, "/holds?lifted=true")
    assert "第1次" not in page(console, key, "/holds?lifted=true")
    monkeypatch.setattr(holds, "ROWS", 1)
    seen, where = [], "/holds"
    while where:
        said = page(console, key, where)
        seen += re.findall(r"action=\"/holds/([^/]+)/lift", said)
        where = next(iter(re.findall(r'href="(/holds\?after=[^"]+)"', said)), "")
    assert seen == sorted((one.id for one in standing(database) if one.unit_id == "u"), reverse=True)


def test_a_party_of_the_case_is_held_in_all_its_cases(
    console: Console, key: dict[str, str], database: Database
) -> None:
    client, _ = console
    with database.read() as session:
        party = session.exec(select(CaseParty).where(CaseParty.case_uid == "case-u")).one()
    form = {**WHY, "on": party.party_id}
    assert client.post("/cases/case-u/holds", data={**WHY, "on": "none"}, headers=key).status_code == 404
    assert client.post("/cases/case-u/holds", data=form, headers=key).status_code == 303
    assert party.name in [one.party_name for one in standing(database)]
    assert f"全部案件）</span> {party.name}" in section(page(console, key, "/cases/case-u"))


def test_what_a_device_recorded_in_a_span(console: Console, key: dict[str, str], database: Database) -> None:
    client, _ = console
    path = "/devices/cam-u/holds"
    wrong = {"since": "2024-05-06T10:00", "until": "2024-05-06T08:00"}
    for form, named in (
        ({**WHY, **wrong}, "结束时间"), ({**WHY, "since": "soon"}, "开始时间"), ({**WHY, "until": "soon"}, "结束时间"), ({"why": "  "}, "理由"),
        ({**WHY, "paper": "号" * 101}, "文号"),
    ):  # fmt: skip
        said = client.post(path, data=form, headers=key)
        assert said.status_code == 422
        assert f"填写不正确：{named}<" in said.text
    placed = client.post(path, data={**WHY, "since": "2024-05-06T08:00"}, headers=key)
    [hold] = [one for one in standing(database) if one.device_id == "cam-u"]
    assert hold.span_from is not None
    assert hold.span_from.isoformat() == "2024-05-06T00:00:00+00:00", "in the site's zone"
    assert WHY["why"] in section(page(console, key, placed.headers["location"].partition("#")[0]))


def test_holds_of_others_bind_without_a_name_and_are_not_lifted_here(
    console: Console, key: dict[str, str], database: Database
) -> None:
    with database.write() as session:
        session.get_one(LegalHold, "hold-u").unit_id = "v"
        session.get_one(LegalHold, "hold-u").placed_by = "somebody-v"
    clip = section(page(console, key, "/clips/clip-u"))
    assert "由上级或其他单位保全" in clip
    assert "somebody-v" not in clip
    assert "/holds/hold-u/lift" not in clip


def test_marks_are_set_once_and_taken_back_by_who_may(
    console: Console, key: dict[str, str], database: Database
) -> None:
    client, keys = console
    seen = section(page(console, key, "/clips/clip-u"))
    assert re.search(r"重大事项</span>\s*x", seen)
    assert 'value="MAJOR"' not in seen, "it is marked so already"
    mine = {"x-api-key": keys["evidence"]}
    assert "/flags/flag-u/lift" in seen
    assert "/flags/flag-u/lift" not in section(page(console, mine, "/clips/clip-u"))
    assert client.post("/clips/clip-u/flags", data={**WHY, "flag": "PRETTY"}, headers=key).status_code == 422
    assert client.post("/clips/old-u/flags/flag-u/lift", data=WHY, headers=key).status_code == 404
    gone = client.post("/clips/clip-u/flags/flag-u/lift", data=WHY, headers=key)
    assert gone.headers["location"] == "/clips/clip-u#holds"
    with database.read() as session:
        assert session.get_one(RetentionFlag, "flag-u").lifted_why == WHY["why"]
