"""A network video recorder by hand, which offers the files of a folder as recordings of channel 1.

    python -m drivers.simulators.nvr FOLDER --dialect hik_isapi --port 8000 --password secret --fault cut@1MB

One recording an hour, up to now.
"""

import argparse
import threading
from datetime import timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from drivers.simulators.fault_forms import only
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Busy, Clock, Cut, Misstated, WrongPassword
from drivers.simulators.nvr import Nvr, Shot
from drivers.simulators.timetable import tell, until_told
from drivers.uploads.server import Server


class HandNvr(Nvr):
    cut_at: int | None = None

    def delivered(self, request: Request, shot: Shot) -> Response:
        if self.cut_at is None or self.busy or self.cut_at >= len(shot.content):
            tell(f"{shot.name}: {'busy' if self.busy else 'delivered'}")
            return super().delivered(request, shot)
        at, self.cut_at = self.cut_at, None
        tell(f"{shot.name}: cut at {at}")
        told = {"Content-Length": str(len(shot.content))}
        return StreamingResponse(iter([shot.content[:at]]), headers=told)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.nvr", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dialect", choices=("hik_isapi", "dahua_cgi"), default="hik_isapi")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--user", default="gateway")
    parser.add_argument("--password", default="secret")
    add_to(parser, Busy, Cut, Misstated, Clock, WrongPassword)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    twin = HandNvr(asked.dialect, asked.user, asked.password + ("?" if only(faults, WrongPassword) else ""))
    if clock := only(faults, Clock):
        twin.ahead_s = clock.seconds
    if busy := only(faults, Busy):
        twin.busy = busy.count
    if cut := only(faults, Cut):
        twin.cut_at = cut.at
    if misstated := only(faults, Misstated):
        twin.misstated = misstated.count
    files = sorted(path for path in asked.folder.iterdir() if path.is_file())
    for back, path in enumerate(reversed(files), start=1):
        start = twin.now - timedelta(hours=back)
        twin.shots.append(Shot(1, start, start + timedelta(minutes=50), path.read_bytes(), path.stem))
    server = Server(twin.app(), ("127.0.0.1", asked.port), (None, None), 64)
    server.start(threading.Event())
    tell(f"{asked.dialect} on 127.0.0.1:{asked.port}, {len(files)} recordings")
    until_told()
    server.close(2)
    return 0
