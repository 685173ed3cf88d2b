"""Recorders of the DV16 family: vendor commands in SCSI, to a disk that shows no card yet (devices 1.2a)."""

import struct
import time
from contextlib import suppress
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from drivers.links.recorder import Identity, decode, encode
from gateway.device import DeviceUnavailable, Refused

READ_S, WRITE_S = 2.0, 10.0
SETTLED_S = 5.0


class Opcode(IntEnum):
    """Byte 5 of the command; 0x09 to 0x0B are never sent: they change secrets without asking for one."""

    INIT_USB_DEVICE = 0x01
    GET_ID_CODE = 0x02
    GET_DEV_INFO = 0x03
    WRITE_DEV_INFO = 0x04
    SYNC_DEV_TIME = 0x05
    SET_MSDC = 0x06
    READ_DEV_RESOLUTION = 0x07
    READ_BATTERY = 0x08
    WRITE_ALL_DEV_INFO = 0x09
    SET_PASSWORD = 0x0A
    SET_ID_CODE = 0x0B
    GET_SD_STATUS = 0x0C
    GET_PASSWORD = 0x0D
    GET_RETURN_STATUS = 0x0E


class Scsi(Protocol):
    """The wire: one SCSI command to one device."""

    def read(self, command: bytes, length: int, timeout_s: float) -> bytes:
        """Raises DeviceUnavailable("recorder.no_answer")."""

    def write(self, command: bytes, content: bytes, timeout_s: float) -> None:
        """Raises DeviceUnavailable("recorder.no_answer")."""


class Dv16Link:
    """Its password stands readable in the device, the host compares: it identifies, it protects nothing."""

    def __init__(self, wire: Scsi) -> None:
        self.wire = wire

    def connect(self) -> None:
        self.write(Opcode.INIT_USB_DEVICE)

    def id_code(self) -> str:
        return self.read(Opcode.GET_ID_CODE, 6).rstrip(b"\0 ").decode("ascii", "replace")

    def identity(self, password: str) -> Identity:
        self.check(password)
        return decode(self.read(Opcode.GET_DEV_INFO, 89))

    def write_identity(self, identity: Identity, password: str) -> None:
        self.check(password)
        self.write(Opcode.WRITE_DEV_INFO, encode(identity))

    def clock(self) -> datetime | None:
        return None

    def set_clock(self, moment: datetime, password: str) -> None:
        self.check(password)
        written = struct.pack(
            "<HBBBBB", moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
        )
        self.write(Opcode.SYNC_DEV_TIME, written)

    def storage_mode(self, password: str) -> None:
        self.check(password)
        if self.number(Opcode.GET_SD_STATUS) == 0:
            raise Refused("recorder.no_card")
        # it leaves the bus at once: whether it obeyed shows by its coming back
        with suppress(DeviceUnavailable):
            self.wire.write(command(Opcode.SET_MSDC, 0, reads=False), b"", WRITE_S)

    def resolution(self) -> tuple[int, int]:
        width, height = struct.unpack("<ii", self.read(Opcode.READ_DEV_RESOLUTION, 8))
        return width, height

    def battery(self) -> int:
        return self.number(Opcode.READ_BATTERY)

    def close(self) -> None:
        """Nothing is held open between two questions."""

    def check(self, password: str) -> None:
        """Raises Refused("recorder.wrong_password")."""
        kept = self.read(Opcode.GET_PASSWORD, 16).partition(b"\0")[0]
        if kept and kept != password.encode("ascii", "replace"):
            raise Refused("recorder.wrong_password")

    def number(self, opcode: Opcode) -> int:
        [value] = struct.unpack("<i", self.read(opcode, 4))
        return int(value)

    def read(self, opcode: Opcode, length: int) -> bytes:
        answer = self.wire.read(command(opcode, length, reads=True), length, READ_S)
        if len(answer) != length:
            raise DeviceUnavailable("recorder.no_answer", call=opcode.name)
        self.settle(opcode)
        return answer

    def write(self, opcode: Opcode, content: bytes = b"") -> None:
        self.wire.write(command(opcode, len(content), reads=False), content, WRITE_S)
        self.settle(opcode)

    def settle(self, opcode: Opcode) -> None:
        """Ask how it ended until the device says: well."""
        deadline = time.monotonic() + SETTLED_S
        while struct.unpack(
            "<i", self.wire.read(command(Opcode.GET_RETURN_STATUS, 4, reads=True), 4, READ_S)
        )[0]:
            if time.monotonic() > deadline:
                raise DeviceUnavailable("recorder.no_answer", call=opcode.name)
            time.sleep(0.1)


def command(opcode: Opcode, length: int, *, reads: bool) -> bytes:
    """The 16 bytes: direction, user access, opcode at 5, length at 7."""
    block = bytearray(16)
    block[0], block[1] = (0xFD, 0x81) if reads else (0xFB, 0x82)
    block[5], block[7] = opcode, length
    return bytes(block)
