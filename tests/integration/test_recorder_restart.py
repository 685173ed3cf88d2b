"""Recorders that were unlocked when the gateway was restarted, and how often a password is tried, over restarts."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.simulators import dock as twin
from drivers.simulators.dv16 import show_device
from drivers.usb_bus import SystemBus, UsbDevice
from drivers.usb_dock import UsbDock
from gateway.config.devices import UsbDockSettings
from gateway.device import DeviceSeen, OffloadOpened, SignalReceived, StrangerSeen
from gateway.wording import sentence
from tests.integration.test_drivers import running
from tests.integration.test_recorders import BCPLUS, DV16
from tests.integration.test_usb_dock import Town, bay_states, why


@pytest.fixture
def unlocked(tmp_path: Path) -> Town:
    """A dock that was stopped while a recorder in bay 1, which it had unlocked, was being read."""
    town = Town(tmp_path, DV16)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"))
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
    return town


def again(town: Town, **changed: object) -> UsbDock:
    """The dock after a restart, perhaps with other settings."""
    told = {**town.driver.settings.model_dump(), **changed}
    return UsbDock(UsbDockSettings.model_validate(told))


def test_a_restart_in_the_middle_goes_on_without_a_hand(unlocked: Town) -> None:
    asked = unlocked.calls(1)
    for _ in range(2):
        with running(again(unlocked)) as seen:
            seen.wait(lambda seen: seen.found() == ["a.mp4"])
        assert [getattr(event, "device_id", "") for event in seen.of(DeviceSeen)] == ["bwc-H8-0042"]
        assert bay_states(seen, "1") == ["PLUGGED", "OFFLOADING"]
    assert unlocked.calls(1) == asked, "the recorder was not asked anything again"


def test_the_same_recorder_plugged_in_again_is_unlocked_again(unlocked: Town) -> None:
    with running(again(unlocked)) as seen:
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        unlocked.pull(1)
        seen.wait(lambda seen: bay_states(seen, "1")[-1] == "EMPTY")
        unlocked.plug_recorder(1, unlocked.card("card", "a.mp4"))
        seen.wait(lambda seen: seen.found() == ["a.mp4", "a.mp4"])
    assert bay_states(seen, "1")[-3:] == ["PLUGGED", "UNLOCKING", "OFFLOADING"]


def booted(town: Town) -> None:
    (town.usb / "boot").write_text("another boot")


def shows(town: Town, **told: str) -> None:
    place = town.usb / "1-1.1"
    show_device(place, {**json.loads((place / "device.json").read_text()), **told})


def moved(town: Town) -> None:
    (town.usb / "1-1.1").rename(town.usb / "1-1.2")


CHANGES: dict[str, Callable[[Town], object]] = {
    "another boot": booted,
    "another plugging": lambda town: shows(town, plug="7"),
    "another serial": lambda town: shows(town, serial="S2"),
    "another name": lambda town: shows(town, name="DataTraveler"),
    "another port": moved,
    "notes lost": lambda town: (town.folder / "mounts" / "dock-1.json").unlink(),
    "notes torn": lambda town: (town.folder / "mounts" / "dock-1.json").write_text('{"unlocked": {"1-1.1": 3}}'),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_in_all_the_same_is_a_stranger_after_a_restart(unlocked: Town, change: str) -> None:
    CHANGES[change](unlocked)
    with running(again(unlocked)) as seen:
        seen.wait(lambda seen: seen.of(StrangerSeen))
    assert seen.of(OffloadOpened) == []


@pytest.mark.parametrize(
    "camera",
    [{**DV16, "as_disk": {"product": "8613"}}, {**DV16, "id": "other-{record}"}],
    ids=["another disk is wanted", "the entry is gone"],
)
def test_settings_that_were_changed_meanwhile_count(unlocked: Town, camera: dict[str, object]) -> None:
    with running(again(unlocked, cameras=[camera])) as seen:
        seen.wait(lambda seen: seen.of(StrangerSeen))
    assert seen.of(OffloadOpened) == []


def test_an_appearance_on_the_bus_has_a_mark_of_its_own(tmp_path: Path) -> None:
    """The kernel's devnum comes again after 127 pluggings: the entry in sysfs is another one then."""
    entry = tmp_path / "bus/usb/devices/1-1.1"
    entry.mkdir(parents=True)
    (entry / "devnum").write_text("7\n")
    bus = SystemBus(tmp_path)
    device = UsbDevice(port="1-1.1", plug="7", vendor="0603", product="8612")
    first = bus.mark(device)
    assert first
    assert bus.mark(device) == first
    entry.rename(tmp_path / "gone")  # its inode stays taken
    entry.mkdir()
    assert bus.mark(device) == "", "nothing tells its number"
    (entry / "devnum").write_text("7\n")
    assert bus.mark(device) not in {"", first}
    bus.boot = tmp_path / "no such file"
    assert bus.mark(device) == ""


def refused(town: Town) -> dict[str, dict[str, object]]:
    path = town.folder / "mounts" / "dock-1.json"
    return dict(json.loads(path.read_text())["refused"])


def plug_nameless(town: Town, bay: int, **state: object) -> None:
    """A BC+ recorder whose USB serial is empty, as many are."""
    told = {
        "password": "774411", "id_code": "HACH8", "identity": [f"H8-{bay}", "130501", "张伟", "", ""], **state
    }  # fmt: skip
    card = town.card(f"card{bay}", f"{bay}.mp4")
    twin.plug(town.usb, f"1-1.{bay}", card, name="DV16", recorder=told)


def test_restarts_spend_no_more_than_three_tries_on_a_recorder(tmp_path: Path) -> None:
    """Another one of the same make is not held back by that, and a corrected password is tried."""
    town = Town(tmp_path, BCPLUS)
    plug_nameless(town, 1, password="000000")
    plug_nameless(town, 2)
    for count in (1, 2, 3, 3, 3):
        with running(again(town)) as seen:
            seen.wait(lambda seen: "FAULT" in bay_states(seen, "1") and seen.found() == ["2.mp4"])
        assert town.calls(1).count("LOGIN") == count
    assert why(seen, "1") == "recorder.locked_out"
    [(who, note)] = refused(town).items()
    assert (who, note["count"]) == ("0603:8611 in 1-1.1", 3)
    told = next(e.detail["why"] for e in seen.events if isinstance(e, SignalReceived) and e.detail["why"])
    for language in ("zh", "en"):
        said = sentence(told, language)  # type: ignore[arg-type]
        assert who in said
        assert str(town.folder / "mounts" / "dock-1.json") in said
    path = town.folder / "mounts" / "dock-1.json"
    assert "774411" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    with running(again(town, cameras=[{**BCPLUS, "password": "000000"}])) as seen:
        seen.wait(lambda seen: seen.found() and "1.mp4" in seen.found())
    assert refused(town) == {}, "once it is accepted, nothing is held against it"


def test_a_recorder_that_falls_silent_after_the_password_is_not_told_it_again(tmp_path: Path) -> None:
    """It may have counted it; what failed otherwise is tried again by itself, this waits for a hand."""
    town = Town(tmp_path, BCPLUS, settle_seconds=0.3)
    plug_nameless(town, 1, loses=["LOGIN"])
    with running(town.driver) as seen:
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
        time.sleep(2)
        assert why(seen, "1") == "recorder.no_answer"
        assert town.calls(1).count("LOGIN") == 1


def test_answers_that_are_lost_are_no_wrong_passwords(tmp_path: Path) -> None:
    town = Town(tmp_path, BCPLUS)
    plug_nameless(town, 1, loses=["LOGIN"])
    for _ in range(4):
        with running(again(town)) as seen:
            seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
        assert why(seen, "1") == "recorder.no_answer"
    assert town.calls(1).count("LOGIN") == 4
    plug_nameless(town, 1)
    with running(again(town)) as seen:
        seen.wait(lambda seen: seen.found() == ["1.mp4"])
