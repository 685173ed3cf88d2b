"""The Swift subset that Axis controllers speak: containers, objects, metadata in headers.

201 and 204 mean durable; `Complete` is answered once the whole recording is entered in the database.
400 is never said of footage: a controller would take it for "can never be stored" and strand it.
503 asks it to come again soon, 507 says that there is no room.
"""

import asyncio
import errno
import hashlib
import hmac
import json
import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import quote, unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from drivers.axis.containers import Body, Container, Corrupt, Meta, Missing
from drivers.axis.reports import SHARED
from drivers.axis.shelf import Draft, Shelf
from drivers.uploads.body import CLOSE, incoming
from gateway.config.connected import AxisBodyWornSettings
from gateway.device import DeviceUnavailable
from gateway.guard import guarded
from gateway.store import Claim, StoreFull, require
from gateway.store.room import unwritten

log = logging.getLogger(__name__)

FULL = {errno.ENOSPC, errno.EDQUOT}
FLUSH = 1 << 20
TOKEN_S = 3600
RETRY_AFTER = {"Retry-After": "5"}
CONTAINER, OBJECT = "x-container-meta-", "x-object-meta-"
SMALL = 1 << 20
"""Bytes of anything that is no footage."""

CAPABILITIES = {
    "Read": {"ReadCategories": True},
    "Store": {
        "StoreBookmarks": True, "StoreUserIDKey": True, "StoreSignedVideo": True,
        "StoreGNSSTrackRecording": True, "StoreRejectedContent": True,
    },
    "StoreAndRead": {
        "StoreBookmarks": True, "StoreReadSystemID": True, "StoreUserIDKey": True,
        "StoreSignedVideo": True, "StoreGNSSTrackRecording": True, "StoreRejectedContent": True,
        "ReadCategories": True,
    },
}  # fmt: skip
"""Never to be taken back once said. In both places: the specification moved them."""


class Problem(Exception):
    def __init__(self, status: int, said: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(said)
        self.status, self.said, self.headers = status, said, headers


class Listener:
    """`on_complete` stores the events of a recording before its `Complete` is answered."""

    def __init__(
        self, settings: AxisBodyWornSettings, shelf: Shelf, on_complete: Callable[[Container], None]
    ) -> None:
        self.settings, self.shelf, self.on_complete = settings, shelf, on_complete
        self.secret = settings.api_key.get_secret_value().encode()
        self.reserve = settings.reserve_mb << 20
        self.lock, self.busy = threading.Lock(), 0
        one = "/v1/{account}/{container}"
        self.app = Starlette(
            routes=[
                Route("/auth/v1.0", self.sign_in, methods=["GET"]),
                Route(one, self.answer, methods=["PUT", "POST", "HEAD"]),
                Route(f"{one}/{{object:path}}", self.answer, methods=["PUT", "POST", "HEAD", "GET"]),
            ]
        )

    async def sign_in(self, request: Request) -> Response:
        user, key = (request.headers.get(f"x-auth-{name}", "").encode() for name in ("user", "key"))
        good = hmac.compare_digest(user, self.settings.user.encode())
        if not (hmac.compare_digest(key, self.secret) and good):
            await asyncio.sleep(0.5)
            return Response("user or key is wrong\n", 401)
        token = self.token(int(time.time()) + TOKEN_S)
        return Response(
            status_code=200,
            headers={
                "X-Auth-Token": token, "X-Storage-Token": token, "X-Auth-Token-Expires": str(TOKEN_S),
                "X-Storage-Url": f"{self.settings.url}/v1/{self.settings.id}",
            },
        )  # fmt: skip

    def token(self, expires: int) -> str:
        """Good after a restart as well: nobody keeps a list."""
        said = f"{self.settings.id}.{expires}"
        return f"{expires}.{hmac.new(self.secret, said.encode(), hashlib.sha256).hexdigest()}"

    def check(self, request: Request) -> None:
        """Raises Problem."""
        shown = request.headers.get("x-auth-token", "")
        expires = shown.partition(".")[0]
        good = expires.isascii() and expires.isdigit() and len(expires) < 15
        good = good and int(expires) > time.time()
        if not good or not hmac.compare_digest(shown.encode(), self.token(int(expires)).encode()):
            raise Problem(401, "sign in again")
        if request.path_params["account"] != self.settings.id:
            raise Problem(403, "this account is not yours")

    async def answer(self, request: Request) -> Response:
        try:
            self.check(request)
            container, name = request.path_params["container"], request.path_params.get("object")
            if "\0" in container:
                raise Problem(400, "the name holds a NUL character")
            if len(container.encode()) > 256 or len((name or "").encode()) > 1024:
                raise Problem(400, "the name is too long (256 bytes, 1024 for an object)")
            if not name:
                return await self.about_container(request, container)
            return await self.about_object(request, container, name)
        except Problem as problem:
            return Response(f"{problem.said}\n", problem.status, headers=problem.headers)
        except Missing as missing:
            return Response(f"there is no {missing}\n", 404)
        except Corrupt:
            return Response("the bytes are not those of the ETag; send them again\n", 422)
        except DeviceUnavailable as gone:
            return Response(f"not now ({gone.reason['code']})\n", 503, headers=RETRY_AFTER)
        except StoreFull:
            return Response("no room on the gateway; keep it and come again\n", 507)
        except OSError as error:
            log.error("axis: %s", error)
            full = error.errno in FULL
            headers = None if full else RETRY_AFTER
            return Response(f"{error.strerror or 'the disk failed'}\n", 507 if full else 503, headers=headers)

    async def about_container(self, request: Request, name: str) -> Response:
        if request.method == "HEAD":
            return Response(status_code=204, headers=written(CONTAINER, self.shelf.container(name).meta))
        meta = read(request, CONTAINER)
        if request.method == "PUT":
            require(self.shelf.root, self.reserve, 0)
            fresh = await run_in_threadpool(self.shelf.create, name, meta)
            status = 201 if fresh else 202
        else:
            await run_in_threadpool(self.shelf.describe, name, meta)
            status = 204
        container = self.shelf.container(name)
        if container.is_complete:
            await run_in_threadpool(self.complete, container)
        return Response(status_code=status)

    def complete(self, container: Container) -> None:
        """Raises Problem: not yet stored, whatever the cause; the controller says it again."""
        if not guarded(log, f"taking in {container.name}", lambda: self.on_complete(container)):
            raise Problem(503, "not stored yet; say it again", RETRY_AFTER)

    async def about_object(self, request: Request, container: str, name: str) -> Response:
        if request.method == "PUT":
            with self.turn():
                return await self.take(request, container, name)
        if request.method == "POST":
            meta = read(request, OBJECT)
            await run_in_threadpool(self.shelf.describe_body, container, name, meta)
            return Response(status_code=202)
        if container == "System" and (content := self.published(name)) is not None:
            tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
            return Response(content, media_type="application/json", headers={"Etag": tag})
        body = self.shelf.container(container).body(name)
        headers = written(OBJECT, body.meta) | {"Etag": body.md5}
        if request.method == "HEAD":
            return Response(status_code=200, headers=headers | {"Content-Length": str(body.size)})
        if container not in SHARED:
            raise Problem(403, "footage is not read here; the gateway's API serves it, and logs who")
        path = self.shelf.path(self.shelf.container(container), body)
        return Response(await run_in_threadpool(path.read_bytes), headers=headers)

    def published(self, name: str) -> bytes | None:
        """What we say of ourselves; an old specification calls the first one Capability.json."""
        if name in {"Capabilities.json", "Capability.json"}:
            return json.dumps(CAPABILITIES).encode()
        if name == "Categories.json":
            told = [
                {"Name": one, "Id": str(number)} for number, one in enumerate(self.settings.categories, 1)
            ]
            return json.dumps(told, ensure_ascii=False).encode()
        return None

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self.lock:
            if self.busy >= self.settings.at_once:
                raise Problem(503, "too many uploads at once; come again", RETRY_AFTER)
            self.busy += 1
        try:
            yield
        finally:
            with self.lock:
                self.busy -= 1

    async def take(self, request: Request, container: str, name: str) -> Response:
        length = request.headers.get("content-length", "0")
        expected = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else 0
        promised = request.headers.get("etag", "").strip('"').lower() or None
        with await run_in_threadpool(self.shelf.draft, container) as draft:
            left = partial(unwritten, draft.path, expected) if expected else lambda: FLUSH
            with Claim(self.shelf.root, self.reserve, left) as claim:
                await self.receive(request, draft, claim, small=container in SHARED)
            body: Body = await run_in_threadpool(
                self.shelf.keep, container, name, draft, read(request, OBJECT), promised
            )
        return Response(status_code=201, headers={"Etag": body.md5})

    async def receive(self, request: Request, draft: Draft, claim: Claim, *, small: bool) -> None:
        """Write what comes. Raises Problem if the sender left, StoreFull if room runs out."""
        waiting = bytearray()
        try:
            async for chunk in incoming(request):
                waiting += chunk
                if small and draft.size + len(waiting) > SMALL:
                    raise Problem(413, "too large for what is no footage")
                if len(waiting) >= FLUSH:
                    claim.check()
                    await run_in_threadpool(draft.write, bytes(waiting))
                    waiting.clear()
        except ClientDisconnect:
            log.info("axis: a controller left in the middle of an object; it will send it again")
            raise Problem(503, "cut", RETRY_AFTER) from None
        except TimeoutError:
            again = RETRY_AFTER | CLOSE
            raise Problem(503, "nothing came any more; send it again", again) from None
        await run_in_threadpool(draft.write, bytes(waiting))


def read(request: Request, prefix: str) -> Meta:
    """Header values are URL-encoded UTF-8; what is not stays as it came.

    Rare characters of names stay as well: older systems keep them in private use, newer ones know more of
    them than we do. Left out is what controls, turns, or is half a character.
    """
    found: Meta = {}
    for name, value in request.headers.items():
        if name.startswith(prefix):
            text = unquote(value, errors="replace")
            kept = (char for char in text if unicodedata.category(char) not in {"Cc", "Cf", "Cs"})
            found[name.removeprefix(prefix)] = "".join(kept)
    return found


def written(prefix: str, meta: Meta) -> dict[str, str]:
    return {f"{prefix}{name}".title(): quote(value) for name, value in meta.items()}
