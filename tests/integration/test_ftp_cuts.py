"""Uploads that are cut: by a line that breaks, a reset, a sender that leaves; told, and waited for."""

import ftplib
import io
import os
import socket
import struct
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from drivers.ftp.whole import is_whole
from gateway.device import FileListed
from tests.integration.ftp_site import (
    client,
    cut_in_the_middle,
    files,
    movie,
    running,
    settings_for,
    signals,
    tear,
    told_to_store,
)

__all__ = ["movie"]


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


def test_what_is_stored_before_its_line_opens_goes_nowhere_else(tmp_path: Path) -> None:
    """The file that waits for its line is nobody's yet: neither looked at nor moved away under its sender."""
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as old, client(settings) as new:
        address = old.makepasv()
        assert old.sendcmd("STOR a.ts").startswith("150")
        time.sleep(1)  # several looks at the spool
        with socket.create_connection(address) as late:
            late.sendall(b"G" * 1880)
        assert old.voidresp().startswith("226")
        seen.wait(lambda seen: len(files(seen)) == 1)
        assert files(seen)[0].local.read_bytes() == b"G" * 1880

        address = old.makepasv()
        assert old.sendcmd("STOR b.ts").startswith("150")
        new.storbinary("STOR b.ts", io.BytesIO(b"H" * 1880))
        with pytest.raises(ftplib.error_temp, match="426"):
            old.voidresp()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(address)
        seen.wait(lambda seen: len(files(seen)) == 2)
        assert files(seen)[1].local.read_bytes() == b"H" * 1880
        assert [one for one in seen.events if isinstance(one, FileListed)] == [], "no empty file is told of"
        old.storbinary("STOR c.ts", io.BytesIO(b"I" * 1880))


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


def test_the_end_of_a_command_that_is_too_long_is_no_command(tmp_path: Path) -> None:
    """What came after the first 2 KiB was obeyed, where it arrived by itself; and each line had two answers."""
    settings = settings_for(tmp_path)
    with running(settings), client(settings) as line:
        assert line.sock is not None
        for part in (b"NOOP " + b"x" * 3000, b"MKD new", b"\r\nNOOP\r\n"):
            line.sock.sendall(part)
            time.sleep(0.2)
        with pytest.raises(ftplib.error_perm, match="500 The command is longer"):
            line.getresp()
        assert line.getresp().startswith("200 "), "one answer for each, in their order"
        assert line.voidcmd("NOOP").startswith("200 ")
        assert not (settings.spool / "home" / "room-1" / "new").exists()
