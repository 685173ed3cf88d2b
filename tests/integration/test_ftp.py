"""The FTP(S) receiver against Python's own client: cut, resumed, overwritten, out of room, out of rights."""

import ftplib
import hashlib
import io
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from drivers.ftp import channel as ftp_channel
from drivers.ftp.server import Careful
from drivers.ftp.whole import is_whole
from drivers.ftp_receiver import FtpReceiver
from drivers.ports import free_port
from gateway.config.recorders import FtpReceiverSettings
from gateway.device import (
    Connected,
    DeviceUnavailable,
    FileFound,
    FileListed,
    FoundFile,
    Refused,
    Release,
    SignalReceived,
)
from gateway.identities import enrol
from gateway.store import room
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("movie") / "a.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=d=3:s=320x240:r=10", "-c:v", "libx264", path],
        check=True,
    )  # fmt: skip
    return path.read_bytes()


def settings_for(folder: Path, **more: Any) -> FtpReceiverSettings:
    told = {
        "id": "ftp", "driver": "ftp_receiver", "port": free_port(), "spool": folder / "spool", "reserve_mb": 1,
        "scan_seconds": 0.1, "rest_seconds": 0.3,
        "cameras": [{"id": "room-1", "password": PASSWORD}, {"id": "room-2", "password": PASSWORD[::-1]}], **more,
    }  # fmt: skip
    return FtpReceiverSettings.model_validate(told)


@contextmanager
def running(settings: FtpReceiverSettings) -> Iterator[Recorder]:
    with started(FtpReceiver(settings)) as seen:
        seen.wait(lambda seen: len(seen.of(Connected)) == 3)
        yield seen


@contextmanager
def client(
    settings: FtpReceiverSettings, user: str = "room-1", password: str = PASSWORD
) -> Iterator[ftplib.FTP]:
    line = ftplib.FTP()
    line.connect("127.0.0.1", settings.port, timeout=10)
    try:
        line.login(user, password)
        yield line
    finally:
        line.close()


def files(seen: Recorder) -> list[FoundFile]:
    return [event.found for event in seen.events if isinstance(event, FileFound)]


def until_gone(folder: Path) -> None:
    """What is taken over leaves no folder behind."""
    deadline = time.monotonic() + 5
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_upload_is_taken_in_once_it_is_whole(tmp_path: Path, movie: bytes) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        line.mkd("2026")
        line.storbinary("STOR 2026/DCAM_1.mp4", io.BytesIO(movie))
        line.storbinary("STOR camera-is-writing.mp4.part", io.BytesIO(movie))
        seen.wait(lambda seen: files(seen))
        [found] = files(seen)
        assert found.local.read_bytes() == movie
        assert (found.device_id, found.adopt) == ("room-1", True)
        assert found.path.endswith(b"/2026/DCAM_1.mp4")
        assert settings.spool / "home" not in found.local.parents, "out of the device's reach"
        line.rename("camera-is-writing.mp4.part", "camera-is-done.mp4")
        seen.wait(lambda seen: len(files(seen)) == 2)
        logins = [event for event in seen.of(SignalReceived) if event.kind == "login"]  # type: ignore[union-attr]
        assert [event.device_id for event in logins] == ["room-1"]  # type: ignore[union-attr]
        driver, right = FtpReceiver(settings), hashlib.sha256(movie).hexdigest()
        with pytest.raises(Refused):
            driver.release(found, "0" * 64)
        assert [driver.release(found, right) for _ in range(2)] == [Release.DONE, Release.GONE]
        until_gone(found.local.parent)


def test_a_cut_upload_waits_for_its_sender(tmp_path: Path, movie: bytes) -> None:
    """Cut, the server hears the same end as of a whole one."""
    settings = settings_for(tmp_path)
    half = len(movie) // 2
    with running(settings) as seen:
        with client(settings) as line:
            channel = line.transfercmd("STOR a.mp4")
            channel.sendall(movie[:half])
            channel.close()
            assert line.voidresp().startswith("226"), "which is all that a sender hears"
        time.sleep(1.5)
        assert files(seen) == []
        with client(settings) as line:
            line.voidcmd("TYPE A")
            assert line.size("a.mp4") == half
            line.storbinary("STOR a.mp4", io.BytesIO(movie[half:]), rest=half)
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == movie
    settings = settings_for(tmp_path / "impatient", patience_seconds=1)
    with running(settings) as seen, client(settings) as line:
        line.storbinary("STOR a.mp4", io.BytesIO(movie[:half]))
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == movie[:half], "nobody went on: taken in as it is"


def test_a_line_that_breaks_cuts_what_no_container_can_judge(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen:
        with client(settings) as line:
            channel = line.transfercmd("STOR a.dav")
            channel.sendall(b"DHAV" + b"x" * 5000)
            time.sleep(0.3)
            line.close()
            time.sleep(0.3)
            channel.close()
        time.sleep(1)
        assert files(seen) == []
        with client(settings) as line:
            line.storbinary("STOR a.dav", io.BytesIO(b"y" * 5000), rest=5004)
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == b"DHAV" + b"x" * 5000 + b"y" * 5000


def cut_in_the_middle(line: ftplib.FTP, name: str, content: bytes, *, reset: bool = False) -> None:
    channel = line.transfercmd(f"STOR {name}")
    channel.sendall(content)
    time.sleep(0.3)
    if reset:
        tear(channel)
    else:
        line.close()
        time.sleep(0.3)
        channel.close()


def tear(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def signals(seen: Recorder, kind: str) -> list[SignalReceived]:
    return [event for event in seen.events if isinstance(event, SignalReceived) and event.kind == kind]


def test_an_upload_that_is_reset_is_answered_always(tmp_path: Path) -> None:
    """Before the server took its line on, while it did and after: whichever comes first."""
    settings = settings_for(tmp_path)
    with running(settings), client(settings) as line:
        for number in range(50):
            line.storbinary(f"STOR whole{number}.ts", io.BytesIO(b"G" * 188))
            channel = line.transfercmd(f"STOR cut{number}.ts")
            channel.sendall(b"G" * (100_000 if number % 2 else 100))
            tear(channel)
            with pytest.raises(ftplib.error_temp, match="426"):
                line.voidresp()


def told_to_store(line: ftplib.FTP) -> None:
    """Reads as many answers as come before one says that it ended."""
    line.sendcmd("STOR a.ts")
    line.voidresp()


def test_a_line_that_is_gone_before_its_command_is_told(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings), client(settings) as line:
        for _ in range(20):
            channel = socket.create_connection(line.makepasv())
            tear(channel)
            with pytest.raises(ftplib.error_temp, match=r"42[56]"):
                told_to_store(line)
        with pytest.raises(ftplib.error_temp, match="425"):
            line.sendcmd("STOR a.ts")
        line.set_pasv(False)
        for _ in range(2):
            line.storbinary("STOR a.ts", io.BytesIO(b"G" * 188))
        with pytest.raises(ftplib.error_temp, match="425"):
            line.sendcmd("STOR a.ts")


@pytest.mark.parametrize("sending", [False, True])
def test_what_comes_behind_a_farewell_is_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, sending: bool
) -> None:
    settings = settings_for(tmp_path)
    with running(settings), client(settings) as line:
        channel = line.transfercmd("STOR a.ts") if sending else None
        assert line.sock is not None
        line.sock.sendall(b"QUIT\r\nSIZE a.mp4\r\nRETR a.mp4\r\nDELE b\r\nCWD /\r\nMKD new\r\n")
        assert line.getresp().startswith("221")
        if channel is not None:
            channel.close()
            assert line.getresp().startswith("226")
        with pytest.raises(EOFError):
            line.getresp()
        assert not (settings.spool / "home" / "room-1" / "new").exists()
    assert caplog.records == []


def test_a_sender_that_leaves_in_the_middle_of_a_command_is_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(tmp_path)
    with running(settings):
        for _ in range(20):
            with client(settings) as line:
                assert line.sock is not None
                line.sock.sendall(b"PASV\r\n" + b"LIST\r\nPWD\r\nNLST\r\n" * 50)
                tear(line.sock)
        with client(settings) as line:
            for command in ("SIZE a\0.mp4", "STOR \0", "MKD \0"):
                with pytest.raises(ftplib.error_perm, match="501"):
                    line.sendcmd(command)
            assert line.pwd() == "/"
    assert caplog.records == []


def test_a_reset_is_no_end(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        cut_in_the_middle(line, "a.dav", b"DHAV" * 9000, reset=True)
        with pytest.raises(ftplib.error_temp, match="426"):
            line.voidresp()
        time.sleep(1)
        assert files(seen) == []


def test_what_is_cut_stays_cut_over_a_restart_and_a_rename(tmp_path: Path) -> None:
    """Nothing but the mark tells: no container has its length."""
    settings = settings_for(tmp_path)
    with ExitStack() as later, running(settings):
        with client(settings) as line:
            cut_in_the_middle(line, "a.dav", b"DHAV" * 9000)
        line = later.enter_context(client(settings))
        line.rename("a.dav", "b.dav")
        under_way = later.enter_context(line.transfercmd("STOR c.ts"))
        under_way.sendall(b"G" * 9000)
        time.sleep(0.3)
    with running(settings) as seen:
        time.sleep(1.2)
        assert files(seen) == []
        with client(settings) as line:
            line.storbinary("STOR b.dav", io.BytesIO(b"end"), rest=36000)
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == b"DHAV" * 9000 + b"end"
        assert signals(seen, "upload_cut") == []
    with running(settings_for(tmp_path, patience_seconds=0.5)) as seen:
        seen.wait(lambda seen: signals(seen, "upload_cut"))
        assert signals(seen, "upload_cut")[0].detail == {"name": "c.ts", "bytes": 9000}
        assert [one.size for one in files(seen) if one.path.endswith(b"c.ts")] == [9000]


def test_a_sender_that_comes_back_while_its_old_session_hangs(tmp_path: Path, movie: bytes) -> None:
    """What was handed on never changes afterwards, whatever the old session still delivers."""
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as old, client(settings) as new:
        with old.transfercmd("STOR a.mp4") as hanging:
            hanging.sendall(movie[: len(movie) // 2])
            time.sleep(0.3)
            new.storbinary("STOR a.mp4", io.BytesIO(movie))
            with suppress(OSError):
                hanging.sendall(b"Z" * 70_000)
        seen.wait(lambda seen: len(files(seen)) == 2)
        time.sleep(0.5)
        assert sorted(found.local.stat().st_size for found in files(seen)) == [len(movie) // 2, len(movie)]
        assert [one.detail["bytes"] for one in signals(seen, "upload_cut")] == [len(movie) // 2]


def test_nothing_is_changed_in_its_middle(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings), client(settings) as line:
        line.storbinary("STOR b.mp4.part", io.BytesIO(b"A" * 1000))
        for begin in (500, 2000):
            with pytest.raises(ftplib.error_perm, match="554"):
                line.storbinary("STOR b.mp4.part", io.BytesIO(b"X" * 10), rest=begin)
        with pytest.raises(ftplib.error_perm, match="502"):
            line.sendcmd("STOU")
        line.storbinary("STOR b.mp4.part", io.BytesIO(b"B" * 10), rest=1000)
        home = settings.spool / "home" / "room-1"
        assert (home / "b.mp4.part").read_bytes() == b"A" * 1000 + b"B" * 10


def test_a_name_that_is_too_deep_stops_nobody(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with (
        running(settings) as seen,
        client(settings) as line,
        client(settings, "room-2", PASSWORD[::-1]) as other,
    ):
        deep = len(str((settings.spool / "home" / "room-1").resolve()))
        while deep + 201 < 4070:
            line.mkd("d" * 200)
            line.cwd("d" * 200)
            deep += 201
        line.storbinary("STOR " + "f" * min(4090 - deep - 1, 250), io.BytesIO(b"x"))
        other.storbinary("STOR a.dav", io.BytesIO(b"DHAV"))
        seen.wait(lambda seen: len(files(seen)) == 2)


def test_room_that_runs_out_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(tmp_path)
    free = iter([True])
    monkeypatch.setattr(Careful, "has_room", lambda *_: next(free, False))
    monkeypatch.setattr(ftp_channel, "AHEAD", 100_000)
    with running(settings) as seen, client(settings) as line:
        with pytest.raises((ftplib.error_temp, OSError)):
            line.storbinary("STOR a.dav", io.BytesIO(b"D" * 5_000_000))
        time.sleep(1)
        assert files(seen) == []


def test_two_receivers_in_one_process(tmp_path: Path) -> None:
    one, two = settings_for(tmp_path / "one"), settings_for(tmp_path / "two")
    with running(two) as seen:
        with running(one), client(one) as line:
            assert line.nlst() == []
        with client(two) as line:
            line.storbinary("STOR a.dav", io.BytesIO(b"DHAV"))
        seen.wait(lambda seen: files(seen))


def test_an_empty_file_is_on_record_once_and_then_gone(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        line.storbinary("STOR nothing.mp4", io.BytesIO(b""))
        seen.wait(lambda seen: seen.of(FileListed))
        [listed] = seen.of(FileListed)
        assert listed.why["code"] == "condition.empty"  # type: ignore[union-attr]
        ready = settings.spool / "ready" / "room-1"
        seen.wait(lambda _: not list(ready.glob("*")))
    with running(settings) as seen:
        time.sleep(0.5)
        assert seen.of(FileListed) == []


def test_the_same_name_again_replaces_nothing(tmp_path: Path, movie: bytes) -> None:
    """Also before the first one was taken in, and by a rename."""
    settings = settings_for(tmp_path, rest_seconds=2)
    other = movie[:-1] + bytes([movie[-1] ^ 1])
    with running(settings) as seen, client(settings) as line:
        line.storbinary("STOR a.mp4", io.BytesIO(movie))
        line.storbinary("STOR a.mp4", io.BytesIO(other))
        line.storbinary("STOR b.tmp", io.BytesIO(movie + b"\0\0\0\x08free"))
        line.rename("b.tmp", "a.mp4")
        seen.wait(lambda seen: len(files(seen)) == 3)
        kept = {found.local.read_bytes() for found in files(seen)}
        assert kept == {movie, other, movie + b"\0\0\0\x08free"}


def test_who_may_do_what(tmp_path: Path, movie: bytes) -> None:
    settings = settings_for(tmp_path)
    with running(settings):
        for user, password in (
            ("room-1", "wrong"),
            ("room-1", ""),
            ("anonymous", "a@b"),
            ("nobody", PASSWORD),
        ):
            with pytest.raises(ftplib.error_perm), client(settings, user, password):
                pass
        with client(settings, "room-2", PASSWORD[::-1]) as line:
            line.storbinary("STOR mine.mp4.part", io.BytesIO(movie))
        with client(settings) as line:
            assert line.nlst() == []
            for path in ("../room-2/mine.mp4.part", "/../../room-2/x.part", "../x.part"):
                with suppress(ftplib.error_perm):  # below its own root there is no room-2
                    line.storbinary(f"STOR {path}", io.BytesIO(b"x"))
            with pytest.raises(ftplib.error_perm):
                line.rename("x.part", "/../room-2/y.part")
            for command in ("RETR mine.mp4.part", "DELE mine.mp4.part", "RMD .", "SITE CHMOD 777 ."):
                with pytest.raises(ftplib.error_perm):
                    line.sendcmd(command)
        assert (settings.spool / "home" / "room-2" / "mine.mp4.part").read_bytes() == movie
        found = {str(one.relative_to(settings.spool)) for one in settings.spool.rglob("*.part")}
        assert found <= {"home/room-2/mine.mp4.part", "home/room-1/x.part"}, found
        assert list(tmp_path.glob("*.part")) == []


def test_no_room_is_said_before_anything_is_taken(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, reserve_mb=10**9)
    with running(settings), client(settings) as line:
        with pytest.raises(ftplib.error_temp, match="452"):
            line.storbinary("STOR a.mp4", io.BytesIO(b"x"))
        assert line.nlst() == []


def test_the_address_is_taken(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.port))
        taken.listen()
        with pytest.raises(DeviceUnavailable) as refused:
            FtpReceiver(settings).run(Recorder(), threading.Event())
        assert refused.value.reason["code"] == "upload.no_listener"


def test_ftps(tmp_path: Path, movie: bytes) -> None:
    """Without TLS nobody signs in where it is required; with it, commands and data are encrypted."""
    certificate, key = enrol(tmp_path / "pki", "gateway", ("127.0.0.1",))
    settings = settings_for(tmp_path, certificate=certificate, key=key)
    with running(settings) as seen:
        with pytest.raises(ftplib.error_perm, match="SSL"), client(settings):
            pass
        context = ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.crt"))
        line = ftplib.FTP_TLS(context=context)
        line.connect("127.0.0.1", settings.port, timeout=10)
        line.login("room-1", PASSWORD)
        line.prot_p()
        line.storbinary("STOR a.mp4", io.BytesIO(movie))
        line.close()
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].local.read_bytes() == movie


def test_a_sender_that_never_ends_its_tls(tmp_path: Path, movie: bytes) -> None:
    """Many do not: it hears 226, but what no container proves waits."""
    certificate, key = enrol(tmp_path / "pki", "gateway", ("127.0.0.1",))
    settings = settings_for(tmp_path, certificate=certificate, key=key)
    with running(settings) as seen:
        context = ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.crt"))
        line = ftplib.FTP_TLS(context=context)
        line.connect("127.0.0.1", settings.port, timeout=10)
        line.login("room-1", PASSWORD)
        line.prot_p()
        for name, content in {"a.dav": b"DHAV" * 9000, "b.mp4": movie}.items():
            channel = line.transfercmd(f"STOR {name}")
            channel.sendall(content)
            channel.settimeout(0.3)
            with suppress(TimeoutError):  # with TLS tickets unread, closing would cut off what it sent
                channel.recv(1)
            channel.close()
            assert line.voidresp().startswith("226")
        seen.wait(lambda seen: files(seen))
        time.sleep(1)
        assert [found.local.name for found in files(seen)] == ["b.mp4"]
        line.close()


def test_with_tls_too_every_cut_upload_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torn before the handshake, none at all, and a disk that fills up; none of them is a fault of ours."""
    certificate, key = enrol(tmp_path / "pki", "gateway", ("127.0.0.1",))
    settings = settings_for(tmp_path, certificate=certificate, key=key)
    with running(settings):
        line = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=str(tmp_path / "pki" / "ca.crt")))
        line.connect("127.0.0.1", settings.port, timeout=10)
        line.login("room-1", PASSWORD)
        line.prot_p()
        for content in (b"", b"G" * 1000) * 10:
            channel, _ = ftplib.FTP.ntransfercmd(line, "STOR a.ts")
            channel.sendall(content)
            tear(channel)
            with pytest.raises(ftplib.error_temp, match="426"):
                line.voidresp()
        assert caplog.records == []
        line.storbinary("STOR a.ts", io.BytesIO(b"G" * 188))
        monkeypatch.setattr(ftp_channel, "AHEAD", 100_000)
        monkeypatch.setattr(Careful, "has_room", lambda *claim: not claim[1:])
        channel = line.transfercmd("STOR b.ts")
        with suppress(OSError):
            channel.sendall(b"G" * 500_000)
        with pytest.raises(ftplib.error_temp, match="426"):
            line.voidresp()
        channel.close()
        line.close()
    assert [record.getMessage() for record in caplog.records] == [
        "an upload ended: the disk is full; what came is kept, and its sender may go on as soon as there is room"
    ]


def test_what_a_container_proves(tmp_path: Path, movie: bytes) -> None:
    def judged(name: str, content: bytes) -> bool | None:
        (tmp_path / name).write_bytes(content)
        return is_whole(tmp_path / name)

    assert judged("a.mp4", movie) is True
    (tmp_path / "cut.mp4").write_bytes(movie)
    for length in range(len(movie) - 1, 7, -1):
        os.truncate(tmp_path / "cut.mp4", length)
        assert is_whole(tmp_path / "cut.mp4") is False, length
    assert judged("a.mp4", b"\x12 this is no movie at all") is None
    assert judged("a.avi", b"RIFF\x08\0\0\0AVI " + b"\0" * 4) is True
    assert judged("a.avi", b"RIFF\x08\x01\0\0AVI " + b"\0" * 4) is False
    large = b"RIFF" + struct.pack("<I", 1000) + b"AVI " + b"\0" * 996
    second = b"RIFF" + struct.pack("<I", 5000) + b"AVIX" + b"\0" * 4996
    assert judged("a.avi", large + second) is True
    assert judged("a.avi", large + second[:700]) is False
    picture = tmp_path / "real.jpg"
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=d=1:s=640x480",
        "-frames:v",
        "1",
        picture,
    ]
    subprocess.run(command, check=True)
    content = picture.read_bytes()
    preview = b"\xff\xe1" + struct.pack(">H", 3002) + b"E" * 2998 + b"\xff\xd9"
    content = content[:2] + preview + content[2:]
    assert judged("a.jpg", content) is True
    assert [judged("a.jpg", content[:length]) for length in (3020, 3500, len(content) - 1)] == [False] * 3
    endless = (
        struct.pack(">I4s", 8, b"ftyp") + struct.pack(">I4s", 8, b"moov") + struct.pack(">I4s", 0, b"mdat")
    )
    assert judged("a.mp4", endless + b"x" * 500) is None
    assert judged("a.dav", b"DHAV") is None


def test_a_restart_tells_what_lies_there(tmp_path: Path, movie: bytes) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        line.storbinary("STOR a.mp4", io.BytesIO(movie))
        seen.wait(lambda seen: files(seen))
    with running(settings) as again:
        again.wait(lambda seen: files(seen))
        assert [found.identity for found in files(again)] == [found.identity for found in files(seen)]
    shutil.rmtree(settings.spool / "ready")


@pytest.mark.parametrize("name", ["x" * 300, "中" * 90, "x" * 252 + ".mp4"], ids=["300", "90", "256"])
def test_a_name_that_no_disk_takes_is_refused_and_the_session_goes_on(tmp_path: Path, name: str) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        line.encoding = "utf-8"
        for command in (f"STOR {name}", f"APPE {name}"):
            with pytest.raises(ftplib.error_perm, match="553"):
                line.storbinary(command, io.BytesIO(b"x"))
        line.storbinary("STOR a.dav", io.BytesIO(b"DHAV"))
        seen.wait(lambda seen: len(files(seen)) == 1)
        line.storbinary("STOR b.part", io.BytesIO(b"DHAV"))
        line.storbinary("STOR c.part", io.BytesIO(b"a file, no folder"))
        with pytest.raises(ftplib.error_perm, match="553"):
            line.rename("b.part", name)
        line.rename("b.part", "b.dav")
        with pytest.raises(ftplib.error_perm, match="550"):
            line.storbinary("STOR c.part/c.dav", io.BytesIO(b"x"))
        seen.wait(lambda seen: len(files(seen)) == 2)


@pytest.mark.parametrize("ending", [".mp4", ".dav", ".mp4.md5"])
def test_the_longest_name_is_taken_in(tmp_path: Path, ending: str) -> None:
    """Though none of its sidecars could bear it."""
    settings, name = settings_for(tmp_path, patience_seconds=0.5), "x" * (255 - len(ending)) + ending
    with running(settings) as seen, client(settings) as line:
        line.storbinary(f"STOR {name}", io.BytesIO(b"footage"))
        seen.wait(lambda seen: files(seen))
        assert files(seen)[0].path.endswith(b"/" + name.encode())


@pytest.mark.parametrize("user", ["room-1", "room-2"])
def test_what_is_never_renamed_is_told_of_once(tmp_path: Path, user: str) -> None:
    """It got 226; that nobody takes it in must not go without a word."""
    settings = settings_for(tmp_path, patience_seconds=1)
    password = PASSWORD if user == "room-1" else PASSWORD[::-1]
    names = {"a.part", ".hid.mp4", "DCIM/b.tmp"}
    with running(settings) as seen, client(settings, user, password) as line:
        line.mkd("DCIM")
        for name in names:
            line.storbinary(f"STOR {name}", io.BytesIO(b"footage"))
        under_way = line.transfercmd("STOR c.part")
        under_way.sendall(b"G" * 9000)
        assert signals(seen, "upload_ignored") == []
        seen.wait(lambda seen: len(signals(seen, "upload_ignored")) == 3)
        time.sleep(1)
        told = signals(seen, "upload_ignored")
        assert {one.detail["name"] for one in told} == names
        assert {(one.device_id, one.detail["bytes"]) for one in told} == {(user, 7)}
        assert len(told) == 3, "once each, and not what is still being written"
        assert files(seen) == []
        under_way.close()
    with running(settings) as again, client(settings, user, password) as line:
        again.wait(lambda seen: len(signals(seen, "upload_ignored")) == 4)
        ids = {one.event_id for one in signals(again, "upload_ignored")}
        assert {one.event_id for one in told} < ids, "a restart is no new event"
        line.rename("a.part", "a.mp4.part")
        again.wait(lambda seen: len(signals(seen, "upload_ignored")) == 5)
        line.rename("a.mp4.part", "a.dav")
        again.wait(lambda seen: files(seen))


def test_a_spool_without_room_is_one_line_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings, free = settings_for(tmp_path), [0, 0, 1 << 30, 0]
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: usage._replace(free=free[0]))
    with running(settings), client(settings) as line:
        for number in range(4):
            if free[0]:
                line.storbinary(f"STOR {number}.dav", io.BytesIO(b"x"))
            else:
                with pytest.raises(ftplib.error_temp, match="452"):
                    line.storbinary(f"STOR {number}.dav", io.BytesIO(b"x"))
            free.pop(0)
    told = [record.getMessage() for record in caplog.records if "no room" in record.getMessage()]
    assert told == [f"{settings.spool}: no room but the reserve; uploads are refused"] * 2
