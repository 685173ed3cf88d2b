"""The obligation board as a page."""

import re
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from api.console import board
from gateway.database import Database
from gateway.models import Activity
from tests.integration.test_api_matrix import EVERYBODY, Row

THEN = "since=2024-05-06&until=2024-05-06"
ROWS = [Row("GET", "/board", EVERYBODY, query=f"{THEN}&unit={{}}")]


@pytest.mark.parametrize("by", ["", "unit", "officer", "case", "kind", "stage", "day"])
def test_every_view_names_the_own_unit_alone(console: tuple[TestClient, dict[str, str]], by: str) -> None:
    client, keys = console
    told = client.get(f"/board?{THEN}&by={by}", headers={"x-api-key": keys["supervisor"]})
    assert told.status_code == 200
    assert "case-v" not in told.text
    assert "zhang-v" not in told.text
    assert "逾期未到" in told.text


def test_what_is_owed_says_who_how_late_and_why(console: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = console
    told = client.get(f"/board?{THEN}", headers={"x-api-key": keys["supervisor"]}).text
    [line] = re.findall(r"<tr><td><strong>.*?</tr>", told, re.DOTALL)
    assert "现场检查" in line
    assert 'href="/cases/case-u"' in line
    assert re.search(r"逾期 \d", line)
    assert "没有音像资料" in line
    assert "张</a>" in line
    other = client.get(f"/board?{THEN}&standing=ARRIVED", headers={"x-api-key": keys["supervisor"]}).text
    assert "case-u" not in other


@pytest.mark.parametrize(("late", "said"), [(10.7, "逾期 10 天"), (17.7, "逾期 17 天"), (24.9, "逾期 24 天")])
def test_how_late_it_is_is_told_in_whole_days(
    console: tuple[TestClient, dict[str, str]], monkeypatch: pytest.MonkeyPatch, late: float, said: str
) -> None:
    monkeypatch.setattr(board, "late_s", lambda *_: late * 86400)
    client, keys = console
    told = client.get(f"/board?{THEN}", headers={"x-api-key": keys["supervisor"]}).text
    assert f"{said}<" in told


def test_days_begin_in_the_sites_zone(console: tuple[TestClient, dict[str, str]], database: Database) -> None:
    client, keys = console
    with database.write() as session:
        step = session.get_one(Activity, "step-u")
        step.started_at, step.ended_at = (datetime(2024, 5, 6, hour, tzinfo=UTC) for hour in (17, 18))
    key = {"x-api-key": keys["supervisor"]}
    asked = "since=2024-05-06T00:00:00Z&until=2024-05-08T00:00:00Z&by=day"
    groups = client.get(f"/api/v1/board?{asked}", headers=key).json()["groups"]
    assert [group["key"] for group in groups] == ["2024-05-07"]
    assert "case-u" in client.get("/board?since=2024-05-07&until=2024-05-07", headers=key).text
    assert "case-u" not in client.get("/board?since=2024-05-06&until=2024-05-06", headers=key).text


def test_a_span_that_is_too_long_ends_where_it_was_asked_to(
    console: tuple[TestClient, dict[str, str]],
) -> None:
    client, keys = console
    told = client.get("/board?since=2020-01-01&until=2024-05-06", headers={"x-api-key": keys["supervisor"]})
    assert told.status_code == 200
    assert 'name="until" value="2024-05-06"' in told.text
    assert "case-u" in told.text


@pytest.mark.parametrize("role", ["supervisor", "admin"])
def test_the_board_begins_with_the_days_that_are_asked_for(
    console: tuple[TestClient, dict[str, str]], database: Database, role: str
) -> None:
    """Not with every link there is, nor with all cases of a unit: it must stay quick over the years."""
    client, keys = console
    asked: list[tuple[str, object]] = []
    listen = lambda _c, _cursor, text, given, *_: asked.append((text, given))  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listen)
    assert client.get(f"/board?{THEN}", headers={"x-api-key": keys[role]}).status_code == 200
    event.remove(database.engine, "before_cursor_execute", listen)
    of_steps = [(text, given) for text, given in asked if "activity.started_at >=" in text]
    assert len(of_steps) == 3
    with database.engine.connect() as connection:
        for text, given in of_steps:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).all()  # type: ignore[arg-type]
            assert "SEARCH activity USING INDEX ix_activity_started_at_ended_at" in plan[0][3], plan
