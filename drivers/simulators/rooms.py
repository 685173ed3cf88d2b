"""A real RTSP server (gst-rtsp-server) in a process of its own, to be killed, frozen and started again.

    python -m drivers.simulators.rooms --fleet 2 --fault freeze@20s --fault thaw@40s -- --then 640x480

What stands after `--` is for each of them, see `room.py --help`.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from drivers.ports import free_port
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Back, Die, Freeze, Thaw
from drivers.simulators.timetable import lay_out, speaker, tell, until_told

SERVER = Path(__file__).with_name("room.py")


class Room:
    def __init__(self, *more: str, port: int = 0) -> None:
        self.more = more
        self.port = port or free_port()
        self.url = f"rtsp://room:secret@127.0.0.1:{self.port}/room"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SERVER, "--port", str(self.port), "--user", "room", "--password", "secret",
             *self.more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, "the RTSP server ended"
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.rooms", description=__doc__)
    parser.add_argument("more", nargs="*", help="for each of them, after `--`")
    parser.add_argument("--fleet", type=int, default=1, metavar="N", help="rooms (1)")
    parser.add_argument("--port", type=int, default=8554, help="of the first; the next has the next")
    add_to(parser, Freeze, Thaw, Die, Back, whom="PORT")
    asked = parser.parse_args(arguments)
    rooms = {str(asked.port + n): Room(*asked.more, port=asked.port + n) for n in range(asked.fleet)}
    script = given(parser, asked, rooms)
    timers = []
    for name, room in rooms.items():
        room.start()
        tell(room.url)
        acts = {Freeze: room.freeze, Thaw: room.thaw, Die: room.kill, Back: room.start}
        timers += lay_out(script.of(name), acts, speaker(name))
    until_told()
    for timer in timers:
        timer.cancel()
    for room in rooms.values():
        room.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
