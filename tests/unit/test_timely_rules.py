"""Days that the law gives in a case: kept up to the last day, missed from the next one on (R-23, R-26)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.findings import Verdict, verdict
from gateway.rules.timely import DECISION, EMERGENCY, Limit, Span, days_rule, dealt_with, hours_rule, served
from gateway.wording import reason, sentence

ZONE = ZoneInfo("Asia/Shanghai")
T0 = datetime(2024, 5, 6, 1, 0, tzinfo=UTC)
MOMENTS = st.integers(0, 400 * 24).map(lambda hours: T0 + timedelta(hours=hours))
SPANS = st.builds(Span, MOMENTS, st.none() | MOMENTS)


def limit(days: float, *, verified: bool = True) -> Limit:
    return Limit("deadlines.decision_days", timedelta(days=days), "行政处罚法 art 60 (S65)", verified)


@given(SPANS, MOMENTS, st.integers(1, 120))
def test_whole_local_days_are_counted_and_the_last_one_still_counts(
    span: Span, at: datetime, days: int
) -> None:
    gone = ((span.done or at).astimezone(ZONE).date() - span.begun.astimezone(ZONE).date()).days
    found = days_rule(DECISION, limit(days), span, at, ZONE)
    assert (found is not None) is (gone > days)
    if found is not None:
        assert found.code == DECISION[span.done is None]
        assert verdict([found]) is Verdict.VALID_WITH_NOTE, "it never rejects what was recorded"


@given(SPANS, MOMENTS, st.integers(1, 60), st.integers(0, 60), st.integers(0, 900))
def test_a_longer_period_never_finds_more_and_time_never_finds_less(
    span: Span, at: datetime, days: int, more: int, later: int
) -> None:
    short, long = (days_rule(DECISION, limit(one), span, at, ZONE) for one in (days, days + more))
    assert long is None or short is not None
    if short is not None:
        assert days_rule(DECISION, limit(days), span, at + timedelta(hours=later), ZONE) is not None


@given(SPANS, MOMENTS)
def test_hours_are_counted_to_the_minute(span: Span, at: datetime) -> None:
    found = hours_rule(EMERGENCY, limit(1), span, at)
    assert (found is None) is ((span.done or at) - span.begun <= timedelta(hours=24))


def test_the_sentence_says_the_last_day_and_whether_anybody_read_the_text() -> None:
    span = Span(datetime(2024, 5, 5, 16, tzinfo=UTC), None)
    found = days_rule(DECISION, limit(90, verified=False), span, datetime(2024, 8, 5, tzinfo=UTC), ZONE)
    assert found is not None
    told = sentence(reason(found.code, **dict(found.facts)))
    assert "2024-08-04" in told
    assert "行政处罚法 art 60" in told
    assert "待核实" in told


def test_of_several_services_the_first_counts_and_by_notice_or_without_a_day_nothing_is_said() -> None:
    day, next_day = T0 + timedelta(days=3), T0 + timedelta(days=9)
    assert served(T0, [("直接", next_day), ("留置", day)], ["公告"]) == Span(T0, day)
    assert served(T0, [], ["公告"]) == Span(T0, None)
    assert served(T0, [("公告送达", next_day)], ["公告"]) is None
    assert served(T0, [("公告送达", next_day)], ["登报"]) == Span(T0, next_day), (
        "what notice is, the pack says"
    )
    assert served(T0, [("直接", None)], ["公告"]) is None


@given(st.lists(MOMENTS, max_size=4), st.lists(MOMENTS, max_size=4))
def test_each_registration_has_the_next_paper_that_deals_with_it(
    registered: list[datetime], handled: list[datetime]
) -> None:
    for span in dealt_with(registered, handled):
        after = [one for one in handled if one >= span.begun]
        assert span.done == (min(after) if after else None)


LAST = datetime(2024, 5, 15, 15, 59, tzinfo=UTC)
"""Begun on the 6th, nine days, to the last minute of the 15th in China."""


@pytest.mark.parametrize(
    ("done", "is_late"),
    [(LAST, False), (LAST + timedelta(minutes=1), True), (LAST - timedelta(days=1), False)],
)
def test_the_last_day_counts_to_its_end_and_the_next_does_not(done: datetime, is_late: bool) -> None:
    assert (days_rule(DECISION, limit(9), Span(T0, done), done, ZONE) is not None) is is_late


@pytest.mark.parametrize(("minutes", "is_late"), [(24 * 60, False), (24 * 60 + 1, True)])
def test_the_last_minute_counts(minutes: int, is_late: bool) -> None:
    span = Span(T0, T0 + timedelta(minutes=minutes))
    assert (hours_rule(EMERGENCY, limit(1), span, span.begun) is not None) is is_late
