"""Recorders that show their card only when they are asked for it: unlocking, clocks, what comes back."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.usb_dock import UsbDock
from gateway.device import (
    ClockRead,
    ClockSet,
    DeviceSeen,
    Disconnected,
    OffloadOpened,
    SignalReceived,
    StrangerSeen,
)
from tests.integration.test_drivers import running
from tests.integration.test_usb_dock import CAMERA, KernelClock, Town, bay_states, why

DV16 = {
    "id": "bwc-{record}", "match": {"name": "DV16"}, "link": "dv16",
    "as_disk": {"product": "8612"}, "password": "774411", "least_battery": 20,
}  # fmt: skip


def test_a_locked_recorder_is_asked_for_its_card_and_comes_back_as_another_device(tmp_path: Path) -> None:
    town = Town(tmp_path, DV16)
    with running(town.driver) as seen:
        seen.wait(lambda seen: bay_states(seen, "1") == ["EMPTY"])
        town.plug_recorder(1, town.card("card", "a.mp4"), busy=2)
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        assert town.calls(1) == ["INIT_USB_DEVICE", "SET_MSDC"], "nothing is written that was not asked for"
        town.pull(1)
        seen.wait(lambda seen: seen.of(Disconnected))
    [entered] = seen.of(DeviceSeen)
    assert getattr(entered, "device_id", "") == "bwc-H8-0042"
    assert bay_states(seen, "1") == ["EMPTY", "PLUGGED", "UNLOCKING", "OFFLOADING", "EMPTY"]
    told = [event.detail for event in seen.events if isinstance(event, SignalReceived)]
    assert [detail["officer"] for detail in told if detail["state"] == "UNLOCKING"] == ["130501"]


@pytest.mark.parametrize("successor", ["recorder", "camera"])
def test_what_is_put_in_while_a_recorder_changes_its_mode_is_looked_at_anew(
    tmp_path: Path, successor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for the disk that the recorder should have become: a stranger, until a hand pulled it again."""
    monkeypatch.setattr("drivers.simulators.dv16.AWAY_S", 2.0)
    town = Town(tmp_path, DV16, CAMERA, settle_seconds=10.0)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("one", "a.mp4"))
        seen.wait(lambda _: (town.usb / "1-1.1").exists() and "SET_MSDC" in town.calls(1))
        town.pull(1)
        card = town.card("two", "b.mp4")
        if successor == "recorder":
            town.plug_recorder(1, card, identity=["H8-0043", "130502", "李明", "130500", ""])
        else:
            town.plug(1, card, serial="S9")
        seen.wait(lambda seen: seen.found() == ["b.mp4"])
    wanted = "bwc-H8-0043" if successor == "recorder" else "bwc-S9"
    assert [event.device_id for event in seen.events if isinstance(event, OffloadOpened)] == [wanted]
    assert seen.of(StrangerSeen) == []


def test_a_recorder_that_comes_back_locked_is_asked_three_times_and_no_more(tmp_path: Path) -> None:
    town = Town(tmp_path, {**DV16, "as_disk": {"product": "9999"}, "match": {"name": "*"}})
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("one", "a.mp4"), stays=True)
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
        time.sleep(1)
        assert town.calls(1).count("SET_MSDC") == 3
    assert why(seen, "1") == "recorder.stays_locked"
    assert seen.found() == []


BCPLUS = {
    "id": "bwc-{record}", "match": {"name": "DV16"}, "link": "bcplus",
    "as_disk": {"product": "8612"}, "password": "774411",
    "least_battery": 20, "timezone": "UTC",
}  # fmt: skip


REFUSALS: dict[str, dict[str, object]] = {
    "recorder.wrong_password": {"password": "000000"},
    "recorder.low_battery": {"battery": 7},
    "recorder.no_card": {"sd": 0},
    "recorder.not_back": {"stuck": True},
    "recorder.no_answer": {"deaf": True},
}

ANDROID: dict[str, dict[str, Any]] = {
    "zzx": {**BCPLUS, "link": "zzx", "link_port": 9000, "timezone": "Asia/Shanghai"},
    "e12": {**BCPLUS, "link": "e12", "link_port": 9000},
}


@pytest.mark.parametrize("sets", [True, False])
@pytest.mark.parametrize("speaks", ANDROID)
def test_android_recorders_are_unlocked_over_tcp_and_their_clock_read_first(
    tmp_path: Path, speaks: str, sets: bool
) -> None:
    town = Town(tmp_path, {**ANDROID[speaks], "set_clock": sets}, is_time_source=True)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks=speaks, clock_ahead_s=3600)
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        asked = town.calls(1)
        told = json.loads((town.usb / "1-1.1" / "recorder.json").read_text()).get("set_to", "")
    [reading] = [event for event in seen.events if isinstance(event, ClockRead)]
    assert reading.device_id == "bwc-H8-0042"
    assert abs((reading.device_time - reading.at).total_seconds() - 3600) < 3
    name = "SYNC_TIME" if speaks == "zzx" else "SET_TIME"
    assert asked == ([name, "SET_MSDC"] if sets else ["SET_MSDC"])
    if sets:
        instant = int(told) / 1000 if speaks == "zzx" else datetime.fromisoformat(f"{told}Z").timestamp()
        assert abs(instant - time.time()) < 20
    [officer] = [
        event.detail["officer"]
        for event in seen.events
        if isinstance(event, SignalReceived) and event.detail["state"] == "UNLOCKING"
    ]
    assert officer == "130501"


@pytest.mark.parametrize("speaks", ANDROID)
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"password": "000000"}, "recorder.wrong_password"),
        ({"battery": 7}, "recorder.low_battery"),
        ({"stuck": True}, "recorder.not_back"),
    ],
)
def test_android_recorders_tell_why_they_stay_locked(
    tmp_path: Path, speaks: str, state: dict[str, object], code: str
) -> None:
    town = Town(tmp_path, ANDROID[speaks])
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks=speaks, **state)
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == code
    assert seen.found() == []


@pytest.mark.parametrize("speaks", ANDROID)
def test_a_recorder_that_records_is_not_switched(tmp_path: Path, speaks: str) -> None:
    town = Town(tmp_path, ANDROID[speaks])
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks=speaks, recording=True)
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
        assert town.calls(1) == []
    assert why(seen, "1") == "recorder.refuses"


@pytest.mark.parametrize("camera", [DV16, BCPLUS, *ANDROID.values()], ids=["dv16", "bcplus", *ANDROID])
def test_a_recorder_that_answers_late_is_tried_again(tmp_path: Path, camera: dict[str, Any]) -> None:
    """An Android one is on the bus before anything listens at its port."""
    town = Town(tmp_path, camera)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks=camera["link"], late=2)
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
    assert "FAULT" not in bay_states(seen, "1")


def test_a_recorder_that_never_answers_holds_up_neither_the_end_nor_its_successor(tmp_path: Path) -> None:
    """`running` allows a second for the end."""
    town = Town(tmp_path, DV16)
    settings = town.driver.settings.model_copy(update={"settle_seconds": 60.0})
    with running(UsbDock(settings)) as seen:
        town.plug_recorder(1, town.card("one", "a.mp4"), deaf=True)
        town.plug_recorder(2, town.card("two", "b.mp4"), deaf=True)
        seen.wait(lambda seen: bay_states(seen, "1")[-1:] == bay_states(seen, "2")[-1:] == ["PLUGGED"])
        town.plug_recorder(1, town.card("three", "c.mp4"))
        seen.wait(lambda seen: seen.found() == ["c.mp4"])
    assert bay_states(seen, "2")[-1] == "PLUGGED", "nobody tells a fault because we end"


@pytest.mark.parametrize("sets", [True, False])
def test_a_clock_is_read_and_stored_before_it_is_set(tmp_path: Path, sets: bool) -> None:
    town = Town(tmp_path, {**BCPLUS, "set_clock": sets}, is_time_source=True)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), clock_ahead_s=3600)
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        asked = town.calls(1)
    [reading] = [event for event in seen.events if isinstance(event, ClockRead)]
    assert reading.device_id == "bwc-H8-0042"
    assert abs((reading.device_time - reading.at).total_seconds() - 3600) < 3
    assert reading.uncertainty_s >= 1
    kinds = [type(event) for event in seen.events]
    assert kinds.index(DeviceSeen) < kinds.index(ClockRead) < kinds.index(OffloadOpened)
    assert ("SYSTIME" in asked) is sets
    assert asked.index("SYSTIME?") < asked.index("UDISKEN")
    made = [event for event in seen.events if isinstance(event, ClockSet)]
    assert len(made) is int(sets)
    if sets:
        assert asked.index("SYSTIME?") < asked.index("SYSTIME") < asked.index("UDISKEN")
        assert kinds.index(ClockRead) < kinds.index(ClockSet) < kinds.index(OffloadOpened)
        assert (made[0].device_id, made[0].certain) == ("bwc-H8-0042", True)
        assert abs((made[0].device_time - made[0].at).total_seconds()) <= made[0].uncertainty_s


@pytest.mark.parametrize(("kernel", "is_time_source"), [(0, False), (5, True), (-1, False), (5, False)])
def test_a_host_that_is_known_to_be_wrong_sets_no_recorders_clock(
    tmp_path: Path, kernel: int, is_time_source: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.host_clock.LIBC", KernelClock(kernel))
    town = Town(tmp_path, {**BCPLUS, "set_clock": True}, is_time_source=is_time_source)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), clock_ahead_s=3600)
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
        asked = town.calls(1)
    left = kernel == 5 and not is_time_source
    [reading] = [event for event in seen.events if isinstance(event, ClockRead)]
    assert reading.host_synchronised is {0: True, 5: False, -1: None}[kernel]
    assert ("SYSTIME" in asked) is not left
    assert len(seen.of(ClockSet)) is int(not left)
    signals = [event for event in seen.events if isinstance(event, SignalReceived) and event.event_id]
    assert [event.detail["why"]["code"] for event in signals] == ["recorder.clock_left"] * left  # type: ignore[index]


def test_a_setting_that_was_not_answered_is_told_of_as_uncertain(tmp_path: Path) -> None:
    """The recorder has set its clock and says nothing: what it shows from now on is one of two things."""
    town = Town(tmp_path, {**BCPLUS, "set_clock": True}, is_time_source=True)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), clock_ahead_s=3600, loses=["SYSTIME="])
        seen.wait(lambda seen: seen.of(ClockSet))
        [made] = [event for event in seen.events if isinstance(event, ClockSet)]
        assert made.certain is False


@pytest.mark.parametrize("code", ["recorder.wrong_password", "recorder.low_battery", "recorder.not_back"])
def test_bcplus_tells_why_it_stays_locked(tmp_path: Path, code: str) -> None:
    town = Town(tmp_path, BCPLUS)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), **REFUSALS[code])
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == code


@pytest.mark.parametrize("code", REFUSALS)
def test_why_a_recorder_stays_locked_is_shown_in_its_bay(tmp_path: Path, code: str) -> None:
    town = Town(tmp_path, DV16)
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), **REFUSALS[code])
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == code
    assert seen.found() == []


def test_after_three_wrong_passwords_nobody_asks_again(tmp_path: Path) -> None:
    town = Town(tmp_path, DV16)
    with running(town.driver) as seen:
        seen.wait(lambda seen: bay_states(seen, "1") == ["EMPTY"])
        for count in range(1, 5):
            town.plug_recorder(1, town.card("card", "a.mp4"), password="000000")
            seen.wait(lambda seen, count=count: bay_states(seen, "1").count("FAULT") == count)  # type: ignore[misc]
            assert town.calls(1) == ([] if count == 4 else ["INIT_USB_DEVICE"])
            town.pull(1)
            seen.wait(lambda seen, count=count: bay_states(seen, "1").count("EMPTY") == count + 1)  # type: ignore[misc]
    last = [e.detail["why"] for e in seen.events if isinstance(e, SignalReceived) and e.detail["why"]][-1]
    assert last["code"] == "recorder.locked_out"  # type: ignore[index]


def test_what_comes_back_instead_of_the_recorder_is_a_stranger(tmp_path: Path) -> None:
    """Somebody swaps it for a stick while it changes its mode."""
    town = Town(tmp_path, {**DV16, "release": "erase", "erase_without_second_copy": True})
    stick = town.card("stick", "holiday.mp4")
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), stuck=True)
        seen.wait(lambda seen: "UNLOCKING" in bay_states(seen, "1"))
        seen.wait(lambda _: not (town.usb / "1-1.1" / "device.json").exists())
        town.plug(1, stick, serial="X", name="DataTraveler")
        seen.wait(lambda seen: seen.of(StrangerSeen))
    assert seen.found() == []
    assert not (town.folder / "mounts" / "1").exists()
