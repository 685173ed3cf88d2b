"""How a clip and a step of enforcement meet: in time, in place, in who was there (LK-2, LK-4, LK-7, LK-8)."""

from dataclasses import dataclass, replace

from gateway.rules import case_number
from gateway.rules.clock import Interval
from gateway.rules.facts import ActivityFacts, CaseFacts, ClipFacts, LinkLimits


@dataclass(frozen=True, slots=True)
class Meeting:
    """How a clip and a step meet: worked out once, asked by many rules."""

    certain: float
    """Seconds shared whichever time is the true one; an instant (a photo) inside counts as one."""
    loose: float
    """Seconds shared as far as the clock's doubt and the slack of officers on their way allow."""
    metres: float | None
    """Between their positions; None where one of the two is not known."""
    is_near: bool
    is_named: bool
    """The clip declares a number of the case."""
    is_borne_out: bool
    """Something besides holder and time speaks for the step: a number, the place, or the room."""


NOWHERE = Meeting(0.0, 0.0, None, is_near=False, is_named=False, is_borne_out=False)


def meet(clip: ClipFacts, case: CaseFacts, step: ActivityFacts | None, limits: LinkLimits) -> Meeting:
    named = clip.case_no is not None and names(case, clip.case_no, limits.number_kinds)
    if step is None:
        return replace(NOWHERE, is_named=named)
    certain = strict(clip, step)
    metres = distance(clip, step)
    is_near = metres is not None and metres <= limits.place_tolerance_m
    return Meeting(
        certain,
        certain or loosely(clip, step, limits),
        metres,
        is_near=is_near,
        is_named=named,
        is_borne_out=named or is_near or (clip.custody.room_id is not None and present(clip, step)),
    )


def names(case: CaseFacts, number: str, kinds: case_number.Kinds) -> bool:
    """Whether a number is one of the case's, in any spelling (regulations 6.2)."""
    if case_number.normalise(number) in case.numbers:
        return True
    key = case_number.key_text(number, case.number_kinds or kinds)
    own = case.keys or {case_number.key_text(known, kinds) for known in case.numbers}
    return key is not None and key in own


def loosely(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> float:
    """Shared seconds as far as the clock's uncertainty and the slack of officers on their way allow.

    Of several possible times that which shares most: each of them may be the true one.
    """
    if clip.interval is None or clip.interval.doubtful:
        return 0.0
    slack = limits.activity_slack_s
    return max(shared(one, step, slack + one.uncertainty_s) for one in clip.interval.possible)


def shared(interval: Interval, step: ActivityFacts, slack_s: float) -> float:
    """Seconds in common with a step widened by `slack_s`; an instant (a photo) inside it counts as one."""
    before = (step.start - interval.start).total_seconds() - slack_s
    after = (step.end - interval.start).total_seconds() + slack_s
    lasts = (interval.end - interval.start).total_seconds()
    if not lasts:
        return float(before <= 0 <= after)
    return max(0.0, min(lasts, after) - max(0.0, before))


def strict(clip: ClipFacts, step: ActivityFacts) -> float:
    """Seconds that are shared whichever time is the true one."""
    if clip.interval is None or clip.interval.doubtful:
        return 0.0
    first = clip.interval.possible[0]
    if step.end < first.start or first.end < step.start:
        return 0.0
    return min(shared(one, step, 0.0) for one in clip.interval.possible)


def length(interval: Interval) -> float:
    return max(1.0, (interval.end - interval.start).total_seconds())


def present(clip: ClipFacts, step: ActivityFacts) -> bool:
    """Whether who held the device, or the room it is fixed in, was there."""
    if clip.custody.room_id is not None:
        return clip.custody.room_id == step.room_id
    if clip.custody.swapped is not None:
        return clip.custody.swapped.holder in step.officers
    return clip.custody.officer_id is not None and clip.custody.officer_id in step.officers


def drove_there(clip: ClipFacts, case: CaseFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether the vehicle that it is in stood at a step of its unit while that lasted (AL-3)."""
    is_there = clip.custody.in_vehicle and strict(clip, step) > 0 and near(clip, step, limits)
    return is_there and case.unit == clip.unit


def begins_in(clip: ClipFacts, step: ActivityFacts) -> bool:
    """Whether another part of the same take was recorded during the step."""
    return clip.take is not None and clip.take[0] < step.end and step.start < clip.take[1]


def beyond(clip: ClipFacts, interval: Interval, step: ActivityFacts) -> tuple[float, float]:
    """Seconds by which a take begins before the step, and by which it ends after it; negative inside."""
    start, end = clip.take or (interval.start, interval.end)
    return (step.start - start).total_seconds(), (end - step.end).total_seconds()


def distance(clip: ClipFacts, step: ActivityFacts) -> float | None:
    """Metres between clip and step; None where one of the two positions is not known."""
    if clip.position is None or step.position is None:
        return None
    return clip.position.metres_to(step.position)


def near(clip: ClipFacts, step: ActivityFacts, limits: LinkLimits) -> bool:
    metres = distance(clip, step)
    return metres is not None and metres <= limits.place_tolerance_m
