"""Where a device stood in its life at a moment (AL-8, LK-3), and which way its life may go."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

ACCEPTED, IN_SERVICE, LOST, RETIRED = "ACCEPTED", "IN_SERVICE", "LOST", "RETIRED"
OUT_OF_USE = frozenset({LOST, RETIRED})
"""What is recorded after that is no evidence (R-49, AL-8)."""


@dataclass(frozen=True, slots=True)
class Stand:
    """From this moment on the device has this status, until its next one."""

    status: str
    since: datetime


def stand_at(history: Iterable[Stand], at: datetime) -> Stand | None:
    """Where the device stood at a moment; None before the first standing that is known."""
    begun = (stand for stand in history if stand.since <= at)
    return max(begun, key=lambda stand: stand.since, default=None)


def status_at(history: Iterable[Stand], at: datetime) -> str | None:
    stand = stand_at(history, at)
    return stand.status if stand else None


def wrong_turn(history: Sequence[Stand]) -> tuple[Stand, Stand] | None:
    """The first step that no life takes: out of RETIRED, back to ACCEPTED, two in one moment."""
    ordered = sorted(history, key=lambda stand: stand.since)
    for before, after in pairwise(ordered):
        if before.status == RETIRED or after.status == ACCEPTED or before.since == after.since:
            return before, after
    return None
