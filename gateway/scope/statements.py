"""What people state about the recording of a step: omissions, reasons of gaps, urgency, returns (R-18…)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session, col, select

from gateway import custody, linking, outbox
from gateway.device import Refused
from gateway.instants import Moment
from gateway.models import Activity, Statement, StatementKind, now
from gateway.rules.duty import Omission
from gateway.rules.recorded import Told

LACKS = "statement.lacks"
Text = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


Ground = Literal[
    "secret",
    "emergency",
    "impossible",
    "fault",
    "weather",
    "battery",
    "storage",
    "place_change",
    "other",
    "given",
    "missing",
]


class StatementIn(BaseModel):
    """What is not known yet may be left out; a complete one is made later and replaces this."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    kind: StatementKind
    ground: Ground | None = Field(
        default=None,
        description="OMISSION: secret, emergency, impossible; NOTICE: given, missing; GAP: the others",
    )
    why: Text | None = None
    from_at: Moment | None = Field(default=None, description="GAP: the span; else the whole step")
    to_at: Moment | None = Field(default=None, description="GAP: the span; AWAY: the return")
    work_record: Text | None = Field(default=None, description="OMISSION: number of the 工作记录")
    reported_to: Text | None = None
    approved_by: Text | None = None
    approved_at: Moment | None = None
    replaces: str | None = Field(default=None, description="the statement that this one corrects")

    @model_validator(mode="after")
    def forwards(self) -> "StatementIn":
        if self.from_at and self.to_at and self.to_at <= self.from_at:
            raise ValueError("ends before it begins")
        return self


NEEDED: dict[StatementKind, tuple[str, ...]] = {
    StatementKind.OMISSION: ("ground",),
    StatementKind.GAP: ("ground", "why"),
    StatementKind.URGENCY: ("why",),
    StatementKind.AWAY: ("to_at",),
    StatementKind.NOTICE: ("ground",),
}
"""Without this a statement says nothing; what an omission needs besides, the board tells (R-19)."""
GROUNDS = {
    StatementKind.OMISSION: frozenset({"secret", "emergency", "impossible"}),
    StatementKind.GAP: frozenset({"fault", "weather", "battery", "storage", "place_change", "other"}),
    StatementKind.NOTICE: frozenset({"given", "missing"}),
}


def state(session: Session, activity_id: str, given: StatementIn, actor: str) -> Statement:
    """Enter a statement; one that corrects another supersedes it and never overwrites it.

    What the same person has said already and still stands is that statement: nothing is written.
    Raises Refused for a step that is not there, and for a statement that says nothing.
    """
    step = session.get(Activity, activity_id)
    if step is None:
        raise Refused("scope.unknown_activity", activity=activity_id)
    lacks = [name for name in NEEDED[given.kind] if getattr(given, name) is None]
    if given.ground is not None and given.ground not in GROUNDS.get(given.kind, frozenset({given.ground})):
        lacks.append("ground")
    if lacks:
        raise Refused(LACKS, lacks=", ".join(lacks))
    custody.take(session, custody.SITE)  # two that are sent at once are one
    new = Statement(activity_id=activity_id, made_by=actor, **given.model_dump(exclude={"replaces"}))
    if (before := said_already(session, new)) is not None and given.replaces in {None, before.id}:
        return before
    rows = [new]
    if given.replaces is not None:
        old = session.get(Statement, given.replaces, with_for_update=True)
        if old is None or old.superseded_at is not None or old.activity_id != activity_id:
            raise Refused("statement.unknown")
        old.superseded_at = now()
        rows.append(old)
    session.add_all(rows)
    detail = {"statement": new.id, "kind": given.kind.value, "replaces": given.replaces}
    custody.append(session, custody.SITE, "RECORDING_STATED", actor, activity_id, rows, detail)
    outbox.duties_moved(session, [activity_id])
    linking.due(session, "statement", span=(step.started_at, step.ended_at))
    return new


def said_already(session: Session, new: Statement) -> Statement | None:
    """What stands and says all of it; of notices only the last counts, so a change of mind is said anew."""
    wanted = select(Statement).where(
        Statement.activity_id == new.activity_id,
        Statement.kind == new.kind,
        col(Statement.superseded_at).is_(None),
    )
    standing = session.exec(wanted.order_by(col(Statement.id))).all()
    if new.kind is StatementKind.NOTICE:
        standing = standing[-1:]
    told = ("made_by", *(name for name in StatementIn.model_fields if name != "replaces"))
    same = (one for one in standing if all(getattr(one, name) == getattr(new, name) for name in told))
    return next(same, None)


def omission_of(statements: Sequence[Statement], grounds: frozenset[str]) -> Omission | None:
    """The one that lacks least, on an accepted ground: two officers may each have stated it."""
    found = [
        Omission(one.ground, one.why, one.work_record, one.reported_to, one.approved_by, one.approved_at)
        for one in statements
        if one.kind is StatementKind.OMISSION
    ]
    return min(found, key=lambda one: (len(one.lacks), one.ground not in grounds), default=None)


def reasons_of(
    statements: Sequence[Statement], start: datetime, end: datetime, causes: frozenset[str]
) -> list[Told]:
    """Why there are gaps, as people state; a cause that the rule pack does not accept excuses none."""
    return [
        Told(one.from_at or start, one.to_at or end, one.ground or "other", by_person=one.ground in causes)
        for one in statements
        if one.kind is StatementKind.GAP
    ]


def back_at(statements: Sequence[Statement]) -> datetime | None:
    returns = [one.to_at for one in statements if one.kind is StatementKind.AWAY and one.to_at]
    return max(returns, default=None)


def is_urgent(statements: Sequence[Statement]) -> bool:
    return any(one.kind is StatementKind.URGENCY and one.why for one in statements)
