"""Who held it, which case, and why the others lost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.rules import case_number
from gateway.rules.allocation import Custody, HolderKind, Holding, custody_over
from gateway.rules.clock import Interval, TimeSource
from gateway.rules.facts import ActivityFacts, CaseFacts, CaseStep, ClipFacts, LinkLimits
from gateway.rules.findings import Verdict
from gateway.rules.judgement import judge
from gateway.rules.linking import decide
from gateway.rules.place import Position
from gateway.rules.scope import Calendar
from gateway.wording import sentence

T0 = datetime(2024, 5, 6, 1, 30, tzinfo=UTC)
FITS = Verdict.VALID_WITH_NOTE
"""All that a machine can say: what a link proves only a person knows (LK-13)."""
LIMITS = LinkLimits(
    custody_tolerance_s=900, activity_slack_s=300, min_officers=2, number_kinds=case_number.SEEN,
    unnumbered_procedures=frozenset({"简易程序"}), place_tolerance_m=500, min_segment_s=300, upload_s=86400,
    remote_upload_s=86400,
)  # fmt: skip


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def holding(officer: str, start: datetime, end: datetime | None, kind: str = "PERSONAL") -> Holding:
    return Holding(f"{kind}-{officer}", kind, HolderKind.OFFICER, officer, start, end)


BEGIN = T0 - timedelta(minutes=5)
HELD = Custody("zhang", None, holding("zhang", T0 - timedelta(days=9), None))
NOBODY = Custody(None, None, None)


def clip(**given: object) -> ClipFacts:
    told: dict[str, object] = {
        "clip_id": "c",
        "interval": Interval(T0, T0 + minutes(10), 60, TimeSource.CONTAINER),
        "case_no": None,
        "declared_officer": None,
        "custody": HELD,
        "device_status": "IN_SERVICE",
        "certificates": {"zhang": True},
        "original_verified": True,
    }
    return ClipFacts(**(told | given))  # type: ignore[arg-type]


def step(
    start: datetime = BEGIN, length: float = 30, officers: str = "zhang li", **more: object
) -> ActivityFacts:
    return ActivityFacts(
        activity_id=str(more.pop("id", "a")),
        kind="现场检查",
        start=start,
        end=start + minutes(length),
        officers=frozenset(officers.split()),
        **more,  # type: ignore[arg-type]
    )


def case(uid: str, *steps: ActivityFacts, numbers: tuple[str, ...] = ()) -> CaseFacts:
    return CaseFacts(
        case_uid=uid, title=uid, numbers=numbers, handlers=frozenset({"zhang"}), activities=steps
    )


def steps_of(cases: Sequence[CaseFacts]) -> Callable[[], list[CaseStep]]:
    """Whoever's steps there are, as `decide` asks for them."""
    return lambda: [(one, done) for one in cases for done in one.activities]


def test_holder_and_time_make_a_valid_link() -> None:
    decision = decide(clip(), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is FITS
    assert {finding.rule for finding in decision.winner.findings} >= {
        "LK-3",
        "LK-4",
        "LK-5",
        "LK-6",
        "LK-7",
        "LK-12",
    }


def test_a_clip_that_begins_before_the_step_still_overlaps() -> None:
    assert decide(clip(), [case("k", step(T0 + minutes(8)))], LIMITS).winner is not None


def test_another_officers_step_is_no_candidate() -> None:
    decision = decide(clip(), [case("k", step(officers="wang li"))], LIMITS)
    assert decision.winner is None
    assert decision.unlinked is not None
    assert decision.unlinked.code == "unlinked.no_activity"


def test_without_a_holder_the_reason_says_so() -> None:
    decision = decide(clip(custody=NOBODY), [case("k", step())], LIMITS)
    assert decision.unlinked is not None
    assert decision.unlinked.code == "unlinked.no_holder"


def test_an_explicit_number_wins_and_the_loser_is_named() -> None:
    named = case("named", numbers=("冀邢市监罚〔2024〕27号",))
    elsewhere = case("other", step(officers="wang li"))
    decision = decide(clip(case_no="冀邢市监罚[2024]027号"), [elsewhere, named], LIMITS)
    assert decision.winner is not None
    assert decision.winner.case.case_uid == "named", "a stated number needs no step at the time"
    assert decision.winner.verdict is Verdict.VALID_WITH_NOTE
    both = case("named", step(id="b"), numbers=("冀邢市监罚〔2024〕27号",))
    decision = decide(clip(case_no="冀邢市监罚[2024]027号"), [case("other", step()), both], LIMITS)
    assert decision.winner is not None
    assert decision.winner.case.case_uid == "named"
    [(loser, why)] = decision.losers
    assert loser.case.case_uid == "other"
    assert why.code == "lost.number_names_other"


def test_a_number_that_the_ledger_contradicts_is_a_persons_question() -> None:
    """The holder was at another case's step all the time, and the named case has none then."""
    named = case("named", numbers=("冀邢市监罚〔2024〕27号",))
    decision = decide(clip(case_no="冀邢市监罚〔2024〕27号"), [case("other", step()), named], LIMITS)
    assert decision.winner is not None
    assert (decision.winner.case.case_uid, decision.winner.verdict) == ("other", Verdict.NEEDS_REVIEW)
    [(loser, why)] = decision.losers
    assert (loser.case.case_uid, why.code) == ("named", "lost.not_there")


def test_a_number_of_two_cases_is_a_persons_question() -> None:
    number = ("冀邢市监罚〔2024〕27号",)
    cases = [case("k", step(), numbers=number), case("m", numbers=number)]
    decision = decide(clip(case_no=number[0]), cases, LIMITS)
    assert decision.winner is not None
    assert (decision.winner.case.case_uid, decision.winner.verdict) == ("k", Verdict.NEEDS_REVIEW)


def test_one_clip_over_two_steps_is_linked_to_both_each_with_its_part() -> None:
    long = Interval(T0, T0 + minutes(60), 2, TimeSource.GPS)
    first, second = step(T0, 25), step(T0 + minutes(35), 20, id="b")
    decision = decide(clip(interval=long), [case("k", first), case("m", second)], LIMITS)
    assert [(one.case.case_uid, one.segment) for one in decision.winners] == [
        ("k", (0.0, 1800.0)),
        ("m", (1800.0, 3600.0)),
    ]
    assert {one.verdict for one in decision.winners} == {FITS}


def test_a_few_seconds_of_the_next_step_are_no_link() -> None:
    late = Interval(T0, T0 + minutes(30), 20, TimeSource.CONTAINER)
    cases = [case("k", step(T0, 28)), case("m", step(T0 + minutes(29.5), 20, id="b"))]
    decision = decide(clip(interval=late), cases, LIMITS)
    assert [one.case.case_uid for one in decision.winners] == ["k"]
    assert [why.code for _, why in decision.losers] == ["lost.hardly_shown"]


def test_who_gave_a_camera_back_late_is_not_taken_for_who_used_it() -> None:
    """Both had it within the tolerance; of the two the one who took part in something then."""
    late = holding("wang", T0 - minutes(500), T0 + minutes(14), "CHECKOUT")
    taken = holding("zhang", T0 + minutes(14), T0 + minutes(200), "CHECKOUT")
    held = custody_over([late, taken], T0, T0 + minutes(10), 900)
    assert held.officer_id == "wang"
    known = {"wang": True, "zhang": True}
    decision = decide(clip(custody=held, certificates=known), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is FITS
    assert decision.custody is not None
    assert decision.custody.officer_id == "zhang"


def test_a_place_far_away_needs_review_and_a_near_one_does_not() -> None:
    there = step(position=Position(37.07, 114.50))
    for latitude, verdict in ((37.071, FITS), (37.09, Verdict.NEEDS_REVIEW)):
        decision = decide(clip(position=Position(latitude, 114.50)), [case("k", there)], LIMITS)
        assert decision.winner is not None
        assert decision.winner.verdict is verdict


def test_a_swapped_camera_is_proposed_by_place_and_never_linked_by_itself() -> None:
    there = step(officers="wang li", position=Position(37.07, 114.50))
    decision = decide(
        clip(position=Position(37.07, 114.50)), [], LIMITS, elsewhere=steps_of([case("k", there)])
    )
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.NEEDS_REVIEW
    assert "link.by_place" in [one.code for one in decision.winner.findings]


@pytest.mark.parametrize("custody", [NOBODY, replace(HELD, refuted=True)])
def test_where_nobody_is_known_to_have_held_it_no_holder_is_told_of(custody: Custody) -> None:
    for given_, code in (
        ({"position": Position(37.07, 114.50)}, "link.by_place_unheld"),
        ({}, "link.by_time_unheld"),
    ):
        there = step(T0, 10, officers="wang li", position=Position(37.07, 114.50))
        decision = decide(clip(custody=custody, **given_), [], LIMITS, elsewhere=steps_of([case("k", there)]))
        assert decision.winner is not None
        assert [one.code for one in decision.winner.findings if one.code.startswith("link.by_")] == [code]


def test_night_forbids_compulsory_execution_and_not_a_measure() -> None:
    night = datetime(2024, 5, 6, 15, 0, tzinfo=UTC)
    limits = replace(LIMITS, calendar=Calendar(time(22), time(6), {}, ZoneInfo("Asia/Shanghai")))
    at = Interval(night, night + minutes(10), 2, TimeSource.GPS)
    for compulsory, verdict in (("execution", Verdict.NEEDS_REVIEW), ("measure", FITS)):
        done = step(night, 30, compulsory=compulsory)
        decision = decide(clip(interval=at), [case("k", done)], limits)
        assert decision.winner is not None
        assert decision.winner.verdict is verdict
    urgent = step(night, 30, compulsory="execution", is_urgent=True)
    decision = decide(clip(interval=at), [case("k", urgent)], limits)
    assert decision.winner is not None
    assert decision.winner.verdict is FITS


@pytest.mark.parametrize(
    ("told", "rule", "verdict"),
    [
        ({"original_verified": False}, "LK-12", Verdict.REJECTED),
        ({"secrecy": "state_secret"}, "LK-16", Verdict.REJECTED),
        ({"device_status": "REPAIR"}, "LK-3", Verdict.NEEDS_REVIEW),
        ({"device_type_allowed": False}, "AL-1", Verdict.NEEDS_REVIEW),
        ({"certificates": {"zhang": False}}, "LK-5", Verdict.NEEDS_REVIEW),
        ({"found_at": T0 + timedelta(days=3)}, "LK-11", Verdict.VALID_WITH_NOTE),
        ({"kind": "AUDIO"}, "LK-19", Verdict.VALID_WITH_NOTE),
    ],
)
def test_each_rule_has_its_weight(told: dict[str, object], rule: str, verdict: Verdict) -> None:
    decision = decide(clip(**told), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is verdict
    assert [one.rule for one in decision.winner.findings if not one.passed] == [rule, "LK-1"]


def test_a_number_nobody_knows_waits_for_its_case() -> None:
    decision = decide(clip(case_no="冀邢市监罚〔2024〕99号"), [], LIMITS)
    assert decision.unlinked is not None
    assert decision.unlinked.code == "unlinked.number_unknown"


def test_a_tie_is_a_persons_question() -> None:
    decision = decide(clip(), [case("k", step()), case("m", step(id="b"))], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.NEEDS_REVIEW
    assert any(finding.code == "link.tied" for finding in decision.winner.findings)


WRONG_YEAR, MEANT = step(T0 - timedelta(days=9000), 40 * 365 * 24 * 60, id="x"), step(id="m")
NUMBER = "冀邢市监罚〔2024〕27号"


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ([case("k", WRONG_YEAR, MEANT)], {}),
        ([case("a", WRONG_YEAR), case("k", MEANT)], {}),
        ([case("k", WRONG_YEAR, MEANT, numbers=(NUMBER,))], {"case_no": NUMBER, "custody": NOBODY}),
    ],
    ids=["of one case", "of two cases", "of the case whose number it bears"],
)
def test_of_steps_that_tie_the_shorter_is_proposed(cases: list[CaseFacts], told: dict[str, object]) -> None:
    """One with a mistyped year holds every clip whole; it takes none from the step that was meant."""
    decision = decide(clip(**told), cases, LIMITS)
    assert decision.winner is not None
    assert decision.winner.activity == MEANT


def test_one_officer_alone_is_rejected_but_kept_with_its_reason() -> None:
    decision = decide(clip(), [case("k", step(officers="zhang"))], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.REJECTED


def test_a_missing_label_is_a_note_never_a_rejection() -> None:
    decision = decide(clip(missing_labels=("采集地点",)), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.VALID_WITH_NOTE


def test_no_machine_knows_what_a_link_proves_and_a_person_says_it_of_the_link() -> None:
    """LK-13."""
    numbered = case("k", step(), numbers=("N-0",))
    by_machine = decide(clip(), [numbered], LIMITS).winner
    assert by_machine is not None
    assert by_machine.verdict is Verdict.VALID_WITH_NOTE
    assert dict(by_machine.findings[-1].facts) == {"labels": "证明对象"}
    said = judge(clip(), numbered, step(), LIMITS, matter="过期食品在售")
    assert (said.verdict, said.findings[-1].code) == (Verdict.VALID, "labels.complete")


def test_a_lost_device_is_no_evidence() -> None:
    decision = decide(clip(device_status="LOST"), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.REJECTED


def test_a_doubtful_time_concludes_nothing() -> None:
    doubtful = Interval(T0, T0 + minutes(10), 60, TimeSource.CONTAINER, doubtful=True)
    decision = decide(clip(interval=doubtful), [case("k", step())], LIMITS)
    assert decision.winner is None


def test_the_file_naming_another_officer_needs_review() -> None:
    decision = decide(clip(declared_officer="wang"), [case("k", step())], LIMITS)
    assert decision.winner is not None
    assert decision.winner.verdict is Verdict.NEEDS_REVIEW


def test_a_photo_is_an_instant() -> None:
    photo = Interval(T0, T0, 2, TimeSource.NAME)
    assert decide(clip(interval=photo), [case("k", step())], LIMITS).winner is not None


def test_a_room_recorder_goes_by_its_room() -> None:
    room = Custody(None, "r1", Holding("d", "FIXED_ROOM", HolderKind.ROOM, "r1", T0 - minutes(99), None))
    cases = [case("other", step(room_id="r2")), case("k", step(id="b", room_id="r1"))]
    decision = decide(clip(custody=room), cases, LIMITS)
    assert decision.winner is not None
    assert decision.winner.case.case_uid == "k"


def test_a_checkout_decides_before_an_allocation() -> None:
    allocated = holding("zhang", T0 - timedelta(days=9), None)
    taken = holding("li", T0 - minutes(30), T0 + minutes(60), "CHECKOUT")
    assert custody_over([allocated, taken], T0, T0 + minutes(10), 900).officer_id == "li"


def test_a_shared_device_needs_a_checkout() -> None:
    shared = Holding("s", "POOL", HolderKind.UNIT, "u", T0 - timedelta(days=9), None)
    found = custody_over([shared], T0, T0 + minutes(10), 900)
    assert found.officer_id is None
    assert found.shared_without_checkout


def test_tolerance_covers_a_few_minutes_and_no_more() -> None:
    taken = holding("li", T0 + minutes(10), None, "CHECKOUT")
    assert custody_over([taken], T0, T0 + minutes(20), 900).officer_id == "li"
    assert custody_over([taken], T0 - minutes(10), T0 + minutes(20), 900).officer_id is None


def test_the_later_of_two_holders_within_tolerance_is_the_true_one() -> None:
    before = holding("wang", T0 - timedelta(days=2), T0 - minutes(5), "CHECKOUT")
    after = holding("li", T0 - minutes(4), None, "CHECKOUT")
    assert custody_over([before, after], T0, T0 + minutes(1), 900).officer_id == "li"


def test_of_two_possible_times_neither_is_taken_for_certain() -> None:
    """13:00 or 14:00, never half past: a person has to decide, and what lies between is no candidate."""
    first, last = (
        Interval(T0 + minutes(late), T0 + minutes(late + 10), 2, TimeSource.NAME) for late in (0, 60)
    )
    either = Interval(T0 + minutes(30), T0 + minutes(40), 1802, TimeSource.NAME, either=(first, last))
    for begins in (0, 60):
        decision = decide(clip(interval=either), [case("k", step(T0 + minutes(begins), 10))], LIMITS)
        assert decision.winner is not None
        assert decision.winner.verdict is Verdict.NEEDS_REVIEW
        failed = {one.rule for one in decision.winner.findings if not one.passed}
        assert failed >= {"AL-12", "LK-7"}
    assert decide(clip(interval=either), [case("k", step(T0 + minutes(30), 10))], LIMITS).winner is None


def test_a_room_has_no_holder_to_speak_of() -> None:
    fixed = Holding("FIXED_ROOM-r", "FIXED_ROOM", HolderKind.ROOM, "r", T0 - timedelta(days=9), None)
    decision = decide(clip(custody=Custody(None, "r", fixed)), [case("k", step(room_id="other"))], LIMITS)
    assert decision.unlinked is not None
    assert decision.unlinked.code == "unlinked.room_idle"
    assert sentence(decision.unlinked.stored()).startswith("该室在 2024-05-06 09:30 ")
