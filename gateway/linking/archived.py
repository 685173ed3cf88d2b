"""Links that were filed with a case when it was archived: the machine leaves them as they are (LK-20)."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from gateway.models import CaseRecord, Link, LinkStatus
from gateway.rules.findings import Verdict, verdict
from gateway.rules.judgement import Candidate
from gateway.wording import reason

RULE = "LK-20"


def archived_later(session: Session, links: Sequence[Link]) -> set[str]:
    """Proposed links that stood when their case was archived; what is linked after that is an addition.

    By when the link was made, so that it does not matter when we were told of the archiving.
    """
    proposed = [one for one in links if one.ended_at is None and one.status is LinkStatus.PROPOSED]
    if not proposed:
        return set()
    archived = select(CaseRecord.uid, CaseRecord.archived_on).where(
        col(CaseRecord.uid).in_({one.case_uid for one in proposed}), col(CaseRecord.archived_on).is_not(None)
    )
    filed = dict(session.exec(archived).all())
    return {one.id for one in proposed if (at := filed.get(one.case_uid)) and one.made_at < at}


def doubt_of_frozen(link: Link, winners: Sequence[Candidate]) -> dict[str, Any] | None:
    """Where the rules would say something else today, but for the archiving itself."""
    same = next((one for one in winners if is_there(one, link)), None)
    if same is not None:
        today = verdict([one for one in same.findings if one.rule != RULE])
        moved = today != Verdict(link.verdict)
        return dict(reason("link.archived_verdict", verdict=today)) if moved else None
    if not winners:
        return dict(reason("link.archived_gone"))
    return dict(reason("link.archived_moved", cases="、".join(winner.case.title for winner in winners)))


def is_there(winner: Candidate, link: Link) -> bool:
    step = winner.activity.activity_id if winner.activity else None
    return (winner.case.case_uid, step) == (link.case_uid, link.activity_id)
