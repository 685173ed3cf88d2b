"""Dates, spans and sizes as they are written in Chinese and in English, in the site's zone."""

import re
from datetime import datetime
from typing import Literal

from babel import dates, numbers, units

from gateway.models import now
from gateway.wording import CHINA
from gateway.wording.console import word

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
UNITS = ("B", "kB", "MB", "GB", "TB")
MINUTE, DAY = 60, 86400
SPANS = (("day", DAY), ("hour", 3600), ("minute", MINUTE), ("second", 1))


def clock(at: datetime, language: str) -> str:
    """14:05"""
    return dates.format_time(at, "HH:mm", tzinfo=CHINA, locale=LOCALES[language])


def instant(at: datetime, language: str, today: datetime | None = None) -> str:
    """As much of the date as is needed to know the day: today's has none, this year's no year."""
    local, here = at.astimezone(CHINA), (today or now()).astimezone(CHINA)
    if local.date() == here.date():
        return clock(at, language)
    skeleton = "MMMd" if local.year == here.year else "yMMMd"
    day = dates.format_skeleton(skeleton, local, tzinfo=CHINA, locale=LOCALES[language])
    return f"{day} {clock(at, language)}"


def dated(at: datetime, language: str) -> str:
    """Whole, for what is printed: 2026年11月27日 02:04:31"""
    locale = LOCALES[language]
    day = dates.format_skeleton("yMMMd", at.astimezone(CHINA), tzinfo=CHINA, locale=locale)
    return f"{day} {dates.format_time(at, 'HH:mm:ss', tzinfo=CHINA, locale=locale)}"


def span(seconds: float, language: Literal["zh", "en"]) -> str:
    """As long as it was, by its two largest units: 40 秒, 3 分 20 秒, 1 小时 5 分."""
    if seconds < 1:
        return word(language, "span.moment")
    how: Literal["short", "long"] = "short" if language == "zh" else "long"
    left, told = round(seconds), []
    first = next(place for place, (_, length) in enumerate(SPANS) if left >= length)
    for unit, length in SPANS[first : first + 2]:
        count, left = divmod(left, length)
        if count:
            told.append(units.format_unit(count, f"duration-{unit}", how, locale=LOCALES[language]))
    spaced = re.sub(r"(\d)(?=[^\d\s.,])", r"\1 ", " ".join(told))
    return spaced.replace("分钟", "分") if len(told) > 1 else spaced


def lateness(seconds: float, language: Literal["zh", "en"]) -> str:
    """Limits are told in days: only whole ones that are over count, once there is one."""
    return span(seconds - seconds % DAY if seconds >= DAY else seconds, language)


def foreseen(seconds: float, language: Literal["zh", "en"]) -> str:
    """Roughly, for what nobody can know to the second: 40 秒, 3 分钟."""
    step = MINUTE if seconds >= MINUTE else 5
    return span(max(5, step * round(seconds / step)), language)


def size(count: int, language: str) -> str:
    """Decimal units, as cards and disks are sold: 1.2 GB."""
    value, place = float(count), 0
    while value >= 999.5 and place < len(UNITS) - 1:
        value, place = value / 1000, place + 1
    digits = "#,##0.#" if value < 10 and place else "#,##0"
    return f"{numbers.format_decimal(value, digits, locale=LOCALES[language])} {UNITS[place]}"


def whole(count: int, language: str) -> str:
    return numbers.format_decimal(count, locale=LOCALES[language])
