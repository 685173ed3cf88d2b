"""Twins of connected body cameras: real MQTT 5 over TLS, real HTTP uploads, fleets of any number.

    python -m drivers.simulators.mqtt_camera HOST PORT PKI bwc-0001 bwc-0002

connects cameras with the certificates in PKI (`gateway devices enrol`), each with one file to upload.
`hold` waits with its files for the order `upload_now`.
Faults: `vanish` (no farewell: the broker tells), `repeat` (says everything twice), `line.flip` (a byte goes
wrong on the way), `line.break_after` (the line breaks in the middle of a piece), a clock that is wrong by
`ahead_s`.
"""

import hashlib
import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from drivers.mqtt.link import end
from drivers.simulators.uploader import Uploader

SESSION_S = 24 * 3600
PICTURE = [
    "ffmpeg", "-nostdin", "-loglevel", "quiet", "-re",
    "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=10", "-c:v", "libx264", "-preset", "ultrafast",
    "-tune", "zerolatency", "-g", "10", "-pix_fmt", "yuv420p", "-t", "600", "-f", "rtsp",
    "-rtsp_transport", "tcp",
]  # fmt: skip


@dataclass
class Recording:
    """A file on the camera."""

    name: str
    content: bytes
    file_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    important: bool = False
    start: int = field(default_factory=lambda: int(time.time() * 1000) - 60_000)
    received: bool = False
    stored: dict[str, Any] | None = None
    waits: int = 0
    under_way: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


class Camera:
    def __init__(
        self, name: str, broker: tuple[str, int], pki: Path | None = None, *, ahead_s: float = 0.0
    ) -> None:
        self.name, self.broker, self.pki, self.ahead_s = name, broker, pki, ahead_s
        self.recordings: dict[str, Recording] = {}
        self.outbox: dict[str, dict[str, Any]] = {}
        """Events that the gateway has not said it stored."""
        self.done: list[str] = []
        """Commands that were carried out."""
        self.dead: list[str] = []
        """Commands that came too late."""
        self.refused: list[str] = []
        """What the broker did not let it say."""
        self.deaf = self.repeat = False
        self.hold = False
        """Brings nothing before it is told `upload_now`, as one that saves its air time."""
        self.hurried: set[str] = set()
        self.line = Uploader(pki)
        self.online = threading.Event()
        self.acknowledged = 0
        self.pushing: subprocess.Popen[bytes] | None = None
        self.showing = threading.Lock()
        self.screen = ThreadPoolExecutor(1, "screen")
        self.client = self.made()

    def made(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self.name, protocol=paho.MQTTv5, reconnect_on_failure=True
        )
        client.reconnect_delay_set(1, 2)
        if self.pki is not None:
            client.tls_set(
                str(self.pki / "ca.crt"),
                str(self.pki / f"{self.name}.crt"),
                str(self.pki / f"{self.name}.key"),
                tls_version=ssl.PROTOCOL_TLS_CLIENT,
            )
        will = properties_of(PacketTypes.WILLMESSAGE)
        client.will_set(
            f"bwc/{self.name}/up/status", json.dumps({"online": False, "reason": "lwt"}), qos=1, retain=True,
            properties=will,
        )  # fmt: skip
        client.on_connect, client.on_disconnect = self.on_connect, self.on_disconnect
        client.on_message, client.on_publish = self.on_message, self.on_publish
        return client

    def start(self) -> None:
        properties = properties_of(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S
        host, port = self.broker
        self.client.connect_async(host, port, keepalive=10, clean_start=False, properties=properties)
        self.client.loop_start()

    def stop(self) -> None:
        """A farewell."""
        self.show(None)
        if self.online.is_set():
            with suppress(RuntimeError):  # the broker went first
                self.say("status", {"online": False}, retain=True).wait_for_publish(2)
        self.client.disconnect()
        end(self.client)

    def vanish(self) -> None:
        """As when the battery is torn out."""
        self.show(None)
        end(self.client)
        if (socket := self.client.socket()) is not None:
            socket.close()
        self.online.clear()

    def on_connect(self, client: paho.Client, data: Any, flags: Any, code: Any, properties: Any) -> None:
        del data, flags, properties
        if code.is_failure:
            return
        client.subscribe(f"bwc/{self.name}/down/#", qos=1)
        self.say("status", {"online": True}, retain=True)
        self.online.set()
        for recording in list(self.recordings.values()):
            if recording.stored is None:
                self.announce(recording)

    def on_disconnect(self, *_: Any) -> None:
        self.online.clear()

    def on_publish(self, client: paho.Client, data: Any, mid: int, code: Any, properties: Any) -> None:
        del client, data, mid, properties
        if code.is_failure:
            self.refused.append(str(code))
        else:
            self.acknowledged += 1

    def say(self, kind: str, told: object, qos: int = 1, *, retain: bool = False) -> paho.MQTTMessageInfo:
        sent = self.client.publish(f"bwc/{self.name}/up/{kind}", json.dumps(told), qos=qos, retain=retain)
        if self.repeat and not retain:
            self.client.publish(f"bwc/{self.name}/up/{kind}", json.dumps(told), qos=qos)
        return sent

    def now(self) -> int:
        return int((time.time() + self.ahead_s) * 1000)

    def beat(self, **more: object) -> None:
        self.say("hb", {"ts": self.now(), "battery": 80, "charging": False, "rec": False, **more}, qos=0)

    def event(self, kind: str, event_id: str = "", **data: object) -> str:
        event_id = event_id or uuid.uuid4().hex
        told = {"event_id": event_id, "type": kind, "ts": self.now(), "data": data}
        self.outbox[event_id] = told
        self.say("event", told)
        return event_id

    def kept(self, told: dict[str, Any]) -> None:
        """What the gateway has stored may go; what it has not is said again when it asks."""
        for event_id in told.get("event_ids", ()):
            self.outbox.pop(event_id, None)
        if told["op"] == "list":
            for waiting in list(self.outbox.values()):
                self.say("event", waiting)

    def record(self, name: str, content: bytes, **more: Any) -> Recording:
        recording = Recording(name, content, **more)
        self.recordings[recording.file_id] = recording
        if self.online.is_set():
            self.announce(recording)
        return recording

    def announce(self, recording: Recording) -> None:
        told = {
            "op": "announce", "file_id": recording.file_id, "name": recording.name,
            "size": len(recording.content), "sha256": recording.sha256, "start": recording.start,
            "important": recording.important,
        }  # fmt: skip
        self.say("file", told)

    def on_message(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        del client, data
        told = json.loads(message.payload)
        work = {"cmd": self.obey, "file": self.file, "event": self.kept}[message.topic.rpartition("/")[2]]
        if str(told.get("op")).endswith("_live"):  # one after the other: what was ended does not begin again
            self.screen.submit(work, told)
        else:
            threading.Thread(target=work, args=(told,), daemon=True).start()

    def obey(self, told: dict[str, Any]) -> None:
        if self.deaf:
            return
        if self.now() > told["deadline"]:
            self.dead.append(told["op"])
            return
        self.done.append(told["op"])
        answer: dict[str, Any] = {"done": True}
        match told["op"]:
            case "set_clock":
                self.ahead_s = 0.0
            case "start_live" | "stop_live":
                self.show(told["args"].get("url") if told["op"] == "start_live" else None)
            case "upload_now" | "mark_important":
                answer = self.about_files(told["op"], told["args"].get("files") or list(self.recordings))
        self.say("resp", {"cmd_id": told["cmd_id"], **answer})

    def about_files(self, op: str, files: list[str]) -> dict[str, Any]:
        """Bring them now, or guard them from being written over; what it does not have, it names."""
        there = [self.recordings[file] for file in files if file in self.recordings]
        for recording in there:
            if op == "mark_important":
                recording.important = True
            elif recording.stored is None:
                self.hurried.add(recording.file_id)
                self.announce(recording)
        unknown = sorted(set(files) - {recording.file_id for recording in there})
        return {"done": not unknown, "files": [one.file_id for one in there], "unknown": unknown}

    def show(self, url: str | None) -> None:
        """Push a moving picture by RTSP, or none any more."""
        with self.showing:
            if self.pushing is not None:
                self.pushing.kill()
                self.pushing.wait()
            self.pushing = (
                None if url is None else subprocess.Popen([*PICTURE, url], stdin=subprocess.DEVNULL)
            )

    def file(self, told: dict[str, Any]) -> None:
        if told["op"] == "list":
            for waiting in [one for one in self.recordings.values() if one.stored is None]:
                self.announce(waiting)
            return
        recording = self.recordings.get(told["file_id"])
        if recording is None:
            return
        match told["op"]:
            case "stored":
                recording.stored = told
            case "received":
                recording.received = True
            case "wait":
                recording.waits += 1
            case "upload_url" if not self.hold or recording.file_id in self.hurried:
                if recording.under_way.acquire(blocking=False):
                    self.bring(recording, told)

    def bring(self, recording: Recording, told: dict[str, Any]) -> None:
        """Once at a time, however often it was announced."""
        try:
            recording.received = self.line.bring(recording.content, told["url"], told["chunk"])
        except (OSError, http.client.HTTPException):
            time.sleep(0.5)
        finally:
            recording.under_way.release()
        if not recording.received and self.online.is_set():
            self.announce(recording)


def properties_of(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    from drivers.simulators.mqtt_camera_by_hand import main

    sys.exit(main(sys.argv[1:]))
