"""Twins of cabinets and readers at their serial line: a DockBus board, a lock board, badges.

    python -m drivers.simulators.cabinet --help

A pty knows no parity and no baud; a board that is far away is reached over a socket by the same code. Several
may hang on one line (`serial_line.py`). Faults: `deaf` (silent), `lost` (does what it is told and does not
answer), `jam` (locks do not move), `noise`, `echo`.
"""

import struct
import sys
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from operator import xor

from pymodbus.framer import FramerRTU

from drivers.simulators.serial_line import Wire

MAGIC, ARMED = 0xD0CB, 0xA55A
READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16
ARMED_S = 2.0


@dataclass
class Bay:
    occupied: bool = False
    battery: int = 0xFFFF
    closed: bool = True
    locked: bool = True
    unlocks: int = 0
    light: int = 0
    forced: bool = False

    def words(self) -> list[int]:
        flags = self.occupied | self.closed << 1 | self.locked << 2 | 1 << 3 | self.forced << 5
        state = (2 if self.battery < 100 else 3) if self.occupied else 0
        return [state, flags, self.battery, 0, 5000, 0, self.unlocks, 0]


class Cabinet(ABC):
    """What both kinds of board share: bays, hands that put and take, locks that open for a moment."""

    def __init__(self, wire: Wire, bays: int, unit: int = 1) -> None:
        self.wire, self.unit = wire, unit
        self.bays = [Bay() for _ in range(bays)]
        self.lock = threading.RLock()
        self.jam = False
        self.badges: list[tuple[int, bytes]] = []
        self.seq = self.badge_seq = 0
        self.started = time.monotonic()
        self.heard = time.monotonic()
        self.thread = threading.Thread(target=self.serve, name="cabinet twin", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.wire.ended.set()
        self.thread.join(2)

    def serve(self) -> None:
        pending, last = b"", time.monotonic()
        while not self.wire.ended.is_set():
            content = self.wire.read()
            now = time.monotonic()
            if now - last > 0.2:
                pending = b""  # half a question is none
            if content:
                pending, last = pending + content, now
            with self.lock:
                pending = self.answered(pending)

    @abstractmethod
    def answered(self, pending: bytes) -> bytes:
        """Answer what is whole; what is not comes back."""

    def put(self, bay: int, battery: int = 0xFFFF) -> None:
        with self.lock:
            one = self.bays[bay - 1]
            one.occupied, one.battery, one.closed, one.locked = True, battery, True, True
            self.seq += 1

    def take(self, bay: int, *, by_force: bool = False) -> None:
        """A hand takes what lies there and shuts the door; a locked one must be forced."""
        with self.lock:
            one = self.bays[bay - 1]
            if one.locked and not by_force:
                raise ValueError(f"bay {bay} is locked")
            one.occupied, one.battery, one.closed, one.locked, one.forced = (
                False,
                0xFFFF,
                True,
                True,
                by_force,
            )
            self.seq += 1

    def open(self, bay: int) -> None:
        one = self.bays[bay - 1]
        if not self.jam:
            one.locked, one.closed = False, False
            one.unlocks = (one.unlocks + 1) & 0xFFFF
            self.seq += 1

    def badge(self, code: str) -> None:
        with self.lock:
            self.badge_seq += 1
            self.badges.append((self.badge_seq, bytes.fromhex(code)))
            self.seq += 1


class DockBusTwin(Cabinet):
    """Silent for other addresses and broken frames, as a real slave on a shared line is."""

    def __init__(self, wire: Wire, bays: int, unit: int = 1) -> None:
        super().__init__(wire, bays, unit)
        self.armed = float("-inf")
        self.holding: dict[int, int] = {}

    def answered(self, pending: bytes) -> bytes:
        size = question_size(pending)
        while size and len(pending) >= size:
            frame, pending = pending[:size], pending[size:]
            body, check = frame[:-2], int.from_bytes(frame[-2:], "big")
            if FramerRTU.compute_CRC(body) == check and body[0] == self.unit:
                self.heard = time.monotonic()
                answer = bytes([self.unit]) + self.obey(body[1], body[2:])
                self.wire.write(answer + FramerRTU.compute_CRC(answer).to_bytes(2, "big"))
            size = question_size(pending)
        return pending

    def obey(self, function: int, body: bytes) -> bytes:
        address, value = struct.unpack(">HH", body[:4])
        match function:
            case 3 | 4:
                words = [self.word(function, address + index) for index in range(value)]
                return bytes([function, 2 * value]) + struct.pack(f">{value}H", *words)
            case 5:
                if time.monotonic() - self.armed > ARMED_S or value != 0xFF00 or address >= len(self.bays):
                    return bytes([function | 0x80, 3])
                self.armed = float("-inf")
                self.open(address + 1)
                return bytes([function]) + body[:4]
            case 6:
                self.write(address, value)
                return bytes([function]) + body[:4]
            case 16:
                for index, word in enumerate(struct.unpack(f">{value}H", body[5 : 5 + 2 * value])):
                    self.write(address + index, word)
                return bytes([function]) + body[:4]
        return bytes([function | 0x80, 1])

    def write(self, address: int, value: int) -> None:
        self.holding[address] = value
        if address < len(self.bays):
            self.bays[address].light = value
        elif address == 0x43 and value == ARMED:
            self.armed = time.monotonic()
        elif address == 0x60:
            self.badges = [badge for badge in self.badges if badge[0] != value]
            self.seq += 1

    def word(self, function: int, address: int) -> int:
        if function == READ_HOLDING:
            return self.holding.get(address, 0)
        uptime = int(time.monotonic() - self.started)
        ident = {
            0: MAGIC, 1: 0x0100, 2: 1, 3: len(self.bays), 4: uptime >> 16, 5: uptime & 0xFFFF,
            6: self.seq & 0xFFFF, 8: 12000, 9: 215,
        }  # fmt: skip
        if 0x100 <= address < 0x100 + 8 * len(self.bays):
            return self.bays[(address - 0x100) // 8].words()[(address - 0x100) % 8]
        if 0x400 <= address < 0x40A:
            return self.fifo()[address - 0x400]
        return ident.get(address, 0)

    def fifo(self) -> list[int]:
        seq, code = self.badges[0] if self.badges else (0, b"")
        padded = code.ljust(12, b"\0")
        return [len(self.badges), seq, len(code), *struct.unpack(">6H", padded), 0]

    def restart(self) -> None:
        """Power cut of the board: what it was told is gone."""
        with self.lock:
            self.started, self.seq = time.monotonic(), 0
            self.holding.clear()
            for bay in self.bays:
                bay.light = 0

    @property
    def is_safe(self) -> bool:
        """Whether its watchdog has found the gateway silent."""
        wait = self.holding.get(0x42, 0)
        return bool(wait) and time.monotonic() - self.heard > wait


def question_size(pending: bytes) -> int:
    """Bytes of the question that begins here; 0 while that cannot be told."""
    if len(pending) < 8:
        return 0
    return 9 + pending[6] if pending[1] == WRITE_REGISTERS else 8


class LockBoardTwin(Cabinet):
    """The 0x8A/0x80 family."""

    def answered(self, pending: bytes) -> bytes:
        while len(pending) >= 5:
            if pending[0] not in {0x8A, 0x80} or reduce(xor, pending[:4]) != pending[4]:
                pending = pending[1:]
                continue
            frame, pending = pending[:5], pending[5:]
            if frame[1] == self.unit:
                self.wire.write(self.obey(frame[0], frame[2]))
        return pending

    def obey(self, command: int, bay: int) -> bytes:
        if command == 0x8A:
            self.open(bay)
            content = bytes((0x8A, self.unit, bay, 0x11 if self.bays[bay - 1].locked else 0x00))
        else:
            bits = sum(one.locked << index for index, one in enumerate(self.bays))
            content = bytes((0x80, self.unit, bits >> 16 & 0xFF, bits >> 8 & 0xFF, bits & 0xFF, 0x33))
        return content + bytes([reduce(xor, content)])


def rdm6300(code: str) -> bytes:
    """One frame as a reader sends it every 50 ms while the badge lies there."""
    check = reduce(xor, bytes.fromhex(code))
    return b"\x02" + f"{code}{check:02X}".encode() + b"\x03"


if __name__ == "__main__":
    from drivers.simulators.cabinet_by_hand import main

    sys.exit(main(sys.argv[1:]))
