"""Labels where a link is kept: the number of its case, and what its reason card says of them (LK-1)."""

from collections.abc import Callable
from typing import Any

from gateway.linking.facts import Facts
from gateway.linking.standing import Links, fingerprint, said_by
from gateway.linking.stored import AnyClip
from gateway.models import Link
from gateway.rules.choice import Decision
from gateway.rules.facts import ClipFacts
from gateway.rules.findings import Verdict
from gateway.rules.judgement import label_rule
from gateway.rules.labels import MATTER
from gateway.rules.meeting import names

CODES = {"labels.complete", "labels.missing"}
BY_PERSON = "case_no_by"
"""In what a clip declares: who entered its number, where that was a person and no file name."""


def bears(links: Links) -> list[Link]:
    """Links that bear a clip whatever the machine finds: kept by persons or by the file, and not rejected."""
    return [link for link in links.kept if link.verdict != Verdict.REJECTED]


def case_label(clip: AnyClip, known: ClipFacts, decision: Decision, links: Links, facts: Facts) -> str | None:
    """What a person entered, else of the case that a person stands by, else what is declared or derived."""
    if clip.declared.get(BY_PERSON) and clip.declared.get("case_no"):
        return str(clip.declared["case_no"])
    said, winner = known.case_no, decision.winner
    kept = [facts.steps.cases[link.case_uid] for link in bears(links)]
    if said and any(names(case, said, facts.packs.default.forms.number_kinds.value) for case in kept):
        return said  # in its own spelling
    numbers = [case.numbers[0] for case in kept if case.numbers]
    if numbers:
        return numbers[0]
    return said or (winner.case.numbers[0] if winner and winner.case.numbers else None)


def stale(links: Links, lacks: Callable[[str], tuple[str, ...]]) -> list[Link]:
    """Links of persons whose card says otherwise of labels; its own the machine judges anew."""
    return [link for link in links.by_person if card(link, lacks(link.case_uid)) != link.reasons]


def restate(link: Link, missing: tuple[str, ...]) -> dict[str, list[str]]:
    """Have a link say which labels are missing now; returns what it said before, and what it says."""
    before = named(link)
    link.reasons = card(link, missing)
    if link.verdict in {Verdict.VALID, Verdict.VALID_WITH_NOTE}:  # a missing label is no more than a note
        kept = all(one["passed"] for one in link.reasons)
        link.verdict = (Verdict.VALID if kept else Verdict.VALID_WITH_NOTE).value
    link.fingerprint = fingerprint(said_by(link))
    return {"before": before, "now": named(link)}


def card(link: Link, missing: tuple[str, ...]) -> list[dict[str, Any]]:
    said = label_rule(missing, link.matter).stored()
    if not any(one["code"] in CODES for one in link.reasons):
        return [*link.reasons, *([] if said["passed"] else [said])]
    return [said if one["code"] in CODES else one for one in link.reasons]


def named(link: Link) -> list[str]:
    """Labels that its card says are missing."""
    told = [one["facts"]["labels"] for one in link.reasons if one["code"] == "labels.missing"]
    return [label for labels in told for label in labels.split("、")]


def of_clip(link: Link) -> tuple[str, ...]:
    """Those of them that are the clip's own."""
    return tuple(label for label in named(link) if label != MATTER)
