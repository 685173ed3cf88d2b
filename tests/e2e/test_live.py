"""A live picture over the API of an installed gateway: fetched once for all viewers, gone when they have."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
from sqlmodel import Session, select

from drivers.mqtt.link import end
from drivers.ports import free_port
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import Camera
from drivers.simulators.rooms import Room
from gateway.live import SILENT_S
from gateway.models import CustodyEvent, DeviceStatus, LiveView
from tests.e2e.site import Site, serving, signed_in


def pullers(folder: Path) -> list[str]:
    """The ffmpeg processes that write a live picture below this folder."""
    found = subprocess.run(
        ["pgrep", "-af", f"ffmpeg.*{folder}/.*m3u8"], capture_output=True, text=True, check=False
    )
    return [line for line in found.stdout.splitlines() if " ffmpeg " in line and "setpriv" not in line]


def played(client: httpx.Client, playlist: str, tmp: Path) -> dict[str, int]:
    """The pictures of what the playlist names, by codec, fetched part by part as a player does."""
    told = client.get(playlist)
    assert told.status_code == 200, told.text
    assert told.headers["content-type"] == "application/vnd.apple.mpegurl"
    base = playlist.rpartition("/")[0]
    [start] = re.findall(r'EXT-X-MAP:URI="([^"]+)"', told.text)
    names = [start, *(line for line in told.text.splitlines() if line.endswith(".m4s"))]
    whole = b"".join(client.get(f"{base}/{name}").raise_for_status().content for name in names)
    (tmp / "live.mp4").write_bytes(whole)
    counted = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets",
         "-of", "csv=p=0", tmp / "live.mp4"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {name: int(count) for name, count in (line.split(",")[:2] for line in counted.stdout.split())}


def begun(client: httpx.Client, device: str = "room-1") -> tuple[str, str]:
    answer = client.post(f"/devices/{device}/live", json={"purpose": "督察抽查"})
    assert answer.status_code == 201, answer.text
    return answer.json()["view"], answer.json()["playlist"].removeprefix("/api/v1")


@contextmanager
def two_viewers(site: Site) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    with serving(site) as client, httpx.Client(base_url=client.base_url, timeout=20) as other:
        client.timeout = 20
        signed_in(site, client, "watcher", "supervisor")
        signed_in(site, other, "other", "evidence")
        yield client, other


def lines(session: Session, event: str) -> list[CustodyEvent]:
    return list(session.exec(select(CustodyEvent).where(CustodyEvent.event == event)))


def test_a_room_is_watched(tmp_path: Path) -> None:
    room = Room()
    room.start()
    recorder: dict[str, Any] = {
        "id": "room-1", "driver": "rtsp_recorder", "url": room.url, "unit": "u", "reserve_mb": 1,
        "segment_seconds": 4, "stall_seconds": 4,
    }  # fmt: skip
    site = Site(tmp_path / "site", [recorder], api={"port": free_port()})
    live = site.folder / "var" / "live"
    with site.running(), two_viewers(site) as (client, other):
        site.wait("pictures", lambda _: site.events("room-1")[-1:] == ["CONNECTED"])
        assert client.get("/devices/room-1/live").json() == {"live": False, "viewers": 0}
        view, playlist = begun(client)
        site_ready = time.monotonic()
        pictures = played(client, playlist, tmp_path)
        assert time.monotonic() - site_ready < 12
        assert pictures["h264"] >= 10
        second, others = begun(other)
        assert played(other, others, tmp_path)["h264"] >= 10
        assert len(pullers(live)) == 1, "fetched once, however many watch"
        assert client.get("/devices/room-1/live").json() == {"live": True, "viewers": 2}
        assert other.get(playlist).status_code == 403, "a view is its viewer's own"
        assert client.get(playlist.replace("index.m3u8", "..%2f..%2fgateway.sqlite")).status_code in (
            404,
            422,
        )

        room.kill()
        site.wait("the picture to end", lambda _: client.get(playlist).status_code == 503)
        site.wait("why it ended", lambda _: "connecting again" in client.get(playlist).text)
        room.start()
        site.wait("the picture again", lambda _: client.get(playlist).status_code == 200)

        assert client.delete(f"/devices/room-1/live/{view}").status_code == 204
        assert client.get(playlist).status_code == 403
        assert client.delete(f"/devices/room-1/live/{view}").status_code == 204, "twice is harmless"
        other.get(others)
        site.wait("the silent one to be gone", lambda s: s.get_one(LiveView, second).ended_at, SILENT_S + 15)
        site.wait("nobody fetches", lambda _: not pullers(live) and not (live / "room-1").exists(), 15)
        site.settled(1)
    room.kill()
    with site.read() as session:
        assert {line.detail["purpose"] for line in lines(session, "LIVE_VIEW_BEGUN")} == {"督察抽查"}
        ended = {line.actor: line.detail["seconds"] for line in lines(session, "LIVE_VIEW_ENDED")}
    assert set(ended) == {"watcher", "gateway"}
    assert ended["watcher"] > 10 > ended["gateway"], "who no longer asked had gone"
    assert all(clip.condition is None for clip, _ in site.clips().values()), "the recording was not touched"
    site.verify()


def test_a_connected_camera_is_watched(tmp_path: Path) -> None:
    """It is told to push when somebody watches and to stop when nobody does; a camera that is away is told of."""
    broker = Broker(tmp_path / "broker", "bwc-1")
    broker.start()
    port, uploads = free_port(), free_port()
    tls = {"certificate": str(broker.pki / "broker.crt"), "key": str(broker.pki / "broker.key")}
    network = {
        "id": "net", "driver": "mqtt_camera", "broker": broker.settings(), "unit": "u",
        "cameras": [{"id": "bwc-*"}],
        "uploads": {"port": uploads, "url": f"https://localhost:{uploads}", "secret": "s" * 32, **tls},
        "live": {"port": port, "url": f"rtsps://localhost:{port}", **tls},
    }  # fmt: skip
    site = Site(tmp_path / "site", [network], api={"port": free_port()})
    camera = Camera("bwc-1", ("127.0.0.1", broker.port), broker.pki)
    try:
        with site.running(), two_viewers(site) as (client, _):
            camera.start()
            site.wait("the camera", lambda _: "CONNECTED" in site.events("bwc-1"))
            view, playlist = begun(client, "bwc-1")
            assert played(client, playlist, tmp_path)["h264"] >= 10
            camera.deaf = True
            camera.show(None)
            site.wait("why there is nothing", lambda _: "in time" in client.get(playlist).text)
            camera.deaf = False
            site.wait("the picture again", lambda _: client.get(playlist).status_code == 200)
            assert client.delete(f"/devices/bwc-1/live/{view}").status_code == 204
            site.wait("the camera to stop", lambda _: camera.pushing is None)
            assert camera.done[-1] == "stop_live"
            camera.stop()
            site.wait("it to be gone", lambda s: not s.get_one(DeviceStatus, ("bwc-1", "")).present)
            refused = client.post("/devices/bwc-1/live", json={"purpose": "督察抽查"})
            assert (refused.status_code, refused.json()["code"]) == (409, "live.not_connected")
            nothing = client.post("/devices/net/live", json={"purpose": "督察抽查"})
            assert (nothing.status_code, nothing.json()["code"]) == (409, "live.none")
    finally:
        camera.show(None)
        end(camera.client)
        broker.stop()
    site.verify()
