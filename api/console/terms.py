"""What registers and reports say besides words: terms of ours, days, rates; and what can be chosen."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import dates, numbers
from fastapi import Request
from sqlmodel import Session, col, select

from api.console.pages import reader_of
from api.console.telling import LOCALES
from gateway.instants import aware
from gateway.models import Unit
from gateway.visibility import Viewer, visible
from gateway.wording import spoken


def day(on: date, language: str) -> str:
    """2024年5月6日"""
    return dates.format_skeleton("yMMMd", on, locale=LOCALES[language])


def rate(value: float, language: str) -> str:
    """97.5%"""
    return numbers.format_percent(value, "#,##0.0%", locale=LOCALES[language])


def points(change: float, language: str) -> str:
    """Between two rates, in percentage points and with its sign."""
    return numbers.format_decimal(change * 100, "+#,##0.0;-#,##0.0", locale=LOCALES[language])


def terms(request: Request) -> dict[str, Any]:
    language = reader_of(request).language
    return {
        "term": partial(spoken, language=language),
        "which": lambda pair: pair[0 if language == "zh" else 1],
        **{one.__name__: partial(one, language=language) for one in (day, rate, points)},
        "href": href,
    }


def href(path: str, kept: Mapping[str, Any], **changed: Any) -> str:
    """A path with the filters that are kept; what is empty is left out."""
    told = {name: value for name, value in {**kept, **changed}.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(told)}" if told else path


def unit_choices(session: Session, viewer: Viewer) -> list[tuple[str, str]]:
    wanted = select(Unit.id, Unit.name).where(visible(viewer, Unit)).order_by(col(Unit.id))
    return [(ref, name) for ref, name in session.exec(wanted)]


def local(written: str, zone: ZoneInfo) -> datetime | None:
    """What a field of the kind `datetime-local` sends, in the site's zone; a zone of its own is kept.

    Raises ValueError.
    """
    if not written.strip():
        return None
    moment = datetime.fromisoformat(written.strip())
    return aware(moment if moment.tzinfo else moment.replace(tzinfo=zone))


CLOCK = re.compile(r"(?:(\d{1,3})[:：])?(\d{1,5})[:：]([0-5]?\d(?:\.\d+)?)|(\d+(?:\.\d+)?)")


def seconds(written: str) -> float:
    """1:02:03, 02:03 or 123. Raises ValueError."""
    found = CLOCK.fullmatch(written.strip())
    if found is None:
        raise ValueError(written)
    hours, minutes, rest, alone = found.groups()
    return float(alone) if alone else int(hours or 0) * 3600 + int(minutes) * 60 + float(rest)


def for_field(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if at else ""
