"""Inside the guest: does what it is told over a virtio port, one JSON line each way."""

import glob
import io
import json
import socket
import sqlite3
import subprocess
import time

connections: dict[str, sqlite3.Connection] = {}


def main() -> None:
    deadline = time.monotonic() + 20
    while not (ports := glob.glob("/dev/virtio-ports/agent") or glob.glob("/dev/vport*p1")):
        if time.monotonic() > deadline:
            raise SystemExit("no port")
        time.sleep(0.1)
    with open(ports[0], "r+b", buffering=0) as port:
        port.write(b'{"agent": "ready"}\n')
        pending = b""
        while True:
            fresh = port.read(65536)
            if not fresh:
                time.sleep(0.05)
                continue
            pending += fresh
            while b"\n" in pending:
                line, pending = pending.split(b"\n", 1)
                say(port, answer(json.loads(line)))


def say(port: io.RawIOBase, told: dict) -> None:
    """A virtio port takes 32 KiB at a time."""
    left = json.dumps(told, default=str).encode() + b"\n"
    while left:
        left = left[port.write(left) or 0 :]


def answer(asked: dict) -> dict:
    if "sql" in asked:
        return select(asked["database"], asked["sql"])
    return run(asked) if "run" in asked else warm(asked)


def run(asked: dict) -> dict:
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", asked["run"]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=asked["timeout"],
            check=False,
        )
    except subprocess.TimeoutExpired as over:
        return {"code": 124, "output": (over.output or b"").decode("utf-8", "replace")[-20000:]}
    return {"code": done.returncode, "output": done.stdout.decode("utf-8", "replace")[-200000:]}


def select(database: str, query: str) -> dict:
    """By itself, and the connection stays: an interpreter or a schema takes the guest a second to read."""
    try:
        if database not in connections:
            connections[database] = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=20)
        return {"code": 0, "rows": connections[database].execute(query).fetchall()}
    except sqlite3.Error as no:
        return {"code": 1, "output": str(no)}


def warm(asked: dict) -> dict:
    """By tests/warm.py; the exit code is the last line of what it says."""
    said = b""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(asked["timeout"])
        try:
            line.connect("/run/gateway.sock")
            line.sendall(json.dumps(asked).encode() + b"\n")
            while fresh := line.recv(65536):
                said += fresh
        except OSError as no:
            said += str(no).encode()
    output, _, code = said.decode("utf-8", "replace").rpartition("\n")
    return {"code": int(code), "output": output} if code.isdigit() else {"code": 124, "output": output + code}


main()
