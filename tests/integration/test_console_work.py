"""The work list: who may open it, what its counts say, and what a key does when two sit at one queue."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from gateway import custody
from gateway.database import Database
from gateway.models import (
    CaseRecord,
    Clip,
    CustodyEvent,
    Link,
    LinkStatus,
    Original,
    Postponed,
    Role,
    now,
)
from gateway.worklist.marks import MARKS, Queue
from tests.integration.api_site import T0
from tests.integration.console_site import check
from tests.integration.test_api_matrix import ADMIN, LEDGER, Row, roles

DECIDE = {"clip": "clip-{}", "seen": "0", "act": "confirm:link-{}", "why": "核对无误"}
ROWS = [
    Row("GET", "/work", LEDGER, listing=True),
    *(Row("GET", f"/work/{queue}", LEDGER, query="clip=clip-{}") for queue in (*MARKS, Queue.RETENTION)),
    Row("GET", f"/work/{Queue.OVERDUE}", LEDGER, listing=True),
    Row("GET", f"/work/{Queue.REFUSALS}", roles(ADMIN), listing=True),
    Row("POST", "/work/proposed/decide", LEDGER, body=DECIDE),
    Row("POST", "/work/proposed/undo", LEDGER, body={"clip": "clip-{}", "did": "clip-{}.1.1"}),
    Row("POST", "/work/proposed/later", LEDGER, body={"clip": "clip-{}"}),
    Row("POST", "/work/proposed/watch", LEDGER, body={"clip": "clip-{}"}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("role", list(Role))
def test_who_may_work(console: tuple[TestClient, dict[str, str]], row: Row, role: Role) -> None:
    check(*console, row, role)
