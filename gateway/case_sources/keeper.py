"""Keeps one source of cases being read: says once that it is away, and once that it is back."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from gateway.backoff import wait_s
from gateway.case_sources.folder import Inbox
from gateway.case_sources.pull import Pull
from gateway.case_sources.rules import CaseRules
from gateway.case_sources.taking import Desk
from gateway.config.sources import AnyCaseSource, FolderSource
from gateway.database import Database
from gateway.device import DeviceUnavailable
from gateway.guard import guarded
from gateway.wording import sentence

log = logging.getLogger(__name__)

FIRST_WAIT_S = 1.0


class Reader(Protocol):
    pause_s: float

    def round(self) -> None: ...


class Keeper:
    """`wait` is `stop.wait`, but in tests."""

    def __init__(
        self, reader: Reader, desk: Desk, stop: threading.Event, wait: Callable[[float], object] | None = None
    ) -> None:
        self.reader, self.desk, self.stop = reader, desk, stop
        self.wait = wait or stop.wait
        self.failures = 0
        self.lost = False
        name = f"cases {desk.source.id}"
        self.thread = threading.Thread(target=self.keep_reading, name=name, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def keep_reading(self) -> None:
        while not self.stop.is_set():
            self.wait(self.once())
        if isinstance(self.reader, Pull):
            self.reader.close()

    def once(self) -> float:
        """One round; how long to wait before the next."""
        went: list[bool] = []
        guarded(log, f"reading {self.desk.source.id}", lambda: went.append(self.reads()))
        if went == [True]:
            self.failures = 0
            return self.reader.pause_s
        self.failures += 1
        return wait_s(self.failures, FIRST_WAIT_S, self.desk.source.longest_wait_seconds)

    def reads(self) -> bool:
        try:
            self.reader.round()
        except DeviceUnavailable as gone:
            if not self.lost:
                log.warning("%s: %s", self.desk.source.id, sentence(gone.reason, "en"))
            self.lost = True
            self.desk.is_away(gone.reason)
            return False
        if self.lost:
            log.info("%s is back", self.desk.source.id)
        self.lost = False
        return True


def keeper_of(source: AnyCaseSource, database: Database, rules: CaseRules, stop: threading.Event) -> Keeper:
    """Raises ConfigError for a key that cannot be read."""
    desk = Desk(database, rules, source)
    reader: Reader = Inbox(source, desk) if isinstance(source, FolderSource) else Pull(source, desk, stop)
    return Keeper(reader, desk, stop)
