"""Indicators, frozen quarters and files as pages."""

import pytest
from fastapi.testclient import TestClient

from gateway.models import Role
from tests.integration.console_site import check
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("role", list(Role))
def test_role_by_page_by_unit(console: tuple[TestClient, dict[str, str]], row: Row, role: Role) -> None:
    check(*console, row, role)
