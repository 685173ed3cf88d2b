"""Axis controllers: an independent Swift client against the listener, over real HTTP and HTTPS."""

import hashlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import swiftclient
from starlette.requests import Request
from swiftclient.exceptions import ClientException

from drivers.axis import listener
from drivers.axis.connection import connection_file
from drivers.axis_body_worn import AxisBodyWorn
from drivers.ports import free_port
from drivers.simulators.axis import USER, Controller
from gateway.config.connected import AxisBodyWornSettings
from gateway.device import (
    Connected,
    DeviceSeen,
    DeviceUnavailable,
    FileFound,
    FileListed,
    MediaKind,
    OffloadOpened,
    Refused,
    Release,
    SignalReceived,
    TrackReceived,
)
from gateway.identities import enrol
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started
from tests.patience import until

KEY = "0123456789abcdef"
SERIAL = "B8A44F0001"
STARTED = datetime(2026, 8, 4, 2, 0, 0, tzinfo=UTC)
RECORDING = f"{USER}_{SERIAL}_20260804T020000Z"
CLIP = "20260804_020000_ab12.mkv"


def settings_for(folder: Path, **more: Any) -> AxisBodyWornSettings:
    port = free_port()
    told = {
        "id": "axis", "driver": "axis_body_worn", "port": port, "url": f"http://127.0.0.1:{port}", "api_key": KEY,
        "spool": folder / "spool", "reserve_mb": 1, "timezone": "Asia/Shanghai", **more,
    }  # fmt: skip
    return AxisBodyWornSettings.model_validate(told)


@contextmanager
def running(settings: AxisBodyWornSettings) -> Iterator[tuple[AxisBodyWorn, Recorder]]:
    driver = AxisBodyWorn(settings)
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        yield driver, seen


def swift(settings: AxisBodyWornSettings, **more: Any) -> swiftclient.Connection:
    told = {"user": settings.user, "key": KEY, "retries": 0} | more
    client = swiftclient.Connection(authurl=f"{settings.url}/auth/v1.0", auth_version="1", **told)
    OPEN.append(client)
    return client


OPEN: list[swiftclient.Connection] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().close()


def controller(settings: AxisBodyWornSettings) -> Controller:
    return Controller(settings.url, settings.user, KEY, patience_s=5)


def found(seen: Recorder) -> dict[str, FileFound]:
    told = [event for event in seen.events if isinstance(event, FileFound)]
    return {event.found.path.decode().partition("/")[2]: event for event in told}


def test_an_independent_client_brings_a_recording(tmp_path: Path) -> None:
    settings, content = settings_for(tmp_path), os.urandom(3_000_000)
    trail = {
        "CoordinateEntries": [
            {"LocationWKT": "POINT(114.5 37.07)", "SecondsFromStart": 1.0, "Timestamp": "2026-08-04T02:00:01Z"},
            {"LocationWKT": "POINT(999 0)", "Timestamp": "2026-08-04T02:00:02Z"},
            "no entry",
        ]
    }  # fmt: skip
    with running(settings) as (driver, seen):
        client = swift(settings)
        for name in ("System", "Users", "Devices"):
            client.put_container(name)
        client.put_object("System", "sys-1", b"", headers={"X-Object-Meta-Systemname": "%E9%82%A2%E5%8F%B0"})
        assert client.head_object("System", "sys-1")["x-object-meta-systemname"] == "邢台"
        client.put_object("Users", USER, b"", headers={"X-Object-Meta-Name": "%E5%BC%A0%E4%BC%9F",
                                                       "X-Object-Meta-Userid": "110023"})  # fmt: skip
        client.put_object(
            "Devices", SERIAL, b"", headers={"X-Object-Meta-Name": "one", "X-Object-Meta-Model": "W101"}
        )
        client.put_container(RECORDING, headers={"X-Container-Meta-Status": "Transferring"})
        meta = {"X-Object-Meta-Starttimeiso": "2026-08-04T02:00:00Z"}
        tag = client.put_object(RECORDING, CLIP, content, headers=meta)
        assert tag == hashlib.md5(content).hexdigest()
        client.put_object(RECORDING, f"20260804_020000_ab12_{SERIAL}_gpstrail.json", json.dumps(trail))
        client.put_object(RECORDING, "bookmark_20260804T020100Z_1", "当事人签字".encode())
        client.put_object(RECORDING, "nothing.mkv", b"")
        assert found(seen) == {}, "a recording is reported as a whole"
        client.post_container(RECORDING, headers={"X-Container-Meta-Status": "Complete"})
        files = found(seen)
        assert {*files} == {CLIP, "bookmark_20260804T020100Z_1", "recording.json",
                            f"20260804_020000_ab12_{SERIAL}_gpstrail.json"}  # fmt: skip
        [empty] = seen.of(FileListed)
        assert empty.why["code"] == "condition.empty"  # type: ignore[union-attr]
        clip = files[CLIP].found
        assert clip.local.read_bytes() == content
        assert (clip.device_id, clip.adopt, clip.declared.device) == (SERIAL, True, SERIAL)
        assert (clip.declared.officer, clip.declared.account) == ("110023", "张伟 (110023)")
        assert clip.declared.started == datetime(2026, 8, 4, 10, 0, 0), "on the unit's own clock"
        assert clip.declared.important
        assert files["bookmark_20260804T020100Z_1"].found.declared.beside == f"{RECORDING}/{CLIP}"
        [opened] = [event for event in seen.events if isinstance(event, OffloadOpened)]
        assert len(opened.listing) == 5
        [camera] = [event for event in seen.events if isinstance(event, DeviceSeen)]
        assert (camera.device_id, camera.entry["name"], camera.entry["model"]) == (SERIAL, "one", "W101")
        [track] = [event for event in seen.events if isinstance(event, TrackReceived)]
        assert [(point.longitude, point.latitude) for point in track.points] == [(114.5, 37.07)]
        record = json.loads(files["recording.json"].found.local.read_text())
        assert record["metadata"]["status"] == "Complete"

        client.post_container(RECORDING, headers={"X-Container-Meta-Status": "Complete"})
        assert len([event for event in seen.events if isinstance(event, OffloadOpened)]) == 1, "said twice"
        with pytest.raises(Refused):
            driver.release(clip, "0" * 64)
        for _ in range(2):
            assert driver.release(clip, hashlib.sha256(content).hexdigest()) is Release.TOLD


def test_who_may_come_in_and_what_is_read_there(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, categories=["听证"])
    with running(settings):
        for told in ({"X-Auth-Key": "wrong"}, {"X-Auth-User": "root"}, {"X-Auth-User": ""}):
            shown = {"X-Auth-User": settings.user, "X-Auth-Key": KEY} | told
            assert controller(settings).call("GET", "/auth/v1.0", shown)[0] == 401
        client, twin = swift(settings), controller(settings)
        twin.sign_in()
        expires, _, sign = twin.token.partition(".")
        for forged in ("", "x", f"{int(expires) + 9}.{sign}", f"1.{sign}", twin.token[:-1]):
            assert twin.call("PUT", "/v1/axis/c", {"X-Auth-Token": forged})[0] == 401
        assert twin.call("PUT", "/v1/other/c", {"X-Auth-Token": twin.token})[0] == 403
        for name, holds in (("Capabilities.json", "StoreRejectedContent"), ("Capability.json", "StoreBookmarks"),
                            ("Categories.json", "听证")):  # fmt: skip
            headers, content = client.get_object("System", name)
            assert headers["etag"] == hashlib.md5(content).hexdigest()
            assert holds in content.decode()
        client.put_container(RECORDING)
        client.put_object(RECORDING, CLIP, b"footage")
        assert client.head_object(RECORDING, CLIP)["content-length"] == "7"
        with pytest.raises(ClientException) as refused:
            client.get_object(RECORDING, CLIP)
        assert refused.value.http_status == 403
        with pytest.raises(ClientException) as refused:
            client.put_object("nobody-made-it", CLIP, b"footage")
        assert refused.value.http_status == 404


def test_nothing_is_replaced_and_bytes_that_are_wrong_are_not_kept(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as (driver, seen):
        client = swift(settings)
        client.put_container(RECORDING)
        with pytest.raises(ClientException) as refused:
            client.put_object(RECORDING, CLIP, b"one", etag="0" * 32)
        assert refused.value.http_status == 422
        assert driver.shelf.container(RECORDING).bodies == []
        for content in (b"one", b"one", b"another"):
            client.put_object(RECORDING, CLIP, content)
        client.post_container(RECORDING, headers={"X-Container-Meta-Status": "Complete"})
        kept = [event.found.local.read_bytes() for event in seen.of(FileFound) if b".mkv" in event.found.path]  # type: ignore[union-attr]
        assert sorted(kept) == [b"another", b"one"]
        client.put_object(RECORDING, "late.mkv", b"late")
        seen.wait(lambda seen: "late.mkv" in found(seen))
        offloads = {event.offload for event in seen.of(OffloadOpened)}  # type: ignore[union-attr]
        assert len(offloads) == 2, "what came after the last word has an account of its own"


def test_what_a_crash_left(tmp_path: Path) -> None:
    """Acknowledged: there. Not acknowledged: gone, and brought again."""
    settings = settings_for(tmp_path)
    with running(settings):
        controller(settings).recording(SERIAL, STARTED, {CLIP: b"kept"}, last_word=False)
    [folder] = [path for path in settings.spool.iterdir() if (path / "journal.json").exists()]
    (folder / "half.part").write_bytes(b"half")
    (folder / "stray.mkv").write_bytes(b"renamed, and in no journal")
    with running(settings) as (_, seen):
        assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".mkv"]
        controller(settings).recording(SERIAL, STARTED, {CLIP: b"kept"})
        assert found(seen)[CLIP].found.local.read_bytes() == b"kept"


def test_what_lies_beside_a_broken_journal_is_reported_as_the_controllers(tmp_path: Path) -> None:
    """As far as the journal still tells, with its name; and the recording may be brought anew."""
    settings = settings_for(tmp_path)
    with running(settings):
        controller(settings).recording(SERIAL, STARTED, {CLIP: b"kept"}, last_word=False)
    [folder] = [path for path in settings.spool.iterdir() if (path / "journal.json").exists()]
    journal = folder / "journal.json"
    journal.write_text(journal.read_text()[:-20])
    (folder / "nameless.mkv").write_bytes(b"of another journal")
    with running(settings) as (driver, seen):
        seen.wait(lambda seen: {CLIP, "nameless.mkv"} <= set(found(seen)))
        clip, nameless = found(seen)[CLIP].found, found(seen)["nameless.mkv"].found
        assert (clip.device_id, clip.offload, clip.local.read_bytes()) == ("axis", None, b"kept")
        assert clip.declared.started == datetime(2026, 8, 4, 10, 0, 0)
        assert (nameless.kind, nameless.declared.md5) == (MediaKind.VIDEO, None)
        [signal] = seen.of(SignalReceived)
        assert signal.kind == "journal_unreadable"  # type: ignore[union-attr]
        with pytest.raises(Refused):
            driver.release(nameless, "0" * 64)
        for one, content in ((clip, b"kept"), (nameless, b"of another journal")):
            assert driver.release(one, hashlib.sha256(content).hexdigest()) is Release.TOLD
            assert not one.local.exists()
        controller(settings).recording(SERIAL, STARTED, {CLIP: b"anew"})
        assert found(seen)[CLIP].found.local.read_bytes() == b"anew"
    with running(settings) as (_, again):
        assert len(again.of(SignalReceived)) == 1
        assert not set(found(again)) & {CLIP, "nameless.mkv"}, "reported once"


def test_a_recording_without_a_last_word_and_rejected_content(tmp_path: Path, monkeypatch: Any) -> None:
    settings = settings_for(tmp_path, quiet_seconds=0.5)
    with running(settings) as (_, seen):
        twin = controller(settings)
        twin.recording(SERIAL, STARTED, {CLIP: b"unfinished"}, last_word=False)
        seen.wait(lambda seen: CLIP in found(seen))
        rejected = "RejectedContent_UnknownTime_11111111"
        twin.send("PUT", rejected, {"RejectedContentOriginalContainer": f"{USER}_B8A44F0002_20260804T030000Z",
                                    "RejectedContentReason": "no user"})  # fmt: skip
        twin.send("PUT", f"{rejected}/20260804_030000_cd34.mkv", {}, b"rejected elsewhere")
        seen.wait(lambda seen: "20260804_030000_cd34.mkv" in found(seen))
        event = found(seen)["20260804_030000_cd34.mkv"].found
        assert event.device_id == "B8A44F0002"
        assert event.declared.started == datetime(2026, 8, 4, 11, 0, 0)
        twin.send("PUT", "what is this", {})
        twin.send("PUT", "what is this/../../x.mkv", {}, b"strange")
        seen.wait(lambda seen: "../../x.mkv" in found(seen))
        strange = found(seen)["../../x.mkv"].found
        assert (strange.device_id, strange.local.read_bytes()) == ("axis", b"strange")
        assert settings.spool in strange.local.parents


def test_a_clock_that_was_set_back_leaves_no_recording_waiting(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, quiet_seconds=1.0)
    with running(settings) as (driver, seen):
        twin = controller(settings)
        twin.recording(SERIAL, STARTED, {CLIP: b"unfinished"}, last_word=False)
        driver.shelf.container(RECORDING).touched += 86400
        seen.wait(lambda seen: CLIP in found(seen))


def test_no_room_says_507_and_keeps_nothing(tmp_path: Path) -> None:
    """Before it begins, and in the middle of a body whose length nobody told (a real full disk)."""
    with running(settings_for(tmp_path, reserve_mb=10**9)) as (driver, _):
        with pytest.raises(ClientException) as refused:
            swift(driver.settings).put_container(RECORDING)
        assert refused.value.http_status == 507
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], check=True)
    try:
        with running(settings_for(disk, reserve_mb=0)) as (driver, _):
            client = swift(driver.settings)
            client.put_container(RECORDING)
            with pytest.raises(ClientException) as refused:
                client.put_object(RECORDING, CLIP, (os.urandom(1 << 20) for _ in range(8)))
            assert refused.value.http_status == 507
            assert driver.shelf.container(RECORDING).bodies == []
            client.put_object(RECORDING, CLIP, b"x" * 1_000_000)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_too_many_at_once_are_asked_to_come_again(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, at_once=1)
    with running(settings) as (driver, _):
        client, go = swift(settings), threading.Event()
        client.put_container(RECORDING)

        def slowly() -> Iterator[bytes]:
            yield b"a" * 1024
            go.wait(10)
            yield b"b" * 1024

        slow = threading.Thread(target=lambda: swift(settings).put_object(RECORDING, "slow.mkv", slowly()))
        slow.start()
        until(lambda: driver.listener is not None and driver.listener.busy == 1)
        with pytest.raises(ClientException) as refused:
            client.put_object(RECORDING, CLIP, b"me too")
        assert refused.value.http_status == 503
        assert refused.value.http_response_headers["retry-after"] == "5"
        go.set()
        slow.join(10)
        client.put_object(RECORDING, CLIP, b"me too")


def test_the_connection_file_and_https(tmp_path: Path) -> None:
    """What is handed to the controller is enough to reach us: address, key, pinned certificate."""
    certificate, key = enrol(tmp_path / "pki", "gateway", ("127.0.0.1",))
    port = free_port()
    settings = settings_for(
        tmp_path, port=port, url=f"https://127.0.0.1:{port}", certificate=certificate, key=key, name="邢台"
    )
    told = json.loads(connection_file(settings))
    assert told["SiteName"] == "邢台"
    with running(settings):
        client = swiftclient.Connection(
            authurl=told["AuthenticationTokenURI"][0], auth_version="1", user=told["BlobAPIUserName"],
            key=told["BlobAPIKey"], cacert=str(tmp_path / "pki" / "ca.crt"), retries=0,
        )  # fmt: skip
        client.put_container(RECORDING)
        assert client.get_auth()[0].startswith("https://")


def test_one_recording_that_cannot_be_stored_keeps_no_other_waiting(tmp_path: Path) -> None:
    """Nor the listener; a clip of the year 9999 is taken in like any other."""
    settings = settings_for(tmp_path)
    driver, seen, stop = AxisBodyWorn(settings), Recorder(), threading.Event()

    def emit(*events: Any) -> None:
        if any(isinstance(event, OffloadOpened) and "POISON" in event.volume for event in events):
            raise RuntimeError("no database takes this")
        seen(*events)

    thread = threading.Thread(target=driver.run, args=(emit, stop))
    thread.start()
    try:
        seen.wait(lambda seen: seen.of(Connected))
        twin = controller(settings)
        twin.patience_s = 1
        with pytest.raises(TimeoutError):
            twin.recording("POISON", STARTED, {CLIP: b"poison"})
        assert twin.answers[-1][2] == 503, "not 500, not 400: the controller keeps it"
        twin.patience_s = 20
        twin.recording(SERIAL, STARTED, {"99991231_235959_x.mkv": b"of the year 9999"})
        assert found(seen)["99991231_235959_x.mkv"].found.declared.started is not None
        ours = [event for event in seen.of(Connected) if event.device_id == "axis"]  # type: ignore[union-attr]
        assert len(ours) == 1, "the listener was never restarted"
    finally:
        stop.set()
        thread.join(5)


def test_what_is_entered_twice_is_one_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events were stored and the journal could not be written: the next try is the same offload."""
    settings = settings_for(tmp_path)
    with running(settings) as (driver, seen):
        twin = controller(settings)
        mark, fails = driver.shelf.mark, [2]

        def failing(*given: Any, **state: bool) -> None:
            if fails[0]:
                fails[0] -= 1
                raise OSError(28, "No space left on device")
            mark(*given, **state)

        monkeypatch.setattr(driver.shelf, "mark", failing)
        twin.recording(SERIAL, STARTED, {CLIP: b"once"})
        assert fails == [0]
        opened = [event.offload for event in seen.of(OffloadOpened)]  # type: ignore[union-attr]
        assert len(opened) >= 2
        assert len(set(opened)) == 1
        assert (
            len({event.found.identity for event in seen.of(FileFound) if CLIP.encode() in event.found.path})
            == 1
        )  # type: ignore[union-attr]


def test_a_sender_that_falls_silent_keeps_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.uploads.body.SILENT_S", 0.5)
    settings = settings_for(tmp_path, at_once=1)
    with running(settings) as (driver, _):
        twin = controller(settings)
        twin.send("PUT", RECORDING)
        head = (
            f"PUT /v1/axis/{RECORDING}/{CLIP} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {twin.token}\r\n"
            "Content-Length: 1000\r\n\r\nabc"
        )
        with socket.create_connection(("127.0.0.1", settings.port)) as silent:
            silent.sendall(head.encode())
            until(lambda: driver.listener is not None and driver.listener.busy == 1)
            twin.send("PUT", f"{RECORDING}/other.mkv", {}, b"mine")
        assert list(settings.spool.glob("*/*.part")) == []


def test_the_bare_mount_point_is_not_taken_for_the_spool(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    driver = AxisBodyWorn(settings)
    with started(driver) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        settings.spool.rename(tmp_path / "disk")
        settings.spool.mkdir()
        until(lambda: driver.emit is None)
    with pytest.raises(DeviceUnavailable) as lost:
        driver.run(Recorder(), threading.Event())
    assert lost.value.reason["code"] == "wait.store_gone"
    assert list(settings.spool.iterdir()) == []


def test_small_things_that_would_strand_a_clip(tmp_path: Path) -> None:
    """An empty key object is no key; the same name twice is two paths; a copy that was left behind goes."""
    settings = settings_for(tmp_path)
    with running(settings) as (driver, seen):
        twin = controller(settings)
        twin.send("PUT", "no recording", {})
        for content in (b"one", b"another"):
            twin.send("PUT", "no recording/x.mkv", {}, content)
        twin.send("POST", "no recording", {"Status": "Complete"})
        paths = {event.found.path for event in seen.of(FileFound)}  # type: ignore[union-attr]
        assert len(paths) == 3
        twin.recording(SERIAL, STARTED, {CLIP: b"clip"}, others={"20260804_020000_ab12.key": b""})
        clip = found(seen)[CLIP].found
        assert not clip.declared.encrypted
        assert clip.local.exists()
        driver.release(clip, hashlib.sha256(b"clip").hexdigest())
        assert not clip.local.exists()
        with pytest.raises(DeviceUnavailable):
            driver.release(replace(clip, volume="of another driver"), hashlib.sha256(b"clip").hexdigest())


def test_rare_characters_of_names_stay_and_what_turns_the_text_does_not() -> None:
    """U+E000 of private use, U+31350 of a newer Unicode than ours; U+202E and a newline."""
    said = "\ue000\U00031350z\u202e\n"
    headers = [(b"x-container-meta-who", quote(said).encode())]
    request = Request({"type": "http", "headers": headers})
    assert listener.read(request, "x-container-meta-") == {"who": "\ue000\U00031350z"}


def test_what_is_said_of_a_recording_that_was_entered_is_kept_as_well(tmp_path: Path) -> None:
    """Metadata after `Complete`, of the recording, of an object, and with an object that is sent again."""
    settings = settings_for(tmp_path)
    with running(settings) as (driver, seen):
        twin = controller(settings)
        twin.recording(SERIAL, STARTED, {CLIP: b"clip"})
        clip = found(seen)[CLIP].found
        driver.release(clip, hashlib.sha256(b"clip").hexdigest())
        client = swift(settings)
        client.post_container(RECORDING, headers={"X-Container-Meta-Caseid": "7"})
        assert told_last(seen)["metadata"]["caseid"] == "7", "kept before it is answered"
        client.post_object(RECORDING, CLIP, headers={"X-Object-Meta-Category": "hearing"})
        until(lambda: clip_as_told(seen).get("category") == "hearing")
        client.put_object(RECORDING, CLIP, b"clip", headers={"X-Object-Meta-Category": "interview"})
        until(lambda: clip_as_told(seen).get("category") == "interview")
        records = [event.found for event in seen.of(FileFound) if "recording" in event.found.path.decode()]  # type: ignore[union-attr]
        assert len({record.path for record in records}) == len(records) == 4
        for record in records:
            driver.release(record, hashlib.sha256(record.local.read_bytes()).hexdigest())
        until(lambda: RECORDING in driver.settled)
        client.post_container(RECORDING, headers={"X-Container-Meta-Status": "Complete"})
        assert len(seen.of(FileFound)) == 5, "nothing new was said"


def told_last(seen: Recorder) -> dict[str, Any]:
    *_, last = (event.found for event in seen.of(FileFound) if "recording" in event.found.path.decode())  # type: ignore[union-attr]
    told: dict[str, Any] = json.loads(last.local.read_text())
    return told


def clip_as_told(seen: Recorder) -> dict[str, str]:
    [clip] = [one for one in told_last(seen)["objects"] if one["name"] == CLIP]
    told: dict[str, str] = clip["metadata"]
    return told
