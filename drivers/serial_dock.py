"""Cabinets (采集柜): locks, lamps and badge readers on serial lines, one owner thread for each line."""

import logging
import queue
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from threading import Event
from typing import Any, assert_never

from drivers.cabinet.board import BayReading, Board, Snapshot
from drivers.cabinet.dockbus import DockBus, modbus_line
from drivers.cabinet.line import Line
from drivers.cabinet.lock8a import Lock8a, lock_line
from drivers.cabinet.port import open_line, told
from drivers.cabinet.readers import Framer, Lines, Once, Rdm6300
from gateway.config.devices import BoardSettings, ReaderSettings, SerialDockSettings
from gateway.device import (
    BadgeShown,
    BayRead,
    Connected,
    DeviceUnavailable,
    Emit,
    FoundFile,
    Light,
    Order,
    OrderResult,
    Refused,
    Release,
    SignalReceived,
)
from gateway.guard import guarded
from gateway.instants import moment
from gateway.wording import Reason

log = logging.getLogger(__name__)

ORDER_S = 8.0
REOPEN_S = 2.0
MISSES = 3


class SerialDock:
    """Polls the board, tells what changed, opens what it is ordered to."""

    def __init__(self, settings: SerialDockSettings, line: Line[Any] | None = None) -> None:
        """`line` is given where other cabinets hang on it, too."""
        self.settings = settings
        self.line = line or line_of(settings.board)
        self.unlocks: queue.SimpleQueue[tuple[int, Future[None]]] = queue.SimpleQueue()
        self.lights: dict[int, Light] = {}
        """What each lamp has to show; told to the board when it shows something else."""
        self.shown: dict[int, Light] = {}
        self.is_open = False
        self.missed = 0
        self.is_late = True
        """Until the badges are through that the board kept while nobody listened."""

    def run(self, emit: Emit, stop: Event) -> None:
        """Raises DeviceUnavailable if the board is silent or its line is gone."""
        board = board_for(self.settings, self.line)
        ended = threading.Event()
        readers = [ReaderThread(reader, self.settings, emit, ended) for reader in self.settings.readers]
        bays: dict[int, BayReading] = {}
        try:
            board.open()
            self.shown, self.is_late, self.missed = {}, True, 0
            emit(Connected(device_id=self.settings.id, at=moment()))
            self.is_open = True
            for thread in readers:
                thread.start()
            while not stop.is_set():
                self.open_what_was_asked(board, stop)
                if snapshot := self.look(board):
                    self.tell(snapshot, bays, emit, board)
                self.show_lights(board)
                self.pause(stop)
        finally:
            self.is_open = False
            ended.set()
            self.refuse_what_waits()
            board.close()
            for thread in readers:
                if thread.ident is not None:
                    thread.join(0.4)

    def look(self, board: Board) -> Snapshot | None:
        """One frame that noise broke is no board that is gone; three in a row are."""
        try:
            snapshot = board.look()
        except DeviceUnavailable as gone:
            self.missed += 1
            if self.missed >= MISSES or gone.reason["code"] == "cabinet.no_port":
                raise
            return None
        self.missed = 0
        return snapshot

    def pause(self, stop: Event) -> None:
        """Until the next look, or an order comes."""
        deadline = time.monotonic() + min(self.settings.poll_seconds, 0.5)
        while self.unlocks.empty() and not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            stop.wait(min(left, 0.05))

    def tell(self, snapshot: Snapshot, bays: dict[int, BayReading], emit: Emit, board: Board) -> None:
        """What changed since it was last told; the badge last, so that it meets the bays as they are."""
        if snapshot.restarted:
            self.shown = {}
        at = moment()
        changed = {bay: now for bay, now in snapshot.bays.items() if bays.get(bay) != now}
        events = [
            BayRead(
                device_id=self.settings.id, at=at, bay=str(bay), dock=self.settings.dock,
                occupied=now.occupied, battery=now.battery, closed=now.closed, locked=now.locked,
                alarms=now.alarms,
            )
            for bay, now in changed.items()
        ]  # fmt: skip
        alarms = SignalReceived(
            device_id=self.settings.id, at=at, kind="cabinet", detail={"alarms": list(snapshot.alarms)}
        )
        emit(*events, alarms)
        bays.update(changed)
        self.is_late = self.is_late and snapshot.badge is not None
        if snapshot.badge:
            emit(shown_badge(self.settings, "board", snapshot.badge, late=self.is_late))
            board.acknowledge(snapshot.badge_seq)  # only now: until it is stored the board keeps it

    def show_lights(self, board: Board) -> None:
        for bay, light in list(self.lights.items()):
            if self.shown.get(bay) is not light:
                board.show(bay, light)
                self.shown[bay] = light

    def open_what_was_asked(self, board: Board, stop: Event) -> None:
        while not self.unlocks.empty():
            bay, done = self.unlocks.get()
            if not done.set_running_or_notify_cancel():
                continue
            try:
                board.unlock(bay, stop)
            except Refused as no:
                done.set_exception(no)
            except DeviceUnavailable as gone:
                done.set_exception(gone)
                raise
            else:
                done.set_result(None)

    def refuse_what_waits(self) -> None:
        while not self.unlocks.empty():
            _, done = self.unlocks.get()
            if done.set_running_or_notify_cancel():
                done.set_exception(DeviceUnavailable("cabinet.silent", unit=self.settings.board.unit))

    def release(self, found: FoundFile, sha256: str) -> Release:
        raise Refused("order.unknown", kind=f"release {found.device_id} {sha256[:8]}")

    def perform(self, order: Order) -> OrderResult:
        """`unlock` {bay} opens one lock once; `light` {bay, light} sets a lamp."""
        match order.kind:
            case "light":
                self.lights[number(order.arguments.get("bay"))] = Light(str(order.arguments["light"]))
                return OrderResult(done=True)
            case "unlock":
                left = (order.deadline - moment()).total_seconds() if order.deadline else ORDER_S
                return self.unlock(number(order.arguments.get("bay")), min(ORDER_S, max(0.1, left)))
        raise Refused("order.unknown", kind=order.kind)

    def unlock(self, bay: int, seconds: float) -> OrderResult:
        if not self.is_open:
            raise DeviceUnavailable("cabinet.silent", unit=self.settings.board.unit)
        done: Future[None] = Future()
        self.unlocks.put((bay, done))
        try:
            done.result(seconds)
        except TookTooLong:
            if done.cancel():
                raise DeviceUnavailable("cabinet.silent", unit=self.settings.board.unit) from None
            raise Refused("lock.no_effect", bay=bay) from None
        return OrderResult(done=True, detail={"bay": bay})


class ReaderThread(threading.Thread):
    """One reader's line; a reader that is unplugged comes back by itself and holds up nobody."""

    def __init__(self, reader: ReaderSettings, cabinet: SerialDockSettings, emit: Emit, ended: Event) -> None:
        super().__init__(name=f"{cabinet.id} {reader.name}", daemon=True)
        self.reader, self.cabinet, self.emit, self.ended = reader, cabinet, emit, ended
        self.once = Once(reader.away_seconds)
        self.is_there: bool | None = None

    def run(self) -> None:
        while not self.ended.is_set():
            guarded(log, self.name, self.read_and_tell)
            self.ended.wait(REOPEN_S)

    def read_and_tell(self) -> None:
        try:
            self.read()
        except DeviceUnavailable as gone:
            self.say(is_there=False, why=gone.reason)

    def read(self) -> None:
        framer = framer_for(self.reader)
        with open_line(self.reader, 0.1) as port:
            self.say(is_there=True, why=None)
            while not self.ended.is_set():
                with told(self.reader):
                    content = port.read(64)
                for code in framer.feed(content, time.monotonic()):
                    if self.once.is_new(code, time.monotonic()):
                        self.emit(shown_badge(self.cabinet, self.reader.name, code))

    def say(self, *, is_there: bool, why: Reason | None) -> None:
        if is_there is not self.is_there:
            self.is_there = is_there
            told_of = {self.reader.name: {"present": is_there, "why": why}}
            self.emit(SignalReceived(device_id=self.cabinet.id, at=moment(), kind="readers", detail=told_of))


def line_of(board: BoardSettings) -> Line[Any]:
    return modbus_line(board) if board.kind == "dockbus" else lock_line(board)


def board_for(settings: SerialDockSettings, line: Line[Any]) -> Board:
    match settings.board.kind:
        case "dockbus":
            return DockBus(settings.board, settings.watchdog_seconds, line)
        case "lock8a":
            return Lock8a(settings.board, line)
        case _:
            assert_never(settings.board.kind)


def framer_for(reader: ReaderSettings) -> Framer:
    match reader.kind:
        case "rdm6300":
            return Rdm6300()
        case "lines":
            return Lines()
        case _:
            assert_never(reader.kind)


def shown_badge(settings: SerialDockSettings, reader: str, code: str, *, late: bool = False) -> BadgeShown:
    return BadgeShown(
        device_id=settings.id, at=moment(), reader=reader, code=code, least_battery=settings.least_battery,
        late=late,
    )  # fmt: skip


def number(told_bay: object) -> int:
    """Raises Refused("lock.no_such_bay")."""
    text = str(told_bay)
    if not text.isdecimal() or len(text) > 3:
        raise Refused("lock.no_such_bay", bay=told_bay, bays="1…")
    return int(text)
