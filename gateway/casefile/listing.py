"""Cases, found by what people know of them, each with the state of its recording at a glance."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Text, cast, false, true
from sqlmodel import Session, and_, case, col, func, or_, select

from gateway.database import columns
from gateway.instants import aware
from gateway.law import Law
from gateway.models import CaseAlias, CaseParty, CaseRecord, Link, LinkStatus, Officer
from gateway.rules.case_number import normalise
from gateway.rules.findings import Verdict
from gateway.scope.board import Tally, board, tally
from gateway.scope.facts import Wanted
from gateway.visibility import Viewer, visible

EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MUCH = 1000
"""Links of a case that a list does not judge: its own page does."""
NAMESAKES = 50
State = Literal["open", "closed", "archived"]


@dataclass(frozen=True, slots=True)
class Search:
    """`q` is part of a number, a title, a party's or a handler's name."""

    q: str = ""
    state: State | None = None
    limit: int = 50
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """How many links a case has, and how many of them a person has to look at."""

    all: int = 0
    proposed: int = 0
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    case: CaseRecord
    numbers: tuple[str, ...]
    parties: tuple[str, ...]
    handlers: tuple[str, ...]
    links: Links
    duties: Tally | None
    """None: too much footage to judge in a list."""


def found(session: Session, viewer: Viewer, search: Search) -> tuple[list[CaseRecord], str | None]:
    """What moved last comes first; and where the next page begins, if there is one. ValueError: no cursor."""
    seen: Any = case((visible(viewer, CaseRecord), true()), else_=false())  # or it sorts a unit's every case
    wanted = select(CaseRecord.uid).where(seen, *conditions(session, search))
    if search.cursor:
        moment, _, uid = search.cursor.partition(" ")
        at = aware(datetime.fromisoformat(moment)).astimezone(UTC)
        before = or_(CaseRecord.updated_at < at, CaseRecord.uid < uid)
        wanted = wanted.where(CaseRecord.updated_at <= at, before)
    order = col(CaseRecord.updated_at).desc(), col(CaseRecord.uid).desc()
    uids = session.exec(wanted.order_by(*order).limit(search.limit + 1)).all()
    rows = session.exec(select(CaseRecord).where(col(CaseRecord.uid).in_(uids)).order_by(*order)).all()
    more = len(rows) > search.limit
    shown = list(rows[: search.limit])
    return shown, f"{shown[-1].updated_at.isoformat()} {shown[-1].uid}" if more else None


def conditions(session: Session, search: Search) -> list[Any]:
    told: list[Any] = [matches(session, search.q.strip())] if search.q.strip() else []
    closed, archived = col(CaseRecord.closed_on), col(CaseRecord.archived_on)
    match search.state:
        case "open":
            told += [closed.is_(None), archived.is_(None)]
        case "closed":
            told += [closed.is_not(None), archived.is_(None)]
        case "archived":
            told.append(archived.is_not(None))
    return told


def matches(session: Session, q: str) -> Any:
    named = select(CaseParty.case_uid).where(col(CaseParty.name).contains(q, autoescape=True))
    told: list[Any] = [
        col(CaseRecord.title).contains(q, autoescape=True),
        CaseRecord.uid == q,
        CaseRecord.archive_no == q,
        col(CaseRecord.uid).in_(named),
    ]
    if number := normalise(q):
        numbered = select(CaseAlias.case_uid).where(col(CaseAlias.norm).contains(number, autoescape=True))
        told.append(col(CaseRecord.uid).in_(numbered))
    handlers = cast(col(CaseRecord.handlers), Text)
    told += [handlers.contains(json.dumps(one), autoescape=True) for one in people_called(session, q)]
    return or_(*told)


def people_called(session: Session, q: str) -> Sequence[str]:
    called = select(Officer.id).where(or_(col(Officer.name).contains(q, autoescape=True), Officer.id == q))
    return session.exec(called.limit(NAMESAKES)).all()


def glances(session: Session, viewer: Viewer, law: Law, cases: Sequence[CaseRecord]) -> list[Glance]:
    """Of cases that `found` found; one query for each kind of fact, however many they are."""
    uids = [one.uid for one in cases]
    numbers, parties = numbers_of(session, uids), parties_of(session, uids)
    links = links_of(session, uids)
    names = people(session, {one for row in cases for one in row.handlers})
    duties = duties_of(session, viewer, law, [uid for uid in uids if links[uid].all <= MUCH])
    return [
        Glance(
            case=row,
            numbers=tuple(numbers[row.uid]),
            parties=tuple(parties[row.uid]) or ((row.party_name,) if row.party_name else ()),
            handlers=tuple(names.get(one, one) for one in row.handlers),
            links=links[row.uid],
            duties=duties.get(row.uid, Tally()) if links[row.uid].all <= MUCH else None,
        )
        for row in cases
    ]


def duties_of(session: Session, viewer: Viewer, law: Law, uids: Iterable[str]) -> dict[str, Tally]:
    wanted = Wanted(since=EVER[0], until=EVER[1], cases=frozenset(uids))
    by_case = defaultdict(list)
    for row in board(session, replace(viewer, units=None), law, wanted, causes=False):  # they are his to see
        by_case[row.step.case_uid].append(row)
    return {uid: tally(rows) for uid, rows in by_case.items()}


def links_of(session: Session, uids: Sequence[str]) -> dict[str, Links]:
    """Counted, not shown, as a board does: also those of clips that belong to other units."""
    asked = or_(col(Link.doubt).is_not(None), Link.verdict == Verdict.NEEDS_REVIEW)
    counted = columns(
        Link.case_uid, func.count(), some(col(Link.status) == LinkStatus.PROPOSED), some(asked)
    ).where(
        col(Link.case_uid).in_(uids), col(Link.ended_at).is_(None), col(Link.status) != LinkStatus.WITHDRAWN
    )  # fmt: skip
    found: dict[str, Links] = defaultdict(Links)
    for uid, *told in session.execute(counted.group_by(col(Link.case_uid))):
        found[uid] = Links(*told)
    return found


def some(condition: Any) -> Any:
    return func.sum(case((and_(condition), 1), else_=0))


def numbers_of(session: Session, uids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    told = select(CaseAlias.case_uid, CaseAlias.raw).where(col(CaseAlias.case_uid).in_(uids))
    for uid, raw in session.exec(told.order_by(col(CaseAlias.id))):
        found[uid].append(raw)
    return found


def parties_of(session: Session, uids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    told = select(CaseParty.case_uid, CaseParty.name).where(col(CaseParty.case_uid).in_(uids))
    for uid, name in session.exec(told.order_by(col(CaseParty.case_uid), col(CaseParty.place))):
        found[uid].append(name)
    return found


def people(session: Session, ids: Iterable[str]) -> dict[str, str]:
    return dict(session.exec(select(Officer.id, Officer.name).where(col(Officer.id).in_(sorted(ids)))).all())
