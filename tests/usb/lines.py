"""JSON lines to and from the guest, and the clock that its time-outs go by."""

import json
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


class GuestFailed(Exception):
    pass


def clock(pid: int) -> float:
    """Seconds, but for those in which a process wanted a processor and had none: a busy machine is no hang."""
    delays = [0]
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, IndexError):  # it has ended
            delays.append(int(thread.read_text().split()[1]))
    return time.monotonic() - max(delays) / 1e9


class Lines:
    """JSON lines over a unix socket."""

    def __init__(self, path: Path, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.socket = socket.socket(socket.AF_UNIX)
        deadline = clock(process.pid) + 15
        while True:
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                if clock(process.pid) > deadline or process.poll() is not None:
                    raise GuestFailed(f"{path}: no connection") from None
                time.sleep(0.05)
        self.pending = b""

    def write(self, message: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def read(self, timeout: float) -> dict[str, Any]:
        deadline = clock(self.process.pid) + timeout
        while b"\n" not in self.pending:
            self.socket.settimeout(max(0.1, deadline - clock(self.process.pid)))
            try:
                fresh = self.socket.recv(65536)
            except TimeoutError:
                if clock(self.process.pid) < deadline:
                    continue
                raise GuestFailed(f"no answer within {timeout} s") from None
            if not fresh:
                raise GuestFailed("the guest has ended")
            self.pending += fresh
        line, self.pending = self.pending.split(b"\n", 1)
        read: dict[str, Any] = json.loads(line)
        return read
