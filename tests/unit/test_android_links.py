"""Answers over TCP that come in pieces, late, run together or not at all; adb as it is called."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.links.e12 import E12Link
from drivers.links.recorder import Identity, encode
from drivers.links.talk import TcpTalk, over_adb
from drivers.links.zzx import ZzxLink, wake
from gateway.device import DeviceUnavailable, Refused

ZHANG = Identity("H8-0042", "130501", "张伟", "130500", "邢台市市场监督管理局")


@contextmanager
def recorder(*answers: tuple[bytes, ...]) -> Iterator[TcpTalk]:
    """One answer for each thing that is heard, in pieces that come one after another."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        there, _ = server.accept()
        with there:
            there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for pieces in answers:
                if not there.recv(4096):
                    return
                for piece in pieces:
                    there.sendall(piece)
                    time.sleep(0.05)
            there.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    talk = TcpTalk(server.getsockname())
    try:
        yield talk
    finally:
        talk.close()
        server.close()
        thread.join(5)


BUSY, PASSWORD = b"E12DATR880", (b"E12DATR880", b"774411")


def test_e12_answers_that_run_together_or_come_in_pieces_are_told_apart() -> None:
    record = encode(ZHANG)
    together, pieces = (BUSY + b"774411",), (BUSY[:4], BUSY[4:] + record[:30], record[30:])
    with recorder(together, pieces, (BUSY + b"HACH8",)) as talk:
        link = E12Link(talk)
        assert link.identity("774411") == ZHANG
        assert link.id_code() == "HACH8"


def test_e12_says_that_it_failed() -> None:
    with recorder(PASSWORD, (BUSY + b"E12DATR120",)) as talk, pytest.raises(Refused) as no:
        E12Link(talk).identity("774411")
    assert no.value.reason["code"] == "recorder.refuses"
    with recorder((BUSY, b"E12DATR050")) as talk:
        assert E12Link(talk).clock() is None
    with recorder((b"E12CMDF80",), ()) as talk, pytest.raises(Refused):
        E12Link(talk).connect()


def test_an_e12_without_a_password_is_no_reason_to_send_none() -> None:
    with recorder((BUSY + b"E12DATR030",)) as talk, pytest.raises(Refused):
        E12Link(talk).storage_mode("")


def told(number: int, **body: object) -> bytes:
    return json.dumps({"header": {"id": number}, "body": body}).encode() + b"\r\n"


def test_a_late_zzx_answer_is_not_taken_for_the_next() -> None:
    late = told(2, IDCode="OLD")
    with recorder(
        (late + told(8, password="true", battery="76")[:10], told(8, password="true", battery="76")[10:])
    ) as talk:
        assert ZzxLink(talk).battery() == 76


@pytest.mark.parametrize(
    "said", [b"hello\r\n", b"[]\r\n", b'{"header": 1}\r\n', b'{"header":{"id":2},"body":7}\r\n']
)
def test_what_is_no_zzx_answer_is_none(said: bytes) -> None:
    with recorder((said,)) as talk, pytest.raises(DeviceUnavailable):
        ZzxLink(talk).id_code()


def test_silence_is_no_answer() -> None:
    with recorder() as talk, pytest.raises(DeviceUnavailable):
        talk.receive(lambda said: bool(said), 0.4)
    with pytest.raises(DeviceUnavailable):
        TcpTalk(("127.0.0.1", 1))


def test_adb_is_told_the_port_path_and_brings_the_recorders_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    port, adb = server.getsockname()[1], tmp_path / "adb"
    adb.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\ncase "$3" in forward) echo {port};; esac\n')
    adb.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    over_adb("1-1.3.2", 9000, wake(9000)).close()
    assert (tmp_path / "said").read_text().splitlines() == [
        "-s usb:1-1.3.2 shell am broadcast -a com.zzx.sdk --ei port 9000",
        "-s usb:1-1.3.2 forward tcp:0 tcp:9000",
        f"-s usb:1-1.3.2 forward --remove tcp:{port}",
    ]
    server.close()
    with pytest.raises(DeviceUnavailable):
        over_adb("1-1.3.2", 9000, ())
    assert (tmp_path / "said").read_text().count("--remove") == 2, "no port is left behind"
    adb.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(DeviceUnavailable):
        over_adb("1-1.3.2", 9000, ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeviceUnavailable) as gone:
        over_adb("1-1.3.2", 9000, ())
    assert gone.value.reason["code"] == "recorder.no_adb"
