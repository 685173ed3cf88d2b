"""What persons stated of steps of cases, as linking asks for it: for many cases at once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session, col, func

from gateway.database import columns
from gateway.models import Activity, Statement, StatementKind


def urgent(session: Session, cases: list[str]) -> set[str]:
    stated = standing(StatementKind.URGENCY, cases, Statement.activity_id)
    return set(session.scalars(stated.where(col(Statement.why).is_not(None))))


def noticed(session: Session, cases: list[str]) -> dict[str, bool]:
    """By whoever looked at the recording last; that counts before what the record says."""
    stated = standing(StatementKind.NOTICE, cases, Statement.activity_id, Statement.ground)
    return {step: ground == "given" for step, ground in session.execute(stated.order_by(col(Statement.id)))}


def returned(session: Session, cases: list[str]) -> dict[str, datetime]:
    """The last return that anybody stated, as on the board (R-51)."""
    last = func.max(Statement.to_at)
    stated = standing(StatementKind.AWAY, cases, Statement.activity_id, last)
    stated = stated.where(col(Statement.to_at).is_not(None)).group_by(col(Statement.activity_id))
    return dict(session.execute(stated).all())


def standing(kind: StatementKind, cases: list[str], *wanted: Any) -> Select[Any]:
    """Statements of one kind that were not corrected."""
    return (
        columns(*wanted)
        .join(Activity, col(Activity.id) == Statement.activity_id)
        .where(
            col(Activity.case_uid).in_(cases),
            col(Statement.kind) == kind,
            col(Statement.superseded_at).is_(None),
        )
    )
