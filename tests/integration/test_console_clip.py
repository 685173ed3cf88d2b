"""The page of a clip: who sees what, one viewing however often it loads, decisions, and what it says of every state."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from api.leaving import Leaving
from api.signin import add_user
from gateway.database import Database
from gateway.models import (
    CaseAlias,
    Clip,
    CustodyEvent,
    Link,
    OrderRow,
    OrderState,
    Original,
    Rendition,
    Role,
    State,
    Track,
    Viewing,
    now,
)
from gateway.wording import reason
from tests.integration.console_site import SLOW
from tests.integration.test_api_matrix import EVERYBODY, LEDGER, WATCH, WORK, Row

WHY = {"why": "核对无误"}
ROWS = [
    Row("GET", "/clips/clip-{}", EVERYBODY),
    Row("GET", "/clips/clip-{}/digests", EVERYBODY),
    Row("POST", "/clips/clip-{}/viewings/view-{role}-{}/left", WATCH),
    Row("POST", "/clips/clip-{}/labels", LEDGER, body={"place": "和平路"}),
    Row("POST", "/clips/clip-{}/links", LEDGER, body={"case": "case-{}", "t0_s": "0", "t1_s": "9", **WHY}),
    Row("POST", "/clips/clip-{}/links/link-{}/confirm", LEDGER, body={**WHY, "matter": "现场情况"}),
    Row("POST", "/clips/clip-{}/links/link-{}/withdraw", LEDGER, body=WHY),
    Row("POST", "/clips/clip-{}/links/link-{}/correct", LEDGER, body={"case": "case-{}", **WHY}),
    Row("POST", "/clips/clip-{}/links/sure-{}/undo", LEDGER, body=WHY),
    Row("POST", "/clips/clip-{}/orders", WORK, body={"kind": "verify"}),
]
