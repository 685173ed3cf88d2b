"""The indicators of regulations 8, counted from what is on record; frozen quarter by quarter."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session

from gateway.law import Law
from gateway.models import now
from gateway.reports.basis import RULES, edition_digests, sources, unverified
from gateway.reports.counting import Counting
from gateway.reports.figures import Code, Figure, Member, Period, Report, Side, ordered
from gateway.reports.scope import Asked, one_moment
from gateway.visibility import Viewer

__all__ = ["Code", "Figure", "Member", "Period", "Report", "Side", "one_figure", "one_moment", "report"]


def report(
    session: Session,
    law: Law,
    viewer: Viewer,
    unit: str | None,
    period: Period,
    as_of: datetime | None = None,
) -> Report:
    """Every indicator of a unit and those below it, as far as the viewer sees them.

    `as_of` says which days and deadlines are over; the facts are those on record now. For one that
    is coherent on PostgreSQL as well take the session from `one_moment`.
    """
    asked = Asked.of(session, law, viewer, unit, period, as_of or now())
    counting = Counting(session, asked)
    return Report(
        unit_id=unit,
        period=period,
        as_of=asked.as_of,
        packs=tuple(one.edition for one in counting.used),
        figures=tuple(figure(code, counting) for code in Code),
        pack_digests=edition_digests(counting.used),
    )


def one_figure(
    session: Session,
    law: Law,
    viewer: Viewer,
    unit: str | None,
    period: Period,
    code: Code,
    as_of: datetime | None = None,
) -> Figure:
    """The same figure as in a report, without reading what the others need."""
    return figure(code, Counting(session, Asked.of(session, law, viewer, unit, period, as_of or now())))


def figure(code: Code, counting: Counting) -> Figure:
    members = ordered(counting.members(code))
    return Figure(
        code=code,
        members=members,
        notes=tuple(notes(code, members, counting)),
        rules=RULES[code],
        sources=sources(code, counting.used),
    )


def notes(code: Code, members: tuple[Member, ...], counting: Counting) -> Iterator[str]:
    if counting.asked.as_of < counting.asked.period.until:
        yield "figure.note_running"
    if unverified(code, counting.used):
        yield "figure.note_unverified"
    if code is Code.EQUIPPED:
        yield "figure.note_over"
        if any(one.why == "figure.no_quota" for one in members):
            yield "figure.note_quota_unknown"
