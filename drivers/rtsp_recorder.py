"""Interview and hearing rooms (询问室、听证室): a fixed recorder's RTSP stream, recorded here (devices 4.6).

Each segment is reported when ffmpeg has finished it, and what a kill left at the next start. What was not
recorded is told as well: every gap with its cause and length.
"""

import logging
import queue
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from zoneinfo import ZoneInfo

from drivers.host_clock import is_synchronised
from drivers.live import Feed
from drivers.release import erase
from drivers.room.capture import SEGMENT, Capture
from drivers.room.takes import RUNNING, Leftover, Take, Takes, fallback_start
from drivers.room.wishes import ASKED, LOST, Gap, Wish, Wishes, gaps_of
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
from gateway.instants import moment
from gateway.store.durable import sync_file
from gateway.wording import reason

log = logging.getLogger(__name__)

END_S = 0.5
FIRST_PICTURE_S = 20.0
SOUND_S = 1.0
"""Sound that goes on for longer than this without a picture is no recording."""
WANTED = "wanted.json"
CAUSES = {"room.still": "standing_still", "wait.store_full": "disk_full"}


class RtspRecorder:
    """One room's recorder. `continuous` records always, `asked` and `booked` between two orders."""

    longest_wait_s = 5.0
    """Each second until it is taken anew is footage that nobody gets back."""

    def __init__(self, settings: RtspRecorderSettings) -> None:
        self.settings = settings
        self.takes = Takes(settings.spool / settings.id)
        self.wishes = Wishes(self.takes.root / WANTED)
        self.ordering = threading.Lock()
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
                    with self.ordering:
                        self.close_wish()
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
        return self.settings.mode == "continuous" or self.wishes.read().holds(moment())

    @property
    def wish(self) -> Wish | None:
        return None if self.settings.mode == "continuous" else self.wishes.read()

    def close_wish(self) -> None:
        """What was asked for is over: tell what of it nobody recorded. Raises OSError."""
        wish = self.wishes.read()
        if self.emit is not None and wish.is_due(moment()):
            self.tell(list(gaps_of(list(self.takes.all()), wish, until=wish.end)))
            self.wishes.settle(wish)

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
            cause = CAUSES.get(gone.reason["code"], LOST)
            raise
        except OSError:
            cause = "store_error"
            raise
        finally:
            capture.end(END_S)
            began = capture.began.isoformat() if capture.began else None
            pictured = capture.pictured if capture.reached - capture.pictured > SOUND_S else None
            self.take = replace(self.take, cause=cause, began=began, pictured_s=pictured)
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
                return ASKED
            if not capture.is_alive:
                stood = begun and capture.still_s > still / 2
                raise DeviceUnavailable("room.still" if stood else "room.lost", error=capture.why or "—")
            if capture.still_s > max(still, 0.0 if begun else FIRST_PICTURE_S):
                raise DeviceUnavailable("room.still" if begun else "room.lost", error=capture.why or "—")
            self.check_room()
            capture.sync()
        return RUNNING

    def begin(self, capture: Capture) -> None:
        """The first picture is there: now the recorder is, and how long the gaps were is known."""
        assert self.take is not None
        assert capture.began is not None
        self.take = replace(self.take, began=capture.began.isoformat())
        self.takes.keep(self.take)
        takes = list(self.takes.all())
        self.say(*self.arrived())
        self.tell(list(gaps_of(takes, self.wish)))
        for take in takes:
            if take.id != self.take.id:
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

    def tell(self, gaps: list[Gap]) -> None:
        """Told first, written down then: told twice it is the same gap, told never it would be none."""
        self.say(*(self.gap(one) for one in gaps))
        for one in gaps:
            if one.take is not None and self.takes.folder(one.take).is_dir():
                self.takes.keep(replace(one.take, gap_told=True))

    def gap(self, gap: Gap) -> DeviceEvent:
        seconds = (gap.end - gap.start).total_seconds()
        detail = {
            "from": gap.start.isoformat(), "to": gap.end.isoformat(), "seconds": round(max(0.0, seconds), 1),
            "cause": gap.cause, "host_synchronised": is_synchronised(), "clock_set_back": seconds < 0,
        }  # fmt: skip
        return SignalReceived(
            device_id=self.settings.id, at=moment(), kind="gap", event_id=f"gap-{gap.key}",
            device_time=gap.start, detail=detail,
        )  # fmt: skip

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
        if order.kind not in {"start_recording", "stop_recording"} or self.settings.mode == "continuous":
            raise Refused("order.unknown", kind=order.kind)
        with self.ordering:
            wish, at = self.wishes.read(), moment()
            if order.kind == "start_recording":
                if wish.is_due(at):
                    self.close_wish()
                wish = wish.started(at, until(order))
            elif wish.holds(at):
                wish = replace(wish, stopped=at)
            self.wishes.keep(wish)
        return OrderResult(done=True, detail=wish.told())


def until(order: Order) -> datetime | None:
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
    return read
