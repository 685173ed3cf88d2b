"""How long footage stays: the longest floor, whatever the order; what is added or not known never shortens."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import rulepacks
from gateway.retention import limits_of
from gateway.rules.retention import (
    CaseFile,
    Deadline,
    Flag,
    HoldFacts,
    ItemPeriod,
    RetentionFacts,
    after,
    disposal_date,
    log_until,
    review_on,
    transfer_on,
)

LIMITS = limits_of(rulepacks.load("hebei-xingtai-2019"))
DAY = date(2024, 5, 6)
ARCHIVED = CaseFile(
    uid="k", decided_on=date(2024, 6, 1), closed_on=date(2024, 7, 1), archived_on=date(2024, 8, 1),
    procedure="简易程序", real_estate=False,
)  # fmt: skip
HOLD = HoldFacts(hold="h", why="复议")

days = st.dates(date(1990, 1, 1), date(2150, 12, 31))
maybe = st.none() | days
cases = st.builds(
    CaseFile,
    uid=st.sampled_from("abc"),
    decided_on=maybe,
    closed_on=maybe,
    archived_on=maybe,
    procedure=st.sampled_from((None, "", "一般程序", "简易程序", " 简易程序 ", "x")),
    retention_class=st.sampled_from((None, "permanent", "30y", "10y", "x")),
    real_estate=st.sampled_from((None, True, False)),
)
items = st.builds(ItemPeriod, item=st.sampled_from("pq"), months=st.none() | st.integers(1, 600))
flags = st.sampled_from(list(Flag))
holds = st.builds(HoldFacts, hold=st.sampled_from("hi"), why=st.just("x"))
facts = st.builds(
    RetentionFacts,
    since=maybe,
    finished=st.booleans(),
    quarantined=st.booleans(),
    window=st.booleans(),
    important=st.booleans(),
    cases=st.frozensets(cases, max_size=3),
    flags=st.frozensets(flags),
    items=st.frozensets(items, max_size=2),
    holds=st.frozensets(holds, max_size=2),
)


def decided(**given: object) -> Deadline:
    return disposal_date(RetentionFacts(**{"since": DAY, **given}), LIMITS)  # type: ignore[arg-type]


def never_shorter(longer: Deadline, than: Deadline) -> bool:
    return longer.on is None or (than.on is not None and longer.on >= than.on)


@given(facts, cases, flags, items, holds)
def test_what_is_added_never_shortens(
    known: RetentionFacts, case: CaseFile, flag: Flag, item: ItemPeriod, hold: HoldFacts
) -> None:
    before = disposal_date(known, LIMITS)
    for more in (
        {"cases": known.cases | {case}}, {"flags": known.flags | {flag}}, {"items": known.items | {item}},
        {"holds": known.holds | {hold}}, {"quarantined": True}, {"important": True}, {"finished": False},
    ):  # fmt: skip
        assert never_shorter(disposal_date(replace(known, **more), LIMITS), before), more  # type: ignore[arg-type]


@given(facts, cases, st.sampled_from(["archived_on", "retention_class", "procedure", "real_estate"]))
def test_what_is_not_known_never_shortens(known: RetentionFacts, case: CaseFile, name: str) -> None:
    """A case file's class may be told by its procedure: not knowing the one is no loss while the other is there."""
    fully = replace(case, retention_class=None) if name == "procedure" else case
    fully = replace(fully, procedure=None) if name == "retention_class" else fully
    less = replace(fully, **{name: None})
    one = disposal_date(replace(known, cases=known.cases | {fully}), LIMITS)
    other = disposal_date(replace(known, cases=known.cases | {less}), LIMITS)
    assert never_shorter(other, one)
    assert never_shorter(disposal_date(replace(known, since=None), LIMITS), one)


@given(facts, st.randoms(use_true_random=False))
def test_the_order_of_what_is_known_does_not_matter(known: RetentionFacts, chance: object) -> None:
    def mixed(kept: frozenset[object]) -> frozenset[object]:
        given = list(kept)
        chance.shuffle(given)  # type: ignore[attr-defined]
        return frozenset(given)

    again = replace(
        known, cases=mixed(known.cases), flags=mixed(known.flags), items=mixed(known.items), holds=mixed(known.holds),
    )  # type: ignore[arg-type]  # fmt: skip
    assert disposal_date(again, LIMITS) == disposal_date(known, LIMITS)


@given(facts)
def test_the_floor_that_decides_is_the_longest_and_none_is_left_out(known: RetentionFacts) -> None:
    found = disposal_date(known, LIMITS)
    ends = [floor.until for floor in found.floors]
    if None in ends:
        assert found.on is None
        assert found.decides.until is None
    else:
        assert found.on == max(end for end in ends if end) + timedelta(days=1)
    if known.holds:
        assert found.decides.code == "retention.held"
    if known.since is not None:
        assert len(ends) == (
            1 + len(known.holds) + known.quarantined + (not known.finished) + known.important
            + len(known.flags) + 2 * len(known.cases) + len(known.items)
        )  # fmt: skip


@given(days, st.integers(1, 600), st.integers(0, 600), st.integers(0, 60))
def test_the_calendar(start: date, months: int, more: int, later: int) -> None:
    end = after(start, months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)
    assert after(start, months + more) >= end
    assert after(start + timedelta(days=later), months) >= end


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2024, 2, 29), 360, date(2054, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(9990, 1, 1), 1200, date(9999, 12, 30)),
    ],
)
def test_leap_days_and_short_months(start: date, months: int, end: date) -> None:
    assert after(start, months) == end


def test_unlinked_stays_six_months_and_the_last_day_counts() -> None:
    found = decided()
    assert (found.on, found.decides.code) == (date(2024, 11, 7), "retention.any")
    assert not found.is_due(date(2024, 11, 6))
    assert found.is_due(date(2024, 11, 7))


def test_a_counter_s_device_has_three_months() -> None:
    found = decided(window=True)
    assert (found.on, found.decides.code) == (date(2024, 8, 7), "retention.window")


def test_what_was_marked_important_stays_while_it_may_become_a_case() -> None:
    assert decided(important=True).on == date(2029, 5, 7)


def test_linked_follows_the_case_file_from_its_archiving() -> None:
    found = decided(cases=frozenset({ARCHIVED}))
    assert (found.on, found.decides.code) == (date(2054, 8, 2), "retention.case_file")
    assert found.decides.stored()["facts"] == {"from": "2024-08-01", "months": "360", "case": "k"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"procedure": "普通程序"}, "retention.case_permanent"),
        ({"retention_class": "permanent"}, "retention.case_permanent"),
        ({"archived_on": None}, "retention.case_unarchived"),
        ({"archived_on": None, "closed_on": None}, "retention.case_open"),
        ({"procedure": None}, "retention.case_unknown"),
        ({"retention_class": "15y"}, "retention.case_unknown"),
    ],
)
def test_a_file_without_an_end_keeps_its_footage(changes: dict[str, object], code: str) -> None:
    found = decided(cases=frozenset({replace(ARCHIVED, **changes)}))  # type: ignore[arg-type]
    assert (found.on, found.decides.code) == (None, code)


def test_every_link_counts_and_the_longest_decides() -> None:
    short = replace(ARCHIVED, uid="short", retention_class="10y")
    assert decided(cases=frozenset({short})).on == date(2034, 8, 2)
    assert decided(cases=frozenset({short, ARCHIVED})).on == date(2054, 8, 2)
    still_open = CaseFile(uid="open")
    assert decided(cases=frozenset({short, still_open})).decides.facts == {"case": "open"}


def test_a_short_file_never_undercuts_the_time_in_which_a_decision_can_be_contested() -> None:
    brief = replace(LIMITS, classes={"10y": 1})
    file = replace(ARCHIVED, retention_class="10y")

    def on(case: CaseFile) -> date | None:
        return disposal_date(RetentionFacts(since=DAY, cases=frozenset({case})), brief).on

    assert on(file) == date(2029, 8, 2)
    assert on(replace(file, real_estate=True)) == date(2044, 8, 2)
    assert on(replace(file, real_estate=None)) == date(2044, 8, 2)


def test_footage_that_came_in_late_has_its_own_time() -> None:
    """A file of long ago gets a clip today: it is not due the next day."""
    old = CaseFile(uid="k", archived_on=date(1990, 1, 1), retention_class="10y", real_estate=False)
    found = decided(cases=frozenset({old}))
    assert (found.on, found.decides.code) == (date(2029, 5, 7), "retention.limitation")


def test_flags() -> None:
    assert decided(flags=frozenset({Flag.MAJOR})).decides.code == "retention.flag_permanent"
    assert decided(flags=frozenset({Flag.OBSTRUCTION})).on is None
    assert decided(flags=frozenset({Flag.EVIDENCE})).on == date(2044, 5, 7)


def test_a_list_s_period_may_lengthen_never_shorten() -> None:
    assert decided(items=frozenset({ItemPeriod(item="窗口", months=1)})).on == date(2024, 11, 7)
    assert decided(items=frozenset({ItemPeriod(item="考试", months=36)})).decides.code == "retention.item"
    assert decided(items=frozenset({ItemPeriod(item="强拆", months=None)})).on is None


def test_a_hold_wins_over_everything_and_says_why() -> None:
    found = decided(holds=frozenset({HOLD}), flags=frozenset({Flag.MAJOR}), quarantined=True, finished=False)
    assert found.on is None
    assert found.decides.stored() == {
        "code": "retention.held", "rule": "R-62", "facts": {"hold": "h", "why": "复议"},
    }  # fmt: skip


def test_unlinked_footage_comes_up_for_review_and_linked_does_not() -> None:
    assert review_on(RetentionFacts(since=DAY), LIMITS) == date(2025, 5, 7)
    assert review_on(RetentionFacts(since=DAY, cases=frozenset({ARCHIVED})), LIMITS) is None
    assert review_on(RetentionFacts(since=None), LIMITS) is None


def test_a_file_goes_to_the_archive_of_its_level() -> None:
    assert transfer_on(ARCHIVED, LIMITS, "municipal") == date(2044, 7, 1)
    assert transfer_on(ARCHIVED, LIMITS, "county") == date(2034, 7, 1)
    assert transfer_on(ARCHIVED, LIMITS, None) == date(2034, 7, 1)
    assert transfer_on(CaseFile(uid="k"), LIMITS, None) is None


def test_the_log_outlives_the_footage() -> None:
    assert log_until(date(2024, 8, 31), LIMITS) == date(2025, 2, 28)
