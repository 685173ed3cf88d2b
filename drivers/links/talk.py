"""A conversation over TCP with a recorder that runs Android, by way of `adb forward` (devices 1.2d)."""

import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from gateway.device import DeviceUnavailable

ADB_S = 10.0
PAUSE_S = 0.3
LONGEST = 64 * 1024


class Talk(Protocol):
    """The wire: bytes there, bytes back."""

    def send(self, content: bytes) -> None:
        """Raises DeviceUnavailable("recorder.no_answer")."""

    def receive(self, is_whole: Callable[[bytes], bool], timeout_s: float) -> bytes:
        """What came until `is_whole` says so, or until a pause once something came; it stays for the next
        call what `is_whole` did not cover. Raises DeviceUnavailable("recorder.no_answer") if nothing came.
        """

    def close(self) -> None:
        """Harmless when it is closed already."""


class TcpTalk:
    def __init__(self, address: tuple[str, int], let_go: Callable[[], object] = lambda: None) -> None:
        self.let_go = let_go
        try:
            self.socket = socket.create_connection(address, timeout=2.0)
        except OSError as error:
            raise DeviceUnavailable("recorder.no_answer", call=f"TCP, {error.strerror or error}") from error

    def send(self, content: bytes) -> None:
        try:
            self.socket.sendall(content)
        except OSError as error:
            raise DeviceUnavailable("recorder.no_answer", call=f"TCP, {error.strerror}") from error

    def receive(self, is_whole: Callable[[bytes], bool], timeout_s: float) -> bytes:
        said, deadline = b"", time.monotonic() + timeout_s
        while not is_whole(said) and len(said) < LONGEST and time.monotonic() < deadline:
            self.socket.settimeout(PAUSE_S)
            try:
                # byte by byte would be slow and a block may hold the next answer too: look, then take
                seen = self.socket.recv(4096, socket.MSG_PEEK)
                taken = next((n for n in range(1, len(seen) + 1) if is_whole(said + seen[:n])), len(seen))
                said += self.socket.recv(taken)
            except TimeoutError:
                if said:
                    break
                continue
            except OSError as error:
                raise DeviceUnavailable("recorder.no_answer", call=f"TCP, {error.strerror}") from error
            if not seen:
                break
        if not said:
            raise DeviceUnavailable("recorder.no_answer", call="TCP")
        return said

    def close(self) -> None:
        with suppress(OSError):
            self.socket.close()
        self.let_go()


def over_adb(port_path: str, port: int, wake: Sequence[str]) -> TcpTalk:
    """Connect to a TCP port of the Android recorder in one USB port; `wake` is said to its shell first.

    adb names a device by its port path as we do (`usb:1-1.3`), so equal serials do no harm.
    Raises DeviceUnavailable("recorder.no_answer"), also where adb is not installed.
    """
    if wake:
        adb(port_path, "shell", *wake)
    forwarded = adb(port_path, "forward", "tcp:0", f"tcp:{port}").strip()
    if not forwarded.isdecimal():
        raise DeviceUnavailable("recorder.no_answer", call="adb forward")

    def let_go() -> None:
        """Else each try would leave a port behind, until the recorder is unplugged."""
        with suppress(DeviceUnavailable):
            adb(port_path, "forward", "--remove", f"tcp:{forwarded}")

    try:
        return TcpTalk(("127.0.0.1", int(forwarded)), let_go)
    except DeviceUnavailable:
        let_go()
        raise


def adb(port_path: str, *words: str) -> str:
    try:
        done = subprocess.run(
            ["adb", "-s", f"usb:{port_path}", *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=ADB_S, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise DeviceUnavailable("recorder.no_adb") from None
    except subprocess.TimeoutExpired:
        raise DeviceUnavailable("recorder.no_answer", call=f"adb {words[0]}") from None
    if done.returncode:
        raise DeviceUnavailable("recorder.no_answer", call=f"adb {words[0]}")
    return done.stdout
