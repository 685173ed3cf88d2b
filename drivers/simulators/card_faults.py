"""What can go wrong with a card, or with whatever shows its files as one."""

from dataclasses import dataclass

from drivers.simulators.fault_forms import Bytes, Fault, Rate, Span


@dataclass(frozen=True)
class Well(Fault):
    """nothing is wrong yet"""

    word = "well"


@dataclass(frozen=True)
class Gone(Fault):
    """it has left: open files fail, names are not found, the listing is empty"""

    word = "gone"


@dataclass(frozen=True)
class Unplug(Fault):
    """torn out once so many bytes were read from it"""

    word = "unplug"
    at: Bytes


@dataclass(frozen=True)
class ReadError(Fault):
    """reading at or past this byte of a file fails (EIO)"""

    word = "eio"
    at: Bytes


@dataclass(frozen=True)
class Flip(Fault):
    """a bit of this byte of a file (or upload) is wrong the first time it passes, as by a bad cable"""

    word = "flip"
    at: Bytes


@dataclass(frozen=True)
class Rot(Fault):
    """a bit of this byte of each file is wrong whenever it is read, as on a worn card"""

    word = "rot"
    at: Bytes


@dataclass(frozen=True)
class Lag(Fault):
    """each read takes so long"""

    word = "lag"
    seconds: Span


@dataclass(frozen=True)
class Slow(Fault):
    """it gives no more than this"""

    word = "slow"
    rate: Rate


@dataclass(frozen=True)
class Hub(Fault):
    """it shares this rate with the others behind its hub"""

    word = "hub"
    rate: Rate


@dataclass(frozen=True)
class Full(Fault):
    """no room left: nothing can be written; made so, its last recording is cut short"""

    word = "full"


@dataclass(frozen=True)
class Filled(Fault):
    """no fault: all but the first 4 KiB of a file is noise, other noise in each; a hole makes a full card"""

    word = "filled"


@dataclass(frozen=True)
class Unsynced(Fault):
    """names can be erased, and syncing their folder fails (EIO)"""

    word = "unsynced"


KINDS = (Unplug, ReadError, Flip, Rot, Slow, Hub, Lag, Full, Filled, Unsynced, Gone, Well)
"""What a card knows that fails on command."""
