"""Dates, spans and sizes as they are written in Chinese and in English, in the site's zone."""

import re
from datetime import datetime, timedelta

from babel import dates, numbers

from gateway.models import now
from gateway.wording import CHINA

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}
UNITS = ("B", "kB", "MB", "GB", "TB")


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


def span(seconds: float, language: str) -> str:
    """Roughly: 40 秒钟, 3 分钟, 1 小时."""
    rounded = max(5, 5 * round(seconds / 5)) if seconds < 60 else seconds
    told = dates.format_timedelta(
        timedelta(seconds=rounded), threshold=1, format="long", locale=LOCALES[language]
    )
    return re.sub(r"(\d)(?=[^\d\s.,])", r"\1 ", told)


def size(count: int, language: str) -> str:
    """Decimal units, as cards and disks are sold: 1.2 GB."""
    value, place = float(count), 0
    while value >= 999.5 and place < len(UNITS) - 1:
        value, place = value / 1000, place + 1
    digits = "#,##0.#" if value < 10 and place else "#,##0"
    return f"{numbers.format_decimal(value, digits, locale=LOCALES[language])} {UNITS[place]}"


def whole(count: int, language: str) -> str:
    return numbers.format_decimal(count, locale=LOCALES[language])
