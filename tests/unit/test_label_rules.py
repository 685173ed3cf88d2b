"""Which labels are missing, and how a link that is kept is told of it (R-01, LK-1, LK-13)."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.linking.labels import restate
from gateway.models import Link
from gateway.rules.findings import Finding, Verdict, Weight, verdict
from gateway.rules.judgement import label_rule
from gateway.rules.labels import MATTER, PERSON, PLACE, TIME, is_matter_given, lacking

OTHERS = st.lists(
    st.builds(
        Finding, rule=st.sampled_from(["LK-4", "LK-7"]), passed=st.booleans(), code=st.just("x"),
        weight=st.sampled_from(Weight),
    ),
    max_size=4,
)  # fmt: skip
MISSING = st.lists(st.sampled_from([TIME, PLACE, PERSON]), unique=True).map(tuple)
MATTERS = st.sampled_from([None, "过期食品在售"])


def link_of(findings: list[Finding], matter: str | None) -> Link:
    reasons = [one.stored() for one in findings]
    return Link(clip_id="c", case_uid="k", verdict=verdict(findings), score=1, reasons=reasons, rule_pack="p",
                matter=matter)  # fmt: skip


@given(OTHERS, OTHERS, MISSING, MATTERS, MISSING, MATTERS)
def test_a_link_that_is_told_is_as_if_it_were_judged_now(
    before: list[Finding], after: list[Finding], missing: tuple[str, ...], matter: str | None,
    missing_now: tuple[str, ...], matter_now: str | None,
) -> None:  # fmt: skip
    """Card, verdict and place in the card; told again it says the same."""
    told = link_of([*before, label_rule(missing, matter), *after], matter)
    told.matter = matter_now
    fresh = link_of([*before, label_rule(missing_now, matter_now), *after], matter_now)
    moved = restate(told, missing_now)
    assert (told.verdict, told.reasons) == (fresh.verdict, fresh.reasons)
    assert moved == {
        "before": [*missing, *([] if matter else [MATTER])],
        "now": [*missing_now, *([] if matter_now else [MATTER])],
    }
    written = told.fingerprint
    restate(told, missing_now)
    assert (told.verdict, told.reasons, told.fingerprint) == (fresh.verdict, fresh.reasons, written)


def test_a_card_from_before_complete_labels_were_told_stays_as_it_is() -> None:
    passed = Finding("LK-4", True, "x")
    link = link_of([passed], "过期食品在售")
    restate(link, ())
    assert (link.verdict, link.reasons) == (Verdict.VALID, [passed.stored()])
    restate(link, (PLACE,))
    assert (link.verdict, link.reasons[-1]["facts"]) == (Verdict.VALID_WITH_NOTE, {"labels": PLACE})


@given(st.booleans(), st.lists(st.booleans(), max_size=3))
def test_what_is_said_of_the_clip_counts_only_without_a_link(of_clip: bool, of_links: list[bool]) -> None:
    assert is_matter_given(of_clip, of_links) == (all(of_links) if of_links else of_clip)
    assert not is_matter_given(True, [*of_links, False])


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_each_label_is_missing_on_its_own(time: bool, place: bool, person: bool, matter: bool) -> None:
    told = lacking(time=time, place=place, person=person, matter=matter)
    given_ = ((TIME, time), (PLACE, place), (PERSON, person), (MATTER, matter))
    assert told == tuple(name for name, value in given_ if not value)
