"""How the API answers: who signs in, what is wrong and where, page after page, only what one sees."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlmodel import func, select

from api.signin import add_key, add_user
from gateway.database import Database
from gateway.models import CaseRecord, CustodyEvent, Role, Unit
from tests.integration.api_site import INTEGRATOR


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


def test_who_follows_a_link_to_a_file_gets_a_page_a_program_problem_details(
    api: tuple[TestClient, dict[str, str]],
) -> None:
    client, keys = api
    followed, file = {"sec-fetch-mode": "navigate"}, "/api/v1/equipment/sheet/file?format=pdf"
    gone = client.get(file, headers=followed, follow_redirects=False)
    assert (gone.status_code, gone.headers["location"]) == (303, f"/sign-in?next={quote(file)}")
    for headers in ({}, {"sec-fetch-mode": "cors"}):
        assert client.get(file, headers=headers).json()["status"] == 401
    for key, path, status in (("admin", "/api/v1/copies/none/file", 404), ("operator", file, 409)):
        told = client.get(path, headers={**followed, "x-api-key": keys[key]})
        assert (told.status_code, "<h1" in told.text) == (status, True), told.text


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


def test_a_correction_that_corrects_nothing_writes_nothing(
    api: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = api
    headers = {"x-api-key": keys["evidence"]}
    [before] = client.get("/api/v1/allocations", params={"device": "cam-u"}, headers=headers).json()["items"]
    told = {name: before[f"{name}_id"] for name in ("device", "officer", "room", "unit")}
    told |= {name: before[name] for name in ("kind", "valid_from", "valid_to", "doc_no")}

    def lines() -> int:
        with database.read() as session:
            return session.exec(select(func.count()).select_from(CustodyEvent)).one()

    had = lines()
    same = client.put(f"/api/v1/allocations/{before['id']}", json=told, headers=headers)
    assert (same.status_code, same.json()["id"], lines()) == (200, before["id"], had)
    other = client.put(
        f"/api/v1/allocations/{before['id']}", json={**told, "doc_no": "邢市监装〔2024〕3号"}, headers=headers
    )
    assert other.json()["id"] != before["id"]
    assert lines() > had
    again = client.put(f"/api/v1/allocations/{before['id']}", json=told, headers=headers)
    assert again.status_code == 409, "what was superseded is corrected no more"


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


def test_a_role_without_the_right_is_told_so_with_a_code(api: tuple[TestClient, dict[str, str]]) -> None:
    client, keys = api
    said = client.get("/api/v1/webhooks", headers={"x-api-key": keys["evidence"]})
    assert (said.status_code, said.json()["code"]) == (403, "access.not_allowed")
    assert "没有这项权限" in said.json()["detail"]


def test_a_unit_that_nobody_knew_is_told(api: tuple[TestClient, dict[str, str]], database: Database) -> None:
    """A case system brings its units; what it misspelt it reads at once, and the chain says so."""
    client, _ = api
    with database.write() as session:
        _, key = add_key(session, add_user(session, "platform", None, INTEGRATOR, None), "test")

    def put(uid: str, unit: str) -> Any:
        body = {"uid": uid, "title": "案", "unit": unit}
        return client.put(f"/api/v1/cases/{uid}", json=body, headers={"x-api-key": key}).json()

    assert put("known", "u")["unit_entered"] is None
    assert put("misspelt", "nix")["unit_entered"] == "nix"
    assert put("later", "nix")["unit_entered"] is None
    with database.read() as session:
        lines = session.exec(select(CustodyEvent).where(CustodyEvent.event == "CASE_STORED")).all()
    told = {line.subject: line.detail.get("unit_entered") for line in lines}
    assert (told["known"], told["misspelt"], told["later"]) == (None, "nix", None)


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


def test_a_person_enters_no_unit_by_misspelling_one(
    api: tuple[TestClient, dict[str, str]], database: Database
) -> None:
    client, keys = api
    with database.write() as session:
        session.add(Unit(id="xt-scjg", name="市场监管局"))

    def put(unit: str, **query: str) -> Any:
        body = {"uid": "by-hand", "title": "案", "unit": unit}
        return client.put(
            "/api/v1/cases/by-hand", json=body, params=query, headers={"x-api-key": keys["admin"]}
        )

    for misspelt in ("xt-scjq", "市场监督局"):
        said = put(misspelt)
        assert (said.status_code, said.json()["code"]) == (409, "case.unknown_unit")
        assert "xt-scjg" in said.json()["detail"], "what was meant"
    assert "new_unit=true" in put("nothing-like-it").json()["detail"]
    with database.read() as session:
        assert session.get(Unit, "xt-scjq") is None
        assert session.get(CaseRecord, "by-hand") is None
    assert put("xt-scjg").status_code == 201
    assert put("xt-scjq").status_code == 409, "nor is a case moved there"
    assert put("new-one", new_unit="true").json()["unit_entered"] == "new-one"


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/links/link-u/confirm", {}, "why"), ("/links/link-u/correct", {"case": "case-u"}, "why"),
        ("/clips/clip-u/flags", {"flag": "MAJOR"}, "why"), ("/flags/flag-u/lift", {}, "why"),
        ("/holds", {"clip": "clip-u"}, "why"), ("/disposals", {"clips": ["old-u"]}, "why"),
        ("/clips/clip-u/viewings", {}, "purpose"), ("/devices/cam-u/live", {}, "purpose"),
    ],
)  # fmt: skip
def test_a_reason_is_one_word_at_least_and_never_blank(
    api: tuple[TestClient, dict[str, str]], path: str, body: dict[str, Any], name: str
) -> None:
    client, keys = api

    def post(said: str) -> Any:
        headers = {"x-api-key": keys["admin"]}
        return client.post(f"/api/v1{path}", json={**body, name: said}, headers=headers)

    for blank in ("", "   ", "\u3000\u3000", "字" * 301):
        assert post(blank).status_code == 422
    assert post(" 误 ").status_code < 300
