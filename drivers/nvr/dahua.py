"""Dahua's CGI: lines of `key=value`, and finders that have to be given back (devices 4.3)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import quote

import httpx2 as httpx

from drivers.nvr.records import Line, Record, Unread, checked, stated, told
from gateway.config.connected import NvrExportSettings
from gateway.device import DeviceUnavailable

FINDER = "/cgi-bin/mediaFileFind.cgi"
ITEM = re.compile(r"^items\[(\d{1,4})\]\.(\w+)(?:\[\d+\])?=(.*)$")
WRITTEN = "%Y-%m-%d %H:%M:%S"
MOST = 100
MOST_PAGES = 10_000


class Dahua:
    def __init__(self, line: Line, settings: NvrExportSettings) -> None:
        self.line, self.profile = line, settings.profile

    def clock(self) -> datetime:
        answer = checked(told(self.line, "GET", "/cgi-bin/global.cgi", params={"action": "getCurrentTime"}))
        clock = lines(answer).get("result", "")
        try:
            return written(clock)
        except ValueError:
            raise DeviceUnavailable("nvr.unreadable", what="time", told=clock[:40]) from None

    def records(self, channel: int, since: datetime, until: datetime) -> Iterator[Record | Unread]:
        """A finder for each search, closed and destroyed whatever happens: recorders have few of them."""
        made = lines(checked(told(self.line, "GET", FINDER, params={"action": "factory.create"})))
        finder = made.get("result", "")
        if not finder:
            raise DeviceUnavailable("nvr.unreadable", what="finder", told=str(made)[:40])
        try:
            asked = {
                "action": "findFile", "object": finder, "condition.Channel": str(channel),
                "condition.StartTime": since.strftime(WRITTEN), "condition.EndTime": until.strftime(WRITTEN),
                "condition.Types[0]": self.profile.kind,
            }  # fmt: skip
            answer = told(self.line, "GET", f"{FINDER}?{query(asked)}")
            if answer.status_code == 400:
                return  # nothing lies in that time
            checked(answer)
            yield from self.pages(channel, finder)
        finally:
            for action in ("close", "destroy"):
                with suppress(httpx.HTTPError, DeviceUnavailable):
                    told(self.line, "GET", FINDER, params={"action": action, "object": finder})

    def pages(self, channel: int, finder: str) -> Iterator[Record | Unread]:
        asked = {"action": "findNextFile", "object": finder, "count": str(MOST)}
        seen: set[str] = set()
        for _ in range(MOST_PAGES):
            answer = checked(told(self.line, "GET", FINDER, params=asked))
            given = {item.get("FilePath") or str(item): item for item in items_of(answer.text)}
            items = [item for path, item in given.items() if path not in seen]
            if not items:  # some give fewer at once than were asked for: only an empty page is the end
                return
            seen |= given.keys()
            yield from (record(channel, item) for item in items)
        raise DeviceUnavailable("nvr.unreadable", what="listing", told=f"> {MOST_PAGES} pages")

    @contextmanager
    def content(self, record: Record) -> Iterator[httpx.Response]:
        with self.line.stream("GET", f"/cgi-bin/RPC_Loadfile{quote(record.locator)}") as answer:
            yield checked(answer)


def record(channel: int, item: dict[str, str]) -> Record | Unread:
    path = item.get("FilePath", "")
    try:
        start, end = (written(item.get(f"{name}Time", "")) for name in ("Start", "End"))
    except ValueError as error:
        return Unread(str(item), str(error))
    if not path:
        return Unread(str(item), "no FilePath")
    return Record(
        channel=channel, start=start, end=end, size=stated(item.get("Length", "")),
        name=PurePosixPath(path).name, locator=path,
    )  # fmt: skip


def items_of(written: str) -> list[dict[str, str]]:
    """`items[0].FilePath=…`, in their order."""
    found: dict[int, dict[str, str]] = {}
    for line in written.splitlines():
        if read := ITEM.match(line.strip()):
            found.setdefault(int(read[1]), {}).setdefault(read[2], read[3])
    return [found[number] for number in sorted(found)]


def lines(answer: httpx.Response) -> dict[str, str]:
    pairs = (line.strip().partition("=") for line in answer.text.splitlines())
    return {name: value for name, sign, value in pairs if sign}


def query(asked: dict[str, str]) -> str:
    """Spaces as %20: `+` is a plus sign to these recorders."""
    return "&".join(f"{quote(name, safe='.[]')}={quote(value, safe=':')}" for name, value in asked.items())


def written(told: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(told.strip(), WRITTEN)
