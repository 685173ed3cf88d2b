"""What connected cameras are told to do: answered or dead, their clocks set, their pictures shown."""

import os
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.link import end
from drivers.mqtt_camera import MqttCamera
from drivers.ports import free_port
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import PICTURE
from gateway.config.connected import MqttCameraSettings
from gateway.device import (
    ClockRead,
    ClockSet,
    Connected,
    DeviceUnavailable,
    Order,
    OrderResult,
    Refused,
)
from tests.integration.mqtt_site import broker, camera_for, driver_for, files, of, running
from tests.integration.test_usb_dock import KernelClock
from tests.patience import until

__all__ = ["broker"]


def test_a_clock_is_set_by_a_right_host_only_and_a_lost_answer_is_told_of(
    broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = KernelClock(5)
    monkeypatch.setattr("drivers.host_clock.LIBC", kernel)
    driver = driver_for(broker, tmp_path)
    order = Order(id="set", kind="set_clock", arguments={}, device_id="bwc-1")
    with running(driver) as seen:
        camera = camera_for(broker, ahead_s=600)
        camera.beat()
        seen.wait(lambda seen: of(seen, ClockRead, "bwc-1"))
        with pytest.raises(Refused) as no:
            driver.perform(order)
        assert no.value.reason["code"] == "order.host_unsynchronised"
        assert (camera.done, of(seen, ClockSet, "bwc-1")) == ([], [])
        kernel.state, camera.deaf = 0, True
        threading.Timer(0.2, camera.beat).start()
        with pytest.raises(Refused) as no:
            driver.perform(order)
        assert no.value.reason["code"] == "order.no_answer"
        [made] = of(seen, ClockSet, "bwc-1")
        assert (made.certain, made.host_synchronised) == (False, True)
        camera.stop()


def test_orders_are_answered_and_a_late_one_is_dead(broker: Broker, tmp_path: Path) -> None:
    driver = driver_for(broker, tmp_path, is_time_source=True)
    with running(driver) as seen:
        camera = camera_for(broker, ahead_s=600)
        camera.beat()
        seen.wait(lambda seen: of(seen, ClockRead, "bwc-1"))

        def order(kind: str) -> Any:
            return driver.perform(Order(id=kind, kind=kind, arguments={}, device_id="bwc-1"))

        assert order("start_recording").done, "its clock is fast: the deadline is told by that clock"
        with pytest.raises(Refused) as no:
            order("set_clock")
        assert no.value.reason["code"] == "order.clock_unread"
        threading.Timer(0.2, camera.beat, kwargs={"rec": True}).start()
        with pytest.raises(Refused) as no:
            order("set_clock")
        assert no.value.reason["code"] == "order.clock_recording"
        assert of(seen, ClockSet, "bwc-1") == []
        readings = len(of(seen, ClockRead, "bwc-1"))
        threading.Timer(0.2, camera.beat).start()
        assert order("set_clock").done
        assert len(of(seen, ClockRead, "bwc-1")) == readings + 1, "read and stored before it was set"
        [made] = of(seen, ClockSet, "bwc-1")
        assert made.certain
        assert abs((made.device_time - made.at).total_seconds()) <= made.uncertainty_s
        camera.beat()
        seen.wait(lambda seen: len(of(seen, ClockRead, "bwc-1")) == readings + 2)
        shown = of(seen, ClockRead, "bwc-1")
        assert shown[-2].at < made.at < shown[-1].at, "what it showed before, and after"
        with pytest.raises(Refused):
            order("levitate")
        camera.ahead_s = 3600
        with pytest.raises(Refused) as no:
            order("stop_recording")
        assert no.value.reason["code"] == "order.no_answer"
        assert (camera.done, camera.dead) == (["start_recording", "set_clock"], ["stop_recording"])
        camera.ahead_s = 0
        camera.vanish()
        with pytest.raises((Refused, DeviceUnavailable)):
            order("stop_recording")
        time.sleep(2.2)
        back = camera_for(broker)
        time.sleep(1)
        assert back.done == [], "it died in the broker"
        back.stop()
        end(camera.client)


def test_a_camera_brings_what_it_is_asked_for_and_guards_what_it_is_told(
    broker: Broker, tmp_path: Path
) -> None:
    driver = driver_for(broker, tmp_path)
    with running(driver) as seen:
        camera = camera_for(broker)
        seen.wait(lambda seen: of(seen, Connected, "bwc-1"))
        camera.hold = True
        first, second = (camera.record(name, os.urandom(1000)) for name in ("a.mp4", "b.mp4"))

        def order(kind: str, *files: str) -> OrderResult:
            asked = {"files": list(files)} if files else {}
            return driver.perform(Order(id=kind, kind=kind, arguments=asked, device_id="bwc-1"))

        marked = order("mark_important", second.file_id)
        assert (marked.done, marked.detail["files"]) == (True, [second.file_id])
        assert [one.important for one in (first, second)] == [False, True]
        assert files(seen) == [], "it saves its air time"
        brought = order("upload_now", first.file_id)
        assert (brought.done, brought.detail["files"]) == (True, [first.file_id])
        seen.wait(lambda seen: files(seen))
        assert [event.found.size for event in files(seen)] == [1000]
        assert order("upload_now").detail["files"] == [first.file_id, second.file_id]
        seen.wait(lambda seen: len(files(seen)) == 2)
        unknown = order("mark_important", "gone")
        assert (unknown.done, unknown.detail["unknown"]) == (False, ["gone"])
        assert camera.done == ["mark_important", "upload_now", "upload_now", "mark_important"]
        camera.stop()


def live_driver(broker: Broker, folder: Path) -> MqttCamera:
    port = free_port()
    live = {
        "port": port, "url": f"rtsps://localhost:{port}", "certificate": broker.pki / "broker.crt",
        "key": broker.pki / "broker.key",
    }  # fmt: skip
    plain = driver_for(broker, folder).settings
    return MqttCamera(MqttCameraSettings.model_validate(plain.model_dump() | {"live": live}))


def test_a_camera_shows_what_it_sees(broker: Broker, tmp_path: Path) -> None:
    """Told by MQTT, pushed over TLS to an address of its own, shown as HLS; nobody else may push there."""
    driver, folder = live_driver(broker, tmp_path), tmp_path / "live" / "bwc-1"
    with running(driver) as seen:
        camera = camera_for(broker)
        seen.wait(lambda seen: of(seen, Connected, "bwc-1"))

        def order(kind: str) -> OrderResult:
            return driver.perform(
                Order(id="", kind=kind, arguments={"folder": str(folder)}, device_id="bwc-1")
            )

        assert order("start_live").done
        until(lambda: (folder / "index.m3u8").exists())
        assert order("start_live").done, "again and again"
        assert camera.done == ["start_live"]
        assert driver.settings.live
        forged = "rtsps://localhost:{port}/live/{token}".format(
            port=driver.settings.live.port, token="x" * 32
        )
        pushed = subprocess.run([*PICTURE, forged], check=False, timeout=20)
        assert pushed.returncode != 0, "an address that nobody gave out"

        camera.show(None)
        until(lambda: camera.done.count("start_live") == 2)
        until(lambda: (folder / "index.m3u8").exists())
        assert order("stop_live").done
        until(lambda: not folder.exists())
        assert camera.done[-1] == "stop_live"
        until(lambda: camera.pushing is None)

        camera.deaf = True
        assert order("start_live").done
        until(lambda: not order("start_live").done)
        why = order("start_live").detail["reason"]
        assert why["code"] == "order.no_answer"  # type: ignore[index]
        camera.stop()


def test_without_a_listener_no_picture_is_promised(broker: Broker, tmp_path: Path) -> None:
    driver = driver_for(broker, tmp_path)
    order = Order(id="", kind="start_live", arguments={"folder": str(tmp_path)}, device_id="bwc-1")
    with running(driver):
        with pytest.raises(Refused) as no:
            driver.perform(order)
        assert no.value.reason["code"] == "live.no_listener"
