"""Indicators, frozen quarters and files as pages."""

import hashlib
import io
import re
from datetime import UTC, datetime, timedelta

import openpyxl
from fastapi.testclient import TestClient
from sqlmodel import select

from api.console.reports.telling import cited_value
from api.console.terms import in_words
from gateway import custody
from gateway.database import Database
from gateway.models import Activity, Checkout, Clip, Described, Device, Original, ReportMade, State, Unit, now
from gateway.reports import Code, basis
from gateway.rulepacks import packs
from gateway.wording import CHINA
from tests.integration.test_api_matrix import AGREE, EVERYBODY, Row

ROWS = [
    Row("GET", "/reports", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/figures/linked", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/snapshots", EVERYBODY, listing=True),
    Row("POST", "/reports/snapshots", AGREE, body={"unit": "{}", "quarter": "2024-Q1"}),
    Row("GET", "/reports/snapshots/snap-{}", EVERYBODY),
    Row("GET", "/reports/snapshots/snap-{}/figures/linked", EVERYBODY),
    Row("GET", "/reports/snapshots/snap-{}/changes/linked", EVERYBODY),
    Row("GET", "/reports/files", EVERYBODY, listing=True),
]


SPAN = "unit=u&quarter=2024-Q2"


def test_the_page_says_the_apis_numbers_and_why_there_is_none(
    console: tuple[TestClient, dict[str, str]],
) -> None:
    """The chart draws what the table says: so the table's values are the API's."""
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    told = client.get(f"/api/v1/reports/figures?{SPAN}", headers=key).json()["figures"]
    page = client.get(f"/reports?{SPAN}", headers=key).text
    lines = re.findall(r"<tr[^>]*>.*?</tr>", page, re.DOTALL)[1:]
    assert len(lines) == len(told)
    for figure, line in zip(told, lines, strict=True):
        assert figure["name"]["zh"] in line
        this = line.split("<td")[2]
        drawn = re.findall(r'data-value="([^"]+)"', this)
        assert [float(value) for value in drawn] == ([] if figure["rate"] is None else [figure["rate"]])
        is_count = figure["code"] in {"viewings", "archive_overdue"}
        if figure["rate"] is None and not is_count:
            assert re.search(r"<p>[^<]+</p>", line), f"{figure['code']} does not say why"


def test_behind_a_figure_stands_each_case(console: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    page = client.get(f"/reports/figures/to_spec?{SPAN}", headers=key).text
    assert 'href="/devices/cam-u"' in page
    assert "明细（" in page
    none = client.get(f"/reports/figures/to_spec?{SPAN}&side=BOTH", headers=key)
    assert 'href="/devices/cam-u"' not in none.text
    wrong = client.get(f"/reports/figures/to_spec?{SPAN}&by=ground&key=x", headers=key)
    assert wrong.status_code == 422


def test_what_a_figure_rests_on_is_told_in_chinese() -> None:
    """Brackets within a source, keys and values of the pack: none of it stands on the page as it came."""
    told = [
        cited_value(source, in_words("zh"))
        for code in Code
        for source in basis.sources(code, packs("hebei-xingtai-2019").every)
    ]
    assert len(told) > 20
    for one in told:
        said = one.removeprefix("hebei-xingtai-2019@5 ")
        assert not re.search(r"[A-Za-z]{4,}|None", said), one
        assert said.count("（") == said.count("）"), one
    assert any("结案后归档时限（日）：30（本系统默认值；R-61）" in one for one in told), told
    assert any("未列明环节的记录要求：相关环节音像记录" in one for one in told)


def test_a_quarter_is_frozen_and_again_only_with_a_reason(console: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    form = {"unit": "u", "quarter": "2024-Q1"}
    first = client.post("/reports/snapshots", data=form, headers=key)
    assert first.status_code == 303
    page = client.get(first.headers["location"], headers=key).text
    assert "第 1 版" in page
    assert "无变化" in page
    again = client.post("/reports/snapshots", data=form, headers=key)
    assert (again.status_code, "再次固化须说明原因" in again.text) == (409, True)
    with_why = client.post("/reports/snapshots", data={**form, "why": "补录后重算"}, headers=key)
    assert with_why.status_code == 303
    assert "补录后重算" in client.get("/reports/snapshots", headers=key).text
    runs = client.post("/reports/snapshots", data={**form, "quarter": "2199-Q1"}, headers=key)
    assert (runs.status_code, "不能固化" in runs.text) == (409, True)


def test_what_moved_is_seen_also_where_both_sides_count_alike(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    with database.write() as session:
        session.get_one(Original, "clip-u").found_at = datetime(2024, 5, 6, tzinfo=UTC)
    form = {"unit": "u", "quarter": "2024-Q2", "why": "补录"}
    made = client.post("/reports/snapshots", data=form, headers=key)
    path = made.headers["location"]
    with database.write() as session:
        session.get_one(Clip, "clip-u").kind = "AUDIO"
    page = client.get(f"{path}/changes/linked", headers=key).text
    [line] = [one for one in page.split("<tr>") if 'href="/clips/clip-u"' in one]
    assert re.findall(r"资料类型：(\w+)", line) == ["视频", "录音"], line
    assert "名称为当前名称" in page
    assert "名称为当前名称" in client.get(f"{path}/figures/linked", headers=key).text
    assert "名称为当前名称" not in client.get(f"/reports/figures/linked?{SPAN}", headers=key).text


def test_a_frozen_quarter_as_a_file_says_what_was_frozen(console: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    page = client.get("/reports/snapshots/snap-u", headers=key).text
    ways = re.findall(r'href="(/api/v1/reports/snapshots/snap-u/file\?format=\w+)"', page)
    made = {way.partition("=")[2]: client.get(way, headers=key) for way in ways}
    assert made["pdf"].content.startswith(b"%PDF")
    book = openpyxl.load_workbook(io.BytesIO(made["xlsx"].content))
    told = {row[0].value: [cell.value for cell in row[1:]] for row in book["指标"].iter_rows()}
    frozen = client.get("/api/v1/reports/snapshots/snap-u", headers=key).json()["figures"]
    for figure in frozen:
        assert told[figure["name"]["zh"]][:2] == [figure["numerator"], figure["denominator"]]
    digest = hashlib.sha256(made["xlsx"].content).hexdigest()
    listed = client.get(f"/reports/files?sha256={digest}", headers=key).text
    assert "季度指标" in listed
    assert "2024 年第 2 季度" in listed


def test_a_file_names_what_it_lists_as_the_page_does(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    with database.write() as session:
        own = session.get_one(Original, "clip-u")
        own.found_at, own.state = datetime(2024, 5, 6, tzinfo=UTC), State.PRESERVED
        session.get_one(Clip, "clip-u").described = Described.READY
        session.get_one(Device, "cam-u").name = "执法记录仪 01"
        session.get_one(Unit, "u").name = "市场监管综合执法支队"
    form = {"unit": "u", "quarter": "2024-Q2", "why": "补录"}
    path = client.post("/reports/snapshots", data=form, headers=key).headers["location"]
    made = client.get(f"/api/v1{path}/file?format=xlsx", headers=key)
    sheet = openpyxl.load_workbook(io.BytesIO(made.content))["明细"]
    lines = [tuple(str(cell.value or "") for cell in row) for row in sheet.iter_rows()]
    [device] = [one for one in lines if "cam-u" in one and one[0] == "达标率"]
    assert "执法记录仪 01" in device[2]
    assert "单位、科室 市场监管综合执法支队" in device[5]
    assert not any(re.search(r"\bVIDEO\b|单位、科室 u\b", cell) for line in lines for cell in line)
    [clip] = [one for one in lines if "clip-u" in one and one[0] == "标注完整率"]
    assert (clip[2], "资料类型 视频" in clip[5]) == ("one.mp4 · 执法记录仪 01", True)
    assert any("制作本表时的名称" in cell for line in lines for cell in line)


def test_what_stands_behind_a_figure_leads_to_its_page(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    key = {"x-api-key": keys["supervisor"]}
    with database.write() as session:
        custody.append(session, custody.device_chain("cam-u"), "VERIFIED", "gateway", "clip-u")
        session.get_one(Activity, "step-u").started_at = now() - timedelta(minutes=2)
        session.get_one(Activity, "step-u").ended_at = now() - timedelta(minutes=1)
        session.get_one(Checkout, "out-u").out_at = now() - timedelta(minutes=2)
    today = now().astimezone(CHINA)
    quarter = f"{today.year}-Q{(today.month + 2) // 3}"
    found: dict[str, set[str]] = {}
    for code in Code:
        page = client.get(f"/reports/figures/{code}?unit=u&quarter={quarter}", headers=key).text
        rows = page.partition('id="members"')[2].partition("</section>")[0].split("<tr>")[2:]
        found[code] = {way for row in rows for way in re.findall(r'<td><a href="([^"]+)"', row)}
        assert sum('<td><a href="' in row for row in rows) == len(rows), (code, rows)
    assert found["intact"] == {"/clips/clip-u"}
    assert found["handed_back"] == {"/devices/cam-u?part=checkouts#history"}
    steps = found["fully_recorded"] | found["key_parts_recorded"]
    assert steps == {"/cases/case-u?step=step-u#step-step-u"}
    assert 'id="step-step-u"' in client.get("/cases/case-u?step=step-u", headers=key).text


def test_a_file_of_the_whole_site_is_on_record_as_the_top_units(
    console: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = console
    key = {"x-api-key": keys["admin"]}
    frozen = client.post("/api/v1/reports/snapshots", json={"quarter": "2024-Q1"}, headers=key).json()["id"]
    ways = (
        f"/api/v1/reports/snapshots/{frozen}/file?format=xlsx",
        "/api/v1/equipment/sheet/file?format=xlsx&on=2024-06-30",
    )
    assert [client.get(way, headers=key).status_code for way in ways] == [409, 409], "two tops"
    assert client.get(ways[0], headers=key).json()["code"] == "report.several_tops"
    with database.write() as session:
        session.get_one(Unit, "v").parent_id = "u"
    assert [client.get(way, headers=key).status_code for way in ways] == [200, 200]
    with database.read() as session:
        made = session.exec(select(ReportMade).where(ReportMade.kind == "quarter")).one()
    assert (made.unit_id, made.period) == ("u", "2024-Q1")
