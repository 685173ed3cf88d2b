"""A receiver that runs, a sender of its own, and how senders come to an end."""

import ftplib
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.ftp_receiver import FtpReceiver
from drivers.ports import free_port
from gateway.config.recorders import FtpReceiverSettings
from gateway.device import (
    Connected,
    FileFound,
    FoundFile,
    SignalReceived,
)
from tests.integration.test_drivers import Recorder
from tests.integration.test_drivers import running as started
from tests.patience import until

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
    until(lambda: not folder.exists())


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


def told_to_store(line: ftplib.FTP) -> None:
    """Reads as many answers as come before one says that it ended."""
    line.sendcmd("STOR a.ts")
    line.voidresp()
