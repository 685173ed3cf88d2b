"""Every role at every endpoint, at its own unit's rows and at another's. An endpoint without a row fails."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.models import (
    Role,
)
from tests.integration.api_site import ADMIN, EVIDENCE, INTEGRATOR, OPERATOR, SUPERVISOR

EVERYBODY = frozenset(Role)


@dataclass(frozen=True)
class Row:
    """One endpoint. `{}` in path, query and body becomes the unit whose rows are asked for."""

    method: str
    path: str
    roles: frozenset[Role]
    query: str = ""
    body: Any = None
    listing: bool = False
    """Answers with what is visible; rows of another unit are left out instead of 404."""


def roles(*given: Role) -> frozenset[Role]:
    return frozenset(given)


LEDGER = roles(EVIDENCE, ADMIN)
WATCH = roles(EVIDENCE, SUPERVISOR, ADMIN)
ASK = roles(OPERATOR, EVIDENCE, SUPERVISOR, ADMIN)
WORK = roles(OPERATOR, EVIDENCE, ADMIN)
CASES = roles(EVIDENCE, INTEGRATOR, ADMIN)
HOOKS = roles(INTEGRATOR, ADMIN)
ALLOCATION = {"device": "cam-{}", "officer": "zhang-{}", "valid_from": "2030-01-01T00:00:00Z"}
STANDING = {"device": "cam-{}", "status": "REPAIR", "since": "2024-06-01T00:00:00Z", "why": "镜头损坏"}
CLASS = {"unit": "{}", "grade": "A", "doc_no": "邢司〔2026〕1号", "valid_from": "2026-01-01"}
CHECK = {"officer": "zhang-{}", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
LIST = base64.b64encode("序号,记录环节,记录方式\n1,现场检查,执法记录仪\n".encode()).decode()
MATRIX = [
    Row("GET", "/session", EVERYBODY, listing=True),
    Row("GET", "/devices", EVERYBODY, listing=True),
    Row("GET", "/devices/cam-{}", EVERYBODY),
    Row("GET", "/devices/cam-{}/signals", EVERYBODY),
    Row("GET", "/devices/cam-{}/track", EVERYBODY),
    Row("GET", "/devices/cam-{}/live", EVERYBODY),
    Row("POST", "/devices/cam-{}/live", WATCH, body={"purpose": "评查"}),
    Row("GET", "/devices/cam-{}/live/live-{role}-{}/index.m3u8", WATCH),
    Row("GET", "/devices/cam-{}/live/live-{role}-{}/1.mp4", WATCH),
    Row("DELETE", "/devices/cam-{}/live/live-{role}-{}", WATCH),
    Row(
        "GET", "/rooms/room-{}/recorded", EVERYBODY,
        query="since=2024-05-06T01:00:00Z&until=2024-05-06T02:00:00Z",
    ),
    Row("GET", "/allocations", EVERYBODY, listing=True),
    Row("POST", "/allocations", LEDGER, body=ALLOCATION),
    Row("PUT", "/allocations/alloc-{}", LEDGER, body=ALLOCATION),
    Row("GET", "/checkouts", EVERYBODY, listing=True),
    Row(
        "POST", "/checkouts", WORK,
        body={"device": "cam-{}", "officer": "zhang-{}", "out_at": "2020-01-01T00:00:00Z", "in_at": "2020-01-02T00:00:00Z"},
    ),
    Row(
        "PUT", "/checkouts/out-{}", LEDGER,
        body={"device": "cam-{}", "officer": "zhang-{}", "out_at": "2024-05-06T01:30:00Z", "precheck_battery_pct": 90},
    ),
    Row("POST", "/checkouts/out-{}/return", WORK, body={"in_at": "2024-05-06T12:00:00Z"}),
    Row("GET", "/equipment/sheet", EVERYBODY, query="unit={}"),
    Row("GET", "/equipment/sheet/file", EVERYBODY, query="unit={}&format=xlsx"),
    Row("GET", "/equipment/devices", EVERYBODY, listing=True),
    Row("GET", "/devices/cam-{}/holder", EVERYBODY, query="at=2024-05-06T02:00:00Z"),
    Row("PUT", "/devices/cam-{}/facts", LEDGER, body={"id": "cam-{}", "keeper": "zhang-{}", "spec": {"ip": 67}}),
    Row("GET", "/devices/cam-{}/standings", EVERYBODY),
    Row("POST", "/devices/cam-{}/standings", LEDGER, body=STANDING),
    Row("PUT", "/standings/stand-{}", LEDGER, body=STANDING),
    Row("GET", "/units/{}/classes", EVERYBODY),
    Row("POST", "/units/{}/classes", LEDGER, body=CLASS),
    Row("PUT", "/classes/class-{}", LEDGER, body={**CLASS, "grade": "B"}),
    Row("GET", "/officers/zhang-{}/checks", EVERYBODY),
    Row("POST", "/officers/zhang-{}/checks", LEDGER, body=CHECK),
    Row("PUT", "/checks/check-{}", LEDGER, body=CHECK),
    Row("GET", "/offloads", EVERYBODY, listing=True),
    Row("GET", "/offloads/off-{}", EVERYBODY),
    Row("GET", "/offloads/off-{}/receipt", EVERYBODY),
    Row("GET", "/findings", EVERYBODY, listing=True),
    Row("GET", "/clips", EVERYBODY, listing=True),
    Row("GET", "/clips/clip-{}", EVERYBODY),
    Row("GET", "/clips/clip-{}/track", EVERYBODY),
    Row("PATCH", "/clips/clip-{}/labels", LEDGER, body={"matter": "证明对象", "transcript": "询问笔录第3页"}),
    Row("POST", "/clips/clip-{}/viewings", WATCH, body={"purpose": "评查"}),
    Row("DELETE", "/clips/clip-{}/viewings/view-{role}-{}", WATCH),
    Row("GET", "/clips/clip-{}/original", WATCH, query="viewing=view-{role}-{}"),
    Row("GET", "/clips/clip-{}/renditions/proxy", WATCH, query="viewing=view-{role}-{}"),
    Row("GET", "/cases", EVERYBODY, listing=True),
    Row("GET", "/cases/case-{}", EVERYBODY),
    Row("PUT", "/cases/case-{}", CASES, body={"uid": "case-{}", "title": "改", "unit": "{}"}),
    Row("POST", "/cases/case-{}/effects", CASES, body={"uid": "case-{}", "title": "改", "unit": "{}"}),
    Row("GET", "/cases/case-{}/notes", EVERYBODY),
    Row("POST", "/cases/case-{}/notes", CASES, body={"clip": "clip-{}", "at_s": 1, "line": "问", "activity": "step-{}"}),
    Row("PUT", "/notes/note-{}", CASES, body={"clip": "clip-{}", "at_s": 2, "line": "答", "activity": "step-{}"}),
    Row("GET", "/clips/clip-{}/notes", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence", EVERYBODY),
    Row("GET", "/cases/case-{}/evidence/file", EVERYBODY, query="format=xlsx"),
    Row("POST", "/cases/case-{}/package", LEDGER, body={"purpose": "移送人民法院"}),
    Row("GET", "/board", EVERYBODY, query="since=2024-05-06T00:00:00Z&until=2024-05-07T00:00:00Z&by=case", listing=True),
    Row("GET", "/obligations", EVERYBODY, query="since=2024-05-06T00:00:00Z&until=2024-05-07T00:00:00Z", listing=True),
    Row("GET", "/activities/step-{}/coverage", EVERYBODY),
    Row("POST", "/activities/step-{}/statements", LEDGER, body={"kind": "GAP", "ground": "battery", "why": "电池耗尽"}),
    Row("GET", "/units/{}/scope", EVERYBODY),
    Row("POST", "/units/{}/scope", LEDGER, body={"name": "a.csv", "valid_from": "2024-01-01T00:00:00+08:00", "content": LIST}),
    Row("GET", "/parties", EVERYBODY, listing=True),
    Row("GET", "/parties/party-{}", EVERYBODY),
    Row("GET", "/webhooks", HOOKS, listing=True),
    Row("POST", "/webhooks", HOOKS, body={"name": "n", "url": "https://cases.example/{}", "unit": "{}"}),
    Row("PATCH", "/webhooks/hook-{}", HOOKS, body={"enabled": False}),
    Row("DELETE", "/webhooks/hook-{}", HOOKS),
    Row("POST", "/webhooks/hook-{}/replay", HOOKS, body={"after": 0}),
    Row("GET", "/webhooks/hook-{}/deliveries", HOOKS),
    Row("GET", "/case-sources", HOOKS, listing=True),
    Row("GET", "/case-refusals", HOOKS, listing=True),
    Row("GET", "/links", EVERYBODY, listing=True),
    Row("POST", "/links/link-{}/confirm", LEDGER, body={"why": "核对无误"}),
    Row("POST", "/links/link-{}/withdraw", LEDGER, body={"why": "不是本案"}),
    Row("POST", "/links/link-{}/correct", LEDGER, body={"case": "case-{}", "why": "应为此案"}),
    Row("POST", "/links/sure-{}/undo", LEDGER, body={"why": "再核对"}),
    Row(
        "POST", "/clips/clip-{}/links", LEDGER, body={"case": "case-{}", "t0_s": 0, "t1_s": 9, "why": "本案现场"}
    ),
    Row("POST", "/ledger/effects", LEDGER, body={"allocation": ALLOCATION}),
    Row("GET", "/custody/heads", WATCH, listing=True),
    Row("GET", "/custody", WATCH, query="clip=clip-{}"),
    Row("POST", "/orders", WORK, body={"kind": "verify", "clip": "clip-{}"}),
    Row("GET", "/orders", EVERYBODY, listing=True),
    Row("GET", "/orders/order-{}", EVERYBODY),
]  # fmt: skip
HOLD = roles(EVIDENCE, SUPERVISOR, ADMIN)
AGREE = roles(SUPERVISOR, ADMIN)
WHY = {"why": "保存期满"}
MATRIX += [
    Row("GET", "/clips/clip-{}/retention", EVERYBODY),
    Row("GET", "/retention/review", EVERYBODY, listing=True),
    Row("POST", "/clips/clip-{}/secrecy/lift", HOLD, body=WHY),
    Row("POST", "/clips/clip-{}/flags", HOLD, body={"flag": "MAJOR", **WHY}),
    Row("GET", "/flags", EVERYBODY, listing=True),
    Row("POST", "/flags/flag-{}/lift", AGREE, body=WHY),
    Row("GET", "/holds", EVERYBODY, listing=True),
    Row("POST", "/holds", HOLD, body={"clip": "clip-{}", **WHY}),
    Row("POST", "/holds/hold-{}/lift", AGREE, body=WHY),
    Row("GET", "/disposals/due", HOLD, listing=True),
    Row("POST", "/disposals", LEDGER, body={"clips": ["old-{}"], **WHY}),
    Row("GET", "/disposals", EVERYBODY, listing=True),
    Row("GET", "/disposals/run-{}", EVERYBODY),
    Row("GET", "/disposals/run-{}/items", HOLD),
    Row("POST", "/disposals/run-{}/approve", AGREE, body={"count": 1}),
    Row("POST", "/disposals/run-{}/cancel", HOLD, body=WHY),
    Row("GET", "/samples", EVERYBODY, listing=True),
    Row("POST", "/samples", AGREE, body={"unit": "{}", "period": "2026-H1", "count": 1}),
    Row("GET", "/samples/sample-{}", EVERYBODY),
    Row("GET", "/samples/sample-{}/cases/case-{}", EVERYBODY),
    Row("POST", "/samples/sample-{}/cases/case-{}/remarks", AGREE, body={"result": "SOUND"}),
    Row("GET", "/samples/sample-{}/sheets", EVERYBODY, query="format=xlsx"),
    Row("GET", "/reports/causes", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/annual", EVERYBODY, query="unit={}&year=2024&format=xlsx"),
    Row("GET", "/reports/files", EVERYBODY, listing=True),
    Row(
        "POST",
        "/requests",
        ASK,
        body={"unit": "u", "purpose": "评查", "days": 3, "clips": ["clip-{}"]},
        listing=True,
    ),
    Row("GET", "/requests", ASK, listing=True),
    Row("GET", "/requests/open-{role}-{}", ASK),
    Row("POST", "/requests/ask-{}/decision", WATCH, body={"approve": True}),
    Row("POST", "/requests/mine-{role}-{}/revoke", ASK, body=WHY),
    Row("POST", "/requests/open-{role}-{}/withdraw", ASK),
    Row("GET", "/view-heads", ASK, listing=True),
    Row("POST", "/view-heads", roles(ADMIN), body={"user": "proposer-{}", "unit": "{}"}),
    Row("POST", "/view-heads/head-admin-{}/end", roles(ADMIN)),
    Row("GET", "/viewings", WATCH, listing=True),
    Row("GET", "/viewings/file", WATCH, query="format=csv", listing=True),
    Row("POST", "/clips/clip-{}/copies", WATCH, body={}),
    Row("GET", "/copies", ASK, listing=True),
    Row("GET", "/copies/copy-{role}-{}", ASK),
    Row("GET", "/copies/copy-{role}-{}/file", ASK),
    Row("GET", "/destructions", EVERYBODY, listing=True),
    Row("GET", "/destructions/destr-{}", EVERYBODY),
    Row("GET", "/reports/figures", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/figures/linked/members", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/snapshots", EVERYBODY, listing=True),
    Row("POST", "/reports/snapshots", AGREE, body={"unit": "{}", "quarter": "2024-Q1"}),
    Row("GET", "/reports/snapshots/snap-{}/file", EVERYBODY, query="format=xlsx"),
    Row("GET", "/reports/snapshots/snap-{}", EVERYBODY),
    Row("GET", "/reports/snapshots/snap-{}/figures/linked/members", EVERYBODY),
    Row("GET", "/reports/snapshots/snap-{}/changes", EVERYBODY),
    Row("GET", "/reports/snapshots/snap-{}/changes/linked", EVERYBODY),
]
OPEN_TO_ALL = {("GET", "/health"), ("POST", "/session"), ("DELETE", "/session")}


def filled(value: Any, unit: str, role: str = "") -> Any:
    if isinstance(value, str):
        return value.replace("{}", unit).replace("{role}", role)
    if isinstance(value, dict):
        return {name: filled(item, unit, role) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, unit, role) for item in value]
    return value


def ask(client: TestClient, row: Row, unit: str, key: str | None, role: str = "") -> Any:
    path = f"/api/v1{filled(row.path, unit, role)}?{filled(row.query, unit, role)}"
    headers = {"x-api-key": key} if key else {}
    return client.request(row.method, path, json=filled(row.body, unit), headers=headers)


def by_role(rows: Sequence[Row]) -> list[Any]:
    """Who only looks, or is refused, leaves everything as it was: one after the other. What one changes the next must
    find as it was.
    """
    return [
        pytest.param(row, every, id=f"{row.method} {row.path} {'+'.join(every)}")
        for row in rows
        for every in ([tuple(Role)] if row.method == "GET" else apart(row))
    ]


def apart(row: Row) -> list[tuple[Role, ...]]:
    """Those who are refused together with the first of those who may."""
    assert row.roles, f"{row.method} {row.path}: nobody may"
    refused, may = ([role for role in Role if (role in row.roles) is is_let] for is_let in (False, True))
    return [(*(refused if place == 0 else ()), role) for place, role in enumerate(may)]


@pytest.mark.parametrize(("row", "every"), by_role(MATRIX))
def test_role_by_endpoint_by_unit(
    api: tuple[TestClient, dict[str, str]], row: Row, every: Sequence[Role]
) -> None:
    client, keys = api
    assert ask(client, row, "u", None).status_code == 401
    assert ask(client, row, "u", "gwk_forged").status_code == 401
    for role in every:
        judge(client, keys, row, role)


def judge(client: TestClient, keys: dict[str, str], row: Row, role: Role) -> None:
    own = ask(client, row, "u", keys[role.value], role.value)
    other = ask(client, row, "v", keys[role.value], role.value)
    if role not in row.roles:
        assert own.status_code == 403, own.text
        assert other.status_code == 403, other.text
        return
    assert own.status_code < 300, own.text
    if role is ADMIN:
        assert other.status_code < 300, other.text
    elif row.listing:
        assert "-v" not in own.text.replace("clip-view", ""), f"rows of another unit show: {own.text}"
    else:
        assert other.status_code == 404, other.text


@pytest.mark.parametrize(
    ("path", "body"),
    [("standings/stand-u", "STANDING"), ("classes/class-u", "CLASS"), ("checks/check-u", "CHECK")],
)
def test_an_entry_that_was_corrected_is_told_as_such(
    api: tuple[TestClient, dict[str, str]], path: str, body: str
) -> None:
    client, keys = api
    given = filled(globals()[body], "u")

    def put() -> Any:
        return client.put(f"/api/v1/{path}", headers={"x-api-key": keys["admin"]}, json=given)

    assert put().status_code == 200
    said = put()
    assert (said.status_code, said.json()["code"]) == (409, "ledger.superseded"), said.text


def test_nothing_in_the_api_deletes_footage() -> None:
    """Only what is no footage can be deleted: a session, a view, a webhook."""
    deleting = {row.path for row in MATRIX if row.method == "DELETE"} | {"/session"}
    views = {"/devices/cam-{}/live/live-{role}-{}", "/clips/clip-{}/viewings/view-{role}-{}"}
    assert deleting == {*views, "/webhooks/hook-{}", "/session"}


def matches(template: str, path: str) -> bool:
    parts, asked = template.split("/"), path.split("/")
    return len(parts) == len(asked) and all(
        part.startswith("{") or part == piece for part, piece in zip(parts, asked, strict=True)
    )


def test_every_endpoint_has_a_row(api: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = api
    written = {(row.method, row.path) for row in MATRIX} | OPEN_TO_ALL
    present = set()
    for path, methods in client.get("/api/v1/openapi.json").json()["paths"].items():
        for method in methods:
            present.add((method.upper(), path.removeprefix("/api/v1")))

    for method, template in present:
        assert any(method == have and matches(template, path) for have, path in written), (
            f"no row for {method} {template}"
        )


@pytest.mark.parametrize("row", [row for row in MATRIX if row.method == "GET"], ids=lambda row: row.path)
def test_an_unknown_parameter_is_an_error(api: tuple[TestClient, dict[str, str]], row: Row) -> None:
    """A filter with a typo must not show everything."""
    client, keys = api
    path = f"/api/v1{row.path}?{row.query}&devce=x".replace("{}", "u").replace("{role}", "admin")
    said = client.get(path, headers={"x-api-key": keys["admin"]})
    assert said.status_code == 422
    assert [error["place"] for error in said.json()["errors"]] == ["query.devce"]
