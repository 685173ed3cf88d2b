"""Connected cameras against a real mosquitto (mutual TLS, the shipped rights) and real HTTPS uploads."""

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from drivers.mqtt.link import end
from drivers.mqtt.messages import Unreadable, read
from drivers.simulators.broker import Broker
from drivers.uploads.spool import Expected
from gateway.device import (
    ClockRead,
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    Refused,
    Release,
    SignalReceived,
    StrangerSeen,
    TrackReceived,
)
from tests.integration.mqtt_site import (
    DIGEST,
    broker,
    camera_for,
    driver_for,
    files,
    happenings,
    of,
    put,
    running,
)
from tests.integration.test_drivers import Recorder
from tests.patience import until

__all__ = ["broker"]


def test_what_a_camera_tells_and_brings(broker: Broker, tmp_path: Path) -> None:
    driver = driver_for(broker, tmp_path)
    content = os.urandom(3_500_000)
    with running(driver) as seen:
        camera = camera_for(broker, ahead_s=3600)
        camera.beat(battery=55)
        sos = camera.event("sos", level=1)
        points = [{"ts": camera.now() + n * 1000, "lat": 37.07, "lon": 114.5, "acc": 4} for n in range(3)]
        camera.say("gps", points)
        recording = camera.record("DCAM_0001.mp4", content, important=True)
        seen.wait(lambda seen: files(seen))
        seen.wait(lambda seen: any(event.kind == "heartbeat" for event in of(seen, SignalReceived, "bwc-1")))
        [found] = [event.found for event in files(seen)]
        assert found.local.read_bytes() == content
        assert (found.adopt, found.declared.important, found.size) == (True, True, len(content))
        assert found.path == f"{recording.file_id}/DCAM_0001.mp4".encode()
        until(lambda: recording.received)
        ours = [event for event in seen.events if getattr(event, "device_id", "") == "bwc-1"]
        assert isinstance(ours[0], DeviceSeen)
        assert isinstance(ours[1], Connected)
        [clock] = of(seen, ClockRead, "bwc-1")
        assert abs((clock.device_time - clock.at).total_seconds() - 3600) < 3
        assert set(happenings(seen)) == {sos}
        [track] = of(seen, TrackReceived, "bwc-1")
        assert [(point.latitude, point.more["acc"]) for point in track.points] == [(37.07, 4)] * 3

        with pytest.raises(Refused):
            driver.release(found, "0" * 64)
        assert driver.release(found, recording.sha256) is Release.TOLD
        assert driver.release(found, recording.sha256) is Release.TOLD
        until(lambda: recording.stored)
        assert recording.stored is not None
        assert (recording.stored["may_delete"], recording.stored["sha256"]) == (True, recording.sha256)
        camera.vanish()
        seen.wait(lambda seen: of(seen, Disconnected, "bwc-1"))


def test_a_camera_cannot_speak_for_another(broker: Broker, tmp_path: Path) -> None:
    with running(driver_for(broker, tmp_path)) as seen:
        thief = camera_for(broker, "bwc-2")
        thief.client.publish(
            "bwc/bwc-1/up/event", json.dumps({"event_id": "forged", "type": "sos"}), qos=1
        ).wait_for_publish(5)
        until(lambda: thief.refused)
        assert "Not authorized" in thief.refused[0]
        true = thief.event("sos")
        seen.wait(lambda seen: happenings(seen))
        thief.stop()
    assert set(happenings(seen)) == {true}


def test_without_a_certificate_nobody_connects(broker: Broker) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.tls_set(str(broker.pki / "ca.crt"))
    refused = threading.Event()
    client.on_disconnect = lambda *_: refused.set()
    client.on_connect_fail = lambda *_: refused.set()
    try:
        client.connect("127.0.0.1", broker.port)
        client.loop_start()
        assert refused.wait(5)
    except OSError:
        pass
    finally:
        end(client)


def test_a_camera_that_is_not_on_the_list_is_told_of_once(broker: Broker, tmp_path: Path) -> None:
    with running(driver_for(broker, tmp_path)) as seen:
        stranger = camera_for(broker, "stranger")
        for _ in range(3):
            stranger.event("sos")
        stranger.record("x.mp4", b"x" * 1000)
        seen.wait(lambda seen: seen.of(StrangerSeen))
        time.sleep(0.5)
        stranger.stop()
    assert len(seen.of(StrangerSeen)) == 1
    assert of(seen, DeviceSeen, "stranger") == []
    assert happenings(seen) == []
    assert files(seen) == []


def test_what_could_not_be_stored_comes_again_to_the_next_connection(broker: Broker, tmp_path: Path) -> None:
    class Failing(Recorder):
        def __call__(self, *events: Any) -> None:
            if any(isinstance(event, SignalReceived) and event.event_id for event in events):
                raise ZeroDivisionError
            super().__call__(*events)

    driver = driver_for(broker, tmp_path)
    with running(driver):
        pass
    camera = camera_for(broker)
    sent = [camera.event("rec_start") for _ in range(50)]
    until(lambda: camera.acknowledged >= 51)
    with pytest.raises(ZeroDivisionError):
        driver.run(Failing(), threading.Event())
    with running(driver) as seen:
        seen.wait(lambda seen: set(happenings(seen)) == set(sent))
    camera.stop()


def test_a_broker_that_is_killed_is_told_of_and_uploads_go_on(broker: Broker, tmp_path: Path) -> None:
    driver, seen, stop = driver_for(broker, tmp_path), Recorder(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        try:
            driver.run(seen, stop)
        except DeviceUnavailable as gone:
            ended.append(gone.reason["code"])

    thread = threading.Thread(target=work)
    thread.start()
    seen.wait(lambda seen: seen.of(Connected))
    expected = driver.desk.spool.expect(
        Expected(device="bwc-1", file_id="f1", name="a.mp4", size=4, sha256=DIGEST)
    )
    url = str(driver.desk.standing(expected)["url"])
    broker.kill()
    thread.join(10)
    assert ended == ["broker.away"]
    assert put(broker, url, b"abcd") == 201
    assert [event.found.declared.important for event in files(seen)] == [False]
    broker.start()
    with running(driver) as again:
        again.wait(lambda seen: files(seen))  # it still lies there: nobody has taken it over yet


def test_what_is_said_twice_or_makes_no_sense(broker: Broker, tmp_path: Path) -> None:
    with running(driver_for(broker, tmp_path)) as seen:
        camera = camera_for(broker)
        camera.repeat = True
        camera.client.publish("bwc/bwc-1/up/event", b"\xff{", qos=1)
        camera.client.publish("bwc/bwc-1/up/event", b"[" * 5000, qos=1)
        deep = b'{"event_id":"x","type":"sos","data":' + b"[" * 970 + b"]" * 970 + b"}"
        for wrong in (
            deep,
            b'{"event_id":"x","type":"sos","n":1e999}',
            b'{"event_id":"x","type":"sos","n":NaN}',
        ):
            camera.client.publish("bwc/bwc-1/up/event", wrong, qos=1)
        camera.say("event", {"event_id": "", "type": "sos"})
        camera.say("file", {"op": "announce", "file_id": "../../etc/passwd", "size": 1, "sha256": "0" * 64})
        last = camera.event("sos")
        seen.wait(lambda seen: happenings(seen).count(last) >= 2)
        until(lambda: last not in camera.outbox)
        camera.stop()
    told = [event for event in of(seen, SignalReceived, "net") if event.kind == "unreadable"]
    assert len(told) >= 9
    assert set(happenings(seen)) == {last}


@pytest.mark.parametrize(
    "topic", ["bwc/a/b/up/hb", "bwc/../up/hb", "bwc/x/down/cmd", "bwc/x/up/nothing", f"bwc/{'x' * 65}/up/hb"]
)
def test_topics_that_are_none(topic: str) -> None:
    with pytest.raises(Unreadable):
        read(topic, b"{}")


def test_what_no_database_holds_is_left_out_of_texts() -> None:
    heard = read(
        "bwc/x/up/event", b'{"event_id":"1","type":"sos","data":{"a":"\\u0000\\ud800b","n":[1,2.5]}}'
    )
    assert heard.message.model_dump()["data"] == {"a": "?b", "n": [1, 2.5]}  # type: ignore[union-attr]
