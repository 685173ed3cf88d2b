"""Each fault of the network's twins by its command line, and what the driver makes of it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.axis_body_worn import AxisBodyWorn
from drivers.ports import free_port
from drivers.serial_dock import SerialDock
from drivers.simulators import axis, ftp, mqtt_camera_by_hand
from drivers.simulators.broker import Broker
from gateway.config.devices import SerialDockSettings
from gateway.device import (
    BayRead,
    ClockRead,
    Connected,
    DeviceUnavailable,
    Disconnected,
    FileFound,
    FoundFile,
    SignalReceived,
)
from gateway.identities import enrol
from tests.integration import mqtt_site, test_axis, test_ftp, test_nvr
from tests.integration.test_drivers import Recorder, running
from tests.patience import until


class Hand:
    """A command that goes on beside the test, until Ctrl-C."""

    def __init__(self, twin: str, *words: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", f"drivers.simulators.{twin}", *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said: list[str] = []
        self.reading = threading.Thread(target=self.read)
        self.reading.start()

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.said.append(line.rstrip("\n"))

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.send_signal(signal.SIGINT)
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.reading.join(20)


@contextmanager
def hand(twin: str, *words: object) -> Iterator[Hand]:
    made = Hand(twin, *words)
    try:
        yield made
    finally:
        made.end()


def files(seen: Recorder) -> list[FoundFile]:
    found = [event.found for event in seen.events if isinstance(event, FileFound)]
    return list({file.identity: file for file in found}.values())


def signals(seen: Recorder, kind: str) -> list[SignalReceived]:
    return [event for event in seen.events if isinstance(event, SignalReceived) and event.kind == kind]


def test_a_fleet_of_cameras_each_with_its_own_trouble(tmp_path: Path) -> None:
    made = Broker(tmp_path / "broker")
    made.start()
    words = [
        "bwc-0001:hash", "bwc-0002:flip@70kB", "bwc-0002:twice=A.MP4", "bwc-0003:clock=-9h", "bwc-0003:battery=5",
        "bwc-0003:sos", "repeat", "bwc-0003:break@50kB", "bwc-0001:vanish@2s",
    ]  # fmt: skip
    faults = [part for word in words for part in ("--fault", word)]
    with mqtt_site.running(mqtt_site.driver_for(made, tmp_path)) as seen:
        fleet = ("127.0.0.1", made.port, made.pki, "--fleet", 3, "--beat", 0.5)
        with hand("mqtt_camera", *fleet, "--enrol", *faults) as fingers:
            seen.wait(lambda seen: len(files(seen)) == 3)
            seen.wait(lambda seen: signals(seen, "sos"))
            seen.wait(lambda seen: mqtt_site.of(seen, Disconnected, "bwc-0001"))
            seen.wait(lambda _: "bwc-0003: 0001.MP4 brought" in fingers.said)
            seen.wait(lambda _: fingers.said.count("bwc-0002: A.MP4 brought") == 2)
    made.stop()
    assert sorted((file.device_id, file.path.partition(b"/")[2]) for file in files(seen)) == [
        ("bwc-0002", b"A.MP4"), ("bwc-0002", b"A.MP4"), ("bwc-0003", b"0001.MP4"),
    ]  # fmt: skip
    assert {event.device_id for event in signals(seen, "sos")} == {"bwc-0003"}
    beats = [event for event in signals(seen, "heartbeat") if event.device_id == "bwc-0003"]
    assert {event.detail["battery"] for event in beats} == {5}
    clocks = {event.device_id: event for event in seen.events if isinstance(event, ClockRead)}
    ahead = {name: (one.device_time - one.at).total_seconds() for name, one in clocks.items()}
    assert abs(ahead["bwc-0003"] + 9 * 3600) < 3
    assert abs(ahead["bwc-0001"]) < 3
    assert "bwc-0001: vanish" in fingers.said
    assert "bwc-0001: 0001.MP4 not taken" in fingers.said, "its digest is another's"
    assert "bwc-0001: 0001.MP4 brought" not in fingers.said
    assert any("/bwc-0003/" in line and line.endswith("the line broke") for line in fingers.said)
    wrong = [line for line in fingers.said if line.endswith(": byte 70000 is wrong")]
    assert len(set(wrong)) == len(wrong) == 2, "each of its two, once"
    assert fingers.said.count("bwc-0002: A.MP4 not taken") >= 2


@pytest.mark.parametrize("broker_goes", [False, True])
def test_cameras_end_quietly_however_often_they_are_told(tmp_path: Path, *, broker_goes: bool) -> None:
    """A supervisor, a terminal and a hurried person may all tell them at once."""
    made = Broker(tmp_path / "broker", "bwc-1")
    made.start()
    cameras = subprocess.Popen(
        [sys.executable, "-u", "-m", "drivers.simulators.mqtt_camera", "127.0.0.1", f"{made.port}", made.pki, "bwc-1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert cameras.stdout is not None
    assert cameras.stdout.readline() == "bwc-1: connected\n"
    if broker_goes:
        made.stop()
    time.sleep(0.3)  # another process: nothing tells that it waits now
    while cameras.poll() is None:
        cameras.send_signal(signal.SIGTERM)
        time.sleep(0.002)
    said = cameras.communicate(timeout=20)[1]
    if not broker_goes:
        made.stop()
    assert said == ""
    assert cameras.returncode in {0, -signal.SIGTERM}, "the last one may hit an interpreter that has ended"


def test_a_camera_without_a_certificate_is_told_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        mqtt_camera_by_hand.main(["127.0.0.1", "8883", str(tmp_path), "bwc-1"])
    assert "gateway devices enrol bwc-1" in capsys.readouterr().err


def test_a_broker_that_dies_and_comes_back(tmp_path: Path) -> None:
    port = free_port()
    told = ("--port", port, "--fleet", 1, "--fault", "die@0.8s", "--fault", "back@1.4s")
    with hand("broker", tmp_path / "broker", *told):
        for wanted in (True, False, True):
            until(lambda wanted=wanted: is_open(port) is wanted)
    assert (tmp_path / "broker" / "pki" / "bwc-0001.crt").exists()


def is_open(port: int) -> bool:
    with socket.socket() as line:
        line.settimeout(0.5)
        return line.connect_ex(("127.0.0.1", port)) == 0


def test_rooms_that_freeze_thaw_and_die() -> None:
    port = free_port()
    told = ("--port", port, "--fault", "freeze@0.8s", "--fault", "thaw@1.8s", "--fault", "die@2.8s")
    with hand("rooms", *told):
        until(lambda: is_open(port))
        for wanted in (True, False, True):  # frozen, its line is open and nobody is there
            until(lambda wanted=wanted: answers(port) is wanted)
        until(lambda: not is_open(port))


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 1) as line:
        line.settimeout(0.4)
        line.sendall(b"OPTIONS rtsp://127.0.0.1/room RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        try:
            return line.recv(100).startswith(b"RTSP/1.0")
        except OSError:
            return False


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.ts", "sub/b.ts"):
        (folder / name).write_bytes(os.urandom(200_000))
    return folder


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ("cut@50kB", {b"a.ts", b"sub/b.ts"}),
        ("reset@50kB", {b"a.ts", b"sub/b.ts"}),
        ("twice=same.ts", {b"same.ts"}),
        ("rename", {b"a.ts", b"sub/b.ts"}),
    ],
)
def test_a_recorder_that_sends_by_ftp(tmp_path: Path, clips: Path, fault: str, names: set[bytes]) -> None:
    """Whatever happened on the way, both contents are here, whole."""
    settings = test_ftp.settings_for(tmp_path, rest_seconds=0.8)
    with test_ftp.running(settings) as seen:
        told = [
            "127.0.0.1",
            str(settings.port),
            str(clips),
            "--user",
            "room-1",
            "--password",
            test_ftp.PASSWORD,
        ]
        assert ftp.main([*told, "--fault", fault]) == 0
        seen.wait(lambda seen: len(files(seen)) == 2)
        whole = {path.read_bytes() for path in clips.rglob("*.ts")}
        assert {file.local.read_bytes() for file in files(seen)} == whole
        assert {name for name in names for file in files(seen) if file.path.endswith(name)} == names


def test_a_recorder_that_never_comes_back_leaves_a_cut_file(
    tmp_path: Path, clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "sub" / "b.ts").unlink()
    settings = test_ftp.settings_for(tmp_path, patience_seconds=1)
    told = ["127.0.0.1", str(settings.port), str(clips), "--user", "room-1", "--password", test_ftp.PASSWORD]
    with test_ftp.running(settings) as seen:
        assert ftp.main([*told, "--once", "--fault", "reset@50kB"]) == 0
        assert "426" in capsys.readouterr().out
        seen.wait(lambda seen: signals(seen, "upload_cut"))
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == (clips / "a.ts").read_bytes()[:50_000]
        with pytest.raises(SystemExit):
            ftp.main([*told[:-1], "wrong"])
    assert "530" in capsys.readouterr().err


def test_a_recorder_over_ftps(tmp_path: Path, clips: Path) -> None:
    certificate, key = enrol(tmp_path / "pki", "server", ("127.0.0.1",))
    settings = test_ftp.settings_for(tmp_path, certificate=certificate, key=key)
    told = ["127.0.0.1", str(settings.port), str(clips), "--user", "room-1", "--password", test_ftp.PASSWORD]
    with test_ftp.running(settings) as seen:
        assert ftp.main([*told, "--ca", str(tmp_path / "pki" / "ca.crt"), "--fault", "cut@50kB"]) == 0
        seen.wait(lambda seen: len(files(seen)) == 2)
        whole = {path.read_bytes() for path in clips.rglob("*.ts")}
        assert {file.local.read_bytes() for file in files(seen)} == whole


def test_a_video_recorder_with_all_its_faults(tmp_path: Path, clips: Path) -> None:
    line = test_nvr.Line("dahua_cgi")
    faults = [
        part for word in ("busy=1", "cut@50kB", "misstated=7", "clock=-9h") for part in ("--fault", word)
    ]
    told = (clips, "--dialect", "dahua_cgi", "--port", line.port, *faults)
    with hand("nvr", *told) as fingers:
        until(lambda: is_open(line.port))
        with test_nvr.running(test_nvr.settings_for(line, tmp_path, timezone="UTC")) as seen:
            seen.wait(lambda seen: files(seen))
    [found] = files(seen)
    assert found.local.read_bytes() == (clips / "a.ts").read_bytes()
    assert signals(seen, "not_delivered")
    assert signals(seen, "size_differs")
    said = [line.partition(": ")[2] for line in fingers.said[1:]]
    assert said[:4] == ["busy", "cut at 50000", "delivered", "delivered"], (
        "twice, since its size is misstated"
    )
    [clock] = [event for event in seen.events if isinstance(event, ClockRead)][:1]
    assert abs((clock.device_time - clock.at).total_seconds() + 9 * 3600) < 3


def test_a_video_recorder_that_wants_another_password(tmp_path: Path, clips: Path) -> None:
    line = test_nvr.Line("hik_isapi")
    with hand("nvr", clips, "--port", line.port, "--fault", "password"):
        until(lambda: is_open(line.port))
        with pytest.raises(DeviceUnavailable) as no:
            test_nvr.NvrExport(test_nvr.settings_for(line, tmp_path)).run(Recorder(), threading.Event())
    assert no.value.reason["code"] == "nvr.refuses_user"


def test_a_controller_whose_line_ends_comes_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = test_axis.settings_for(tmp_path)
    (tmp_path / "clip.mkv").write_bytes(os.urandom(300_000))
    told = [settings.url, "--key", test_axis.KEY, "--clip", str(tmp_path / "clip.mkv")]
    with running(AxisBodyWorn(settings)) as seen:
        seen.wait(lambda seen: seen.of(Connected))
        assert axis.main([*told, "--fault", "cut@100kB"]) == 0
        seen.wait(lambda seen: files(seen))
        with pytest.raises(SystemExit):
            axis.main([*told, "--fault", "password"])
    media = [file for file in files(seen) if file.path.endswith(b".mkv")]
    assert [file.size for file in media] == [300_000]
    said = capsys.readouterr()
    assert "cut, and brought again" in said.out
    assert "sign-in: 401" in said.err


def test_a_cabinet_whose_board_is_told_what_goes_wrong(tmp_path: Path) -> None:
    link = tmp_path / "board"
    board = {"kind": "dockbus", "port": str(link)}
    told = {"id": "cabinet", "driver": "serial_dock", "board": board, "poll_seconds": 0.05}
    driver, seen, gone = SerialDock(SerialDockSettings.model_validate(told)), Recorder(), []

    def work() -> None:
        try:
            driver.run(seen, threading.Event())
        except DeviceUnavailable as no:
            gone.append(no.reason["code"])

    with hand("cabinet", "dockbus", "--bays", 4, "--link", link, "--fault", "noise") as fingers:
        for line in ("fault", "take 3", "put 9", "dance", "fault battery=5", "put 2 77"):
            fingers.type(line)
        until(link.exists)
        thread = threading.Thread(target=work)
        thread.start()
        seen.wait(lambda seen: any(isinstance(e, BayRead) and e.battery == 77 for e in seen.events))
        fingers.type("fault deaf")
        thread.join(10)
    assert gone == ["cabinet.silent"]
    assert fingers.said[0] == str(link)
    for no in (
        "bay 3 is locked",
        "list index out of range",
        "put BAY [PERCENT]",
        "a board knows deaf lost jam",
    ):
        assert any(line.startswith(f"no: {no}") for line in fingers.said)
