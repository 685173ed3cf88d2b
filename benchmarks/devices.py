"""What devices cost: a fleet of connected cameras, and how soon a clip can be watched."""

import json
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import paho.mqtt.client as paho
import psutil
import yaml
from paho.mqtt.enums import CallbackAPIVersion
from sqlmodel import col, func, select

from benchmarks import peers
from drivers.ports import free_port
from drivers.simulators.faulty_card import mounted
from gateway.database import Database
from gateway.models import DeviceSignal, DeviceStatus, Original, State, Track

CAMERAS, WARM_S, SECONDS = 500, 15.0, 30.0
FRESH_MS = 10_000
"""A heartbeat that is shown may be so much older than the last one: they are stored every few seconds."""
GATEWAY = Path(sys.executable).with_name("gateway")
Note = Callable[..., None]
ROOMY = {"store": {"reserve_mb": 1}}


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A plain one: what TLS costs the broker and the cameras is not ours to measure."""
    port = free_port()
    (folder / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    broker = subprocess.Popen(
        ["/usr/sbin/mosquitto", "-c", folder / "mosquitto.conf"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(1)
        yield port
    finally:
        broker.terminate()
        broker.wait()


@contextmanager
def gateway(folder: Path, settings: dict[str, Any], *names: str) -> Iterator[list[psutil.Process]]:
    (folder / "devices.yaml").write_text(yaml.safe_dump(settings))
    begin = [GATEWAY, "--config", folder / "devices.yaml"]
    subprocess.run([*begin, "migrate"], check=True, stdout=subprocess.DEVNULL)
    running = [subprocess.Popen([*begin, name], stderr=subprocess.DEVNULL) for name in names]
    try:
        yield [psutil.Process(process.pid) for process in running]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def talk(port: int, seconds: float) -> dict[str, Any]:
    """Five hundred cameras, each a message a second: heartbeats, every tenth a position, every fiftieth an event.

    Returns what the broker took: how many of each, and when each camera's last heartbeat was.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="fleet", protocol=paho.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    names = [f"bwc-{number:04}" for number in range(CAMERAS)]
    for name in names:
        client.publish(f"bwc/{name}/up/status", json.dumps({"online": True}), qos=1, retain=True)
    began, sent, beats = time.monotonic(), 0, dict[str, int]()
    events, points = list[paho.MQTTMessageInfo](), list[paho.MQTTMessageInfo]()
    while time.monotonic() - began < seconds:
        name, ts = names[sent % CAMERAS], int(time.time() * 1000)
        match sent % 50:
            case 0:
                told: Any = {"event_id": uuid.uuid4().hex, "type": "rec_start", "ts": ts, "data": {}}
                events.append(client.publish(f"bwc/{name}/up/event", json.dumps(told), qos=1))
            case 10 | 20 | 30 | 40:
                told = [{"ts": ts, "lat": 37.07 + random.random() / 100, "lon": 114.5, "acc": 4}]
                points.append(client.publish(f"bwc/{name}/up/gps", json.dumps(told), qos=1))
            case _:
                told = {"ts": ts, "battery": 80, "charging": False, "rec": True}
                client.publish(f"bwc/{name}/up/hb", json.dumps(told), qos=0)
                beats[name] = ts
        sent += 1
        time.sleep(max(0.0, began + sent / CAMERAS - time.monotonic()))
    for info in [*events, *points]:
        info.wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    return {"events": len(events), "points": len(points), "beats": beats}


def listening(database: Database) -> None:
    """Until the gateway has subscribed: nobody keeps for it what is said before."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with database.read() as session:
            status = session.get(DeviceStatus, ("net", ""))
        if status is not None and status.present:
            return
        time.sleep(0.2)
    raise RuntimeError("the gateway did not subscribe")


def on_record(database: Database, told: dict[str, Any], within_s: float = 60.0) -> str:
    """What of it the gateway has on record, once that is all; a gateway that heard nothing would cost least.

    Raises RuntimeError if it is not.
    """
    deadline = time.monotonic() + within_s
    while True:
        with database.read() as session:
            events = session.exec(select(func.count()).select_from(DeviceSignal)).one()
            points = session.exec(select(func.count()).select_from(Track)).one()
            statuses = session.exec(select(DeviceStatus)).all()
        shown = {one.device_id: one.detail.get("heartbeat", {}).get("ts") or 0 for one in statuses}
        beats = sum(shown.get(name, 0) >= ts - FRESH_MS for name, ts in told["beats"].items())
        said = (
            f"{events} of {told['events']} events, {points} of {told['points']} positions on record, "
            f"{beats} of {len(told['beats'])} heartbeats shown"
        )
        if (events, points, beats) == (told["events"], told["points"], len(told["beats"])):
            return said
        if time.monotonic() > deadline:
            raise RuntimeError(f"the figure measures nothing: {said}")
        time.sleep(0.5)


def fleet(scratch: Path, note: Note) -> None:
    folder = peers.emptied(scratch / "fleet")
    uploads = free_port()
    with mosquitto(folder) as port:
        network = {
            "id": "net", "driver": "mqtt_camera", "broker": {"port": port}, "cameras": [{"id": "bwc-*"}],
            "uploads": {"port": uploads, "url": f"http://127.0.0.1:{uploads}", "secret": "s" * 32},
        }  # fmt: skip
        with gateway(folder, {**ROOMY, "devices": [network]}, "run") as [process]:
            database = Database(f"sqlite:///{folder / 'var' / 'gateway.sqlite'}")
            listening(database)
            talking = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.devices", str(port), str(WARM_S + SECONDS + 2)],
                stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            time.sleep(WARM_S)
            before = sum(process.cpu_times()[:2])
            time.sleep(SECONDS)
            used = 100 * (sum(process.cpu_times()[:2]) - before) / SECONDS
            said = on_record(database, json.loads(talking.communicate()[0]))
            database.close()
    note(
        f"{CAMERAS} MQTT cameras, a message a second", used, "% of a core", 15,
        f"over {SECONDS:.0f} s; {said}", at_least=False,
    )  # fmt: skip


FORMATS = {
    "H.264/MP4": ("a.mp4", ["-c:v", "libx264", "-g", "25", "-movflags", "+faststart"], "original", 2.0),
    "H.265/MP4": ("b.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none"], "proxy", 20.0),
    "PS": ("c.mpg", ["-c:v", "mpeg2video", "-f", "vob"], "proxy", 20.0),
    "AVI": ("d.avi", ["-c:v", "mpeg4"], "proxy", 20.0),
}
"""Name, how it is made, what of it a browser plays, and within how many seconds."""


def playable(scratch: Path, note: Note) -> None:
    """From the last byte in a camera's card (closed) to the first byte of what a browser plays, over the API."""
    folder = peers.emptied(scratch / "playable")
    (folder / "card").mkdir()
    port = free_port()
    devices = [{"id": "cam", "driver": "volume", "path": "in", "poll_seconds": 0.2}]
    with gateway(folder, {**ROOMY, "api": {"port": port}, "devices": devices}, "run", "serve"):
        password = added(folder)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=30) as client:
            signed_in(client, password)
            for title, (name, codec, wanted, target) in FORMATS.items():
                made = folder / name
                source = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-t", "10"]
                peers.run("ffmpeg", "-nostdin", "-v", "error", *source, "-pix_fmt", "yuv420p", *codec, made)
                began = time.monotonic()
                card = peers.emptied(folder / f"card-{name}")
                made.rename(card / name)
                (folder / "in").unlink(missing_ok=True)
                (folder / "in").symlink_to(card)
                first_byte(client, name, wanted)
                note(
                    f"playable, {title} ({wanted})", time.monotonic() - began, "s", target,
                    "card in to first bytes over the API", at_least=False,
                )  # fmt: skip


def added(folder: Path) -> str:
    said = subprocess.run(
        [GATEWAY, "--config", folder / "devices.yaml", "user", "add", "bench", "--role", "admin"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return said.strip().split(": ")[1]


def signed_in(client: httpx.Client, password: str) -> None:
    for _ in range(200):
        try:
            token = client.post("/session", json={"name": "bench", "password": password}).json()["token"]
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            client.headers["authorization"] = f"Bearer {token}"
            return
    raise RuntimeError("the API did not come")


def first_byte(client: httpx.Client, name: str, wanted: str) -> None:
    deadline, last = time.monotonic() + 120, os.urandom(2).hex()
    while time.monotonic() < deadline:
        for clip in client.get("/clips").json()["items"]:
            if clip["name"] == name and clip["state"] in ("ACQUIRED", "VERIFIED", "PRESERVED"):
                begun = client.post(f"/clips/{clip['id']}/viewings", json={"purpose": f"bench {last}"}).json()
                url = begun["original"] if wanted == "original" else begun["renditions"].get(wanted)
                if url and client.get(
                    url.removeprefix("/api/v1"), headers={"range": "bytes=0-65535"}
                ).status_code in (200, 206):
                    return
        time.sleep(0.05)
    raise RuntimeError(f"{name} was never playable")


BAYS, RATE, EACH, LEAD_S, SPAN_S = 6, 30e6, 100_000_000, 10, 60


def bays(scratch: Path, note: Note) -> None:
    """Six cameras at 30 MB/s each, at once: how much of what they give becomes VERIFIED, in a minute amid it."""
    folder = peers.emptied(scratch / "bays")
    with full_cards(folder) as cards, gateway(folder, {**ROOMY, "devices": cards.devices}, "run"):
        peers.rest()
        with cards.drained() as drained:
            time.sleep(SPAN_S)
    note(
        f"{BAYS} bays of {RATE / 1e6:.0f} MB/s to VERIFIED", drained.share, "% of their sum", 95,
        f"{drained.size / 1e9:.1f} GB in {drained.seconds:.1f} s",
    )  # fmt: skip
    peers.emptied(folder)


@dataclass
class Drained:
    """What became VERIFIED in a span."""

    size: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """In % of what the cameras give."""
        return 100 * self.size / self.seconds / (BAYS * RATE)


@dataclass(frozen=True)
class Cards:
    folder: Path
    mounts: list[Path]

    @property
    def devices(self) -> list[dict[str, Any]]:
        each = {"driver": "volume", "poll_seconds": 0.1}
        return [{"id": f"cam-{n}", "path": f"bay{n}", **each} for n in range(BAYS)]

    @contextmanager
    def drained(self) -> Iterator[Drained]:
        """Put in all at once; what is done within begins when they are well under way."""
        for number, mount in enumerate(self.mounts):
            (self.folder / f"bay{number}").symlink_to(mount)
        database, found = Database(f"sqlite:///{self.folder / 'var' / 'gateway.sqlite'}"), Drained()
        time.sleep(LEAD_S)
        began, before = time.monotonic(), verified(database)
        yield found
        found.seconds, found.size = time.monotonic() - began, (verified(database) - before) * EACH
        database.close()


@contextmanager
def full_cards(folder: Path) -> Iterator[Cards]:
    """Six, each of 30 MB/s and with more on it than a minute takes."""
    with ExitStack() as stack:
        cards = [stack.enter_context(mounted(folder / f"c{n}", folder / f"m{n}")) for n in range(BAYS)]
        for card in cards:
            for number in range(round(RATE * (LEAD_S + SPAN_S + 15) / EACH)):
                with (card.source / f"{number:04}.MP4").open("wb") as file:
                    file.write(os.urandom(4096))  # each its own content; the card shows noise for the rest
                    file.truncate(EACH)
            card.set("filled", f"slow={RATE:.0f}/s")
        yield Cards(folder, [card.mount for card in cards])


def verified(database: Database) -> int:
    with database.read() as session:
        return session.exec(
            select(func.count()).select_from(Original).where(
                col(Original.state).in_((State.VERIFIED, State.PRESERVED))
            )
        ).one()  # fmt: skip


if __name__ == "__main__":
    json.dump(talk(int(sys.argv[1]), float(sys.argv[2])), sys.stdout)
