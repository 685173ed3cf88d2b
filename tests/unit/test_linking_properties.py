"""What holds for every clip, ledger and calendar of steps (hypothesis)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.linking.standing import decided, fingerprint, print_of
from gateway.rules import case_number
from gateway.rules.alibi import far_apart
from gateway.rules.allocation import Custody, HolderKind, Holding, custody_over
from gateway.rules.clock import Interval, TimeSource
from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts, LinkLimits
from gateway.rules.findings import Verdict
from gateway.rules.judgement import Candidate
from gateway.rules.linking import around, decide, fits, spans
from gateway.rules.meeting import loosely, near, shared, strict
from gateway.rules.place import Position
from tests.unit.test_linking_rules import steps_of

T0 = datetime(2026, 3, 2, tzinfo=UTC)
LIMITS = LinkLimits(
    custody_tolerance_s=900, activity_slack_s=300, min_officers=2, number_kinds=case_number.SEEN,
    unnumbered_procedures=frozenset({"简易程序"}), place_tolerance_m=500, min_segment_s=300, upload_s=86400,
    remote_upload_s=86400,
)  # fmt: skip
PEOPLE = ("zhang", "li", "wang")

minutes = st.integers(0, 600)
lengths = st.integers(0, 180)
positions = st.none() | st.builds(Position, st.floats(37.0, 37.1), st.floats(114.5, 114.6))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = T0 + timedelta(minutes=draw(minutes))
    end = start + timedelta(minutes=draw(lengths))
    return Interval(start, end, draw(st.floats(0, 600)), TimeSource.CONTAINER)


@st.composite
def steps(draw: st.DrawFn, number: int) -> ActivityFacts:
    start = T0 + timedelta(minutes=draw(minutes))
    return ActivityFacts(
        activity_id=f"a{number}", kind="现场检查", start=start,
        end=start + timedelta(minutes=draw(st.integers(1, 180))),
        officers=frozenset(draw(st.sets(st.sampled_from(PEOPLE), min_size=1))), position=draw(positions),
    )  # fmt: skip


@st.composite
def cases(draw: st.DrawFn) -> list[CaseFacts]:
    number = 0
    made = []
    for uid in range(draw(st.integers(0, 4))):
        of_case = []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            of_case.append(draw(steps(number)))
        numbers = draw(st.sampled_from([(), (f"N-{uid}",), ("N-0",)]))
        made.append(
            CaseFacts(
                case_uid=f"k{uid}",
                title=f"k{uid}",
                numbers=numbers,
                handlers=frozenset({"li"}),
                activities=tuple(of_case),
            )
        )
    return made


@st.composite
def clips(draw: st.DrawFn) -> ClipFacts:
    holder = draw(st.none() | st.sampled_from(PEOPLE))
    basis = Holding("h", "CHECKOUT", HolderKind.OFFICER, holder, T0, None) if holder else None
    return ClipFacts(
        clip_id="c", interval=draw(st.none() | intervals()), case_no=draw(st.sampled_from([None, "N-0", "N-1", "N-9"])),
        declared_officer=None, custody=Custody(holder, None, basis), device_status="IN_SERVICE",
        certificates=dict.fromkeys(PEOPLE, True), original_verified=True, position=draw(positions),
    )  # fmt: skip


@given(intervals(), intervals(), st.floats(0, 900))
def test_overlap_is_symmetric(one: Interval, other: Interval, slack: float) -> None:
    def as_step(interval: Interval) -> ActivityFacts:
        return ActivityFacts(
            activity_id="a", kind="", start=interval.start, end=interval.end, officers=frozenset()
        )

    if one.start < one.end and other.start < other.end:
        assert abs(shared(one, as_step(other), 0) - shared(other, as_step(one), 0)) < 1e-6
        assert shared(one, as_step(other), slack) >= shared(one, as_step(other), 0)


@given(clips(), steps(1), st.floats(0, 3600))
def test_more_uncertainty_never_meets_less(clip: ClipFacts, step: ActivityFacts, more: float) -> None:
    if clip.interval is None:
        return
    wider = replace(clip, interval=replace(clip.interval, uncertainty_s=clip.interval.uncertainty_s + more))
    assert loosely(wider, step, LIMITS) >= loosely(clip, step, LIMITS)
    assert strict(wider, step) == strict(clip, step)
    assert loosely(clip, step, LIMITS) >= strict(clip, step)


@given(clips(), intervals(), st.booleans(), st.integers(-1000, 1000), lengths)
def test_no_step_that_fits_is_left_out_for_its_day(
    clip: ClipFacts, other: Interval, is_after: bool, apart_s: int, lasts: int
) -> None:
    """Steps about either end of the clip, also where the clock leaves two times open."""
    if clip.interval is None:
        return
    start = (clip.interval.end if is_after else clip.interval.start) + timedelta(seconds=apart_s)
    end = start + timedelta(minutes=lasts)
    if not is_after:
        start, end = start - timedelta(minutes=lasts), start
    step = ActivityFacts(activity_id="a", kind="", start=start, end=end, officers=frozenset(PEOPLE))
    case = CaseFacts(case_uid="k", title="k", numbers=(), handlers=frozenset(), activities=(step,))
    either = replace(clip.interval, either=(other, clip.interval))
    for one in (clip, replace(clip, interval=either)):
        assert around(one, [case], LIMITS) == [(case, step)] or not fits(one, case, step, LIMITS)


@given(clips(), cases(), st.randoms(use_true_random=False))
def test_the_order_of_cases_and_steps_does_not_matter(
    clip: ClipFacts, known: list[CaseFacts], random: st.DataObject
) -> None:
    before = decide(clip, known, LIMITS, steps_of(known))
    mixed = []
    for case in known:
        shuffled = list(case.activities)
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        mixed.append(replace(case, activities=tuple(shuffled)))
    random.shuffle(mixed)  # type: ignore[attr-defined]
    after = decide(clip, mixed, LIMITS, steps_of(mixed))

    def said(decision: object) -> list[object]:
        return [
            (
                one.case.case_uid,
                one.activity and one.activity.activity_id,
                one.verdict,
                one.segment,
                one.findings,
            )
            for one in decision.winners  # type: ignore[attr-defined]
        ]

    assert said(before) == said(after)
    assert before.unlinked == after.unlinked


@given(clips(), cases())
def test_a_decision_says_something_and_only_once(clip: ClipFacts, known: list[CaseFacts]) -> None:
    decision = decide(clip, known, LIMITS, steps_of(known))
    assert bool(decision.winners) != (decision.unlinked is not None)
    places = [(one.case.case_uid, one.activity and one.activity.activity_id) for one in decision.winners]
    assert len(set(places)) == len(places)
    for one in decision.winners:
        assert one.findings
        failed = [found for found in one.findings if not found.passed]
        assert (one.verdict is Verdict.VALID) == (not failed)


@given(clips(), cases())
def test_segments_follow_one_another_and_cover_the_clip(clip: ClipFacts, known: list[CaseFacts]) -> None:
    decision = decide(clip, known, LIMITS, steps_of(known))
    parts = [one.segment for one in decision.winners if one.segment]
    if len(decision.winners) < 2:
        assert not parts
        return
    assert clip.interval is not None
    whole = max(1.0, (clip.interval.end - clip.interval.start).total_seconds())
    assert parts[0][0] == 0.0
    assert abs(parts[-1][1] - whole) < 0.01
    assert all(before[1] == after[0] for before, after in pairwise(parts))


@given(clips(), cases())
def test_nothing_is_linked_by_itself_against_who_held_it(clip: ClipFacts, known: list[CaseFacts]) -> None:
    """Where no holder is known, or the holder takes no part, a person is asked, whatever else fits."""
    decision = decide(clip, known, LIMITS, steps_of(known))
    for one in decision.winners:
        if one.verdict not in {Verdict.VALID, Verdict.VALID_WITH_NOTE}:
            continue
        officer = clip.custody.officer_id
        assert officer is not None
        assert officer in one.case.handlers or (one.activity is not None and officer in one.activity.officers)
        assert clip.case_no is None or clip.case_no in one.case.numbers or is_outvoted(clip, one, known)


def is_outvoted(clip: ClipFacts, one: Candidate, known: list[CaseFacts]) -> bool:
    """Of one case only, which had no step then; and the place or the extent speaks for this one."""
    named = [case for case in known if clip.case_no in case.numbers]
    assert one.activity is not None
    assert strict(clip, one.activity) > 0
    assert near(clip, one.activity, LIMITS) or spans(clip, one.activity, LIMITS)
    return len(named) == 1 and not any(loosely(clip, step, LIMITS) for step in named[0].activities)


@given(clips(), cases(), st.sets(st.sampled_from(PEOPLE)))
def test_a_holder_is_refuted_by_two_witnesses_and_nobody_takes_his_place(
    clip: ClipFacts, known: list[CaseFacts], certified: set[str]
) -> None:
    decision = decide(clip, known, LIMITS, steps_of(known), lambda one: one in certified)
    if decision.custody is None or not decision.custody.refuted:
        return
    holder, (winner,) = clip.custody.officer_id, decision.winners
    assert decision.custody.officer_id is None
    assert winner.activity is not None
    assert holder not in winner.activity.officers | winner.case.handlers
    assert winner.activity.officers <= certified
    assert winner.verdict is Verdict.VALID_WITH_NOTE
    own = [step for case in known for step in case.activities if holder in step.officers]
    assert any(strict(clip, step) and far_apart(step, winner.activity, LIMITS) for step in own)
    assert near(clip, winner.activity, LIMITS) or clip.case_no in winner.case.numbers
    assert any(one.code == "labels.missing" for one in winner.findings)


@given(clips(), cases())
def test_where_nobody_says_who_has_a_certificate_no_holder_is_refuted(
    clip: ClipFacts, known: list[CaseFacts]
) -> None:
    decision = decide(clip, known, LIMITS, steps_of(known))
    assert decision.custody is None or not decision.custody.refuted


@given(
    st.lists(st.tuples(st.sampled_from(PEOPLE), minutes, lengths), max_size=6),
    minutes,
    lengths,
    st.floats(0, 1800),
)
def test_the_holder_is_one_who_had_it_and_tolerance_only_adds(
    ledger: list[tuple[str, int, int]], start: int, length: int, tolerance: float
) -> None:
    held = [
        Holding(
            str(place),
            "CHECKOUT",
            HolderKind.OFFICER,
            who,
            T0 + timedelta(minutes=since),
            T0 + timedelta(minutes=since + lasts),
        )
        for place, (who, since, lasts) in enumerate(ledger)
    ]
    begin = T0 + timedelta(minutes=start)
    end = begin + timedelta(minutes=length)
    exact, loose = custody_over(held, begin, end, 0), custody_over(held, begin, end, tolerance)
    everybody = {loose.officer_id, *(one.officer_id for one in loose.also)}
    covering = {one.holder_id for one in held if one.covers(begin, end, timedelta(seconds=tolerance))}
    assert everybody - {None} == covering
    if exact.officer_id is not None:
        assert exact.officer_id in everybody


@given(clips(), cases())
def test_a_fingerprint_is_of_what_the_link_says(clip: ClipFacts, known: list[CaseFacts]) -> None:
    """It is put together from parts; what is on record was taken of the whole."""
    for winner in decide(clip, known, LIMITS, steps_of(known)).winners:
        assert print_of(winner) == fingerprint(decided(winner))
