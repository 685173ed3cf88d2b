"""Cases by what somebody types of them, to say where clips belong."""

from collections.abc import Iterable

from sqlmodel import Session, col, or_, select

from gateway.indexing.terms import MARK, told
from gateway.models import CaseAlias, CaseRecord
from gateway.rules import case_number
from gateway.visibility import Viewer, visible

LOOKED_AT = 20_000


def cases_like(
    session: Session, viewer: Viewer, typed: str, kinds: Iterable[tuple[str, ...]], most: int = 12
) -> list[tuple[CaseRecord, str | None]]:
    """(case, its first number): that which has the number or the id; else those whose title has the words."""
    same = or_(
        CaseAlias.norm == case_number.normalise(typed),
        col(CaseAlias.key).in_(case_number.readings(typed, kinds)),
    )
    exact = or_(CaseRecord.uid == typed, col(CaseRecord.uid).in_(select(CaseAlias.case_uid).where(same)))
    seen = visible(viewer, CaseRecord)
    found = list(session.exec(select(CaseRecord).where(seen, exact).limit(most)))
    words = [told(word) for word in typed.split() if told(word)]
    if not found and words:
        plain = [col(CaseRecord.title).contains(word, autoescape=True) for word in words if MARK not in word]
        recent = select(CaseRecord.uid, CaseRecord.title).where(seen, *plain)
        recent = recent.order_by(col(CaseRecord.uid).desc())
        titles = {uid: told(title) for uid, title in session.exec(recent.limit(LOOKED_AT))}
        fits = [uid for uid, title in titles.items() if all(word in title for word in words)][:most]
        found = list(session.exec(select(CaseRecord).where(col(CaseRecord.uid).in_(fits))))
    numbers = select(CaseAlias.case_uid, CaseAlias.raw).where(
        col(CaseAlias.case_uid).in_([one.uid for one in found])
    )
    first: dict[str, str] = {}
    for uid, raw in session.exec(numbers.order_by(col(CaseAlias.id))):
        first.setdefault(uid, raw)
    return [(one, first.get(one.uid)) for one in found]
