"""Times and sizes as people write them, in Chinese and English."""

from datetime import UTC, datetime

import pytest

from api.console.telling import clock, foreseen, instant, lateness, size, span, whole

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
        (0, "不到 1 秒", "less than a second"), (0.9, "不到 1 秒", "less than a second"),
        (1, "1 秒", "1 second"), (3.6, "4 秒", "4 seconds"), (59, "59 秒", "59 seconds"),
        (59.6, "1 分钟", "1 minute"), (180, "3 分钟", "3 minutes"), (200, "3 分 20 秒", "3 minutes 20 seconds"),
        (3600, "1 小时", "1 hour"), (3605, "1 小时", "1 hour"), (3929, "1 小时 5 分", "1 hour 5 minutes"),
        (86400 * 2, "2 天", "2 days"), (86400 * 17 + 3700, "17 天 1 小时", "17 days 1 hour"),
    ],
)  # fmt: skip
def test_spans_are_as_long_as_they_were(seconds: float, chinese: str, english: str) -> None:
    assert span(seconds, "zh") == chinese
    assert span(seconds, "en") == english


@pytest.mark.parametrize(
    ("days", "chinese", "english"),
    [
        (0.5, "12 小时", "12 hours"), (1.99, "1 天", "1 day"), (10.7, "10 天", "10 days"),
        (17.7, "17 天", "17 days"), (24.9, "24 天", "24 days"), (400, "400 天", "400 days"),
    ],
)  # fmt: skip
def test_late_by_whole_days(days: float, chinese: str, english: str) -> None:
    assert lateness(days * 86400, "zh") == chinese
    assert lateness(days * 86400, "en") == english


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0.2, "5 秒", "5 seconds"), (31, "30 秒", "30 seconds"), (200, "3 分钟", "3 minutes"),
        (5400, "1 小时 30 分", "1 hour 30 minutes"),
    ],
)  # fmt: skip
def test_what_is_foreseen_is_told_roughly(seconds: float, chinese: str, english: str) -> None:
    assert foreseen(seconds, "zh") == chinese
    assert foreseen(seconds, "en") == english


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"), (1_240_000_000, "1.2 GB"), (64 * 10**9, "64 GB")],
)  # fmt: skip
def test_sizes_have_three_figures_at_most(count: int, told: str) -> None:
    assert size(count, "zh") == size(count, "en") == told


def test_large_counts_are_grouped() -> None:
    assert whole(1234567, "zh") == "1,234,567"
