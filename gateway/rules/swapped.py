"""Two cameras that went out with each other's team, told by all that both recorded that day (LK-4, LK-5).

One take may begin and end with another team's step by chance. That every take of two cameras fits the team
that by the ledger had the *other* of them, and none its own, is no chance: the text records of a whole
outing refute both lines of the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from gateway.rules.allocation import Swapped
from gateway.rules.facts import ActivityFacts, LinkLimits
from gateway.rules.place import Position


@dataclass(frozen=True, slots=True)
class Take:
    """What a camera recorded without a break, as certain as its clock."""

    start: datetime
    end: datetime
    uncertainty_s: float
    positions: tuple[Position, ...] = ()
    shown: frozenset[str] = frozenset()
    """Steps that by a person's word it shows, and those that by one it does not."""
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outing:
    """A camera on one day, under one line of the ledger."""

    device_id: str
    holder: str
    takes: tuple[Take, ...]


class Speaks(IntEnum):
    """How strongly a take speaks for somebody's steps."""

    AGAINST = 0
    """It was recorded during one, and somewhere else; or a person says so."""
    NOT = 1
    END = 2
    """It begins with one, or ends with one."""
    EXTENT = 3
    """It does both: recording begins when officers arrive and ends when they leave (R-16)."""
    PLACE = 4
    """It was recorded during one, and there."""
    PERSON = 5
    """Somebody looked, and said that it shows one."""


def swapped(
    outing: Outing, others: Sequence[Outing], steps: Sequence[ActivityFacts], limits: LinkLimits
) -> Swapped | None:
    """With which one other camera it was swapped; None where that is not proven."""
    found = [one for other in others if (one := swapped_with(outing, other, steps, limits)) is not None]
    return found[0] if len(found) == 1 else None


def swapped_with(
    outing: Outing, other: Outing, steps: Sequence[ActivityFacts], limits: LinkLimits
) -> Swapped | None:
    """Both sides say so, and nothing that either camera recorded says otherwise."""
    if outing.holder == other.holder or outing.device_id == other.device_id:
        return None
    mine = [step for step in steps if outing.holder in step.officers]
    theirs = [step for step in steps if other.holder in step.officers]
    if any(step in theirs for step in mine):
        return None  # one team, whoever of it wore which camera
    here = agreeing(outing.takes, mine, theirs, limits)
    there = agreeing(other.takes, theirs, mine, limits) if here else 0
    return Swapped(other.device_id, other.holder, here + there) if there else None


def agreeing(
    takes: Sequence[Take], own: Sequence[ActivityFacts], others: Sequence[ActivityFacts], limits: LinkLimits
) -> int:
    """How many takes show the other team's steps and not the holder's; none where one says otherwise."""
    count = 0
    for take in takes:
        for_own, for_others = speaks(take, own, limits), speaks(take, others, limits)
        if (for_own >= Speaks.EXTENT and for_own > for_others) or for_others is Speaks.AGAINST:
            return 0
        count += for_others >= Speaks.EXTENT and for_others > for_own
    return count


def speaks(take: Take, steps: Sequence[ActivityFacts], limits: LinkLimits) -> Speaks:
    """What a person said of it counts before what was recorded (LK-17)."""
    if take.shown:
        told = any(step.activity_id in take.shown for step in steps)
        return Speaks.PERSON if told else Speaks.AGAINST
    left = [step for step in steps if step.activity_id not in take.denied]
    recorded = by_record(take, left, limits)
    return recorded if recorded >= Speaks.EXTENT or len(left) == len(steps) else Speaks.AGAINST


def by_record(take: Take, steps: Sequence[ActivityFacts], limits: LinkLimits) -> Speaks:
    """Of a clock that is less certain than officers are punctual nothing is concluded."""
    if take.uncertainty_s > limits.activity_slack_s:
        return Speaks.NOT
    during = [step for step in steps if is_during(take, step, limits)]
    placed = [step for step in during if step.position is not None] if take.positions else []
    if any(is_at(take, step, limits) for step in placed):
        return Speaks.PLACE
    if placed:
        return Speaks.AGAINST
    doubt = limits.activity_slack_s + take.uncertainty_s
    begun = [step for step in steps if abs((step.start - take.start).total_seconds()) <= doubt]
    ended = [step for step in steps if abs((step.end - take.end).total_seconds()) <= doubt]
    if any(first.start <= last.start for first in begun for last in ended):
        return Speaks.EXTENT
    return Speaks.END if begun or ended else Speaks.NOT


def is_during(take: Take, step: ActivityFacts, limits: LinkLimits) -> bool:
    """Whether most of it, or a good part, was recorded during the step however wrong the clock may be."""
    least = min((take.end - take.start).total_seconds() / 2, limits.min_segment_s)
    inside = min(take.end, step.end) - max(take.start, step.start)
    return inside.total_seconds() - take.uncertainty_s >= least


def is_at(take: Take, step: ActivityFacts, limits: LinkLimits) -> bool:
    at = step.position
    return at is not None and any(one.metres_to(at) <= limits.place_tolerance_m for one in take.positions)
