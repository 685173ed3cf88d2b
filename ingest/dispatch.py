"""Hands work to the job engine, and finds what nobody works on any more."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import col, or_, select

from gateway.database import Database
from gateway.models import Lease, Work, now
from ingest.engine import Engine

log = logging.getLogger(__name__)

BATCH = 500
PRIORITY = {"preserve": 10, "describe": 100}


class Dispatch:
    def __init__(
        self, database: Database, engine: Engine, host: str, executor: str, lease_s: float = 30.0
    ) -> None:
        self.database, self.engine, self.host, self.executor = database, engine, host, executor
        self.lease_s = lease_s

    def queue(self, pipeline: str) -> str:
        """Bytes are brought in where the device is; describing can be done anywhere."""
        return queue_name(pipeline, self.host)

    def submit(self, item_ids: Sequence[str], pipeline: str = "preserve") -> None:
        """Start these items' work now."""
        with self.database.read() as session:
            works = session.exec(
                select(Work).where(
                    col(Work.item_id).in_(item_ids), Work.pipeline == pipeline, col(Work.open).is_(True)
                )
            ).all()
        self.hand_over(works)

    def sweep(self) -> int:
        """Start whatever is due and was never handed over: after a crash, a wait, a failure."""
        with self.database.read() as session:
            works = session.exec(
                select(Work)
                .where(
                    col(Work.open).is_(True),
                    or_(col(Work.queued_run).is_(None), col(Work.queued_run) != Work.run),
                    or_(col(Work.not_before).is_(None), col(Work.not_before) <= now()),
                    or_(Work.host == self.host, col(Work.host).is_(None)),
                )
                .order_by(col(Work.item_id))
                .limit(BATCH)
            ).all()
        self.hand_over(works)
        return len(works)

    def hand_over(self, works: Sequence[Work]) -> None:
        for work in works:
            self.engine.enqueue(
                self.queue(work.pipeline), work.item_id, work.pipeline, work.run, PRIORITY[work.pipeline]
            )
        if not works:
            return
        with self.database.write() as session:
            for work in works:
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
        with self.database.write() as session:
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

    def rescue(self) -> int:
        """Take over from executors that died, and start anew what ended while its state has not moved."""
        with self.database.read() as session:
            dead = session.exec(
                select(Lease.executor).where(Lease.expires_at < now(), Lease.executor != self.executor)
            ).all()
            stuck = session.exec(
                select(Work)
                .where(
                    col(Work.open).is_(True),
                    Work.queued_run == Work.run,
                    Work.updated_at < now() - timedelta(minutes=2),
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
