"""Times and sizes as people write them, in Chinese and English."""

from datetime import UTC, datetime

import pytest

from api.console.telling import clock, instant, size, span, whole

NOON = datetime(2026, 8, 4, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "chinese", "english"),
    [
        (NOON, "12:05", "12:05"),
        (datetime(2026, 8, 3, 16, 0, tzinfo=UTC), "00:00", "00:00"),  # today, by the clock on this wall
        (datetime(2026, 8, 3, 15, 59, tzinfo=UTC), "8月3日 23:59", "3 Aug 23:59"),
        (datetime(2025, 12, 31, 15, 59, tzinfo=UTC), "2025年12月31日 23:59", "31 Dec 2025 23:59"),
    ],
)
def test_as_much_of_the_date_as_is_needed(at: datetime, chinese: str, english: str) -> None:
    assert instant(at, "zh", NOON) == chinese
    assert instant(at, "en", NOON) == english
    assert clock(NOON, "zh") == "12:05"


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0.2, "5 秒钟", "5 seconds"), (31, "30 秒钟", "30 seconds"), (59, "1 分钟", "1 minute"), (61, "1 分钟", "1 minute"),
        (290, "5 分钟", "5 minutes"), (3700, "1 小时", "1 hour"), (86400 * 2, "2 天", "2 days"),
    ],
)  # fmt: skip
def test_spans_are_told_roughly(seconds: float, chinese: str, english: str) -> None:
    assert span(seconds, "zh") == chinese
    assert span(seconds, "en") == english


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (1_240_000_000, "1.2 GB"), (64 * 10**9, "64 GB")],
)  # fmt: skip
def test_sizes_have_three_figures_at_most(count: int, told: str) -> None:
    assert size(count, "zh") == size(count, "en") == told


def test_large_counts_are_grouped() -> None:
    assert whole(1234567, "zh") == "1,234,567"
