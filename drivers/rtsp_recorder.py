"""Interview and hearing rooms (询问室、听证室): a fixed recorder's RTSP stream, recorded here (devices 4.6).

Each segment is reported when ffmpeg has finished it, and what a kill left at the next start. What was not
recorded is told as well: every gap with its cause and length.
"""

import json
import logging
import queue
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from drivers.host_clock import is_synchronised
from drivers.live import Feed
from drivers.release import erase
from drivers.room.capture import SEGMENT, Capture
from drivers.room.takes import RUNNING, Leftover, Take, Takes, fallback_start, sync_file
from gateway.config.connected import RtspRecorderSettings
from gateway.device import (
    Connected,
    Declared,
    DeviceEvent,
    DeviceUnavailable,
    Emit,
    FileFound,
    FileListed,
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
from gateway.store.durable import write_whole
from gateway.wording import reason

log = logging.getLogger(__name__)

END_S = 0.5
FIRST_PICTURE_S = 20.0
WANTED = "wanted.json"
CAUSES = {"room.still": "standing_still", "wait.store_full": "disk_full"}


class RtspRecorder:
    """One room's recorder. `continuous` records always, `asked` between two orders."""

    longest_wait_s = 5.0
    """Each second until it is taken anew is footage that nobody gets back."""

    def __init__(self, settings: RtspRecorderSettings) -> None:
        self.settings = settings
        self.takes = Takes(settings.spool / settings.id)
        self.take: Take | None = None
        self.emit: Emit | None = None
        self.here = False
        self.stopping = Event()
        self.feed = Feed(settings.id, self.live_source, settings.stall_seconds)

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the stream ends or stands still."""
        self.emit, self.stopping = emit, stop
        try:
            self.takes.root.mkdir(parents=True, exist_ok=True)
            for take in list(self.takes.all()):
                self.settle(take)
            self.here = False
            while not stop.is_set():
                if self.is_wanted:
                    self.record(stop)
                else:
                    self.say(*self.arrived())
                    stop.wait(0.3)
        except OSError as error:
            raise DeviceUnavailable("wait.store_error", error=error.strerror) from error

    def arrived(self) -> Iterator[DeviceEvent]:
        """Once for each time it comes."""
        if not self.here:
            self.here = True
            yield Connected(device_id=self.settings.id, at=moment())

    @property
    def is_wanted(self) -> bool:
        """Kept on disk: a gateway that was killed in the middle of a hearing goes on recording it."""
        if self.settings.mode == "continuous":
            return True
        try:
            told = json.loads((self.takes.root / WANTED).read_text())
        except (OSError, ValueError):
            return False
        until = told.get("until") if isinstance(told, dict) else None
        return bool(told) and (until is None or datetime.fromisoformat(until) > moment())

    def check_room(self) -> None:
        free = shutil.disk_usage(self.takes.root).free
        if free < self.settings.reserve_mb << 20:
            need = f"{self.settings.reserve_mb} MiB"
            raise DeviceUnavailable("wait.store_full", free=f"{free >> 20} MiB", need=need)

    def record(self, stop: Event) -> None:
        """One take, from its first picture until it is cut, no longer wanted, or we are asked to end."""
        self.check_room()
        self.take = self.takes.open()
        capture = Capture(self.settings, self.takes.folder(self.take))
        cause = RUNNING
        try:
            cause = self.attend(capture, stop)
        except DeviceUnavailable as gone:
            cause = CAUSES.get(gone.reason["code"], "source_lost")
            raise
        finally:
            capture.end(END_S)
            began = capture.began.isoformat() if capture.began else None
            self.take = replace(self.take, cause=cause, began=began)
            self.takes.keep(self.take)
            if not stop.is_set():  # else at the next start: there is no time for it now
                self.finish(capture)
                self.settle(self.take)

    def attend(self, capture: Capture, stop: Event) -> str:
        """How it ended. Raises DeviceUnavailable."""
        begun, still = False, self.settings.stall_seconds
        while not stop.wait(0.2):
            if not begun and capture.is_settled:
                begun = True
                self.begin(capture)
            if begun:
                self.finish(capture)
            if not self.is_wanted:
                return "asked"
            if not capture.is_alive:
                stood = begun and capture.still_s > still / 2
                raise DeviceUnavailable("room.still" if stood else "room.lost", error=capture.why or "—")
            if capture.still_s > max(still, 0.0 if begun else FIRST_PICTURE_S):
                raise DeviceUnavailable("room.still" if begun else "room.lost", error=capture.why or "—")
            self.check_room()
        return RUNNING

    def begin(self, capture: Capture) -> None:
        """The first picture is there: now the recorder is, and how long the gap was is known."""
        assert self.take is not None
        assert capture.began is not None
        self.take = replace(self.take, began=capture.began.isoformat())
        self.takes.keep(self.take)
        before = [take for take in self.takes.all() if take.id != self.take.id]
        last = next((take for take in reversed(before) if take.end is not None), None)
        gap = self.gap(last, capture.began) if last else []
        self.say(*self.arrived(), *gap)
        if last and gap:
            self.takes.keep(replace(last, gap_told=True))
        for take in before:
            self.takes.forget(take)

    def finish(self, capture: Capture) -> None:
        """Report the segments that ffmpeg has finished."""
        with suppress(queue.Empty):
            while self.take is not None and self.take.start is not None:
                number, start, end = capture.finished.get_nowait()
                left = Leftover(SEGMENT.format(number), start, end - start)
                self.report(self.take, left)
                self.take = self.take.grown(left.name, start, end)
                self.takes.keep(self.take)

    def gap(self, last: Take, began: datetime) -> list[DeviceEvent]:
        """From where the last take ended to here; one that was asked to end leaves no gap."""
        if last.end is None or last.gap_told or last.cause == "asked":
            return []
        detail = {
            "from": last.end.isoformat(), "to": began.isoformat(),
            "seconds": round((began - last.end).total_seconds(), 1),
            "cause": last.cause, "host_synchronised": is_synchronised(),
        }  # fmt: skip
        told = SignalReceived(
            device_id=self.settings.id, at=moment(), kind="gap", event_id=f"gap-{last.id}",
            device_time=last.end, detail=detail,
        )  # fmt: skip
        return [told]

    def say(self, *events: DeviceEvent) -> None:
        if self.emit is not None and events:
            self.emit(*events)

    def settle(self, take: Take) -> None:
        """Report what is left of a take that is over."""
        for left in self.takes.leftovers(take):
            path = self.takes.folder(take) / left.name
            if take.start is None:
                take = replace(take, began=fallback_start(path, left.duration_s).isoformat())
            self.report(take, left)
            take = take.grown(left.name, left.offset_s, left.offset_s + left.duration_s)
            self.takes.keep(take)
        if not take.segments:
            self.takes.forget(take)  # it never had a picture

    def report(self, take: Take, left: Leftover) -> None:
        """Durable first; named after when it was taken, by the room's own zone."""
        path = self.takes.folder(take) / left.name
        assert take.start is not None
        zone = ZoneInfo(self.settings.timezone or "UTC")
        taken = (take.start + timedelta(seconds=left.offset_s)).astimezone(zone).replace(tzinfo=None)
        sync_file(path)
        seen = path.stat()
        name = f"{take.id}/{self.settings.id}_{taken:%Y%m%d_%H%M%S}_{left.name}".encode()
        if seen.st_size == 0 or left.duration_s <= 0:
            self.say(
                FileListed(
                    device_id=self.settings.id, offload=None, path=name, size=seen.st_size,
                    mtime_ns=modified_ns(seen), why=reason("condition.empty"),
                )
            )  # fmt: skip
            path.unlink()  # a header without one picture: no footage is in it
            return
        with path.open("rb") as file:
            edges = edge_digest(file.fileno(), seen.st_size)
        declared = Declared(
            device=self.settings.id, started=taken, clock="gateway", sequence=int(left.name[:5])
        )
        self.say(
            FileFound(
                found=FoundFile(
                    device_id=self.settings.id, path=name, local=path, size=seen.st_size,
                    mtime_ns=modified_ns(seen), kind=MediaKind.VIDEO, edges=edges, volume=take.id,
                    declared=declared, adopt=True,
                )
            )
        )  # fmt: skip

    def release(self, found: FoundFile, sha256: str) -> Release:
        """Taken over by rename it is gone; where the store lies on another disk, what was copied goes now."""
        take, _, name = found.path.rpartition(b"/")
        own = take + b"/" + name.rpartition(b"_")[2]
        return erase(self.takes.root, replace(found, path=own), sha256)

    def live_source(self) -> list[str]:
        """A stream of its own, so that watching never touches the recording."""
        url = (self.settings.live_url or self.settings.url).get_secret_value()
        timeout = str(round(self.settings.stall_seconds * 1_000_000))
        return [
            "-rtsp_transport", self.settings.transport, "-timeout", timeout, "-analyzeduration", "1000000",
            "-fflags", "+genpts+nobuffer", "-i", url,
        ]  # fmt: skip

    def perform(self, order: Order) -> OrderResult:
        """`start_recording` (with `until`, ISO, if it is known) and `stop_recording`; `start_live` (again and
        again, with the `folder` for it) and `stop_live`. Raises Refused.
        """
        if order.kind == "start_live":
            return self.feed.hold(Path(str(order.arguments["folder"])), self.stopping)
        if order.kind == "stop_live":
            self.feed.drop()
            return OrderResult(done=True)
        if order.kind not in {"start_recording", "stop_recording"} or self.settings.mode != "asked":
            raise Refused("order.unknown", kind=order.kind)
        wanted: dict[str, object] = {}
        if order.kind == "start_recording":
            wanted = {"since": moment().isoformat(), "until": until(order)}
        write_whole(self.takes.root / WANTED, json.dumps(wanted).encode())
        return OrderResult(done=True, detail=wanted)


def until(order: Order) -> str | None:
    """Raises Refused for what is no time."""
    told = order.arguments.get("until")
    if told is None:
        return None
    try:
        read = datetime.fromisoformat(str(told))
    except ValueError:
        raise Refused("order.bad_time", told=str(told)[:40]) from None
    if read.tzinfo is None:
        raise Refused("order.bad_time", told=str(told)[:40])
    return read.isoformat()


def moment() -> datetime:
    return datetime.now(UTC)
