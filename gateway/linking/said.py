"""What persons said of the steps that clips show: it counts in an outing as nothing else does (LK-17)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_

from gateway.database import columns
from gateway.models import Clip, Link, LinkStatus

SHOT = (
    col(Clip.device_id).in_(bindparam("cameras", expanding=True)),
    col(Clip.started_at) >= bindparam("begin"),
    col(Clip.started_at) < bindparam("end"),
)
"""What these cameras recorded in a span of time."""
DECIDED = columns(
    Link.id, Link.clip_id, Link.case_uid, Link.activity_id, Link.status, Link.ended_at, Link.supersedes
).join(Clip, col(Clip.id) == Link.clip_id).where(
    *SHOT, or_(Link.status != LinkStatus.PROPOSED, col(Link.supersedes).is_not(None))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """Steps by their ids."""

    shown: frozenset[str] = frozenset()
    """A person linked it to them, or confirmed that."""
    denied: frozenset[str] = frozenset()
    """A person took it back from them."""


def said_of(session: Session, shot: Mapping[str, object]) -> dict[str, Said]:
    """Of those clips that were shot so, of which anybody said anything."""
    links = session.execute(DECIDED, shot).all()
    # an undo restored it, or a person corrected it within its case (`links_of`)
    followed = {(link.supersedes, link.case_uid) for link in links}
    found: dict[str, tuple[set[str], set[str]]] = {}
    for link in links:
        shown, denied = found.setdefault(link.clip_id, (set(), set()))
        if link.activity_id is None:
            continue
        if link.status == LinkStatus.CONFIRMED and link.ended_at is None:
            shown.add(link.activity_id)
        elif link.status == LinkStatus.WITHDRAWN and (link.id, link.case_uid) not in followed:
            denied.add(link.activity_id)
    return {clip: Said(frozenset(shown), frozenset(denied)) for clip, (shown, denied) in found.items()}


def told_of(clips: Sequence[str], said: Mapping[str, Said]) -> tuple[frozenset[str], frozenset[str]]:
    """Of all files of a take: which steps it shows, and which it does not."""
    told = [said[clip] for clip in clips if clip in said]
    shown = frozenset[str]().union(*(one.shown for one in told))
    return shown, frozenset[str]().union(*(one.denied for one in told)) - shown
