"""What connected cameras bring: refused with a reason, gone on with, never said to be safe before it is."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt.messages import FileMessage, read
from drivers.simulators.broker import Broker
from drivers.uploads.desk import TOLD_S, UNANSWERED_S, Desk, expected_of
from drivers.uploads.signing import Permit, is_good, signature
from drivers.uploads.spool import Expected, Spool, readable_name, suffix
from gateway.config.connected import MqttCameraSettings
from gateway.device import (
    DeviceUnavailable,
    SignalReceived,
    StillThere,
)
from tests.integration.mqtt_site import (
    DIGEST,
    broker,
    camera_for,
    driver_for,
    files,
    of,
    put,
    running,
)
from tests.patience import until

__all__ = ["broker"]


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
        until(lambda: recording.received)
        second = camera.record("b.mp4", os.urandom(1_500_000))
        until(lambda: second.waits)
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
        until(lambda: "good" in {one.get("file_id") for one in heard})
        camera.stop()
        other.stop()
    told = {one["file_id"]: one for one in heard if "file_id" in one}
    assert {name: one["op"] for name, one in told.items()} == {
        "long": "abort", "large": "abort", "digest": "abort", "good": "upload_url",
    }  # fmt: skip
    assert told["long"]["why"] == "name: String should have at most 255 characters"
    assert len([one for one in of(seen, SignalReceived, "net") if one.kind == "unreadable"]) == 6


def test_what_a_camera_may_delete_is_not_said_from_memory_for_ever(broker: Broker, tmp_path: Path) -> None:
    """It never heard of it, and both copies may have gone since: asked once more; unanswered, it is brought."""
    driver = driver_for(broker, tmp_path)
    with running(driver) as seen:
        camera = camera_for(broker)
        recording = camera.record("a.mp4", b"content")
        seen.wait(lambda seen: files(seen))
        [first] = [event.found for event in files(seen)]

        def announced_after(**ago: float) -> None:
            known = driver.desk.spool.known("bwc-1", recording.file_id)
            assert known is not None
            changed = {name: time.time() - seconds for name, seconds in ago.items()}
            driver.desk.spool.keep(replace(known, **changed))  # type: ignore[arg-type]
            recording.stored, recording.received = None, False
            camera.announce(recording)

        driver.release(first, recording.sha256)
        first.local.unlink()  # taken over
        until(lambda: recording.stored)
        announced_after(told_at=60)
        until(lambda: recording.stored)
        assert of(seen, StillThere, "bwc-1") == []
        announced_after(told_at=2 * TOLD_S)
        until(lambda: recording.received)
        assert recording.stored is None
        seen.wait(lambda seen: of(seen, StillThere, "bwc-1"))
        asked = of(seen, StillThere, "bwc-1")
        assert {(one.path, one.sha256) for one in asked} == {(first.path, recording.sha256)}
        driver.release(first, recording.sha256)
        until(lambda: recording.stored)
        announced_after(told_at=60)
        until(lambda: recording.stored)
        asked = of(seen, StillThere, "bwc-1")
        announced_after(told_at=-2 * TOLD_S)  # the clock was set back
        seen.wait(lambda seen: len(of(seen, StillThere, "bwc-1")) > len(asked))
        announced_after(asked_at=2 * UNANSWERED_S)
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert files(seen)[1].found.local.read_bytes() == b"content"
        camera.stop()


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
    for nonsense in ("é", "\udce9", ""):
        assert not is_good(b"s" * 32, permit, nonsense, now=999)


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
