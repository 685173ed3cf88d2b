"""The end comes within two seconds, also while a driver waits for something that does not come."""

import gc
import http.client
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pytest

from drivers.axis_body_worn import AxisBodyWorn
from drivers.drop_folder import DropFolder
from drivers.ftp_receiver import FtpReceiver
from drivers.nvr_export import NvrExport
from drivers.simulators.axis import Controller
from drivers.simulators.broker import Broker
from drivers.simulators.cabinet import Cabinet, DockBusTwin, LockBoardTwin
from drivers.simulators.faulty_card import mounted
from drivers.simulators.rooms import Room
from drivers.simulators.serial_line import Wire, pty_pair
from drivers.volume import Volume
from gateway.config.devices import DropFolderSettings, VolumeSettings
from gateway.device import Connected, Driver, Order
from gateway.supervisor import Supervisor
from tests.integration.ftp_site import client as ftp_client
from tests.integration.ftp_site import settings_for as ftp_settings
from tests.integration.mqtt_site import driver_for as mqtt_driver
from tests.integration.test_axis import settings_for as axis_settings
from tests.integration.test_drivers import Recorder
from tests.integration.test_nvr import Line
from tests.integration.test_nvr import settings_for as nvr_settings
from tests.integration.test_recorders import ANDROID
from tests.integration.test_room import driver_for as room_driver
from tests.integration.test_serial_dock import cabinet
from tests.integration.test_usb_dock import Town

Later = ExitStack


@dataclass
class Held:
    """A driver, and how its twin is made to hold it in the middle of its work."""

    driver: Driver
    hold: Callable[[Supervisor, Recorder], object]


@pytest.fixture
def later() -> Iterator[Later]:
    with ExitStack() as steps:
        yield steps


def connected(seen: Recorder) -> None:
    seen.wait(lambda seen: seen.of(Connected))


def silent_listener(later: Later) -> int:
    """Takes lines and never says a word."""
    listening = later.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return int(listening.getsockname()[1])


def recorder_that_hangs(dialect: str, where: Literal["answer", "content"]) -> Callable[[Path, Later], Held]:
    def held(tmp: Path, later: Later) -> Held:
        line = Line(dialect)
        line.shoot(bytes(3 << 20))
        line.up()

        def let_go() -> None:
            line.twin.hangs = ""
            line.down()

        def hold(keeper: Supervisor, seen: Recorder) -> None:
            connected(seen)
            line.twin.hangs = where
            assert line.twin.hung.wait(10)
            time.sleep(0.5)

        later.callback(let_go)
        settings = nvr_settings(line, tmp, poll_seconds=0.1)
        if where == "content":
            line.twin.hangs = where
        return Held(NvrExport(settings), hold)

    return held


def room_that_freezes(tmp: Path, later: Later) -> Held:
    room = Room()
    room.start()
    later.callback(room.kill)

    def hold(keeper: Supervisor, seen: Recorder) -> None:
        connected(seen)
        room.freeze()
        time.sleep(1)

    return Held(room_driver(room, tmp, stall_seconds=30), hold)


def room_that_never_answers(tmp: Path, later: Later) -> Held:
    room = Room()
    room.url = f"rtsp://room:secret@127.0.0.1:{silent_listener(later)}/room"
    return Held(room_driver(room, tmp, stall_seconds=30), lambda *_: time.sleep(1))


def board_of(kind: str, twin: type[Cabinet], fault: str) -> Callable[[Path, Later], Held]:
    """Silent, or with a lock that was told to open and does not."""

    def held(tmp: Path, later: Later) -> Held:
        handle, port = pty_pair()
        board = twin(Wire(handle), 4)
        board.start()
        later.callback(board.stop)
        asked = threading.Event()

        def hold(keeper: Supervisor, seen: Recorder) -> None:
            connected(seen)
            if fault == "deaf":
                board.wire.deaf = True
                time.sleep(0.2)
                return
            board.open = lambda _: asked.set()  # type: ignore[method-assign]
            order = Order(id="o", kind="unlock", arguments={"bay": 2})
            ordering = threading.Thread(target=keeper.perform, args=(order,))
            ordering.start()
            later.callback(ordering.join, 10)
            assert asked.wait(5)

        return Held(cabinet(port, kind), hold)

    return held


def ftp_upload(tmp: Path, later: Later) -> Held:
    settings = ftp_settings(tmp)

    def hold(keeper: Supervisor, seen: Recorder) -> None:
        connected(seen)
        line = later.enter_context(ftp_client(settings))
        channel = later.enter_context(line.transfercmd("STOR a.ts"))
        channel.sendall(bytes(300_000))
        time.sleep(0.3)

    return Held(FtpReceiver(settings), hold)


def axis_upload(tmp: Path, later: Later) -> Held:
    settings = axis_settings(tmp)
    twin = Controller(settings.url, settings.user, settings.api_key.get_secret_value())

    def hold(keeper: Supervisor, seen: Recorder) -> None:
        connected(seen)
        twin.send("PUT", "u_B8A44F0001_20260804T000000Z", {"BWCSerialNumber": "B8A44F0001"})
        line = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=10)
        later.callback(line.close)
        line.putrequest("PUT", f"{twin.root}/{quote('u_B8A44F0001_20260804T000000Z/a.mkv')}")
        line.putheader("X-Auth-Token", twin.token)
        line.putheader("Content-Length", "1000000")
        line.endheaders()
        line.send(bytes(300_000))
        time.sleep(0.3)

    return Held(AxisBodyWorn(settings), hold)


def broker_that_freezes(tmp: Path, later: Later) -> Held:
    broker = Broker(tmp / "broker", "bwc-1")
    broker.start()
    later.callback(broker.kill)

    def hold(keeper: Supervisor, seen: Recorder) -> None:
        connected(seen)
        broker.freeze()
        time.sleep(0.5)

    return Held(mqtt_driver(broker, tmp), hold)


def broker_that_never_answers(tmp: Path, later: Later) -> Held:
    """It takes the line and does not answer TLS."""
    later.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore", ResourceWarning)  # paho leaves its socket to be collected
    later.callback(gc.collect)
    later.callback(time.sleep, 0.3)
    broker = Broker(tmp / "broker", "bwc-1")
    broker.port = silent_listener(later)
    return Held(mqtt_driver(broker, tmp), lambda *_: time.sleep(1))


def recorder_that_stays_mute(tmp: Path, later: Later) -> Held:
    town = Town(tmp, ANDROID["e12"])

    def hold(keeper: Supervisor, seen: Recorder) -> None:
        connected(seen)
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks="e12", hangs=True)
        seen.wait(lambda _: town.calls(1) == ["HANGS"])

    return Held(town.driver, hold)


def slow_card(make: Callable[[Path], Driver]) -> Callable[[Path, Later], Held]:
    """Each read of it takes seconds."""

    def held(tmp: Path, later: Later) -> Held:
        card = later.enter_context(mounted(tmp, tmp / "card"))
        (card.source / "0001.MP4").write_bytes(bytes(300_000))
        card.set("lag=4s")
        later.callback(card.set)
        return Held(make(card.mount), lambda *_: time.sleep(1.5))

    return held


def volume(path: Path) -> Driver:
    return Volume(VolumeSettings(id="cam", driver="volume", path=path, poll_seconds=0.1))


def share(path: Path) -> Driver:
    told = {"id": "drop", "driver": "drop_folder", "path": path, "scan_seconds": 0.3, "share": True}
    return DropFolder(DropFolderSettings.model_validate(told))


HELD: dict[str, Callable[[Path, Later], Held]] = {
    "hik answer": recorder_that_hangs("hik_isapi", "answer"),
    "hik content": recorder_that_hangs("hik_isapi", "content"),
    "dahua content": recorder_that_hangs("dahua_cgi", "content"),
    "room frozen": room_that_freezes,
    "room mute": room_that_never_answers,
    "board deaf": board_of("dockbus", DockBusTwin, "deaf"),
    "board lock": board_of("dockbus", DockBusTwin, "lock"),
    "lock board deaf": board_of("lock8a", LockBoardTwin, "deaf"),
    "lock board lock": board_of("lock8a", LockBoardTwin, "lock"),
    "ftp upload": ftp_upload,
    "axis upload": axis_upload,
    "broker frozen": broker_that_freezes,
    "broker mute": broker_that_never_answers,
    "dock recorder mute": recorder_that_stays_mute,
    "volume": slow_card(volume),
    "share": slow_card(share),
}


@pytest.mark.parametrize("name", HELD)
def test_the_end_comes_amid_work(name: str, tmp_path: Path, later: Later) -> None:
    held = HELD[name](tmp_path, later)
    seen, stop = Recorder(), threading.Event()
    keeper = Supervisor("held", held.driver, seen, stop)
    keeper.start()
    try:
        held.hold(keeper, seen)
    finally:
        began = time.monotonic()
        stop.set()
        keeper.join(20)
        took = time.monotonic() - began
    left = {keeper.thread, *keeper.orders.threads, *keeper.releases.threads}
    assert not any(thread.is_alive() for thread in left)
    assert took < 2
    told = len(seen.events)
    with suppress(AssertionError):
        seen.wait(lambda seen: len(seen.events) > told, 0.3)
    assert len(seen.events) == told, "what is left behind tells nothing any more"
