"""What cells of 储存期限 mean: the longest span they name, and never a shorter one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.keeping import Kept, kept
from gateway.rules.retention import ItemPeriod, RetentionFacts, item_floor


@pytest.mark.parametrize(
    ("cell", "months"),
    [
        ("6个月", 6), ("不少于6个月", 6), ("６个月以上", 6), ("六个月", 6), ("3年", 36), ("三年", 36), ("两年", 24),
        ("十年", 120), ("十五年", 180), ("二十年", 240), ("30 年", 360), ("半年", 6), ("一年半", 18), ("90天", 4),
        ("30日", 2), ("12周", 3), ("一般案件3个月，重大案件5年", 60), ("至少保存三个月", 3),
    ],
)  # fmt: skip
def test_a_span_is_read_however_it_is_written(cell: str, months: int) -> None:
    assert kept(cell) == Kept(months)


@pytest.mark.parametrize("cell", ["永久", "永久保存", "长期", "一般3年，重大永久"])
def test_for_ever(cell: str) -> None:
    assert kept(cell) == Kept(None)


@pytest.mark.parametrize("cell", ["", "同案卷", "与案卷保存期限一致", "按规定", "—", "0年"])
def test_what_names_no_span_sets_none(cell: str) -> None:
    assert kept(cell) is None


@given(st.integers(1, 4000), st.dates(date(2000, 1, 1), date(2050, 1, 1)))
def test_days_never_become_a_shorter_time(days: int, since: date) -> None:
    span = kept(f"{days}天")
    assert span is not None
    until = item_floor(ItemPeriod(item="x", months=span.months), RetentionFacts(since=since)).until
    assert until is not None
    assert until >= since + timedelta(days=days)


@given(st.lists(st.integers(1, 99), min_size=1, max_size=4), st.text("，、；的重大一般案件", max_size=5))
def test_of_several_the_longest_holds_in_any_order(years: list[int], between: str) -> None:
    cell = f"；{between}；".join(f"{year}年" for year in years)
    assert kept(cell) == Kept(12 * max(years))


@given(st.integers(1, 99))
def test_numerals_and_figures_say_the_same(years: int) -> None:
    tens, ones = divmod(years, 10)
    names = "零一二三四五六七八九"
    written = (("" if tens == 1 else names[tens]) + "十" if tens else "") + (names[ones] if ones else "")
    assert kept(f"{written}年") == kept(f"{years}年") == Kept(12 * years)
