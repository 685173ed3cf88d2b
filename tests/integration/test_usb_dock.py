"""The dock with its twin: bays, identities, strangers, cameras that move. Real USB is tested in a guest."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from serial.tools.list_ports_common import ListPortInfo

from drivers.profiles import agrees, filled
from drivers.simulators import dock as twin
from drivers.simulators import dock_by_hand as by_hand
from drivers.usb_bus import Card, SystemBus, UsbDevice
from drivers.usb_dock import UsbDock
from gateway.attached import show_attached, teach
from gateway.config import ConfigError, from_mapping
from gateway.config.devices import SerialDockSettings, UsbDockSettings, UsbMatch
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    FileFound,
    FileListed,
    OffloadOpened,
    Order,
    Refused,
    Release,
    SignalReceived,
    StrangerSeen,
)
from tests.integration.test_drivers import Recorder, running

CAMERA = {"id": "bwc-{serial}", "match": {"name": "H8*"}, "timezone": "Asia/Shanghai"}


class KernelClock:
    """Stands where libc stands: tells what the kernel knows of the host's own clock."""

    def __init__(self, state: int) -> None:
        self.state = state

    def adjtimex(self, told: object) -> int:
        return self.state


class Town:
    """A dock of four bays, its cameras' cards and its driver."""

    def __init__(self, folder: Path, *cameras: dict[str, Any], **dock: object) -> None:
        self.folder = folder
        self.usb = folder / "usb"
        self.usb.mkdir()
        told = {
            "id": "dock-1", "driver": "usb_dock", "bays": {str(n): f"1-1.{n}" for n in range(1, 5)},
            "mounts": folder / "mounts", "spool": folder / "mtp", "simulated": self.usb, "poll_seconds": 0.1, "settle_seconds": 2.0,
            "cameras": cameras or (CAMERA,), **dock,
        }  # fmt: skip
        self.told = told
        self.driver = UsbDock(UsbDockSettings.model_validate(told))

    def dock(self, *cameras: dict[str, Any]) -> UsbDock:
        """The same dock, with another list."""
        return UsbDock(UsbDockSettings.model_validate({**self.told, "cameras": cameras}))

    def card(self, name: str, *files: str) -> Path:
        for file in files:
            path = self.folder / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{name} {file}".encode())
        return self.folder / name

    def plug(self, bay: int, card: Path, serial: str, name: str = "H8 body camera") -> None:
        twin.plug(self.usb, f"1-1.{bay}", card, serial=serial, name=name)

    def plug_recorder(self, bay: int, card: Path, **state: object) -> None:
        """A DV16 recorder, which shows its card only when it is told to."""
        recorder = {
            "password": "774411", "id_code": "HACH8", "battery": 80,
            "identity": ["H8-0042", "130501", "张伟", "130500", "邢台市市场监督管理局"], **state,
        }  # fmt: skip
        twin.plug(self.usb, f"1-1.{bay}", card, serial="S1", name="DV16", recorder=recorder)

    def calls(self, bay: int) -> list[str]:
        told = json.loads((self.usb / f"1-1.{bay}" / "recorder.json").read_text())
        return list(told.get("calls", []))

    def pull(self, bay: int) -> None:
        twin.pull(self.usb, f"1-1.{bay}")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def bay_states(seen: Recorder, bay: str) -> list[str]:
    return [
        str(event.detail["state"])
        for event in seen.events
        if isinstance(event, SignalReceived) and event.bay == bay
    ]


def why(seen: Recorder, bay: str) -> str:
    return next(
        event.detail["why"]["code"]  # type: ignore[index]
        for event in seen.events
        if isinstance(event, SignalReceived) and event.bay == bay and event.detail["why"]
    )


def test_all_bays_at_once_each_with_its_own_offload(town: Town) -> None:
    with running(town.driver) as seen:
        for bay in range(1, 5):
            town.plug(bay, town.card(f"card{bay}", "DCIM/0001.MP4", "DCIM/0002.MP4"), serial=f"S{bay}")
        seen.wait(lambda seen: len(seen.found()) == 8)
    opened = [event for event in seen.events if isinstance(event, OffloadOpened)]
    assert {(event.device_id, event.bay) for event in opened} == {(f"bwc-S{n}", str(n)) for n in range(1, 5)}
    assert {len(event.listing) for event in opened} == {2}
    entered = {event.device_id: event for event in seen.events if isinstance(event, DeviceSeen)}
    assert entered["bwc-S1"].entry["timezone"] == "Asia/Shanghai"
    assert entered["bwc-S1"].via == "dock-1"


def test_a_camera_is_entered_before_anything_of_it_is_reported(town: Town) -> None:
    with running(town.driver) as seen:
        town.plug(1, town.card("card", "a.mp4"), serial="S1")
        seen.wait(lambda seen: seen.found())
    of_camera = [event for event in seen.events if getattr(event, "device_id", "") == "bwc-S1"]
    assert isinstance(of_camera[0], DeviceSeen)
    assert isinstance(of_camera[1], Connected)


def test_a_stranger_is_refused_never_mounted_and_reported_once(town: Town) -> None:
    with running(town.driver) as seen:
        town.plug(2, town.card("stick", "virus.exe", "a.mp4"), serial="X", name="DataTraveler 3.0")
        seen.wait(lambda seen: seen.of(StrangerSeen))
        town.plug(1, town.card("card", "a.mp4"), serial="S1")
        seen.wait(lambda seen: seen.found())
        assert not (town.folder / "mounts" / "2").exists()
    [stranger] = [event for event in seen.events if isinstance(event, StrangerSeen)]
    assert (stranger.bay, stranger.detail["name"], stranger.detail["serial"]) == (
        "2",
        "DataTraveler 3.0",
        "X",
    )
    assert [event.found.device_id for event in seen.events if isinstance(event, FileFound)] == ["bwc-S1"]


@pytest.mark.parametrize(("vendor", "product"), [("1f3a", "efe8"), ("2207", "310b"), ("2207", "110a")])
def test_a_camera_in_flashing_mode_is_not_touched_whatever_the_list_says(
    tmp_path: Path, vendor: str, product: str
) -> None:
    town = Town(tmp_path, {"id": "cam", "match": {"vendor": vendor}}, {"id": "any", "match": {"name": "*"}})
    with running(town.driver) as seen:
        twin.plug(town.usb, "1-1.1", town.card("card", "a.mp4"), vendor=vendor, product=product)
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
        twin.plug(town.usb, "1-1.2", town.card("two", "b.mp4"), vendor="2207", product="0006")
        seen.wait(lambda seen: seen.found() == ["b.mp4"])
        assert not (town.folder / "mounts" / "1").exists()
    assert why(seen, "1") == "bay.flash_mode"
    [told] = [event for event in seen.events if isinstance(event, StrangerSeen)]
    assert (told.why["code"], told.detail["vendor"]) == ("bay.flash_mode", vendor)


def test_a_camera_that_moves_to_another_bay_is_the_same_camera(town: Town) -> None:
    card = town.card("card", "a.mp4")
    with running(town.driver) as seen:
        town.plug(1, card, serial="S1")
        seen.wait(lambda seen: len(seen.found()) == 1)
        town.pull(1)
        seen.wait(lambda seen: seen.of(Disconnected))
        town.plug(3, card, serial="S1")
        seen.wait(lambda seen: len(seen.found()) == 2)
    first, second = (event.found for event in seen.events if isinstance(event, FileFound))
    assert first.identity == second.identity
    assert first.local != second.local
    assert len(seen.of(Disconnected)) == 1, "a loss is told once"
    assert bay_states(seen, "1")[-1] == "EMPTY"


def test_two_cameras_with_one_serial_are_not_mixed_up(town: Town) -> None:
    with running(town.driver) as seen:
        town.plug(1, town.card("one", "a.mp4"), serial="000000")
        seen.wait(lambda seen: seen.found())
        town.plug(2, town.card("two", "b.mp4"), serial="000000")
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "2"))
        assert why(seen, "2") == "bay.same_identity"
    assert seen.found() == ["a.mp4"]


def test_cameras_without_a_serial_are_told_apart_by_their_cards(tmp_path: Path) -> None:
    town = Town(tmp_path, {"id": "cam-{volume}", "match": {"vendor": "0603"}})
    with running(town.driver) as seen:
        town.plug(1, town.card("one", "a.mp4"), serial="")
        town.plug(2, town.card("two", "b.mp4"), serial="")
        seen.wait(lambda seen: len(seen.found()) == 2)
    assert {event.device_id for event in seen.events if isinstance(event, DeviceSeen)} == {
        "cam-SIM-one", "cam-SIM-two",
    }  # fmt: skip


def test_a_camera_that_does_not_say_who_it_is(town: Town) -> None:
    with running(town.driver) as seen:
        town.plug(1, town.card("card", "a.mp4"), serial="")
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == "bay.no_identity"
    assert seen.found() == []


def test_a_camera_without_a_card(town: Town, tmp_path: Path) -> None:
    with running(town.driver) as seen:
        town.plug(1, tmp_path / "no card", serial="S1")
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == "bay.no_card"
    assert seen.found() == []


def test_what_is_plugged_in_before_the_dock_starts_is_taken(town: Town) -> None:
    town.plug(4, town.card("card", "a.mp4"), serial="S4")
    with running(town.driver) as seen:
        seen.wait(lambda seen: seen.found() == ["a.mp4"])


def test_release_goes_to_the_bay_that_has_the_camera_and_twice_is_harmless(tmp_path: Path) -> None:
    town = Town(tmp_path, {**CAMERA, "release": "erase", "erase_without_second_copy": True})
    card = town.card("card", "a.mp4")
    sha256 = "b0e5b1c1d1b1"
    with running(town.driver) as seen:
        town.plug(1, card, serial="S1")
        seen.wait(lambda seen: seen.found())
        [found] = [event.found for event in seen.events if isinstance(event, FileFound)]
        with pytest.raises(Refused):
            town.driver.release(found, sha256)
        assert (card / "a.mp4").exists(), "what does not read as the original stays"
        import hashlib

        right = hashlib.sha256((card / "a.mp4").read_bytes()).hexdigest()
        assert town.driver.release(found, right) is Release.DONE
        assert not (card / "a.mp4").exists()
        assert town.driver.release(found, right) is Release.GONE
        town.pull(1)
        seen.wait(lambda seen: seen.of(Disconnected))
        with pytest.raises(DeviceUnavailable):
            town.driver.release(found, right)
        with pytest.raises(Refused):
            town.driver.perform(Order(id="o", kind="levitate", arguments={}))


def test_without_usb_the_dock_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnavailable) as gone:
        SystemBus(tmp_path).plugged()
    assert gone.value.reason["code"] == "wait.no_usb"


def test_devices_as_sysfs_shows_them(tmp_path: Path) -> None:
    devices = tmp_path / "bus/usb/devices"
    told = {
        "idVendor": "0603",
        "idProduct": "8611",
        "devnum": "7",
        "product": "H8\n",
        "serial": "\u4e2d\x01S\n",
    }
    for name in ("1-1.3.2", "usb1", "1-1.3.2:1.0", "1-0:1.0"):
        (devices / name).mkdir(parents=True)
    for name, text in told.items():
        (devices / "1-1.3.2" / name).write_text(text)
    (devices / "1-1.3.2" / "1-1.3.2:1.0").mkdir()
    (devices / "1-1.3.2" / "1-1.3.2:1.0" / "bInterfaceClass").write_text("08\n")
    assert SystemBus(tmp_path).plugged() == {
        "1-1.3.2": UsbDevice(
            port="1-1.3.2",
            plug="7",
            vendor="0603",
            product="8611",
            name="H8",
            serial="中S",
            interfaces=("08",),
        )
    }


def test_all_that_a_profile_says_must_hold() -> None:
    device = UsbDevice(port="1-1", plug="1", vendor="0603", product="8611", name="H8 pro", serial="S1")
    card = Card(node=Path("/dev/sda1"), file_system="vfat", serial="1234-ABCD", label="BODYCAM")
    assert agrees(UsbMatch(vendor="0603", name="H8*"), device, None)
    assert not agrees(UsbMatch(vendor="0603", name="H9*"), device, None)
    assert not agrees(UsbMatch(), device, None)
    assert agrees(UsbMatch(label="BODY*"), device, card)
    assert not agrees(UsbMatch(vendor="0603", label="OTHER"), device, card)
    assert filled("x-{serial}-{volume}", device, card) == "x-S1-1234-ABCD"


@pytest.mark.parametrize("serial", ["../../etc/passwd", "A/1", "中文", "x" * 70, "a b"])
def test_a_serial_that_cannot_be_an_id_is_refused_and_not_bent_into_anothers(serial: str) -> None:
    device = UsbDevice(port="1-1", plug="1", vendor="0", product="0", serial=serial)
    card = Card(node=Path("/dev/sda1"), file_system="vfat")
    with pytest.raises(Refused):
        filled("c-{serial}", device, card)


class Swapping(twin.SimulatedBus):
    """At the moment its card is mounted, the camera is gone and a stick is in its place."""

    def __init__(self, town: Town, stick: Path) -> None:
        super().__init__(town.usb)
        self.town, self.stick, self.swapped = town, stick, False

    def mount(self, card: Card, folder: Path, offset_minutes: int) -> None:
        if not self.swapped:
            self.swapped = True
            self.town.plug(1, self.stick, serial="X", name="DataTraveler")
        super().mount(card, folder, offset_minutes)


def test_a_stick_swapped_in_at_the_last_moment_is_not_taken_for_the_camera(town: Town) -> None:
    driver = UsbDock(town.driver.settings, Swapping(town, town.card("stick", "holiday.mp4")))
    with running(driver) as seen:
        town.plug(1, town.card("card", "a.mp4"), serial="S1")
        seen.wait(lambda seen: seen.of(StrangerSeen))
    assert seen.found() == []
    assert seen.of(DeviceSeen) == []


class Hanging(twin.SimulatedBus):
    """One card that hangs in the kernel, and one that fails in a way nobody thought of."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.freed = threading.Event()

    def cards(self, device: UsbDevice) -> list[Card]:
        if device.port == "1-1.1":
            self.freed.wait(60)
        if device.port == "1-1.2":
            raise ZeroDivisionError
        return super().cards(device)


def test_a_bay_that_hangs_or_fails_holds_up_no_other(town: Town) -> None:
    """And the dock ends when it is asked to (`running` allows a second)."""
    bus = Hanging(town.usb)
    with running(UsbDock(town.driver.settings, bus)) as seen:
        for bay in (1, 2, 3):
            town.plug(bay, town.card(f"card{bay}", "a.mp4"), serial=f"S{bay}")
        seen.wait(lambda seen: seen.found() == ["a.mp4"] and "FAULT" in bay_states(seen, "2"))
        assert why(seen, "2") == "bay.failed"
        assert bay_states(seen, "1")[-1] == "PLUGGED"
    bus.freed.set()


def test_a_second_file_system_is_never_passed_over_in_silence(town: Town) -> None:
    """It may come a moment before the card, and it is in the listing: a person has to look."""

    class Late(twin.SimulatedBus):
        begun = 0.0

        def cards(self, device: UsbDevice) -> list[Card]:
            self.begun = self.begun or time.monotonic()
            found = super().cards(device)
            return found if time.monotonic() - self.begun > 0.5 else found[1:]

    own = town.card("internal", "log.txt")
    with running(UsbDock(town.driver.settings, Late(town.usb))) as seen:
        twin.plug(town.usb, "1-1.1", town.card("card", "a.mp4"), serial="S1", name="H8", more=[own])
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        [left] = seen.of(FileListed)
        assert (left.path, left.why["code"]) == (b"[internal, vfat]", "listed.other_file_system")
        assert [one.path for one in seen.of(OffloadOpened)[0].listing] == [b"a.mp4", left.path]
    known = CAMERA | {"passed_over": ["intern*"]}
    with running(town.dock(known)) as seen:
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        assert seen.of(FileListed) == []


class Locked(Recorder):
    """A database that is locked for a while: what is told in it is refused."""

    def __init__(self, *refused: type) -> None:
        super().__init__()
        self.refused, self.times = refused, 2

    def __call__(self, *events: DeviceEvent) -> None:
        if self.times and any(isinstance(event, self.refused) for event in events):
            self.times -= 1
            raise OSError(5, "database is locked")
        super().__call__(*events)


def test_a_bay_goes_on_by_itself_after_something_failed(town: Town) -> None:
    """No hand has to plug the camera in again; and each session that began is told to have ended."""
    seen = Locked(FileFound)
    stop = threading.Event()
    thread = threading.Thread(target=town.driver.run, args=(seen, stop))
    thread.start()
    town.plug(1, town.card("card1", "a.mp4"), serial="S1")
    seen.wait(lambda seen: seen.found() == ["a.mp4"])
    assert len(seen.of(Connected)) - 1 == 3 == len(seen.of(Disconnected)) + 1
    stop.set()
    thread.join(2)


def test_the_end_of_a_session_is_told_also_if_it_could_not_be_told_at_once(town: Town) -> None:
    seen = Locked(Disconnected)
    stop = threading.Event()
    thread = threading.Thread(target=town.driver.run, args=(seen, stop))
    thread.start()
    town.plug(1, town.card("card1", "a.mp4"), serial="S1")
    seen.wait(lambda seen: seen.found() == ["a.mp4"])
    town.pull(1)
    seen.wait(lambda seen: seen.of(Disconnected))
    assert [event.device_id for event in seen.of(Disconnected)] == ["bwc-S1"]
    seen.wait(lambda seen: bay_states(seen, "1")[-1] == "EMPTY")
    stop.set()
    thread.join(2)


def test_an_id_that_a_camera_makes_up_cannot_be_anothers(tmp_path: Path) -> None:
    dock = {
        "id": "dock", "driver": "usb_dock", "bays": {"1": "1-1"},
        "cameras": [{"id": "{serial}", "match": {"name": "H8"}}],
    }  # fmt: skip
    room = {"id": "room-1", "driver": "drop_folder", "path": "rooms"}
    with pytest.raises(ConfigError, match="another device"):
        from_mapping({"devices": [dock, room]}, tmp_path, {})


def test_the_twin_can_be_run_by_hand(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    assert (
        by_hand.main([str(tmp_path / "usb"), "plug", "1-1.2", str(tmp_path / "card"), "--serial", "S9"]) == 0
    )
    told = json.loads((tmp_path / "usb/1-1.2/device.json").read_text())
    assert told["serial"] == "S9"
    assert by_hand.main([str(tmp_path / "usb"), "pull", "1-1.2"]) == 0
    assert os.listdir(tmp_path / "usb") == []


def test_what_is_attached_can_be_pasted_and_is_then_known(
    town: Town, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines that are printed make a dock that takes the camera in, and a cabinet."""
    town.plug(1, town.card("card", "a.mp4"), serial="S1", name="H8 执法记录仪")
    lines = [ListPortInfo("/dev/ttyUSB1"), ListPortInfo("/dev/ttyUSB0")]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: lines)
    settings = from_mapping(
        {"devices": [{"id": "d", "driver": "usb_dock", "bays": {"1": "1-9"}, "simulated": str(town.usb)}]},
        town.folder, {},
    )  # fmt: skip
    assert show_attached(settings) == 0
    pasted = yaml.safe_load(capsys.readouterr().out)
    serial = {name: pasted.pop(name) for name in ("board", "readers")}
    cabinet = SerialDockSettings.model_validate({"id": "c", "driver": "serial_dock", "dock": "d", **serial})
    assert (cabinet.board.port, cabinet.readers[0].port) == ("/dev/ttyUSB0", "/dev/ttyUSB1")
    told = {
        "id": "dock-2", "driver": "usb_dock", "mounts": town.folder / "mounts", "spool": town.folder / "mtp",
        "simulated": town.usb, **pasted,
    }  # fmt: skip
    with running(UsbDock(UsbDockSettings.model_validate(told))) as seen:
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
    assert [event.device_id for event in seen.events if isinstance(event, DeviceSeen)] == ["camera-S1"]


def test_teaching_waits_for_the_next_camera(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    settings = from_mapping(
        {"devices": [{"id": "d", "driver": "usb_dock", "bays": {"1": "1-9"}, "simulated": str(town.usb)}]},
        town.folder, {},
    )  # fmt: skip
    town.plug(1, town.card("one"), serial="S1")
    card, out = town.card("two", "a.mp4"), town.folder / "taught.yaml"
    (card / ".label").write_text("BODY [1]")
    later = threading.Timer(0.4, lambda: town.plug(3, card, serial="S3"))
    later.start()
    assert teach(settings, 5, out) == 0
    later.join()
    said = capsys.readouterr().out
    assert out.read_text() in said
    taught = yaml.safe_load(out.read_text())
    assert taught["bays"] == {"1": "1-1.3"}
    [camera] = taught["cameras"]
    assert camera["match"] == {
        "vendor": "0603", "product": "8611", "interfaces": ["08"], "name": "H8 body camera", "serial": "S3",
        "inquiry": "Twin Card", "label": "BODY [[]1]",
    }  # fmt: skip
    told = {**town.driver.settings.model_dump(), **taught}
    with running(UsbDock(UsbDockSettings.model_validate(told))) as seen:
        seen.wait(lambda seen: "a.mp4" in seen.found())
    with pytest.raises(ConfigError, match="exists"):
        teach(settings, 5, out)
    with pytest.raises(ConfigError):
        teach(settings, 0.3)
