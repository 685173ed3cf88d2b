"""What persons stated of steps of cases, as linking asks for it: for many cases at once."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.models import Activity, Statement, StatementKind


def urgent(session: Session, cases: list[str]) -> set[str]:
    stated = (
        select(Statement.activity_id)
        .join(Activity, col(Activity.id) == Statement.activity_id)
        .where(
            col(Activity.case_uid).in_(cases),
            Statement.kind == StatementKind.URGENCY,
            col(Statement.superseded_at).is_(None),
            col(Statement.why).is_not(None),
        )
    )
    return set(session.exec(stated))


def noticed(session: Session, cases: list[str]) -> dict[str, bool]:
    """By whoever looked at the recording last; that counts before what the record says."""
    stated = (
        select(Statement.activity_id, Statement.ground)
        .join(Activity, col(Activity.id) == Statement.activity_id)
        .where(
            col(Activity.case_uid).in_(cases),
            Statement.kind == StatementKind.NOTICE,
            col(Statement.superseded_at).is_(None),
        )
    )
    return {step: ground == "given" for step, ground in session.exec(stated.order_by(Statement.id))}


def returned(session: Session, cases: list[str]) -> dict[str, datetime]:
    """The last return that anybody stated, as on the board (R-51)."""
    stated = (
        select(Statement.activity_id, func.max(Statement.to_at))
        .join(Activity, col(Activity.id) == Statement.activity_id)
        .where(
            col(Activity.case_uid).in_(cases),
            Statement.kind == StatementKind.AWAY,
            col(Statement.superseded_at).is_(None),
            col(Statement.to_at).is_not(None),
        )
    )
    return dict(session.exec(stated.group_by(col(Statement.activity_id))).all())  # type: ignore[arg-type]
