"""The installed gateway on real USB: hubs, hot-plug, FAT, surprise removal, a stranger, power (`make test-usb`)."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.simulators.cabinet import DockBusTwin
from drivers.simulators.serial_line import Wire
from tests.usb.guest import Guest, fat_card

pytestmark = pytest.mark.usb

PROJECT = Path(__file__).parents[2]
GATEWAY = Path(sys.executable).with_name("gateway")
SHORT_NAME = "执法记录".encode("gb18030")
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
                    "id": "mtp-1", "match": {"name": "QEMU filesharing"},
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
        line = self.guest.wait("ls /dev/serial/by-path/*-port0", 30).split()[0]
        board = {"kind": "dockbus", "port": line, "baud": 19200, "parity": "E"}
        cabinet = {
            "id": "cabinet-1",
            "driver": "serial_dock",
            "dock": "dock-1",
            "board": board,
            "poll_seconds": 3,
        }
        told = {**SITE, "devices": [*SITE["devices"], cabinet]}
        (self.guest.out / "devices.yaml").write_text(json.dumps(told))
        self.guest.run("cp /mnt/out/devices.yaml /mnt/site/")
        command = f"{GATEWAY} --config /mnt/site/devices.yaml run"
        self.guest.run(f"PYTHONPATH={PROJECT} setsid {command} >/mnt/site/run.log 2>&1 &")
        self.wait("select count(*) from devicestatus where device_id = 'dock-1' and bay = '1'", 1, 150)
        self.enter_people()

    def enter_people(self) -> None:
        """Beside all else: the command takes the guest a minute."""
        officer = {"id": "zhang", "name": "张伟", "unit": "u", "badge": "0A00000001"}
        mine = {"device": "own-a", "officer": "zhang", "valid_from": "2020-01-01T00:00:00+08:00"}
        people = {"units": [{"id": "u", "name": "执法一科"}], "officers": [officer], "allocations": [mine]}
        (self.guest.out / "people.json").write_text(json.dumps(people))
        command = f"{GATEWAY} --config /mnt/site/devices.yaml devices import /mnt/out/people.json"
        self.guest.run(
            f"(PYTHONPATH={PROJECT} {command} && touch /mnt/site/imported) >/mnt/site/import.log 2>&1 &"
        )

    def plug_cabinet(self) -> None:
        """A board on the host, a real FTDI adapter in the guest, a by-path name."""
        path = self.guest.folder / "cabinet"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            self.guest.plug_serial("3", path)
            self.line, _ = listener.accept()
        self.board = DockBusTwin(Wire(self.line.fileno()), 6)
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

    def until(self, what: str, holds: Callable[[], object], timeout: float = 40) -> None:
        """Until the board shows it."""
        deadline = time.monotonic() + timeout
        while not holds():
            assert time.monotonic() < deadline, f"{what}: {self.board.bays}"
            time.sleep(0.1)

    def sql(self, query: str) -> list[Any]:
        code = f"import json,sqlite3; c=sqlite3.connect('/mnt/site/var/gateway.sqlite',timeout=20); print(json.dumps(c.execute({query!r}).fetchall(), default=str))"
        read: list[Any] = json.loads(self.guest.run(f"python3 -SE -c {json.dumps(code)}"))
        return read

    def wait(self, query: str, value: int, timeout: float) -> None:
        code = (
            "import sqlite3,sys; c=sqlite3.connect('file:/mnt/site/var/gateway.sqlite?mode=ro',uri=True,timeout=20);"
            f"n=c.execute({query!r}).fetchone()[0]; print(n); sys.exit(n < {value})"
        )
        self.guest.wait(
            f"python3 -SE -c {json.dumps(code)}; e=$?; tail -3 /mnt/site/run.log; exit $e", timeout
        )

    def preserved(self, count: int, timeout: float = 150) -> None:
        self.wait("select count(*) from original where state = 'PRESERVED'", count, timeout)


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    with Guest(tmp_path_factory.mktemp("guest")) as guest:
        guest.hub("1")
        guest.hub("2")
        dock = Dock(guest)
        try:
            dock.start()
            yield dock
        finally:
            dock.stop_board()
        (guest.out / "run.log").write_text(guest.run("cat /mnt/site/run.log; mount | grep mounts; true"))
        (guest.out / "bays").write_text(json.dumps(dock.sql("select * from devicestatus"), indent=1))


@pytest.mark.timeout(560)
def test_a_day_at_the_dock(dock: Dock) -> None:
    """One guest, one day: each step stands on the one before."""
    for step in (
        four_cameras_at_once, the_cabinet_follows, a_stranger, torn_out_in_the_middle, scsi_commands_reach_the_disk,
        a_camera_that_speaks_mtp, a_camera_that_is_emptied, the_books_balance,
    ):  # fmt: skip
        began = time.monotonic()
        step(dock)
        print(f"{step.__name__}: {time.monotonic() - began:.0f} s")  # noqa: T201


def the_cabinet_follows(dock: Dock) -> None:
    """Lamp, badge, lock, a checkout; then the adapter is torn out and put back."""
    dock.board.put(1, 90)
    dock.until("a green lamp", lambda: dock.board.bays[0].light == 0x01)
    dock.guest.wait("cat /mnt/site/import.log; test -e /mnt/site/imported", 100)
    dock.board.badge("0A00000001")
    dock.until("the lock to open", lambda: not dock.board.bays[0].locked)
    dock.board.take(1)
    dock.guest.pull("1.1")
    dock.wait("select count(*) from checkout where device_id = 'own-a' and officer_id = 'zhang'", 1, 40)
    dock.until("the lamp to go out", lambda: dock.board.bays[0].light == 0)
    assert [bay.unlocks for bay in dock.board.bays] == [1, 0, 0, 0, 0, 0]
    dock.unplug_cabinet()
    dock.wait(
        "select count(*) from custodyevent where chain = 'device:cabinet-1' and event = 'DISCONNECTED'", 1, 40
    )
    dock.plug_cabinet()
    dock.board.put(2, 90)
    dock.until("a green lamp again", lambda: dock.board.bays[1].light == 0x01)


def a_camera_that_speaks_mtp(dock: Dock) -> None:
    """Pulled, torn out in the middle, pulled on, emptied; its file system is nobody's business."""
    folder = dock.guest.folder / "mtp"
    files = {
        "DCIM/0001.MP4": os.urandom(16 << 20),
        "DCIM/512.MP4": os.urandom(5120 - 12),  # its last packet is full
        "DCIM/a/b/c/deep.MP4": os.urandom(100),
        "DCIM/执法 2.MP4": os.urandom(100_000),  # two objects of one name: QEMU calls both "Oops"
        "DCIM/执法 3.MP4": os.urandom(100_000),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    dock.files["mtp-1"] = files
    dock.guest.plug_mtp("1.4", folder)
    of_mtp = "from work where item_id in (select original_id from finding where device_id = 'mtp-1')"
    dock.wait(f"select max(done_bytes) {of_mtp}", 2 << 20, 60)
    dock.guest.pull("1.4")
    dock.wait(f"select count(*) {of_mtp} and waiting is not null and waiting != 'null'", 1, 40)
    dock.guest.plug_mtp("1.4", folder)
    dock.preserved(18)
    dock.until("the camera to be empty", lambda: not any(one.is_file() for one in folder.rglob("*")), 100)
    assert dock.guest.run("ls -A /mnt/site/var/mtp").split() == []
    assert "/mnt/site/mounts/6" not in dock.guest.run("cat /proc/self/mounts"), "nothing is mounted for it"


def a_camera_that_is_emptied(dock: Dock) -> None:
    """Files go one by one, the card is read-only again afterwards, folders and what is no footage stay."""
    files = {"DCIM/0001.MP4": os.urandom(200_000), "DCIM/0002.MP4": os.urandom(200_000)}
    image = dock.card("ERASE-1", {**files, "System Volume Information/IndexerVolumeGuid": b"x"})
    dock.files["cam-ERASE-1"] = files
    dock.guest.pull("2.3")
    dock.guest.plug("2.3", image, "ERASE-1")
    dock.wait("select count(*) from finding where device_id = 'cam-ERASE-1' and release = 'DONE'", 2, 60)
    dock.guest.run("mount | grep '/mnt/site/mounts/5 .*(ro,nosuid,nodev,noexec'")
    dock.guest.pull("2.3")
    listing = subprocess.run(
        ["mdir", "-/", "-b", "-i", image, "::"], capture_output=True, text=True, check=True
    ).stdout
    assert ".MP4" not in listing
    assert "IndexerVolumeGuid" in listing


def scsi_commands_reach_the_disk(dock: Dock) -> None:
    """The way a DV16 recorder is unlocked, with a command that every disk knows (INQUIRY)."""
    code = (
        "from drivers.usb_bus import SystemBus; bus = SystemBus(); device = bus.plugged()['1-1.2'];"
        "print(bus.scsi(device).read(bytes((0x12, 0, 0, 0, 36, 0)), 36, 2.0)[8:16])"
    )
    said = dock.guest.run(f"cd {PROJECT} && PYTHONPATH={PROJECT} {sys.executable} -c {json.dumps(code)}", 120)
    assert "QEMU" in said


def four_cameras_at_once(dock: Dock) -> None:
    """On two hubs, with Chinese long names, a short name in GBK, and a hidden system file."""
    places = {"1.1": "BWC-A", "1.2": "BWC-B", "2.1": "BWC-C", "2.2": "BWC-D"}
    for number, serial in enumerate(places.values()):
        files = {
            "DCIM/100MEDIA/0001.MP4": os.urandom(300_000 + number),
            f"DCIM/执法记录 {serial}.MP4": os.urandom(200_000),
            "GBKNAME1.MP4": os.urandom(100_000),
        }
        image = dock.card(serial, files)
        raw = image.read_bytes()
        assert raw.count(b"GBKNAME1MP4") == 1
        image.write_bytes(raw.replace(b"GBKNAME1MP4", SHORT_NAME + b"MP4"))
        files["执法记录.MP4"] = files.pop("GBKNAME1.MP4")  # the same dict that the books are compared with
    for port, serial in places.items():
        dock.guest.plug(port, dock.guest.folder / f"{serial}.img", serial)
    dock.preserved(12)
    names = {row[0] for row in dock.sql("select name from original")}
    assert "执法记录.MP4" in {name.upper() for name in names}, names
    assert "DCIM/执法记录 BWC-A.MP4" in names
    bays = dict(dock.sql("select device_id, bay from offload"))
    assert bays == {"own-a": "1", "cam-BWC-B": "2", "cam-BWC-C": "3", "cam-BWC-D": "4"}


def a_stranger(dock: Dock) -> None:
    image = dock.card("STICK", {"holiday.mp4": os.urandom(1000)})
    del dock.files["cam-STICK"]
    dock.guest.plug("2.3", image, "STICK-1")
    dock.wait("select count(*) from custodyevent where event = 'STRANGER_REFUSED'", 1, 30)
    assert dock.guest.run("ls /mnt/site/mounts").split() == ["1", "2", "3", "4"], "never mounted"
    dock.guest.pull("2.3")


def torn_out_in_the_middle(dock: Dock) -> None:
    """A slow card, pulled half-way, put into another bay: resumed, one clip, no attempt spent."""
    image = dock.card("BWC-E", {"DCIM/0001.MP4": os.urandom(14 << 20)})
    dock.guest.plug("1.4", image, "BWC-E", bytes_per_s=1_500_000)
    dock.wait("select max(done_bytes) from work where pipeline = 'preserve'", 3 << 20, 60)
    dock.guest.pull("1.4")
    dock.wait("select count(*) from work where waiting is not null and waiting != 'null'", 1, 30)
    [[bay, why]] = dock.sql(
        "select o.bay, w.waiting from work w join finding f on f.original_id = w.item_id join offload o on o.id = f.offload_id where w.waiting is not null and w.waiting != 'null'"
    )
    assert bay == "6"
    assert json.loads(why)["code"] in {"wait.source_gone", "wait.source_unreadable"}
    dock.guest.plug("2.3", image, "BWC-E")
    dock.preserved(13)
    assert "going on at byte" in dock.guest.run("cat /mnt/site/run.log")
    assert dock.sql("select count(*) from original where device_id = 'cam-BWC-E'") == [[1]]
    assert dock.sql("select max(failures) from work") == [[0]]


def the_books_balance(dock: Dock) -> None:
    """Cards pulled, receipts sealed, digests equal on both sides, the chain whole."""
    for port in ("1.2", "2.1", "2.2", "1.4"):
        dock.guest.pull(port)
    dock.wait("select count(distinct offload_id) from receipt", 9, 40)
    receipts = {
        offload: json.loads(body)
        for offload, body in dock.sql("select offload_id, body from receipt order by revision")
    }
    whole = [
        body
        for body in receipts.values()
        if body["listed"]["files"] == body["stored"]["files"] + body["not_kept"]
    ]
    for device, files in dock.files.items():
        named = device != "mtp-1"  # QEMU's MTP calls every name beyond ASCII "Oops"
        listings = [
            {
                (named and Path(line["name"]).name.upper(), line["size"], line["sha256"])
                for line in body["files"]
                if line["stored"]
            }
            for body in whole
            if body["device"] == device
        ]
        card = {
            (named and Path(name).name.upper(), len(told), hashlib.sha256(told).hexdigest())
            for name, told in files.items()
        }
        assert card in listings, (device, "a receipt lists just what lay on the card, name by name")
    stored = {row[0] for row in dock.sql("select sha256 from original")}
    wanted = {
        hashlib.sha256(content).hexdigest() for files in dock.files.values() for content in files.values()
    }
    assert stored == wanted
    told = dock.guest.run(
        "cd /mnt/site/var/store/originals && find . -type f ! -name '*.json' -exec sha256sum {} +"
    )
    assert {line.split()[0] for line in told.splitlines()} == wanted
    dock.guest.run(f"PYTHONPATH={PROJECT} {GATEWAY} --config /mnt/site/devices.yaml verify", 150)
