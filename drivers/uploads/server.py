"""An HTTP server in a thread of its own, for devices that bring things."""

import asyncio
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.device import DeviceUnavailable

IDLE_S = 30
"""A line on which no request stands is closed after so long: it counts among those that may be open."""


class Line(H11Protocol):
    """uvicorn waits for ever for the first request, and for the rest of one whose head is not whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self.wait()

    def wait(self) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(IDLE_S, self.timeout_keep_alive_handler)


class Ending(uvicorn.Server):
    """Leaves no line open when it ends, nor one that is still shaking hands: a device notices at once."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for transport in list(getattr(asyncio.get_running_loop(), "_transports", {}).values()):
            transport.abort()  # uvicorn knows only those that have spoken, and forgets whom it cut off
        await asyncio.sleep(0)


class Server:
    """With a certificate it is HTTPS."""

    def __init__(
        self, app: Starlette, address: tuple[str, int], tls: tuple[Path | None, Path | None], most: int
    ) -> None:
        self.address = address
        certificate, key = tls
        self.server = Ending(
            uvicorn.Config(
                app, host=address[0], port=address[1], log_level="warning", access_log=False, http=Line,
                server_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=IDLE_S,
                ssl_certfile=str(certificate) if certificate else None,
                ssl_keyfile=str(key) if key else None, limit_concurrency=most,
            )
        )  # fmt: skip
        self.thread = threading.Thread(target=self.server.run, name="uploads", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self.thread.is_alive()

    def start(self, stop: threading.Event) -> None:
        """Raises DeviceUnavailable("upload.no_listener") if the address cannot be had."""
        self.thread.start()
        while not self.server.started and self.thread.is_alive() and not stop.wait(0.02):
            pass
        if not self.thread.is_alive():
            host, port = self.address
            raise DeviceUnavailable("upload.no_listener", address=f"{host}:{port}")

    def close(self, wait_s: float) -> None:
        self.server.should_exit = True
        self.thread.join(wait_s)
