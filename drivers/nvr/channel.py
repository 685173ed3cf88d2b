"""One channel of a recorder: it is searched without a gap, and what it named is fetched until it is here."""

import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from drivers.card import cleaned
from drivers.nvr.failures import FAILURES, Failure, Failures
from drivers.nvr.records import Record, Recorder, Unread
from drivers.nvr.searched import OVERLAP, Searched
from drivers.nvr.spool import ChannelSpool, Fetched, stored_name
from gateway.config.recorders import NvrChannel, NvrExportSettings
from gateway.device import (
    Declared,
    DeviceUnavailable,
    Emit,
    FileFound,
    FoundFile,
    MediaKind,
    SignalReceived,
    edge_digest,
    modified_ns,
)
from gateway.instants import moment

log = logging.getLogger(__name__)

AHEAD = timedelta(minutes=10)
ENDS_FIRST = timedelta(hours=1)
"""What ends no later than it begins is taken for finished after so long."""
OTHERWISE = 3
"""So often a recording may come otherwise than before; then as many bytes are enough, or it is told."""
LONGEST = timedelta(hours=24)
"""No recording is longer: one that ends in the future is taken for finished after so long."""
AGAIN_MOST_S = 3600.0


@dataclass(frozen=True, slots=True)
class Tried:
    """A recording that did not come."""

    record: Record
    times: int
    due: float
    """When it is tried again (monotonic seconds)."""


class Channel:
    """A device of its own. What it has tried outlives the loss of the recorder."""

    def __init__(self, settings: NvrExportSettings, channel: NvrChannel, failures: Failures) -> None:
        self.settings, self.channel, self.failures = settings, channel, failures
        folder = settings.spool / settings.id / channel.id
        self.spool = ChannelSpool(folder, settings.reserve_mb << 20)
        self.searched = Searched(folder / "searched.json")
        self.whole = timedelta(hours=settings.lookback_hours)
        self.settling = timedelta(seconds=settings.settle_seconds)
        self.deep_due = 0.0
        self.odd: dict[str, tuple[int, str]] = {}
        """Key → (bytes, SHA-256) of what came otherwise than the recorder stated."""
        self.tried: dict[str, Tried] = {}
        self.told: set[str] = set()

    def open(self, emit: Emit) -> None:
        """What was fetched and not taken in before is reported again; the first search is a deep one."""
        self.spool.open()
        self.searched.open()
        self.deep_due = 0.0
        for fetched in list(self.spool.lying()):
            self.report(fetched, emit)

    def look(self, recorder: Recorder, emit: Emit, stop: Event) -> Failure | None:
        """One search, and what it names is brought; the error if only this channel cannot be searched."""
        now, until = recorder.clock(), self.searched.until
        is_set_back = until is not None and now < until
        deep = is_set_back or time.monotonic() >= self.deep_due
        since = self.begin(now, emit, deep=deep)
        self.spool.forget(self.searched.since(now, self.whole, deep=True) - LONGEST)
        list(self.spool.lying())
        try:
            listed = readable(list(recorder.records(self.channel.channel, since, now)))
        except FAILURES as error:
            if stop.is_set():
                return None
            why = self.failures.of_one(recorder, error)
            self.tell("search_failed", f"{self.searched.until:%Y%m%dT%H%M%S}", {"error": cleaned(why)}, emit)
            self.failures.end_if_too_many(why)
            return error
        for unread in (one for one in listed if isinstance(one, Unread)):
            self.searched.miss(unread.key, since)
            self.not_delivered(unread.key, {"listed": cleaned(unread.told)}, unread.error, emit)
        if deep:
            self.give_up({one.key for one in listed}, now, emit)
        self.bring(recorder, [one for one in listed if isinstance(one, Record)], now, emit, stop)
        if deep and not stop.is_set():
            self.deep_due = time.monotonic() + self.settings.deep_minutes * 60
        return None

    def begin(self, now: datetime, emit: Emit, *, deep: bool) -> datetime:
        """Where this search begins; what no search covers, or none did for long, is told."""
        until = self.searched.until
        if until is None:
            until = now - self.whole
            self.searched.begin(until)
            self.tell("search_begins", f"{until:%Y%m%dT%H%M%S}", {"from": until.isoformat()}, emit)
        elif now - until > max(self.whole, LONGEST) + OVERLAP:  # the very first may have had to be repeated
            late: dict[str, object] = {"from": until.isoformat(), "until": now.isoformat()}
            self.tell("searched_late", f"{until:%Y%m%dT%H%M%S}", late, emit)
        return self.searched.since(now, self.whole, deep=deep)

    def give_up(self, listed: set[str], now: datetime, emit: Emit) -> None:
        """What is missing and no longer named: the recorder has written over it."""
        for key, start in list(self.searched.missing.items()):
            if start <= now and key not in listed:
                if not self.spool.knows(key):
                    self.tell("no_longer_listed", key, {"start": start.isoformat()}, emit)
                self.tried.pop(key, None)
                self.searched.found(key)

    def bring(
        self, recorder: Recorder, named: list[Record], now: datetime, emit: Emit, stop: Event
    ) -> None:  # fmt: skip
        """Fetch what is finished and not here; then all up to now is searched, but for what is open."""
        reached = now
        for record in self.in_turn(named):
            if stop.is_set():
                return
            if record.start > now + AHEAD:
                raise DeviceUnavailable("nvr.ahead", start=record.start, times=now)
            if self.spool.knows(record.key):
                self.searched.found(record.key)
            elif self.is_open(record, now):
                reached = min(reached, record.start)
            elif record.key not in self.tried or self.tried[record.key].due <= time.monotonic():
                if self.ends_oddly(record, now):
                    self.tell("odd_times", record.key, facts_of(record), emit)
                self.fetch(recorder, record, emit, stop)
        if not stop.is_set():
            self.searched.reach(reached)

    def in_turn(self, named: list[Record]) -> list[Record]:
        """What failed before comes last, so that it stands in nobody's way."""
        both = {key: one.record for key, one in self.tried.items()} | {one.key: one for one in named}
        return sorted(both.values(), key=lambda record: (record.key in self.tried, record.start))

    def ends_oddly(self, record: Record, now: datetime) -> bool:
        """Its clock was set while it recorded, or a summer time ended: such an end says nothing."""
        if record.end <= record.start:
            return record.start < now - max(ENDS_FIRST, self.settling)
        return record.end > now and record.start < now - LONGEST

    def is_open(self, record: Record, now: datetime) -> bool:
        ended = record.start < record.end <= now - self.settling
        return not ended and not self.ends_oddly(record, now)

    def fetch(self, recorder: Recorder, record: Record, emit: Emit, stop: Event) -> None:
        """Bring one recording over and report it. One that is not given, or cut, is asked for again.

        Raises what `Failures` says is not about this recording.
        """
        try:
            with recorder.content(record) as answer:
                done = self.spool.fetch(record, answer, stored_name(self.channel.id, record), stop)
                says_end = bool({"content-length", "transfer-encoding"} & set(answer.headers))
        except FAILURES as error:
            if stop.is_set():
                return
            why = self.failures.of_one(recorder, error)
            self.not_given(record, why, emit)
            self.failures.end_if_too_many(why)
            return
        if done is None:
            return
        self.failures.came()
        if done and record.size is None and not says_end and not self.came_again(record, done):
            self.ask_again(record)  # where the line ended, the recording need not have
            if self.tried[record.key].times > OTHERWISE:
                self.not_delivered(record.key, facts_of(record), f"{done} bytes, otherwise each time", emit)
            return
        doubt = self.doubt(record, done, emit)
        if doubt is not None:
            self.not_given(record, doubt, emit)
        elif self.report(self.spool.publish(record), emit):
            self.tried.pop(record.key, None)
            self.searched.found(record.key)

    def doubt(self, record: Record, done: int, emit: Emit) -> str | None:
        """None for as many bytes as stated; or the same ones twice: then the statement is what is wrong."""
        if record.size is None or record.size == done:
            return None if done > 0 else "0 bytes"
        if not self.came_again(record, done):
            return f"{done} of {record.size} bytes"
        stated = facts_of(record) | {"stated": record.size, "came": done}
        self.tell("size_differs", record.key, stated, emit)
        return None

    def came_again(self, record: Record, done: int) -> bool:
        """Whether just these bytes came the last time as well; or as many, and never the same.

        Some write the hour of the download into the file that they make for it.
        """
        came = done, digest_of(self.spool.partial(record) / stored_name(self.channel.id, record))
        before, tried = self.odd.pop(record.key, None), self.tried.get(record.key)
        as_many = before is not None and before[0] == done and done > 0
        is_same = before == came or (as_many and tried is not None and tried.times >= OTHERWISE)
        if not is_same:
            self.odd[record.key] = came
        return is_same

    def not_given(self, record: Record, why: str, emit: Emit) -> None:
        """Told once; it is asked for again, less and less often, as long as the recorder names it."""
        self.ask_again(record)
        self.not_delivered(record.key, facts_of(record), why, emit)

    def ask_again(self, record: Record) -> None:
        self.spool.drop(record)
        self.searched.miss(record.key, record.start)
        times = self.tried[record.key].times + 1 if record.key in self.tried else 1
        pause = min(self.settings.poll_seconds * 2 ** min(times - 1, 20), AGAIN_MOST_S)
        self.tried[record.key] = Tried(record, times, time.monotonic() + pause)

    def not_delivered(self, key: str, facts: dict[str, object], why: str, emit: Emit) -> None:
        if self.tell("not_delivered", key, facts | {"error": cleaned(why)}, emit):
            log.warning("%s: not given: %s: %s", self.channel.id, facts, why)

    def report(self, fetched: Fetched, emit: Emit) -> bool:
        """False if our own disk does not give it back: it is set aside, and fetched again."""
        try:
            event = found_event(self.channel, fetched)
        except FileNotFoundError:
            return True  # taken over meanwhile
        except OSError as error:
            self.spool.set_aside(fetched)
            self.searched.miss(fetched.key, fetched.start)
            facts: dict[str, object] = {"name": fetched.path.name, "error": error.strerror}
            self.tell("spool_unreadable", fetched.key, facts, emit)
            return False
        emit(event)
        return True

    def tell(self, kind: str, key: str, detail: dict[str, object], emit: Emit) -> bool:
        """Once for each kind and key, also over restarts; True the first time in this run."""
        event_id = f"{kind}-{key}"
        if event_id in self.told:
            return False
        emit(
            SignalReceived(
                device_id=self.channel.id, at=moment(), kind=kind, detail=detail, event_id=event_id
            )
        )  # fmt: skip
        self.told.add(event_id)
        return True


def readable(listed: Iterable[Record | Unread]) -> list[Record | Unread]:
    """Raises DeviceUnavailable if none of several can be read: then the profile is what is wrong."""
    given = list(listed)
    bad = [one for one in given if isinstance(one, Unread)]
    if len(bad) > 2 and len(bad) == len(given):
        raise DeviceUnavailable("nvr.unreadable", what="listing", told=bad[0].error[:40])
    return given


def facts_of(record: Record) -> dict[str, object]:
    return {
        "name": cleaned(record.name), "start": record.start.isoformat(), "end": record.end.isoformat()
    }  # fmt: skip


def found_event(channel: NvrChannel, fetched: Fetched) -> FileFound:
    seen = fetched.path.stat()
    with fetched.path.open("rb") as file:
        edges = edge_digest(file.fileno(), seen.st_size)
    return FileFound(
        found=FoundFile(
            device_id=channel.id, path=fetched.relative, local=fetched.path, size=seen.st_size,
            mtime_ns=modified_ns(seen), kind=MediaKind.VIDEO, edges=edges, adopt=True, name=fetched.path.name,
            declared=Declared(device=channel.id, started=fetched.start),
        )
    )  # fmt: skip


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
