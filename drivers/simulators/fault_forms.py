"""How a fault is written: its word, and what follows it: bytes, times, rates."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
SPANS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Form:
    """How what follows a word is written."""

    mark: str
    shown: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


def read_size(text: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]*)", text)
    if found is None or found[2].upper() not in SIZES:
        raise ValueError(f"{text} is no number of bytes: 1000000, 1MB, 64KiB")
    return round(float(found[1]) * SIZES[found[2].upper()]) if found[2] else int(found[1])


def read_span(text: str) -> float:
    found = re.fullmatch(r"([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)(ms|[smhd]?)", text)
    if found is None:
        raise ValueError(f"{text} is no time: 5s, -9h, 50ms")
    return float(found[1]) * SPANS[found[2]]


def read_rate(text: str) -> float:
    if not text.endswith("/s") or (rate := read_size(text.removesuffix("/s"))) <= 0:
        raise ValueError(f"{text} is no rate: 2MB/s")
    return rate


def read_count(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text):
        raise ValueError(f"{text} is no number")
    return int(text)


def read_name(text: str) -> str:
    if not text or "/" in text:
        raise ValueError(f"{text!r} is no file name")
    return text


Bytes = Annotated[int, Form("@", "BYTES", read_size)]
Moment = Annotated[float, Form("@", "SECONDS", read_span, lambda seconds: f"{seconds!r}s")]
Span = Annotated[float, Form("=", "TIME", read_span, lambda seconds: f"{seconds!r}s")]
Rate = Annotated[float, Form("=", "RATE", read_rate, lambda rate: f"{round(rate)}/s")]
Count = Annotated[int, Form("=", "NUMBER", read_count)]
Name = Annotated[str, Form("=", "NAME", read_name)]


@dataclass(frozen=True)
class Fault:
    """Each kind's first line is what `--help` tells of it."""

    word: ClassVar[str]

    def __str__(self) -> str:
        form = form_of(type(self))
        if form is None:
            return self.word
        return f"{self.word}{form.mark}{form.write(getattr(self, fields(self)[0].name))}"


F = TypeVar("F", bound=Fault)


def form_of(kind: type[Fault]) -> Form | None:
    """How its value is written; None where it has none."""
    for told in fields(kind):
        form: Form = get_type_hints(kind, include_extras=True)[told.name].__metadata__[0]
        return form
    return None


def usage(kind: type[Fault]) -> str:
    form = form_of(kind)
    return kind.word if form is None else f"{kind.word}{form.mark}{form.shown}"


def only(faults: Sequence[Fault], kind: type[F]) -> F | None:
    """The last one of a kind."""
    return next((fault for fault in reversed(faults) if isinstance(fault, kind)), None)
