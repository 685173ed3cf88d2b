"""Commands of the gateway in processes of their own, forked from one that has imported everything already.

    python -m tests.warm SOCKET MODULE …    # in the USB guest, whose emulated processor imports for a minute

Importing costs a command about two seconds of a core, and the tests start a thousand of them. They differ from the
installed `gateway` in nothing else: `tests/e2e/test_up.py`, `tests/integration/test_devices_command.py` and `make demo` run that one.
"""

import importlib
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

GATEWAY = Path(sys.executable).with_name("gateway")
APPENDED = os.O_WRONLY | os.O_CREAT | os.O_APPEND
IMPORTED = (
    "gateway.cli", "gateway.words", "gateway.daemon", "gateway.daemon.drivers", "api.app", "uvicorn",
    "httpcore2", "watchdog.observers",
)  # fmt: skip


class Process:
    """As much of `subprocess.Popen` as tests use."""

    def __init__(
        self, arguments: Sequence[str | Path], folder: Path | None = None, *,
        said: str | Path = os.devnull, told: str | Path | None = None, warned: str | Path | None = None,
    ) -> None:  # fmt: skip
        words = [str(word) for word in arguments]
        files = [str(name) if name else None for name in (said, told, warned)]
        self.args = words
        self.process = forks().Process(
            target=run, args=(words, dict(os.environ), folder or Path.cwd(), files)
        )
        self.process.start()
        assert self.process.pid is not None
        self.pid = self.process.pid

    @property
    def returncode(self) -> int | None:
        return self.process.exitcode

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.process.exitcode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def finished(
    *arguments: str | Path, said: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, name) for name in ("said", "told", "warned")}
        files["said"].write_text(said)
        process = Process(arguments, **files)
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(
            process.args, code, files["told"].read_text(), files["warned"].read_text()
        )


@cache
def forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, "tests.frozen"])
    return context


def run(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, files: Sequence[str | None]
) -> None:
    """In the new process."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, name in enumerate(files):
        if name:
            os.dup2(os.open(name, APPENDED if number else os.O_RDONLY, 0o644), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False) for number in range(3)
    )
    code = gateway(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)


def gateway(arguments: Sequence[str]) -> int:
    from gateway.cli import main

    sys.argv = [str(GATEWAY), *arguments]
    return main()


def serve(address: str, *parts: str) -> None:
    """For whom a command is no child, such as the agent of the USB guest: a line of JSON for each, at a socket."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        for part in parts:
            importlib.import_module(part)
        while True:
            line, _ = listener.accept()
            with line:
                asked = json.loads(line.makefile().readline())
                if os.fork() == 0:
                    listener.close()
                    become(asked, line)


def become(asked: dict[str, Any], line: socket.socket) -> None:
    """One command, to its end; without a log what it says goes to whoever asked, and its exit code."""
    os.setsid()
    log = asked.get("log")
    told = os.open(log, APPENDED, 0o644) if log else line.fileno()
    os.dup2(told, 1)
    os.dup2(told, 2)
    if log:
        line.sendall(b"0")
        line.close()
    code: object = 1
    try:
        code = exec(asked["code"], {}) or 0 if "code" in asked else gateway(asked["gateway"])
    except SystemExit as ended:
        code = ended.code or 0
    except Exception:  # noqa: BLE001  (told, as an interpreter of its own would)
        traceback.print_exc()
    sys.stdout.flush()
    if not log:
        line.sendall(f"\n{code}".encode())
    raise SystemExit(code)


if __name__ == "__main__":
    serve(*sys.argv[1:])
