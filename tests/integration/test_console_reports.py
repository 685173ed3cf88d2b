"""Indicators, frozen quarters and files as pages."""

import re

from fastapi.testclient import TestClient

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
