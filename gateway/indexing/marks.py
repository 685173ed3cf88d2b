"""Terms of what a clip is, beside its words: whose, when, which, in which state. None of them is a word's."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

SIGN = "="
BLOCK = 4096
"""Clips in a row that share a term: PostgreSQL's index has no order, so the newest are asked for by these."""
WIDE = 16
"""Blocks that share a second one."""
MANY_DAYS = 40
ENDLESS = "=tx"
"""Of a clip that lasts longer, as files of broken clocks claim."""
FIRST, LAST = date(1900, 1, 1), date(2299, 12, 31)


@lru_cache(4096)
def mark(kind: str, value: str) -> str:
    """Whatever characters an identifier has."""
    return f"{SIGN}{kind}{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:16]}"


def block(number: int) -> tuple[str, str]:
    return f"=b{number // BLOCK}", f"=w{number // BLOCK // WIDE}"


def blocks(first: int, last: int) -> list[str]:
    """Whose clips include all those numbers, by at most some dozens of terms."""
    low, high = first // BLOCK, last // BLOCK
    if high - low < 2 * WIDE:
        return [f"=b{one}" for one in range(low, high + 1)]
    return [f"=w{one}" for one in range(low // WIDE, high // WIDE + 1)]


def days(start: datetime | None, end: datetime | None) -> frozenset[str]:
    """Each day that a clip touches, and its month, year, decade, century."""
    if start is None:
        return frozenset()
    return touched(start.astimezone(UTC).date(), (end or start).astimezone(UTC).date())


@lru_cache(512)
def touched(first: date, last: date) -> frozenset[str]:
    if (last - first).days > MANY_DAYS or last < first:
        return frozenset({ENDLESS})
    found = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return frozenset({f"=t{day:%Y%m%d}"[: 2 + digits] for day in found for digits in (2, 3, 4, 6, 8)})


def span(since: datetime | None, until: datetime | None) -> list[str]:
    """One of these has every clip that touches a time between; a few others have one, too."""
    first = max(since.astimezone(UTC).date(), FIRST) if since else FIRST
    last = min(until.astimezone(UTC).date(), LAST) if until else LAST
    return [ENDLESS, *covered(first, last)]


def covered(first: date, last: date) -> Iterator[str]:
    """The largest parts of the calendar that lie between two days, both included."""
    day = first
    while day <= last:
        for digits, begins, end in periods(day):
            if begins and end <= last:
                yield f"=t{day:%Y%m%d}"[: 2 + digits]
                day = end + timedelta(days=1)
                break


def periods(day: date) -> Iterator[tuple[int, bool, date]]:
    """(digits that name it, whether it begins on this day, its last day), the longest first."""
    new_year = day.month == day.day == 1
    for digits, years in ((2, 100), (3, 10), (4, 1)):
        yield digits, new_year and day.year % years == 0, date(day.year // years * years + years - 1, 12, 31)
    following = day.replace(day=28) + timedelta(days=4)
    yield 6, day.day == 1, following - timedelta(days=following.day)
    yield 8, True, day
