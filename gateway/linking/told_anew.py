"""Of a case that is told anew: what of it links can hang on, and which clips a change of that can reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway.linking.due import due, kept_due
from gateway.linking.steps import CASES, PAPERS, STEPS
from gateway.models import Activity, CaseAlias, CaseRecord, Document

QUOTED = ("title",)
"""Reasons quote it as it was when they were written; no verdict hangs on it."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that the linker reads of a case: the same columns, by the same queries."""

    case: Mapping[str, Any] = field(default_factory=dict)
    numbers: tuple[tuple[str, str | None], ...] = ()
    """As links order them: the first is the label."""
    papers: tuple[tuple[Any, ...], ...] = ()
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def whole(self) -> tuple[Any, ...]:
        """What every link to the case can hang on."""
        return self.case, self.numbers, self.papers

    @property
    def label(self) -> tuple[Any, ...]:
        """On what it hangs whether a clip that a person linked lacks the number."""
        return self.numbers, self.case.get("procedure")

    def spans(self, steps: set[str]) -> set[tuple[datetime, datetime]]:
        return {(row["started_at"], row["ended_at"]) for ref, row in self.steps.items() if ref in steps}


def known(session: Session, uid: str) -> Known:
    case = session.execute(CASES.where(col(CaseRecord.uid) == uid)).mappings().one_or_none()
    if case is None:
        return Known()
    numbers = select(CaseAlias.norm, CaseAlias.key).where(CaseAlias.case_uid == uid)
    steps = STEPS.where(col(Activity.case_uid) == uid, col(Activity.withdrawn_at).is_(None))
    return Known(
        {name: value for name, value in case.items() if name not in QUOTED},
        tuple((norm, key) for norm, key in session.exec(numbers.order_by(col(CaseAlias.id)))),
        tuple(tuple(row) for row in session.execute(PAPERS.where(col(Document.case_uid) == uid))),
        {row["id"]: dict(row) for row in session.execute(steps).mappings()},
    )


def case_due(session: Session, uid: str, before: Known, after: Known) -> None:
    """A step reaches the clips of its time, before and after; what is of the case, those of all its steps.

    A clip that declares the number is judged against whichever step is near: any change reaches it.
    """
    steps = before.steps.keys() | after.steps.keys()
    moved = {one for one in steps if before.steps.get(one) != after.steps.get(one)}
    if before.whole != after.whole:
        moved = {*steps}
    elif not moved:
        return
    due(session, "case", numbers=sorted({norm for norm, _ in (*before.numbers, *after.numbers)}))
    if before.label != after.label:
        kept_due(session, uid)
    for span in sorted(before.spans(moved) | after.spans(moved)):
        due(session, "activity", span=span)
