"""Which of two tellings of one case is the newer: late, repeated and reordered updates change nothing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Edition:
    """How a case system numbers and dates what it tells; either may be missing."""

    version: int | None = None
    at: datetime | None = None


def is_outdated(told: Edition, held: Edition) -> bool:
    """Whether what is told now is older than what we have. What says nothing of its age counts as new."""
    if told.version is not None and held.version is not None and told.version != held.version:
        return told.version < held.version
    if told.at is not None and held.at is not None:
        return told.at < held.at
    return False


def latest(told: Edition, held: Edition) -> Edition:
    """What is held once `told` was stored: one that says nothing of its age does not make us forget."""
    return Edition(
        told.version if told.version is not None else held.version,
        told.at if told.at is not None else held.at,
    )
