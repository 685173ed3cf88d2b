"""A camera proven to have been where its holder was not (LK-4, LK-5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.rules.allocation import Custody, HolderKind, Holding
from gateway.rules.facts import CaseFacts, ClipFacts
from gateway.rules.findings import Verdict
from gateway.rules.linking import decide
from gateway.rules.place import Position
from tests.unit.test_linking_rules import BEGIN, HELD, LIMITS, T0, case, clip, step, steps_of

HERE, THERE = Position(37.07, 114.50), Position(37.10, 114.50)
CAM = clip(position=THERE, unit="u")


def town(**of_other: object) -> list[CaseFacts]:
    """zhang, who holds the camera, is here by the record; wang and li are there."""
    own = replace(case("k", step(officers="zhang zhao", position=HERE)), unit="u")
    told: dict[str, object] = {"officers": "wang li", "position": THERE, "id": "b"}
    other = case("m", step(**(told | of_other)), numbers=("N-1",))  # type: ignore[arg-type]
    return [own, replace(other, unit="u", handlers=frozenset({"wang"}))]


def at_the_door() -> CaseFacts:
    own = replace(step(officers="zhang zhao"), position=Position(37.1002, 114.50))
    return replace(case("k", own), unit="u")


def said(clip: ClipFacts, known: list[CaseFacts], certified: str = "wang li") -> tuple[str, Verdict]:
    decision = decide(clip, known, LIMITS, steps_of(known), lambda one: one in certified.split())
    assert decision.winner is not None
    return decision.winner.case.case_uid, decision.winner.verdict


def test_the_record_and_the_position_together_refute_the_ledger() -> None:
    known = town()
    decision = decide(CAM, known, LIMITS, steps_of(known), lambda _: True)
    assert decision.winner is not None
    assert decision.winner.case.case_uid == "m"
    assert decision.winner.verdict is Verdict.VALID_WITH_NOTE
    assert decision.custody is not None
    assert decision.custody.officer_id is None
    assert [one.code for _, one in decision.losers] == ["lost.elsewhere"]
    labels = next(one for one in decision.winner.findings if one.code == "labels.missing")
    assert "采集人" in dict(labels.facts)["labels"]


def test_the_number_is_a_witness_where_there_is_no_position() -> None:
    assert said(replace(CAM, position=None, case_no="N-1"), town()) == ("m", Verdict.VALID_WITH_NOTE)


NOT_PROVEN = {
    "one of them has no certificate": (CAM, town(), "wang"),
    "the record does not say where it was": (CAM, town(position=None), "wang li"),
    "the same door": (replace(CAM, case_no="N-1"), [at_the_door(), town()[1]], "wang li"),
    "he handles that case": (CAM, [town()[0], replace(town()[1], handlers=frozenset({"zhang"}))], "wang li"),
    "two steps there": (CAM, [*town(), replace(town(id="c")[1], case_uid="n")], "wang li"),
    "another unit's step": (CAM, [town()[0], replace(town()[1], unit="v")], "wang li"),
    "another's number": (replace(CAM, case_no="N-9"), town(), "wang li"),
    "the file names somebody else": (replace(CAM, declared_officer="zhou"), town(), "wang li"),
    "hardly any of it": (CAM, town(start=T0 + timedelta(minutes=9)), "wang li"),
}


@pytest.mark.parametrize("why", NOT_PROVEN)
def test_what_is_not_proven_is_asked(why: str) -> None:
    told, known, certified = NOT_PROVEN[why]
    assert said(told, known, certified)[1] is Verdict.NEEDS_REVIEW


def test_who_had_no_step_then_may_have_helped() -> None:
    known = town()[1:]
    assert said(CAM, known) == ("m", Verdict.NEEDS_REVIEW)


def test_who_else_may_have_had_it_within_the_tolerance_is_asked() -> None:
    line = Holding("x", "CHECKOUT", HolderKind.OFFICER, "zhou", BEGIN, None)
    held = replace(HELD, also=(Custody("zhou", None, line),))
    assert said(replace(CAM, custody=held), town())[1] is Verdict.NEEDS_REVIEW
