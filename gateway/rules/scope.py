"""What of an activity must be recorded: the stricter of the frame (5.1) and the unit's own list (5.2)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo


class Mode(StrEnum):
    """How much is to be recorded, the least first."""

    OPTIONAL = "OPTIONAL"
    PARTIAL = "PARTIAL"
    FULL = "FULL"


LEAST_FIRST = tuple(Mode)
PARTS = re.compile(r"以及|或者|[、,，;；/／|和及或\n]")


def stricter(modes: Iterable[Mode]) -> Mode:
    """The strictest of what different texts ask for; nothing asked is nothing owed."""
    return max(modes, key=LEAST_FIRST.index, default=Mode.OPTIONAL)


def fold(written: str) -> str:
    """One spelling of a term: full-width forms, spaces and punctuation make no difference."""
    return "".join(one for one in unicodedata.normalize("NFKC", written).casefold() if one.isalnum())


@dataclass(frozen=True, slots=True)
class Kind:
    """What the rule pack says of one kind of step."""

    id: str
    names: frozenset[str]
    """Folded."""
    mode: Mode
    compulsory: Literal["none", "measure", "execution"] = "none"


@dataclass(frozen=True, slots=True)
class Frame:
    """5.1: what city and province ask for, whatever the unit's own list says."""

    kinds: Mapping[str, Kind]
    """By each of their names, folded."""
    default: Mode
    room: Mode
    named: tuple[str, ...] = field(init=False)
    """Their names, the longest first: 解除查封 is not 查封."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "named", tuple(sorted(self.kinds, key=lambda name: (-len(name), name))))

    @classmethod
    def of(cls, kinds: Iterable[Kind], default: Mode, room: Mode) -> "Frame":
        return cls({name: kind for kind in kinds for name in kind.names}, default, room)

    def kind(self, written: str) -> Kind | None:
        """The kind that a case system means; None for what nobody here knows."""
        return self.kinds.get(fold(written))

    def kinds_in(self, text: str) -> frozenset[str]:
        """The kinds that a text of an item list names, as a whole and part by part (查封、扣押 is both)."""
        found: set[str] = set()
        for part in {fold(text), *map(fold, PARTS.split(text))}:
            rest = part
            for name in self.named:
                if name in rest:
                    found.add(self.kinds[name].id)
                    rest = rest.replace(name, "\0")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a unit's 音像记录事项清单."""

    id: str
    step: str
    """记录环节: what is to be recorded."""
    matter: str
    """执法事项, of which it is a step; tells the kind only where the step names none."""
    mode: Mode

    def kinds(self, frame: Frame) -> frozenset[str]:
        return frame.kinds_in(self.step) or frame.kinds_in(self.matter)

    @property
    def words(self) -> frozenset[str]:
        """Its own terms: a step that is called so is meant, whether or not anybody knows the kind."""
        return frozenset(fold(part) for text in (self.step, self.matter) for part in PARTS.split(text)) - {""}


@dataclass(frozen=True, slots=True)
class Owed:
    """What is to be recorded of a step, and who says so."""

    mode: Mode
    frame: Mode
    kind: str | None
    """None: a kind that nobody knows; the frame's default holds."""
    compulsory: Literal["none", "measure", "execution"] = "none"
    in_room: bool = False
    items: tuple[str, ...] = ()
    """Lines of the unit's list that are about this step."""
    listed: Mode | None = None
    """The strictest of those lines."""


def owed(written: str, frame: Frame, items: Sequence[Item] = (), *, in_room: bool = False) -> Owed:
    """The stricter of frame and list (reading note of 5.2); in a room always what is asked of rooms."""
    kind = frame.kind(written)
    ours = stricter([kind.mode if kind else frame.default, *((frame.room,) if in_room else ())])
    folded = fold(written)
    about = [one for one in items if folded in one.words or (kind and kind.id in one.kinds(frame))]
    listed = stricter(one.mode for one in about) if about else None
    return Owed(
        mode=stricter([ours, *(one.mode for one in about)]),
        frame=ours,
        kind=kind.id if kind else None,
        compulsory=kind.compulsory if kind else "none",
        in_room=in_room,
        items=tuple(one.id for one in about),
        listed=listed,
    )


NEGATED = (
    r"(?:(?<!不得)(?<!不可)(?<!不能)不(?:需要|需|必|用|要求|要|一定)?|非|无需|无须|毋需|毋须)"
    r"(?:进行|实行|作|做)?"
)
"""可以不全程记录 asks for less than all; 不得不全程记录 and 不能全程记录的应说明 do not."""


def mode_of_item(texts: Sequence[str], words: Mapping[Mode, Sequence[str]], *, has_span: bool) -> Mode:
    """How much a line of a list asks for: by its own words, the strictest first; else by its two ends.

    A line that names where recording begins and ends means all between the two (R-16).
    """
    return mode_written(texts, words) or (Mode.FULL if has_span else Mode.PARTIAL)


def mode_written(texts: Sequence[str], words: Mapping[Mode, Sequence[str]]) -> Mode | None:
    """None: the line says nothing of it in a word that the pack knows."""
    text = fold("".join(texts))
    full = "|".join(re.escape(fold(word)) for word in words.get(Mode.FULL, ()))
    rest = re.sub(f"{NEGATED}(?:{full})", "\0", text) if full else text
    for mode in reversed(LEAST_FIRST):
        if any(fold(word) in rest for word in words.get(mode, ())):
            return mode
    return Mode.PARTIAL if rest != text else None


@dataclass(frozen=True, slots=True)
class Calendar:
    """When compulsory execution has to wait (R-24): nights, and the statutory holidays of each year known."""

    night_from: time
    night_to: time
    holidays: Mapping[int, frozenset[date]]
    zone: ZoneInfo


class Rest(StrEnum):
    NIGHT = "night"
    HOLIDAY = "holiday"
    UNKNOWN = "unknown"
    """The calendar does not reach to that year."""


def at_rest(start: datetime, end: datetime, calendar: Calendar) -> tuple[Rest, ...]:
    """Which times of rest a span touches, by local days (LK-18)."""
    begin, finish = start.astimezone(calendar.zone), end.astimezone(calendar.zone)
    days = [begin.date() + timedelta(days=n) for n in range((finish.date() - begin.date()).days + 1)]
    if len(days) > 1 and finish.time() == time():
        days.pop()  # it ended as that day began
    found = []
    if any(nights_touched(begin, finish, day, calendar) for day in days):
        found.append(Rest.NIGHT)
    if any(day in calendar.holidays.get(day.year, ()) for day in days):
        found.append(Rest.HOLIDAY)
    if any(day.year not in calendar.holidays for day in days):
        found.append(Rest.UNKNOWN)
    return tuple(found)


def nights_touched(begin: datetime, finish: datetime, day: date, calendar: Calendar) -> bool:
    """Whether the span touches the night hours of a local day; an instant counts."""
    first, last = calendar.night_from, calendar.night_to
    parts = [(first, last)] if first <= last else [(time(), last), (first, None)]
    for since, until in parts:
        opens = datetime.combine(day, since, calendar.zone)
        closes = datetime.combine(day if until else day + timedelta(days=1), until or time(), calendar.zone)
        if (opens < finish and begin < closes) or opens <= begin == finish < closes:
            return True
    return False
