"""Interview and hearing rooms (询问室、听证室): a fixed recorder's RTSP stream, recorded here (devices 4.6).

Each segment is reported when ffmpeg has finished it, and what a kill left at the next start. What was not
recorded is told as well: every gap with its cause and length.
"""

import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from drivers.host_clock import is_synchronised
from drivers.live import Feed
from drivers.release import erase
from drivers.room.account import ASKED, LOST, Edge, Gap, missing, pieces
from drivers.room.capture import SEGMENT, Capture, Segment
from drivers.room.segments import event_of
from drivers.room.takes import RUNNING, Leftover, Take, Takes, fallback_start
from drivers.room.wishes import Wish, Wishes, until
from gateway.config.recorders import RtspRecorderSettings
from gateway.device import (
    Connected,
    DeviceEvent,
    DeviceUnavailable,
    Emit,
    FileListed,
    FoundFile,
    Order,
    OrderResult,
    Refused,
    Release,
)
from gateway.instants import moment
from gateway.store.durable import sync_file

log = logging.getLogger(__name__)

END_S = 0.5
FIRST_PICTURE_S = 20.0
SOUND_S = 1.0
"""Sound that goes on for longer than this without a picture is no recording."""
SET_BACK = timedelta(seconds=1)
WANTED, EDGE = "wanted.json", "edge.json"
CAUSES = {"room.still": "standing_still", "room.leapt": "time_stamps_leapt", "wait.store_full": "disk_full"}


class RtspRecorder:
    """One room's recorder. `continuous` records always, `asked` and `booked` between two orders."""

    longest_wait_s = 5.0
    """Each second until it is taken anew is footage that nobody gets back."""

    def __init__(self, settings: RtspRecorderSettings) -> None:
        self.settings = settings
        self.takes = Takes(settings.spool / settings.id)
        self.wishes = Wishes(self.takes.root / WANTED)
        self.edge = Edge()
        self.take: Take | None = None
        self.emit: Emit | None = None
        self.here = False
        self.stopping = Event()
        self.feed = Feed(settings.id, self.live_source, settings.stall_seconds)

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable when the stream ends or stands still."""
        self.emit, self.stopping = emit, stop
        try:
            self.takes.begin()
            self.edge = Edge.read(self.takes.root / EDGE)
            for take in list(self.takes.all()):
                self.settle(take)
            self.tell_while_out()
            self.here = False
            while not stop.is_set():
                if self.is_wanted:
                    self.record(stop)
                else:
                    self.say(*self.arrived())
                    self.close_wishes()
                    stop.wait(0.3)
        except OSError as error:
            raise DeviceUnavailable("wait.store_error", error=error.strerror) from error

    def arrived(self) -> Iterator[DeviceEvent]:
        """Once for each time it comes."""
        if not self.here:
            self.here = True
            yield Connected(device_id=self.settings.id, at=moment())

    @property
    def is_continuous(self) -> bool:
        return self.settings.mode == "continuous"

    @property
    def is_wanted(self) -> bool:
        return self.is_continuous or self.wishes.holding(moment()) is not None

    def close_wishes(self) -> None:
        """What was asked for is over, and so is the take: tell what of it nobody recorded. Raises OSError."""
        for wish in self.wishes.read():
            if wish.end is not None and not wish.holds(moment()):
                self.tell(missing(self.edge, wish.end, [wish]))
                self.wishes.forget(wish)

    def check_room(self) -> None:
        """What is free now, whatever copies have claimed: a copy can wait, what a room says cannot."""
        free = shutil.disk_usage(self.takes.root).free
        if free < self.settings.reserve_mb << 20:
            need = f"{self.settings.reserve_mb} MiB"
            raise DeviceUnavailable("wait.store_full", free=f"{free >> 20} MiB", need=need)

    def record(self, stop: Event) -> None:
        """One take, from its first picture until it is cut, no longer wanted, or we are asked to end."""
        self.check_room()
        self.take = self.takes.open(self.edge.take)
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
            pictured = capture.pictured if capture.reached - capture.pictured > SOUND_S else None
            anchor = iso(capture.anchor)
            self.take = replace(
                self.take, cause=cause, began=self.take.began or anchor, anchor=anchor, pictured_s=pictured,
                leapt_s=capture.reached if capture.leapt else None,
            )  # fmt: skip
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
            if capture.leapt:
                raise DeviceUnavailable("room.leapt")
            self.check_room()
            capture.sync()
        return RUNNING

    def begin(self, capture: Capture) -> None:
        """The first picture is there: now the recorder is, and how long the gap was is known."""
        assert self.take is not None
        began = iso(capture.anchor)
        self.take = replace(self.take, began=began, anchor=began)
        self.takes.keep(self.take)
        self.say(*self.arrived())
        self.account(self.take)
        for take in self.takes.all():
            if take.id != self.take.id and take.settled:
                self.takes.forget(take)

    def finish(self, capture: Capture) -> None:
        """Report the segments that ffmpeg has finished; one that could not be told comes again."""
        while self.take is not None and self.take.start is not None and capture.finished:
            done: Segment = capture.finished[0]
            self.take = replace(self.take, anchor=iso(done.anchor) or self.take.anchor)
            left = Leftover(SEGMENT.format(done.number), done.start_s, done.end_s - done.start_s)
            self.report(self.take, left)
            self.take = self.take.grown(left.name, done.start_s, done.end_s)
            self.takes.keep(self.take)
            capture.finished.popleft()

    def account(self, take: Take) -> None:
        """Tell what was missing until this take began; once, whatever is killed in between."""
        if take.start is None or self.edge.take == take.id:
            return
        wishes = None if self.is_continuous else self.wishes.read()
        self.tell(missing(self.edge, take.start, wishes))
        if self.was_set_back(take.start, wishes):
            self.tell([Gap(self.edge.at or take.start, take.start, self.edge.cause)])
        self.move_edge(Edge(at=take.start, cause=RUNNING, take=take.id))

    def was_set_back(self, began: datetime, wishes: Sequence[Wish] | None) -> bool:
        """Our clock tells an earlier time than when the last picture was taken: no length can be told."""
        if self.edge.at is None or began > self.edge.at - SET_BACK:
            return False
        return wishes is None or any(wish.since < self.edge.at for wish in wishes)

    def move_edge(self, edge: Edge) -> None:
        """Raises OSError."""
        edge.keep(self.takes.root / EDGE)
        self.edge = edge

    def tell(self, gaps: Iterable[Gap]) -> None:
        """Told first, written down then: told twice it is the same gap, told never it would be none."""
        self.say(*(one.told(self.settings.id, self.edge) for one in gaps))

    def tell_while_out(self) -> None:
        """Nobody knows yet when it will be back. By a clock that may be wrong nothing is told before that."""
        if is_synchronised() is False:
            return
        wishes = None if self.is_continuous else self.wishes.read()
        for edge, gap in pieces(self.edge, wishes, moment()):
            self.tell([gap])
            self.move_edge(edge)

    def say(self, *events: DeviceEvent) -> None:
        if self.emit is not None and events:
            self.emit(*events)

    def settle(self, take: Take) -> None:
        """Report what is left of a take that is over, and account for it; once we stop, at the next start."""
        for left in self.takes.leftovers(take):
            path = self.takes.folder(take) / left.name
            if take.start is None:
                take = replace(take, began=fallback_start(path, left.duration_s or 0.0).isoformat())
            self.report(take, left)
            take = take.grown(left.name, left.offset_s, left.offset_s + (left.duration_s or 0.0))
            self.takes.keep(take)
            if self.stopping.is_set():
                return
        if take.settled:
            return
        self.account(take)
        if take.start is not None:
            self.move_edge(Edge(at=take.end or take.start, cause=take.cause, take=take.id))
        self.takes.keep(replace(take, settled=True))
        if not take.segments:
            self.takes.forget(take)  # it never had a picture

    def report(self, take: Take, left: Leftover) -> None:
        """Durable first; named after when it was taken, by the room's own zone.

        What cannot be read is reported all the same; only what has no bytes, or certainly no picture, goes.
        """
        path = self.takes.folder(take) / left.name
        sync_file(path)
        told = event_of(self.settings, take, left, path)
        self.say(told)
        if isinstance(told, FileListed):
            path.unlink()  # a header without one picture: no footage is in it

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
        at = moment()
        wish = (
            self.wishes.start(at, until(order)) if order.kind == "start_recording" else self.wishes.stop(at)
        )
        return OrderResult(done=True, detail=wish.told() if wish else {})


def iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
