"""Why recordings have gaps, why links are in doubt, why clips are linked to nothing: how often each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from gateway.law import Law
from gateway.models import Clip, Device, Link, Original, now
from gateway.reports.clips import linked
from gateway.reports.figures import Period, Side
from gateway.reports.loading import clips
from gateway.reports.packs import Packs
from gateway.reports.scope import Asked
from gateway.rules.duty import Standing
from gateway.scope.board import board
from gateway.scope.facts import COUNTED, Wanted
from gateway.visibility import Viewer, visible

DOUBTED = ("NEEDS_REVIEW", "VALID_WITH_NOTE")


@dataclass(frozen=True, slots=True)
class Causes:
    """The commonest first."""

    gaps: Mapping[str, int]
    """Gaps of recordings that are not whole, by cause; empty: nobody said."""
    doubts: Mapping[str, int]
    """Links that are in doubt or have a note, by the code of each rule that is not kept."""
    unlinked: Mapping[str, int]
    """Clips that fit no case, by the code of the reason."""


def causes(
    session: Session,
    law: Law,
    viewer: Viewer,
    unit: str | None,
    period: Period,
    as_of: datetime | None = None,
) -> Causes:
    """Of the steps and clips of a period, of a unit and those below it."""
    asked = Asked.of(session, law, viewer, unit, period, as_of or now())
    return Causes(gaps(session, asked), doubts(session, asked), unlinked(session, asked))


def gaps(session: Session, asked: Asked) -> dict[str, int]:
    wanted = Wanted(since=asked.period.since, until=asked.period.until, units=asked.units)
    rows = board(session, asked.viewer, asked.law, wanted, asked.as_of)
    partial = (row for row in rows if row.duty.standing is Standing.PARTIAL)
    return counted(Counter(gap.cause or "" for row in partial for gap in row.duty.recorded.gaps))


def doubts(session: Session, asked: Asked) -> dict[str, int]:
    standing = (
        select(Link.reasons)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(
            col(Link.ended_at).is_(None),
            col(Link.status).in_(COUNTED),
            col(Link.verdict).in_(DOUBTED),
            asked.devices,
            asked.within(Clip.started_at),
            visible(asked.viewer, Link),
        )
    )
    failed = (one["code"] for reasons in session.exec(standing) for one in reasons if not one.get("passed"))
    return counted(Counter(failed))


def unlinked(session: Session, asked: Asked) -> dict[str, int]:
    """Of the clips that the rate `linked` misses for having no link; those not decided yet have no reason."""
    seen = linked(clips(session, asked, Packs(session, asked)))
    without = {one.id for one in seen if one.side is Side.DENOMINATOR and one.why == "figure.unlinked"}
    told = (
        select(Clip.id, Clip.unlinked)
        .join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(
            col(Clip.unlinked).is_not(None),
            asked.devices,
            or_(asked.within(col(Clip.started_at)), asked.within(col(Original.found_at))),
            visible(asked.viewer, Clip),
        )
    )
    return counted(Counter(why["code"] for clip, why in session.exec(told) if why and clip in without))


def counted(found: Counter[str]) -> dict[str, int]:
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))
