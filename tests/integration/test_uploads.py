"""The listener of connected cameras by itself, over real HTTP: its places, and who falls silent in one."""

import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from drivers.ports import free_port
from drivers.uploads.listener import Listener
from drivers.uploads.signing import Permit, signature
from drivers.uploads.spool import Expected, Spool
from gateway.config.connected import UploadSettings
from tests.patience import until

SECRET = b"s" * 32
CONTENT = os.urandom(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Gate:
    """A listener, what it reported whole, and the hands of its cameras."""

    def __init__(self, folder: Path, **limits: Any) -> None:
        self.port = free_port()
        told = {"port": self.port, "url": "http://x", "secret": SECRET.decode(), "reserve_mb": 0, **limits}
        self.spool, self.whole = Spool(folder, 0, 10**9), list[Expected]()
        settings = UploadSettings.model_validate(told)
        self.listener = Listener(settings, self.spool, SECRET, self.whole.append)

    def expect(self, device: str, file_id: str) -> str:
        """The path of its address."""
        known = Expected(device=device, file_id=file_id, name="a.mp4", size=len(CONTENT), sha256=DIGEST)
        self.spool.expect(known)
        permit = Permit(device, file_id, known.size, known.sha256, int(time.time()) + 60)
        signed = {"expires": permit.expires, "signature": signature(SECRET, permit)}
        told = urlencode({"size": permit.size, "sha256": permit.sha256, **signed})
        return f"/uploads/{device}/{file_id}?{told}"

    def ask(self, method: str, path: str, body: bytes = b"", start: int = 0) -> tuple[int, dict[str, str]]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            place = {"Content-Range": f"bytes {start}-{start + len(body) - 1}/{len(CONTENT)}"} if body else {}
            line.request(method, path, body or None, place)
            answer = line.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}

    def begun(self, path: str, sent: bytes = CONTENT[:1000]) -> socket.socket:
        """A PUT of the whole of which only the beginning comes."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(CONTENT)}\r\n\r\n"
        line.sendall(head.encode() + sent)
        return line


@contextmanager
def opened(folder: Path, **limits: Any) -> Iterator[Gate]:
    gate = Gate(folder, **limits)
    gate.listener.server.start(threading.Event())
    try:
        yield gate
    finally:
        gate.listener.server.close(3)


def test_a_sender_that_falls_silent_keeps_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two half-open PUTs of one camera: what came of them is safe, and it comes in again."""
    monkeypatch.setattr("drivers.uploads.body.SILENT_S", 1.5)
    with opened(tmp_path, per_device=2, at_once=2) as gate, ExitStack() as lines:
        paths = [gate.expect("bwc-1", name) for name in ("f1", "f2")]
        silent = [lines.enter_context(gate.begun(path)) for path in paths]
        until(lambda: gate.listener.busy.total() == 2)
        assert gate.ask("PUT", gate.expect("bwc-2", "f3"), CONTENT)[0] == 503
        until(lambda: gate.listener.busy.total() == 0)
        for path, line in zip(paths, silent, strict=True):
            told = line.recv(4096)
            assert told.startswith(b"HTTP/1.1 408 ")
            assert line.recv(4096) == b"", "nobody reads the rest of it"
            assert gate.ask("HEAD", path)[1]["upload-offset"] == "1000"
            assert gate.ask("PUT", path, CONTENT[1000:], 1000)[0] == 201
    assert [one.file_id for one in gate.whole] == ["f1", "f2"]
    assert gate.spool.whole(gate.whole[0]).read_bytes() == CONTENT


def test_a_slow_sender_is_no_silent_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.uploads.body.SILENT_S", 2.0)
    with opened(tmp_path) as gate, gate.begun(gate.expect("bwc-1", "f1")) as line:
        for start in range(1000, len(CONTENT), 60_000):
            time.sleep(0.5)
            line.sendall(CONTENT[start : start + 60_000])
        assert line.recv(4096).startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize(
    ("limits", "third"),
    [({"per_device": 2, "at_once": 16}, {"bwc-1": 503, "bwc-2": 201}),
     ({"per_device": 16, "at_once": 2}, {"bwc-1": 503, "bwc-2": 503})],
    ids=["per_device", "at_once"],
)  # fmt: skip
def test_too_many_at_once_are_asked_to_come_again(
    tmp_path: Path, limits: dict[str, int], third: dict[str, int]
) -> None:
    """How far a file is may be asked all the same; who ends makes room."""
    with opened(tmp_path, **limits) as gate, ExitStack() as lines:
        paths = [gate.expect("bwc-1", name) for name in ("f1", "f2")]
        first, second = (lines.enter_context(gate.begun(path)) for path in paths)
        until(lambda: gate.listener.busy["bwc-1"] == 2)
        for device, status in third.items():
            path = gate.expect(device, "f3")
            answered, headers = gate.ask("PUT", path, CONTENT)
            assert answered == status
            assert headers.get("retry-after") == ("5" if status == 503 else None)
            assert gate.ask("HEAD", path)[0] == 200
        first.sendall(CONTENT[1000:])
        assert first.recv(4096).startswith(b"HTTP/1.1 201 ")
        until(lambda: gate.listener.busy["bwc-1"] == 1)
        assert gate.ask("PUT", gate.expect("bwc-1", "f3"), CONTENT)[0] == 201
        second.close()
        until(lambda: not gate.listener.busy)
        assert gate.ask("HEAD", paths[1])[1]["upload-offset"] == "1000"
