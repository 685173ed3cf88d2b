"""One contract for all drivers, each against its twin, run by the real supervisor.

Connected; what the twin produces is reported; its loss is told once, however long it lasts; it comes back by
itself; an unknown order is refused; a release twice is harmless; the end comes within two seconds.
"""

import hashlib
import io
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.axis_body_worn import AxisBodyWorn
from drivers.drop_folder import DropFolder
from drivers.ftp_receiver import FtpReceiver
from drivers.nvr_export import NvrExport
from drivers.serial_dock import SerialDock
from drivers.simulators import dock as usb_twin
from drivers.simulators.axis import Controller
from drivers.simulators.broker import Broker
from drivers.simulators.cabinet import DockBusTwin, LockBoardTwin
from drivers.simulators.mqtt_camera import Camera
from drivers.simulators.rooms import Room
from drivers.simulators.serial_line import Wire, pty_pair
from drivers.usb_dock import UsbDock
from drivers.volume import Volume
from gateway import orders, supervisor
from gateway.config.devices import DropFolderSettings, SerialDockSettings, UsbDockSettings, VolumeSettings
from gateway.device import (
    BayRead,
    Connected,
    DeviceEvent,
    Disconnected,
    Driver,
    FileFound,
    FoundFile,
    MediaKind,
    Order,
    Release,
    Unavailable,
)
from gateway.supervisor import Supervisor
from tests.integration.ftp_site import client as ftp_client
from tests.integration.ftp_site import settings_for as ftp_settings
from tests.integration.mqtt_site import driver_for as mqtt_driver
from tests.integration.test_axis import settings_for as axis_settings
from tests.integration.test_drivers import Recorder
from tests.integration.test_nvr import Line
from tests.integration.test_nvr import settings_for as nvr_settings
from tests.integration.test_room import driver_for as room_driver

CONTENT = os.urandom(300_000)
ERASE = {"release": "erase", "erase_without_second_copy": True}


@dataclass
class Rig:
    """A driver and the hands that its twin needs. `device` is what is lost and comes back."""

    driver: Driver
    device: str
    produce: Callable[[], object]
    produced: Callable[[DeviceEvent], bool]
    lose: Callable[[], object]
    restore: Callable[[], object]
    clear: list[Callable[[], object]] = field(default_factory=list)
    erased_here: bool = True
    """False where the device itself deletes what it was told that it may."""
    leaves_copy: bool = False
    """What lies in the spool stays there for the store to take."""
    says_so_itself: bool = False
    """Taking a card out is no loss of a device: the driver tells of it, and goes on."""


def is_file(event: DeviceEvent) -> bool:
    return isinstance(event, FileFound) and event.found.size == len(CONTENT)


def away(path: Path) -> Path:
    return path.with_name(f"{path.name}.away")


def volume(tmp: Path) -> Rig:
    card = tmp / "card"
    card.mkdir()
    told = {"id": "cam", "driver": "volume", "path": card, "poll_seconds": 0.1, **ERASE}
    return Rig(
        Volume(VolumeSettings.model_validate(told)), "cam",
        produce=lambda: (card / "0001.MP4").write_bytes(CONTENT), produced=is_file,
        lose=lambda: card.rename(away(card)), restore=lambda: away(card).rename(card), says_so_itself=True,
    )  # fmt: skip


def drop_folder(tmp: Path) -> Rig:
    folder = tmp / "drop"
    folder.mkdir()
    told = {"id": "drop", "driver": "drop_folder", "path": folder, "scan_seconds": 0.3, **ERASE}
    return Rig(
        DropFolder(DropFolderSettings.model_validate(told)), "drop",
        produce=lambda: (folder / "0001.MP4").write_bytes(CONTENT), produced=is_file,
        lose=lambda: folder.rename(away(folder)), restore=lambda: away(folder).rename(folder),
    )  # fmt: skip


def usb_dock(
    tmp: Path,
    link: dict[str, object] | None = None,
    recorder: dict[str, object] | None = None,
    interface: str = "08",
) -> Rig:
    usb, card = tmp / "usb", tmp / "card"
    usb.mkdir()
    card.mkdir()
    camera = {"id": "cam", "match": {"name": "H8"}, **(link or {}), **ERASE}
    told = {
        "id": "dock", "driver": "usb_dock", "bays": {"1": "1-1.1"}, "mounts": tmp / "mounts", "spool": tmp / "mtp",
        "simulated": usb,
        "poll_seconds": 0.1, "cameras": [camera],
    }  # fmt: skip

    def produce() -> None:
        (card / "0001.MP4").write_bytes(CONTENT)
        usb_twin.plug(usb, "1-1.1", card, name="H8", serial="S1", recorder=recorder, interfaces=(interface,))

    def restore() -> None:
        away(usb).rename(usb)
        if recorder:  # one that was unlocked before is a stranger until it is plugged in again
            produce()

    return Rig(
        UsbDock(UsbDockSettings.model_validate(told)), "dock", produce=produce, produced=is_file,
        lose=lambda: usb.rename(away(usb)), restore=restore,
    )  # fmt: skip


def mtp_camera(tmp: Path) -> Rig:
    return replace(usb_dock(tmp, interface="06"), leaves_copy=True)


def locked_recorder(speaks: str) -> Callable[[Path], Rig]:
    """One that has to be asked for its card first."""
    link = {"link": speaks, "as_disk": {"product": "8612"}, "password": "774411"}
    state = {
        "speaks": speaks, "password": "774411", "id_code": "HACH8", "battery": 80,
        "identity": ["H8-0042", "130501", "张伟", "130500", "邢台市市场监督管理局"],
    }  # fmt: skip
    return lambda tmp: usb_dock(tmp, link, state)


def serial_dock(tmp: Path) -> Rig:
    del tmp
    handle, port = pty_pair()
    board = DockBusTwin(Wire(handle), 4)
    board.start()
    told = {
        "id": "cabinet", "driver": "serial_dock", "board": {"kind": "dockbus", "port": port}, "poll_seconds": 0.05,
    }  # fmt: skip

    def turn(*, deaf: bool) -> None:
        board.wire.deaf = deaf

    return Rig(
        SerialDock(SerialDockSettings.model_validate(told)), "cabinet",
        produce=lambda: board.put(2, 77),
        produced=lambda event: isinstance(event, BayRead) and event.battery == 77,
        lose=lambda: turn(deaf=True), restore=lambda: turn(deaf=False),
        clear=[board.stop, lambda: os.close(handle)],
    )  # fmt: skip


def lock_board(tmp: Path) -> Rig:
    del tmp
    handle, port = pty_pair()
    board = LockBoardTwin(Wire(handle), 24)
    board.start()
    told = {
        "id": "cabinet", "driver": "serial_dock", "board": {"kind": "lock8a", "port": port}, "poll_seconds": 0.05,
    }  # fmt: skip

    def turn(*, deaf: bool) -> None:
        board.wire.deaf = deaf

    return Rig(
        SerialDock(SerialDockSettings.model_validate(told)), "cabinet",
        produce=lambda: board.open(3),
        produced=lambda event: isinstance(event, BayRead) and event.bay == "3" and event.locked is False,
        lose=lambda: turn(deaf=True), restore=lambda: turn(deaf=False),
        clear=[board.stop, lambda: os.close(handle)],
    )  # fmt: skip


def mqtt_camera(tmp: Path) -> Rig:
    broker = Broker(tmp / "broker", "bwc-1")
    broker.start()
    driver = mqtt_driver(broker, tmp)
    camera = Camera("bwc-1", ("127.0.0.1", broker.port), broker.pki)
    camera.record("0001.MP4", CONTENT)
    return Rig(
        driver, "net", produce=camera.start, produced=is_file, lose=broker.kill, restore=broker.start,
        clear=[camera.stop, broker.stop], erased_here=False, leaves_copy=True,
    )  # fmt: skip


def axis_body_worn(tmp: Path) -> Rig:
    settings = axis_settings(tmp)
    twin = Controller(settings.url, settings.user, settings.api_key.get_secret_value())

    def bring() -> None:
        twin.recording("B8A44F0001", datetime(2026, 8, 4, tzinfo=UTC), {"a.mkv": CONTENT})

    def again(event: DeviceEvent) -> bool:
        """What was taken in is not reported twice; its camera is still here to be let go of."""
        return isinstance(event, Connected) and event.device_id == "B8A44F0001"

    bringing = threading.Thread(target=bring)
    return Rig(
        AxisBodyWorn(settings), "axis", produce=bringing.start, produced=again,
        lose=lambda: settings.spool.rename(away(settings.spool)),
        restore=lambda: away(settings.spool).rename(settings.spool), clear=[bringing.join], erased_here=False,
    )  # fmt: skip


def rtsp_recorder(tmp: Path) -> Rig:
    room = Room()
    return Rig(
        room_driver(room, tmp), "room-1", produce=room.start, produced=lambda event: isinstance(event, FileFound), lose=room.kill, restore=room.start,
        clear=[room.kill],
    )  # fmt: skip


def ftp_receiver(tmp: Path) -> Rig:
    settings = ftp_settings(tmp)

    def upload() -> None:
        for _ in range(100):
            with suppress(OSError), ftp_client(settings) as line:
                line.storbinary("STOR a.ts", io.BytesIO(CONTENT))
                return
            time.sleep(0.1)

    uploading = threading.Thread(target=upload)
    return Rig(
        FtpReceiver(settings), "ftp", produce=uploading.start, produced=is_file,
        lose=lambda: settings.spool.rename(away(settings.spool)),
        restore=lambda: away(settings.spool).rename(settings.spool), clear=[uploading.join],
    )  # fmt: skip


def recorder_of(dialect: str) -> Callable[[Path], Rig]:
    def nvr_export(tmp: Path) -> Rig:
        line = Line(dialect)
        line.shoot(CONTENT)
        return Rig(
            NvrExport(nvr_settings(line, tmp, poll_seconds=0.1)), "nvr", produce=line.up,
            produced=is_file, lose=line.down, restore=line.up, clear=[line.down],
        )  # fmt: skip

    return nvr_export


RIGS: dict[str, Callable[[Path], Rig]] = {
    "volume": volume, "drop_folder": drop_folder, "usb_dock": usb_dock,
    "usb_dock mtp": mtp_camera, "usb_dock dv16": locked_recorder("dv16"),
    "usb_dock e12": locked_recorder("e12"), "serial_dock dockbus": serial_dock, "serial_dock lock8a": lock_board,
    "mqtt_camera": mqtt_camera, "axis_body_worn": axis_body_worn, "rtsp_recorder": rtsp_recorder,
    "ftp_receiver": ftp_receiver, "nvr_export hik": recorder_of("hik_isapi"), "nvr_export dahua": recorder_of("dahua_cgi"),
}  # fmt: skip


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = RIGS[request.param](tmp_path)
    yield made
    for step in made.clear:
        step()


def test_contract(rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_WAIT_S", 0.1)
    caplog.set_level(logging.INFO, logger=supervisor.__name__)
    seen, stop = Recorder(), threading.Event()
    keeper = Supervisor(rig.device, rig.driver, seen, stop)
    keeper.wait_s = 0.1

    rig.produce()
    keeper.start()
    seen.wait(lambda seen: any(map(rig.produced, seen.events)))
    assert of(seen, Connected, rig.device)
    assert of(seen, Connected, rig.device)[0] is next(
        event for event in seen.events if getattr(event, "device_id", "") == rig.device
    ), "Connected comes first"
    assert (
        keeper.perform(Order(id="o", kind="levitate", arguments={})).detail["reason"]["code"]
        == "order.unknown"
    )  # type: ignore[index]

    known = orders.CARRIED_OUT_BY.get(rig.driver.settings.driver, frozenset())  # type: ignore[attr-defined]
    for kind in frozenset().union(*orders.CARRIED_OUT_BY.values()) - known:
        told = keeper.perform(Order(id="o", kind=kind, arguments={}, device_id=rig.device))
        assert told.detail["reason"]["code"] == "order.unknown", f"the API refuses {kind}"  # type: ignore[index]

    rig.lose()
    seen.wait(lambda seen: of(seen, Disconnected, rig.device))
    time.sleep(1.0)
    assert len(of(seen, Disconnected, rig.device)) == 1
    assert sum("is not available" in line for line in caplog.messages) == (not rig.says_so_itself)
    assert bool(of(seen, Unavailable, rig.device)) is not rig.says_so_itself, "and people are told why"

    rig.restore()
    seen.wait(lambda seen: len(of(seen, Connected, rig.device)) == 2)
    lost = seen.events.index(of(seen, Disconnected, rig.device)[0])
    seen.wait(lambda seen: any(map(rig.produced, seen.events[lost:])))
    assert len(of(seen, Disconnected, rig.device)) == 1

    found = [event.found for event in seen.events if isinstance(event, FileFound)]
    if files := [one for one in found if isinstance(one.kind, MediaKind)]:
        check_release(rig, keeper, files[-1])
    assert bool(files) is not isinstance(rig.driver, SerialDock), "every other driver brings files"

    began = time.monotonic()
    stop.set()
    keeper.join(3)
    assert time.monotonic() - began < 2
    assert not keeper.thread.is_alive()


def of(seen: Recorder, kind: type, device: str) -> list[DeviceEvent]:
    return [event for event in seen.of(kind) if getattr(event, "device_id", None) == device]


def check_release(rig: Rig, keeper: Supervisor, found: FoundFile) -> None:
    if not found.local.exists():
        keeper.pull(found, lambda _: None)
    content = found.local.read_bytes()
    wrong, _ = keeper.release(found, "0" * 64)
    assert wrong is Release.KEPT
    assert found.local.read_bytes() == content
    ends = [keeper.release(found, hashlib.sha256(content).hexdigest())[0] for _ in range(2)]
    assert ends == ([Release.DONE, Release.GONE] if rig.erased_here else [Release.TOLD, Release.TOLD])
    assert found.local.exists() is rig.leaves_copy
