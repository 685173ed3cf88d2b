"""A camera that left is shown as gone, whatever of it was still under way."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.mqtt.messages import read
from drivers.mqtt.roll import Roll
from gateway.config.connected import MqttCameraSettings
from gateway.database import Database
from gateway.device import Connected, DeviceEvent, DeviceSeen, Disconnected, SignalReceived
from gateway.intake.events import store_one
from gateway.models import DeviceStatus

AT = datetime(2024, 5, 6, 9, 30, tzinfo=UTC)


def roll_for(folder: Path) -> Roll:
    told = {
        "id": "net", "driver": "mqtt_camera", "spool": folder, "cameras": [{"id": "bwc-*"}],
        "uploads": {"url": "http://localhost:8890", "secret": "s" * 32},
    }  # fmt: skip
    return Roll(MqttCameraSettings.model_validate(told))


def say(roll: Roll, kind: str, told: object) -> list[DeviceEvent]:
    return roll.events_of(read(f"bwc/bwc-1/up/{kind}", json.dumps(told).encode()))


def test_what_waits_of_a_camera_goes_with_it(tmp_path: Path) -> None:
    roll, shown = roll_for(tmp_path), list[DeviceEvent]()
    say(roll, "status", {"online": True})
    say(roll, "hb", {"battery": 55, "rec": False})
    [left] = say(roll, "status", {"online": False})
    assert isinstance(left, Disconnected)
    roll.show(lambda *events: shown.extend(events))
    assert shown == []


def test_who_left_while_the_broker_was_away_is_gone_as_well(tmp_path: Path) -> None:
    roll = roll_for(tmp_path)
    say(roll, "status", {"online": True})
    roll.begin_anew()
    [left] = say(roll, "status", {"online": False})
    assert isinstance(left, Disconnected)
    assert say(roll, "status", {"online": False}) == []
    [back] = say(roll, "status", {"online": True})
    assert isinstance(back, Connected)


def test_what_a_camera_shows_is_told_with_the_moment_it_came(tmp_path: Path) -> None:
    roll, shown = roll_for(tmp_path), list[DeviceEvent]()
    say(roll, "status", {"online": True})
    before = datetime.now(UTC)
    say(roll, "hb", {"battery": 55, "rec": False})
    after = datetime.now(UTC)
    roll.show(lambda *events: shown.extend(events))
    [signal] = shown
    assert isinstance(signal, SignalReceived)
    assert before <= signal.at <= after


def test_a_signal_from_before_it_left_does_not_bring_a_device_back(database: Database) -> None:
    def heard(seconds: float) -> SignalReceived:
        at = AT + timedelta(seconds=seconds)
        return SignalReceived(device_id="bwc-1", at=at, kind="heartbeat", detail={"battery": 5})

    def is_present(*events: DeviceEvent) -> bool:
        with database.write() as session:
            for event in events:
                store_one(session, event, "host", "host-run")
        with database.read() as session:
            return session.get_one(DeviceStatus, ("bwc-1", "")).present

    seen = DeviceSeen(device_id="bwc-1", via="net", type="body_camera", entry={"driver": "mqtt_camera"})
    assert is_present(seen, Connected(device_id="bwc-1", at=AT), heard(1))
    left = Disconnected(device_id="bwc-1", at=AT + timedelta(seconds=5))
    assert not is_present(left, heard(4))
    assert is_present(heard(6))
