"""What must hold of figures whatever the facts are: each case once, nothing better for being later."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.reports import clips, registers
from gateway.reports.clips import ClipSeen, LinkSeen
from gateway.reports.comparing import compare_figures
from gateway.reports.figures import (
    ABOVE,
    BELOW,
    COUNTS,
    Code,
    Figure,
    Member,
    Period,
    Report,
    Side,
    grouped,
    ordered,
    ungrouped,
)
from gateway.reports.registers import CaseSeen, CheckoutSeen
from gateway.rules.allocation import HolderKind, Holding

CHINA = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 7, 1, tzinfo=UTC)
moments = st.integers(0, 100 * 24 * 60).map(lambda minutes: T0 + timedelta(minutes=minutes))
maybe = st.none() | moments
hours = st.integers(1, 72).map(lambda n: timedelta(hours=n))
links = st.builds(
    LinkSeen, has_matter=st.booleans(), stage=st.sampled_from([None, "启动"]), item=st.sampled_from([None, "询问"]),
    back_at=maybe,
)  # fmt: skip
seen = st.builds(
    ClipSeen, id=st.uuids().map(str), unit=st.sampled_from(["a", "b"]), type=st.just("cctv"), media=st.just("VIDEO"),
    aside=st.sampled_from(["", "", "figure.trial"]), ended_at=maybe, doubt=st.integers(0, 300).map(lambda s: timedelta(seconds=s)),
    arrived=maybe, returned=maybe, has_case_no=st.booleans(), has_place=st.booleans(), has_person=st.booleans(),
    has_matter=st.booleans(), links=st.lists(links, max_size=3).map(tuple), upload=hours, remote_upload=hours,
)  # fmt: skip
keys = st.lists(
    st.tuples(st.sampled_from(["unit", "stage"]), st.sampled_from(["", "甲", "b"])), max_size=3, unique=True
)
members = st.lists(
    st.builds(
        Member, kind=st.sampled_from(["clip", "case"]), id=st.text(max_size=3), side=st.sampled_from(Side),
        why=st.sampled_from(["", "figure.late"]), keys=keys.map(lambda found: tuple(sorted(found))),
    ),
    unique_by=lambda one: (one.kind, one.id), max_size=30,
)  # fmt: skip
EVERY = (clips.linked, clips.labelled, clips.uploaded)


def figure(found: Sequence[Member], code: Code = Code.LINKED) -> Figure:
    return Figure(code, ordered(found))


def side(found: tuple[Member, ...]) -> Side:
    [one] = found
    return one.side


@given(st.lists(seen, unique_by=lambda one: one.id, max_size=10))
def test_every_clip_stands_once_in_each_figure(found: list[ClipSeen]) -> None:
    for count in EVERY:
        told = count(found)
        assert [one.id for one in told] == [one.id for one in found]
        assert all(bool(one.why) is (one.side is not Side.BOTH) for one in told)
        assert {one.id for one in told if one.side is Side.EXCLUDED} >= {one.id for one in found if one.aside}


@given(seen, links)
def test_a_further_link_never_takes_a_clip_out_of_the_linked(clip: ClipSeen, link: LinkSeen) -> None:
    more = replace(clip, links=(*clip.links, link))
    assert side(clips.linked([more])) is (Side.EXCLUDED if clip.aside else Side.BOTH)


@given(seen)
def test_labels_are_complete_when_none_is_missing_and_not_before(clip: ClipSeen) -> None:
    clip = replace(
        clip,
        aside="",
        links=(),
        has_case_no=True,
        has_place=True,
        has_person=True,
        has_matter=True,
        ended_at=T0,
    )
    assert side(clips.labelled([clip])) is Side.BOTH
    for label in ("has_case_no", "has_place", "has_person", "has_matter"):
        assert side(clips.labelled([replace(clip, **{label: False})])) is Side.DENOMINATOR
    assert side(clips.labelled([replace(clip, ended_at=None)])) is Side.DENOMINATOR
    [several] = clips.labelled([replace(clip, ended_at=None, has_place=False)])
    assert several.why == "figure.label_several"


@given(seen, hours)
def test_who_stores_later_is_never_more_in_time(clip: ClipSeen, later: timedelta) -> None:
    before = side(clips.uploaded([clip]))
    if clip.arrived is None or before is Side.EXCLUDED:
        return
    after = side(clips.uploaded([replace(clip, arrived=clip.arrived + later)]))
    assert not (before is Side.DENOMINATOR and after is Side.BOTH)
    longer = side(clips.uploaded([replace(clip, upload=clip.upload + later)]))
    assert not (before is Side.BOTH and longer is Side.DENOMINATOR)


def test_the_edges_of_the_deadline() -> None:
    clip = ClipSeen(id="c", unit="u", type="t", media="VIDEO", ended_at=T0, upload=timedelta(hours=24), remote_upload=timedelta(hours=24))  # fmt: skip
    day, second = timedelta(hours=24), timedelta(seconds=1)
    for arrived, doubt, expected in (
        (day, 0, Side.BOTH),
        (day + second, 0, Side.DENOMINATOR),
        (day + second, 1, Side.BOTH),
    ):
        told = replace(clip, arrived=T0 + arrived, doubt=timedelta(seconds=doubt))
        assert side(clips.uploaded([told])) is expected
    late = replace(clip, arrived=T0 + timedelta(hours=30))
    assert side(clips.uploaded([late])) is Side.DENOMINATOR
    assert side(clips.uploaded([replace(late, returned=T0 + timedelta(hours=6))])) is Side.BOTH, (
        "R-50: end of duty"
    )
    away = LinkSeen(has_matter=True, back_at=T0 + timedelta(hours=6))
    assert side(clips.uploaded([replace(late, links=(away,))])) is Side.BOTH, "R-51: the return"


def held(out: datetime, back: datetime | None) -> CheckoutSeen:
    return CheckoutSeen(Holding("x", "CHECKOUT", HolderKind.OFFICER, "o", out, back), "u", "t")


@given(moments, st.none() | st.integers(0, 72), moments)
def test_a_checkout_is_closed_by_midnight_where_the_unit_is(
    out: datetime, hours: int | None, at: datetime
) -> None:
    back = None if hours is None else out + timedelta(hours=hours)
    [one] = registers.handed_back([held(out, back)], at, CHINA)
    went, came = (moment and moment.astimezone(CHINA) for moment in (out, back))
    assert went is not None
    midnight = datetime(went.year, went.month, went.day, tzinfo=CHINA) + timedelta(days=1)
    if came is not None and came <= midnight:
        assert one.side is Side.BOTH
    else:
        assert one.side is (Side.EXCLUDED if at < midnight else Side.DENOMINATOR)


@given(
    st.lists(st.tuples(st.integers(-90, 90), st.none() | st.integers(0, 90)), max_size=8), st.integers(1, 40)
)
def test_a_case_file_is_told_of_in_the_period_in_which_its_time_runs_out(
    found: list[tuple[int, int | None]], days: int
) -> None:
    """In exactly one of two that follow each other, unless it was still lying about when the second began."""
    cases = [
        CaseSeen(str(number), "u", T0 + timedelta(days=closed), None if kept is None else T0 + timedelta(days=closed + kept), days)
        for number, (closed, kept) in enumerate(found)
    ]  # fmt: skip
    middle, end = T0 + timedelta(days=30, hours=16), T0 + timedelta(days=60, hours=16)
    first = {one.id: one for one in registers.archive_overdue(cases, T0, middle, CHINA)}
    second = {one.id: one for one in registers.archive_overdue(cases, middle, end, CHINA)}
    for case in cases:
        due = registers.midnight_after(case.closed_on, CHINA, days)
        in_first = case.uid in first and first[case.uid].side is not Side.EXCLUDED
        in_second = case.uid in second and second[case.uid].side is not Side.EXCLUDED
        if T0 < due <= middle:
            assert in_first
            assert in_second is (case.archived_on is None or case.archived_on >= middle)
            assert in_second is (first[case.uid].side is Side.BOTH), "what was overdue is carried over"
        if middle < due <= end:
            assert in_second
            assert not in_first


@given(members)
def test_numbers_are_lengths_and_groups_lose_nothing(found: list[Member]) -> None:
    made = figure(found)
    assert made.numerator == len(made.of(ABOVE))
    assert made.denominator == len(made.of(BELOW))
    assert sum(made.excluded.values()) == len(made.of([Side.EXCLUDED]))
    assert ungrouped(grouped(made.members)) == made.members
    assert grouped(reversed(made.members)) == grouped(made.members), "whatever order they came in"
    assert figure(list(reversed(found))).members == made.members


@given(members, members)
def test_a_comparison_is_empty_only_of_what_is_the_same(left: list[Member], right: list[Member]) -> None:
    one, two = figure(left), figure(right)
    assert compare_figures(one, one).is_same
    there, back = compare_figures(one, two), compare_figures(two, one)
    assert there.is_same is (one.members == two.members)
    assert [(move.before, move.after) for move in there.moves] == [
        (move.after, move.before) for move in back.moves
    ]
    moved = {move.order for move in there.moves}
    stayed = {(each.kind, each.id) for each in set(one.members) & set(two.members)}
    assert moved | stayed == {(each.kind, each.id) for each in (*left, *right)}
    assert not moved & stayed


@given(members)
def test_any_change_of_any_member_changes_the_digest(found: list[Member]) -> None:
    def digest(told: Sequence[Member]) -> str:
        period = Period(T0, T0 + timedelta(days=1))
        return Report("u", period, T0, ("p@1",), (figure(told),)).digest

    assert digest(found) == digest(list(reversed(found)))
    for number, one in enumerate(found):
        rest = [*found[:number], *found[number + 1 :]]
        assert digest(rest) != digest(found)
        other = Side.BOTH if one.side is not Side.BOTH else Side.EXCLUDED
        assert digest([*rest, replace(one, side=other)]) != digest(found)


def test_rates() -> None:
    none = Figure(Code.LINKED, ())
    assert (none.numerator, none.denominator, none.rate) == (0, 0, None)
    left_out = Figure(Code.LINKED, (Member("clip", "a", Side.EXCLUDED, "figure.trial"),))
    assert left_out.rate is None, "everything left out is no 100 %"
    assert Figure(Code.LINKED, (Member("clip", "a", Side.BOTH),)).rate == 1.0
    assert Figure(Code.LINKED, (Member("clip", "a", Side.DENOMINATOR, "x"),)).rate == 0.0
    untold = Figure(Code.LINKED, (Member("clip", "a", Side.BOTH),), told=False)
    assert (untold.numerator, untold.denominator, untold.rate) == (None, None, None)
    for code in COUNTS:
        assert Figure(code, (Member("clip", "a", Side.BOTH),)).rate is None


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/New_York"])
def test_quarters_tile_the_year(zone: str) -> None:
    where = ZoneInfo(zone)
    quarters = [Period.quarter(2026, number, where) for number in (1, 2, 3, 4)]
    year = Period.year(2026, where)
    assert [year.since, *(one.until for one in quarters)] == [*(one.since for one in quarters), year.until]


def test_a_period_needs_a_beginning_before_its_end_and_a_zone() -> None:
    for since, until in (
        (T0, T0),
        (T0 + timedelta(days=1), T0),
        (T0.replace(tzinfo=None), T0),
        (T0, T0.replace(tzinfo=None)),
    ):
        with pytest.raises(ValueError, match="no period"):
            Period(since, until)
