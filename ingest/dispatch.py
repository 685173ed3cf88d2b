"""Hands work to the job engine, and finds what nobody works on any more."""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import false, func, update
from sqlmodel import col, not_, or_, select

from gateway.database import Database
from gateway.guard import guarded
from gateway.models import Clip, Lease, Original, Work, now
from ingest.engine import Engine

log = logging.getLogger(__name__)

BATCH = 500
WINDOW = 16
"""Jobs of one device that the engine has at once: what it claims must not all be of one camera."""
SWEEP_S = 2.0
REST = 4
"""After a look it rests so many times as long as the look took: ten thousand files must not keep it busy."""
LONGEST_REST_S = 0.5
LONGEST_WAIT_S = 24 * 3600
"""What is to wait longer got its time from a clock that was ahead."""
SILENT_S = 120
PRIORITY = {"preserve": 10, "describe": 100}
SOONER = 5
"""So much less is the number of what is important: the engine takes the least first."""


class Dispatch:
    def __init__(
        self, database: Database, engine: Engine, host: str, executor: str, lease_s: float = 30.0
    ) -> None:
        self.database, self.engine, self.host, self.executor = database, engine, host, executor
        self.lease_s = lease_s
        self.woken, self.stopping = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.work, name="dispatch", daemon=True)

    def start(self) -> None:
        guarded(log, "waking what a wrong clock put to sleep", self.wake_sleepers)
        self.thread.start()

    def stop(self, wait_s: float) -> None:
        self.stopping.set()
        self.wake()
        self.thread.join(wait_s)

    def wake(self) -> None:
        """There is something to hand over, or room for it."""
        self.woken.set()

    def work(self) -> None:
        while not self.stopping.is_set():
            self.woken.wait(SWEEP_S)
            self.woken.clear()
            began = time.monotonic()
            if not self.stopping.is_set():
                guarded(log, "handing work over", self.sweep)
            self.stopping.wait(min(LONGEST_REST_S, max(0.02, REST * (time.monotonic() - began))))

    def queue(self, pipeline: str) -> str:
        """Bytes are brought in where the device is; describing can be done anywhere."""
        return queue_name(pipeline, self.host)

    def sweep(self) -> int:
        """Start what is due and not handed over yet, in the order in which it was found, each device in turn.

        Of no device and pipeline more than the window holds. What is important has a window of its own and
        goes first in each round: it waits for nothing that was found before it, and a flood of it delays
        no other device.
        """
        handed = col(Work.queued_run).is_not_distinct_from(col(Work.run))
        is_due = or_(col(Work.not_before).is_(None), col(Work.not_before) <= now())
        important = func.coalesce(col(Clip.important), false())
        place = func.row_number().over(
            partition_by=(Work.pipeline, Original.device_id, important),
            order_by=(handed.desc(), Work.item_id),
        )
        open_works = (
            select(
                col(Work.item_id).label("item"),
                col(Work.pipeline).label("pipeline"),
                place.label("place"),
                important.label("important"),
            )
            .join(Original, col(Original.id) == Work.item_id)
            .outerjoin(Clip, col(Clip.id) == Work.item_id)
            .where(
                col(Work.open).is_(True),
                or_(handed, is_due),
                or_(Work.host == self.host, col(Work.host).is_(None)),
            )
            .subquery()
        )
        with self.database.read() as session:
            works = session.exec(
                select(Work, open_works.c.important)
                .join(
                    open_works,
                    (open_works.c.item == Work.item_id) & (open_works.c.pipeline == Work.pipeline),
                )
                .where(open_works.c.place <= WINDOW, not_(handed))
                .order_by(open_works.c.place, open_works.c.important.desc(), col(Work.item_id))
                .limit(BATCH)
            ).all()
        self.hand_over(works)
        return len(works)

    def hand_over(self, works: Sequence[tuple[Work, bool]]) -> None:
        for work, important in works:
            priority = PRIORITY[work.pipeline] - (SOONER if important else 0)
            self.engine.enqueue(self.queue(work.pipeline), work.item_id, work.pipeline, work.run, priority)
        if not works:
            return
        with self.database.write() as session:
            for work, _ in works:
                session.execute(
                    update(Work)
                    .where(
                        col(Work.item_id) == work.item_id,
                        col(Work.pipeline) == work.pipeline,
                        col(Work.run) == work.run,
                    )
                    .values(queued_run=work.run)
                )

    def renew_lease(self) -> None:
        """First in line: whoever comes too late with it loses what he is working on to another."""
        with self.database.write(first=True) as session:
            lease = session.get(Lease, self.executor) or Lease(
                executor=self.executor, host=self.host, expires_at=now()
            )
            lease.expires_at = now() + timedelta(seconds=self.lease_s)
            session.add(lease)

    def end_lease(self) -> None:
        """A clean stop: whoever is left need not wait until the lease has run out."""
        with self.database.write() as session:
            if lease := session.get(Lease, self.executor):
                lease.expires_at = now()
                session.add(lease)

    def wake_sleepers(self) -> int:
        """Clear due times further off than anything waits: a host without clock may begin in 2036."""
        far = now() + timedelta(seconds=LONGEST_WAIT_S + SILENT_S)
        asleep = col(Work.open).is_(True), col(Work.not_before) > far
        with self.database.read() as session:
            if session.exec(select(Work.item_id).where(*asleep).limit(1)).first() is None:
                return 0
        with self.database.write() as session:
            done = session.execute(update(Work).where(*asleep).values(not_before=None))
        return int(done.rowcount)  # type: ignore[attr-defined]

    def rescue(self) -> int:
        """Take over from executors that died, and start anew what ended while its state has not moved.

        A time in the future is no sign of life: it was written before the clock was set back.
        """
        self.wake_sleepers()
        before, ahead = now() - timedelta(seconds=SILENT_S), now() + timedelta(seconds=SILENT_S)
        with self.database.read() as session:
            dead = session.exec(
                select(Lease.executor).where(Lease.expires_at < now(), Lease.executor != self.executor)
            ).all()
            stuck = session.exec(
                select(Work)
                .where(
                    col(Work.open).is_(True),
                    Work.queued_run == Work.run,
                    not_(col(Work.updated_at).between(before, ahead)),
                )
                .order_by(col(Work.updated_at))
                .limit(BATCH)
            ).all()
        rescued = self.engine.resume(dead)
        for work in stuck:
            has_ended = self.engine.has_ended(work.item_id, work.pipeline, work.run)
            rescued += self.look_at(work, work.run + 1 if has_ended else work.run)
        return rescued

    def look_at(self, work: Work, run: int) -> int:
        """Note that it was looked at, and give it a new start if it ended without an end."""
        with self.database.write() as session:
            done = session.execute(
                update(Work)
                .where(
                    col(Work.item_id) == work.item_id,
                    col(Work.pipeline) == work.pipeline,
                    col(Work.run) == work.run,
                )
                .values(run=run, updated_at=now())
            )
            return int(run != work.run and done.rowcount)  # type: ignore[attr-defined]


def queue_name(pipeline: str, host: str) -> str:
    return f"preserve-{host}" if pipeline == "preserve" else "describe"
