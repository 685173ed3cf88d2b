"""The main job, unchanged on SQLite and on a real PostgreSQL: card in, linked clip out, served, proved."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlmodel import col, select

from drivers.ports import free_port
from drivers.simulators.card import Camera
from gateway.models import CustodyEvent, Link, Receipt
from tests.e2e.site import Site, folder, serving, volume
from tests.e2e.test_ingest import PEOPLE, case_file
from tests.e2e.test_kill_campaign import campaign


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings that put our tables and the job engine's on one kind of database."""
    return on(request)


def on(request: pytest.FixtureRequest) -> dict[str, Any]:
    if request.param == "sqlite":
        return {}
    url = request.getfixturevalue("postgres_database")
    return {"database": url, "engine_database": f"{url}_engine"}


def test_card_to_linked_clip_to_screen(tmp_path: Path, backend: dict[str, Any]) -> None:
    site = Site(tmp_path, [volume(unit="u"), folder(unit="u")], api={"port": free_port()}, **backend)
    camera = Camera(tmp_path / "card", "CAM1", "130501")
    camera.record(datetime(2024, 5, 6, 9, 30), 2, important=True)
    camera.record(datetime(2024, 5, 6, 15, 0), 2, hue=90)
    (tmp_path / "drop").mkdir()
    (tmp_path / "people.yaml").write_text(PEOPLE)
    with site.running():
        site.settled(2)
        site.command("devices", "import", tmp_path / "people.yaml")
        site.command("devices", "allocate", "cam-1", "--officer", "zhang", "--from", "2024-01-01")
        site.command(
            "cases", "import", case_file(site, "2024-05-06T09:20:00+08:00", "2024-05-06T09:50:00+08:00")
        )
        link = site.wait("a link", lambda session: session.exec(select(Link)).first())
        password = (
            site.command("user", "add", "chen", "--role", "evidence", "--unit", "u").strip().split(": ")[1]
        )
        with serving(site) as client:
            check_api(site, client, password, link)
    assert "agree" in site.verify()
    with site.read() as session:
        revisions = session.exec(select(Receipt.revision).order_by(col(Receipt.revision))).all()
    assert revisions[0] == 1


def check_api(site: Site, client: httpx.Client, password: str, link: Link) -> None:
    assert client.get("/clips").status_code == 401
    assert client.post("/session", json={"name": "chen", "password": "wrong"}).status_code == 401
    token = client.post("/session", json={"name": "chen", "password": password}).json()["token"]
    client.headers["authorization"] = f"Bearer {token}"
    assert client.get("/health").json()["daemon"] is True
    linked = client.get("/clips", params={"case": "k1"}).json()["items"]
    assert [clip["id"] for clip in linked] == [link.clip_id]
    unlinked = client.get("/clips", params={"unlinked": True}).json()["items"]
    assert len(unlinked) == 1
    assert "登记后自动关联" in unlinked[0]["unlinked"]["zh"]
    assert (
        client.get("/clips", params={"captured_before": "2024-05-06T10:00:00+08:00"}).json()["items"]
        == linked
    )
    whole = client.get(f"/clips/{link.clip_id}").json()
    assert whole["verified"] is True
    assert {reason["rule"] for reason in whole["links"][0]["reasons"]} >= {"LK-4", "LK-7"}
    check_media(site, client, whole)
    check_orders(site, client, whole["id"])
    case = json.loads((site.folder / "cases.json").read_text())[0]
    same = {"uid": "k1", "changed": False, "outdated": False, "unit_entered": None, "officers_unknown": []}
    assert client.put("/cases/k1", json=case).json() == same
    assert client.put("/cases/k9", json={**case, "uid": "k9", "activities": []}).status_code == 201


def check_media(site: Site, client: httpx.Client, whole: dict[str, Any]) -> None:
    here = f"/clips/{whole['id']}"
    assert client.get(f"{here}/original", params={"viewing": "0"}).status_code == 403
    viewing = client.post(f"{here}/viewings", json={"purpose": "案卷评查"}).json()
    original = client.get(f"{here}/original", params={"viewing": viewing["viewing"]})
    stored = site.store.path(site.originals()[whole["name"]].stored_as or "").read_bytes()
    assert original.content == stored
    assert original.headers["content-type"] == "video/mp4"
    for asked, expected in (
        ("bytes=0-99", stored[:100]),
        ("bytes=-50", stored[-50:]),
        ("bytes=100-", stored[100:]),
    ):
        part = client.get(
            f"{here}/original", params={"viewing": viewing["viewing"]}, headers={"range": asked}
        )
        assert part.status_code == 206
        assert part.content == expected
    beyond = client.get(
        f"{here}/original", params={"viewing": viewing["viewing"]}, headers={"range": "bytes=999999999-"}
    )
    assert beyond.status_code == 416
    proxy = client.get(f"{here}/renditions/proxy", params={"viewing": viewing["viewing"]})
    assert proxy.status_code == 200
    assert proxy.content[4:8] == b"ftyp"
    with site.read() as session:
        viewed = session.exec(
            select(CustodyEvent).where(CustodyEvent.event == "VIEWED", CustodyEvent.subject == whole["id"])
        ).all()
    assert len(viewed) == 1, "one line for a viewing session, not one for each range"
    assert viewed[0].actor == "chen"
    assert viewed[0].detail["purpose"] == "案卷评查"


def check_orders(site: Site, client: httpx.Client, clip_id: str) -> None:
    order = client.post("/orders", json={"kind": "verify", "clip": clip_id}).json()
    for _ in range(100):
        order = client.get(f"/orders/{order['id']}").json()
        if order["state"] not in {"ASKED", "CLAIMED"}:
            break
        time.sleep(0.1)
    assert order["state"] == "DONE", order
    assert order["result"]["same"] is True
    assert "FIXITY_CHECKED" in site.events(clip_id)


def test_kills_on_postgresql(tmp_path: Path, media: Path, postgres_database: str) -> None:
    settings = {"database": postgres_database, "engine_database": f"{postgres_database}_engine"}
    site = Site(tmp_path, [volume(), folder()], ingest={"copies": 3}, **settings)
    campaign(site, media, clips=12, kills=4, seed=int(time.time()))
