"""Network video recorders (硬盘录像机) of rooms: what they recorded is searched for, fetched and checked.

A recording is asked for once it is finished, and taken in when as many bytes came as the recorder states. One
that is refused or cut is asked for again at the next round; nothing on the recorder is changed.
"""

import hashlib
import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

import httpx2 as httpx

from drivers.host_clock import is_synchronised
from drivers.nvr.dahua import Dahua
from drivers.nvr.hik import Hik
from drivers.nvr.records import Record, Recorder, client_for
from drivers.nvr.spool import ChannelSpool, Fetched, stored_name
from drivers.release import erase
from gateway.config.connected import NvrChannel, NvrExportSettings
from gateway.device import (
    ClockRead,
    Connected,
    Declared,
    DeviceSeen,
    DeviceUnavailable,
    Emit,
    FileFound,
    FoundFile,
    MediaKind,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
    edge_digest,
    modified_ns,
)
from gateway.instants import moment

log = logging.getLogger(__name__)

OVERLAP = timedelta(hours=2)
"""Recordings that the recorder enters late."""
AHEAD = timedelta(minutes=10)
LOCKED_OUT_S = 1800.0
"""Recorders lock a user out after a few wrong passwords: one try in so long keeps no lock alive."""
CLOCK_AGAIN_S = 3600.0
CLOCK_UNCERTAIN_S = 1.0


class NvrExport:
    """One recorder; each of its channels is a device of its own."""

    def __init__(self, settings: NvrExportSettings) -> None:
        self.settings = settings
        reserve = settings.reserve_mb << 20
        self.spools = {
            one.id: ChannelSpool(settings.spool / settings.id / one.id, reserve) for one in settings.channels
        }
        self.not_before = 0.0
        self.odd: dict[str, tuple[int, str]] = {}
        """Key → (bytes, SHA-256) of what came otherwise than the recorder stated."""
        self.failed: set[str] = set()

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the recorder goes, refuses us, or tells what nobody can read."""
        if time.monotonic() < self.not_before:
            raise DeviceUnavailable("nvr.refuses_user", status="401")
        try:
            with client_for(self.settings) as client:
                self.follow(client, emit, stop)
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise DeviceUnavailable("nvr.away", error=str(error) or type(error).__name__) from error
        except OSError as error:
            raise DeviceUnavailable("wait.store_error", error=error.strerror) from error
        except DeviceUnavailable as gone:
            if gone.reason["code"] == "nvr.refuses_user":
                self.not_before = time.monotonic() + LOCKED_OUT_S
            raise

    def follow(self, client: httpx.Client, emit: Emit, stop: Event) -> None:
        recorder: Recorder
        recorder = (Hik if self.settings.dialect == "hik_isapi" else Dahua)(client, self.settings)
        recorder.clock()
        emit(Connected(device_id=self.settings.id, at=moment()))
        for channel in self.settings.channels:
            self.introduce(channel, emit)
        whole = timedelta(hours=self.settings.lookback_hours)
        since = dict.fromkeys(self.spools, whole)
        read_at = -CLOCK_AGAIN_S
        while not stop.is_set():
            now = recorder.clock()
            if time.monotonic() - read_at >= CLOCK_AGAIN_S:
                self.tell_clock(now, emit)
                read_at = time.monotonic()
            for channel in self.settings.channels:
                here = self.look(recorder, channel, now, since[channel.id], emit, stop)
                since[channel.id] = OVERLAP if here else whole  # what is refused for long stays asked for
            stop.wait(self.settings.poll_seconds)

    def introduce(self, channel: NvrChannel, emit: Emit) -> None:
        """The channel is entered; what was fetched and not taken in before is reported again."""
        zone = {"timezone": channel.timezone or self.settings.timezone}
        entry = self.settings.entry_of(channel) | zone
        emit(
            DeviceSeen(device_id=channel.id, via=self.settings.id, type=channel.type, entry=entry),
            Connected(device_id=channel.id, at=moment()),
        )
        spool = self.spools[channel.id]
        spool.open()
        for fetched in list(spool.lying()):
            emit(found_event(channel, fetched))

    def tell_clock(self, now: datetime, emit: Emit) -> None:
        zone = ZoneInfo(self.settings.timezone or "UTC")
        emit(
            *(
                ClockRead(
                    device_id=channel.id, at=moment(), device_time=now.replace(tzinfo=zone),
                    uncertainty_s=CLOCK_UNCERTAIN_S, host_synchronised=is_synchronised(),
                )
                for channel in self.settings.channels
            )
        )  # fmt: skip

    def look(
        self, recorder: Recorder, channel: NvrChannel, now: datetime, back: timedelta, emit: Emit, stop: Event
    ) -> bool:
        """One search; True when everything that it named is here."""
        spool, complete = self.spools[channel.id], True
        spool.forget(now - timedelta(hours=self.settings.lookback_hours) - OVERLAP)
        list(spool.lying())
        for record in list(recorder.records(channel.channel, now - back, now)):
            if stop.is_set():
                return False
            if record.start > now + AHEAD:
                raise DeviceUnavailable("nvr.ahead", start=record.start, times=now)
            is_open = record.end <= record.start or record.end > now - self.settling
            if is_open or spool.knows(record.key):
                continue
            complete = self.fetch(recorder, channel, record, emit, stop) and complete
        return complete

    @property
    def settling(self) -> timedelta:
        return timedelta(seconds=self.settings.settle_seconds)

    def fetch(
        self, recorder: Recorder, channel: NvrChannel, record: Record, emit: Emit, stop: Event
    ) -> bool:  # fmt: skip
        """Bring one recording over and report it. A recorder that gives it not, or cut, is asked again."""
        spool, name = self.spools[channel.id], stored_name(channel.id, record)
        try:
            with recorder.content(record) as answer:
                done = spool.fetch(record, answer, name, stop)
        except DeviceUnavailable as no:
            if no.reason["code"] != "nvr.other_answer":
                raise
            return self.not_given(channel, record, str(no.reason["facts"]["status"]), emit)
        except httpx.RemoteProtocolError as cut:
            return self.not_given(channel, record, str(cut), emit)
        if done is None or not self.is_whole(channel, record, done, emit):
            return False
        fetched = spool.publish(record)
        self.failed.discard(record.key)
        emit(found_event(channel, fetched))
        return True

    def is_whole(self, channel: NvrChannel, record: Record, done: int, emit: Emit) -> bool:
        """As many bytes as stated; or the same ones twice, when the statement must be what is wrong."""
        if record.size is None or record.size == done:
            return done > 0 or self.not_given(channel, record, "0 bytes", emit)
        spool = self.spools[channel.id]
        came = done, digest_of(spool.partial(record) / stored_name(channel.id, record))
        if self.odd.get(record.key) != came:
            self.odd[record.key] = came
            return self.not_given(channel, record, f"{done} of {record.size} bytes", emit)
        self.tell(channel, record, "size_differs", {"stated": record.size, "came": done}, emit)
        del self.odd[record.key]
        return True

    def not_given(self, channel: NvrChannel, record: Record, why: str, emit: Emit) -> bool:
        """Told once; it is asked for again as long as the recorder has it."""
        self.spools[channel.id].drop(record)
        if record.key not in self.failed:
            self.failed.add(record.key)
            log.warning("%s: %s from %s not given: %s", channel.id, record.name, record.start, why)
            self.tell(channel, record, "not_delivered", {"error": why[:200]}, emit)
        return False

    def tell(
        self, channel: NvrChannel, record: Record, kind: str, detail: dict[str, object], emit: Emit
    ) -> None:  # fmt: skip
        """Once for each recording and kind, also over restarts."""
        at = {"name": record.name, "start": record.start.isoformat(), "end": record.end.isoformat()}
        emit(
            SignalReceived(
                device_id=channel.id, at=moment(), kind=kind, detail=at | detail,
                event_id=f"{kind}-{record.key}",
            )
        )  # fmt: skip

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Of our own copy in the spool; the recorder keeps its footage as long as it is set to."""
        return erase(self.spools[found.device_id].ready, found, sha256)

    def perform(self, order: Order) -> OrderResult:
        raise Refused("order.unknown", kind=order.kind)


def found_event(channel: NvrChannel, fetched: Fetched) -> FileFound:
    seen = fetched.path.stat()
    with fetched.path.open("rb") as file:
        edges = edge_digest(file.fileno(), seen.st_size)
    return FileFound(
        found=FoundFile(
            device_id=channel.id, path=fetched.relative, local=fetched.path, size=seen.st_size,
            mtime_ns=modified_ns(seen), kind=MediaKind.VIDEO, edges=edges, adopt=True,
            declared=Declared(device=channel.id, started=fetched.start),
        )
    )  # fmt: skip


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
