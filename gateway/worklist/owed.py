"""What is owed: duties past their time, recorders not handed back, unlinked footage due for review."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from sqlmodel import Session, and_, col, select

from gateway import retention
from gateway.law import Law
from gateway.models import Activity, CaseRecord, CaseRefusal, Checkout, Clip, Link
from gateway.models.worklist import UNLINKED
from gateway.retention import Judged
from gateway.rules.duty import Standing
from gateway.rules.retention import after
from gateway.scope.board import Row, board
from gateway.scope.facts import COUNTED
from gateway.scope.news import These
from gateway.visibility import Viewer, visible
from gateway.worklist.marks import Mark, Queue
from gateway.worklist.queues import Count, Direction, ahead

LATELY = timedelta(days=31)
"""As the board: what is older is a matter of reports."""
MOST = 100
REVIEWED = 50


@dataclass(frozen=True, slots=True)
class Owed:
    """Duties of which nothing came in time, and recorders that are out too long."""

    duties: Sequence[Row]
    taken: Sequence[Checkout]
    more: bool

    @property
    def count(self) -> Count:
        return Count(len(self.duties) + len(self.taken), self.more)


def owed(session: Session, viewer: Viewer, law: Law, at: datetime) -> Owed:
    hours = min(pack.deadlines.upload_hours.value for pack in law.packs.every)
    unfilmed = without_footage(session, viewer, at, timedelta(hours=hours))
    rows = judged(session, viewer, law, unfilmed, at)
    taken = still_out(session, viewer, at - timedelta(hours=hours))
    overdue = [row for row in rows if row.duty.standing is Standing.OVERDUE]
    return Owed(overdue, taken, len(unfilmed) == MOST or len(taken) == MOST)


def without_footage(
    session: Session, viewer: Viewer, at: datetime, after: timedelta
) -> list[tuple[str, datetime]]:
    """The newest steps to which nothing is linked, and whose time to upload may be over."""
    filmed = select(Link.id).where(
        Link.activity_id == Activity.id, col(Link.ended_at).is_(None), col(Link.status).in_(COUNTED)
    )
    wanted = (
        select(Activity.id, Activity.started_at)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(
            Activity.started_at >= at - LATELY,
            Activity.started_at <= at - after,
            col(Activity.ended_at) <= at - after,
            col(Activity.withdrawn_at).is_(None),
            ~filmed.exists(),
            visible(viewer, CaseRecord),
        )
    )
    return list(session.exec(wanted.order_by(col(Activity.started_at).desc()).limit(MOST)).all())


def judged(
    session: Session, viewer: Viewer, law: Law, steps: Sequence[tuple[str, datetime]], at: datetime
) -> list[Row]:
    if not steps:
        return []
    begun = [started for _, started in steps]
    wanted = These(
        since=min(begun), until=max(begun) + timedelta(microseconds=1), activities=[one for one, _ in steps]
    )
    return board(session, viewer, law, wanted, at)


def still_out(session: Session, viewer: Viewer, before: datetime) -> Sequence[Checkout]:
    """Taken and not brought back in the time in which its footage had to be uploaded (R-50)."""
    return session.exec(
        select(Checkout)
        .where(
            col(Checkout.in_at).is_(None),
            col(Checkout.superseded_at).is_(None),
            Checkout.out_at <= before,
            visible(viewer, Checkout),
        )
        .order_by(col(Checkout.out_at))
        .limit(MOST)
    ).all()


def refusals(viewer: Viewer) -> Any:
    """Cases and files that a source brought and that could not be taken."""
    return select(CaseRefusal).where(visible(viewer, CaseRefusal), col(CaseRefusal.settled_at).is_(None))


def refused(session: Session, viewer: Viewer) -> Sequence[CaseRefusal]:
    found: Sequence[CaseRefusal] = session.exec(
        refusals(viewer).order_by(col(CaseRefusal.id).desc()).limit(MOST)
    ).all()
    return found


def for_review(
    session: Session,
    viewer: Viewer,
    law: Law,
    at: datetime,
    start: str | None,
    direction: Direction = "older",
    page_size: int = 5,
) -> Iterator[Judged]:
    """Unlinked clips whose day of review has come (R-78), from one on.

    Ids tell when they were made: what is newer than the shortest period is not read at all.
    """
    mark = Mark(Clip.id, and_(UNLINKED, col(Clip.id) < newest_due(law, at)))
    while True:
        page = session.exec(ahead(viewer, Queue.RETENTION, mark, start, direction).limit(page_size)).all()
        if not page:
            return
        start = page[-1]
        found = retention.judge(session, law.packs, page, at)
        yield from (one for one in (found if direction == "newer" else reversed(found)) if is_due(one))


def newest_due(law: Law, at: datetime) -> str:
    """Ids are smaller that were made by the last day whose review has come, in the site's zone."""
    months = min(pack.retention.review_months.value for pack in law.packs.every)
    today = at.astimezone(law.zone).date()
    last = today - months * timedelta(days=28)
    while after(last, months) + timedelta(days=1) > today:
        last -= timedelta(days=1)
    ends = datetime.combine(last + timedelta(days=1), time(), law.zone)
    return f"{int(ends.timestamp() * 1000):012x}"


def is_due(one: Judged) -> bool:
    return one.review_on is not None and one.review_on <= one.today


def review_count(session: Session, viewer: Viewer, law: Law, at: datetime) -> Count:
    found = list(islice(for_review(session, viewer, law, at, None, page_size=REVIEWED + 1), REVIEWED + 1))
    return Count(min(len(found), REVIEWED), len(found) > REVIEWED)


def review_of(session: Session, law: Law, clip_id: str, at: datetime) -> Judged | None:
    return next(iter(retention.judge(session, law.packs, [clip_id], at)), None)
