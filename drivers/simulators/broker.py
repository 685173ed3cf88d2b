"""A real mosquitto with the configuration that is shipped, on a free port, in a folder of its own.

    python -m drivers.simulators.broker broker --fleet 20 --fault die@30s --fault back@40s

makes the folder `broker` with certificates for the gateway and twenty cameras in `broker/pki`.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from drivers.ports import free_port
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Back, Die
from drivers.simulators.timetable import lay_out, tell, until_told
from gateway.identities import enrol

PROJECT = Path(__file__).parents[2]
SHIPPED = PROJECT / "systemd" / "mosquitto"


class Broker:
    def __init__(self, folder: Path, *cameras: str, port: int = 0) -> None:
        self.folder, self.port = folder, port or free_port()
        folder.mkdir(parents=True)
        self.pki = folder / "pki"
        enrol(self.pki, "broker", ("127.0.0.1", "localhost"))
        for name in ("gateway", *cameras):
            enrol(self.pki, name)
        (folder / "data").mkdir()
        shutil.copy(SHIPPED / "acl", folder / "acl")
        (folder / "acl").chmod(0o600)
        text = (SHIPPED / "evidence.conf").read_text()
        for old, new in {
            r"listener 8883": f"listener {self.port} 127.0.0.1",
            r"/etc/mosquitto/evidence/(\S+\.(?:crt|key))": rf"{self.pki}/\1",
            r"/etc/mosquitto/evidence/acl": f"{folder}/acl",
            r"/var/lib/mosquitto/": f"{folder}/data/",
        }.items():
            text, count = re.subn(old, new, text)
            assert count, f"{old} is not in the shipped configuration"
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"{text}\nuser root\n")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def times_written(self) -> int:
        """How often it has written all that waits to its file."""
        return (self.folder / "log").read_bytes().count(b"Saving in-memory database")

    def kill(self) -> None:
        """SIGKILL: what it had not saved is gone."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Lines stand, nobody reads them."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def settings(self) -> dict[str, object]:
        return {
            "host": "127.0.0.1", "port": self.port, "ca": str(self.pki / "ca.crt"),
            "certificate": str(self.pki / "gateway.crt"), "key": str(self.pki / "gateway.key"),
        }  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.broker", description=__doc__)
    parser.add_argument("folder", type=Path, help="is made, for configuration, certificates and what is kept")
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--fleet", type=int, default=0, metavar="N", help="cameras with a certificate")
    parser.add_argument("--prefix", default="bwc-", help="of their names (bwc-)")
    add_to(parser, Die, Back)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    if asked.folder.exists():
        parser.error(f"{asked.folder} is there already")
    names = [f"{asked.prefix}{number:04}" for number in range(1, asked.fleet + 1)]
    broker = Broker(asked.folder.absolute(), *names, port=asked.port)
    broker.start()
    tell(f"mosquitto on 127.0.0.1:{broker.port}, certificates in {asked.folder}/pki")
    timers = lay_out(faults, {Die: broker.kill, Back: broker.start}, tell)
    until_told()
    for timer in timers:
        timer.cancel()
    broker.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
