"""Stores what drivers report: groups events, commits them together, then lets the drivers go on."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait

from sqlalchemy.exc import SQLAlchemyError

from gateway.database import Database
from gateway.device import DeviceEvent
from gateway.intake.events import device_of, store_one

log = logging.getLogger(__name__)

GROUP_S = 0.02
GROUP_EVENTS = 100

Batch = tuple[tuple[DeviceEvent, ...], "Future[None]"]


class Intake:
    """`emit` returns when the batch that holds its events has committed.

    `on_found` hears, after the commit, which items have work to do; what is lost there the sweep finds.
    """

    def __init__(self, database: Database, host: str, on_found: Callable[[Sequence[str]], None]) -> None:
        self.database, self.host, self.on_found = database, host, on_found
        self.batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.work, name="intake", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        """Store what was already emitted, then end."""
        self.batches.put(None)
        self.thread.join()

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
            self.commit(group)

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

    def commit(self, group: list[Batch]) -> None:
        """One transaction for all; if it fails, one for each, so that one bad event harms nobody else."""
        try:
            found = self.store([event for events, _ in group for event in events])
        except SQLAlchemyError as error:
            if len(group) == 1:
                group[0][1].set_exception(error)
            else:
                for batch in group:
                    self.commit([batch])
            return
        for _, done in group:
            done.set_result(None)
        if found:
            self.on_found(found)

    def store(self, events: Sequence[DeviceEvent]) -> list[str]:
        # one order of chains in every batch: two gateways on one PostgreSQL cannot lock each other out
        ordered = sorted(events, key=device_of)
        with self.database.write() as session:
            return [item for event in ordered if (item := store_one(session, event, self.host))]
