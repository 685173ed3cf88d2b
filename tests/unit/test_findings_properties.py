"""What a set of findings comes to, as a property of the module itself (regulations 3.5)."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import main
from gateway.rules.findings import (
    WEIGHTS,
    Finding,
    Verdict,
    Weight,
    asking,
    finding,
    noted,
    rejecting,
    verdict,
)

BETTER_FIRST = (Verdict.VALID, Verdict.VALID_WITH_NOTE, Verdict.NEEDS_REVIEW, Verdict.REJECTED)
RULES = st.sampled_from(sorted(WEIGHTS)) | st.text("LKAR-0123456789", min_size=1, max_size=6)
WORDS = st.text(max_size=8)
FINDINGS = st.builds(
    Finding, rule=RULES, passed=st.booleans(), code=WORDS, facts=st.lists(st.tuples(WORDS, WORDS)).map(tuple),
    weight=st.sampled_from(Weight),
)  # fmt: skip
SETS = st.lists(FINDINGS, max_size=8)
FACTS = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True).filter(lambda n: n not in {"rule", "passed", "code"}),
                        st.none() | st.booleans() | st.integers() | st.text(max_size=9))  # fmt: skip


def rank(findings: list[Finding]) -> int:
    return BETTER_FIRST.index(verdict(findings))


def failed_weights(findings: list[Finding]) -> set[Weight]:
    return {one.weight for one in findings if not one.passed}


@given(SETS, st.data())
def test_nothing_but_the_weights_of_what_failed_counts(findings: list[Finding], data: st.DataObject) -> None:
    """Whatever rules, codes and facts there are, and however often: the same weights, the same verdict."""
    weights = failed_weights(findings)
    others = st.sampled_from(sorted(weights)) if weights else st.nothing()
    failed = st.builds(
        Finding, rule=RULES, passed=st.just(False), code=WORDS, facts=st.just(()), weight=others
    )
    same = [data.draw(failed.map(lambda one, w=w: replace(one, weight=w))) for w in weights]
    more = data.draw(st.lists(failed, max_size=4)) if weights else []
    passed = data.draw(st.lists(FINDINGS.map(lambda one: replace(one, passed=True)), max_size=4))
    assert verdict(data.draw(st.permutations([*same, *more, *passed]))) is verdict(findings)


@given(SETS, st.sampled_from(Weight), RULES)
def test_one_more_that_failed_never_betters_it(findings: list[Finding], weight: Weight, rule: str) -> None:
    more = Finding(rule, False, "x", (), weight)
    assert rank([*findings, more]) >= rank(findings)
    assert rank([*findings, more]) == max(rank(findings), rank([more]))


@given(SETS, SETS)
def test_what_passed_never_changes_it(findings: list[Finding], others: list[Finding]) -> None:
    assert verdict([*findings, *(replace(one, passed=True) for one in others)]) is verdict(findings)


@given(SETS, st.data())
def test_the_order_does_not_matter(findings: list[Finding], data: st.DataObject) -> None:
    assert verdict(data.draw(st.permutations(findings))) is verdict(findings)


@pytest.mark.parametrize(
    ("weights", "comes_to"),
    [
        ([], Verdict.VALID),
        (["note"], Verdict.VALID_WITH_NOTE),
        (["review"], Verdict.NEEDS_REVIEW),
        (["review", "note"], Verdict.NEEDS_REVIEW),
        (["reject"], Verdict.REJECTED),
        (["note", "review", "reject"], Verdict.REJECTED),
        (["note", "reject"], Verdict.REJECTED),
    ],
)
def test_reject_beats_review_beats_note(weights: list[str], comes_to: Verdict) -> None:
    assert verdict([Finding("LK-4", False, "x", (), Weight(one)) for one in weights]) is comes_to


@given(RULES, st.booleans(), WORDS, FACTS)
def test_the_ways_to_say_one_differ_in_weight_alone(
    rule: str, passed: bool, code: str, facts: dict[str, object]
) -> None:
    plain = finding(rule, passed, code, **facts)
    assert plain.weight is WEIGHTS.get(rule, Weight.REVIEW)
    assert plain.facts == tuple((name, str(value)) for name, value in facts.items())
    for way, weight in ((asking, Weight.REVIEW), (rejecting, Weight.REJECT), (noted, Weight.NOTE)):
        assert way(rule, passed, code, **facts) == replace(plain, weight=weight)
    stored = {"rule": rule, "passed": passed, "code": code, "facts": dict(plain.facts)}
    assert plain.stored() == stored, "the weight is no part of what is kept: it is the rule's"


@given(SETS)
def test_exempt_is_no_verdict_on_a_clip(findings: list[Finding]) -> None:
    """EXEMPT is said of a duty (LK-15); no set of findings comes to it."""
    assert verdict(findings) in BETTER_FIRST


@pytest.mark.parametrize("rule", sorted(WEIGHTS))
def test_every_rule_with_a_weight_can_be_explained(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--config", str(tmp_path / "none.yaml"), "rules", "explain", rule]) == 0
    assert capsys.readouterr().out.startswith(f"{rule} ")
