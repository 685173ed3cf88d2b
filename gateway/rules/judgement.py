"""Each rule applied to a clip and one candidate step of one case (LK-1…LK-20)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from gateway.rules import labels
from gateway.rules.duty import execution_at_rest
from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts, LinkLimits
from gateway.rules.findings import Finding, Verdict, finding, noted, rejecting, verdict
from gateway.rules.meeting import Meeting, length, meet, present
from gateway.rules.original import content_rule, integrity_rule
from gateway.rules.place import same_text
from gateway.rules.refuted import refuted
from gateway.rules.standing import IN_SERVICE, OUT_OF_USE
from gateway.rules.timing import clock_rule, deadline_rule, extent_rule, filing_rule, time_rule

NUMBER, TIME, PERSON, PLACE = 0.55, 0.2, 0.15, 0.1
"""What speaks for a candidate, of 1 in all. Its order is the rule, the figures only sort."""

CLASSIFIED = "state_secret"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case, one of its steps, and what the rules say of the clip and the two."""

    case: CaseFacts
    activity: ActivityFacts | None
    score: float
    verdict: Verdict
    findings: tuple[Finding, ...]
    segment: tuple[float, float] | None = None
    """Seconds from the clip's start; None: the whole clip."""


def judge(
    clip: ClipFacts,
    case: CaseFacts,
    step: ActivityFacts | None,
    limits: LinkLimits,
    named: int = 1,
    matter: str | None = None,
) -> Candidate:
    """Apply every rule; `named`: how many cases the clip's number stands for; `matter`: what it proves."""
    met = meet(clip, case, step, limits)
    results = (
        number_rule(clip, case, met, named),
        device_rule(clip),
        type_rule(clip),
        custody_rule(clip),
        handler_rule(clip, case, step),
        *certificate_rule(clip, step),
        officers_rule(step, limits),
        time_rule(clip, step, met),
        extent_rule(clip, step, met, limits),
        filing_rule(clip, case),
        clock_rule(clip),
        place_rule(clip, step, met),
        notice_rule(step),
        deadline_rule(clip, step, limits),
        integrity_rule(clip),
        content_rule(clip),
        secrecy_rule(clip),
        *rest_rule(step, limits),
        transcript_rule(clip, case),
        archive_rule(case),
        label_rule(unlabelled(clip, case, limits), matter),
    )
    findings = tuple(result for result in results if result is not None)
    return Candidate(case, step, score(clip, step, met), verdict(findings), findings)


def score(clip: ClipFacts, step: ActivityFacts | None, met: Meeting) -> float:
    """0…1: the number said so, time shared with the step, the person or room, the place."""
    points = NUMBER if met.is_named else 0.0
    if step is not None and clip.interval is not None and not clip.interval.doubtful:
        points += TIME * min(1.0, met.loose / length(clip.interval)) * (1.0 if met.certain else 0.5)
        points += PERSON if present(clip, step) else 0.0
        points += PLACE if met.is_near else 0.0
    return round(points, 3)


def number_rule(clip: ClipFacts, case: CaseFacts, met: Meeting, named: int) -> Finding | None:
    """It stands for exactly one case, and this is the one."""
    if clip.case_no is None:
        return None
    if met.is_named:
        if named > 1:
            return finding("LK-2", False, "number.several", number=clip.case_no, cases=named)
        return finding("LK-2", True, "number.matches", number=clip.case_no)
    return finding("LK-2", False, "number.other", number=clip.case_no, case=case.title)


def device_rule(clip: ClipFacts) -> Finding:
    """AL-8, by the status while it recorded."""
    status = clip.device_status
    if status in OUT_OF_USE:
        return rejecting("LK-3", False, "device.lost", status=status)
    return finding("LK-3", status == IN_SERVICE, "device.status", status=status)


def type_rule(clip: ClipFacts) -> Finding | None:
    return None if clip.device_type_allowed else finding("AL-1", False, "device.type_not_allowed")


def custody_rule(clip: ClipFacts) -> Finding:
    """Who had it, or which place; a shared device has to be checked out for each use (AL-3)."""
    basis = clip.custody.basis
    if basis is None:
        return finding("LK-4", False, "custody.gap")
    if clip.custody.refuted:
        return refuted(clip)
    if clip.custody.shared_without_checkout:
        return finding("LK-4", False, "custody.no_checkout", kind=basis.kind)
    if clip.custody.room_id is not None:
        code = "custody.vehicle" if clip.custody.in_vehicle else "custody.room"
        return finding("LK-4", True, code, room=clip.called(clip.custody.room_id))
    holder = clip.called(clip.custody.officer_id)
    if clip.declared_officer and clip.declared_officer != clip.custody.officer_id:
        named = clip.called(clip.declared_officer)
        return finding("LK-4", False, "custody.other_officer", holder=holder, named=named)
    code = "custody.checkout" if basis.kind == "CHECKOUT" else "custody.allocated"
    return finding("LK-4", True, code, officer=holder, since=basis.start.isoformat())


def handler_rule(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None) -> Finding | None:
    officer = clip.custody.officer_id
    if officer is None:
        return None
    taking_part = officer in case.handlers or (step is not None and officer in step.officers)
    code = "handler.takes_part" if taking_part else "handler.stranger"
    return finding("LK-5", taking_part, code, officer=clip.called(officer))


def certificate_rule(clip: ClipFacts, step: ActivityFacts | None) -> list[Finding]:
    """Of who held the device; of a room everybody who was in it, for it is held by none (AL-3)."""
    holder = clip.custody.officer_id
    if holder is not None:
        answers: Iterable[str] = (holder,)
    else:
        answers = sorted(step.officers) if step is not None and clip.custody.room_id is not None else ()
    found = []
    for officer in answers:
        valid = clip.certificates.get(officer)
        if not valid:
            code = "certificate.unknown" if valid is None else "certificate.invalid"
            found.append(finding("LK-5", False, code, officer=clip.called(officer)))
    return found


def officers_rule(step: ActivityFacts | None, limits: LinkLimits) -> Finding | None:
    """Two officers at least; what one alone brings in is no evidence for a penalty or a compulsory act."""
    if step is None:
        return None
    enough = len(step.officers) >= limits.min_officers
    judged = rejecting if step.is_evidence or step.compulsory != "none" else noted
    return judged("LK-6", enough, "officers.count", count=len(step.officers), required=limits.min_officers)


def place_rule(clip: ClipFacts, step: ActivityFacts | None, met: Meeting) -> Finding | None:
    """A position decides; words that differ are no more than a note, for a place has many names."""
    if met.metres is not None:
        code = "place.near" if met.is_near else "place.far"
        return finding("LK-8", met.is_near, code, metres=f"{met.metres:.0f}")
    if step is None or clip.position is not None or not clip.place or not step.place:
        return None
    if same_text(clip.place, step.place):
        return finding("LK-8", True, "place.same_words", place=step.place)
    return noted("LK-8", False, "place.other_words", place=clip.place, step=step.place)


def notice_rule(step: ActivityFacts | None) -> Finding | None:
    if step is None or step.notice_given is None:
        return None
    return finding("LK-10", step.notice_given, "notice.given" if step.notice_given else "notice.missing")


def secrecy_rule(clip: ClipFacts) -> Finding | None:
    """A state secret is not to be on this system; who said so may have been wrong and lifts it."""
    if clip.secrecy != CLASSIFIED:
        return None
    return finding("LK-16", False, "secrecy.not_here")


def rest_rule(step: ActivityFacts | None, limits: LinkLimits) -> list[Finding]:
    """行政强制法 art 43; a year of which the pack has no holidays is the step's question, not the clip's."""
    if step is None or step.compulsory != "execution" or limits.calendar is None:
        return []
    found = execution_at_rest(step.start, step.end, limits.calendar, is_urgent=step.is_urgent)
    return [one for one in found if one.code != "rest.unknown"]


def transcript_rule(clip: ClipFacts, case: CaseFacts) -> Finding | None:
    if clip.kind != "AUDIO" or clip.has_transcript:
        return None
    judged = finding if case.closed_on is not None else noted
    return judged("LK-19", False, "transcript.missing")


def archive_rule(case: CaseFacts) -> Finding | None:
    """After archiving what is added needs an approval of its own (补充归档)."""
    if case.archived_on is None:
        return None
    return finding("LK-20", False, "case.archived", on=case.archived_on.astimezone(UTC).date().isoformat())


def is_numbered(clip: ClipFacts, case: CaseFacts, limits: LinkLimits) -> bool:
    """案件编号: the clip's or the case's; a case of summary procedure may have none."""
    return bool(clip.case_no or case.numbers) or case.procedure in limits.unnumbered_procedures


def unlabelled(clip: ClipFacts, case: CaseFacts, limits: LinkLimits) -> tuple[str, ...]:
    if is_numbered(clip, case, limits):
        return clip.missing_labels
    return labels.NUMBER, *clip.missing_labels


def label_rule(missing: Sequence[str], matter: str | None) -> Finding:
    """What a clip lacks of its labels, and one of its links of what it proves (LK-13)."""
    lacks = (*missing, *(() if matter else (labels.MATTER,)))
    if not lacks:
        return finding("LK-1", True, "labels.complete")
    return finding("LK-1", False, "labels.missing", labels="、".join(lacks))
