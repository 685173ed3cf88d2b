"""Of candidates the best; of steps one after the other each its part of the clip."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

from gateway.rules.allocation import Custody
from gateway.rules.facts import ActivityFacts, ClipFacts, LinkLimits
from gateway.rules.findings import Finding, Verdict, asking, finding, verdict
from gateway.rules.judgement import Candidate
from gateway.rules.meeting import length, shared, strict

Lost = tuple[Candidate, Finding]


@dataclass(frozen=True, slots=True)
class Decision:
    """The steps a clip shows, the candidates that lost; or the one reason why there is none."""

    winners: tuple[Candidate, ...] = ()
    losers: tuple[Lost, ...] = ()
    unlinked: Finding | None = None
    custody: Custody | None = None
    """Who held the device, where several can have done so: of them, who took part."""

    @property
    def is_doubtful(self) -> bool:
        return any(one.verdict in {Verdict.NEEDS_REVIEW, Verdict.REJECTED} for one in self.winners)

    @property
    def winner(self) -> Candidate | None:
        return self.winners[0] if self.winners else None


def lasts(step: ActivityFacts) -> float:
    return (step.end - step.start).total_seconds()


def order(candidate: Candidate) -> tuple[float, float, str, str]:
    """The best first; between equals always the same one, in whatever order the facts arrived.

    The shorter step says more of when it was: a mistyped year makes one that everything lies in.
    """
    step = candidate.activity
    span = lasts(step) if step else inf
    return -candidate.score, span, candidate.case.case_uid, step.activity_id if step else ""


def apart(clip: ClipFacts, candidates: Iterable[Candidate], limits: LinkLimits) -> Decision:
    """Of steps at the same time one wins; steps one after the other each get their part of the clip."""
    picked: list[Candidate] = []
    losers: list[Lost] = []
    for candidate in sorted(candidates, key=order):
        rival = next((one for one in picked if at_once(one, candidate)), None)
        if rival is not None:
            if rival.score == candidate.score:
                picked[picked.index(rival)] = tied(rival, candidate)
                losers.append((candidate, finding("LK-2", False, "lost.tied", score=candidate.score)))
            else:
                losers.append((candidate, lower(candidate, rival)))
        elif picked and not shows(clip, candidate, limits):
            picked = [either(clip, one, candidate) for one in picked]
            losers.append((candidate, finding("LK-7", False, "lost.hardly_shown")))
        else:
            picked.append(candidate)
    return Decision(tuple(segmented(clip, picked)), tuple(losers))


def at_once(one: Candidate, other: Candidate) -> bool:
    """Whether nobody can have been at both: their times overlap, or one of them is not known."""
    if one.activity is None or other.activity is None:
        return True
    return one.activity.start < other.activity.end and other.activity.start < one.activity.end


def shows(clip: ClipFacts, candidate: Candidate, limits: LinkLimits) -> bool:
    """Whether enough of a further step is on the clip to be sure of it, by this clock."""
    if candidate.activity is None or clip.interval is None:
        return False
    least = min(lasts(candidate.activity) / 2, limits.min_segment_s) + clip.interval.uncertainty_s
    return strict(clip, candidate.activity) >= least


def either(clip: ClipFacts, picked: Candidate, other: Candidate) -> Candidate:
    """Doubted where the clock leaves open that it was the other step all the time."""
    interval, step, beside = clip.interval, picked.activity, other.activity
    if interval is None or step is None or beside is None:
        return picked
    doubt = interval.uncertainty_s
    if shared(interval, step, -doubt) > 0 or shared(interval, beside, doubt) <= 0:
        return picked
    return doubted(picked, asking("LK-7", False, "link.within_doubt", other=other.case.title))


def segmented(clip: ClipFacts, picked: Sequence[Candidate]) -> list[Candidate]:
    """Each step's part of the clip, in seconds from its start; what lies between two goes half to each."""
    if len(picked) < 2 or clip.interval is None:
        return list(picked)
    begins, whole = clip.interval.start, length(clip.interval)
    steps = sorted(picked, key=lambda one: one.activity.start if one.activity else begins)
    cuts = [0.0]
    for before, after in pairwise(steps):
        assert before.activity is not None
        assert after.activity is not None
        middle = before.activity.end + (after.activity.start - before.activity.end) / 2
        cuts.append(round(min(whole, max(cuts[-1], (middle - begins).total_seconds())), 3))
    cuts.append(round(whole, 3))
    return [replace(one, segment=(cuts[place], cuts[place + 1])) for place, one in enumerate(steps)]


def tied(best: Candidate, other: Candidate) -> Candidate:
    return doubted(best, finding("LK-2", False, "link.tied", other=other.case.title))


def doubted(candidate: Candidate, doubt: Finding) -> Candidate:
    findings = (*candidate.findings, doubt)
    return replace(candidate, findings=findings, verdict=verdict(findings))


def lost(candidates: Iterable[Candidate], code: str) -> list[Lost]:
    return [(one, finding("LK-2", False, code, score=one.score)) for one in sorted(candidates, key=order)]


def lower(loser: Candidate, best: Candidate) -> Finding:
    return finding("LK-2", False, "lost.lower_score", score=loser.score, best=best.score)
