"""Hikvision's ISAPI, with its firmwares' ways as flags of the profile (devices 4.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring
from zoneinfo import ZoneInfo

import httpx2 as httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from drivers.nvr.records import Line, Record, Unread, checked, stated, told
from gateway.config.recorders import NvrExportSettings
from gateway.device import DeviceUnavailable

MOST_PAGES = 10_000
PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>\n'
WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


class Hik:
    def __init__(self, line: Line, settings: NvrExportSettings) -> None:
        self.line, self.profile = line, settings.profile
        self.zone = ZoneInfo(settings.timezone or "UTC")

    def clock(self) -> datetime:
        answer = checked(told(self.line, "GET", "/ISAPI/System/time"))
        local = text(parsed(answer), "localTime")
        try:
            return datetime.fromisoformat(local).replace(tzinfo=None)
        except ValueError:
            raise DeviceUnavailable("nvr.unreadable", what="localTime", told=local[:40]) from None

    def records(self, channel: int, since: datetime, until: datetime) -> Iterator[Record | Unread]:
        """Page by page: `searchResultPostion` is how the recorder spells it.

        One that does not heed it gives its first page for ever: what comes after the newest of that is asked
        for by time then. Raises DeviceUnavailable where this leads nowhere: what was not named must not pass
        for searched.
        """
        search, place = str(uuid4()).upper(), 0
        seen: set[bytes] = set()
        newest, most, is_in_order = since, 1, True
        for _ in range(MOST_PAGES):
            asked = Element("CMSearchDescription", version="1.0")
            SubElement(asked, "searchID").text = f"{{{search}}}" if self.profile.braces else search
            SubElement(SubElement(asked, "trackList"), "trackID").text = str(channel * 100 + 1)
            span = SubElement(SubElement(asked, "timeSpanList"), "timeSpan")
            SubElement(span, "startTime").text = self.written(since)
            SubElement(span, "endTime").text = self.written(until)
            SubElement(asked, "maxResults").text = str(self.profile.page)
            SubElement(asked, "searchResultPostion").text = str(place)
            answer = told(self.line, "POST", "/ISAPI/ContentMgmt/search", content=self.body(asked))
            found = parsed(checked(answer))
            items = list(found.iterfind(".//{*}searchMatchItem"))
            fresh = {one: item for item in items if (one := tostring(item)) not in seen}
            seen |= fresh.keys()
            records = [self.record(channel, item) for item in fresh.values()]
            yield from records
            starts = [one.start for one in records if isinstance(one, Record)]
            newest, is_in_order = max([newest, *starts]), is_in_order and starts == sorted(starts)
            place, most = place + len(items), max(most, len(items))
            if text(found, "responseStatusStrg") != "MORE":
                return
            if fresh:
                continue
            if not items or (newest <= since and len(items) < max(most, 2)):
                return  # it says MORE of everything
            if newest <= since or not is_in_order:
                raise DeviceUnavailable("nvr.unreadable", what="listing", told="MORE")
            search, place, since = str(uuid4()).upper(), 0, newest
        raise DeviceUnavailable("nvr.unreadable", what="listing", told=f"> {MOST_PAGES} pages")

    def record(self, channel: int, item: Element) -> Record | Unread:
        uri = text(item, "playbackURI")
        try:
            start, end = (self.read(text(item, f"{name}Time")) for name in ("start", "end"))
            asked = parse_qs(urlsplit(uri).query)
        except (ValueError, OverflowError) as error:
            return Unread(tostring(item, "unicode"), str(error))
        size = stated(asked.get("size", [""])[0]) if self.profile.sizes == "exact" else None
        name = asked.get("name", [""])[0] or "recording"
        return Record(
            channel=channel, start=start, end=end, size=size, name=f"{name}.mp4", locator=uri,
        )  # fmt: skip

    @contextmanager
    def content(self, record: Record) -> Iterator[httpx.Response]:
        asked = Element("downloadRequest", version="1.0")
        SubElement(asked, "playbackURI").text = record.locator
        with self.line.stream(
            self.profile.download, "/ISAPI/ContentMgmt/download", content=self.body(asked)
        ) as answer:
            checked(answer)
            if "xml" in answer.headers.get("content-type", ""):
                raise DeviceUnavailable("nvr.other_answer", status="XML", path="/ISAPI/ContentMgmt/download")
            yield answer

    def body(self, asked: Element) -> bytes:
        """Some firmwares refuse a prolog, some want one; none is given a name space."""
        return (PROLOG if self.profile.prolog else b"") + tostring(asked)

    def written(self, local: datetime) -> str:
        """The `Z` is often the recorder's own time all the same."""
        if self.profile.times == "utc":
            local = local.replace(tzinfo=self.zone).astimezone(UTC)
        return local.strftime(WRITTEN)

    def read(self, written: str) -> datetime:
        """Raises ValueError."""
        read = datetime.strptime(written, WRITTEN)
        if self.profile.times == "utc":
            read = read.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)
        return read


def parsed(answer: httpx.Response) -> Element:
    try:
        found: Element = fromstring(answer.content)
    except (ParseError, DefusedXmlException, ValueError):
        raise DeviceUnavailable("nvr.unreadable", what="XML", told=answer.text[:40]) from None
    return found


def text(element: Element, name: str) -> str:
    """Of the first such element below, whatever its name space."""
    found = element.find(f".//{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""
