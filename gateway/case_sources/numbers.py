"""The numbers of a case for people to read: its own first, then those of its papers, each with its paper."""

from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from gateway.models import CaseAlias, CaseRecord, Document
from gateway.rules.case_number import normalise

DECISION = "决定书"


@dataclass(frozen=True, slots=True)
class CaseNumber:
    raw: str
    paper: str | None
    """The type of the paper that bears it; None: the case's own."""

    def __str__(self) -> str:
        return f"{self.raw}（{self.paper}）" if self.paper else self.raw


def numbers_of(session: Session, uid: str) -> list[CaseNumber]:
    """A clip may bear any of them; 案件编号 is the first alone."""
    papers = papers_by_number(session, uid)
    aliases = session.exec(select(CaseAlias).where(CaseAlias.case_uid == uid).order_by(col(CaseAlias.id)))
    told = [CaseNumber(one.raw, papers.get(one.norm)) for one in aliases]
    return sorted(told, key=lambda one: (one.paper is not None, one.paper != DECISION, one.raw))


def papers_by_number(session: Session, uid: str) -> dict[str, str]:
    rows = session.exec(select(Document).where(Document.case_uid == uid).order_by(col(Document.id)))
    papers = {normalise(one.number): one.type for one in rows if one.number and one.withdrawn_at is None}
    case = session.get_one(CaseRecord, uid)
    decided = (case.decision or {}).get("number")
    return {normalise(decided): DECISION, **papers} if decided else papers


def shared_with(session: Session, uid: str) -> list[tuple[str, str]]:
    """Numbers of the case's own that another case has as well, with that case; it is allowed."""
    own = {one.raw for one in numbers_of(session, uid) if one.paper is None}
    found: list[tuple[str, str]] = []
    for mine in session.exec(select(CaseAlias).where(CaseAlias.case_uid == uid)):
        alike = [CaseAlias.norm == mine.norm, *([CaseAlias.key == mine.key] if mine.key else [])]
        others = select(CaseAlias.case_uid).where(or_(*alike), CaseAlias.case_uid != uid)
        if mine.raw in own:
            found += [(mine.raw, other) for other in sorted(set(session.exec(others)))]
    return found
