"""A cabinet's board at a line of its own, by hand.

    python -m drivers.simulators.cabinet dockbus --bays 8 --link /tmp/cabinet

prints the line (a pty) to put into devices.yaml and takes orders on its input:

    put 3 80           a device with 80 % lies in bay 3 (without a number: it does not tell)
    take 3             a hand takes it; `take 3 force` where the bay is locked
    badge 0A1B2C3D4E   a badge at the door
    fault jam deaf     from now on; `fault` alone: nothing is wrong any more
    restart            the board loses its power for a moment (dockbus)
    show               every bay
    unit 2             the next orders are for the second board (with `--units 2`)
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from drivers.simulators.cabinet import Cabinet, DockBusTwin, LockBoardTwin
from drivers.simulators.fault_forms import Fault, only
from drivers.simulators.fault_script import add_to, given, read
from drivers.simulators.faults import Deaf, Echo, Jam, Lost, Noise
from drivers.simulators.serial_line import SharedLine, pty_pair
from drivers.simulators.timetable import tell

KINDS = (Deaf, Lost, Jam, Noise, Echo)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m drivers.simulators.cabinet", description=__doc__)
    parser.add_argument("kind", choices=("dockbus", "lock8a"))
    parser.add_argument("--bays", type=int, default=8)
    parser.add_argument("--link", type=Path, help="a name of your choice for the line")
    parser.add_argument("--units", type=int, default=1, help="boards on the one line")
    add_to(parser, *KINDS)
    asked = parser.parse_args(arguments)
    faults = given(parser, asked).everybody
    handle, name = pty_pair(asked.link)
    kind = DockBusTwin if asked.kind == "dockbus" else LockBoardTwin
    line = SharedLine(handle, asked.units)
    twins: list[Cabinet] = [kind(tap, asked.bays, unit) for unit, tap in enumerate(line.taps, 1)]
    for twin in twins:
        suffer(twin, faults)
        twin.start()
    tell(str(asked.link or name))
    with suppress(KeyboardInterrupt):
        listen(twins)
    for twin in twins:
        twin.stop()
    line.stop()
    os.close(handle)
    return 0


def listen(twins: Sequence[Cabinet]) -> None:
    chosen = twins[0]
    for line in sys.stdin:
        try:
            match line.split():
                case ["unit", number]:
                    chosen = twins[int(number) - 1]
                case words:
                    obey(chosen, *words)
        except (ValueError, IndexError) as no:
            tell(f"no: {no}")


def suffer(twin: Cabinet, faults: Sequence[Fault]) -> None:
    twin.jam = only(faults, Jam) is not None
    twin.wire.deaf, twin.wire.lost = only(faults, Deaf) is not None, only(faults, Lost) is not None
    twin.wire.noise, twin.wire.echo = only(faults, Noise) is not None, only(faults, Echo) is not None


def obey(twin: Cabinet, order: str = "show", *more: str) -> None:
    """Raises ValueError and IndexError for what cannot be."""
    match order, more:
        case "put", (bay, *battery):
            twin.put(int(bay), int(battery[0]) if battery else 0xFFFF)
        case "take", (bay, *how):
            twin.take(int(bay), by_force=how == ["force"])
        case "badge", (code,):
            twin.badge(code)
        case "fault", words:
            faults = [read(word) for word in words]
            if any(not isinstance(fault, KINDS) for fault in faults):
                raise ValueError(f"a board knows {' '.join(kind.word for kind in KINDS)}")
            suffer(twin, faults)
        case "restart", () if isinstance(twin, DockBusTwin):
            twin.restart()
        case "show", ():
            for number, one in enumerate(twin.bays, 1):
                tell(f"{number} {one}")
        case _:
            raise ValueError("put BAY [PERCENT], take BAY [force], badge CODE, fault [WORD …], restart, show")
