"""The daemon's own rounds: orders, releases, re-linking, receipts, leases, and what nobody works on."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from gateway import linking, orders, receipts, telemetry
from gateway.copies import COPY
from gateway.daemon.keeping import Keeping
from gateway.daemon.releases import Releases
from gateway.database import Database
from gateway.device import Order, OrderResult, Refused
from gateway.guard import guarded
from gateway.models import OrderRow, OrderState, RelinkDue, Work, now
from gateway.rulepacks import RulePacks
from gateway.search import upkeep
from gateway.store import LocalStore
from gateway.supervisor import Supervisor
from gateway.wording import Reason, reason
from ingest import errands
from ingest.dispatch import Dispatch

log = logging.getLogger(__name__)

HISTORY = timedelta(days=7)
PROMPT_MOST_S, OTHERS_MOST_S = 30.0, 3600.0
"""So long a round of duties may take until the watchdog takes the process for dead."""
Duty = tuple[float, Callable[[], object]]
"""Every so many seconds, this."""


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


class Rounds(threading.Thread):
    """Does duties in turn, each in its period."""

    def __init__(self, name: str, duties: Sequence[Duty], stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.duties, self.stop = duties, stop
        self.beat = time.monotonic()
        """When the last round ended."""

    def run(self) -> None:
        last = [float("-inf")] * len(self.duties)
        while not self.stop.is_set():
            for index, (period, duty) in enumerate(self.duties):
                if time.monotonic() - last[index] >= period and not self.stop.is_set():
                    do(duty)
                    last[index] = time.monotonic()
            self.beat = time.monotonic()
            self.stop.wait(0.5)


def do(duty: Callable[[], object]) -> None:
    guarded(log, getattr(duty, "__name__", "a duty"), duty)


class Caretaker:
    """Every duty has its own period in seconds; `more` and `prompt` are those that only some units need.

    One thread does in turn what must be prompt: somebody stands at the cabinet, or a meeting begins. Another
    does the rest, of which one may read a whole quarter. What can take long, orders for clips and linking
    anew what a new rule pack reaches, has a thread of its own. Copies with a mark have another, for an hour
    of picture takes minutes to encode.
    """

    def __init__(
        self,
        database: Database,
        store: LocalStore,
        packs: RulePacks,
        dispatch: Dispatch,
        supervisors: Mapping[str, Supervisor],
        progress: Progress,
        stop: threading.Event,
        *,
        second: LocalStore | None,
        are_apart: Callable[[], bool],
        copy: Callable[[str], dict[str, Any]],
        more: Sequence[Duty] = (),
        prompt: Sequence[Duty] = (),
    ) -> None:
        self.database, self.store, self.packs, self.dispatch = database, store, packs, dispatch
        self.supervisors, self.stop, self.copy = supervisors, stop, copy
        releases = Releases(
            database, supervisors, has_second_copies=second is not None, are_apart=are_apart,
            holds=Keeping(database, store, second).holds,
        )  # fmt: skip
        self.duties: list[Duty] = [
            (1.0, progress.flush),
            (1.0, releases.hand_out),
            (1.0, self.receipts),
            (dispatch.lease_s, dispatch.rescue),
            (3600.0, self.forget),
            (telemetry.PERIOD_S, partial(telemetry.seal, database)),
            *more,
        ]
        self.prompt: list[Duty] = [
            (0.5, self.orders), (dispatch.lease_s / 3, dispatch.renew_lease), *prompt
        ]  # fmt: skip
        self.at_hand: queue.Queue[Callable[[], None]] = queue.Queue()
        self.to_copy: queue.Queue[Callable[[], None]] = queue.Queue()
        self.promptly = Rounds("prompt", self.prompt, stop)
        self.rounds = Rounds("caretaker", self.duties, stop)
        orderly = partial(self.work_at_hand, self.at_hand)
        self.orderly = threading.Thread(target=orderly, name="orders", daemon=True)
        copyist = partial(self.work_at_hand, self.to_copy)
        self.copyist = threading.Thread(target=copyist, name="copies", daemon=True)
        self.linker = threading.Thread(target=self.link_anew, name="linker", daemon=True)

    def start(self) -> None:
        orders.abandon(self.database, self.dispatch.executor)
        for thread in (self.promptly, self.rounds, self.orderly, self.copyist, self.linker):
            thread.start()

    @property
    def is_well(self) -> bool:
        """What the systemd watchdog wants to know: a duty may take long, a prompt one may not."""
        within = (self.promptly, PROMPT_MOST_S), (self.rounds, OTHERS_MOST_S)
        return self.linker.is_alive() and all(
            one.is_alive() and time.monotonic() - one.beat < most for one, most in within
        )

    def join(self, left: Callable[[float], float]) -> None:
        """`left`: how many of so many seconds are left."""
        for thread, most in ((self.promptly, 0.1), (self.rounds, 0.1), (self.linker, 0.5)):
            thread.join(left(most))

    def link_anew(self) -> None:
        while not self.stop.wait(1.0):
            do(self.relink)

    def relink(self) -> None:
        linking.drain(self.database, self.packs, is_stopping=self.stop.is_set)
        upkeep.drain(self.database, is_stopping=self.stop.is_set)

    def receipts(self) -> None:
        for receipt in receipts.seal_due(self.database):
            log.info("receipt of offload %s sealed, revision %d", receipt.offload_id, receipt.revision)

    def forget(self) -> None:
        self.dispatch.engine.forget(now() - HISTORY)

    def orders(self) -> None:
        for order in orders.claim(self.database, self.dispatch.executor, self.reaches):
            supervisor = self.reaches(order.device_id or "")
            if order.kind in orders.KINDS:
                line = self.to_copy if order.kind == COPY else self.at_hand
                line.put(partial(self.carry_out, order, self.for_clip))
            elif supervisor is None:
                self.refuse(order, reason("order.no_device", device=order.device_id))
            else:
                errand = partial(self.carry_out, order, partial(for_device, supervisor))
                if not supervisor.orders.send(order.device_id or "", errand):
                    self.refuse(order, reason("order.busy"))

    def reaches(self, device_id: str) -> Supervisor | None:
        """Whose driver speaks with a device: its own, or the dock it is in."""
        through = (one for one in self.supervisors.values() if device_id in one.present)
        return self.supervisors.get(device_id) or next(through, None)

    def work_at_hand(self, line: "queue.Queue[Callable[[], None]]") -> None:
        """Orders for clips may read gigabytes: they have threads of their own."""
        while not self.stop.is_set():
            try:
                work = line.get(timeout=0.5)
            except queue.Empty:
                continue
            guarded(log, "an order", work)

    def carry_out(self, order: OrderRow, how: Callable[[OrderRow], OrderResult]) -> None:
        """Whatever happens, whoever asked learns how it ended; an expired order is never carried out."""
        if order.deadline < now():
            orders.end(self.database, order.id, OrderState.EXPIRED, {})
            return
        ended: list[OrderResult] = []
        if not guarded(log, f"order {order.kind}", lambda: ended.append(how(order))):
            self.refuse(order, reason("order.failed", error=order.kind))
            return
        state = OrderState.DONE if ended[0].done else OrderState.FAILED
        orders.end(self.database, order.id, state, ended[0].detail)

    def refuse(self, order: OrderRow, why: Reason) -> None:
        orders.end(self.database, order.id, OrderState.FAILED, {"reason": why})

    def for_clip(self, order: OrderRow) -> OrderResult:
        try:
            match order.kind, order.clip_id:
                case "verify", str(clip_id):
                    detail = errands.verify_now(self.database, self.store, clip_id, order.asked_by)
                case "retry", str(clip_id):
                    detail = errands.retry(self.database, clip_id, order.asked_by)
                case "copy", str():
                    detail = self.copy(str(order.arguments["copy"]))
                case "relink", str(clip_id):
                    with self.database.write() as session:
                        session.add(RelinkDue(why="order", clip_id=clip_id))
                    detail = {"relink": "due"}
                case _:
                    raise Refused("order.no_clip", kind=order.kind)
        except Refused as no:
            return OrderResult(done=False, detail={"reason": no.reason})
        return OrderResult(done=True, detail=detail)


def for_device(supervisor: Supervisor, order: OrderRow) -> OrderResult:
    told = Order(
        id=order.id, kind=order.kind, arguments=order.arguments, device_id=order.device_id or "",
        deadline=order.deadline,
    )  # fmt: skip
    return supervisor.perform(told)
