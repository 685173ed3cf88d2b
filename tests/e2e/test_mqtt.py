"""A fleet of connected cameras while broker and gateway are killed: each event once, each file bit-exact."""

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlmodel import Session, col, func, select

from api.v1.telemetry import signals, track
from drivers.mqtt.link import end
from drivers.ports import free_port
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import Camera, Recording
from gateway.database import Database
from gateway.models import DeviceSignal, Finding, Original, Role, State, Track
from gateway.store import LocalStore
from gateway.visibility import Viewer
from tests.e2e.site import Site, serving, signed_in
from tests.patience import until


def site_for(folder: Path, broker: Broker, release: str = "keep", **more: Any) -> Site:
    port = free_port()
    network = {
        "id": "net", "unit": "u", "driver": "mqtt_camera", "broker": broker.settings(), "answer_seconds": 2.0,
        "cameras": [{"id": "bwc-*", "release": release}],
        "uploads": {
            "port": port, "url": f"https://localhost:{port}", "secret": "0123456789abcdef" * 2, "reserve_mb": 1,
            "certificate": str(broker.pki / "broker.crt"), "key": str(broker.pki / "broker.key"), "chunk_mb": 1,
        },
    }  # fmt: skip
    return Site(folder, [network], ingest={"derive": False}, api={"port": free_port()}, **more)


def test_a_camera_from_announcement_to_stored(tmp_path: Path) -> None:
    """One clip, adopted and not copied; the camera hears `stored` only once it is preserved; orders by API."""
    broker = Broker(tmp_path / "broker", "bwc-1")
    broker.start()
    site = site_for(tmp_path / "site", broker)
    content = os.urandom(2_500_000)
    camera = Camera("bwc-1", ("127.0.0.1", broker.port), broker.pki)
    try:
        with site.running(), serving(site) as client:
            signed_in(site, client, "wang", "operator")
            site.wait("the first connection", lambda _: "CONNECTED" in site.events("net"))
            camera.start()
            recording = camera.record("DCAM_bwc-1_000001_20260804_100000_IMP.mp4", content)
            camera.say("gps", [{"ts": 1_754_270_000_000 + n, "lat": 37.07, "lon": 114.5} for n in range(5)])
            camera.repeat = True
            camera.event("sos", level=2)
            site.settled(1)
            site.wait("the signal", lambda s: s.exec(select(DeviceSignal)).first())
            site.wait("the camera to hear of it", lambda _: recording.stored)
            assert recording.stored is not None
            assert recording.stored["may_delete"] is False, "this site's policy is to keep"
            site.wait("the track", lambda s: s.exec(select(Track)).first())
            assert ordered(client, "start_recording")["state"] == "DONE"
            camera.hold = True
            late = camera.record("late.mp4", os.urandom(100_000))
            named = [late.file_id, recording.file_id]
            marked = ordered(client, "mark_important", files=named)
            assert (marked["state"], marked["result"]["files"]) == ("DONE", named)
            assert late.important
            brought = ordered(client, "upload_now", files=[late.file_id])
            assert (brought["state"], brought["result"]["files"]) == ("DONE", [late.file_id])
            site.settled(2)
            assert camera.done == ["start_recording", "mark_important", "upload_now"]
            camera.stop()
            assert ordered(client, "stop_recording")["state"] == "FAILED"
        check_telemetry(Database(site.settings.database_url))
        clips = {original.sha256: (clip, original) for clip, original in site.clips().values()}
        for one, by_device in ((recording, True), (late, False)):
            clip, original = clips.pop(one.sha256)
            assert (clip.important, clip.declared.get("important", False)) == (True, by_device)
            assert site.events(clip.id).count("MARKED_IMPORTANT") == 1
        original = next(one for one in site.originals().values() if one.size == len(content))
        assert original.device_id == "bwc-1"
        assert site.store.path(original.stored_as).read_bytes() == content  # type: ignore[arg-type]
        assert list((site.settings.data / "spool").glob("*/*.mp4")) == [], "taken over, not copied"
        site.verify()
    finally:
        end(camera.client)
        broker.stop()


@pytest.fixture
def far() -> Iterator[Path]:
    """On another disk than what tests make."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder) / "second"


@contextmanager
def erasing(folder: Path, second: Path) -> Iterator[tuple[Site, Camera, Recording]]:
    """One camera whose policy is to erase, and a recording of which it has heard that it is stored."""
    broker = Broker(folder / "broker", "bwc-1")
    broker.start()
    site = site_for(folder / "site", broker, "erase", store={"reserve_mb": 1, "second_copy": str(second)})
    camera = Camera("bwc-1", ("127.0.0.1", broker.port), broker.pki)
    try:
        with site.running():
            site.wait("the first connection", lambda _: "CONNECTED" in site.events("net"))
            camera.start()
            recording = camera.record("a.mp4", os.urandom(300_000))
            site.wait("the camera to hear of it", lambda _: recording.stored)
            yield site, camera, recording
    finally:
        end(camera.client)
        broker.stop()


def test_a_camera_may_not_delete_while_both_copies_lie_on_one_disk(tmp_path: Path) -> None:
    with erasing(tmp_path, tmp_path / "second") as (site, _, recording):
        assert recording.stored == {**(recording.stored or {}), "may_delete": False}
        site.wait("why", lambda session: "release.one_disk" in [
            (one.why or {}).get("code") for one in session.exec(select(Finding))
        ])  # fmt: skip


def test_a_camera_that_missed_that_it_may_delete_hears_it_only_while_it_is_true(
    tmp_path: Path, far: Path
) -> None:
    """A week later: both copies are looked at. When they have gone, the camera's own is brought again."""
    with erasing(tmp_path, far) as (site, camera, recording):

        def a_week_later(*, asked: bool) -> None:
            journal = next((site.settings.data / "spool").glob("*/*.json"))
            told = json.loads(journal.read_text())
            told["asked_at" if asked else "told_at"] -= 7 * 24 * 3600
            journal.write_text(json.dumps(told))
            recording.stored = None
            camera.announce(recording)

        assert recording.stored == {**(recording.stored or {}), "may_delete": True}
        a_week_later(asked=False)
        site.wait("that it still may", lambda _: recording.stored)
        [original] = site.originals().values()
        for place in (site.store, LocalStore(far)):
            place.path(str(original.stored_as)).unlink()
        a_week_later(asked=False)
        site.wait(
            "the loss to be seen", lambda s: s.get_one(Original, original.id).state is State.QUARANTINED
        )
        assert recording.stored is None
        a_week_later(asked=True)
        site.wait("that it may now", lambda _: recording.stored)
        fresh = next(one for one in site.originals().values() if one.id != original.id)
        assert (fresh.sha256, fresh.state) == (recording.sha256, State.PRESERVED)
        assert site.store.path(str(fresh.stored_as)).read_bytes() == recording.content


def check_telemetry(database: Database) -> None:
    everybody = Viewer("x", "x", Role.ADMIN, None)
    points = track("bwc-1", everybody, database)
    assert [point.latitude for point in points] == [37.07] * 5
    assert len(track("bwc-1", everybody, database, since=points[2].at)) == 3
    assert len(track("bwc-1", everybody, database, until=points[2].at)) == 2
    told = signals("bwc-1", everybody, database, limit=10)
    assert [(one.kind, one.detail["data"]) for one in told] == [("sos", {"level": 2})]
    assert signals("bwc-1", everybody, database, kind="fall", limit=10) == []
    database.close()


def ordered(client: httpx.Client, kind: str, **arguments: Any) -> Any:
    """How an order for the camera ended."""
    body = {"kind": kind, "device": "bwc-1", "arguments": arguments}
    order = client.post("/orders", json=body).raise_for_status().json()

    def ended() -> Any:
        found = client.get(f"/orders/{order['id']}").json()
        return None if found["state"] in ("ASKED", "CLAIMED") else found

    return until(ended, every=0.1)


FLEETS = [
    pytest.param(12, 600, 2, 14, id="small"),
    pytest.param(200, 10_000, 5, 100, id="city", marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
]


@pytest.mark.parametrize(("cameras", "events", "kills", "uploads"), FLEETS)
def test_every_event_once_and_every_file_whole(
    tmp_path: Path, cameras: int, events: int, kills: int, uploads: int
) -> None:
    """Files are offered all along, over lines of which half break off: kills and breaks meet uploads."""
    chance = random.Random(7)
    names = [f"bwc-{number:03}" for number in range(cameras)]
    broker = Broker(tmp_path / "broker", *names)
    broker.start()
    site = site_for(tmp_path / "site", broker)
    fleet = [Camera(name, ("127.0.0.1", broker.port), broker.pki) for name in names]
    sent: set[tuple[str, str]] = set()
    files: set[str] = set()
    moments = sorted(chance.sample(range(events), 2 * kills))
    try:
        site.start()
        # only a broker that knows that somebody will listen keeps what cameras say
        site.wait("the first connection", lambda _: "CONNECTED" in site.events("net"))
        for camera in fleet:
            camera.repeat = chance.random() < 0.2
            camera.line.break_after = chance.choice((0, 300_000))
            camera.start()
        offered = sorted(chance.choices(range(events), k=uploads))
        for number in range(events):
            while offered and offered[0] == number:
                offered.pop(0)
                record(chance, chance.choice(fleet), files)
            camera = chance.choice(fleet)
            sent.add((camera.name, camera.event(chance.choice(("sos", "rec_start", "rec_stop")), n=number)))
            if moments and number == moments[0]:
                moments.pop(0)
                kill_one(site, broker, len(moments) % 2 == 0)
            time.sleep(0.003)
        site.wait(
            "every event",
            lambda s: s.exec(select(func.count()).select_from(DeviceSignal)).one() >= len(sent),
            240,
        )
        site.wait("every file", lambda s: preserved(s) >= files, 240)
        with site.read() as session:
            stored = [(row.device_id, row.event_id) for row in session.exec(select(DeviceSignal))]
        assert len(stored) == len(set(stored))
        assert set(stored) == sent
        assert sum(camera.line.broken for camera in fleet) > uploads / 4
        assert sum(camera.line.resumed for camera in fleet) > uploads / 4
        site.stop()
        begun = site.log.read_text().count("running:")
        with site.running():
            site.wait("it to run", lambda _: site.log.read_text().count("running:") > begun)
            site.wait("all that was told to be sealed", all_sealed)
        site.verify()
    finally:
        for camera in fleet:
            camera.client.disconnect()
            end(camera.client)
        if site.process is not None:
            site.kill()
        broker.stop()


def all_sealed(session: Session) -> bool:
    return session.exec(select(DeviceSignal).where(col(DeviceSignal.seal).is_(None))).first() is None


def record(chance: random.Random, camera: Camera, files: set[str]) -> None:
    """Every fourth file is one of several pieces."""
    size = chance.randint(3_000_000, 5_000_000) if chance.random() < 0.25 else chance.randint(1, 1_500_000)
    files.add(camera.record("a.mp4", chance.randbytes(size)).sha256)


def preserved(session: Session) -> set[Any]:
    return set(session.exec(select(Original.sha256).where(Original.state == "PRESERVED")))


def kill_one(site: Site, broker: Broker, the_broker: bool) -> None:
    if the_broker:
        broker.kill()
        time.sleep(0.5)
        broker.start()
    else:
        site.kill()
        time.sleep(0.3)
        site.start()
