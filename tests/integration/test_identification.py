"""Which entry of the list a plugged device is: by interfaces, INQUIRY, its own code, and what lies on its card."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.simulators import dock as twin
from drivers.simulators.dv16 import show_device
from drivers.usb_bus import Card, SystemBus
from drivers.usb_dock import UsbDock
from gateway.config.devices import CameraSettings
from gateway.device import DeviceSeen, OffloadOpened, StrangerSeen
from tests.integration.test_drivers import Recorder, running
from tests.integration.test_recorders import ANDROID, BCPLUS, DV16
from tests.integration.test_usb_dock import Town, bay_states, why


def camera(identity: str = "cam", **match: object) -> dict[str, Any]:
    return {"id": identity, "match": {"vendor": "0603", **match}}


def entered(seen: Recorder) -> list[str]:
    return [event.device_id for event in seen.events if isinstance(event, DeviceSeen)]


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"interfaces": ["08"]}, {"interfaces": ["03", "08"]}),
        ({"interfaces": ["08", "ff"]}, {"interfaces": ["08"]}),
        ({"inquiry": "DV16 DEVICE*"}, {"inquiry": "SanDisk Ultra"}),
        ({"inquiry": "DV16 DEVICE*"}, {"interfaces": ["06"], "inquiry": ""}),
    ],
    ids=["a keyboard as well", "less than it has", "another disk", "no disk"],
)
def test_what_only_looks_alike_is_a_stranger(
    tmp_path: Path, match: dict[str, object], told: dict[str, Any]
) -> None:
    town = Town(tmp_path, camera(**match))
    with running(town.driver) as seen:
        twin.plug(town.usb, "1-1.1", town.card("card", "a.mp4"), **told)
        seen.wait(lambda seen: seen.of(StrangerSeen))
        assert not (town.folder / "mounts" / "1").exists()
    assert seen.of(OffloadOpened) == []


def test_what_the_kernel_tells_a_moment_later_is_waited_for(tmp_path: Path) -> None:
    town = Town(tmp_path, camera(interfaces=["08", "ff"], inquiry="DV16 DEVICE*"))
    place = town.usb / "1-1.1"
    with running(town.driver) as seen:
        twin.plug(town.usb, "1-1.1", town.card("card", "a.mp4"), interfaces=[], inquiry="")
        seen.wait(lambda seen: bay_states(seen, "1")[-1:] == ["PLUGGED"])
        shown = json.loads((place / "device.json").read_text())
        show_device(place, {**shown, "interfaces": ["08", "ff"]})
        with pytest.raises(AssertionError):  # not before all is told
            seen.wait(lambda seen: seen.found() or seen.of(StrangerSeen), 0.4)
        show_device(place, {**shown, "interfaces": ["08", "ff"], "inquiry": "DV16 DEVICE V1.00"})
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
    assert seen.of(StrangerSeen) == []


def test_interfaces_and_inquiry_as_sysfs_shows_them(tmp_path: Path) -> None:
    entry = tmp_path / "bus/usb/devices/1-1.2"
    unit = entry / "1-1.2:1.0/host3/target3:0:0/3:0:0:0"
    unit.mkdir(parents=True)
    for name, text in {
        "idVendor": "0603",
        "idProduct": "8611",
        "devnum": "7",
        "bNumInterfaces": " 2",
    }.items():
        (entry / name).write_text(f"{text}\n")
    (entry / "1-1.2:1.0/bInterfaceClass").write_text("08\n")
    bus = SystemBus(tmp_path)
    [device] = bus.plugged().values()
    assert device.interfaces == (), "one of two is not all"
    assert bus.inquiry(device) == ""
    (entry / "1-1.2:1.1").mkdir()
    (entry / "1-1.2:1.1/bInterfaceClass").write_text("ff\n")
    (unit / "vendor").write_text("DV16    \n")
    (unit / "model").write_text("DEVICE V1.00    \n")
    [device] = bus.plugged().values()
    assert device.interfaces == ("08", "ff")
    assert bus.inquiry(device) == "DV16 DEVICE V1.00"
    (entry / "devnum").write_text("8\n")
    assert bus.inquiry(device) == "", "another one is plugged in by now"


def with_code(base: dict[str, Any], identity: str, code: str) -> dict[str, Any]:
    return {**base, "id": identity, "match": {**base["match"], "id_code": code}}


@pytest.mark.parametrize("base", [DV16, BCPLUS, *ANDROID.values()], ids=["dv16", "bcplus", *ANDROID])
def test_makes_that_look_the_same_are_told_apart_by_their_code(tmp_path: Path, base: dict[str, Any]) -> None:
    town = Town(
        tmp_path, with_code(base, "other-{record}", "XXXX*"), with_code(base, "bwc-{record}", "HACH*")
    )
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), speaks=base["link"])
        seen.wait(lambda seen: seen.found() == ["a.mp4"])
    assert entered(seen)[0] == "bwc-H8-0042"


def test_only_who_agrees_in_all_else_is_asked_and_nobody_elses_password_is_told(tmp_path: Path) -> None:
    town = Town(tmp_path, with_code(BCPLUS, "bwc-{record}", "XXXX*"))
    recorder = {"password": "774411", "id_code": "HACH8", "identity": ["S", "1", "", "", ""]}
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("one", "a.mp4"))
        twin.plug(town.usb, "1-1.2", town.card("two", "b.mp4"), name="else", recorder=recorder)
        seen.wait(lambda seen: len(seen.of(StrangerSeen)) == 2)
        assert set(town.calls(1)) == {"GBIDCODE?"}
        assert town.calls(2) == []
    assert seen.of(OffloadOpened) == []


def test_one_that_does_not_answer_is_not_taken_for_the_next_on_the_list(tmp_path: Path) -> None:
    town = Town(
        tmp_path, with_code(BCPLUS, "bwc-{record}", "HACH8"), {"id": "any", "match": {"name": "DV16"}}
    )
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("card", "a.mp4"), deaf=True)
        seen.wait(lambda seen: "FAULT" in bay_states(seen, "1"))
    assert why(seen, "1") == "recorder.no_answer"
    assert entered(seen) == []


def test_a_card_is_known_by_what_lies_on_it(tmp_path: Path) -> None:
    """Two makes with the same chip; a stick with the same chip is unmounted again and a stranger."""
    town = Town(
        tmp_path, camera("police-{volume}", marker="police/video"), camera("dash-{volume}", marker="Video")
    )
    with running(town.driver) as seen:
        town.plug(1, town.card("one", "police/video/a.mp4"), serial="S1")
        town.plug(2, town.card("two", "Video/b.mp4"), serial="S2")
        town.plug(3, town.card("stick", "police", "holiday.mp4"), serial="S3")
        seen.wait(lambda seen: len(seen.found()) == 2 and seen.of(StrangerSeen))
        assert not (town.folder / "mounts" / "3").exists()
    assert sorted(entered(seen)) == ["dash-SIM-two", "police-SIM-one"]
    [stranger] = [event for event in seen.events if isinstance(event, StrangerSeen)]
    assert stranger.bay == "3"
    assert len(seen.of(OffloadOpened)) == 2


@pytest.mark.parametrize("where", ["match", "as_disk"])
def test_the_card_of_an_unlocked_recorder_has_to_bear_its_marker_too(tmp_path: Path, where: str) -> None:
    town = Town(tmp_path, {**DV16, where: {**DV16[where], "marker": "police/video"}})  # type: ignore[dict-item]
    with running(town.driver) as seen:
        town.plug_recorder(1, town.card("one", "a.mp4"))
        seen.wait(lambda seen: seen.of(StrangerSeen))
        assert seen.of(OffloadOpened) == []
        town.plug_recorder(1, town.card("two", "police/video/b.mp4"))
        seen.wait(lambda seen: seen.found() == ["police/video/b.mp4"])


class Torn(twin.SimulatedBus):
    """Taken out at the moment its card is mounted: the card lists nothing."""

    def mount(self, card: Card, folder: Path, offset_minutes: int) -> None:
        super().mount(card, folder, offset_minutes)
        twin.pull(self.folder, "1-1.1")
        folder.unlink()


def test_a_camera_torn_out_while_its_marker_is_looked_for_is_no_stranger(tmp_path: Path) -> None:
    town = Town(tmp_path, camera(marker="police/video"))
    with running(UsbDock(town.driver.settings, Torn(town.usb))) as seen:
        town.plug(1, town.card("one", "police/video/a.mp4"), serial="S1")
        seen.wait(lambda seen: bay_states(seen, "1")[-1:] == ["EMPTY"] and "PLUGGED" in bay_states(seen, "1"))
    assert seen.of(StrangerSeen) == []


@pytest.mark.parametrize(
    "told",
    [
        {"match": {"marker": "police"}},
        {"match": {"vendor": None}},
        {"match": {"name": "H8", "marker": "../etc"}},
        {"match": {"name": "H8", "marker": "/etc"}},
        {"match": {"name": "H8", "marker": ""}},
        {"match": {"name": "H8", "interfaces": []}},
        {"match": {"name": "H8", "interfaces": ["8"]}},
        {"match": {"name": "H8", "id_code": "HACH8"}},
        {**DV16, "as_disk": {"product": "8612", "id_code": "HACH8"}},
        {**DV16, "as_disk": {"marker": "police"}},
    ],
)
def test_a_match_that_would_ask_or_open_everybody_is_refused(told: dict[str, Any]) -> None:
    CameraSettings.model_validate({**DV16, "id": "cam"})
    with pytest.raises(ValidationError):
        CameraSettings.model_validate({"id": "cam", **told})
