"""Modbus RTU cabinets with the register map of devices 2.5 ("DockBus"), by pymodbus as the client."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusException

from drivers.cabinet.board import BayReading, Snapshot
from drivers.cabinet.line import Line
from drivers.cabinet.port import SETTLE_S, told
from gateway.config.devices import BoardSettings
from gateway.device import DeviceUnavailable, Light, Refused

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # it logs each silence as an error; we tell once

MAGIC, VERSION = 0xD0CB, 1
ANSWER_S = 0.5
QUIET_S = 0.3
"""After a silence: a late answer must not be taken for the next one, RTU numbers none."""
REFRESH_S = 5.0
OPENED_S = 2.5

IDENT, IDENT_COUNT = 0, 10
BAYS, PER_BAY, BAYS_AT_ONCE = 0x100, 8, 15
FIFO, FIFO_COUNT = 0x400, 10
LIGHTS, PULSE, WATCHDOG, ARM, CLOCK, FIFO_ACK = 0x00, 0x40, 0x42, 0x43, 0x44, 0x60
ARMED = 0xA55A
UNKNOWN = 0xFFFF
ALARMS = ("mains", "temperature", "tamper", "fan", "lock_supply")
SLOW, FAST = 0x10, 0x20
COLOURS = {
    Light.OFF: 0, Light.TAKE: 1, Light.BUSY: 2 + SLOW, Light.FAULT: 3, Light.CHARGE: 4, Light.OPEN: 1 + FAST,
}  # fmt: skip


def modbus_line(settings: BoardSettings) -> Line[ModbusSerialClient]:
    def open_port() -> ModbusSerialClient:
        client = ModbusSerialClient(
            settings.port, baudrate=settings.baud, parity=settings.parity, timeout=ANSWER_S, retries=0,
            handle_local_echo=settings.echo,
        )  # fmt: skip
        with told(settings):
            if not client.connect():
                raise DeviceUnavailable(
                    "cabinet.no_port", port=settings.port, error="cannot be opened, or is in use"
                )
        time.sleep(SETTLE_S)
        return client

    return Line(open_port, lambda client: client.close())  # type: ignore[no-untyped-call]


class DockBus:
    def __init__(self, settings: BoardSettings, watchdog_s: int, line: Line[ModbusSerialClient]) -> None:
        self.settings, self.watchdog_s, self.line = settings, watchdog_s, line
        self.seq: int | None = None
        self.uptime = 0
        self.count = 0
        self.looked = 0.0

    def open(self) -> None:
        self.line.join(self)
        words = self.read(IDENT, IDENT_COUNT)
        if words[0] != MAGIC or words[1] >> 8 != VERSION or not 1 <= words[3] <= 64:
            raise Refused("cabinet.other_map", magic=f"{words[0]:04X}", version=words[1] >> 8)
        self.count, self.seq, self.uptime = words[3], None, uptime_of(words)
        self.set_up()

    def set_up(self) -> None:
        """The watchdog makes it safe by itself when we are gone: locks stay locked, lights go amber."""
        self.write(WATCHDOG, self.watchdog_s)
        self.write(PULSE, 500)
        now = int(time.time())
        self.write(CLOCK, *(now >> shift & 0xFFFF for shift in (48, 32, 16, 0)))

    def close(self) -> None:
        self.line.leave(self)

    def look(self) -> Snapshot | None:
        words = self.read(IDENT, IDENT_COUNT)
        uptime = uptime_of(words)
        restarted = uptime < self.uptime
        self.uptime = uptime
        if restarted:
            self.set_up()
        is_old = time.monotonic() - self.looked > REFRESH_S
        if words[6] == self.seq and not restarted and not is_old:
            return None
        alarms = tuple(name for bit, name in enumerate(ALARMS) if words[7] >> bit & 1)
        bays = self.read_bays()
        fifo = self.read(FIFO, FIFO_COUNT)
        badge = b"".join(word.to_bytes(2, "big") for word in fifo[3:9])[: min(fifo[2], 12)]
        self.seq, self.looked = words[6], time.monotonic()
        return Snapshot(
            bays=bays, alarms=alarms, restarted=restarted,
            badge=badge.hex().upper() if fifo[0] and badge else None, badge_seq=fifo[1],
        )  # fmt: skip

    def read_bays(self) -> dict[int, BayReading]:
        found = {}
        for first in range(0, self.count, BAYS_AT_ONCE):
            number = min(BAYS_AT_ONCE, self.count - first)
            words = self.read(BAYS + PER_BAY * first, PER_BAY * number)
            for index in range(number):
                found[first + index + 1] = reading(words[PER_BAY * index : PER_BAY * (index + 1)])
        return found

    def acknowledge(self, badge_seq: int) -> None:
        self.write(FIFO_ACK, badge_seq)
        self.seq = None  # another badge may be waiting behind it

    def unlock(self, bay: int, stop: Event) -> None:
        if not 1 <= bay <= self.count:
            raise Refused("lock.no_such_bay", bay=bay, bays=self.count)
        before = self.unlock_count(bay)
        self.write(ARM, ARMED)
        # asked for once, answered or not: whether it opened is told by its counter
        with suppress(DeviceUnavailable):
            self.asked(lambda client: client.write_coil(bay - 1, True, device_id=self.settings.unit))
        deadline = time.monotonic() + OPENED_S
        while time.monotonic() < deadline and not stop.is_set():
            try:
                if self.unlock_count(bay) != before:
                    return
            except DeviceUnavailable:
                continue
            stop.wait(0.1)
        raise Refused("lock.not_known" if stop.is_set() else "lock.no_effect", bay=bay)

    def unlock_count(self, bay: int) -> int:
        return self.read(BAYS + PER_BAY * (bay - 1) + 6, 1)[0]

    def show(self, bay: int, light: Light) -> None:
        if 1 <= bay <= self.count:
            self.write(LIGHTS + bay - 1, COLOURS[light])

    def read(self, address: int, count: int) -> list[int]:
        answer = self.asked(
            lambda client: client.read_input_registers(address, count=count, device_id=self.settings.unit)
        )
        words: list[int] = answer.registers
        if len(words) != count:
            raise DeviceUnavailable("cabinet.silent", unit=self.settings.unit)
        return words

    def write(self, address: int, *values: int) -> None:
        unit = self.settings.unit
        self.asked(lambda client: client.write_registers(address, list(values), device_id=unit))

    def asked(self, question: Callable[[ModbusSerialClient], Any]) -> Any:
        """Raises DeviceUnavailable for silence, and for an answer that says no."""

        def turn(client: ModbusSerialClient) -> Any:
            with told(self.settings):
                try:
                    return question(client)
                except ModbusException as error:
                    time.sleep(QUIET_S)
                    raise DeviceUnavailable("cabinet.silent", unit=self.settings.unit) from error

        answer = self.line.ask(turn)
        if answer.isError():
            raise DeviceUnavailable(
                "cabinet.refuses", unit=self.settings.unit, exception=answer.exception_code
            )
        return answer


def uptime_of(words: list[int]) -> int:
    return words[4] << 16 | words[5]


def reading(words: list[int]) -> BayReading:
    """Eight words of one bay: state, flags, battery, charge mA, bus mV, door-open s, unlock count, error."""
    flags = words[1]
    alarms = [name for bit, name in ((4, "over_current"), (5, "forced")) if flags >> bit & 1]
    if words[7]:
        alarms.append(f"error_{words[7]}")
    return BayReading(
        occupied=bool(flags & 1), closed=bool(flags >> 1 & 1), locked=bool(flags >> 2 & 1),
        battery=None if words[2] == UNKNOWN else min(100, words[2]), alarms=tuple(alarms),
    )  # fmt: skip
