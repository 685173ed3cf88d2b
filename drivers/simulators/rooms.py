"""A real RTSP server (gst-rtsp-server) in a process of its own, to be killed, frozen and started again."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from drivers.ports import free_port

SERVER = Path(__file__).with_name("room.py")


class Room:
    def __init__(self, *more: str) -> None:
        self.more = more
        self.port = free_port()
        self.url = f"rtsp://room:secret@127.0.0.1:{self.port}/room"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SERVER, "--port", str(self.port), "--user", "room", "--password", "secret",
             *self.more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, "the RTSP server ended"
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)
