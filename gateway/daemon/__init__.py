"""Composition root of `gateway run`: builds everything, starts it, joins it."""

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import copies, retrieval
from gateway.config import ConfigError, Settings
from gateway.config.copies import are_apart
from gateway.config.devices import SerialDockSettings, UsbDockSettings
from gateway.config.recorders import RtspRecorderSettings
from gateway.daemon.backup import Backup
from gateway.daemon.bookings import Bookings
from gateway.daemon.caretaker import Caretaker, Duty, Progress
from gateway.daemon.drivers import drivers_for
from gateway.daemon.exchange import Exchange
from gateway.daemon.lights import Lights
from gateway.daemon.live import Live
from gateway.daemon.pulling import Pulling, sweep
from gateway.device import Driver
from gateway.disposal.execution import Destruction
from gateway.guard import guarded
from gateway.intake import Intake
from gateway.intake.devices import register
from gateway.law import Law
from gateway.linking.packs import put_in_force
from gateway.live import LiveFolder
from gateway.models import new_id
from gateway.opening import check_engine, open_database, open_stores, packs_of
from gateway.reports.due import freeze_next
from gateway.scope.news import DutyNews
from gateway.store.durable import write_whole
from gateway.supervisor import Supervisor
from ingest import copying
from ingest.dispatch import WINDOW, Dispatch, queue_name
from ingest.engine import Engine
from ingest.runner import Runner
from ingest.stage import Context

log = logging.getLogger(__name__)

CLAIMED = 16 * WINDOW
"""Jobs claimed at once: sixteen devices' windows. They wait for their turn in threads that cost little."""


STOP_S = 1.5
"""Of the two seconds in which a stop has to be through."""


class Daemon:
    """Everything that touches devices and bytes. `role` tells two processes of one host apart."""

    def __init__(
        self, settings: Settings, role: str = "run", drivers: dict[str, Driver] | None = None
    ) -> None:
        self.settings = settings
        self.is_whole = drivers is None
        """Not a card taken in by hand: nobody speaks with other systems for that."""
        self.destroys = role != "ingest"  # who takes in a card by hand waits for nothing else
        settings.data.mkdir(parents=True, exist_ok=True)
        self.lock = only_one(settings.data / f"{role}.lock")
        self.stop_event = threading.Event()
        self.open()
        self.host = host_id(settings.data)
        self.executor = f"{self.host}-{role}"
        self.build_ingest()
        self.build_devices(drivers_for(settings.devices) if drivers is None else drivers)
        self.build_rounds()

    def open(self) -> None:
        """What has to be there before anything can be built on it."""
        self.database = open_database(self.settings)
        check_engine(self.settings)
        self.store, self.second = open_stores(self.settings, self.database)
        self.packs = packs_of(self.settings)
        register(self.database, self.settings)
        with self.database.write() as session:
            put_in_force(session, self.packs, "gateway")

    def build_ingest(self) -> None:
        """The stages, who carries clips through them, the engine that calls it, who feeds the engine."""
        ingest = self.settings.ingest
        self.progress = Progress(self.database)
        self.context = Context(
            store=self.store,
            second=self.second,
            stop=self.stop_event,
            progress=self.progress,
            derive=ingest.derive,
            content_keys=self.settings.content_keys,
            copying=lambda: self.runner.is_copying,
        )
        self.runner = Runner(
            self.database, self.context, self.packs, ingest, self.executor, lambda: self.dispatch.wake()
        )
        queues = {queue_name("preserve", self.host): CLAIMED, queue_name("describe", self.host): WINDOW}
        self.engine = Engine(self.settings.engine_database_url, self.executor, queues, self.runner.advance)
        self.dispatch = Dispatch(self.database, self.engine, self.host, self.executor, ingest.lease_seconds)

    def build_devices(self, drivers: Mapping[str, Driver]) -> None:
        """Each driver under a supervisor of its own; what they report goes to the intake."""
        self.intake = Intake(self.database, self.host, self.executor, self.dispatch.wake)
        self.supervisors = {
            device_id: Supervisor(device_id, driver, self.intake.emit, self.stop_event)
            for device_id, driver in drivers.items()
        }
        self.context.pull = Pulling(self.supervisors)

    def build_rounds(self) -> None:
        """Threads that come round again and again, whether or not a device is there."""
        self.exchange = Exchange(self.settings, self.database, self.executor, self.stop_event)
        self.caretaker = Caretaker(
            self.database,
            self.store,
            self.packs,
            self.dispatch,
            self.supervisors,
            self.progress,
            self.stop_event,
            second=self.second,
            copy=partial(copying.make, self.database, self.context, self.packs),
            are_apart=partial(are_apart, self.settings),
            more=tuple(self.duties()),
            prompt=tuple(self.prompt_duties()),
        )
        self.backup = Backup(self.database, self.context, self.executor)
        self.live = Live(self.database, LiveFolder(self.settings.data), self.supervisors, self.stop_event)

    def duties(self) -> Iterator[Duty]:
        """What not every process and unit needs: disposals, docks, exchange, reports."""
        if self.destroys:
            yield 1.0, Destruction(self.database, self.packs, self.store, self.second, self.executor).round
        spools = {one.spool for one in self.settings.devices if isinstance(one, UsbDockSettings)}
        if spools:
            yield 3600.0, partial(sweep, self.database, sorted(spools))
        yield self.exchange.duty()
        if self.is_whole:
            law = Law(self.packs, ZoneInfo(self.settings.timezone))
            yield 2.0, DutyNews(self.database, law, self.executor).round
            yield 10.0, partial(retrieval.end_expired, self.database)
            yield 10.0, partial(copies.settle, self.database)
            yield 60.0, partial(copies.prune, self.database, self.store)
            yield 60.0, partial(freeze_next, self.database, law)

    def prompt_duties(self) -> Iterator[Duty]:
        """Cabinets and booked rooms, where there are any."""
        cabinets = tuple(one for one in self.settings.devices if isinstance(one, SerialDockSettings))
        if cabinets:
            yield 0.5, Lights(self.database, cabinets, self.supervisors).show
        rooms = tuple(one for one in self.settings.devices if isinstance(one, RtspRecorderSettings))
        booked = tuple(room for room in rooms if room.mode == "booked")
        if booked:
            yield 2.0, Bookings(self.database, booked).order

    def start(self) -> None:
        self.dispatch.renew_lease()
        self.engine.start()
        self.intake.start()
        self.dispatch.start()
        self.caretaker.start()
        self.backup.start()
        self.live.start()
        if self.is_whole:
            self.exchange.start()
        for supervisor in self.supervisors.values():
            supervisor.start()
        log.info("running: %d devices", len(self.supervisors))

    @property
    def is_healthy(self) -> bool:
        """What the systemd watchdog wants to know."""
        return self.intake.thread.is_alive() and self.caretaker.is_well

    def stop(self) -> bool:
        """Everything ends within two seconds, whatever it is doing; nothing acknowledged is lost.

        False if something does not end: it waits for a disk or a lock, and must not keep the process.
        """
        self.stop_event.set()
        ending = Ending(STOP_S)
        deadline = time.monotonic() + ending.left(0.7)
        for supervisor in self.supervisors.values():
            supervisor.join(max(0.0, deadline - time.monotonic()))
        self.intake.stop(ending.left(0.5))
        self.dispatch.stop(ending.left(0.1))
        ended = ending.within(1.0, "ending the jobs", lambda: self.engine.stop(ending.left(0.8)))
        self.caretaker.join(ending.left)
        self.live.thread.join(ending.left(0.1))
        self.exchange.join(ending.left(0.1))
        # one that could not be ended runs out by itself
        ended &= ending.within(0.5, "ending the lease", self.dispatch.end_lease)
        if ended:
            self.database.close()
        os.close(self.lock)
        return ended and not self.engine.running


class Ending:
    """What is left of the time in which everything must have ended."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def left(self, most: float) -> float:
        return max(0.0, min(most, self.deadline - time.monotonic()))

    def within(self, most: float, what: str, work: Callable[[], object]) -> bool:
        """Whether it came to its end in time; what does not is left behind."""
        thread = threading.Thread(target=lambda: guarded(log, what, work), name=what, daemon=True)
        thread.start()
        thread.join(self.left(most))
        if thread.is_alive():
            log.warning("%s takes too long; left as it is", what)
        return not thread.is_alive()


def only_one(path: Path) -> int:
    """Hold a lock file: two processes with one name would take each other's work for their own."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(handle)
        raise ConfigError(
            f"another `gateway {path.stem}` (process {holder}) already works on {path.parent}; stop it first"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    return handle


def host_id(data: Path) -> str:
    """A name for this machine that outlives a change of its host name."""
    path = data / "host-id"
    known = path.read_text().strip() if path.exists() else ""
    if not known:
        known = new_id()[-12:]
        write_whole(path, known.encode())
    return known
