"""The FTP(S) receiver against Python's own client: taken in, overwritten, out of room, out of rights."""

import ftplib
import hashlib
import io
import shutil
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.ftp import channel as ftp_channel
from drivers.ftp.session import Careful
from drivers.ftp_receiver import FtpReceiver
from gateway.device import (
    DeviceUnavailable,
    FileListed,
    Refused,
    Release,
    SignalReceived,
)
from gateway.store import room
from tests.integration.ftp_site import (
    PASSWORD,
    client,
    files,
    movie,
    running,
    settings_for,
    signals,
    until_gone,
)
from tests.integration.test_drivers import Recorder

__all__ = ["movie"]


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
    told = refused.value.reason
    assert told["code"] == "upload.no_listener"
    assert "in use" in told["facts"]["address"], "the reason why, and not that there is none"


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
