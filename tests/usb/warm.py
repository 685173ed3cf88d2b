"""Inside the guest: one interpreter that has imported the gateway, and a fork of it for each command.

To import it takes an emulated processor most of a minute, each time.
"""

import importlib
import json
import os
import socket
import sys
import traceback
from typing import Any

PARTS = (
    "gateway.cli", "gateway.daemon", "drivers.usb_dock", "drivers.serial_dock", "gateway.commands",
    "gateway.audit",
)  # fmt: skip


def main() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("/run/gateway.sock")
        listener.listen()
        for part in PARTS:
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
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else line.fileno()
    os.dup2(told, 1)
    os.dup2(told, 2)
    if log:
        line.sendall(b"0")
        line.close()
    code: object = 1
    try:
        code = carry_out(asked)
    except SystemExit as ended:
        code = ended.code or 0
    except Exception:  # noqa: BLE001  (told, as an interpreter of its own would)
        traceback.print_exc()
    sys.stdout.flush()
    if not log:
        line.sendall(f"\n{code}".encode())
    raise SystemExit(code)


def carry_out(asked: dict[str, Any]) -> int:
    if "code" in asked:
        exec(asked["code"], {})
        return 0
    from gateway.cli import main as gateway

    sys.argv = ["gateway", *asked["gateway"]]
    return gateway()


main()
