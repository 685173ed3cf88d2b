"""What every dialect gives: recordings by channel and time, a clock, and the bytes of a recording."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Protocol

import httpx2 as httpx

from drivers.nvr import pace
from gateway.config.recorders import NvrExportSettings
from gateway.device import DeviceUnavailable

CONNECT_S, READ_S = 5.0, 10.0
LARGEST = 16 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One recording on the recorder. Times are naive, by the recorder's own clock and zone."""

    channel: int
    start: datetime
    end: datetime
    size: int | None
    """Bytes as the recorder states them; None where it does not."""
    name: str
    locator: str
    """How its bytes are asked for."""

    @property
    def key(self) -> str:
        """The same for the same recording at each search."""
        parts = (self.channel, self.start.isoformat(), self.end.isoformat(), self.size, self.locator)
        return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Unread:
    """An entry of a listing that nobody can read: told of, and the others go on."""

    told: str
    error: str

    @property
    def key(self) -> str:
        return hashlib.sha256(self.told.encode()).hexdigest()[:24]


def stated(size: str) -> int | None:
    """Bytes, where a listing tells them in a way that can be meant."""
    return int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None


class Recorder(Protocol):
    """One dialect. Every call raises DeviceUnavailable, and httpx's errors for a line that breaks."""

    def clock(self) -> datetime:
        """The recorder's own clock, naive."""

    def records(self, channel: int, since: datetime, until: datetime) -> Iterator[Record | Unread]:
        """Recordings that lie in this time, oldest first, however many pages that takes."""

    def content(self, record: Record) -> AbstractContextManager[httpx.Response]:
        """The bytes of a recording, to be read in a `with` block."""


class Line(httpx.Client):
    """To one recorder, until we are asked to stop."""

    stop: Event


def line_for(settings: NvrExportSettings, stop: Event) -> Line:
    """Digest sign-in; no proxies, no redirects: it is one machine in our own network."""
    line = Line(
        base_url=settings.url, trust_env=False, follow_redirects=False,
        auth=httpx.DigestAuth(settings.user, settings.password.get_secret_value()),
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        verify=str(settings.ca) if settings.ca else True,
    )  # fmt: skip
    line.stop = stop
    return line


def told(line: Line, method: str, path: str, *, to_its_end: bool = False, **more: Any) -> httpx.Response:
    """A short answer, read whole and not yet checked. Raises DeviceUnavailable for one without an end.

    `to_its_end` reads on when we are asked to stop: what the recorder keeps for us is named in it.
    """
    with line.stream(method, path, **more) as answer:
        pieces, size = list[bytes](), 0
        steady = pace.Pace(Event() if to_its_end else line.stop, pace.ANSWER_S)
        for piece in answer.iter_bytes():
            steady.took(len(piece))
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise DeviceUnavailable("nvr.unreadable", what="answer", told=f"> {LARGEST >> 20} MiB")
    kept = {"content-type": answer.headers.get("content-type", "text/plain")}
    return httpx.Response(answer.status_code, headers=kept, content=b"".join(pieces), request=answer.request)


def checked(answer: httpx.Response) -> httpx.Response:
    """Raises DeviceUnavailable for an answer that is none; whoever is locked out must not try on and on."""
    if answer.status_code in (401, 403):
        raise DeviceUnavailable("nvr.refuses_user", status=answer.status_code)
    if answer.status_code != 200:
        raise DeviceUnavailable("nvr.other_answer", status=answer.status_code, path=answer.request.url.path)
    return answer
