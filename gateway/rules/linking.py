"""Which cases and steps a clip belongs to, and why the others lost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf

from gateway.rules.alibi import shown_instead
from gateway.rules.allocation import Custody
from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts, LinkLimits
from gateway.rules.findings import Finding, Verdict, asking, finding, noted, verdict
from gateway.rules.judgement import Candidate, judge
from gateway.rules.meeting import beyond, length, loosely, names, near, present, shared, strict

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


def nobody_said(_officer: str) -> bool | None:
    return None


def decide(
    clip: ClipFacts,
    cases: Sequence[CaseFacts],
    limits: LinkLimits,
    elsewhere: Callable[[], Sequence[CaseFacts]] = tuple,
    certified: Callable[[str], bool | None] = nobody_said,
) -> Decision:
    """Judge every candidate. A number decides before time and person do, unless they contradict it.

    `cases`: those the clip names and those of who held the device; `elsewhere`: whoever's, asked for only
    where those leave a doubt; `certified`: whether anybody's certificate was valid then.
    """
    chosen = by_ledger(clip, cases, limits, elsewhere)
    if chosen.winners and not chosen.is_doubtful:
        return chosen
    return by_alibi(clip, elsewhere, limits, certified, chosen) or chosen


def by_ledger(
    clip: ClipFacts,
    cases: Sequence[CaseFacts],
    limits: LinkLimits,
    elsewhere: Callable[[], Sequence[CaseFacts]],
) -> Decision:
    found: list[Decision] = []
    for custody in (clip.custody, *clip.custody.also):
        held = clip if custody is clip.custody else replace(clip, custody=custody)
        decision = among(held, cases, limits)
        if decision.winners:
            found.append(replace(decision, custody=custody))
    if not found:
        return replace(by_chance(clip, elsewhere(), limits), custody=clip.custody)
    return next((one for one in found if not one.is_doubtful), found[0])


def among(clip: ClipFacts, cases: Sequence[CaseFacts], limits: LinkLimits) -> Decision:
    named = [case for case in cases if clip.case_no and names(case, clip.case_no, limits.number_kinds)]
    fitting = [
        judge(clip, case, step, limits, len(named))
        for case in cases
        for step in case.activities
        if fits(clip, step, limits)
    ]
    if not named:
        return apart(clip, fitting, limits)
    said = [one for one in fitting if one.case in named]
    others = [one for one in fitting if one.case not in named]
    if said:
        chosen = apart(clip, said, limits)
        return replace(chosen, losers=(*chosen.losers, *lost(others, "lost.number_names_other")))
    meant = [judge(clip, case, then(clip, case), limits, len(named)) for case in named]
    meant.sort(key=order)
    rivals = [one for one in others if one.activity and strict(clip, one.activity) > 0]
    if rivals and all(one.activity is None for one in meant):
        if len(named) == 1 and not any(loosely(clip, one, limits) for one in named[0].activities):
            rivals = [outvoted(clip, one, limits) for one in rivals]
        chosen = apart(clip, rivals, limits)
        beside = [one for one in others if one not in rivals]
        return replace(
            chosen, losers=(*chosen.losers, *lost(meant, "lost.not_there"), *lost(beside, "lost.lower_score"))
        )
    return Decision(
        (meant[0],), (*lost(meant[1:], "lost.lower_score"), *lost(others, "lost.number_names_other"))
    )


def outvoted(clip: ClipFacts, candidate: Candidate, limits: LinkLimits) -> Candidate:
    """The number is right for a case that had no step then; holder, time, and place or extent speak for this.

    LK-2 is kept: the number stands for exactly one case. That it stands for another is a label to put right.
    """
    step = candidate.activity
    if step is None or not (near(clip, step, limits) or spans(clip, step, limits)):
        return candidate
    note = noted("LK-2", False, "number.elsewhere", number=clip.case_no)
    findings = tuple([note if one.code == "number.other" else one for one in candidate.findings])
    return replace(candidate, findings=findings, verdict=verdict(findings))


def by_alibi(
    clip: ClipFacts,
    elsewhere: Callable[[], Sequence[CaseFacts]],
    limits: LinkLimits,
    certified: Callable[[str], bool | None],
    instead: Decision,
) -> Decision | None:
    """The step that the camera was at while its holder was at another, where that leaves no other doubt.

    Who recorded is then open: one of those who were there. Every one of them has a valid certificate, so LK-5
    holds whoever it was; the label 采集人 is missing until the ledger is put right (LK-1: not archivable).
    """
    if clip.custody.officer_id is None:
        return None
    shown = shown_instead(clip, elsewhere(), limits)
    if shown is None or not all(certified(one) for one in shown[1].officers):
        return None
    custody = replace(clip.custody, officer_id=None, refuted=True)
    labels = tuple(dict.fromkeys((*clip.missing_labels, "采集人")))
    winner = judge(replace(clip, custody=custody, missing_labels=labels), *shown, limits)
    if winner.verdict not in {Verdict.VALID, Verdict.VALID_WITH_NOTE}:
        return None
    others = [one for one in instead.winners if one.activity != winner.activity]
    beaten = [(one, finding("LK-4", False, "lost.elsewhere")) for one in sorted(others, key=order)]
    rest = [one for one in instead.losers if one[0].activity != winner.activity]
    return Decision((winner,), (*beaten, *rest), custody=custody)


def by_chance(clip: ClipFacts, cases: Sequence[CaseFacts], limits: LinkLimits) -> Decision:
    """Nobody who held it took part in anything then: where and when it was tells what to ask a person.

    A place tells it; without one, a take that begins and ends with just one step of the unit does. What is
    fixed in a room is swapped with nobody.
    """
    if clip.custody.room_id is not None:
        return Decision(unlinked=why_none(clip))
    then = [(case, step) for case in cases for step in case.activities if strict(clip, step) > 0]
    there = [(case, step) for case, step in then if near(clip, step, limits)]
    code = "link.by_place"
    if not there and clip.position is None:
        there = [(case, step) for case, step in then if case.unit == clip.unit and spans(clip, step, limits)]
        code = "link.by_time"
    asked = [doubted(judge(clip, *one, limits, 0), finding("LK-4", False, code)) for one in there]
    decision = apart(clip, asked, limits)
    return decision if decision.winners else Decision(unlinked=why_none(clip))


def spans(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether the take begins with the step and ends with it."""
    if clip.interval is None:
        return False
    slack = limits.activity_slack_s + clip.interval.uncertainty_s
    return max(abs(one) for one in beyond(clip, clip.interval, step)) <= slack


def fits(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    return present(clip, step) and loosely(clip, step, limits) > 0


def then(clip: ClipFacts, case: CaseFacts) -> ActivityFacts | None:
    """The step of a named case during which the clip was recorded, whoever held the camera."""
    at_the_time = [step for step in case.activities if strict(clip, step) > 0]
    return max(
        at_the_time, key=lambda step: (strict(clip, step), -lasts(step), step.activity_id), default=None
    )


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


def why_none(clip: ClipFacts) -> Finding:
    """The one thing that keeps a clip from being linked."""
    if clip.case_no is not None:
        return finding("LK-2", False, "unlinked.number_unknown", number=clip.case_no)
    if clip.interval is None or clip.interval.doubtful:
        return finding("LK-7", False, "unlinked.no_time")
    at = clip.interval.start.isoformat()
    if clip.interval.either and clip.custody.basis is None:
        first, *_, last = clip.interval.either
        times = {"first": first.start.isoformat(), "last": last.start.isoformat()}
        return finding("AL-12", False, "unlinked.either", **times)
    if clip.custody.basis is None:
        return finding("LK-4", False, "unlinked.no_holder", at=at)
    if clip.custody.shared_without_checkout:
        return finding("LK-4", False, "unlinked.no_checkout", at=at)
    nothing = "unlinked.no_activity" if clip.custody.room_id is None else "unlinked.room_idle"
    return finding("LK-7", False, nothing, at=at)
