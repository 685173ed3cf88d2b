"""Words and forms that only the page of a clip needs."""

from datetime import date, datetime
from typing import Any

from babel import dates

from api.console.pages import Reader
from api.console.telling import LOCALES
from gateway.models import now
from gateway.wording import CHINA, spoken, verdict_word

RENDITIONS = ("proxy", "poster", "thumbnail", "waveform", "decrypted")


def words(reader: Reader) -> dict[str, Any]:
    language = reader.language
    return {
        "day": lambda on: day(on, language),
        "exact": exact,
        "sourced": lambda source: spoken(source, language),
        "term": lambda word: spoken(word, language),
        "verdict": lambda verdict: verdict_word(verdict, language),
        "rendition_kinds": RENDITIONS,
        "watched_at": exact(now()),
    }


def day(on: date, language: str) -> str:
    return dates.format_date(on, "long", locale=LOCALES[language])


def exact(at: datetime) -> str:
    """To the second, in the site's zone."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def width(text: str) -> int:
    """About, in pixels of the watermark's letters, with a space behind it; never less than its time takes."""
    return 48 + max(170, sum(15 if letter > "\u2e80" else 8 for letter in text))
