"""Dahua's CGI: lines of `key=value`, and finders that have to be given back (devices 4.3)."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx2 as httpx

from drivers.nvr.records import Line, Record, Unread, checked, stated, told
from gateway.config.recorders import NvrExportSettings
from gateway.device import DeviceUnavailable

FINDER = "/cgi-bin/mediaFileFind.cgi"
ITEM = re.compile(r"^items\[(\d{1,4})\]\.(\w+)(?:\[\d+\])?=(.*)$")
WRITTEN = "%Y-%m-%d %H:%M:%S"
MOST = 100
MOST_PAGES = 10_000


class Dahua:
    def __init__(self, line: Line, settings: NvrExportSettings) -> None:
        self.line, self.profile = line, settings.profile
        self.zone = ZoneInfo(settings.timezone or "UTC")
        self.suffix = "TimeRealUTC" if self.profile.real_utc else "Time"

    def clock(self) -> datetime:
        answer = checked(told(self.line, "GET", "/cgi-bin/global.cgi", params={"action": "getCurrentTime"}))
        clock = lines(answer).get("result", "")
        try:
            return written(clock)
        except ValueError:
            raise DeviceUnavailable("nvr.unreadable", what="time", told=clock[:40]) from None

    def records(self, channel: int, since: datetime, until: datetime) -> Iterator[Record | Unread]:
        """A finder for each search, closed and destroyed whatever happens: recorders have few of them."""
        create = {"action": "factory.create"}
        made = lines(checked(told(self.line, "GET", FINDER, to_its_end=True, params=create)))
        finder = made.get("result", "")
        if not finder:
            raise DeviceUnavailable("nvr.unreadable", what="finder", told=str(made)[:40])
        try:
            asked = {
                "action": "findFile", "object": finder, "condition.Channel": str(channel),
                f"condition.Start{self.suffix}": self.written(since),
                f"condition.End{self.suffix}": self.written(until),
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
            yield from (self.record(channel, item) for item in items)
        raise DeviceUnavailable("nvr.unreadable", what="listing", told=f"> {MOST_PAGES} pages")

    def record(self, channel: int, item: dict[str, str]) -> Record | Unread:
        path = item.get("FilePath", "")
        try:
            start, end = self.time_of(item, "Start"), self.time_of(item, "End")
        except (ValueError, OverflowError) as error:
            return Unread(str(item), str(error))
        if not path:
            return Unread(str(item), "no FilePath")
        return Record(
            channel=channel, start=start, end=end, size=stated(item.get("Length", "")),
            name=PurePosixPath(path).name, locator=path,
        )  # fmt: skip

    def written(self, local: datetime) -> str:
        if self.profile.real_utc:
            local = local.replace(tzinfo=self.zone).astimezone(UTC)
        return local.strftime(WRITTEN)

    def time_of(self, item: dict[str, str], which: str) -> datetime:
        """By the recorder's zone; one that tells UTC means nothing by its other times. Raises ValueError."""
        told = item.get(f"{which}{self.suffix}", "")
        if not self.profile.real_utc:
            return written(told)
        told = told.replace("T", " ").removesuffix("Z")
        return written(told).replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    @contextmanager
    def content(self, record: Record) -> Iterator[httpx.Response]:
        with self.line.stream("GET", f"/cgi-bin/RPC_Loadfile{quote(record.locator)}") as answer:
            yield checked(answer)


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
