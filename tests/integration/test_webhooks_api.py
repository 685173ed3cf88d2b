"""Webhooks by the API: made once with a secret, told what people do, replayed, their log read; all within the unit."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from gateway.database import Database
from gateway.delivery import sorting
from gateway.models import CustodyEvent, Delivery, Endpoint, EndpointKind, OutboxEvent
from tests.integration.api_site import api

__all__ = ["api"]
HOOK = {"name": "案件系统", "url": "https://cases.example/hook", "unit": "u"}
Api = tuple[TestClient, dict[str, str]]


def call(api: Api, role: str, method: str, path: str, body: Any = None) -> Any:
    client, keys = api
    return client.request(method, f"/api/v1{path}", json=body, headers={"x-api-key": keys[role]})


def events(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [
            (row.kind, row.subject) for row in session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))
        ]


def sorted_out(database: Database) -> None:
    while sorting.number(database):
        pass
    sorting.sort_all(database, {})


def test_what_people_decide_is_told(api: Api, database: Database) -> None:
    assert call(api, "evidence", "PATCH", "/clips/clip-u/labels", {"matter": "过期食品"}).status_code == 200
    assert call(api, "evidence", "POST", "/links/link-u/confirm", {"why": "核对无误"}).status_code == 200
    assert call(api, "evidence", "POST", "/links/link-u/withdraw", {"why": "不是本案"}).status_code == 200
    assert events(database) == [
        ("clip.labelled", "clip:clip-u"),
        ("link.changed", "clip:clip-u"),
        ("link.changed", "clip:clip-u"),
    ]
    with database.read() as session:
        bodies = [row.body for row in session.exec(select(OutboxEvent).order_by(col(OutboxEvent.id)))]
    assert bodies[0]["labels"]["matter"] == "过期食品"
    assert [body["status"] for body in bodies[1:]] == ["CONFIRMED", "WITHDRAWN"]


def test_what_is_refused_is_told_to_nobody(api: Api, database: Database) -> None:
    assert call(api, "evidence", "POST", "/links/link-v/confirm", {"why": "核对无误"}).status_code == 404
    assert call(api, "operator", "PATCH", "/clips/clip-u/labels", {"matter": "x"}).status_code == 403
    assert events(database) == []


def test_the_secret_is_shown_once_and_custody_names_who_made_it(api: Api, database: Database) -> None:
    made = call(api, "integrator", "POST", "/webhooks", HOOK).json()
    assert made["secret"].startswith("whsec_")
    for path in ("/webhooks", f"/webhooks/{made['id']}/deliveries"):
        assert made["secret"] not in call(api, "integrator", "GET", path).text
    with database.read() as session:
        line = session.exec(select(CustodyEvent).where(CustodyEvent.event == "ENDPOINT_SET")).one()
    assert (line.actor, line.subject) == ("user-integrator", made["id"])
    assert made["secret"] not in str(line.detail)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"url": "https://elsewhere.example.org/x"}, 409),
        ({"url": "http://127.0.0.1/x"}, 409),
        ({"url": "file:///etc/passwd"}, 422),
        ({"url": "https://user:pass@cases.example/x"}, 422),
        ({"unit": None}, 422),
        ({"unit": "v"}, 404),
        ({"unit": "nowhere"}, 404),
        ({"kinds": ["everything"]}, 422),
        ({"secret": "whsec_mine"}, 422),
    ],
)
def test_what_no_webhook_may_be(api: Api, told: dict[str, Any], status: int) -> None:
    assert call(api, "integrator", "POST", "/webhooks", HOOK | told).status_code == status


def test_switched_off_it_keeps_its_place(api: Api, database: Database) -> None:
    made = call(api, "integrator", "POST", "/webhooks", HOOK).json()
    path = f"/webhooks/{made['id']}"
    assert call(api, "integrator", "PATCH", path, {"enabled": False}).json()["enabled"] is False
    call(api, "evidence", "POST", "/links/link-u/confirm", {"why": "核对无误"})
    sorted_out(database)
    assert call(api, "integrator", "GET", f"{path}/deliveries").json()["items"] == []
    call(api, "integrator", "PATCH", path, {"enabled": True, "name": "新名"})
    sorted_out(database)
    [due] = call(api, "integrator", "GET", f"{path}/deliveries?state=DUE").json()["items"]
    assert (due["kind"], due["attempts"], due["body"]["status"]) == ("link.changed", [], "CONFIRMED")
    with database.write() as session:
        delivery = session.exec(select(Delivery).where(Delivery.endpoint_id == made["id"])).one()
        delivery.state = "DEAD"  # type: ignore[assignment]
    assert call(api, "integrator", "POST", f"{path}/replay", {"only_dead": True}).json() == {"count": 1}
    assert call(api, "integrator", "POST", f"{path}/replay", {"after_event": due["event"]}).json() == {
        "count": 0
    }
    assert call(api, "integrator", "POST", f"{path}/replay", {"after": 0}).json() == {"count": 1}
    assert call(api, "integrator", "POST", f"{path}/replay", {}).status_code == 422
    assert call(api, "integrator", "POST", f"{path}/replay", {"after_event": "none"}).status_code == 404


def test_what_stands_in_devices_yaml_is_changed_there(api: Api, database: Database) -> None:
    with database.write() as session:
        session.get_one(Endpoint, "hook-u").kind = EndpointKind.CASE_SYSTEM
    assert call(api, "integrator", "PATCH", "/webhooks/hook-u", {"enabled": False}).status_code == 409
