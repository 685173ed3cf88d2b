"""Which case a clip belongs to, and why the others lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.rules.judgement import (
    ActivityFacts,
    Candidate,
    CaseFacts,
    ClipFacts,
    Finding,
    LinkLimits,
    Verdict,
    finding,
    judge,
    names,
    overlap,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The winner, if any, and the candidates that lost to it; or the one reason why there is none."""

    winner: Candidate | None
    losers: tuple[tuple[Candidate, Finding], ...] = ()
    unlinked: Finding | None = None


def decide(clip: ClipFacts, cases: Sequence[CaseFacts], limits: LinkLimits) -> Decision:
    """Judge every candidate and pick the best; a tie is no winner, it is a person's question."""
    named = [case for case in cases if clip.case_no and names(case, clip.case_no)]
    candidates = [judge(clip, case, activity, limits) for case, activity in pairs(clip, cases, named, limits)]
    candidates.sort(key=lambda candidate: candidate.score, reverse=True)
    if not candidates:
        return Decision(None, (), why_none(clip))
    best, rest = candidates[0], candidates[1:]
    if rest and rest[0].case.case_uid != best.case.case_uid and rest[0].score == best.score:
        doubt = finding("LK-2", False, "link.tied", other=rest[0].case.title)
        best = Candidate(best.case, best.activity, best.score, Verdict.NEEDS_REVIEW, (*best.findings, doubt))
    return Decision(best, tuple((loser, why_lost(best, loser)) for loser in rest))


def pairs(
    clip: ClipFacts, cases: Sequence[CaseFacts], named: Sequence[CaseFacts], limits: LinkLimits
) -> list[tuple[CaseFacts, ActivityFacts | None]]:
    """Every (case, step) worth judging: cases the clip names, and steps its holder or room worked on then."""
    found: list[tuple[CaseFacts, ActivityFacts | None]] = []
    for case in cases:
        fitting = [step for step in case.activities if fits(clip, step, limits)]
        found.extend((case, step) for step in fitting)
        if case in named and not fitting:
            found.append((case, nearest(clip, case)))
    return found


def fits(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    if clip.interval is None or clip.interval.doubtful or overlap(clip, step, limits) <= 0:
        return False
    if clip.custody.room_id is not None:
        return step.room_id == clip.custody.room_id
    return clip.custody.officer_id is not None and clip.custody.officer_id in step.officers


def nearest(clip: ClipFacts, case: CaseFacts) -> ActivityFacts | None:
    """The step of a named case during which the clip was recorded, whoever held the camera."""
    if clip.interval is None:
        return None
    shared = [step for step in case.activities if clip.interval.overlap_s(step.start, step.end) > 0]
    return max(shared, key=lambda step: clip.interval.overlap_s(step.start, step.end), default=None)  # type: ignore[union-attr]


def why_none(clip: ClipFacts) -> Finding:
    """The one thing that keeps a clip from being linked."""
    if clip.case_no is not None:
        return finding("LK-2", False, "unlinked.number_unknown", number=clip.case_no)
    if clip.interval is None or clip.interval.doubtful:
        return finding("LK-7", False, "unlinked.no_time")
    if clip.interval.either and clip.custody.basis is None:
        first, *_, last = clip.interval.either
        times = {"first": first.start.isoformat(), "last": last.start.isoformat()}
        return finding("AL-12", False, "unlinked.either", **times)
    if clip.custody.basis is None:
        return finding("LK-4", False, "unlinked.no_holder", at=clip.interval.start.isoformat())
    if clip.custody.shared_without_checkout:
        return finding("LK-4", False, "unlinked.no_checkout", at=clip.interval.start.isoformat())
    nothing = "unlinked.no_activity" if clip.custody.room_id is None else "unlinked.room_idle"
    return finding("LK-7", False, nothing, at=clip.interval.start.isoformat())


def why_lost(best: Candidate, loser: Candidate) -> Finding:
    if loser.score < best.score:
        return finding("LK-2", False, "lost.lower_score", score=loser.score, best=best.score)
    return finding("LK-2", False, "lost.tied", score=loser.score)
