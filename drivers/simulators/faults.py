"""What else can go wrong with a twin, in one vocabulary; which of it a twin knows, its `--help` tells."""

from dataclasses import dataclass

from drivers.simulators.fault_forms import Bytes, Count, Fault, Moment, Name, Span


@dataclass(frozen=True)
class Clock(Fault):
    """its clock is off by so much"""

    word = "clock"
    seconds: Span


@dataclass(frozen=True)
class Twice(Fault):
    """a name that is used twice, for different content"""

    word = "twice"
    name: Name = "0001.MP4"


@dataclass(frozen=True)
class WrongPassword(Fault):
    """it wants another password than it was given"""

    word = "password"


@dataclass(frozen=True)
class Battery(Fault):
    """its battery holds so many percent"""

    word = "battery"
    percent: Count


@dataclass(frozen=True)
class NoCard(Fault):
    """there is no card in it"""

    word = "nocard"


@dataclass(frozen=True)
class Deaf(Fault):
    """it answers nothing"""

    word = "deaf"


@dataclass(frozen=True)
class Stuck(Fault):
    """told to show its card, it never comes back"""

    word = "stuck"


@dataclass(frozen=True)
class Records(Fault):
    """it is recording, and will not be disturbed"""

    word = "records"


@dataclass(frozen=True)
class WrongHash(Fault):
    """it announces another SHA-256 than its file has"""

    word = "hash"


@dataclass(frozen=True)
class Break(Fault):
    """the line breaks after so many bytes of each piece of an upload"""

    word = "break"
    at: Bytes


@dataclass(frozen=True)
class Sos(Fault):
    """somebody presses the red button"""

    word = "sos"


@dataclass(frozen=True)
class Repeat(Fault):
    """it says everything twice"""

    word = "repeat"


@dataclass(frozen=True)
class Vanish(Fault):
    """it is gone after so long, without a farewell"""

    word = "vanish"
    after: Moment


@dataclass(frozen=True)
class Die(Fault):
    """it is killed after so long"""

    word = "die"
    after: Moment


@dataclass(frozen=True)
class Back(Fault):
    """it is started again, so long after the beginning"""

    word = "back"
    after: Moment


@dataclass(frozen=True)
class Freeze(Fault):
    """it stands still after so long, its lines open"""

    word = "freeze"
    after: Moment


@dataclass(frozen=True)
class Thaw(Fault):
    """it goes on, so long after the beginning"""

    word = "thaw"
    after: Moment


@dataclass(frozen=True)
class Cut(Fault):
    """the first file that is sent ends after so many bytes, as if that were all"""

    word = "cut"
    at: Bytes


@dataclass(frozen=True)
class Reset(Fault):
    """the line is reset after so many bytes of the first file"""

    word = "reset"
    at: Bytes


@dataclass(frozen=True)
class Rename(Fault):
    """it writes under NAME.part and gives the name at the end"""

    word = "rename"


@dataclass(frozen=True)
class Busy(Fault):
    """so many downloads are answered with 503 first"""

    word = "busy"
    count: Count


@dataclass(frozen=True)
class Errors(Fault):
    """so many requests are answered with 500 first"""

    word = "errors"
    count: Count


@dataclass(frozen=True)
class Reorder(Fault):
    """what it tells comes in another order"""

    word = "reorder"


@dataclass(frozen=True)
class Misstated(Fault):
    """each size it states is off by so many bytes"""

    word = "misstated"
    count: Count


@dataclass(frozen=True)
class Lost(Fault):
    """it does what it is told next, and its answer is lost"""

    word = "lost"


@dataclass(frozen=True)
class Jam(Fault):
    """its locks do not move"""

    word = "jam"


@dataclass(frozen=True)
class Noise(Fault):
    """other bytes stand before each answer"""

    word = "noise"


@dataclass(frozen=True)
class Echo(Fault):
    """what is said to it comes back first"""

    word = "echo"
