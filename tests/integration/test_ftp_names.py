"""Names of uploads: their bytes are kept as they came, and clips of one stem are each other's business only in part."""

import ftplib
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from drivers.ftp import channel
from drivers.ftp.together import by_themselves
from gateway.config.recorders import FtpReceiverSettings
from gateway.scarce import Scarce
from tests.integration.ftp_site import (
    PASSWORD,
    client,
    cut_in_the_middle,
    files,
    movie,
    running,
    settings_for,
    signals,
)
from tests.integration.test_ftp_sidecars import put
from tests.patience import until

__all__ = ["movie"]

ALIKE = ["询问录像.dav", "讯闻录象.dav"]
"""Two names whose GBK bytes are no UTF-8 at all, and of one length: replaced by question marks they were one."""
NUMBERED = "冀邢市监罚〔2026〕27号.dav"


@contextmanager
def in_gbk(settings: FtpReceiverSettings) -> Iterator[ftplib.FTP]:
    """A recorder that sends and reads GBK, and says nothing of it."""
    line = ftplib.FTP(encoding="gbk")
    line.connect("127.0.0.1", settings.port, timeout=10)
    line.login("room-1", PASSWORD)
    with closing(line):
        yield line


def test_names_in_gbk_are_kept_byte_by_byte_and_given_back_as_they_came(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, rest_seconds=2)
    with running(settings) as seen, in_gbk(settings) as line:
        for number, name in enumerate((*ALIKE, NUMBERED)):
            put(line, name, b"DHAV%d" % number)
        assert set(line.nlst()) == {*ALIKE, NUMBERED}
        assert {name for name, _ in line.mlsd()} >= {*ALIKE, NUMBERED}
        line.mkd("现场")
        assert line.cwd("现场").startswith("250")
        assert line.pwd() == "/现场"
        line.cwd("/")
        line.rename(ALIKE[1], f"现场/{ALIKE[1]}")
        seen.wait(lambda seen: len(files(seen)) == 3)
    found = {one.path.partition(b"/")[2]: one for one in files(seen)}
    assert set(found) == {name.encode("gbk") for name in (ALIKE[0], f"现场/{ALIKE[1]}", NUMBERED)}
    assert {one.readable for one in found.values()} == {ALIKE[0], f"现场/{ALIKE[1]}", NUMBERED}
    assert found[NUMBERED.encode("gbk")].declared.case_no == "冀邢市监罚〔2026〕27号"


def test_what_is_told_of_a_name_in_gbk_can_be_written_down(tmp_path: Path, movie: bytes) -> None:
    settings = settings_for(tmp_path, patience_seconds=0.5)
    with running(settings) as seen, in_gbk(settings) as line:
        cut_in_the_middle(line, "询问.mp4", movie[:-50])
        seen.wait(lambda seen: signals(seen, "upload_cut"))
    assert signals(seen, "upload_cut")[0].detail["name"] == "询问.mp4"


def test_a_password_is_its_bytes(tmp_path: Path) -> None:
    cameras = [{"id": room, "password": f"{PASSWORD}?"} for room in ("room-1", "room-2")]
    settings = settings_for(tmp_path, cameras=cameras)
    with running(settings):
        line = ftplib.FTP(encoding="latin-1")
        line.connect("127.0.0.1", settings.port, timeout=10)
        with pytest.raises(ftplib.error_perm, match="530"):
            line.login("room-1", f"{PASSWORD}\xff")
        line.close()


@pytest.mark.parametrize("leaves", [False, True])
def test_a_data_connection_that_nobody_opens_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: bool
) -> None:
    """The device is told, goes on in its session, and nothing empty looks like an upload of its."""
    monkeypatch.setattr(channel.PassiveLine, "timeout", 60 if leaves else 0.3)
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as line:
        line.voidcmd("TYPE I")
        line.makepasv()
        line.putcmd("STOR a.dav")
        assert line.getresp().startswith("150")
        home = settings.spool / "home" / "room-1"
        if leaves:
            assert line.sock is not None
            line.sock.shutdown(socket.SHUT_RDWR)
            until(lambda: not list(home.iterdir()))
        else:
            with pytest.raises(ftplib.error_temp, match="425"):
                line.getresp()
            assert line.nlst() == []
            put(line, "a.dav", b"DHAV")
            seen.wait(lambda seen: files(seen))
        assert list(home.iterdir()) == [] or not leaves
        assert list((settings.spool / "open").iterdir()) == []
    assert signals(seen, "upload_cut") == []


def test_a_clip_waits_for_no_other_of_its_stem(tmp_path: Path, movie: bytes) -> None:
    settings = settings_for(tmp_path)
    with running(settings) as seen, client(settings) as torn, client(settings) as line:
        cut_in_the_middle(torn, "a.mp4", movie[:-50])
        put(line, "a.gpx", b"<gpx/>")
        put(line, "a.ts", b"G" * 9000)
        seen.wait(lambda seen: files(seen))
        assert [one.path.rpartition(b"/")[2] for one in files(seen)] == [b"a.ts"]
        put(line, "a.mp4", movie)
        seen.wait(lambda seen: len(files(seen)) >= 3)
        rest = {one.path.rpartition(b"/")[2]: one for one in files(seen)}
        assert rest[b"a.gpx"].local.parent == files(seen)[-1].local.parent != rest[b"a.ts"].local.parent


def test_by_themselves() -> None:
    both = [b"a.mp4", b"a.ts", b"a.gpx", b"a.ts.md5"]
    assert by_themselves(both, [b"a.ts", b"a.gpx", b"a.ts.md5"]) == [b"a.ts", b"a.ts.md5"]
    assert by_themselves(both, [b"a.ts", b"a.gpx"]) == [], "its own digest is still being written"
    assert by_themselves(both, [b"a.gpx"]) == []
    assert by_themselves([b"a.ts", b"a.gpx"], [b"a.ts"]) == [], "its track is still being written"


def test_room_that_comes_back_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    room = Scarce("store")
    room.goes_on("a")
    for who in ("a", "b", "a"):
        room.waits(who, "no room")
    for who in ("a", "b", "a", "c"):
        room.goes_on(who)
    room.waits("a", "no room")
    room.leaves("a")  # its device has left: nobody knows of any room
    told = [record.getMessage() for record in caplog.records]
    assert told == ["store: no room", "store: there is room again; it goes on", "store: no room"]
