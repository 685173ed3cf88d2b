"""The listener of devices: when it ends, no line stays open behind it, whatever the other side was at."""

import gc
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from drivers.ports import free_port
from drivers.uploads.server import Server
from gateway.identities import enrol


async def take(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.mark.parametrize("at", ["nothing", "handshake", "request"])
def test_no_line_stays_open(tmp_path: Path, at: str) -> None:
    app = Starlette(routes=[Route("/", take, methods=["PUT"])])
    tls = enrol(tmp_path / "pki", "gateway", ("127.0.0.1",))
    address = "127.0.0.1", free_port()
    server = Server(app, address, tls, 8)
    server.start(threading.Event())
    line = socket.create_connection(address, timeout=3)
    if at != "nothing":
        line = ssl._create_unverified_context().wrap_socket(line)
    if at == "request":
        line.sendall(b"PUT / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 9\r\n\r\nhalf")
        assert server.is_alive
    server.close(3)
    assert not server.is_alive
    del server
    gc.collect()  # a line that nobody closed is an error here
    with line, suppress(ConnectionResetError, ssl.SSLError):
        while line.recv(1000):
            pass


@pytest.mark.parametrize("said", [b"", b"PUT / HTTP/1.1\r\nHost: gate"])
def test_a_line_on_which_nothing_is_asked_is_closed(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Eight that say nothing would be all that may be open; one that brings something slowly stays."""
    monkeypatch.setattr("drivers.uploads.server.IDLE_S", 0.5)
    address = "127.0.0.1", free_port()
    server = Server(
        Starlette(routes=[Route("/", take, methods=["PUT"])]), address, (None, None), 8
    )  # fmt: skip
    server.start(threading.Event())
    try:
        with ExitStack() as lines:
            idle = [lines.enter_context(socket.create_connection(address, timeout=5)) for _ in range(8)]
            for line in idle:
                line.sendall(said)
            for line in idle:
                assert line.recv(1000) == b""
            slow = lines.enter_context(socket.create_connection(address, timeout=5))
            slow.sendall(b"PUT / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\n\r\nha")
            time.sleep(1)
            slow.sendall(b"lf")
            assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
    finally:
        server.close(3)
