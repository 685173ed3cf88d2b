"""The obligation board as a page."""

import pytest
from fastapi.testclient import TestClient

from gateway.models import Role
from tests.integration.console_site import check
from tests.integration.test_api_matrix import EVERYBODY, Row

THEN = "since=2024-05-06&until=2024-05-06"
ROWS = [Row("GET", "/board", EVERYBODY, query=f"{THEN}&unit={{}}")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("role", list(Role))
def test_role_by_page_by_unit(console: tuple[TestClient, dict[str, str]], row: Row, role: Role) -> None:
    check(*console, row, role)


@pytest.mark.parametrize("by", ["", "unit", "officer", "case", "kind", "stage", "day"])
def test_every_view_names_the_own_unit_alone(console: tuple[TestClient, dict[str, str]], by: str) -> None:
    client, keys = console
    told = client.get(f"/board?{THEN}&by={by}", headers={"x-api-key": keys["supervisor"]})
    assert told.status_code == 200
    assert "case-v" not in told.text
    assert "zhang-v" not in told.text
    assert "逾期未到" in told.text
