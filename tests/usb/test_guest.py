"""The installed gateway on real USB: hubs, hot-plug, FAT, surprise removal, a stranger, power (`make test-usb`)."""

import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.usb.dock import CONFIG, Dock
from tests.usb.guest import Guest
from tests.usb.mtp import SD

pytestmark = pytest.mark.usb

SHORT_NAME = "执法记录".encode("gb18030")
WIDENED = f"DCIM/{'执法'.encode('gbk').decode('latin-1')}.MP4"
"""GBK that a firmware took for Latin: it reads as 执法.MP4, as another object beside it does."""
GOING_ON = "sed -n 's/.*drivers.mtp.spool.*going on at byte //p' /mnt/site/run.log"


@contextmanager
def timed(guest: Guest, what: str) -> Iterator[None]:
    """The processor's seconds as well: those are the same on a busy machine."""
    began, spent = time.monotonic(), guest.spent()
    yield
    print(f"{what}: {time.monotonic() - began:.0f} s, {guest.spent() - spent:.0f} s of processor")  # noqa: T201


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    with Guest(tmp_path_factory.mktemp("guest")) as guest:
        guest.hub("1")
        guest.hub("2")
        dock = Dock(guest)
        try:
            with timed(guest, "start"):
                dock.start()
            yield dock
        finally:
            dock.stop_board()
        (guest.out / "run.log").write_text(guest.run("cat /mnt/site/run.log; mount | grep mounts; true"))
        (guest.out / "bays").write_text(json.dumps(dock.sql("select * from devicestatus"), indent=1))


@pytest.mark.timeout(2400)
def test_a_day_at_the_dock(dock: Dock) -> None:
    """One guest, one day: each step stands on the one before."""
    for step in (
        four_cameras_at_once, the_cabinet_follows, a_stranger, torn_out_in_the_middle, scsi_commands_reach_the_disk,
        a_camera_that_speaks_mtp, a_camera_that_is_emptied, the_books_balance,
    ):  # fmt: skip
        with timed(dock.guest, step.__name__):
            step(dock)


def the_cabinet_follows(dock: Dock) -> None:
    """Lamp, badge, lock, a checkout; then the adapter is torn out and put back."""
    dock.board.put(1, 90)
    dock.until("a green lamp", lambda: dock.board.bays[0].light == 0x01)
    dock.enter_people()
    dock.board.badge("0A00000001")
    dock.until("the lock to open", lambda: not dock.board.bays[0].locked)
    dock.board.take(1)
    dock.guest.pull("1.1")
    dock.wait("select count(*) from checkout where device_id = 'own-a' and officer_id = 'zhang'", 1)
    dock.until("the lamp to go out", lambda: dock.board.bays[0].light == 0)
    assert [bay.unlocks for bay in dock.board.bays] == [1, 0, 0, 0, 0, 0, 0]
    dock.unplug_cabinet()
    dock.wait(
        "select count(*) from custodyevent where chain = 'device:cabinet-1' and event = 'DISCONNECTED'", 1
    )
    dock.plug_cabinet()
    dock.board.put(2, 90)
    dock.until("a green lamp again", lambda: dock.board.bays[1].light == 0x01)


def a_camera_that_speaks_mtp(dock: Dock) -> None:
    """Pulled, torn out in the middle, pulled on, emptied; its file system is nobody's business."""
    dock.files["mtp-1"] = files = {
        "DCIM/0001.MP4": os.urandom(8 << 20),
        "DCIM/512.MP4": os.urandom(5120 - 12),  # its last packet is full
        "DCIM/a/b/c/deep.MP4": os.urandom(100),
        "DCIM/执法 2.MP4": os.urandom(100_000),
        "DCIM/执法.MP4": os.urandom(100_000),
        WIDENED: os.urandom(100_001),
    }
    dock.mtp.record(files)
    files["DCIM/执法~2.MP4"] = files.pop(WIDENED)  # the same dict that the books are compared with
    dock.mtp.plug(0x1000)
    dock.mtp.hang_within(5 << 20, 7 << 20)
    of_long = "from work where item_id in (select original_id from finding where device_id = 'mtp-1' and size > 8000000)"
    dock.wait(f"select max(done_bytes) {of_long}", 1 << 20)
    dock.mtp.pull()
    dock.wait(f"select count(*) {of_long} and waiting is not null and waiting != 'null'", 1)
    dock.mtp.plug(0x10000)
    dock.preserved(19)
    assert int(dock.guest.run(GOING_ON)) >= 1 << 20, "what had come was not asked for again"
    dock.guest.wait(f'test -z "$(find {SD} -type f)"')
    assert dock.guest.run("ls -A /mnt/site/var/mtp").split() == []
    assert "/mnt/site/mounts/7" not in dock.guest.run("cat /proc/self/mounts"), "nothing is mounted for it"


def a_camera_that_is_emptied(dock: Dock) -> None:
    """Files go one by one, the card is read-only again afterwards, folders and what is no footage stay."""
    files = {"DCIM/0001.MP4": os.urandom(200_000), "DCIM/0002.MP4": os.urandom(200_000)}
    image = dock.card("ERASE-1", {**files, "System Volume Information/IndexerVolumeGuid": b"x"})
    dock.files["cam-ERASE-1"] = files
    dock.guest.pull("2.3")
    dock.guest.plug("2.3", image, "ERASE-1")
    dock.wait("select count(*) from finding where device_id = 'cam-ERASE-1' and release = 'DONE'", 2)
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
    assert "QEMU" in dock.guest.python(code)


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
    dock.wait("select count(*) from custodyevent where event = 'STRANGER_REFUSED'", 1)
    assert dock.guest.run("ls /mnt/site/mounts").split() == ["1", "2", "3", "4"], "never mounted"
    dock.guest.pull("2.3")


def torn_out_in_the_middle(dock: Dock) -> None:
    """A slow card, pulled half-way, put into another bay: resumed, one clip, no attempt spent."""
    image = dock.card("BWC-E", {"DCIM/0001.MP4": os.urandom(9 << 20)})
    dock.guest.plug("1.4", image, "BWC-E", bytes_per_s=250_000)  # its middle is not missed on a busy machine
    dock.wait("select max(done_bytes) from work where pipeline = 'preserve'", 2 << 20)
    dock.guest.pull("1.4")
    dock.wait("select count(*) from work where waiting is not null and waiting != 'null'", 1)
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


def kept(receipt: dict[str, Any]) -> set[tuple[str, int, str]]:
    """(name, size, digest) of all that came whole; names as FAT has them."""
    lines = [line for line in receipt["files"] if line["stored"]]
    return {(Path(line["name"]).name.upper(), line["size"], line["sha256"]) for line in lines}


def the_books_balance(dock: Dock) -> None:
    """Cards pulled, receipts sealed, digests equal on both sides, the chain whole."""
    dock.mtp.pull()
    for port in ("1.2", "2.1", "2.2"):
        dock.guest.pull(port)
    dock.wait("select count(distinct offload_id) from receipt", 9)
    receipts = {
        offload: json.loads(body)
        for offload, body in dock.sql("select offload_id, body from receipt order by revision")
    }
    for device, files in dock.files.items():
        listings = [kept(body) for body in receipts.values() if body["device"] == device]
        if device == "mtp-1":  # what it had given before it was torn out is erased, and listed no second time
            listings = [set().union(*listings)]
        card = {
            (Path(name).name.upper(), len(told), hashlib.sha256(told).hexdigest())
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
    dock.guest.gateway("--config", CONFIG, "verify")
