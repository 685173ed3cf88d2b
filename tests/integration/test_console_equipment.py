"""The pages of the equipment: who may see and enter what, and that nothing is entered unseen."""

import hashlib

import pytest
from fastapi.testclient import TestClient

from gateway.models import Role
from tests.integration.console_site import check
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WORK, Row

LINE = {"kind": "PERSONAL", "holder": "officer:zhang-{}", "valid_from": "2025-01-01T00:00"}
NOTHING = hashlib.sha256(b"").hexdigest()
"""What was shown where no clip changes."""
CORRECTION = {**LINE, "valid_from": "2024-05-06T09:30", "why": "登记有误", "replaces": "alloc-{}"}

ROWS = [
    Row("GET", "/equipment", EVERYBODY, listing=True),
    Row("GET", "/equipment/sheet", EVERYBODY, query="unit={}"),
    Row("GET", "/equipment/officers", EVERYBODY, listing=True),
    Row("GET", "/equipment/officers/zhang-{}", EVERYBODY),
    Row("POST", "/equipment/officers/zhang-{}/checks", LEDGER, body={"valid_from": "2026-01-01", "valid_to": "2026-12-31"}),
    Row("GET", "/equipment/desk", WORK, listing=True),
    Row("POST", "/equipment/desk", WORK, body={"code": "cam-{}", "officer": "zhang-{}"}),
    Row("POST", "/equipment/desk/out-{}/return", WORK),
    Row("GET", "/devices/cam-{}", EVERYBODY),
    Row("GET", "/devices/cam-{}/allocate", LEDGER),
    Row("POST", "/devices/cam-{}/allocate/preview", LEDGER, body=CORRECTION),
    Row("POST", "/devices/cam-{}/allocate/change", LEDGER, body=LINE),
    Row("POST", "/devices/cam-{}/allocate", LEDGER, body={**LINE, "shown": NOTHING}),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("role", list(Role))
def test_role_by_page_by_unit(console: tuple[TestClient, dict[str, str]], row: Row, role: Role) -> None:
    check(*console, row, role)
