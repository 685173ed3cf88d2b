"""Lock boards of the 0x8A/0x80 family: up to 24 locks, nothing else (devices 2.1)."""

import time
from functools import reduce
from operator import xor
from threading import Event

import serial

from drivers.cabinet.board import BayReading, Snapshot
from drivers.cabinet.line import Line
from drivers.cabinet.port import open_line, told
from gateway.config.devices import BoardSettings
from gateway.device import DeviceUnavailable, Light, Refused

UNLOCK, QUERY = 0x8A, 0x80
LAST = {UNLOCK: 0x11, QUERY: 0x33}
SIZE = {UNLOCK: 5, QUERY: 7}
"""Of the answer."""
ANSWER_S = 0.4
OPENED_S = 1.5
BUS_IDLE_S = 0.005


def lock_line(settings: BoardSettings) -> Line[serial.Serial]:
    return Line(lambda: open_line(settings, 0.05), lambda port: port.close())


class Lock8a:
    """It tells whether a lock is locked, not what lies behind it: the bays' cameras tell that."""

    def __init__(self, settings: BoardSettings, line: Line[serial.Serial]) -> None:
        self.settings, self.line = settings, line
        self.last: dict[int, BayReading] = {}

    def open(self) -> None:
        self.line.join(self)
        self.last = {}
        self.locked()

    def close(self) -> None:
        self.line.leave(self)

    def look(self) -> Snapshot | None:
        bays = {bay: BayReading(locked=locked) for bay, locked in self.locked().items()}
        if bays == self.last:
            return None
        self.last = bays
        return Snapshot(bays=bays)

    def acknowledge(self, badge_seq: int) -> None:
        """It reads no badges."""

    def unlock(self, bay: int, stop: Event) -> None:
        if not 1 <= bay <= self.settings.locks:
            raise Refused("lock.no_such_bay", bay=bay, bays=self.settings.locks)
        answer = self.line.ask(lambda port: self.asked(port, UNLOCK, bay))
        if answer is not None and answer[3] == 0x00:
            return
        # no answer, or "failed": the lock itself is asked, the command is not sent again
        deadline = time.monotonic() + OPENED_S
        while time.monotonic() < deadline and not stop.is_set():
            try:
                if not self.locked().get(bay, True):
                    return
            except DeviceUnavailable:
                continue
            stop.wait(0.1)
        raise Refused("lock.not_known" if stop.is_set() else "lock.no_effect", bay=bay)

    def show(self, bay: int, light: Light) -> None:
        """It has no lights."""

    def locked(self) -> dict[int, bool]:
        answer = self.line.ask(lambda port: self.asked(port, QUERY, 0x00))
        if answer is None:
            raise DeviceUnavailable("cabinet.silent", unit=self.settings.unit)
        bits = answer[2] << 16 | answer[3] << 8 | answer[4]
        return {bay: bool(bits >> (bay - 1) & 1) for bay in range(1, self.settings.locks + 1)}

    def asked(self, port: serial.Serial, command: int, bay: int) -> bytes | None:
        with told(self.settings):
            port.reset_input_buffer()
            time.sleep(BUS_IDLE_S)
            port.write(framed(command, self.settings.unit, bay, LAST[command]))
        return self.receive(port, command, SIZE[command], bay)

    def receive(self, port: serial.Serial, command: int, size: int, bay: int) -> bytes | None:
        """The first whole answer to this very question; echo, noise and other boards are passed over."""
        seen, deadline = b"", time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            with told(self.settings):
                seen += bytes(port.read(64))
            for start in range(len(seen) - size + 1):
                frame = seen[start : start + size]
                if self.is_answer(frame, command, bay):
                    return frame
        return None

    def is_answer(self, frame: bytes, command: int, bay: int) -> bool:
        if frame[0] != command or frame[1] != self.settings.unit or reduce(xor, frame[:-1]) != frame[-1]:
            return False
        if command == QUERY:
            return frame[5] == 0x33
        # with a local echo the question comes back: it differs from "failed" in nothing, so it tells nothing
        return frame[2] == bay and frame != framed(UNLOCK, self.settings.unit, frame[2], 0x11)


def framed(*content: int) -> bytes:
    """A frame with the XOR of all before it at its end."""
    return bytes((*content, reduce(xor, content)))
