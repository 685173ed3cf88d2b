"""Brings work to run at least once. The only file that imports dbos."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID

# These three stand in every row of the engine's database: a change would strand pending work.
NAME, VERSION, WORKFLOW = "evidence-gateway", "1", "advance"

logging.getLogger("dbos").addHandler(logging.NullHandler())  # else it installs a handler of its own

Advance = Callable[[str, str, int], None]

_engine: "Engine | None" = None


class Interrupted(BaseException):
    """The process is going down: the job stays pending and runs again at the next start."""


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)  # our own row counts failures
def _advance(item_id: str, pipeline: str, run: int) -> None:
    if _engine is None:
        raise Interrupted
    _engine.guarded(item_id, pipeline, run)


class Engine:
    """One at a time in a process: DBOS is a process-wide singleton."""

    def __init__(
        self, url: str, executor_id: str, queues: Mapping[str, int], advance: Advance, poll_s: float = 0.5
    ) -> None:
        self.url, self.executor_id, self.queues = url, executor_id, dict(queues)
        self.advance, self.poll_s = advance, poll_s
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.running: dict[str, threading.Event] = {}

    def start(self) -> None:
        global _engine
        _engine = self
        if self.url.startswith("sqlite:///"):
            with sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30) as database:
                database.execute("PRAGMA journal_mode=WAL")  # stays with the file
            database.close()
        DBOS(
            config=DBOSConfig(
                name=NAME,
                system_database_url=self.url,
                application_version=VERSION,
                executor_id=self.executor_id,
                log_level="WARNING",
                enable_otlp=False,
                use_listen_notify=False,
                scheduler_polling_interval_sec=3600.0,
                max_executor_threads=sum(self.queues.values()) + 8,
                sys_db_pool_size=10,
            )
        )
        DBOS.listen_queues(list(self.queues))  # only before launch
        DBOS.launch()  # migrates, and brings back this executor's pending jobs
        for name, workers in self.queues.items():  # only after launch
            DBOS.register_queue(
                name,
                worker_concurrency=workers,
                polling_interval_sec=self.poll_s,
                on_conflict="always_update",
            )

    def stop(self, wait_s: float = 1.5) -> None:
        """Let running jobs see that we stop; those that end in time leave nothing to redo."""
        self.stopping.set()
        deadline = time.monotonic() + wait_s
        while self.running and time.monotonic() < deadline:
            time.sleep(0.02)
        DBOS.destroy()

    def guarded(self, item_id: str, pipeline: str, run: int) -> None:
        """Run a job here once at a time: one that was resumed while it runs waits for the first."""
        key = self.key(item_id, pipeline, run)
        with self.lock:
            first = self.running.get(key)
            if first is None:
                ended = self.running[key] = threading.Event()
        if first is not None:
            first.wait()
            if self.stopping.is_set():
                raise Interrupted
            return
        try:
            self.advance(item_id, pipeline, run)
        finally:
            with self.lock:
                del self.running[key]
            ended.set()

    @staticmethod
    def key(item_id: str, pipeline: str, run: int) -> str:
        """A job's id. One that has ended is never run again: every new start needs a new `run`."""
        return f"{item_id}:{pipeline}:{run}"

    def enqueue(self, queue: str, item_id: str, pipeline: str, run: int, priority: int) -> None:
        """Safe to repeat: while a job of this id is there, nothing happens."""
        with SetWorkflowID(self.key(item_id, pipeline, run)), SetEnqueueOptions(priority=priority):
            DBOS.enqueue_workflow(queue, _advance, item_id, pipeline, run)

    def has_ended(self, item_id: str, pipeline: str, run: int) -> bool:
        found = DBOS.get_workflow_status(self.key(item_id, pipeline, run))
        return found is None or found.status not in {"ENQUEUED", "DELAYED", "PENDING"}

    def resume(self, dead: Collection[str], lost_after_s: float = 60.0) -> int:
        """Bring back pending jobs of dead executors, and our own that no thread here is running."""
        count, limit_ms = 0, (time.time() - lost_after_s) * 1000
        pending = DBOS.list_workflows(
            status="PENDING",
            name=WORKFLOW,
            executor_id=[*dead, self.executor_id],
            load_input=False,
            load_output=False,
        )
        for job in pending:
            with self.lock:
                mine = job.executor_id == self.executor_id
                alive = mine and (job.workflow_id in self.running or (job.dequeued_at or 0) > limit_ms)
            if not alive:
                # without its queue's name it would move to a queue that every executor works on
                DBOS.resume_workflow(job.workflow_id, queue_name=job.queue_name)
                count += 1
        return count

    def forget(self, before: datetime, batch: int = 500) -> int:
        """Delete the engine's history up to an aware moment; nobody else does."""
        count = 0
        while old := DBOS.list_workflows(
            status=["SUCCESS", "ERROR", "CANCELLED"],
            name=WORKFLOW,
            limit=batch,
            completed_before=before.isoformat(),
            load_input=False,
            load_output=False,
        ):
            DBOS.delete_workflows([job.workflow_id for job in old])
            count += len(old)
        return count
