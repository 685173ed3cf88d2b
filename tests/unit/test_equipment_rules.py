"""AL-1, AL-6…AL-11: what a device must be, how many a unit needs, when one may leave."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules import gb_code
from gateway.rules.equipment import (
    Leaving,
    idle_rule,
    keeper_rule,
    life_rule,
    procurement_rule,
    retirement_rules,
    spec_rule,
    type_rule,
)
from gateway.rules.quota import Pattern, Per, Quota, Semantics, enough_rule, surplus_rule
from gateway.rules.standing import Stand, status_at, wrong_turn

T0 = datetime(2024, 5, 6, tzinfo=UTC)
LEAST = {"width": 1920.0, "height": 1080.0, "storage_gb": 16.0, "ip": 67.0, "still_mp": None}
GOOD = {"width": 1920.0, "height": 1080.0, "storage_gb": 16.0, "ip": 68.0}
officers = st.integers(0, 5000)
ratios = st.integers(1, 20)


def quota(ratio: int | None, semantics: Semantics = Semantics.FLOOR) -> Quota:
    return Quota(ratio, semantics, "S1", verified=True)


def test_seven_officers_by_either_reading() -> None:
    """The digest's own example (3.2, trap 6)."""
    assert quota(2).required(7) == 4
    assert quota(2, Semantics.CAP).required(7) == 3


@given(officers, ratios)
def test_the_floor_is_never_below_the_cap_and_they_differ_by_a_begun_group(count: int, ratio: int) -> None:
    floor, cap = quota(ratio).required(count), quota(ratio, Semantics.CAP).required(count)
    assert floor is not None
    assert cap is not None
    assert floor - cap == (count % ratio != 0)
    assert cap * ratio <= count <= floor * ratio


@given(officers, st.integers(0, 50), ratios, st.sampled_from(Semantics))
def test_more_officers_never_need_fewer_devices(
    count: int, more: int, ratio: int, semantics: Semantics
) -> None:
    asked = quota(ratio, semantics)
    few, many = asked.required(count), asked.required(count + more)
    assert few is not None
    assert many is not None
    assert few <= many


@given(officers, st.integers(2, 20))
def test_a_larger_group_for_each_device_never_needs_more(count: int, ratio: int) -> None:
    assert (quota(ratio).required(count) or 0) <= (quota(ratio - 1).required(count) or 0)


@given(officers, st.integers(0, 40), st.integers(1, 3))
def test_patterns_count_officers_or_sections(count: int, sections: int, each: int) -> None:
    kinds = frozenset({"body_camera"})
    per_person = Pattern("p", kinds, Per.OFFICER, each, "S2", verified=True)
    per_section = Pattern("s", kinds, Per.SECTION, each, "S2", verified=True)
    assert per_person.required(count, sections) == each * count
    assert per_section.required(count, sections) == each * sections


def test_what_is_not_known_is_open_never_met() -> None:
    open_quota = enough_rule(9, quota(None).required(12))
    assert (open_quota.passed, open_quota.code) == (False, "equipment.quota_open")
    assert surplus_rule(9, None).passed


@given(st.integers(0, 50), st.integers(0, 50))
def test_too_few_and_too_many_are_never_both(have: int, required: int) -> None:
    enough, surplus = enough_rule(have, required), surplus_rule(have, required)
    assert enough.passed == (have >= required)
    assert surplus.passed == (have <= required)
    assert enough.passed or surplus.passed
    assert (enough.rule, surplus.rule) == ("AL-6", "AL-10")


def test_a_device_is_good_only_where_all_that_is_asked_is_told() -> None:
    assert spec_rule(GOOD, LEAST).passed
    below = spec_rule(GOOD | {"storage_gb": 8.0, "ip": None}, LEAST)
    assert (below.code, dict(below.facts)["measures"]) == ("equipment.spec_below", "storage_gb 8 < 16")
    unknown = spec_rule({"width": 1920.0}, LEAST)
    assert (unknown.passed, unknown.code) == (False, "equipment.spec_unknown")
    assert dict(unknown.facts)["measures"] == "height, storage_gb, ip"
    assert spec_rule({}, dict.fromkeys(LEAST)).passed, "what a pack leaves open is not asked"


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), st.floats(0, 100)))
def test_a_better_device_never_fails_where_a_worse_one_passes(more: dict[str, float]) -> None:
    better = {name: value + more.get(name, 0) for name, value in GOOD.items()}
    assert spec_rule(better, LEAST).passed


def test_types_papers_and_keepers() -> None:
    assert type_rule("body_camera", {"body_camera", "cctv"}).passed
    assert not type_rule("drone", {"body_camera", "cctv"}).passed
    assert procurement_rule("邢财资〔2023〕8号").passed
    assert [rule.rule for rule in (procurement_rule(None), keeper_rule(None))] == ["AL-11", "R-44"]
    assert not procurement_rule("").passed
    assert not keeper_rule(None).passed


@given(st.integers(0, 400), st.integers(1, 200))
def test_idle_counts_from_the_last_use_or_from_the_first_day(days: int, limit: int) -> None:
    on = date(2024, 12, 31)
    last = on - timedelta(days=days)
    used = idle_rule(last, last - timedelta(days=500), on, limit)
    fresh = idle_rule(None, last, on, limit)
    assert used.passed == fresh.passed == (days <= limit)


def test_a_device_that_was_never_used_is_for_the_audit_list() -> None:
    assert idle_rule(None, None, date(2024, 5, 6), 90).code == "equipment.never_used"


def test_a_device_serves_its_time() -> None:
    bought = date(2016, 5, 6)
    assert life_rule(bought, date(2024, 5, 7), 8).passed
    short = life_rule(bought, date(2023, 5, 6), 8)
    assert (short.rule, short.code, dict(short.facts)["served"]) == ("R-43", "equipment.life_short", "7.0")
    assert life_rule(None, date(2024, 5, 6), 8).code == "equipment.life_unknown"
    assert life_rule(None, date(2024, 5, 6), None).passed, "of body cameras nobody knows (R-43)"


STATUSES = ["ACCEPTED", "IN_SERVICE", "REPAIR", "LOST", "SUSPENDED", "RETIRED"]
moments = st.integers(0, 1000).map(lambda hours: T0 + timedelta(hours=hours))
histories = st.lists(st.builds(Stand, st.sampled_from(STATUSES), moments), unique_by=lambda one: one.since)


@given(histories, moments)
def test_the_status_at_a_moment_agrees_with_walking_through_the_life(
    history: list[Stand], at: datetime
) -> None:
    status = None
    for stand in sorted(history, key=lambda one: one.since):
        if stand.since <= at:
            status = stand.status
    assert status_at(history, at) == status
    assert status_at(reversed(history), at) == status


@given(histories)
def test_nothing_follows_the_end_and_nothing_goes_before_the_beginning(history: list[Stand]) -> None:
    ordered = [stand.status for stand in sorted(history, key=lambda one: one.since)]
    lawful = "RETIRED" not in ordered[:-1] and "ACCEPTED" not in ordered[1:]
    assert (wrong_turn(history) is None) == lawful


def test_two_statuses_in_one_moment_are_one_too_many() -> None:
    assert wrong_turn([Stand("IN_SERVICE", T0), Stand("REPAIR", T0)])


READY = {
    "doc_no": "邢财资处〔2024〕2号", "was_lost": False, "holder": None, "was_read": True, "unfinished": 0,
    "unsealed": 0, "left_on_it": (),
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"doc_no": None}, "retirement.no_document"),
        ({"holder": "zhang"}, "retirement.held"),
        ({"was_read": False}, "retirement.unread"),
        ({"unfinished": 2}, "retirement.unfinished"),
        ({"unsealed": 1}, "retirement.unsealed"),
        ({"left_on_it": ("DCIM/1.MP4",)}, "retirement.not_cleared"),
    ],
)
def test_a_device_leaves_only_with_its_paper_and_empty(wrong: dict[str, object], code: str) -> None:
    assert all(rule.passed for rule in retirement_rules(Leaving(**READY)))  # type: ignore[arg-type]
    failed = [rule for rule in retirement_rules(Leaving(**READY | wrong)) if not rule.passed]  # type: ignore[arg-type]
    assert [(rule.rule, rule.code) for rule in failed] == [("AL-9", code)]


def test_of_a_lost_device_only_the_paper_is_asked() -> None:
    lost = READY | {"was_lost": True, "was_read": False, "left_on_it": ("1.MP4",)}
    assert all(rule.passed for rule in retirement_rules(Leaving(**lost)))  # type: ignore[arg-type]
    assert not all(rule.passed for rule in retirement_rules(Leaving(**lost | {"doc_no": None})))  # type: ignore[arg-type]


def test_codes_of_the_national_standard() -> None:
    by_a = gb_code.parse("13050200001320000001")
    assert by_a is not None
    assert (by_a.region, by_a.industry, by_a.segments) == ("130502", "00", ("132", "0000001"))
    assert gb_code.parse("1305020000010132") is not None
    for wrong in ("", "1305020000132000000", "130502000013200000012", "1305020000132000000x",
                  "03050200001320000001", "13050200000000000001", "１3050200001320000001", " 3050200001320000001"):  # fmt: skip
        assert gb_code.parse(wrong) is None, wrong


@given(st.text(alphabet="0123456789", min_size=1, max_size=30))
def test_a_code_is_nothing_but_its_segments(written: str) -> None:
    code = gb_code.parse(written)
    if code is not None:
        assert code.centre + code.industry + "".join(code.segments) == written
