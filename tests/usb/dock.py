"""The gateway inside the guest, with a dock, a cabinet and cameras."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers.simulators.cabinet import DockBusTwin
from drivers.simulators.serial_line import Wire
from tests.usb.guest import PATIENCE_S, Guest, fat_card
from tests.usb.lines import GuestFailed
from tests.usb.mtp import MtpCamera

CONFIG = "/mnt/site/devices.yaml"
DATABASE = "/mnt/site/var/gateway.sqlite"
SITE: dict[str, Any] = {
    "store": {"reserve_mb": 1},
    "ingest": {"derive": False, "copies": 1},
    "devices": [
        {
            "id": "dock-1", "driver": "usb_dock", "mounts": "mounts",
            "bays": {"1": "1-1.1", "2": "1-1.2", "3": "1-2.1", "4": "1-2.2", "5": "1-2.3", "6": "1-1.4"},
            "cameras": [
                {
                    "id": "own-a",
                    "match": {"vendor": "46f4", "serial": "BWC-A", "interfaces": ["08"], "inquiry": "QEMU QEMU HARDDISK"},
                },
                {"id": "cam-{serial}", "match": {"vendor": "46f4", "serial": "BWC-[B-Z]"}},
                {
                    "id": "cam-{serial}", "match": {"vendor": "46f4", "serial": "ERASE-*"},
                    "release": "erase", "erase_without_second_copy": True,
                },
                {
                    "id": "mtp-1", "match": {"vendor": "1d6b", "name": "MTP camera", "interfaces": ["06"]},
                    "release": "erase", "erase_without_second_copy": True,
                },
            ],
        }
    ],
}  # fmt: skip
OWN = {"BWC-A": "own-a"}
"""A camera with an id of its own, known before it comes: it can be allocated."""


class Dock:
    """The gateway inside a guest, with the cards and the cabinet's board that lie outside."""

    line: socket.socket
    board: DockBusTwin
    mtp: MtpCamera
    plugged = False

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.files: dict[str, dict[str, bytes]] = {}

    def card(self, serial: str, files: dict[str, bytes], size_mb: int = 40) -> Path:
        path = self.guest.folder / f"{serial}.img"
        fat_card(path, size_mb, list(files.items()))
        self.files[OWN.get(serial, f"cam-{serial}")] = files
        return path

    def start(self) -> None:
        self.plug_cabinet()
        self.mtp = MtpCamera(self.guest)
        line = self.guest.wait("ls /dev/serial/by-path/*-port0").split()[0]
        board = {"kind": "dockbus", "port": line, "baud": 19200, "parity": "E"}
        cabinet = {
            "id": "cabinet-1",
            "driver": "serial_dock",
            "dock": "dock-1",
            "board": board,
            "poll_seconds": 3,
        }
        [dock] = SITE["devices"]
        dock = {**dock, "bays": {**dock["bays"], "7": self.mtp.port}}
        (self.guest.out / "devices.yaml").write_text(json.dumps({**SITE, "devices": [dock, cabinet]}))
        self.guest.run(f"cp /mnt/out/devices.yaml {CONFIG}")
        self.guest.gateway("--config", CONFIG, "run", log="/mnt/site/run.log")
        self.wait("select count(*) from devicestatus where device_id = 'dock-1' and bay = '1'", 1)

    def enter_people(self) -> None:
        officer = {"id": "zhang", "name": "张伟", "unit": "u", "badge": "0A00000001"}
        mine = {"device": "own-a", "officer": "zhang", "valid_from": "2020-01-01T00:00:00+08:00"}
        people = {"units": [{"id": "u", "name": "执法一科"}], "officers": [officer], "allocations": [mine]}
        (self.guest.out / "people.json").write_text(json.dumps(people))
        self.guest.gateway("--config", CONFIG, "devices", "import", "/mnt/out/people.json")

    def plug_cabinet(self) -> None:
        """A board on the host, a real FTDI adapter in the guest, a by-path name."""
        path = self.guest.folder / "cabinet"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            self.guest.plug_serial("3", path)
            self.line, _ = listener.accept()
        self.board = DockBusTwin(Wire(self.line.fileno()), 7)
        self.board.start()
        self.plugged = True

    def unplug_cabinet(self) -> None:
        self.guest.pull_serial("3")
        self.stop_board()

    def stop_board(self) -> None:
        """Its thread before its line: one left reading ends the whole run with a closed handle."""
        if self.plugged:
            self.board.stop()
            self.line.close()
            self.plugged = False

    def until(self, what: str, holds: Callable[[], object]) -> None:
        """Until the board shows it."""
        deadline = self.guest.clock() + PATIENCE_S
        while not holds():
            assert self.guest.clock() < deadline, f"{what}: {self.board.bays}"
            time.sleep(0.1)

    def sql(self, query: str) -> list[Any]:
        return self.guest.sql(DATABASE, query)

    def wait(self, query: str, value: int) -> None:
        """Until a number in the database is that high."""
        deadline = self.guest.clock() + PATIENCE_S
        while True:
            try:
                told: object = self.sql(query)[0][0]
            except GuestFailed as no:  # there is no database yet
                told = no
            if isinstance(told, int) and told >= value:
                return
            if self.guest.clock() > deadline:
                log = self.guest.run("tail -n 20 /run/warm.log /mnt/site/run.log; dmesg | tail -n 20")
                work = self.sql("select * from work order by item_id desc limit 5")
                raise AssertionError(f"{query}: {told}, not {value} within {PATIENCE_S} s\n{log}\n{work}")
            time.sleep(0.5)

    def preserved(self, count: int) -> None:
        self.wait("select count(*) from original where state = 'PRESERVED'", count)
