"""A case system by hand: tells the cases of a file, and says what is written back to it.

python -m drivers.simulators.case_system cases.json --port 8900 --token secret --fault errors=3 --fault repeat

A file that is saved anew is told anew: change a case in it and look what the gateway makes of it.
"""

import argparse
import json
import threading
from pathlib import Path

from drivers.simulators.case_system import CaseSystem
from drivers.simulators.fault_forms import only
from drivers.simulators.fault_script import add_to, given
from drivers.simulators.faults import Back, Cut, Errors, Lost, Reorder, Repeat, Vanish
from drivers.simulators.timetable import lay_out, tell, until_told


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.case_system", description=__doc__)
    parser.add_argument("file", type=Path, help="a list of cases (JSON), as `gateway cases import` takes it")
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument("--token", default="", help="what the gateway has to show (nothing)")
    add_to(parser, Errors, Cut, Lost, Repeat, Reorder, Vanish, Back)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    twin = CaseSystem(
        token=asked.token, tell=tell, repeat=bool(only(faults, Repeat)), reorder=bool(only(faults, Reorder)),
        lost=sum(isinstance(fault, Lost) for fault in faults),
    )  # fmt: skip
    if errors := only(faults, Errors):
        twin.errors = errors.count
    if cut := only(faults, Cut):
        twin.cut = cut.at
    reread = Rereading(twin, asked.file)
    reread()
    acts = {Vanish: lambda: setattr(twin, "away", True), Back: lambda: setattr(twin, "away", False)}
    server = twin.server(asked.port)
    serving = threading.Thread(target=server.serve_forever, name="case system", daemon=True)
    serving.start()
    tell(f"http://127.0.0.1:{server.server_address[1]}, {len(twin.log)} cases")
    timers = lay_out(faults, acts, tell)
    until_told(1.0, reread)
    for timer in timers:
        timer.cancel()
    server.shutdown()
    server.server_close()
    return 0


class Rereading:
    """What differs in the file since it was read last is one more entry of the feed."""

    def __init__(self, twin: CaseSystem, file: Path) -> None:
        self.twin, self.file = twin, file
        self.known: dict[str, object] = {}

    def __call__(self) -> None:
        try:
            read = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            tell(f"{self.file}: {error}")
            return
        for case in read:
            if self.known.get(case["uid"]) != case:
                self.known[case["uid"]] = case
                self.twin.change(case)


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1:]))
