"""What the API lets people do with footage: orders, decisions on links, disposals, and what was destroyed."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from gateway.database import Database
from gateway.models import (
    CustodyEvent,
    Device,
    Finding,
    Link,
    LinkStatus,
)


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
    ("path", "body"),
    [
        ("clips/gone-u/labels", {"place": "新华路9号"}),
        ("clips/gone-u/links", {"case": "case-u", "why": "补充关联"}),
        ("clips/gone-u/flags", {"flag": "MAJOR", "why": "重大案件"}),
        ("holds", {"clip": "gone-u", "why": "当事人申请复议"}),
        *((f"links/of-gone/{what}", {"why": "不是本案", **more}) for what, more in (
            ("confirm", {}), ("withdraw", {}), ("correct", {"case": "case-u"}), ("undo", {}),
        )),
    ],
)  # fmt: skip
def test_what_was_destroyed_is_changed_no_more(
    api: tuple[TestClient, dict[str, str]], database: Database, path: str, body: dict[str, str]
) -> None:
    """Whatever is asked of it: 410 with the record, as its bytes answer."""
    client, keys = api
    with database.write() as session:
        session.add(
            Link(id="of-gone", clip_id="gone-u", case_uid="case-u", verdict="VALID", score=1, reasons=[], losers=[],
                 rule_pack="p", status=LinkStatus.CONFIRMED, made_by="x")
        )  # fmt: skip
    method = "PATCH" if path.endswith("labels") else "POST"
    said = client.request(method, f"/api/v1/{path}", headers={"x-api-key": keys["evidence"]}, json=body)
    assert (said.status_code, said.json().get("code")) == (410, "hold.destroyed"), said.text
    assert said.json()["record"]["id"] == "destr-u"


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
