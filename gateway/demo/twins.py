"""The demo's devices: a dock of eight bays, twenty connected cameras and two rooms, all simulated on the wire."""

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from drivers.ports import free_port
from drivers.simulators import card, dock, mqtt_camera
from drivers.simulators.broker import Broker
from drivers.simulators.rooms import Room
from gateway.demo import past
from gateway.demo.town import ALARMED, BAYS, CONNECTED, DOCKED, HELD, NUMBERS, ROOMS, UNIT_NAME, serial_of

REAL = Path("../shared/media/max-heromode.mp4")
"""Real footage, where it lies beside the checkout."""

BEAT_S = 5.0
SCENE_S = 45.0


class Twins:
    """Begun with `with`; whatever it started ends with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker = Broker(folder / "broker", *CONNECTED)
        self.rooms = {device: Room() for device in ROOMS}
        self.cameras: dict[str, mqtt_camera.Camera] = {}
        self.uploads, self.live = free_port(), free_port()
        self.ending = ExitStack()
        self.ended = threading.Event()

    def __enter__(self) -> "Twins":
        self.ending.callback(self.broker.stop)
        self.broker.start()
        for room in self.rooms.values():
            self.ending.callback(room.kill)
            room.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.close()

    @property
    def network(self) -> dict[str, Any]:
        """Where broker, uploads and live pictures are, as the configuration says it."""
        pki = self.broker.pki.resolve()
        tls = {"certificate": str(pki / "broker.crt"), "key": str(pki / "broker.key")}
        return {
            "broker": {
                "host": "127.0.0.1", "port": self.broker.port, "ca": str(pki / "ca.crt"),
                "certificate": str(pki / "gateway.crt"), "key": str(pki / "gateway.key"),
            },
            "uploads": {
                "port": self.uploads, "url": f"https://localhost:{self.uploads}", "secret": "demo" * 8,
                "reserve_mb": 64, **tls,
            },
            "live": {"port": self.live, "url": f"rtsps://localhost:{self.live}", **tls},
        }  # fmt: skip

    @property
    def on_cards(self) -> int:
        """Files on the cards of known cameras."""
        cards = [self.card(camera) for camera in DOCKED]
        return sum(1 for one in cards for path in one.rglob("*") if path.is_file())

    def card(self, camera: str) -> Path:
        return self.folder / "cards" / camera

    def lay_out(self, morning: datetime, now: datetime) -> None:
        """What was recorded yesterday lies on the cards, what was recorded just now in the connected cameras."""
        local, minute = morning.replace(tzinfo=None), timedelta(minutes=1)
        cameras = {
            one: card.Camera(self.card(one), serial_of(one), NUMBERS[place])
            for place, one in enumerate(DOCKED)
        }
        for folder in (self.folder / "usb", *map(self.card, DOCKED)):
            folder.mkdir(parents=True)
        work: list[Callable[[], object]] = [
            partial(cameras["cam-01"].record, local - 60 * minute, 3, hue=20),
            partial(cameras["cam-01"].record, local + 32 * minute, 6, hue=90),
            partial(cameras["cam-01"].record, local + 41 * minute, 4, important=True, hue=120),
            partial(cameras["cam-01"].log, local, "09:00:00 power on\n"),
            partial(cameras["cam-02"].record, local + 304 * minute, 5, hue=200),
            partial(cut_short, cameras["cam-02"], local + 320 * minute),
            partial(cameras["cam-03"].record, local + 65 * minute, 4, hue=150, codec="libx265"),
            partial(cameras["cam-04"].record, datetime(1970, 1, 1, 8, 3), 3, hue=30),
            partial(cameras["cam-05"].record, local + 66 * minute, 5, hue=60),
        ]
        scenes = [self.folder / "scenes" / f"{seed}.mp4" for seed in range(len(card.COLOURS))]
        for seed, scene in enumerate(scenes):
            card.make_scene(scene, SCENE_S, seed)
        for place, one in enumerate(past.recordings(now)):
            shot = partial(
                cameras[one.camera].record_scene, scenes[place % len(scenes)], one.began, one.seconds
            )
            work.append(partial(shot, important=one.important))
        if not REAL.exists():
            work.append(partial(cameras["cam-07"].record, local + 310 * minute, 4, hue=280))
        for place, name in enumerate(CONNECTED):
            began = (now - minute * (1 + place / 4)).replace(microsecond=0)
            work.append(partial(self.connect, name, began, place))
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(one) for one in work]:
                done.result()
        if REAL.exists():
            real = self.card("cam-07") / "DCIM" / "100GOPRO" / "GS010001.mp4"
            real.parent.mkdir(parents=True)
            shutil.copy(REAL, real)
        stranger = self.folder / "cards" / "stranger" / "照片.jpg"
        stranger.parent.mkdir()
        stranger.write_bytes(b"\xff\xd8\xff\xe0 private")

    def connect(self, name: str, began: datetime, place: int) -> None:
        """A connected camera with one recording, not switched on yet."""
        camera = mqtt_camera.Camera(name, ("127.0.0.1", self.broker.port), self.broker.pki)
        file = f"DCAM_{name.upper().replace('-', '')}_{signed_in(place)}_{began:%Y%m%d_%H%M%S}.mp4"
        path = self.folder / "recorded" / file
        card.make_video(path, began.replace(tzinfo=None), 2, 18 * place)
        camera.record(file, path.read_bytes(), start=int(began.timestamp() * 1000))
        self.cameras[name] = camera

    def plug_all(self) -> None:
        """Shift ends: eight devices into eight bays at once, the last one nobody's."""
        usb = self.folder / "usb"
        for bay, camera in enumerate(DOCKED, 1):
            if camera == "cam-05":
                identity = ["H8-0042", NUMBERS[4], "陈静", "130500", UNIT_NAME]
                locked = {"password": "774411", "id_code": "HACH8", "battery": 80, "identity": identity}
                dock.plug(usb, BAYS[str(bay)], self.card(camera), name="DV16", recorder=locked)
            else:
                dock.plug(usb, BAYS[str(bay)], self.card(camera), name="H8", serial=serial_of(camera))
        dock.plug(usb, BAYS["8"], self.folder / "cards" / "stranger", name="DataTraveler", serial="08606E6B")

    def switch_on(self) -> None:
        """Each comes on and brings its file; from then on its heart beats."""
        for camera in self.cameras.values():
            self.ending.callback(camera.stop)
            camera.start()
        self.ending.callback(self.ended.set)
        threading.Thread(target=self.beat, name="heartbeats", daemon=True).start()

    def beat(self) -> None:
        while not self.ended.wait(BEAT_S):
            for camera in self.cameras.values():
                if camera.online.is_set():
                    camera.beat()

    def alarm(self) -> None:
        """A cry for help, and the way that led there."""
        camera = self.cameras[ALARMED]
        way = [{"ts": camera.now() - 1000 * n, "lat": 37.07 + n / 1e4, "lon": 114.5} for n in range(20)]
        camera.say("gps", way)
        camera.event("sos", level=1)

    @property
    def stored(self) -> int:
        """Uploads that the gateway has said it keeps."""
        return sum(
            one.stored is not None for camera in self.cameras.values() for one in camera.recordings.values()
        )


def signed_in(place: int) -> str:
    """The officer number that a connected camera writes; the second one was taken by the wrong officer."""
    theirs = NUMBERS[-HELD:]
    return theirs[0 if place == 1 else place] if place < HELD else "000000"


def cut_short(camera: card.Camera, started: datetime) -> None:
    """As when the battery falls out while it records; and a text that calls itself a film."""
    broken = camera.record(started, 4, hue=240)
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    (broken.parent / "说明.mp4").write_text("这不是录像\n", encoding="utf-8")
