"""How pages of cases say what they show: places on a time line, seconds, words of the record."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Any

from babel import dates
from fastapi import Request

from api.console.pages import Reader, reader_of
from api.console.telling import LOCALES
from gateway.casefile.footage import PIXELS, Axis, Mark, Names
from gateway.casefile.record import Chapter
from gateway.models import Statement
from gateway.notes import way_back
from gateway.rules.recorded import Gap
from gateway.rules.stages import UNKNOWN
from gateway.scope.board import Row
from gateway.scope.telling import asked_by, gap_reason
from gateway.wording import CHINA, verdict_word
from gateway.wording.console import word

MOST_REASONS = 8
TONES = {
    "ARRIVED": "done", "EXEMPT": "neutral", "UPCOMING": "neutral", "PARTIAL": "look", "MISSING": "look",
    "OVERDUE": "stop",
}  # fmt: skip
VERDICT_TONES = {
    "VALID": "done", "VALID_WITH_NOTE": "done", "NEEDS_REVIEW": "look", "REJECTED": "stop",
    "EXEMPT": "neutral",
}  # fmt: skip
SAYS = {
    "GAP": ("battery", "storage", "fault", "weather", "place_change", "other"),
    "OMISSION": ("impossible", "emergency", "secret"),
    "URGENCY": (),
    "AWAY": (),
    "NOTICE": ("given", "missing"),
}
"""What a person may state, in the order in which it is mostly needed; each with its grounds."""


def tools(request: Request) -> dict[str, Any]:
    reader = reader_of(request)
    return {
        "verdict": partial(verdict_word, language=reader.language),
        "moment": moment, "clock_s": clock_s, "day": partial(day, reader), "at": at,
        "share": share, "tone": TONES.get, "verdict_tone": VERDICT_TONES.get, "asked_by": asked_by,
        "failing": failing, "gap_said": gap_reason, "gap_x": gap_x, "step_x": step_x, "way_back": way_back,
        "mark_said": mark_said, "says": SAYS, "listed": partial(listed, reader),
        "called": partial(called, reader), "base": base,
        "stage": partial(stage, reader), "said_line": partial(said_line, reader),
    }  # fmt: skip


def moment(value: datetime) -> str:
    """The whole of it, always the same width: records are read beside one another."""
    local = value.astimezone(CHINA)
    return f"{local:%Y-%m-%d %H:%M}"


def clock_s(value: datetime) -> str:
    return f"{value.astimezone(CHINA):%H:%M:%S}"


def day(reader: Reader, value: date | datetime) -> str:
    local = value.astimezone(CHINA) if isinstance(value, datetime) else value
    return dates.format_skeleton("yMMMd", local, locale=LOCALES[reader.language])


def at(seconds: float) -> str:
    """Of a clip, as players show it: 1:02:03, 02:03."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    told = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{told}" if hours else told


def share(value: float) -> int:
    """Per cent, never rounded up to the whole."""
    return int(value * 100 + 1e-9)


def failing(row: Row) -> list[dict[str, Any]]:
    """What is not kept; asked for how much is said apart."""
    return [one.stored() for one in row.duty.findings[1:] if not one.passed][:MOST_REASONS]


def gap_x(axis: Axis, gap: Gap) -> tuple[float, float]:
    first = axis.x(gap.start)
    return round(first, 1), round(max(axis.x(gap.end) - first, 2), 1)


def step_x(axis: Axis, start: datetime, end: datetime) -> tuple[float, float]:
    first = axis.x(start)
    return round(first, 1), round(max(min(axis.x(end), PIXELS) - first, 2), 1)


def mark_said(mark: Mark) -> str:
    first, last = mark.pieces[0], mark.pieces[-1]
    span = "–".join(clock_s(one) for one in (first.start, last.end) if one)
    return f"{span} ({len(mark.pieces)})" if len(mark.pieces) > 1 else span


STAGES = ("INITIATION", "INVESTIGATION", "REVIEW", "DECISION", "SERVICE", "EXECUTION", "ARCHIVE", UNKNOWN)


def stage(reader: Reader, chapter: Chapter) -> str:
    """As the unit's rule pack names it; in English as we do, where we know it."""
    if chapter.id in STAGES and (reader.language == "en" or not chapter.name):
        return word(reader.language, f"cases.stage_{chapter.id}")
    return chapter.name


def listed(reader: Reader, told: Iterable[str]) -> str:
    return ("、" if reader.language == "zh" else ", ").join(told)


def called(reader: Reader, names: Names, people: Iterable[str]) -> str:
    return listed(reader, map(names.person, people))


def said_line(reader: Reader, told: Statement) -> str:
    """Kind, ground and reason of a statement."""
    kind = word(reader.language, f"cases.kind_{told.kind}")
    ground = word(reader.language, f"cases.ground_{told.ground}") if told.ground else None
    colon, comma = ("：", "，") if reader.language == "zh" else (": ", ", ")
    said = comma.join(part for part in (ground, told.why) if part)
    return f"{kind}{colon}{said}" if said else kind


def base(name: str) -> str:
    """The file's name without the folders of the card that it lay in."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]
