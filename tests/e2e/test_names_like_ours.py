"""Files whose own names look like those of our unfinished work, by every way that names come in from outside."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.link import end
from drivers.ports import free_port
from drivers.simulators.axis import Controller
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import Camera
from gateway.models import State
from tests.e2e.site import Site, folder, volume
from tests.integration.ftp_site import PASSWORD, client
from tests.integration.ftp_site import settings_for as ftp_settings
from tests.integration.test_nvr import Line

NAMES = (
    "a.partial", "b.partial2", "c.1.partial", "d.journal", "e.json", "f.manifest.json", "g.manifest", "h.aside",
    "i.1.partial.journal", "j.partially", "k.part", "l.mp4.1.partial", "m.unreadable",
)  # fmt: skip

SiteOf = Callable[..., Site]


def contents() -> dict[str, bytes]:
    return {name: os.urandom(3000) for name in NAMES}


def put(where: Path) -> dict[str, bytes]:
    where.mkdir(parents=True, exist_ok=True)
    made = contents()
    for name, content in made.items():
        (where / name).write_bytes(content)
    return made


def all_kept(site: Site, brought: list[bytes]) -> None:
    """Each preserved, bit by bit, in both copies, and nothing else lies there."""
    originals = site.originals().values()
    assert {original.state for original in originals} == {State.PRESERVED}
    kept = [site.store.path(str(original.stored_as)) for original in originals]
    assert sorted(path.read_bytes() for path in kept) == sorted(brought)
    assert not [path.name for path in kept if path.name.endswith((".partial", ".journal"))]
    assert site.settings.store.second_copy is not None
    second = [site.settings.store.second_copy / str(original.stored_as) for original in originals]
    assert sorted(path.read_bytes() for path in second) == sorted(brought)
    site.verify()


@pytest.fixture
def site_of(tmp_path: Path) -> SiteOf:
    def made(*devices: dict[str, Any]) -> Site:
        store = {"reserve_mb": 1, "second_copy": "second"}
        return Site(tmp_path / "site", list(devices), store=store, ingest={"derive": False})

    return made


def test_on_a_card_and_by_hand(site_of: SiteOf) -> None:
    site = site_of(volume())
    brought = put(site.folder / "card" / "DCIM")
    with site.running():
        site.settled(len(NAMES))
    by_hand = put(site.folder / "given")
    site.command("ingest", site.folder / "given", "--device", "cam-1")
    all_kept(site, [*brought.values(), *by_hand.values()])


@pytest.mark.parametrize("adopt", [False, True])
def test_in_a_drop_folder(site_of: SiteOf, adopt: bool) -> None:
    site = site_of(folder(adopt=adopt, ignore=[], marker="none", rest_seconds=0))
    brought = put(site.folder / "drop")
    with site.running():
        site.settled(len(NAMES))
    all_kept(site, list(brought.values()))


def test_by_ftp(site_of: SiteOf, tmp_path: Path) -> None:
    settings = ftp_settings(tmp_path)
    site = site_of(
        {
            "id": "ftp", "driver": "ftp_receiver", "port": settings.port, "reserve_mb": 1, "scan_seconds": 0.2,
            "rest_seconds": 0.2, "patience_seconds": 1, "ignore": [],
            "cameras": [{"id": "room-1", "password": PASSWORD}],
        }
    )  # fmt: skip
    brought = contents()
    with site.running():
        site.wait("listening", lambda _: "CONNECTED" in site.events("ftp"))
        with client(settings) as line:
            for name, content in brought.items():
                line.storbinary(f"STOR {name}", io.BytesIO(content))
        site.settled(len(NAMES))
    all_kept(site, list(brought.values()))


def test_by_mqtt(site_of: SiteOf, tmp_path: Path) -> None:
    """As names, and as the camera's own ids: those become names in our spool."""
    broker, port = Broker(tmp_path / "broker", "bwc-1"), free_port()
    broker.start()
    uploads = {
        "port": port, "url": f"https://localhost:{port}", "secret": "0123456789abcdef" * 2, "reserve_mb": 1,
        "certificate": str(broker.pki / "broker.crt"), "key": str(broker.pki / "broker.key"),
    }  # fmt: skip
    net = {"id": "net", "driver": "mqtt_camera", "broker": broker.settings(), "cameras": [{"id": "bwc-*"}]}
    site = site_of(net | {"uploads": uploads})
    camera = Camera("bwc-1", ("127.0.0.1", broker.port), broker.pki)
    brought = contents()
    try:
        with site.running():
            site.wait("the first connection", lambda _: "CONNECTED" in site.events("net"))
            camera.start()
            for name, content in brought.items():
                camera.record(name, content, file_id=name)
            site.settled(len(NAMES))
            camera.stop()
    finally:
        end(camera.client)
        broker.stop()
    all_kept(site, list(brought.values()))


def test_from_an_axis_controller(site_of: SiteOf) -> None:
    port, key = free_port(), "0123456789abcdef"
    url = f"http://127.0.0.1:{port}"
    axis = {
        "id": "axis",
        "driver": "axis_body_worn",
        "port": port,
        "url": url,
        "api_key": key,
        "reserve_mb": 1,
    }
    site, twin, brought = site_of(axis), Controller(url, "evidence", key, patience_s=60), contents()
    with site.running():
        site.wait("the listener", lambda _: "CONNECTED" in site.events("axis"))
        twin.recording("B8A44F0001", datetime(2026, 8, 4, 2, tzinfo=UTC), brought)
        site.settled(len(NAMES) + 1)
    records = [
        site.store.path(str(original.stored_as)).read_bytes()
        for name, original in site.originals().items()
        if not name.endswith(NAMES)
    ]
    assert len(records) == 1, "what the controller told of the recording"
    all_kept(site, [*brought.values(), *records])


@pytest.mark.parametrize("dialect", ["hik_isapi", "dahua_cgi"])
def test_from_a_video_recorder(site_of: SiteOf, dialect: str) -> None:
    line, brought = Line(dialect), contents()
    for number, (name, content) in enumerate(brought.items()):
        line.shoot(content, back=timedelta(minutes=10 * number + 20)).name = name
    line.up()
    nvr = {
        "id": "nvr", "driver": "nvr_export", "dialect": dialect, "url": f"http://127.0.0.1:{line.port}",
        "user": "gateway", "password": "secret", "poll_seconds": 0.5, "reserve_mb": 1,
        "channels": [{"id": "room-1", "channel": 1}],
    }  # fmt: skip
    site = site_of(nvr)
    try:
        with site.running():
            site.settled(len(NAMES))
    finally:
        line.down()
    all_kept(site, list(brought.values()))
