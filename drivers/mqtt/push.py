"""Where cameras push their live picture to: RTSP over TCP or TLS, each stream under an address of its own.

ffmpeg can receive such a stream but lets in whoever connects. So it listens on loopback only, and this stands
before it: whoever does not know the address that the camera was just told never reaches it.
"""

import asyncio
import logging
import re
import ssl
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress

from gateway.config.connected import LiveListenerSettings
from gateway.device import DeviceUnavailable

log = logging.getLogger(__name__)

REQUEST = re.compile(rb"^[A-Z_]{3,20} rtsps?://[^/\s]{1,255}/live/([\w-]{20,60})(/\S{0,200})? RTSP/1\.0\r\n$")
FIRST_WORD_S = 5.0
READY_S = 15.0
"""ffmpeg begins to listen while the camera is told where to push."""
PIECE = 64 * 1024
LONGEST_LINE = 1024


class PushListener:
    """Runs in a thread of its own. `expected` maps the secret part of an address to ffmpeg's port."""

    def __init__(self, settings: LiveListenerSettings) -> None:
        self.settings = settings
        self.expected: dict[str, int] = {}
        self.open_lines = 0
        self.ready, self.closing = threading.Event(), threading.Event()
        self.error: OSError | None = None
        self.thread = threading.Thread(target=self.run, name="live pushes", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self.thread.is_alive()

    def start(self) -> None:
        """Raises DeviceUnavailable("upload.no_listener") if the address cannot be had."""
        self.thread.start()
        self.ready.wait(5)
        if self.error is not None or not self.thread.is_alive():
            address = f"{self.settings.host}:{self.settings.port}"
            raise DeviceUnavailable("upload.no_listener", address=address)

    def close(self, wait_s: float) -> None:
        self.closing.set()
        self.thread.join(wait_s)

    def run(self) -> None:
        try:
            asyncio.run(self.serve())
        except OSError as error:
            self.error = error
            log.error("live pushes: %s", error)
        finally:
            self.ready.set()

    async def serve(self) -> None:
        """Raises OSError for an address or a certificate that cannot be had (ssl.SSLError is one)."""
        context = None
        if self.settings.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.settings.certificate, self.settings.key)
        server = await asyncio.start_server(
            self.attend, self.settings.host, self.settings.port, limit=LONGEST_LINE, ssl=context,
            ssl_handshake_timeout=FIRST_WORD_S if context else None,
        )  # fmt: skip
        self.ready.set()
        async with server:
            while not self.closing.is_set():
                await asyncio.sleep(0.1)

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line: let through to its ffmpeg, or closed."""
        self.open_lines += 1
        try:
            if self.open_lines <= self.settings.at_once:
                await self.let_through(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            log.debug("live push: %r", error)
        finally:
            self.open_lines -= 1
            writer.transport.abort()

    async def let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(FIRST_WORD_S):
            first = await reader.readuntil(b"\r\n")
        asked = REQUEST.match(first)
        token = asked[1].decode() if asked else ""
        if token not in self.expected:
            log.warning("live push from %s refused: not an address that was given out", peer(writer))
            return
        inner, outer = await self.reach(token)
        try:
            outer.write(first)
            await first_of(pump(reader, outer), pump(inner, writer))
        finally:
            outer.transport.abort()

    async def reach(self, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Its ffmpeg, once that listens. Raises OSError."""
        deadline = time.monotonic() + READY_S
        while True:
            port = self.expected.get(token)
            if port is None:
                raise OSError("no longer expected")
            try:
                return await asyncio.open_connection("127.0.0.1", port, limit=PIECE)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(PIECE):
        sink.write(piece)
        await sink.drain()


async def first_of(*ways: Coroutine[None, None, None]) -> None:
    """Both ways at once; when one ends, so does the other."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await task


def peer(writer: asyncio.StreamWriter) -> str:
    return str((writer.get_extra_info("peername") or ("?",))[0])
