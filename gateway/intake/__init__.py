"""Stores what drivers report: groups events, commits them together, then lets the drivers go on."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait

from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError, StatementError

from gateway.database import Database
from gateway.device import DeviceEvent, FileFound
from gateway.guard import guarded
from gateway.intake import telemetry
from gateway.intake.events import device_of, end_what_was_open, listed_instead, statuses_of, store_one

log = logging.getLogger(__name__)

GROUP_S = 0.02
GROUP_EVENTS = 100

DATA_ERRORS = (DataError, StatementError, ValueError, OverflowError, TypeError)
UNSTORABLE = (SQLAlchemyError, *DATA_ERRORS)

Batch = tuple[tuple[DeviceEvent, ...], "Future[None]"]


class Intake:
    """`emit` returns when the batch that holds its events has committed.

    `on_found` hears, after the commit, that there is work to do; what is lost there the sweep finds.
    """

    def __init__(self, database: Database, host: str, executor: str, on_found: Callable[[], None]) -> None:
        self.database, self.host, self.executor, self.on_found = database, host, executor, on_found
        self.batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.work, name="intake", daemon=True)

    def start(self) -> None:
        with self.database.write() as session:
            end_what_was_open(session, self.executor)
        self.thread.start()

    def stop(self, wait_s: float = 5.0) -> None:
        """Store what was already emitted, then end."""
        self.batches.put(None)
        self.thread.join(wait_s)

    def emit(self, *events: DeviceEvent) -> None:
        done: Future[None] = Future()
        self.batches.put((events, done))
        while not done.done():
            wait((done,), timeout=1.0)
            if not self.thread.is_alive() and not done.done():
                raise RuntimeError("intake has ended; the events were not stored")
        done.result()

    def work(self) -> None:
        ending = False
        while not ending:
            first = self.batches.get()
            if first is None:
                return
            group, ending = self.gather(first)
            self.keep(group)

    def gather(self, first: Batch) -> tuple[list[Batch], bool]:
        group, count, deadline = [first], len(first[0]), time.monotonic() + GROUP_S
        while count < GROUP_EVENTS:
            try:
                batch = self.batches.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if batch is None:
                return group, True
            group.append(batch)
            count += len(batch[0])
        return group, False

    def keep(self, group: list[Batch]) -> None:
        """Whatever a batch does, its drivers hear of it and this thread goes on."""
        if not guarded(log, "storing events", lambda: self.commit(group)):
            for _, done in group:
                if not done.done():
                    done.set_exception(RuntimeError("the events could not be stored; see the log"))

    def commit(self, group: list[Batch]) -> None:
        """One transaction for all; if it fails, event by event, so that one bad file harms nobody else."""
        found: list[str] = []
        for events, done, error in self.outcomes(group, found):
            if error is None:
                done.set_result(None)
            else:
                log.error("%d events could not be stored: %s", len(events), type(error).__name__)
                done.set_exception(error)
        if found:
            guarded(log, "handing work over (the sweep finds it)", self.on_found)

    def outcomes(
        self, group: list[Batch], found: list[str]
    ) -> Iterator[tuple[tuple[DeviceEvent, ...], "Future[None]", Exception | None]]:
        try:
            found += self.store([event for events, _ in group for event in events])
            yield from ((events, done, None) for events, done in group)
            return
        except UNSTORABLE as error:
            log.warning("a batch could not be stored (%s); event by event now", type(error).__name__)
        for events, done in group:
            yield events, done, self.one_by_one(events, found)

    def one_by_one(self, events: Sequence[DeviceEvent], found: list[str]) -> Exception | None:
        """Store each event by itself; a file that cannot be entered is listed with the reason."""
        for event in events:
            try:
                found += self.store([event])
            except OperationalError as error:
                return error  # the database itself is away: nothing is wrong with the event
            except DATA_ERRORS as error:
                if not isinstance(event, FileFound):
                    return error
                self.store([listed_instead(event, error)])
            except SQLAlchemyError as error:
                return error
        return None

    def store(self, events: Sequence[DeviceEvent]) -> list[str]:
        # one order of chains in every batch: two gateways on one PostgreSQL cannot lock each other out
        ordered = sorted(events, key=device_of)
        with self.database.write(first=True) as session:
            held = statuses_of(session, events)
            found = [
                item
                for event in ordered
                if not telemetry.is_telemetry(event)
                for item in store_one(session, event, self.host, self.executor)
            ]
            telemetry.keep(session, [event for event in ordered if telemetry.is_telemetry(event)])
            del held  # until here: the session forgets what nobody holds
            return found
