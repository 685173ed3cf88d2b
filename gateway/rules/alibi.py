"""A camera that was where its holder was not: the case record itself contradicts the ledger (LK-4, LK-5).

Two facts, neither of them a guess: by the text record the holder was at a step somewhere else; by its
position, or by the number it bears, the camera was at just one other step of the unit. So the holder did
not record it.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.rules.clock import Interval
from gateway.rules.facts import ActivityFacts, CaseFacts, CaseStep, ClipFacts, LinkLimits
from gateway.rules.meeting import length, names, near, shared


def shown_instead(clip: ClipFacts, steps: Sequence[CaseStep], limits: LinkLimits) -> CaseStep | None:
    """The one step that it shows although its holder was at another; None where that is not proven."""
    holder = clip.custody.officer_id
    if holder is None or clip.custody.also or clip.interval is None or clip.interval.doubtful:
        return None
    own = [step for _, step in steps if holder in step.officers and enough(whole(clip), step, limits)]
    there = [
        (case, step)
        for case, step in steps
        if enough(clip.interval, step, limits) and is_told(clip, case, step, limits)
    ]
    if not own or len(there) != 1:
        return None
    case, step = there[0]
    if holder in step.officers or holder in case.handlers or names_a_stranger(clip, step):
        return None
    return there[0] if all(far_apart(one, step, limits) for one in own) else None


def whole(clip: ClipFacts) -> Interval:
    """The take that it is a part of: who recorded one part of that recorded all of it."""
    assert clip.interval is not None
    start, end = clip.take or (clip.interval.start, clip.interval.end)
    return replace(clip.interval, start=start, end=end, either=())


def enough(interval: Interval, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether most of it, or a good part, was recorded during the step however wrong the clock may be."""
    if interval.either:
        return False
    least = min(length(interval) / 2, limits.min_segment_s)
    return shared(interval, step, -interval.uncertainty_s) >= least


def is_told(clip: ClipFacts, case: CaseFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Its position says so, and where there is none the number; what either contradicts is not told."""
    if case.unit != clip.unit:
        return False
    named = clip.case_no is not None and names(case, clip.case_no, limits.number_kinds)
    if clip.position is None or step.position is None:
        return named
    return near(clip, step, limits) and (named or clip.case_no is None)


def far_apart(one: ActivityFacts, other: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether nobody can have been at both: what was done together at one place proves nothing."""
    if one.position is None or other.position is None:
        return False
    return one.position.metres_to(other.position) > limits.place_tolerance_m


def names_a_stranger(clip: ClipFacts, step: ActivityFacts) -> bool:
    """The file names somebody who was neither the holder nor at the step."""
    return clip.declared_officer not in {None, clip.custody.officer_id, *step.officers}
