"""What holds of every judgement, whatever clip, case and step it is about (LK-1…LK-20)."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.rules.allocation import Custody, HolderKind, Holding
from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts
from gateway.rules.findings import Verdict, Weight
from gateway.rules.judgement import Candidate, judge
from gateway.wording import sentence
from tests.unit.test_linking_properties import LIMITS, PEOPLE, T0, cases, clips, steps

WORST = {
    Weight.REJECT: Verdict.REJECTED,
    Weight.REVIEW: Verdict.NEEDS_REVIEW,
    Weight.NOTE: Verdict.VALID_WITH_NOTE,
}
RANK = (Verdict.VALID, Verdict.VALID_WITH_NOTE, Verdict.NEEDS_REVIEW, Verdict.REJECTED)
moments = st.none() | st.integers(0, 6000).map(lambda n: T0 + timedelta(minutes=n))
CERTIFIED = st.dictionaries(st.sampled_from(PEOPLE), st.none() | st.booleans())


@st.composite
def told(draw: st.DrawFn) -> tuple[ClipFacts, CaseFacts, ActivityFacts | None]:
    [case, *_] = draw(cases().filter(bool))
    step = draw(st.none() | steps(99))
    if step is not None:
        step = replace(
            step,
            notice_given=draw(st.none() | st.booleans()),
            is_evidence=draw(st.booleans()),
            back_at=draw(moments),
            room_id=draw(st.sampled_from([None, "r1"])),
        )
    case = replace(
        case, opened_on=draw(moments), closed_on=draw(moments), archived_on=draw(moments),
        procedure=draw(st.sampled_from([None, "简易程序", "普通程序"])),
        activities=(step,) if step else (),
    )  # fmt: skip
    clip = replace(
        draw(clips()),
        certificates=draw(CERTIFIED),
        device_status=draw(st.sampled_from(["IN_SERVICE", "REPAIR", "LOST", "RETIRED", "UNKNOWN"])),
        original_verified=draw(st.booleans()),
        kind=draw(st.sampled_from(["VIDEO", "AUDIO"])),
        secrecy=draw(st.sampled_from([None, "privacy", "trade_secret", "state_secret"])),
        has_transcript=draw(st.booleans()),
        found_at=draw(moments),
        missing_labels=draw(st.sampled_from([(), ("采集地点",)])),
    )
    return clip, case, step


def by(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None, matter: str | None = None) -> Candidate:
    return judge(clip, case, step, LIMITS, matter=matter)


def failed(found: Candidate) -> set[str]:
    return {one.code for one in found.findings if not one.passed}


@given(told())
def test_the_verdict_is_that_of_the_gravest_rule_that_failed(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None],
) -> None:
    found = by(*facts)
    weights = {one.weight for one in found.findings if not one.passed}
    gravest = next(
        (WORST[weight] for weight in (Weight.REJECT, Weight.REVIEW, Weight.NOTE) if weight in weights),
        Verdict.VALID,
    )
    assert found.verdict is gravest
    assert 0 <= found.score <= 1
    assert found == by(*facts)
    for one in found.findings:
        assert sentence(one.stored(), "zh") != one.code
        assert sentence(one.stored(), "en") != one.code


@given(told())
def test_no_grave_fact_is_ever_outweighed(facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None]) -> None:
    clip, case, step = facts
    verdict = by(clip, case, step).verdict
    if (
        clip.device_status in {"LOST", "RETIRED"}
        or clip.secrecy == "state_secret"
        or not clip.original_verified
    ):
        assert verdict is Verdict.REJECTED
    if case.archived_on or clip.custody.basis is None:
        assert verdict in {Verdict.NEEDS_REVIEW, Verdict.REJECTED}


@given(told(), st.sampled_from(["secrecy", "transcript", "verified", "matter"]))
def test_what_a_person_makes_good_never_makes_it_worse(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None], what: str
) -> None:
    clip, case, step = facts
    before, better, matter = by(clip, case, step), clip, None
    if what == "secrecy":
        better = replace(clip, secrecy=None)
    elif what == "transcript":
        better = replace(clip, has_transcript=True)
    elif what == "verified":
        better = replace(clip, original_verified=True)
    else:
        matter = "过期食品在售"
    after = by(better, case, step, matter)
    assert RANK.index(after.verdict) <= RANK.index(before.verdict)
    codes = {
        "secrecy": "secrecy.not_here",
        "transcript": "transcript.missing",
        "verified": "original.unverified",
    }
    if what in codes:
        assert failed(after) == failed(before) - {codes[what]}


@given(told(), st.integers(0, 6000))
def test_who_comes_back_later_is_never_later_with_it(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None], minutes: int
) -> None:
    """R-51: a later return gives longer; a later arrival never less."""
    clip, case, step = facts
    assume(step is not None)
    assert step is not None
    late = "upload.late" in failed(by(clip, case, step))
    back = max(step.back_at or T0, T0) + timedelta(minutes=minutes)
    if "upload.late" in failed(by(clip, case, replace(step, back_at=back))):
        assert late
    if late and clip.found_at is not None:
        later: datetime = clip.found_at + timedelta(minutes=minutes)
        assert "upload.late" in failed(by(replace(clip, found_at=later), case, step))


@given(told(), st.sampled_from(["FIXED_ROOM", "WINDOW", "VEHICLE"]))
def test_of_a_place_everybody_who_was_there_answers_for_the_certificate(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None], kind: str
) -> None:
    clip, case, step = facts
    basis = Holding("h", kind, HolderKind.ROOM, "r1", T0, None)
    found = by(replace(clip, custody=Custody(None, "r1", basis)), case, step)
    about = [dict(one.facts)["officer"] for one in found.findings if one.code.startswith("certificate.")]
    there = step.officers if step is not None else frozenset()
    assert sorted(about) == sorted(officer for officer in there if not clip.certificates.get(officer))


@given(told())
def test_another_officer_never_makes_too_few(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None],
) -> None:
    clip, case, step = facts
    assume(step is not None)
    assert step is not None
    more = replace(step, officers=step.officers | {"zhao"})
    if "officers.count" in failed(by(clip, case, more)):
        assert "officers.count" in failed(by(clip, case, step))


@given(told(), st.none() | st.just("过期食品在售"))
def test_the_card_names_just_the_labels_that_are_missing(
    facts: tuple[ClipFacts, CaseFacts, ActivityFacts | None], matter: str | None
) -> None:
    clip, case, step = facts
    [card] = [one for one in by(clip, case, step, matter).findings if one.rule == "LK-1"]
    lacks = {*clip.missing_labels, *(() if matter else ("证明对象",))}
    if not clip.case_no and not case.numbers and case.procedure != "简易程序":
        lacks.add("案件编号")
    assert set(filter(None, dict(card.facts).get("labels", "").split("、"))) == lacks
    assert card.passed == (not lacks)
