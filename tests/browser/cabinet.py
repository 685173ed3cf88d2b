"""An installed gateway with a dock of eight bays, and people who may look at it."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import yaml
from sqlmodel import col, delete, select

from drivers.ports import free_port
from drivers.simulators import dock as twin
from drivers.simulators.card import make_video
from drivers.simulators.faulty_card import Card, mounted
from gateway.database import Database
from gateway.models import Device, DeviceStatus, SignIn, User
from tests import warm
from tests.e2e.site import Site

UNIT = "xt-scjg"
BAYS = {str(number): f"1-1.{number}" for number in range(1, 9)}
PEOPLE = ("张伟", "李娜", "欧阳建国", "古丽娜尔·买买提江", "陈静")
PASSWORDS = {"operator": "correct horse 1", "evidence": "correct horse 2", "supervisor": "correct horse 3"}
STARTED = datetime(2026, 8, 4, 9)


def settings() -> list[dict[str, Any]]:
    cameras: list[dict[str, Any]] = [
        {
            "id": f"cam-0{place}",
            "name": f"执法记录仪 0{place}",
            "match": {"serial": f"S{place}"},
            "unit": UNIT,
        }
        for place in range(1, 6)
    ]
    cameras[4] |= {
        "match": {"name": "DV16"},
        "link": "dv16",
        "as_disk": {"product": "8612"},
        "password": "000000",
    }
    return [
        {
            "id": "dock-1", "name": "一楼采集站", "driver": "usb_dock", "unit": UNIT, "bays": BAYS, "simulated": "usb",
            "mounts": "mounts", "poll_seconds": 0.2, "cameras": cameras,
        }
    ]  # fmt: skip


def registry() -> dict[str, Any]:
    since = "2026-01-01T00:00:00+08:00"
    return {
        "units": [{"id": UNIT, "name": "邢台市市场监督管理局"}],
        "officers": [
            {"id": f"13050{place}", "number": f"13050{place}", "name": name, "unit": UNIT}
            for place, name in enumerate(PEOPLE, 1)
        ],
        "devices": [{"id": f"cam-0{place}", "serial_no": f"S{place}"} for place in range(1, 5)],
        "allocations": [
            {"device": f"cam-0{place}", "kind": "PERSONAL", "officer": f"13050{place}", "valid_from": since}
            for place in (1, 3, 4, 5)
        ]
        + [{"device": "cam-02", "kind": "POOL", "unit": UNIT, "valid_from": since}],
    }


class Cabinet:
    """Bays are filled and emptied by hand; what the gateway makes of it shows in the pages."""

    def __init__(self, folder: Path) -> None:
        self.usb = folder / "usb"
        self.usb.mkdir(parents=True)
        port = free_port()
        self.site = Site(folder, settings(), ingest={"derive": False}, api={"port": port})
        self.url = f"http://127.0.0.1:{port}"
        self.api: warm.Process | None = None
        self.cards = folder / "cards"

    def enter_people(self) -> None:
        listed = self.site.folder / "registry.yaml"
        listed.write_text(yaml.safe_dump(registry(), allow_unicode=True))
        self.site.command("devices", "import", listed)
        for role, password in PASSWORDS.items():
            words = ("--config", self.site.config, "user", "add", role, "--role", role, "--unit", UNIT)
            done = warm.finished(*words, "--password-stdin", said=f"{password}\n")
            assert done.returncode == 0, done.stderr

    def serve(self) -> None:
        self.api = warm.Process(
            ["--config", self.site.config, "serve"], warned=self.site.folder / "serve.log"
        )
        for _ in range(400):
            try:
                httpx.get(f"{self.url}/api/v1/health")
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError((self.site.folder / "serve.log").read_text())

    def stop_serving(self) -> float:
        """Seconds it took; streams that are open must not hold it up."""
        assert self.api is not None
        began = time.monotonic()
        self.api.terminate()
        assert self.api.wait(10) == 0
        self.api = None
        return time.monotonic() - began

    def sign_out(self, name: str) -> None:
        """As when the session ran out."""
        database = Database(self.site.settings.database_url)
        with database.write() as session:
            theirs = select(User.id).where(User.name == name)
            session.execute(delete(SignIn).where(col(SignIn.user_id).in_(theirs)))
        database.close()

    @property
    def log(self) -> str:
        return (self.site.folder / "serve.log").read_text()

    def plug(self, bay: int, camera: int, files: int = 2) -> None:
        card = self.cards / f"cam-{camera}-{time.monotonic_ns()}"
        for number in range(files):
            make_video(card / "DCIM" / f"000{number}.MP4", STARTED, 1, hue=40 * number)
        twin.plug(self.usb, BAYS[str(bay)], card, name="H8", serial=f"S{camera}")

    def pull(self, bay: int) -> None:
        twin.pull(self.usb, BAYS[str(bay)])

    @contextmanager
    def failing(self, bay: int, camera: int, size: int, *faults: str) -> Iterator[Card]:
        """A card with one large file, and with what is wrong with it."""
        folder = self.cards / f"failing-{bay}"
        with mounted(folder, folder / "mount") as card:
            file = card.source / "DCIM" / "0001.MP4"
            file.parent.mkdir()
            file.write_bytes(os.urandom(1 << 20))
            os.truncate(file, size)
            make_video(card.source / "DCIM" / "0002.MP4", STARTED, 1)
            card.set(*faults)
            twin.plug(self.usb, BAYS[str(bay)], card.mount, name="H8", serial=f"S{camera}")
            yield card
            card.set()
            self.pull(bay)

    def plug_stranger(self, bay: int) -> None:
        stick = self.cards / "stick"
        stick.mkdir(parents=True, exist_ok=True)
        (stick / "holiday.jpg").write_bytes(b"private")
        twin.plug(self.usb, BAYS[str(bay)], stick, name="DataTraveler", serial="X")

    def plug_locked(self, bay: int) -> None:
        """Its password is another than the settings have."""
        told = {
            "password": "774411",
            "id_code": "HACH8",
            "battery": 80,
            "identity": ["H8-0042", "130505", "陈静", "1", "邢台"],
        }
        card = self.cards / "locked"
        card.mkdir(parents=True, exist_ok=True)
        twin.plug(self.usb, BAYS[str(bay)], card, name="DV16", recorder=told)


@contextmanager
def begun(folder: Path) -> Iterator[Cabinet]:
    cabinet = Cabinet(folder)
    with ExitStack() as ending:
        ending.enter_context(cabinet.site.running())
        cabinet.site.wait(
            "its bays", lambda s: s.get(DeviceStatus, ("dock-1", "8")) and s.get(Device, "cam-04")
        )
        cabinet.enter_people()
        cabinet.serve()
        ending.callback(lambda: cabinet.api and cabinet.stop_serving())
        yield cabinet
