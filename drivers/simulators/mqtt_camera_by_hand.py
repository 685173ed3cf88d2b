"""A fleet of connected body cameras by hand: real MQTT 5 over TLS, real HTTPS uploads.

    python -m drivers.simulators.mqtt_camera 127.0.0.1 8883 pki bwc-0001 bwc-0002
    python -m drivers.simulators.mqtt_camera 127.0.0.1 8883 pki --fleet 20 --prefix bwc- --fault bwc-0003:sos

Each has a file to bring; its heart beats. PKI is the folder of `gateway devices enrol`. Without a broker:
`python -m drivers.simulators.broker`.
"""

import argparse
import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drivers.simulators.card_faults import Flip
from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Battery, Break, Clock, Deaf, Repeat, Sos, Twice, Vanish, WrongHash
from drivers.simulators.mqtt_camera import Camera, Recording
from drivers.simulators.timetable import lay_out, speaker, tell, until_told
from drivers.simulators.uploader import Uploader
from gateway.identities import enrol

KINDS = (WrongHash, Flip, Break, Clock, Battery, Sos, Repeat, Deaf, Twice, Vanish)


class Mislabelled(Recording):
    """Announced with the digest of something else."""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(flipped(self.content, 0)).hexdigest()


class HandLine(Uploader):
    """A bit of each file is wrong the first time that it passes."""

    at: int | None = None

    def __init__(self, pki: Path) -> None:
        super().__init__(pki)
        self.bent: set[str] = set()

    def say(self, method: str, url: str, piece: bytes | None = None, place: str = "") -> tuple[int, int]:
        file = urlsplit(url).path
        if piece and self.at is not None and file not in self.bent:
            begins = int(place.removeprefix("bytes ").partition("-")[0])
            if begins <= self.at < begins + len(piece):
                self.bent.add(file)
                tell(f"{file}: byte {self.at} is wrong")
                piece = flipped(piece, self.at - begins)
        return super().say(method, url, piece, place)

    def leave(self, url: str, piece: bytes, place: str) -> None:
        super().leave(url, piece, place)
        tell(f"{urlsplit(url).path}: the line broke")


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


class HandCamera(Camera):
    """Tells what becomes of its files."""

    def __init__(self, name: str, broker: tuple[str, int], pki: Path, faults: tuple[Fault, ...]) -> None:
        clock, self.battery = only(faults, Clock), only(faults, Battery)
        super().__init__(name, broker, pki, ahead_s=clock.seconds if clock else 0.0)
        self.faults = faults
        self.deaf, self.repeat = only(faults, Deaf) is not None, only(faults, Repeat) is not None
        self.line: HandLine = HandLine(pki)
        if flip := only(faults, Flip):
            self.line.at = flip.at
        if broken := only(faults, Break):
            self.line.break_after = broken.at

    def take(self, name: str, content: bytes) -> None:
        """A recording on its card."""
        kind = Mislabelled if only(self.faults, WrongHash) else Recording
        made = kind(name, content)
        self.recordings[made.file_id] = made

    def file(self, told: dict[str, Any]) -> None:
        recording = self.recordings.get(told.get("file_id", ""))
        if recording is not None and told["op"] != "upload_url":
            tell(f"{self.name}: {recording.name} {told['op']}")
        super().file(told)

    def bring(self, recording: Recording, told: dict[str, Any]) -> None:
        super().bring(recording, told)
        tell(f"{self.name}: {recording.name} {'brought' if recording.received else 'not taken'}")

    def pulse(self) -> None:
        if self.online.is_set():
            self.beat(**({"battery": self.battery.percent} if self.battery else {}))

    def on_connect(self, *told: Any) -> None:
        super().on_connect(*told)
        tell(f"{self.name}: {'connected' if self.online.is_set() else 'refused'}")
        if self.online.is_set() and only(self.faults, Sos):
            self.event("sos", level=1)
        self.pulse()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.mqtt_camera", description=__doc__)
    parser.add_argument("host", help="the broker's")
    parser.add_argument("port", type=int, help="the broker's")
    parser.add_argument("pki", type=Path, help="the folder with ca.crt and each camera's certificate")
    parser.add_argument("names", nargs="*", metavar="NAME", help="cameras by name")
    parser.add_argument("--fleet", type=int, default=0, metavar="N", help="as many more: PREFIX0001 …")
    parser.add_argument("--prefix", default="bwc-", help="(bwc-)")
    parser.add_argument("--enrol", action="store_true", help="make the certificates that are missing")
    parser.add_argument("--clip", type=Path, help="what each brings (160 kB of nothing in particular)")
    parser.add_argument("--beat", type=float, default=5.0, metavar="SECONDS", help="between heartbeats (5)")
    add_to(parser, *KINDS, whom="NAME")
    asked = parser.parse_args(arguments)
    names = [*asked.names, *(f"{asked.prefix}{number:04}" for number in range(1, asked.fleet + 1))]
    if not names:
        parser.error("which cameras? NAME … or --fleet N")
    script = given(parser, asked, names)
    enrolled(parser, asked, names)
    cameras = []
    for name in names:
        camera = HandCamera(name, (asked.host, asked.port), asked.pki, script.of(name))
        twice = only(script.of(name), Twice)
        for number in range(2 if twice else 1):
            content = asked.clip.read_bytes() if asked.clip else os.urandom(160_000)
            camera.take(twice.name if twice else "0001.MP4", content + bytes(number))
        cameras.append(camera)
    live(cameras, asked.beat)
    return 0


def enrolled(parser: argparse.ArgumentParser, asked: argparse.Namespace, names: list[str]) -> None:
    for name in names:
        if not (asked.pki / f"{name}.crt").exists():
            if not asked.enrol:
                parser.error(
                    f"{name} has no certificate in {asked.pki}: "
                    f"`gateway devices enrol {name} --out {asked.pki}`, or --enrol"
                )
            enrol(asked.pki, name)


def live(cameras: list[HandCamera], beat: float) -> None:
    """Switched on until Ctrl-C; those that have not vanished say farewell."""
    vanished = set()

    def vanish(camera: HandCamera) -> None:
        vanished.add(camera)
        camera.vanish()

    def pulses() -> None:
        for camera in cameras:
            camera.pulse()

    timers = []
    for camera in cameras:
        camera.start()
        timers += lay_out(camera.faults, {Vanish: partial(vanish, camera)}, speaker(camera.name))
    until_told(beat, pulses)
    for timer in timers:
        timer.cancel()
    for camera in cameras:
        if camera not in vanished:
            camera.stop()
