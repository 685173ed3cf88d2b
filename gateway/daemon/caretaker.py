"""The daemon's own rounds: orders, releases, re-linking, receipts, leases, and what nobody works on."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from gateway import linking, orders, receipts
from gateway.daemon.releases import Releases
from gateway.database import Database
from gateway.device import Order, Refused
from gateway.models import OrderRow, OrderState, RelinkDue, Work, now
from gateway.rulepacks import RulePack
from gateway.store import LocalStore
from gateway.supervisor import Supervisor
from gateway.wording import reason
from ingest import errands
from ingest.dispatch import Dispatch

log = logging.getLogger(__name__)

HISTORY = timedelta(days=7)


class Progress:
    """Bytes so far per item, written at most once a second."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.done: dict[str, int] = {}
        self.lock = threading.Lock()

    def __call__(self, item_id: str, done: int) -> None:
        with self.lock:
            self.done[item_id] = done

    def flush(self) -> None:
        with self.lock:
            fresh, self.done = self.done, {}
        if not fresh:
            return
        with self.database.write() as session:
            for item_id, done in fresh.items():
                session.execute(
                    update(Work)
                    .where(col(Work.item_id) == item_id, col(Work.pipeline) == "preserve")
                    .values(done_bytes=done, updated_at=now())
                )


class Caretaker:
    """One thread; every duty has its own period in seconds."""

    def __init__(
        self,
        database: Database,
        store: LocalStore,
        pack: RulePack,
        dispatch: Dispatch,
        supervisors: Mapping[str, Supervisor],
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        self.database, self.store, self.pack, self.dispatch = database, store, pack, dispatch
        self.supervisors, self.stop = supervisors, stop
        releases = Releases(database, supervisors)
        self.duties: list[tuple[float, Callable[[], object]]] = [
            (1.0, progress.flush),
            (1.0, self.orders),
            (1.0, self.relink),
            (1.0, releases.hand_out),
            (1.0, self.receipts),
            (2.0, dispatch.sweep),
            (dispatch.lease_s / 3, dispatch.renew_lease),
            (dispatch.lease_s, dispatch.rescue),
            (3600.0, self.forget),
        ]
        self.beat = time.monotonic()
        """When the last round ended: the systemd watchdog asks."""
        self.thread = threading.Thread(target=self.work, name="caretaker", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def work(self) -> None:
        last = [float("-inf")] * len(self.duties)
        while not self.stop.is_set():
            for index, (period, duty) in enumerate(self.duties):
                if time.monotonic() - last[index] >= period and not self.stop.is_set():
                    self.do(duty)
                    last[index] = time.monotonic()
            self.beat = time.monotonic()
            self.stop.wait(0.5)

    def do(self, duty: Callable[[], object]) -> None:
        """A database that is away for a moment ends nothing: the duty comes round again."""
        try:
            duty()
        except (SQLAlchemyError, OSError):
            log.exception("%s failed; tried again in a moment", duty.__name__)

    def relink(self) -> None:
        while linking.drain(self.database, self.pack) and not self.stop.is_set():
            pass

    def receipts(self) -> None:
        for receipt in receipts.seal_due(self.database):
            log.info("receipt of offload %s sealed, revision %d", receipt.offload_id, receipt.revision)

    def forget(self) -> None:
        self.dispatch.engine.forget(now() - HISTORY)

    def orders(self) -> None:
        for order in orders.claim(self.database, self.dispatch.executor):
            if order.kind in orders.KINDS:
                self.carry_out(order)
            else:
                self.pass_on(order)

    def carry_out(self, order: OrderRow) -> None:
        try:
            result = self.for_clip(order)
        except Refused as no:
            orders.end(self.database, order.id, OrderState.FAILED, {"reason": no.reason})
        else:
            orders.end(self.database, order.id, OrderState.DONE, result)

    def for_clip(self, order: OrderRow) -> dict[str, Any]:
        if order.clip_id is None:
            raise Refused("order.no_clip", kind=order.kind)
        match order.kind:
            case "verify":
                return errands.verify_now(self.database, self.store, order.clip_id, order.asked_by)
            case "retry":
                return errands.retry(self.database, order.clip_id, order.asked_by)
            case _:
                with self.database.write() as session:
                    session.add(RelinkDue(why="order", clip_id=order.clip_id))
                return {"relink": "due"}

    def pass_on(self, order: OrderRow) -> None:
        """A device order goes to the device's own errand thread."""
        supervisor = self.supervisors.get(order.device_id or "")
        if supervisor is None:
            why = reason("order.no_device", device=order.device_id)
            orders.end(self.database, order.id, OrderState.FAILED, {"reason": why})
            return

        def errand() -> None:
            if order.deadline < now():
                orders.end(self.database, order.id, OrderState.EXPIRED, {})
                return
            done = supervisor.perform(Order(id=order.id, kind=order.kind, arguments=order.arguments))
            state = OrderState.DONE if done.done else OrderState.FAILED
            orders.end(self.database, order.id, state, done.detail)

        if not supervisor.send(errand):
            orders.end(self.database, order.id, OrderState.FAILED, {"reason": reason("order.busy")})
