"""Must show 7: dry-run, wrong count, the same person, a hold; then gone, with its record and its chain."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlmodel import col, select

from drivers.ports import free_port
from drivers.simulators.card import Camera
from gateway import custody
from gateway.database import Database
from gateway.models import (
    Clip,
    DestructionRecord,
    DisposalItem,
    DisposalRun,
    ItemState,
    Original,
    Receipt,
    RunState,
    State,
    Work,
)
from tests import warm
from tests.e2e.site import Site, serving, volume
from tests.e2e.test_end_to_end import on
from tests.e2e.test_ingest import PEOPLE
from tests.e2e.test_kill_campaign import fill, seed_of


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def backend(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A minute each: `make soak` runs them on PostgreSQL, and integration tests of disposal always do."""
    return on(request)


LONG_AGO = datetime(2020, 5, 6, tzinfo=UTC)
CLIPS, KILLS = 40, 6


def taken_in(site: Site) -> None:
    (site.folder / "people.yaml").write_text(PEOPLE)
    site.command("devices", "import", site.folder / "people.yaml")
    site.command("ingest", site.folder / "card", "--device", "cam-1")


def aged(site: Site) -> None:
    """Nobody waits six months for a test: what came in is said to have come in long ago, with custody."""
    database = Database(site.settings.database_url)
    with database.write() as session:
        for original in session.exec(select(Original)):
            original.found_at = LONG_AGO
            session.add(original)
            chain = custody.device_chain(original.device_id)
            custody.append(session, chain, "AGED_BY_TEST", "test", original.id, (original,))
    database.close()


def user(site: Site, name: str, role: str) -> str:
    said = site.command("user", "add", name, "--role", role, "--unit", "u")
    return said.strip().split(": ")[1]


def disposal(site: Site, *arguments: str, who: tuple[str, str] | None = None, expect: int = 0) -> str:
    """One command of a person, who types the password."""
    more = ["--user", who[0], "--password-stdin"] if who else []
    words = ("--config", site.config, "disposal", *arguments, *more)
    done = warm.finished(*words, said=f"{who[1]}\n" if who else "")
    assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@contextmanager
def person(client: httpx.Client, name: str, password: str) -> Iterator[httpx.Client]:
    token = client.post("/session", json={"name": name, "password": password}).json()["token"]
    client.cookies.clear()
    client.headers["authorization"] = f"Bearer {token}"
    yield client
    client.headers.pop("authorization")


def test_two_persons_and_then_it_is_gone(tmp_path: Path, backend: dict[str, Any]) -> None:
    store = {"reserve_mb": 1, "second_copy": "second"}
    site = Site(tmp_path, [volume(unit="u")], api={"port": free_port()}, store=store, **backend)
    camera = Camera(tmp_path / "card", "CAM1", "130501")
    for number in range(3):
        camera.record(datetime(2024, 5, 6, 9 + number, 30), 1, hue=40 * number)
    taken_in(site)
    chen, zhao = ("chen", user(site, "chen", "admin")), ("zhao", user(site, "zhao", "supervisor"))
    qian = ("qian", user(site, "qian", "operator"))
    assert "0 件可提请销毁" in disposal(site, "due")
    aged(site)
    clips = {original.id: name for name, (_, original) in site.clips().items()}
    told = disposal(site, "due")
    assert "3 件可提请销毁" in told
    assert all(clip[:8] in told.replace("\n", "") for clip in clips)
    disposal(site, "propose", "--why", "保存期满", who=qian, expect=2)
    disposal(site, "propose", "--why", "保存期满", who=("chen", "wrong"), expect=2)
    made = disposal(site, "propose", "--why", "保存期满", who=chen)
    with site.read() as session:
        run = session.exec(select(DisposalRun)).one().id
    assert "清单 3 件" in made
    kept, *gone = sorted(clips)
    bytes_of = {clip: site.store.lying(clip) for clip in clips}
    with site.running():
        assert "不得自行批准" in disposal(site, "approve", run, "--count", "3", who=chen, expect=1)
        assert "与清单不符" in disposal(site, "approve", run, "--count", "2", who=zhao, expect=1)
        with serving(site) as client:
            with person(client, *chen) as asked:
                same = asked.post(f"/disposals/{run}/approve", json={"count": 3})
                assert (same.status_code, same.json()["code"]) == (409, "disposal.same_person")
                held = asked.post("/holds", json={"clip": kept, "why": "当事人申请复议"})
                assert held.status_code == 201, held.text
            with person(client, *zhao) as asked:
                refused = asked.post(f"/disposals/{run}/approve", json={"count": 3})
                assert (refused.status_code, refused.json()["code"]) == (409, "disposal.held")
                assert asked.get(f"/disposals/{run}").json()["items"] == {"LISTED": 2, "DROPPED": 1}
                assert (
                    asked.post(f"/disposals/{run}/approve", json={"count": 2}).json()["state"] == "APPROVED"
                )
            site.wait(
                "the run is done", lambda session: session.get_one(DisposalRun, run).state is RunState.DONE
            )
            told = site.wait("the receipt tells", lambda _: fates(site))
            assert told == {"clip": 1, "destroyed": 2}
            with person(client, *chen) as asked:
                check_gone(site, asked, gone, bytes_of)
                viewing = asked.post(f"/clips/{kept}/viewings", json={"purpose": "评查"})
                assert viewing.status_code == 201
    assert all(path.exists() for path in bytes_of[kept])
    assert "agree" in site.verify()
    assert "zhao" in disposal(site, "records")


def fates(site: Site) -> dict[str, int] | None:
    """Of the first offload's files, once its receipt says that some were destroyed; they are not missed."""
    with site.read() as session:
        first = session.exec(select(Receipt.offload_id).order_by(col(Receipt.sealed_at))).first()
        newest = select(Receipt).where(Receipt.offload_id == first).order_by(col(Receipt.revision).desc())
        body = session.exec(newest).first().body  # type: ignore[union-attr]
    assert body["missing"] == []
    found = Counter(file["fate"] for file in body["files"])
    return dict(found) if "destroyed" in found else None


def check_gone(site: Site, client: httpx.Client, gone: list[str], bytes_of: dict[str, list[Path]]) -> None:
    second = site.settings.store.second_copy
    assert second is not None
    for clip in gone:
        assert bytes_of[clip]
        assert not any(path.exists() for path in bytes_of[clip])
        assert list(second.rglob(f"{clip}*")) == []
        answer = client.post(f"/clips/{clip}/viewings", json={"purpose": "评查"})
        assert answer.status_code == 410
        record = answer.json()["record"]
        assert (record["proposed_by"], record["approved_by"]) == ("chen", "zhao")
        whole = client.get(f"/clips/{clip}").json()
        assert whole["sha256"] == record["sha256"]
        assert whole["renditions"], "the lineage stays"
        events = [line["event"] for line in client.get("/custody", params={"clip": clip}).json()]
        assert "PRESERVED" in events
        since = [event for event in events if event.startswith(("D", "A"))]
        assert since == [
            "ACQUIRED", "AGED_BY_TEST", "DISPOSAL_LISTED", "DESTRUCTION_BEGUN", "DESTROYED",
        ]  # fmt: skip
        order = client.post("/orders", json={"kind": "verify", "clip": clip}).json()
        told = site.wait("the order ends", lambda _, at=order["id"]: ended(client, at))
        assert told["result"]["reason"]["code"] == "order.destroyed"


def ended(client: httpx.Client, order: str) -> dict[str, Any] | None:
    told: dict[str, Any] = client.get(f"/orders/{order}").json()
    return told if told["state"] not in {"ASKED", "CLAIMED"} else None


def test_the_same_card_again_is_known_and_kept_anew(tmp_path: Path) -> None:
    """Its bytes may be the only ones now, and nobody agreed to their going: nothing is dropped."""
    site = Site(tmp_path, [volume(unit="u")])
    Camera(tmp_path / "card", "CAM1", "130501").record(datetime(2024, 5, 6, 9, 30), 1)
    taken_in(site)
    chen, zhao = ("chen", user(site, "chen", "evidence")), ("zhao", user(site, "zhao", "supervisor"))
    aged(site)
    [first] = [original.id for _, original in site.clips().values()]
    disposal(site, "propose", first, "--why", "保存期满", who=chen)
    with site.read() as session:
        run = session.exec(select(DisposalRun)).one().id
    disposal(site, "approve", run, "--count", "1", who=zhao)
    away = (tmp_path / "card").rename(tmp_path / "away")
    with site.running():
        site.wait("the run is done", lambda session: session.get_one(DisposalRun, run).state is RunState.DONE)
    away.rename(tmp_path / "card")
    said = site.command("ingest", tmp_path / "card", "--device", "cam-1")
    assert "存妥 1" in said
    with site.read() as session:
        originals = session.exec(select(Original).order_by(col(Original.id))).all()
        [again] = [one for one in originals if one.id != first and one.state is State.PRESERVED]
        newest = session.exec(select(Receipt).order_by(col(Receipt.sealed_at).desc())).first()
    assert again.returns == first
    assert newest is not None
    [file] = newest.body["files"]
    assert file["why"]["code"] == "found.destroyed_before"
    assert (file["stored"], newest.body["missing"]) == (True, [])
    assert "agree" in site.verify()
    assert "0 件可提请销毁" in disposal(site, "due"), "its time begins anew"
    site.command("ingest", tmp_path / "card", "--device", "cam-1")
    with site.read() as session:
        assert len(session.exec(select(Original)).all()) == 2, "and the third time it is known as kept"


@pytest.mark.timeout(900)
def test_kills_amid_execution(tmp_path: Path, media: Path, backend: dict[str, Any]) -> None:
    """At every instant each original is whole, or it has a record; in the end there are records and no bytes."""
    rng = random.Random(seed_of())
    store = {"reserve_mb": 1, "second_copy": "second"}
    site = Site(tmp_path, [volume(unit="u")], store=store, ingest={"copies": 3, "derive": False}, **backend)
    fill(tmp_path / "card", media, CLIPS, rng)
    taken_in(site)
    chen, zhao = ("chen", user(site, "chen", "evidence")), ("zhao", user(site, "zhao", "supervisor"))
    aged(site)
    disposal(site, "propose", "--why", "保存期满", who=chen)
    with site.read() as session:
        run = session.exec(select(DisposalRun)).one().id
    disposal(site, "approve", run, "--count", str(CLIPS), who=zhao)
    (tmp_path / "card").rename(tmp_path / "away")
    kills = 0
    while site_is_at_it(site, run) and kills < KILLS:
        begun = count(site, ItemState.DESTROYED)
        site.start()
        try:
            # all may be destroyed already, and only the run not said to be done
            site.wait(
                "it goes on",
                lambda _, b=begun: count(site, ItemState.DESTROYED) > b or not site_is_at_it(site, run),
            )
            time.sleep(rng.uniform(0, 0.3))
        finally:
            site.kill()
        kills += 1
        judge(site)
    assert kills >= 2, "it was too quick to be killed"
    begun = site.log.read_text().count("running: ")
    with site.running():
        site.wait("the run is done", lambda session: session.get_one(DisposalRun, run).state is RunState.DONE)
        # it may have been done before: asked to stop in its first second, it would not know how yet
        site.wait("it is up", lambda _: site.log.read_text().count("running: ") > begun)
    assert count(site, ItemState.DESTROYED) == CLIPS
    assert [key for key in site.finished() if "originals" in key] == []
    assert "agree" in site.verify()
    with site.read() as session:
        assert len(session.exec(select(DestructionRecord)).all()) == CLIPS
        assert session.exec(select(Work.item_id).where(col(Work.open).is_(True))).all() == []
        assert len(session.exec(select(Clip)).all()) == CLIPS


def judge(site: Site) -> None:
    """After a kill: bytes and second copy both whole, or a record."""
    second = site.settings.store.second_copy
    assert second is not None
    with site.read() as session:
        recorded = set(session.exec(select(DestructionRecord.original_id)))
        originals = session.exec(select(Original)).all()
    for original in originals:
        assert original.stored_as is not None
        if original.state is State.PRESERVED:
            assert original.id not in recorded
            assert site.store.path(original.stored_as).stat().st_size == original.size
            assert (second / original.stored_as).stat().st_size == original.size
        else:
            assert original.id in recorded


def count(site: Site, state: ItemState) -> int:
    with site.read() as session:
        return len(session.exec(select(DisposalItem.id).where(DisposalItem.state == state)).all())


def site_is_at_it(site: Site, run: str) -> bool:
    with site.read() as session:
        return session.get_one(DisposalRun, run).state is RunState.APPROVED
