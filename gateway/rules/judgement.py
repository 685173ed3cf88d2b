"""What is known of a clip and of one candidate case, and each rule applied to the two (LK-1…LK-20)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from gateway.rules import case_number
from gateway.rules.allocation import Custody
from gateway.rules.clock import Interval


class Verdict(StrEnum):
    VALID = "VALID"
    VALID_WITH_NOTE = "VALID_WITH_NOTE"
    NEEDS_REVIEW = "NEEDS_REVIEW"
    REJECTED = "REJECTED"
    EXEMPT = "EXEMPT"


NOTES = frozenset({"LK-1", "LK-7", "LK-10", "LK-11", "LK-13"})
"""A missing label (LK-1, LK-13) makes a clip not archivable; it never rejects a link (architecture 4.9)."""
REJECTING = frozenset({"LK-6", "LK-12", "LK-16"})


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """Numbers from the rule pack."""

    custody_tolerance_s: float
    activity_slack_s: float
    min_officers: int
    number_kinds: case_number.Kinds = case_number.SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    clip_id: str
    interval: Interval | None
    case_no: str | None
    """As declared in the name or a sidecar."""
    declared_officer: str | None
    custody: Custody
    device_status: str
    certificate_valid: bool | None
    original_verified: bool
    missing_labels: tuple[str, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    """Names by officer or room id, for the sentences."""

    def called(self, ref: str | None) -> str:
        return self.people.get(ref or "", ref or "—")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    activity_id: str
    kind: str
    start: datetime
    end: datetime
    officers: frozenset[str]
    room_id: str | None = None
    document_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    case_uid: str
    title: str
    numbers: tuple[str, ...]
    handlers: frozenset[str]
    activities: tuple[ActivityFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule applied to one candidate."""

    rule: str
    passed: bool
    code: str
    facts: tuple[tuple[str, str], ...] = ()

    def stored(self) -> dict[str, Any]:
        return {"rule": self.rule, "passed": self.passed, "code": self.code, "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True)
class Candidate:
    case: CaseFacts
    activity: ActivityFacts | None
    score: float
    verdict: Verdict
    findings: tuple[Finding, ...]


def finding(rule: str, passed: bool, code: str, **facts: object) -> Finding:
    return Finding(rule, passed, code, tuple((name, str(value)) for name, value in facts.items()))


def names(case: CaseFacts, number: str, limits: LinkLimits) -> bool:
    return any(case_number.same(known, number, limits.number_kinds) for known in case.numbers)


def overlap(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> float:
    """Shared seconds; an instant (a photo) inside the step counts as one second."""
    if clip.interval is None:
        return 0.0
    if clip.interval.either:
        each = (replace(clip, interval=one) for one in clip.interval.either)
        return max(overlap(one, step, limits) for one in each)
    slack = limits.activity_slack_s + clip.interval.uncertainty_s
    shared = clip.interval.overlap_s(step.start, step.end, slack)
    if shared == 0 and clip.interval.start == clip.interval.end:
        inside = (step.start - clip.interval.start).total_seconds() <= slack
        return float(inside and (clip.interval.start - step.end).total_seconds() <= slack)
    return shared


def judge(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None, limits: LinkLimits) -> Candidate:
    results = [
        number_rule(clip, case, limits),
        device_rule(clip),
        custody_rule(clip),
        handler_rule(clip, case, step),
        certificate_rule(clip),
        officers_rule(step, limits),
        time_rule(clip, step, limits),
        clock_rule(clip),
        integrity_rule(clip),
        label_rule(clip),
    ]
    findings = tuple(result for result in results if result is not None)
    return Candidate(case, step, score(clip, case, step, limits), verdict(findings), findings)


def verdict(findings: Sequence[Finding]) -> Verdict:
    failed = {result.rule for result in findings if not result.passed}
    lost_device = any(result.code == "device.lost" for result in findings)
    if failed & REJECTING or lost_device:
        return Verdict.REJECTED
    if failed - NOTES:
        return Verdict.NEEDS_REVIEW
    return Verdict.VALID_WITH_NOTE if failed else Verdict.VALID


def score(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None, limits: LinkLimits) -> float:
    """0…1: the number said so 0.6, time shared with the step 0.25, the person or room 0.15."""
    points = 0.6 if clip.case_no and names(case, clip.case_no, limits) else 0.0
    if step is not None and clip.interval is not None and not clip.interval.doubtful:
        length = max(1.0, (clip.interval.end - clip.interval.start).total_seconds())
        strict = clip.interval.overlap_s(step.start, step.end)
        within = overlap(clip, step, limits) if strict == 0 else strict
        points += 0.25 * min(1.0, within / length) * (1.0 if strict else 0.5)
        if present(clip, step):
            points += 0.15
    return round(points, 3)


def present(clip: ClipFacts, step: ActivityFacts) -> bool:
    if clip.custody.room_id is not None:
        return clip.custody.room_id == step.room_id
    return clip.custody.officer_id in step.officers


def number_rule(clip: ClipFacts, case: CaseFacts, limits: LinkLimits) -> Finding | None:
    if clip.case_no is None:
        return None
    if names(case, clip.case_no, limits):
        return finding("LK-2", True, "number.matches", number=clip.case_no)
    return finding("LK-2", False, "number.other", number=clip.case_no, case=case.title)


def device_rule(clip: ClipFacts) -> Finding:
    if clip.device_status in {"LOST", "RETIRED"}:
        return finding("LK-3", False, "device.lost", status=clip.device_status)
    return finding("LK-3", clip.device_status == "IN_SERVICE", "device.status", status=clip.device_status)


def custody_rule(clip: ClipFacts) -> Finding:
    basis = clip.custody.basis
    if basis is None:
        return finding("LK-4", False, "custody.gap")
    if clip.custody.shared_without_checkout:
        return finding("LK-4", False, "custody.no_checkout", kind=basis.kind)
    if clip.custody.room_id is not None:
        return finding("LK-4", True, "custody.room", room=clip.called(clip.custody.room_id))
    if clip.declared_officer and clip.declared_officer != clip.custody.officer_id:
        return finding(
            "LK-4",
            False,
            "custody.other_officer",
            holder=clip.called(basis.holder_id),
            named=clip.called(clip.declared_officer),
        )
    code = "custody.checkout" if basis.kind == "CHECKOUT" else "custody.allocated"
    return finding("LK-4", True, code, officer=clip.called(basis.holder_id), since=basis.start.isoformat())


def handler_rule(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None) -> Finding | None:
    officer = clip.custody.officer_id
    if officer is None:
        return None
    taking_part = officer in case.handlers or (step is not None and officer in step.officers)
    return finding(
        "LK-5",
        taking_part,
        "handler.takes_part" if taking_part else "handler.stranger",
        officer=clip.called(officer),
    )


def certificate_rule(clip: ClipFacts) -> Finding | None:
    if clip.custody.officer_id is None or clip.certificate_valid:
        return None
    code = "certificate.unknown" if clip.certificate_valid is None else "certificate.invalid"
    return finding("LK-5", False, code, officer=clip.called(clip.custody.officer_id))


def officers_rule(step: ActivityFacts | None, limits: LinkLimits) -> Finding | None:
    if step is None:
        return None
    enough = len(step.officers) >= limits.min_officers
    return finding("LK-6", enough, "officers.count", count=len(step.officers), required=limits.min_officers)


def time_rule(clip: ClipFacts, step: ActivityFacts | None, limits: LinkLimits) -> Finding:
    if clip.interval is None or clip.interval.doubtful:
        return finding("LK-7", False, "time.unknown")
    if step is None:
        return finding("LK-7", False, "time.no_activity")
    strict = clip.interval.overlap_s(step.start, step.end)
    length = (clip.interval.end - clip.interval.start).total_seconds()
    facts = {
        "shared": f"{strict:.0f}", "length": f"{length:.0f}", "source": clip.interval.source.value,
        "uncertainty": f"{clip.interval.uncertainty_s:.0f}",
    }  # fmt: skip
    if strict > 0 or all(step.start <= one.start <= step.end for one in clip.interval.possible):
        return finding("LK-7", True, "time.overlaps", **facts)
    return finding("LK-7", False, "time.near" if overlap(clip, step, limits) else "time.outside", **facts)


def clock_rule(clip: ClipFacts) -> Finding | None:
    """AL-12: a clock that moved by more than drift was set by somebody, and nobody knows when."""
    if clip.interval is None or not clip.interval.either:
        return None
    first, *_, last = clip.interval.either
    return finding("AL-12", False, "time.either", first=first.start.isoformat(), last=last.start.isoformat())


def integrity_rule(clip: ClipFacts) -> Finding:
    return finding(
        "LK-12",
        clip.original_verified,
        "original.verified" if clip.original_verified else "original.unverified",
    )


def label_rule(clip: ClipFacts) -> Finding | None:
    if not clip.missing_labels:
        return None
    return finding("LK-1", False, "labels.missing", labels="、".join(clip.missing_labels))
