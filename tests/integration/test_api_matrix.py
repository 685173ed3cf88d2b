"""Every role at every endpoint, at its own unit's rows and at another's. An endpoint without a row fails."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlmodel import col, select

from api.signin import add_user
from gateway.database import Database
from gateway.models import (
    CustodyEvent,
    Device,
    Finding,
    Role,
)

OPERATOR, EVIDENCE, SUPERVISOR = Role.OPERATOR, Role.EVIDENCE, Role.SUPERVISOR
INTEGRATOR, ADMIN = Role.INTEGRATOR, Role.ADMIN
EVERYBODY = frozenset(Role)
T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)


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
    Row("PATCH", "/clips/clip-{}/labels", LEDGER, body={"matter": "证明对象", "transcript": "询问笔录第3页"}),
    Row("POST", "/clips/clip-{}/viewings", WATCH, body={"purpose": "评查"}),
    Row("DELETE", "/clips/clip-{}/viewings/view-{role}-{}", WATCH),
    Row("GET", "/clips/clip-{}/original", WATCH, query="viewing=view-{role}-{}"),
    Row("GET", "/clips/clip-{}/renditions/proxy", WATCH, query="viewing=view-{role}-{}"),
    Row("GET", "/cases", EVERYBODY, listing=True),
    Row("GET", "/cases/case-{}", EVERYBODY),
    Row("PUT", "/cases/case-{}", CASES, body={"uid": "case-{}", "title": "改", "unit": "{}"}),
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
    Row("GET", "/destructions", EVERYBODY, listing=True),
    Row("GET", "/destructions/destr-{}", EVERYBODY),
    Row("GET", "/reports/figures", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/figures/linked/members", EVERYBODY, query="unit={}&quarter=2024-Q2"),
    Row("GET", "/reports/snapshots", EVERYBODY, listing=True),
    Row("POST", "/reports/snapshots", AGREE, body={"unit": "{}", "quarter": "2024-Q1"}),
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


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("role", list(Role))
def test_role_by_endpoint_by_unit(api: tuple[TestClient, dict[str, str]], row: Row, role: Role) -> None:
    client, keys = api
    assert ask(client, row, "u", None).status_code == 401
    assert ask(client, row, "u", "gwk_forged").status_code == 401
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


def test_orders_that_name_files_of_a_connected_camera(
    api: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = api

    def status(kind: str, **arguments: Any) -> int:
        body = {"kind": kind, "device": "cam-u", "arguments": arguments}
        return client.post("/api/v1/orders", json=body, headers={"x-api-key": keys["operator"]}).status_code

    assert status("upload_now") == 422, "a recorder of a room brings nothing"
    with database.write() as session:
        session.get_one(Device, "cam-u").driver = "mqtt_camera"
        session.exec(select(Finding).where(Finding.device_id == "cam-u")).one().path = b"f1/one.mp4"
    for wrong in ({}, {"files": []}, {"files": "f1"}, {"files": ["../f1"]}, {"files": ["f1\n"]}, {"files": [1]},
                  {"files": ["f1"], "erase": True}, {"files": ["f1"] * 101}):  # fmt: skip
        assert status("mark_important", **wrong) == 422
    assert status("upload_now") == status("upload_now", files=["f1"]) == 202
    shown = client.get("/api/v1/clips/clip-u", headers={"x-api-key": keys["operator"]})
    assert not shown.json()["important"]
    assert status("mark_important", files=["f1", "not-here-yet"]) == 202
    shown = client.get("/api/v1/clips/clip-u", headers={"x-api-key": keys["operator"]})
    assert (shown.json()["important"], shown.json()["important_by_device"]) == (True, False)
    with database.read() as session:
        [line] = session.exec(select(CustodyEvent).where(CustodyEvent.event == "MARKED_IMPORTANT"))
        assert (line.subject, line.actor) == ("clip-u", "user-operator")


def test_what_was_destroyed_is_gone_and_its_record_says_so(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    for method, path in (
        ("GET", "retention"),
        ("GET", "original?viewing=v"), ("GET", "renditions/proxy?viewing=v"), ("POST", "viewings"),
        ("PATCH", "labels"), ("POST", "links"),
    ):  # fmt: skip
        given = {"labels": {"matter": "证明对象"}, "links": {"case": "case-u", "why": "补录"}}
        body = given.get(path, {"purpose": "评查"})
        said = client.request(method, f"/api/v1/clips/gone-u/{path}", headers=headers, json=body)
        assert said.status_code == 410, said.text
        assert said.json()["record"]["id"] == "destr-u"
    whole = client.get("/api/v1/clips/gone-u", headers=headers).json()
    assert (whole["state"], whole["destruction"]["approved_by"]) == ("DESTROYED", "y")
    assert "至少保存 6 个月" in whole["destruction"]["rule"]["zh"]


def test_secrecy_is_stated_with_the_labels_and_lifted_with_a_reason(
    api: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    """LK-16, R-77."""
    client, keys = api

    def stated(**given: str) -> Any:
        headers = {"x-api-key": keys["evidence"]}
        return client.patch("/api/v1/clips/clip-u/labels", headers=headers, json=given)

    assert stated(secrecy="top").status_code == 422
    said = stated(secrecy="state_secret", transcript="询问笔录第3页").json()
    assert (said["secrecy"], said["transcript"]) == ("state_secret", "询问笔录第3页")
    for taken_back in ({"secrecy": "none"}, {"secrecy": "privacy"}, {"transcript": ""}):
        refused = stated(**taken_back)
        assert refused.status_code == 409, refused.text
    whole = client.get("/api/v1/clips/clip-u", headers={"x-api-key": keys["evidence"]}).json()
    assert (whole["secrecy"], whole["transcript"]) == ("state_secret", "询问笔录第3页"), "nothing was changed"
    said = stated(secrecy="none", transcript="", why="经保密办审查不属于国家秘密").json()
    assert (said["secrecy"], said["transcript"]) == (None, None)
    with database.read() as session:
        told = session.exec(
            select(CustodyEvent)
            .where(CustodyEvent.event == "LABELLED_BY_PERSON")
            .order_by(col(CustodyEvent.seq))
        ).all()
    assert [line.detail.get("before") for line in told] == [
        {"secrecy": None, "transcript": None}, {"secrecy": "state_secret", "transcript": "询问笔录第3页"},
    ]  # fmt: skip
    assert told[-1].detail["why"] == "经保密办审查不属于国家秘密"
    assert (told[-1].actor, told[-1].subject) == ("user-evidence", "clip-u")


def test_a_clip_says_whether_it_may_be_archived(api: tuple[TestClient, dict[str, str]]) -> None:
    """R-01."""
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    whole = client.get("/api/v1/clips/clip-u", headers=headers).json()
    assert whole["archivable"] == (not whole["not_archivable"])
    for link in whole["links"]:
        body = {"why": "不是本案"}
        assert (
            client.post(f"/api/v1/links/{link['id']}/withdraw", headers=headers, json=body).status_code == 200
        )
    whole = client.get("/api/v1/clips/clip-u", headers=headers).json()
    assert (whole["archivable"], [one["code"] for one in whole["not_archivable"]]) == (
        False,
        ["labels.no_link"],
    )


@pytest.mark.parametrize("first", ["withdraw", "correct"])
@pytest.mark.parametrize("second", ["confirm", "withdraw", "correct"])
def test_of_two_decisions_the_later_is_told_who_came_first(
    api: tuple[TestClient, dict[str, str]], first: str, second: str
) -> None:
    client, keys = api

    def post(role: str, what: str) -> Any:
        body = {"why": "不是本案"} | ({"case": "case-u"} if what == "correct" else {})
        headers = {"x-api-key": keys[role]}
        return client.post(f"/api/v1/links/link-u/{what}", json=body, headers=headers)

    assert post("evidence", first).status_code == 200
    said = post("admin", second)
    assert (said.status_code, said.json()["code"]) == (409, "link.ended")
    assert "user-evidence" in said.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "labels", {"place": "新华路9号"}),
        ("POST", "links", {"case": "case-u", "why": "补充关联"}),
    ],
)
def test_what_was_destroyed_is_changed_no_more(
    api: tuple[TestClient, dict[str, str]], method: str, path: str, body: dict[str, str]
) -> None:
    client, keys = api
    said = client.request(
        method, f"/api/v1/clips/gone-u/{path}", headers={"x-api-key": keys["evidence"]}, json=body
    )
    assert said.status_code == 410, "as its bytes are"


def test_nothing_in_the_api_deletes_footage() -> None:
    """Only what is no footage can be deleted: a session, a view, a webhook."""
    deleting = {row.path for row in MATRIX if row.method == "DELETE"} | {"/session"}
    views = {"/devices/cam-{}/live/live-{role}-{}", "/clips/clip-{}/viewings/view-{role}-{}"}
    assert deleting == {*views, "/webhooks/hook-{}", "/session"}


def test_the_second_person_by_the_api(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api

    def post(role: str, path: str, **body: Any) -> Any:
        return client.post(f"/api/v1/disposals{path}", json=body, headers={"x-api-key": keys[role]})

    made = post("admin", "", clips=["old-u"], why="保存期满").json()
    again = post("admin", f"/{made['id']}/approve", count=1)
    assert (again.status_code, again.json()["code"]) == (409, "disposal.same_person")
    wrong = post("supervisor", "/run-u/approve", count=2)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "disposal.count")
    assert post("supervisor", "/run-u/approve", count=1).json()["state"] == "APPROVED"
    shown = client.get("/api/v1/disposals/run-u/items", headers={"x-api-key": keys["supervisor"]}).json()
    assert shown["items"][0]["rule"]["zh"].startswith("自 2020-05-06 入库起")


@pytest.mark.parametrize(
    ("driver", "knows"),
    [
        ("rtsp_recorder", {"start_recording", "stop_recording"}),
        ("mqtt_camera", {"start_recording", "stop_recording", "set_clock", "upload_now", "mark_important"}),
        ("serial_dock", {"unlock"}),
        ("usb_dock", set()),
        (None, set()),
    ],
)
def test_what_a_device_cannot_do_is_refused_at_once(
    api: tuple[TestClient, dict[str, str]], database: Database, driver: str | None, knows: set[str]
) -> None:
    client, keys = api
    with database.write() as session:
        session.get_one(Device, "cam-u").driver = driver
    arguments = {"unlock": {"bay": "1"}, "mark_important": {"files": ["f1"]}}
    taken = set()
    for kind in ("start_recording", "stop_recording", "set_clock", "unlock", "upload_now", "mark_important"):
        body = {"kind": kind, "device": "cam-u", "arguments": arguments.get(kind, {})}
        said = client.post("/api/v1/orders", json=body, headers={"x-api-key": keys["operator"]})
        assert said.status_code in {202, 422}
        taken |= {kind} if said.status_code == 202 else set()
    assert taken == knows


def test_every_endpoint_has_a_row(api: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = api
    written = {(row.method, row.path) for row in MATRIX} | OPEN_TO_ALL
    present = set()
    for path, methods in client.get("/api/v1/openapi.json").json()["paths"].items():
        for method in methods:
            present.add((method.upper(), path.removeprefix("/api/v1")))

    def matches(template: str, path: str) -> bool:
        parts, asked = template.split("/"), path.split("/")
        return len(parts) == len(asked) and all(
            part.startswith("{") or part == piece for part, piece in zip(parts, asked, strict=True)
        )

    for method, template in present:
        assert any(method == have and matches(template, path) for have, path in written), (
            f"no row for {method} {template}"
        )


def test_signing_in_and_out(api: tuple[TestClient, dict[str, str]], database: Database) -> None:
    client, _ = api
    with database.write() as session:
        add_user(session, "chen", "correct horse", Role.OPERATOR, "u")
    wrong = client.post("/api/v1/session", json={"name": "chen", "password": "no"})
    assert wrong.status_code == 401
    assert wrong.headers["content-type"] == "application/problem+json"
    assert client.post("/api/v1/session", json={"name": "nobody", "password": "no"}).json() == wrong.json()
    client.cookies.clear()
    token = client.post("/api/v1/session", json={"name": "chen", "password": "correct horse"}).json()["token"]
    client.cookies.clear()
    bearer = {"authorization": f"Bearer {token}"}
    assert client.get("/api/v1/session", headers=bearer).json()["role"] == "operator"
    assert client.delete("/api/v1/session", headers=bearer).status_code == 204
    assert client.get("/api/v1/session", headers=bearer).status_code == 401


def test_keys_and_tokens_are_stored_only_as_hashes(
    api: tuple[TestClient, dict[str, str]], database: Database, tmp_path: Path
) -> None:
    _, keys = api
    database.close()
    whole = b"".join(path.read_bytes() for path in tmp_path.glob("gateway.sqlite*"))
    for key in keys.values():
        assert key.encode() not in whole


def test_mistakes_are_problems_that_name_the_place(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    naive = {"device": "cam-u", "officer": "zhang-u", "valid_from": "2024-01-01T00:00:00"}
    said = client.post("/api/v1/allocations", json=naive, headers=headers)
    assert said.status_code == 422
    assert said.json()["errors"][0]["place"] == "body.valid_from"
    assert "zone" in said.json()["errors"][0]["problem"]
    taken = {**naive, "valid_from": "2024-05-06T02:00:00Z"}
    clash = client.post("/api/v1/allocations", json=taken, headers=headers)
    assert clash.status_code == 409
    assert clash.json()["code"] == "ledger.overlaps"
    assert client.get("/api/v1/nowhere").json()["status"] == 404


def test_a_device_does_not_move_to_a_unit_or_keeper_that_one_does_not_see(
    api: tuple[TestClient, dict[str, str]],
) -> None:
    client, keys = api
    for foreign in ({"unit": "v"}, {"room": "room-v"}, {"keeper": "zhang-v"}):
        said = client.put(
            "/api/v1/devices/cam-u/facts",
            json={"id": "cam-u", **foreign},
            headers={"x-api-key": keys["evidence"]},
        )
        assert said.status_code == 404, foreign
    moved = client.put(
        "/api/v1/devices/cam-u/facts", json={"id": "cam-v"}, headers={"x-api-key": keys["evidence"]}
    )
    assert moved.status_code == 422


def test_the_sheet_of_all_shows_only_what_one_sees(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    said = client.get("/api/v1/equipment/sheet", headers={"x-api-key": keys["supervisor"]})
    assert [one["unit"] for one in said.json()["units"]] == ["u"]
    assert "-v" not in said.text
    admins = client.get("/api/v1/equipment/sheet", headers={"x-api-key": keys["admin"]}).json()
    assert [one["unit"] for one in admins["units"]] == ["u", "v"]


def test_pages_follow_a_cursor(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    headers = {"x-api-key": keys["admin"]}
    first = client.get("/api/v1/cases", params={"limit": 1}, headers=headers).json()
    second = client.get("/api/v1/cases", params={"limit": 1, "cursor": first["next"]}, headers=headers).json()
    assert [first["items"][0]["uid"], second["items"][0]["uid"]] == ["case-v", "case-u"]
    assert second["next"] is None


def test_the_whole_api_is_described_with_examples(api: tuple[TestClient, dict[str, str]]) -> None:
    client, _ = api
    described = client.get("/api/v1/openapi.json").json()
    assert described["components"]["schemas"]["CaseIn"]["properties"]["numbers"]["examples"]
    assert not [route for route in client.app.routes if isinstance(route, APIRoute) and not route.tags]  # type: ignore[attr-defined]


def test_a_case_cannot_take_anothers_steps_or_footage(api: tuple[TestClient, dict[str, str]]) -> None:
    """A case of unit u that names v's officer and step draws nothing of v's over to u."""
    client, keys = api
    admin, evidence = {"x-api-key": keys["admin"]}, {"x-api-key": keys["evidence"]}
    step = {
        "id": "step-1",
        "kind": "现场检查",
        "started_at": "2024-05-06T01:00:00Z",
        "ended_at": "2024-05-06T03:00:00Z",
    }
    of_v = {"uid": "case-v", "title": "案", "unit": "v", "activities": [{**step, "officers": ["zhang-v"]}]}
    assert client.put("/api/v1/cases/case-v", json=of_v, headers=admin).status_code == 200
    stolen = {"uid": "case-u", "title": "案", "unit": "u", "activities": [{**step, "officers": ["zhang-v"]}]}
    said = client.put("/api/v1/cases/case-u", json=stolen, headers=evidence)
    assert (said.status_code, said.json()["code"]) == (409, "case.part_of_another")
    assert client.get("/api/v1/clips/clip-v", headers=evidence).status_code == 404


def test_a_role_without_the_right_is_told_so_with_a_code(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    said = client.get("/api/v1/webhooks", headers={"x-api-key": keys["evidence"]})
    assert (said.status_code, said.json()["code"]) == (403, "access.not_allowed")
    assert "没有这项权限" in said.json()["detail"]


def test_a_unit_that_nobody_knew_is_told(api: tuple[TestClient, dict[str, str]], database: Database) -> None:
    """A misspelt unit becomes a unit of its own: who wrote it reads so at once, and the chain says so."""
    client, keys = api

    def put(uid: str, unit: str) -> Any:
        body = {"uid": uid, "title": "案", "unit": unit}
        return client.put(f"/api/v1/cases/{uid}", json=body, headers={"x-api-key": keys["admin"]}).json()

    assert put("known", "u")["unit_entered"] is None
    assert put("misspelt", "nix")["unit_entered"] == "nix"
    assert put("later", "nix")["unit_entered"] is None
    with database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "CASE_STORED")).all()
    told = {line.subject: line.detail.get("unit_entered") for line in lines}
    assert (told["known"], told["misspelt"], told["later"]) == (None, "nix", None)


@pytest.mark.parametrize("row", [row for row in MATRIX if row.method == "GET"], ids=lambda row: row.path)
def test_an_unknown_parameter_is_an_error(api: tuple[TestClient, dict[str, str]], row: Row) -> None:
    """A filter with a typo must not show everything."""
    client, keys = api
    path = f"/api/v1{row.path}?{row.query}&devce=x".replace("{}", "u").replace("{role}", "admin")
    said = client.get(path, headers={"x-api-key": keys["admin"]})
    assert said.status_code == 422
    assert [error["place"] for error in said.json()["errors"]] == ["query.devce"]


def test_a_wrong_cursor_and_a_huge_body_are_errors(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    for listing in ("clips", "findings", "links", "allocations", "checkouts", "orders"):
        for cursor in ("ZZ Z", "zzz", "ab" * 17):
            said = client.get(f"/api/v1/{listing}", params={"cursor": cursor}, headers=headers)
            assert said.status_code == 422, f"{listing} {cursor}"
        good = client.get(f"/api/v1/{listing}", params={"cursor": "0" * 32}, headers=headers)
        assert (good.status_code, good.json()["items"]) == (200, [])
    huge = client.post(
        "/api/v1/session", content=b" " * (9 << 20), headers={"content-type": "application/json"}
    )
    assert huge.status_code == 413
    wrong = {"uid": "x", "title": "a\u0000b", "unit": "u"}
    assert client.put("/api/v1/cases/x", json=wrong, headers=headers).status_code == 422
