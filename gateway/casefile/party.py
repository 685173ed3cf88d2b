"""One party (执法对象) across the cases that a viewer may see: names, what is owed, its footage (R-06)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from gateway.casefile.listing import Glance, Links, glances
from gateway.database import columns
from gateway.law import Law
from gateway.linking.placed import places
from gateway.models import CaseParty, CaseRecord, Clip, Link, LinkStatus, Original, Party
from gateway.rules.findings import Verdict
from gateway.scope.board import Tally
from gateway.visibility import Viewer, visible

CASES = 50
CLIPS = 50


@dataclass(frozen=True, slots=True)
class Shot:
    """A clip of the party, once, with the cases that it belongs to."""

    clip: Clip
    original: Original
    place: str | None
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PartyFile:
    party: Party
    names: Sequence[tuple[str, int]]
    """As cases have it, and how many of them; the commonest first."""
    details: Sequence[tuple[str, str]]
    """What the newest case says of it."""
    cases: Sequence[Glance]
    case_count: int
    owed: Tally
    """Of the cases on this page, but those with too much footage to judge in a list."""
    links: Links
    clips: int
    shots: Sequence[Shot]
    titles: Mapping[str, str]
    """Of the cases of `shots`, on whichever page they stand."""
    page: int
    pages: int
    clips_page: int
    clips_pages: int


def party_file(
    session: Session, viewer: Viewer, law: Law, party_id: str, page: int = 1, clips_page: int = 1
) -> PartyFile | None:
    """None where there is no such party, or none of its cases is the viewer's to see.

    Of pages beyond the last one, the last.
    """
    party = session.exec(select(Party).where(Party.id == party_id, visible(viewer, Party))).one_or_none()
    if party is None:
        return None
    told = session.exec(
        select(CaseRecord, CaseParty)
        .join(CaseParty, col(CaseParty.case_uid) == CaseRecord.uid)
        .where(CaseParty.party_id == party_id, visible(viewer, CaseRecord))
        .order_by(col(CaseRecord.updated_at).desc(), col(CaseRecord.uid).desc())
    ).all()
    if not told:
        return None
    names = Counter(own.name for _, own in told)
    pages = pages_of(len(told), CASES)
    page = min(page, pages)
    here = [case for case, _ in told[(page - 1) * CASES : page * CASES]]
    shown = glances(session, viewer, law, here)
    count, clips_page, shots = footage_of(session, viewer, law, party_id, clips_page)
    linked = {uid for shot in shots for uid in shot.cases}
    return PartyFile(
        party, names.most_common(), details_of(told[0][1]), shown, len(told), owed_by(shown),
        links_by(shown), count, shots, {case.uid: case.title for case, _ in told if case.uid in linked},
        page, pages, clips_page, pages_of(count, CLIPS),
    )  # fmt: skip


def pages_of(count: int, each: int) -> int:
    return max(1, -(-count // each))


SHOWN = ("representative", "licence", "address", "occupation", "sex", "phone")


def details_of(own: CaseParty) -> list[tuple[str, str]]:
    return [(name, str(own.detail[name])) for name in SHOWN if own.detail.get(name)]


def owed_by(shown: Sequence[Glance]) -> Tally:
    found = Tally()
    for one in shown:
        if one.duties is not None:
            for name in Tally.__slots__:
                setattr(found, name, getattr(found, name) + getattr(one.duties, name))
    return found


def links_by(shown: Sequence[Glance]) -> Links:
    each = [one.links for one in shown]
    return Links(
        sum(one.all for one in each), sum(one.proposed for one in each), sum(one.doubts for one in each)
    )


def footage_of(
    session: Session, viewer: Viewer, law: Law, party_id: str, page: int
) -> tuple[int, int, list[Shot]]:
    """How many clips there are, which page, and what is on it: the newest first, what has no time last."""
    mine = (
        select(CaseParty.case_uid)
        .join(CaseRecord, col(CaseRecord.uid) == CaseParty.case_uid)
        .where(CaseParty.party_id == party_id, visible(viewer, CaseRecord))
    )
    borne: list[Any] = [
        col(Link.case_uid).in_(mine), col(Link.ended_at).is_(None), Link.status != LinkStatus.WITHDRAWN,
        Link.verdict != Verdict.REJECTED, visible(viewer, Clip),
    ]  # fmt: skip
    linked = columns(Link.clip_id).join(Clip, col(Clip.id) == Link.clip_id).where(*borne).distinct()
    count = session.execute(columns(func.count()).select_from(linked.subquery())).scalar_one()
    page = min(page, pages_of(count, CLIPS))
    latest = (
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Clip.id).in_(linked))
        .order_by(col(Clip.started_at).is_(None), col(Clip.started_at).desc(), col(Clip.id))
        .offset((page - 1) * CLIPS)
        .limit(CLIPS)
    )
    pairs = session.exec(latest).all()
    cases: dict[str, list[str]] = {}
    here = [clip.id for clip, _ in pairs]
    named = select(Link.clip_id, Link.case_uid).where(col(Link.clip_id).in_(here), *borne[:-1]).distinct()
    for clip_id, uid in session.exec(named):
        cases.setdefault(clip_id, []).append(uid)
    where = places(session, law.packs, [clip for clip, _ in pairs])
    shots = [Shot(clip, made, where.get(clip.id), tuple(sorted(cases[clip.id]))) for clip, made in pairs]
    return count, page, shots
