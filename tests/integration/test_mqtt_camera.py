"""Connected cameras against a real mosquitto (mutual TLS, the shipped rights) and real HTTPS uploads."""

import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from drivers.mqtt.messages import FileMessage, Unreadable, read
from drivers.mqtt_camera import MqttCamera
from drivers.ports import free_port
from drivers.simulators.broker import Broker
from drivers.simulators.mqtt_camera import PICTURE, Camera
from drivers.uploads.desk import Desk, expected_of
from drivers.uploads.signing import Permit, is_good, signature
from drivers.uploads.spool import Expected, Spool, readable_name, suffix
from gateway.config.connected import MqttCameraSettings
from gateway.device import (
    ClockRead,
    ClockSet,
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    Disconnected,
    FileFound,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
    StrangerSeen,
    TrackReceived,
)
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started
from tests.integration.test_usb_dock import KernelClock


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    made = Broker(tmp_path / "broker", "bwc-1", "bwc-2", "stranger")
    made.start()
    yield made
    made.stop()


def driver_for(broker: Broker, folder: Path, *, is_time_source: bool = False, **uploads: Any) -> MqttCamera:
    port = free_port()
    told = {
        "id": "net", "driver": "mqtt_camera", "broker": broker.settings(), "spool": folder / "spool",
        "timezone": "Asia/Shanghai", "status_seconds": 0.2, "answer_seconds": 1.0,
        "is_time_source": is_time_source,
        "cameras": [{"id": "bwc-*", "release": "erase", "erase_without_second_copy": True}],
        "uploads": {
            "port": port, "url": f"https://localhost:{port}", "secret": "s" * 32, "reserve_mb": 1,
            "certificate": broker.pki / "broker.crt", "key": broker.pki / "broker.key", "chunk_mb": 1, **uploads,
        },
    }  # fmt: skip
    return MqttCamera(MqttCameraSettings.model_validate(told))


@contextmanager
def running(driver: MqttCamera) -> Iterator[Recorder]:
    """Once it listens: what was said before the broker knew that it would listen, the broker did not keep."""
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        yield seen


def camera_for(broker: Broker, name: str = "bwc-1", **more: Any) -> Camera:
    camera = Camera(name, ("127.0.0.1", broker.port), broker.pki, **more)
    camera.start()
    assert camera.online.wait(10)
    return camera


def files(seen: Recorder) -> list[FileFound]:
    """Each once: what is asked about again is reported again, and is the same to the intake."""
    found = [event for event in seen.events if isinstance(event, FileFound)]
    return list({event.found.identity: event for event in found}.values())


def happenings(seen: Recorder) -> list[str]:
    return [event.event_id for event in seen.events if isinstance(event, SignalReceived) and event.event_id]


def of(seen: Recorder, kind: type, device: str) -> list[Any]:
    return [event for event in seen.of(kind) if getattr(event, "device_id", "") == device]


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
        eventually(lambda: recording.received)
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
        eventually(lambda: recording.stored)
        assert recording.stored is not None
        assert (recording.stored["may_delete"], recording.stored["sha256"]) == (True, recording.sha256)
        camera.vanish()
        seen.wait(lambda seen: of(seen, Disconnected, "bwc-1"), 30)


def eventually(holds: Any, timeout: float = 10) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_camera_cannot_speak_for_another(broker: Broker, tmp_path: Path) -> None:
    with running(driver_for(broker, tmp_path)) as seen:
        thief = camera_for(broker, "bwc-2")
        thief.client.publish(
            "bwc/bwc-1/up/event", json.dumps({"event_id": "forged", "type": "sos"}), qos=1
        ).wait_for_publish(5)
        eventually(lambda: thief.refused)
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
        client.loop_stop()


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
    eventually(lambda: camera.acknowledged >= 51)
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


DIGEST = "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589"  # of b"abcd"


def put(broker: Broker, url: str, piece: bytes, at: str = "") -> int:
    import ssl

    headers = {"Content-Range": at} if at else {}
    request = urllib.request.Request(url, piece, headers, method="PUT")
    try:
        context = ssl.create_default_context(cafile=str(broker.pki / "ca.crt"))
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return int(error.code)


def test_uploads_are_refused_with_a_reason_and_nothing_is_lost(broker: Broker, tmp_path: Path) -> None:
    driver = driver_for(broker, tmp_path)
    with running(driver) as seen:
        spool = driver.desk.spool
        expected = spool.expect(Expected(device="bwc-1", file_id="f1", name="a.mp4", size=4, sha256=DIGEST))
        url = str(driver.desk.standing(expected)["url"])
        assert put(broker, url.replace("signature=", "signature=0"), b"abcd") == 403
        assert put(broker, url.replace("/f1?", "/f2?"), b"abcd") == 403
        assert put(broker, url.replace("/bwc-1/", "/bwc-2/"), b"abcd") == 403
        assert put(broker, url, b"abcdef") == 400
        assert put(broker, url, b"cd", "bytes 2-3/4") == 409
        assert put(broker, url, b"ab", "bytes 0-1/9") == 416
        assert put(broker, url, b"ab", "bytes 0-1/4") == 204
        assert put(broker, url, b"ab", "bytes 0-1/4") == 409
        assert put(broker, url, b"xx", "bytes 2-3/4") == 422, "the digest is another"
        assert files(seen) == []
        assert put(broker, url, b"ab", "bytes 0-1/4") == 204, "it begins anew"
        spool.reserve = 2**60
        assert put(broker, url, b"cd", "bytes 2-3/4") == 507
        spool.reserve = 1
        assert put(broker, url, b"cd", "bytes 2-3/4") == 201
        assert put(broker, url, b"abcd") == 201, "said twice is harmless"
    assert len({event.found.identity for event in files(seen)}) == 1


def test_what_could_not_be_entered_is_not_said_to_be_safe(broker: Broker, tmp_path: Path) -> None:
    """The bytes are here, the database is away: 503, and 201 once it is entered."""
    driver = driver_for(broker, tmp_path)
    with running(driver) as seen:
        spool, desk = driver.desk.spool, driver.desk
        expected = spool.expect(Expected(device="bwc-1", file_id="f1", name="a.mp4", size=4, sha256=DIGEST))
        url, good = str(desk.standing(expected)["url"]), desk.emit

        def away(*_: Any) -> None:
            raise DeviceUnavailable("wait.store_gone", path="/")

        desk.emit = away
        assert put(broker, url, b"abcd") == 503
        assert put(broker, url, b"abcd") == 503
        desk.emit = good
        assert put(broker, url, b"abcd") == 201
        assert len(files(seen)) == 1


def test_a_flipped_byte_and_a_full_spool_are_seen_by_the_camera(broker: Broker, tmp_path: Path) -> None:
    driver = driver_for(broker, tmp_path, quota_mb=2)
    with running(driver) as seen:
        camera = camera_for(broker)
        camera.line.flip = 1
        recording = camera.record("a.mp4", os.urandom(1_500_000))
        seen.wait(lambda seen: files(seen))
        eventually(lambda: recording.received)
        second = camera.record("b.mp4", os.urandom(1_500_000))
        eventually(lambda: second.waits)
        assert files(seen)[-1].found.size == 1_500_000
        camera.stop()


def test_an_upload_whose_line_breaks_again_and_again_goes_on_where_it_was(
    broker: Broker, tmp_path: Path
) -> None:
    """3.5 MB in breaks of 600 000 bytes are five broken lines, and a few more if what was under way was lost."""
    content = os.urandom(3_500_000)
    with running(driver_for(broker, tmp_path)) as seen:
        camera = camera_for(broker)
        camera.line.break_after = 600_000
        camera.record("a.mp4", content)
        seen.wait(lambda seen: files(seen))
        camera.stop()
    [found] = [event.found for event in files(seen)]
    assert found.local.read_bytes() == content
    assert 5 <= camera.line.resumed <= camera.line.broken < 15


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
        camera.client.loop_stop()


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
        eventually(lambda: last not in camera.outbox)
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


def test_a_file_that_cannot_be_taken_hears_why(broker: Broker, tmp_path: Path) -> None:
    """Its camera would announce it for ever; who is not on the list hears nothing."""
    with running(driver_for(broker, tmp_path)) as seen:
        heard: list[dict[str, Any]] = []
        camera, other = camera_for(broker), camera_for(broker, "stranger")
        for one in (camera, other):
            topic = f"bwc/{one.name}/down/file"
            one.client.message_callback_add(topic, lambda *told: heard.append(json.loads(told[2].payload)))
        good = {"op": "announce", "size": 4, "sha256": DIGEST}
        other.say("file", good | {"file_id": "theirs", "name": "x" * 256})
        for file_id, wrong in {
            "long": {"name": "x" * 256}, "large": {"size": 2**50}, "digest": {"sha256": "no"},
            "moving": {"op": "progress", "size": -1}, "../up": {"name": "x" * 256}, "good": {"name": "x" * 255},
        }.items():  # fmt: skip
            camera.say("file", good | {"file_id": file_id} | wrong)
        eventually(lambda: "good" in {one.get("file_id") for one in heard})
        camera.stop()
        other.stop()
    told = {one["file_id"]: one for one in heard if "file_id" in one}
    assert {name: one["op"] for name, one in told.items()} == {
        "long": "abort", "large": "abort", "digest": "abort", "good": "upload_url",
    }  # fmt: skip
    assert told["long"]["why"] == "name: String should have at most 255 characters"
    assert len([one for one in of(seen, SignalReceived, "net") if one.kind == "unreadable"]) == 6


def desk_for(folder: Path) -> Desk:
    settings = {
        "id": "net", "driver": "mqtt_camera", "spool": folder, "timezone": "UTC",
        "uploads": {"url": "http://x", "secret": "s" * 32, "reserve_mb": 1},
    }  # fmt: skip
    return Desk(MqttCameraSettings.model_validate(settings), lambda *_: None)


def test_a_spool_without_room_is_one_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_for(tmp_path)
    for reserve, name in ((2**60, "a"), (2**60, "b"), (2**60, "a"), (1, "b"), (1, "a"), (2**60, "c")):
        desk.spool.reserve = reserve
        announced = {"op": "announce", "file_id": name, "name": "a.mp4", "size": 4, "sha256": DIGEST}
        desk.answer("bwc-1", FileMessage.model_validate(announced))
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == [f"{tmp_path}: no room but the reserve; cameras are to wait"] * 2


@pytest.mark.parametrize(
    ("name", "here", "kept"),
    [("a\0b.mp4", "ab.mp4", "a\\x00b.mp4"), ("../../x/esc.mp4", "esc.mp4", "../../x/esc.mp4"),
     ("a\ud800.mp4", "a_.mp4", "a\\ud800.mp4"), ("执法 1.mp4", "执法 1.mp4", None), ("", "f1", None)],
)  # fmt: skip
def test_a_name_stays_as_it_was_told(tmp_path: Path, name: str, here: str, kept: str | None) -> None:
    payload = {"op": "announce", "file_id": "f1", "name": name, "as_told": "x", "size": 4, "sha256": DIGEST}
    heard = read("bwc/bwc-1/up/file", json.dumps(payload).encode())
    assert isinstance(heard.message, FileMessage)
    desk = desk_for(tmp_path)
    expected = expected_of("bwc-1", heard.message)
    desk.spool.keep(expected)
    desk.spool.whole(expected).write_bytes(b"abcd")
    again = desk.spool.known("bwc-1", "f1")
    assert again is not None, "over a restart, too"
    found = desk.found(again)
    assert found.path.decode() == f"f1/{here}"
    assert found.declared.name == kept


def test_names_that_devices_give_are_only_shown() -> None:
    assert readable_name("../../etc/passwd", "f1") == "passwd"
    assert readable_name("..\\..\\boot.ini", "f1") == "boot.ini"
    assert readable_name("执法 记录\n1.mp4", "f1") == "执法 记录_1.mp4"
    assert readable_name("...", "f1") == "f1"
    assert [suffix(name) for name in ("a.MP4", "a.json", "a.part", "a", "a.ü", "a.toolonge")] == [
        ".mp4", ".bin", ".bin", ".bin", ".bin", ".bin",
    ]  # fmt: skip


def test_an_address_is_good_for_one_file_and_a_while() -> None:
    permit = Permit("bwc-1", "f1", 4, DIGEST, 1000)
    good = signature(b"s" * 32, permit)
    assert is_good(b"s" * 32, permit, good, now=999)
    assert not is_good(b"s" * 32, permit, good, now=1000)
    assert not is_good(b"t" * 32, permit, good, now=999)
    assert not is_good(b"s" * 32, Permit("bwc-1", "f1", 5, DIGEST, 1000), good, now=999)


def test_a_crash_at_the_last_step_of_an_upload_is_mended(tmp_path: Path) -> None:
    """All bytes were safe and nobody had said so; or the file had its name and the journal not its word."""
    for renamed in (False, True):
        spool = Spool(tmp_path / str(renamed), 0, 10**9)
        expected = spool.expect(Expected(device="d", file_id="f", name="a.mp4", size=4, sha256=DIGEST))
        handle = spool.open_part(expected, 0)
        os.write(handle, b"abcd")
        expected = spool.settle(expected, handle, 4)
        os.close(handle)
        if renamed:
            spool.place("d", "f", ".part").rename(spool.whole(expected))
        [mended] = spool.waiting()
        assert mended.whole
        assert spool.whole(mended).read_bytes() == b"abcd"
        other = spool.expect(Expected(device="d", file_id="f", name="b.mp4", size=4, sha256="0" * 64))
        assert spool.whole(other) != spool.whole(mended), "an id used again takes nobody's place"
        assert spool.underway("d") == 4


def test_a_part_is_cut_back_to_what_was_acknowledged(tmp_path: Path) -> None:
    """After a power cut the part may be longer than its journal, and hold nonsense there."""
    spool = Spool(tmp_path, 0, 10**9)
    expected = spool.expect(Expected(device="d", file_id="f", name="a.mp4", size=4, sha256=DIGEST))
    handle = spool.open_part(expected, 0)
    os.write(handle, b"ab")
    expected = spool.settle(expected, handle, 2)
    os.write(handle, b"\0\0")
    os.close(handle)
    known = spool.known("d", "f")
    assert known is not None
    handle = spool.open_part(known, 2)
    os.write(handle, b"cd")
    done = spool.finish(spool.settle(known, handle, 4))
    os.close(handle)
    assert spool.whole(done).read_bytes() == b"abcd"


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
        eventually(lambda: (folder / "index.m3u8").exists(), 20)
        assert order("start_live").done, "again and again"
        assert camera.done == ["start_live"]
        assert driver.settings.live
        forged = "rtsps://localhost:{port}/live/{token}".format(
            port=driver.settings.live.port, token="x" * 32
        )
        pushed = subprocess.run([*PICTURE, forged], check=False, timeout=20)
        assert pushed.returncode != 0, "an address that nobody gave out"

        camera.show(None)
        eventually(lambda: camera.done.count("start_live") == 2, 30)
        eventually(lambda: (folder / "index.m3u8").exists(), 20)
        assert order("stop_live").done
        eventually(lambda: not folder.exists())
        assert camera.done[-1] == "stop_live"
        eventually(lambda: camera.pushing is None)

        camera.deaf = True
        assert order("start_live").done
        eventually(lambda: not order("start_live").done)
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
