"""What a rule found, and what a set of findings comes to (regulations 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any


class Verdict(StrEnum):
    VALID = "VALID"
    VALID_WITH_NOTE = "VALID_WITH_NOTE"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    REJECTED = "REJECTED"
    EXEMPT = "EXEMPT"


class Weight(StrEnum):
    """What a failed finding does to the verdict; a passed one does nothing."""

    NOTE = "note"
    REVIEW = "review"
    REJECT = "reject"


WEIGHTS = {
    "LK-1": Weight.NOTE,
    "LK-7": Weight.NOTE,
    "LK-10": Weight.NOTE,
    "LK-11": Weight.NOTE,
    "LK-13": Weight.NOTE,
    "LK-12": Weight.REJECT,
    "LK-16": Weight.REJECT,
}
"""LK-1 and LK-13 make a clip not archivable; they never reject a link (architecture 4.9)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule applied to one candidate."""

    rule: str
    passed: bool
    code: str
    facts: tuple[tuple[str, str], ...] = ()
    weight: Weight = Weight.REVIEW

    def stored(self) -> dict[str, Any]:
        return {"rule": self.rule, "passed": self.passed, "code": self.code, "facts": dict(self.facts)}


KEPT = 5_000
"""Most of what is found of one clip is found of the next ones too: it is made once."""


@lru_cache(KEPT, typed=True)
def finding(rule: str, passed: bool, code: str, **facts: object) -> Finding:
    told = tuple([(name, str(value)) for name, value in facts.items()])
    return Finding(rule, passed, code, told, WEIGHTS.get(rule, Weight.REVIEW))


@lru_cache(KEPT, typed=True)
def asking(rule: str, passed: bool, code: str, **facts: object) -> Finding:
    """Of a rule that mostly is a note, but here wants a person."""
    return Finding(rule, passed, code, finding(rule, passed, code, **facts).facts, Weight.REVIEW)


@lru_cache(KEPT, typed=True)
def rejecting(rule: str, passed: bool, code: str, **facts: object) -> Finding:
    """Of a rule that mostly asks for a person, but not here."""
    return Finding(rule, passed, code, finding(rule, passed, code, **facts).facts, Weight.REJECT)


@lru_cache(KEPT, typed=True)
def noted(rule: str, passed: bool, code: str, **facts: object) -> Finding:
    return Finding(rule, passed, code, finding(rule, passed, code, **facts).facts, Weight.NOTE)


def verdict(findings: Sequence[Finding]) -> Verdict:
    failed = {result.weight for result in findings if not result.passed}
    if Weight.REJECT in failed:
        return Verdict.REJECTED
    if Weight.REVIEW in failed:
        return Verdict.NEEDS_REVIEW
    return Verdict.VALID_WITH_NOTE if failed else Verdict.VALID
