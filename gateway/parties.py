"""Text and footage of one party (执法对象) together, across the cases that a viewer may see (R-06)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.models import Activity, CaseParty, CaseRecord, Clip, Document, Link, LinkStatus, Original, Party
from gateway.visibility import Viewer, visible


@dataclass(frozen=True, slots=True)
class CaseOfParty:
    """One case: how it names the party, its papers and steps, and the links of its footage."""

    case: CaseRecord
    told: CaseParty
    documents: Sequence[Document]
    activities: Sequence[Activity]
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class PartyView:
    party: Party
    cases: tuple[CaseOfParty, ...]
    footage: tuple[tuple[Clip, Original], ...]
    """Every clip once, in however many of the cases it is linked, the earliest first."""


def party_view(session: Session, viewer: Viewer, party_id: str) -> PartyView | None:
    """None where there is no such party, or none of its cases is the viewer's to see."""
    party = session.exec(select(Party).where(Party.id == party_id, visible(viewer, Party))).one_or_none()
    if party is None:
        return None
    told = session.exec(
        select(CaseRecord, CaseParty)
        .join(CaseParty, col(CaseParty.case_uid) == CaseRecord.uid)
        .where(CaseParty.party_id == party_id, visible(viewer, CaseRecord))
        .order_by(col(CaseRecord.uid))
    )
    cases = tuple(one_case(session, viewer, case, how) for case, how in told)
    wanted = {link.clip_id for one in cases for link in one.links}
    footage = session.exec(
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Clip.id).in_(wanted), visible(viewer, Clip))
        .order_by(col(Clip.started_at), col(Clip.id))
    )
    return PartyView(party, cases, tuple(footage))


def one_case(session: Session, viewer: Viewer, case: CaseRecord, told: CaseParty) -> CaseOfParty:
    documents = session.exec(
        select(Document)
        .where(Document.case_uid == case.uid, col(Document.withdrawn_at).is_(None))
        .order_by(col(Document.id))
    ).all()
    activities = session.exec(
        select(Activity)
        .where(Activity.case_uid == case.uid, col(Activity.withdrawn_at).is_(None))
        .order_by(col(Activity.started_at))
    ).all()
    links = session.exec(
        select(Link)
        .where(
            Link.case_uid == case.uid,
            col(Link.ended_at).is_(None),
            Link.status != LinkStatus.WITHDRAWN,
            visible(viewer, Link),
        )
        .order_by(col(Link.id))
    ).all()
    return CaseOfParty(case, told, documents, activities, links)
