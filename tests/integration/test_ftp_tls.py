"""The receiver with TLS: the same, and senders that never end it."""

import ftplib
import io
import ssl
import time
from contextlib import suppress
from pathlib import Path

import pytest

from drivers.ftp import channel as ftp_channel
from drivers.ftp.session import Careful
from gateway.identities import enrol
from tests.integration.ftp_site import PASSWORD, client, files, movie, running, settings_for, tear

__all__ = ["movie"]


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
