"""Whether what a board is asked for by name is there at all."""

from collections.abc import Sequence

from sqlmodel import Session, select

from gateway.models import Officer
from gateway.scope.board import Row
from gateway.visibility import Viewer, visible
from gateway.wording import Reason, reason


def unknown_officer(
    session: Session, viewer: Viewer, rows: Sequence[Row], officer: str | None
) -> Reason | None:
    """Why nothing but zeros would come: a name that neither the register nor any row knows.

    Case systems name officers that are in no register of ours: so the rows are asked as well.
    """
    if not officer or any(officer in row.step.officers for row in rows):
        return None
    entered = select(Officer.id).where(Officer.id == officer, visible(viewer, Officer))
    return reason("scope.unknown_officer", officer=officer) if session.exec(entered).first() is None else None
