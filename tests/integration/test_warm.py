"""What the USB guest keeps warm: commands by a socket, each in a fork, with what it said and its exit code."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.patience import until

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("warm") / "s"
    command = [sys.executable, "-P", "-m", "tests.warm", str(place), "gateway.cli"]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(PROJECT)})
    until(place.is_socket, seconds=60)  # beside other tests importing takes its time
    yield str(place)
    process.terminate()
    process.wait()


def told(address: str, **asked: Any) -> tuple[str, str]:
    """What was said, and the last line of it: the exit code."""
    said = b""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(address)
        line.sendall(json.dumps(asked).encode() + b"\n")
        while fresh := line.recv(65536):
            said += fresh
    output, _, code = said.decode().rpartition("\n")
    return output, code


@pytest.mark.parametrize(
    ("asked", "code", "says"),
    [
        ({"code": "print('x' * 3)"}, "0", "xxx"),
        ({"code": "raise SystemExit(7)"}, "7", ""),
        ({"code": "1 / 0"}, "1", "ZeroDivisionError"),
        ({"gateway": ["rules", "explain", "R-26"]}, "0", "R-26"),
        ({"gateway": ["--config", "/nowhere.yaml", "check"]}, "2", "/nowhere.yaml"),
    ],
)
def test_a_command_is_heard_to_its_end(address: str, asked: dict[str, Any], code: str, says: str) -> None:
    output, ended = told(address, **asked)
    assert ended == code
    assert says in output


def test_with_a_log_nobody_waits_for_it(address: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert told(address, code="print('later')", log=str(log)) == ("", "0")
    until(lambda: log.exists() and log.read_text() == "later\n")
