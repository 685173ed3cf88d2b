"""Has live pictures made for whom somebody watches, and ends the views of those who have gone."""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from gateway import live
from gateway.database import Database
from gateway.device import Order
from gateway.guard import guarded
from gateway.live import LiveFolder
from gateway.models import LiveView, now
from gateway.supervisor import Supervisor

log = logging.getLogger(__name__)

TICK_S = 0.5
AGAIN_S = 10.0
"""A driver is told so often that the picture is still wanted; without that it ends by itself."""
LINGER_S = 5.0
"""Whoever reloads the page shall not wait for the stream anew."""
FORGOTTEN_S = 300.0
"""A view of a device that nobody reaches was perhaps another gateway's to end."""
ACTOR = "gateway"


class Live:
    """One thread. It needs no memory: what is watched is in the database, when last is in the folder."""

    def __init__(
        self,
        database: Database,
        folder: LiveFolder,
        supervisors: Mapping[str, Supervisor],
        stop: threading.Event,
    ) -> None:
        self.database, self.folder, self.supervisors, self.stop = database, folder, supervisors, stop
        self.told: dict[str, float] = {}
        """Device → when its driver was last told to go on (monotonic seconds)."""
        self.wanted: dict[str, float] = {}
        """Device → when somebody last watched it (monotonic seconds)."""
        self.thread = threading.Thread(target=self.work, name="live", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def work(self) -> None:
        while not self.stop.wait(TICK_S):
            guarded(log, "live pictures", self.tick)

    def tick(self) -> None:
        moment = time.monotonic()
        with self.database.read() as session:
            views = live.watched(session)
        for view in views:
            supervisor = self.reached(view.device_id)
            patience = live.SILENT_S if supervisor else FORGOTTEN_S
            silent = now() - self.folder.last_seen(view)
            if silent > timedelta(seconds=patience) or now() > view.expires_at:
                self.end(view)
            elif supervisor is not None:
                self.show(view.device_id, supervisor, moment)
        self.stop_unwatched(moment)

    def show(self, device_id: str, supervisor: Supervisor, moment: float) -> None:
        self.wanted[device_id] = moment
        if moment - self.told.get(device_id, -AGAIN_S) >= AGAIN_S:
            self.told[device_id] = moment
            supervisor.orders.send(device_id, partial(self.tell, supervisor, device_id, "start_live"))

    def stop_unwatched(self, moment: float) -> None:
        for device_id in [one for one, last in self.wanted.items() if moment - last > LINGER_S]:
            del self.wanted[device_id]
            self.told.pop(device_id, None)
            if (supervisor := self.reached(device_id)) is not None:
                supervisor.orders.send(device_id, partial(self.tell, supervisor, device_id, "stop_live"))

    def reached(self, device_id: str) -> Supervisor | None:
        """Of the gateways on one database, the one that the device talks to looks after its viewers."""
        if device_id in self.supervisors:
            return self.supervisors[device_id]
        return next((one for one in self.supervisors.values() if device_id in one.present), None)

    def end(self, view: LiveView) -> None:
        with self.database.write() as session:
            if (fresh := session.get(LiveView, view.id)) is not None:
                live.end(session, fresh, min(self.folder.last_seen(fresh), fresh.expires_at), ACTOR)
        self.folder.clear(view)

    def tell(self, supervisor: Supervisor, device_id: str, kind: str) -> None:
        arguments = {"folder": str(self.folder.of(device_id))}
        done = supervisor.perform(Order(id="", kind=kind, arguments=arguments, device_id=device_id))
        why: Any = done.detail.get("reason")
        self.folder.explain(device_id, None if done.done else why)
