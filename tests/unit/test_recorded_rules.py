"""How much of a step was recorded, against a slow count second by second that shares no code with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.rules.coverage import Stretch
from gateway.rules.recorded import CoverageLimits, Gap, Part, Recorded, Told, is_elsewhere, recorded

NINE = datetime(2026, 8, 4, 9, tzinfo=UTC)
BEGIN, END, LAST = 20, 120, 140
SEAM, REACH = 2, 5
LIMITS = CoverageLimits(0.98, SEAM, 10, 0.05, REACH)
SLACK = 5


def sec(n: float) -> datetime:
    return NINE + timedelta(seconds=n)


SPAN = Stretch(sec(BEGIN), sec(END))
PARTS = st.lists(
    st.builds(
        lambda recorder, pair, doubt: Part(recorder, sec(min(pair)), sec(max(pair)), doubt),
        st.sampled_from("ab"),
        st.tuples(st.integers(0, LAST), st.integers(0, LAST)),
        st.sampled_from([0, 0, 3, 20]),
    ),
    max_size=6,
)
CAUSES = st.lists(
    st.one_of(
        st.builds(
            lambda pair, cause: Told(sec(min(pair)), sec(max(pair) + 1), cause, by_person=True),
            st.tuples(st.integers(0, LAST), st.integers(0, LAST)),
            st.sampled_from(["fault", "weather"]),
        ),
        st.builds(
            lambda at, cause: Told(sec(at), sec(at), cause, is_moment=True),
            st.integers(0, LAST),
            st.sampled_from(["rec_stop", "low_battery"]),
        ),
    ),
    max_size=4,
)


def n(at: datetime) -> int:
    return round((at - NINE).total_seconds())


class Slow:
    """Every second of the hour on its own: whether somebody has it."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts

    def has(self, second: int, parts: list[Part]) -> bool:
        """Some clip has it, or it lies in a seam between two clips of one recorder."""
        if any(n(one.start) <= second < n(one.end) for one in parts):
            return True
        return any(
            before.recorder == after.recorder
            and n(before.start) < n(before.end) <= second < n(after.start) < n(after.end)
            and n(after.start) - n(before.end) <= SEAM
            for before in parts
            for after in parts
        )

    def measured(self, second: int) -> bool:
        return self.has(second, self.parts)

    def possible(self, second: int) -> bool:
        wide = any(
            n(one.start) - one.uncertainty_s <= second < n(one.end) + one.uncertainty_s
            and n(one.end) - n(one.start) + 2 * one.uncertainty_s > 0
            for one in self.parts
        )
        return wide or self.measured(second)

    def certain(self, second: int) -> bool:
        """One recorder has all seconds around it, as far as its clock may be wrong."""
        for recorder in "ab":
            for level in {0, 3, 20}:
                sure = [one for one in self.parts if one.recorder == recorder and one.uncertainty_s <= level]
                if sure and all(self.has(near, sure) for near in range(second - level, second + level + 1)):
                    return True
        return False

    def holes(self, has: object) -> list[list[int]]:
        runs: list[list[int]] = []
        for second in range(BEGIN, END):
            if has(second):  # type: ignore[operator]
                continue
            if runs and runs[-1][-1] == second - 1:
                runs[-1].append(second)
            else:
                runs.append([second])
        inner = range(BEGIN + SLACK, END - SLACK)
        return [run for run in runs if any(second in inner for second in run)]

    def share(self, has: object) -> float:
        return 1 - sum(map(len, self.holes(has))) / (END - BEGIN)


@given(PARTS)
@example([Part("a", sec(0), sec(19), 0), Part("a", sec(21), sec(21), 0)])
def test_it_is_what_a_count_second_by_second_finds(parts: list[Part]) -> None:
    told, slow = recorded(parts, SPAN, (), LIMITS), Slow(parts)
    assert [(n(gap.start), n(gap.end)) for gap in told.gaps] == [
        (run[0], run[-1] + 1) for run in slow.holes(slow.measured)
    ]
    assert abs(told.measured - slow.share(slow.measured)) < 1e-5
    assert abs(told.possible - slow.share(slow.possible)) < 1e-5
    assert abs(told.certain - slow.share(slow.certain)) < 1e-5
    surely = {second for run in slow.holes(slow.possible) for second in run}
    for gap in told.gaps:
        assert gap.sure == any(second in surely for second in range(n(gap.start), n(gap.end)))


@given(PARTS)
def test_certain_lies_within_measured_and_that_within_possible(parts: list[Part]) -> None:
    told = recorded(parts, SPAN, (), LIMITS)
    assert 0 <= told.certain <= told.measured <= told.possible <= 1


@given(PARTS, st.randoms())
def test_the_order_in_which_clips_come_makes_no_difference(parts: list[Part], chance: object) -> None:
    other = list(parts)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert recorded(other, SPAN, (), LIMITS) == recorded(parts, SPAN, (), LIMITS)


@given(PARTS, PARTS)
def test_another_clip_never_lowers_what_is_covered(parts: list[Part], more: list[Part]) -> None:
    before, after = recorded(parts, SPAN, (), LIMITS), recorded([*parts, *more], SPAN, (), LIMITS)
    assert after.certain >= before.certain
    assert after.measured >= before.measured
    assert after.possible >= before.possible
    assert seconds_of(after) <= seconds_of(before)


@given(PARTS)
def test_a_clock_that_is_more_certain_proves_no_less(parts: list[Part]) -> None:
    better = [replace(one, uncertainty_s=one.uncertainty_s / 2) for one in parts]
    before, after = recorded(parts, SPAN, (), LIMITS), recorded(better, SPAN, (), LIMITS)
    assert after.certain >= before.certain
    assert after.possible <= before.possible


def seconds_of(told: Recorded) -> set[int]:
    return {second for gap in told.gaps for second in range(n(gap.start), n(gap.end))}


@given(PARTS, CAUSES)
def test_a_gap_has_the_cause_that_says_most(parts: list[Part], told: list[Told]) -> None:
    for gap in recorded(parts, SPAN, told, LIMITS).gaps:
        span = set(range(n(gap.start), n(gap.end)))
        people = [one for one in told if one.by_person and span & set(range(n(one.start), n(one.end)))]
        moments = {one.cause for one in told if one.is_moment
                   and n(gap.start) - REACH < n(one.start) < n(gap.end)}  # fmt: skip
        if people:
            assert gap.cause in {one.cause for one in people}
        else:
            assert gap.cause == ("low_battery" if "low_battery" in moments else min(moments, default=None))
        left = sorted(span - {second for one in people for second in range(n(one.start), n(one.end))})
        pieces = [[second] for second in left[:1]]
        for second in left[1:]:
            if second == pieces[-1][-1] + 1:
                pieces[-1].append(second)
            else:
                pieces.append([second])
        assert gap.explained == (bool(people) and all(len(piece) <= LIMITS.edge_slack_s for piece in pieces))


def test_segments_of_one_take_lose_nothing_at_their_seams_however_wrong_the_clock() -> None:
    """Three files of five minutes, a clock known to a minute: unsure at both ends, not at the cuts."""
    limits = replace(LIMITS, edge_slack_s=0)
    span = Stretch(sec(0), sec(900))
    take = [Part("a", sec(at), sec(at + 300), 60) for at in (0, 300, 600)]
    told = recorded(take, span, (), limits)
    assert (told.measured, told.certain) == (1.0, round(780 / 900, 6))
    assert told.is_doubtful(limits)
    apart = [Part(str(at), sec(at), sec(at + 300), 60) for at in (0, 300, 600)]
    assert recorded(apart, span, (), limits).certain == 0.6, "of three recorders each is wrong on its own"


def test_two_recorders_of_one_event_fill_each_other() -> None:
    both = [Part("a", sec(20), sec(70)), Part("b", sec(60), sec(120))]
    assert recorded(both, SPAN, (), LIMITS).gaps == ()
    assert recorded([*both, both[0]], SPAN, (), LIMITS).measured == 1.0, "two carriers, one original"
    seam = [Part("a", sec(20), sec(70)), Part("b", sec(71), sec(120))]
    assert recorded(seam, SPAN, (), LIMITS).gaps == (Gap(sec(70), sec(71), None, False, True),), (
        "two recorders have no seam between them"
    )


def test_a_step_without_length_is_recorded_if_a_clip_has_its_moment() -> None:
    at = Stretch(sec(50), sec(50))
    assert recorded([], at, (), LIMITS).measured == 0
    assert recorded([Part("a", sec(40), sec(60), 20)], at, (), LIMITS) == Recorded(0.0, 1.0, 1.0, ())
    assert recorded([Part("a", sec(55), sec(60), 20)], at, (), LIMITS) == Recorded(0.0, 0.0, 1.0, ())


ONE = st.builds(
    lambda pair, doubt: Part("a", sec(min(pair)), sec(max(pair)), doubt),
    st.tuples(st.integers(0, LAST), st.integers(0, LAST)),
    st.integers(0, 40),
)
SPANS = st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted)


@given(ONE, SPANS)
def test_a_clip_is_elsewhere_if_no_second_it_can_have_is_of_the_step(part: Part, span: list[int]) -> None:
    doubt = int(part.uncertainty_s)
    can_have = range(n(part.start) - doubt, n(part.end) + doubt + 1)
    assert is_elsewhere(part, sec(span[0]), sec(span[1])) != any(
        span[0] <= one <= span[1] for one in can_have
    )


@given(ONE, SPANS, st.integers(0, 30))
def test_more_doubt_or_more_slack_never_puts_a_clip_elsewhere(part: Part, span: list[int], more: int) -> None:
    first, last = sec(span[0]), sec(span[1])
    wider = replace(part, uncertainty_s=part.uncertainty_s + more)
    by = timedelta(seconds=more)
    assert is_elsewhere(wider, first, last) <= is_elsewhere(part, first, last)
    assert is_elsewhere(part, first - by, last + by) <= is_elsewhere(part, first, last)
