"""Which cases and steps a clip belongs to, and why the others lost."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from math import ceil, inf

from gateway.rules.alibi import names_a_stranger, shown_instead
from gateway.rules.allocation import Swapped
from gateway.rules.choice import Decision, apart, doubted, lasts, lost, order
from gateway.rules.facts import ActivityFacts, CaseFacts, CaseStep, ClipFacts, LinkLimits
from gateway.rules.findings import Finding, Verdict, asking, finding, noted, verdict
from gateway.rules.judgement import Candidate, judge
from gateway.rules.meeting import (
    beyond,
    drove_there,
    loosely,
    meet,
    names,
    near,
    present,
    strict,
)


def nobody_said(_officer: str) -> bool | None:
    return None


def with_none() -> Swapped | None:
    return None


def decide(
    clip: ClipFacts,
    cases: Sequence[CaseFacts],
    limits: LinkLimits,
    elsewhere: Callable[[], Sequence[CaseStep]] = tuple,
    certified: Callable[[str], bool | None] = nobody_said,
    swapped: Callable[[], Swapped | None] = with_none,
) -> Decision:
    """Judge every candidate. A number decides before time and person do, unless they contradict it.

    `cases`: those the clip names and those of who held the device; `elsewhere`: the steps around that time,
    whoever's, asked for only where those leave a doubt; `certified`: whether anybody's certificate was valid
    then; `swapped`: the camera with which this one was swapped, asked for like `elsewhere`.
    """
    chosen = by_ledger(clip, cases, limits, elsewhere)
    if is_settled(clip, chosen, limits):
        return chosen
    exchanged = by_exchange(clip, cases, elsewhere, limits, certified, swapped, chosen)
    if exchanged is not None:
        return exchanged
    if chosen.winners and not chosen.is_doubtful:
        return questioned(clip, chosen, elsewhere, limits)
    return by_alibi(clip, elsewhere, limits, certified, chosen) or chosen


def is_settled(clip: ClipFacts, chosen: Decision, limits: LinkLimits) -> bool:
    """Whether a take that begins and ends with them, number, place or room speak for the holder's steps."""
    if chosen.is_doubtful or not chosen.winners:
        return False
    steps = [one.activity for one in chosen.winners if one.activity is not None]
    if len(steps) < len(chosen.winners) or both_ends(clip, steps, limits):
        return True
    return any(meet(clip, one.case, one.activity, limits).is_borne_out for one in chosen.winners)


def by_exchange(
    clip: ClipFacts,
    cases: Sequence[CaseFacts],
    elsewhere: Callable[[], Sequence[CaseStep]],
    limits: LinkLimits,
    certified: Callable[[str], bool | None],
    swapped: Callable[[], Swapped | None],
    instead: Decision,
) -> Decision | None:
    """The steps of the team that it was with, where all that two cameras recorded says they were swapped."""
    if clip.custody.officer_id is None or clip.custody.also or (other := swapped()) is None:
        return None
    custody = replace(clip.custody, officer_id=None, refuted=True, swapped=other)
    labels = tuple(dict.fromkeys((*clip.missing_labels, "采集人")))
    with_them = replace(clip, custody=custody, missing_labels=labels)
    theirs = (case for case, step in elsewhere() if other.holder in step.officers)
    known = {case.case_uid: case for case in (*cases, *theirs)}
    decision = among(with_them, [known[uid] for uid in sorted(known)], limits)
    if not decision.winners or decision.is_doubtful:
        return None
    shown = [one.activity for one in decision.winners if one.activity is not None]
    if len(shown) < len(decision.winners) or any(names_a_stranger(clip, step) for step in shown):
        return None
    if not all(certified(one) for step in shown for one in step.officers):
        return None
    others = [one for one in instead.winners if one.activity not in shown]
    beaten = [(one, finding("LK-4", False, "lost.elsewhere")) for one in sorted(others, key=order)]
    return Decision(decision.winners, (*beaten, *decision.losers), custody=custody)


def by_ledger(
    clip: ClipFacts,
    cases: Sequence[CaseFacts],
    limits: LinkLimits,
    elsewhere: Callable[[], Sequence[CaseStep]],
) -> Decision:
    found: list[Decision] = []
    for custody in (clip.custody, *clip.custody.also):
        held = clip if custody is clip.custody else replace(clip, custody=custody)
        decision = among(held, cases, limits)
        if decision.winners:
            found.append(Decision(decision.winners, decision.losers, custody=custody))
    if not found:
        return replace(by_chance(clip, elsewhere(), limits), custody=clip.custody)
    return next((one for one in found if not one.is_doubtful), found[0])


def among(clip: ClipFacts, cases: Sequence[CaseFacts], limits: LinkLimits) -> Decision:
    named = [case for case in cases if clip.case_no and names(case, clip.case_no, limits.number_kinds)]
    fitting = [
        judge(clip, case, step, limits, len(named))
        for case, step in around(clip, cases, limits)
        if fits(clip, case, step, limits)
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
    elsewhere: Callable[[], Sequence[CaseStep]],
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


def questioned(
    clip: ClipFacts, chosen: Decision, elsewhere: Callable[[], Sequence[CaseStep]], limits: LinkLimits
) -> Decision:
    """A take that begins and ends with another team's step, and neither with its holder's, may be theirs.

    Where a number, the place or a room speaks for the holder's step, nobody is asked.
    """
    step = chosen.winners[0].activity
    if len(chosen.winners) > 1 or step is None or keeps_an_end(clip, step, limits):
        return chosen
    winner = chosen.winners[0]
    if meet(clip, winner.case, step, limits).is_borne_out:
        return chosen
    held = (chosen.custody or clip.custody).officer_id
    for case, other in elsewhere():
        if case.unit == clip.unit and held not in other.officers and spans(clip, other, limits):
            doubt = asking("LK-7", False, "time.fits_other", other=case.title)
            return replace(chosen, winners=(doubted(winner, doubt),))
    return chosen


def by_chance(clip: ClipFacts, steps: Sequence[CaseStep], limits: LinkLimits) -> Decision:
    """Nobody who held it took part in anything then, or nobody is known to have: where and when it was asks.

    A place tells it; without one, a take that begins and ends with just one step of the unit does. What is
    fixed in a room is swapped with nobody.
    """
    if clip.custody.fixed_in is not None:
        return Decision(unlinked=why_none(clip))
    then = [(case, step) for case, step in steps if strict(clip, step) > 0]
    there = [(case, step) for case, step in then if near(clip, step, limits)]
    is_held = clip.custody.officer_id is not None and not clip.custody.refuted
    code = "link.by_place" if is_held else "link.by_place_unheld"
    if not there and clip.position is None:
        there = [(case, step) for case, step in then if case.unit == clip.unit and spans(clip, step, limits)]
        code = "link.by_time" if is_held else "link.by_time_unheld"
    asked = [doubted(judge(clip, *one, limits, 0), finding("LK-4", False, code)) for one in there]
    decision = apart(clip, asked, limits)
    return decision if decision.winners else Decision(unlinked=why_none(clip))


def spans(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether the take begins with the step and ends with it."""
    return max(ends(clip, step), default=inf) <= doubt_s(clip, limits)


def both_ends(clip: ClipFacts, steps: Sequence[ActivityFacts], limits: LinkLimits) -> bool:
    """Whether the take begins with one of these steps and ends with one."""
    doubt, far = doubt_s(clip, limits), [ends(clip, step) for step in steps]
    return any(one[0] <= doubt for one in far if one) and any(one[1] <= doubt for one in far if one)


def keeps_an_end(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether it does at least one of the two: a part is often all that was recorded."""
    return min(ends(clip, step), default=inf) <= doubt_s(clip, limits)


def ends(clip: ClipFacts, step: ActivityFacts) -> tuple[float, ...]:
    """How far, in seconds, a take begins and ends from where the step does."""
    return tuple(abs(one) for one in beyond(clip, clip.interval, step)) if clip.interval else ()


def doubt_s(clip: ClipFacts, limits: LinkLimits) -> float:
    return limits.activity_slack_s + (clip.interval.uncertainty_s if clip.interval else 0.0)


def around(clip: ClipFacts, cases: Sequence[CaseFacts], limits: LinkLimits) -> list[CaseStep]:
    """Steps that it can show anything of: a case has many, of other days."""
    if clip.interval is None or clip.interval.doubtful:
        return []
    possible = clip.interval.possible
    doubt = limits.activity_slack_s + max(one.uncertainty_s for one in possible)
    slack = timedelta(seconds=ceil(doubt))
    first = min(one.start for one in possible) - slack
    last = max(one.end for one in possible) + slack
    return [
        (case, step) for case in cases for step in case.activities if step.start <= last and step.end >= first
    ]


def fits(clip: ClipFacts, case: CaseFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    if present(clip, step):
        return loosely(clip, step, limits) > 0
    return drove_there(clip, case, step, limits)


def then(clip: ClipFacts, case: CaseFacts) -> ActivityFacts | None:
    """The step of a named case during which the clip was recorded, whoever held the camera."""
    at_the_time = [step for step in case.activities if strict(clip, step) > 0]
    return max(
        at_the_time, key=lambda step: (strict(clip, step), -lasts(step), step.activity_id), default=None
    )


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
    if clip.custody.in_vehicle:
        return finding("LK-7", False, "unlinked.vehicle_idle", at=at)
    nothing = "unlinked.no_activity" if clip.custody.room_id is None else "unlinked.room_idle"
    return finding("LK-7", False, nothing, at=at)
