"""A network video recorder (twin): Hikvision's ISAPI or Dahua's CGI over HTTP, with digest sign-in.

    python -m drivers.simulators.nvr --help     # offers the files of a folder

Faults: `busy` (503), `cut` (the line ends in the middle), `misstated` (another size than is sent), a clock
that is `ahead_s`, channels that are `forbidden`, short answers that drip, `hangs` (no answer any more, or
none after the first half of a recording), and what single recordings do (`Shot.fault`, `Shot.written`).
"""

import asyncio
import hashlib
import re
import secrets
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit
from xml.sax.saxutils import escape, unescape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from drivers.simulators.nvr_faults import Fault, answer

REALM = "twin"
PAGE = 40
FINDERS = 4
ATTEMPTS = 5
"""Wrong passwords after which nobody gets in any more."""


@dataclass
class Shot:
    """One recording; times by the recorder's own clock."""

    channel: int
    start: datetime
    end: datetime
    content: bytes
    name: str
    fault: Fault = Fault.NONE
    written: str = ""
    """What stands where its beginning should."""


@dataclass
class Nvr:
    dialect: str
    user: str = "gateway"
    password: str = "secret"  # noqa: S105
    shots: list[Shot] = field(default_factory=list)
    ahead_s: float = 0.0
    busy: int = 0
    """Downloads that are answered with 503 first."""
    cut: int = 0
    misstated: int = 0
    """Bytes that each stated size is off."""
    stuck: bool = False
    """Gives its first page for ever (ISAPI)."""
    forbidden: set[int] = field(default_factory=set)
    """Channels that our user may not search."""
    dripping: str = ""
    """What stands in the addresses of short answers that drip."""
    real_utc_h: int | None = None
    """Dahua, newer: its zone in hours; searches by `StartTimeRealUTC` only, its other times say nothing."""
    hangs: Literal["", "answer", "content"] = ""
    hung: threading.Event = field(default_factory=threading.Event)
    """Somebody waits for what does not come."""
    finders: dict[str, list[Shot]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    wrong: int = 0
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def now(self) -> datetime:
        return datetime.now().replace(microsecond=0) + timedelta(seconds=self.ahead_s)

    def app(self) -> Starlette:
        hik = [
            Route("/ISAPI/System/time", self.guarded(self.hik_time)),
            Route("/ISAPI/ContentMgmt/search", self.guarded(self.hik_search), methods=["POST"]),
            Route("/ISAPI/ContentMgmt/download", self.guarded(self.hik_download), methods=["POST"]),
        ]
        dahua = [
            Route("/cgi-bin/global.cgi", self.guarded(self.dahua_time)),
            Route("/cgi-bin/mediaFileFind.cgi", self.guarded(self.dahua_find)),
            Route("/cgi-bin/RPC_Loadfile/{path:path}", self.guarded(self.dahua_load)),
        ]
        return Starlette(routes=hik if self.dialect == "hik_isapi" else dahua)

    def guarded(
        self, work: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def guard(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            if self.hangs == "answer":
                await self.hang()
            if not self.is_known(request):
                told = f'Digest realm="{REALM}", qop="auth", nonce="{self.nonce}", algorithm=MD5'
                return PlainTextResponse("", 401, {"WWW-Authenticate": told})
            said = await work(request)
            if self.dripping and self.dripping in str(request.url):
                return answer(request, bytes(said.body), len(said.body), Fault.DRIP, "text/plain")
            return said

        return guard

    def is_known(self, request: Request) -> bool:
        """RFC 2617 with qop=auth; a first question without an answer counts for nothing."""
        header = request.headers.get("authorization", "")
        if not header.startswith("Digest "):
            return False
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', header))
        one = md5(f"{self.user}:{REALM}:{self.password}")
        two = md5(f"{request.method}:{told.get('uri', '')}")
        parts = (one, self.nonce, told.get("nc", ""), told.get("cnonce", ""), "auth", two)
        is_right = told.get("response") == md5(":".join(parts)) and told.get("username") == self.user
        self.wrong += not is_right
        return is_right and self.wrong < ATTEMPTS

    # Hikvision

    async def hik_time(self, request: Request) -> Response:
        del request
        return xml(
            f"<Time><timeMode>NTP</timeMode><localTime>{self.now.isoformat()}+08:00</localTime></Time>"
        )

    async def hik_search(self, request: Request) -> Response:
        """As DS-7616NXI V4.84: no prolog, no name space, braces, and its own spelling."""
        asked = (await request.body()).decode()
        place = re.search(r"<searchResultPostion>(\d+)<", asked)
        if (
            asked.startswith("<?xml")
            or "xmlns" in asked
            or not re.search(r"<searchID>\{[-0-9A-F]+\}<", asked)
        ):
            return xml(
                "<ResponseStatus><statusString>Invalid XML Content</statusString></ResponseStatus>", 400
            )
        if place is None:
            return xml(
                "<ResponseStatus><statusString>Invalid XML Content</statusString></ResponseStatus>", 400
            )
        since, until = (
            datetime.strptime(one, "%Y-%m-%dT%H:%M:%SZ")
            for one in re.findall(r"<(?:start|end)Time>([^<]+)<", asked)
        )
        [track] = re.findall(r"<trackID>(\d+)<", asked)
        if int(track) // 100 in self.forbidden:
            return xml("<ResponseStatus><statusString>Invalid Operation</statusString></ResponseStatus>", 403)
        found = self.of(int(track) // 100, since, until)
        at = 0 if self.stuck else int(place[1])
        page = found[at : at + PAGE]
        more = "MORE" if self.stuck or at + len(page) < len(found) else "OK"
        items = "".join(map(self.hik_item, page))
        return xml(
            '<CMSearchResult version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">'
            f"<responseStatusStrg>{more}</responseStatusStrg><numOfMatches>{len(page)}</numOfMatches>"
            f"<matchList>{items}</matchList></CMSearchResult>"
        )

    def hik_item(self, shot: Shot) -> str:
        start, end = (f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in (shot.start, shot.end))
        uri = (
            f"rtsp://twin/Streaming/tracks/{shot.channel}01/?starttime={start}&endtime={end}"
            f"&name={quote(shot.name)}&size={len(shot.content) + self.misstated}"
        )
        return (
            f"<searchMatchItem><timeSpan><startTime>{shot.written or start}</startTime>"
            f"<endTime>{end}</endTime></timeSpan>"
            f"<mediaSegmentDescriptor><playbackURI>{escape(uri)}</playbackURI></mediaSegmentDescriptor>"
            "</searchMatchItem>"
        )

    async def hik_download(self, request: Request) -> Response:
        asked = (await request.body()).decode()
        uri = unescape(re.findall(r"<playbackURI>([^<]+)<", asked)[0])
        told = parse_qs(urlsplit(uri).query)
        [shot] = [
            one for one in self.shots
            if one.name == told["name"][0] and f"{one.start:%Y-%m-%dT%H:%M:%SZ}" == told["starttime"][0]
        ]  # fmt: skip
        return self.delivered(request, shot)

    # Dahua

    async def dahua_time(self, request: Request) -> Response:
        del request
        return PlainTextResponse(f"result={self.now}\r\n")

    async def dahua_find(self, request: Request) -> Response:
        asked = request.query_params
        action, finder = asked["action"], asked.get("object", "")
        if action == "factory.create":
            if len(self.finders) >= FINDERS:
                return PlainTextResponse("Error\r\nBusy", 503)
            finder = str(secrets.randbelow(10**9))
            self.finders[finder] = []
            return PlainTextResponse(f"result={finder}\r\n")
        if finder not in self.finders:
            return PlainTextResponse("Error\r\nBad Request!", 400)
        if action == "findFile":
            suffix = "Time" if self.real_utc_h is None else "TimeRealUTC"
            if f"condition.Start{suffix}" not in asked:
                return PlainTextResponse("Error\r\nBad Request!", 400)
            since, until = (
                datetime.fromisoformat(asked[f"condition.{name}{suffix}"]) + self.ahead_of_utc
                for name in ("Start", "End")
            )
            if int(asked["condition.Channel"]) in self.forbidden:
                return PlainTextResponse("Error\r\nForbidden", 403)
            self.finders[finder] = self.of(int(asked["condition.Channel"]), since, until)
            return (
                PlainTextResponse("OK\r\n") if self.finders[finder] else PlainTextResponse("Error\r\n", 400)
            )
        if action == "findNextFile":
            count = min(64, int(asked["count"]))  # some firmwares give fewer than they were asked for
            page, self.finders[finder] = self.finders[finder][:count], self.finders[finder][count:]
            lines = [f"found={len(page)}"]
            for number, shot in enumerate(page):
                told = {
                    "Channel": shot.channel - 1, "StartTime": shot.written or shot.start, "EndTime": shot.end,
                    "FilePath": self.path_of(shot), "Length": len(shot.content) + self.misstated,
                }  # fmt: skip
                if self.real_utc_h is not None:
                    told |= {"StartTime": "2000-01-01 00:00:00", "EndTime": "2000-01-01 00:00:00"}
                    told["StartTimeRealUTC"] = shot.start - self.ahead_of_utc
                    told["EndTimeRealUTC"] = shot.end - self.ahead_of_utc
                lines += [f"items[{number}].{name}={value}" for name, value in told.items()]
            return PlainTextResponse("\r\n".join(lines) + "\r\n")
        if action == "destroy":
            del self.finders[finder]
        return PlainTextResponse("OK\r\n")

    @property
    def ahead_of_utc(self) -> timedelta:
        return timedelta(hours=self.real_utc_h or 0)

    def path_of(self, shot: Shot) -> str:
        folder = f"/mnt/dvr/{shot.start:%Y-%m-%d}/{shot.channel - 1}/dav/{shot.start:%H}"
        return f"{folder}/{shot.start:%H.%M.%S}-{shot.end:%H.%M.%S}[M][0@0][0].dav"

    async def dahua_load(self, request: Request) -> Response:
        path = f"/{request.path_params['path']}"
        return self.delivered(request, next(one for one in self.shots if self.path_of(one) == path))

    # both

    async def hang(self) -> None:
        self.hung.set()
        while self.hangs:
            await asyncio.sleep(0.05)

    def of(self, channel: int, since: datetime, until: datetime) -> list[Shot]:
        found = [
            one for one in self.shots if one.channel == channel and since <= one.end and one.start <= until
        ]
        return sorted(found, key=lambda one: one.start)

    def delivered(self, request: Request, shot: Shot) -> Response:
        if self.busy:
            self.busy -= 1
            return PlainTextResponse("", 503)
        content, length = shot.content, len(shot.content)
        if self.cut:
            self.cut -= 1
            content = content[: length // 2]
        if self.hangs == "content":
            stated = {"Content-Length": str(length)}
            return StreamingResponse(
                self.half(content), headers=stated, media_type="application/octet-stream"
            )
        return answer(request, content, length, shot.fault, "application/octet-stream")

    async def half(self, content: bytes) -> AsyncIterator[bytes]:
        yield content[: len(content) // 2]
        await self.hang()
        yield content[len(content) // 2 :]


def md5(told: str) -> str:
    return hashlib.md5(told.encode(), usedforsecurity=False).hexdigest()


def xml(told: str, status: int = 200) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{told}', status, media_type="application/xml")


if __name__ == "__main__":
    from drivers.simulators.nvr_by_hand import main

    sys.exit(main(sys.argv[1:]))
