"""Where devices bring files: `HEAD` tells how far one is, `PUT` brings a piece; 204 and 201 mean durable.

Nothing of the users' API is here, and nobody signs in: an address is signed for one file of one device.
Limits answer 503 with Retry-After (too many at once), 507 (no room): the device keeps it and comes again.
"""

import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from drivers.uploads.body import CLOSE, incoming
from drivers.uploads.server import Server
from drivers.uploads.signing import Permit, is_good
from drivers.uploads.spool import Expected, Misplaced, Spool
from gateway.config.connected import UploadSettings
from gateway.device import DeviceUnavailable, Refused
from gateway.store import StoreFull
from gateway.wording import sentence

log = logging.getLogger(__name__)

RANGE = re.compile(r"^bytes (\d{1,15})-(\d{1,15})/(\d{1,15})$")
FLUSH = 1024 * 1024
RETRY_S = 5
PATH = "/uploads/{device}/{file_id}"


class Listener:
    """Runs in threads of its own beside the driver; `on_whole` stores the event before 201 is said."""

    def __init__(
        self, settings: UploadSettings, spool: Spool, secret: bytes, on_whole: Callable[[Expected], None]
    ) -> None:
        self.settings, self.spool, self.secret, self.on_whole = settings, spool, secret, on_whole
        self.lock = threading.Lock()
        self.busy: Counter[str] = Counter()
        app = Starlette(routes=[Route(PATH, self.answer, methods=["HEAD", "PUT"])])
        self.server = Server(
            app, (settings.host, settings.port), (settings.certificate, settings.key), settings.at_once * 4
        )

    async def answer(self, request: Request) -> Response:
        try:
            expected = await run_in_threadpool(self.permitted, request)
            if request.method == "HEAD":
                return told(200, expected, self.spool.offset(expected))
            with self.turn(expected.device):
                return await self.take(request, expected)
        except Problem as problem:
            return problem.response()
        except Misplaced as wrong:
            return JSONResponse(
                {"error": "the piece does not begin where the file ends"}, 409,
                headers={"Upload-Offset": str(wrong.offset)},
            )  # fmt: skip
        except Refused as no:
            return Problem(422, sentence(no.reason, "en")).response()
        except DeviceUnavailable as gone:
            return Problem(503, sentence(gone.reason, "en"), {"Retry-After": str(RETRY_S)}).response()
        except StoreFull:
            return Problem(507, "no room on the gateway; keep the file, come again later").response()
        except OSError as error:
            log.error("upload: %s", error)
            full = error.errno in {28, 122}
            return Problem(507 if full else 503, error.strerror or "the disk failed").response()

    def permitted(self, request: Request) -> Expected:
        """Raises Problem unless the address is good for a file that we expect."""
        device, file_id = request.path_params["device"], request.path_params["file_id"]
        shown = request.query_params
        try:
            permit = Permit(device, file_id, int(shown["size"]), shown["sha256"], int(shown["expires"]))
        except (KeyError, ValueError):
            raise Problem(403, "this address was not signed by this gateway") from None
        if not is_good(self.secret, permit, shown.get("signature", "")):
            raise Problem(403, "this address is not good, or no more; ask for a new one")
        expected = self.spool.known(device, file_id)
        if expected is None or (expected.size, expected.sha256) != (permit.size, permit.sha256):
            raise Problem(404, "this file is not expected; announce it again")
        return expected

    @contextmanager
    def turn(self, device: str) -> Iterator[None]:
        with self.lock:
            too_many = (
                self.busy.total() >= self.settings.at_once or self.busy[device] >= self.settings.per_device
            )
            if too_many:
                raise Problem(503, "too many uploads at once; come again", {"Retry-After": str(RETRY_S)})
            self.busy[device] += 1
        try:
            yield
        finally:
            with self.lock:
                self.busy[device] -= 1
                self.busy += Counter()

    async def take(self, request: Request, expected: Expected) -> Response:
        """One piece. What was received of it before the device left counts as well."""
        guard = self.spool.guard(expected.device, expected.file_id)
        if not guard.acquire(blocking=False):
            raise Problem(503, "this file is being sent already", {"Retry-After": str(RETRY_S)})
        try:
            expected = self.spool.known(expected.device, expected.file_id) or expected
            if not expected.whole and expected.safe == expected.size:
                expected = await run_in_threadpool(self.spool.finish, expected)
            if expected.whole:
                await run_in_threadpool(self.report, expected)
                return told(201, expected, expected.size)
            start, end = piece(request, expected)
            handle = await run_in_threadpool(self.spool.open_part, expected, start)
            try:
                with self.spool.claim(handle, expected.size):
                    reached, silent = await receive(request, handle, start, end)
                expected = await run_in_threadpool(self.spool.settle, expected, handle, reached)
            finally:
                os.close(handle)
            if reached < expected.size:
                return told(408, expected, reached, **CLOSE) if silent else told(204, expected, reached)
            expected = await run_in_threadpool(self.spool.finish, expected)
            await run_in_threadpool(self.report, expected)
            return told(201, expected, expected.size)
        finally:
            guard.release()

    def report(self, expected: Expected) -> None:
        """Again if need be: it may be whole and its event not stored, if storing failed the first time."""
        if self.spool.whole(expected).exists():
            self.on_whole(expected)
        self.spool.unguard(expected.device, expected.file_id)


async def receive(request: Request, handle: int, start: int, end: int) -> tuple[int, bool]:
    """Write what comes; returns where it ended, and whether its sender fell silent there.

    Raises Problem for more than was said.
    """
    at, waiting, silent = start, bytearray(), False
    try:
        async for chunk in incoming(request):
            waiting += chunk
            if at + len(waiting) > end:
                raise Problem(400, "more bytes than Content-Range says")
            if len(waiting) >= FLUSH:
                at += await run_in_threadpool(write_all, handle, bytes(waiting))
                waiting.clear()
    except ClientDisconnect:
        log.info("a device left in the middle of a piece")
    except TimeoutError:
        silent = True
        log.info("a device fell silent in the middle of a piece")
    return at + await run_in_threadpool(write_all, handle, bytes(waiting)), silent


def write_all(handle: int, content: bytes) -> int:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]
    return len(content)


def piece(request: Request, expected: Expected) -> tuple[int, int]:
    """(first byte, byte after the last) of the piece; without Content-Range it is the whole file."""
    said = request.headers.get("content-range")
    if said is None:
        return 0, expected.size
    found = RANGE.match(said)
    if not found:
        raise Problem(400, "Content-Range: write `bytes FIRST-LAST/SIZE`")
    first, last, size = (int(part) for part in found.groups())
    if size != expected.size or not first <= last < size:
        whole = {"Content-Range": f"bytes */{expected.size}"}
        raise Problem(416, f"the file has {expected.size} bytes", whole)
    return first, last + 1


def told(status: int, expected: Expected, offset: int, **more: str) -> Response:
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(expected.size), **more}
    if status == 201:
        return JSONResponse({"sha256": expected.sha256, "size": expected.size}, 201, headers=headers)
    return Response(status_code=status, headers=headers)


class Problem(Exception):
    def __init__(self, status: int, error: str, headers: dict[str, Any] | None = None) -> None:
        super().__init__(error)
        self.status, self.error, self.headers = status, error, headers

    def response(self) -> Response:
        return JSONResponse({"error": self.error}, self.status, headers=self.headers)
