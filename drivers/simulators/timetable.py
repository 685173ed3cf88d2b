"""Faults that come at their time: what dies, freezes and comes back while somebody watches."""

import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drivers.simulators.fault_forms import Fault

Acts = Mapping[type[Fault], Callable[[], object]]


def lay_out(faults: Sequence[Fault], acts: Acts, tell: Callable[[str], object]) -> list[threading.Timer]:
    """Begun; whoever ends early cancels them."""
    timers = []
    for fault in faults:
        if act := acts.get(type(fault)):
            moment: Any = fault
            timers.append(threading.Timer(moment.after, doing(act, tell, fault.word)))
    for timer in timers:
        timer.daemon = True
        timer.start()
    return timers


def doing(act: Callable[[], object], tell: Callable[[str], object], word: str) -> Callable[[], None]:
    def work() -> None:
        tell(word)
        act()

    return work


def speaker(name: str) -> Callable[[str], None]:
    """Tells what befalls one of a fleet."""

    def say(word: str) -> None:
        tell(f"{name}: {word}")

    return say


def until_told(every: float | None = None, act: Callable[[], object] = lambda: None) -> None:
    """Until Ctrl-C or SIGTERM; meanwhile something may be done every so many seconds."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())  # also a second one, while it says farewell
    while not told.wait(every):
        act()


def tell(line: str) -> None:
    """In one piece, whichever thread speaks."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
