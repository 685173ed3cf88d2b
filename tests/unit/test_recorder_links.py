"""Identity records and DV16 commands, byte by byte as public code shows them (devices 1.1, 1.2a)."""

import struct
from datetime import datetime

import pytest

from drivers.links.dv16 import Dv16Link, Opcode, command
from drivers.links.recorder import Identity, decode, encode
from gateway.device import DeviceUnavailable, Refused

ZHANG = Identity("H8-0042", "130501", "张伟", "130500", "邢台市市场监督管理局")


class Wire:
    """Answers from a table, remembers what was written."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = {"GET_RETURN_STATUS": bytes(4), "GET_PASSWORD": b"774411".ljust(16, b"\0"), **answers}
        self.sent: list[tuple[bytes, bytes]] = []

    def read(self, command: bytes, length: int, timeout_s: float) -> bytes:
        return self.answers[Opcode(command[5]).name][:length]

    def write(self, command: bytes, content: bytes, timeout_s: float) -> None:
        self.sent.append((command, content))


def test_both_layouts_of_the_identity_record() -> None:
    record = encode(ZHANG)
    assert len(record) == 89
    assert decode(record) == ZHANG
    with_nuls, position = b"", 0
    for width in (7, 6, 32, 12, 32):
        with_nuls += record[position : position + width] + b"\0"
        position += width
    assert decode(with_nuls) == ZHANG
    assert record[13:17] == "张伟".encode("gbk")


def test_a_record_of_another_length_and_a_name_too_long_are_refused() -> None:
    with pytest.raises(Refused):
        decode(bytes(90))
    with pytest.raises(Refused):
        encode(Identity("H8", "1305011", "", "", ""))


def test_what_is_no_text_is_no_traceback() -> None:
    assert decode(b"\xff" * 89).serial
    assert decode(bytes(89)) == Identity("", "", "", "", "")


def test_commands_are_sixteen_bytes_with_opcode_at_five_and_length_at_seven() -> None:
    assert command(Opcode.GET_DEV_INFO, 89, reads=True).hex() == "fd8100000003" + "00" + "59" + "00" * 8
    assert command(Opcode.SET_MSDC, 0, reads=False).hex() == "fb8200000006" + "00" * 10


def test_the_clock_is_seven_bytes() -> None:
    wire = Wire()
    Dv16Link(wire).set_clock(datetime(2026, 8, 4, 10, 5, 59), "774411")
    [(sent, content)] = wire.sent
    assert sent[5] == Opcode.SYNC_DEV_TIME
    assert content == struct.pack("<H", 2026) + bytes((8, 4, 10, 5, 59))


def test_reading_calls() -> None:
    wire = Wire(
        GET_ID_CODE=b"HACH8\0", GET_DEV_INFO=encode(ZHANG),
        READ_BATTERY=struct.pack("<i", 76), READ_DEV_RESOLUTION=struct.pack("<ii", 1920, 1080),
    )  # fmt: skip
    link = Dv16Link(wire)
    assert (link.id_code(), link.identity("774411"), link.battery()) == ("HACH8", ZHANG, 76)
    assert link.resolution() == (1920, 1080)
    assert link.clock() is None


def test_a_wrong_password_writes_nothing() -> None:
    wire = Wire(GET_SD_STATUS=struct.pack("<i", 1))
    link = Dv16Link(wire)
    for call in (
        lambda: link.identity("x"),
        lambda: link.storage_mode("x"),
        lambda: link.set_clock(datetime(2026, 1, 1), "x"),
        lambda: link.write_identity(ZHANG, "x"),
    ):
        with pytest.raises(Refused):
            call()
    assert wire.sent == []


def test_a_short_answer_is_none() -> None:
    with pytest.raises(DeviceUnavailable):
        Dv16Link(Wire(GET_ID_CODE=b"HA")).id_code()
