"""An HTTP server in a thread of its own, for devices that bring things."""

import asyncio
import socket
import threading
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from gateway.device import DeviceUnavailable


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
                app, host=address[0], port=address[1], log_level="warning", access_log=False,
                server_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=30,
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
