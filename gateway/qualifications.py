"""What authorities decide: the class of a unit, the annual check of a certificate (年检)."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from sqlmodel import Session, col, select

from gateway import custody, holdings, linking
from gateway.device import Refused
from gateway.instants import Day
from gateway.models import AnnualCheck, Grade, Officer, Unit, UnitClass, now

Decided = TypeVar("Decided", UnitClass, AnnualCheck)


class ClassIn(BaseModel):
    """A、B、C 类: the class of a unit, by which paper, from which day to which."""

    model_config = ConfigDict(extra="forbid")
    unit: str
    grade: Grade
    doc_no: str
    valid_from: Day
    valid_to: Day | None = None


class CheckIn(BaseModel):
    """年检: whether a certificate passed its annual check, and the days for which that holds."""

    model_config = ConfigDict(extra="forbid")
    officer: str
    passed: bool = True
    valid_from: Day
    valid_to: Day
    doc_no: str | None = None

    @model_validator(mode="after")
    def forward(self) -> "CheckIn":
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to comes before valid_from")
        return self


def classify(session: Session, given: ClassIn, actor: str, replaces: str | None = None) -> UnitClass:
    """Enter the class of a unit; one class at a time.

    Raises Refused without the paper, for a section, and where another class holds on one of these days.
    """
    unit = session.get(Unit, given.unit, with_for_update=True)
    if unit is None:
        raise Refused("ledger.unknown", kind="unit", ref=given.unit)
    if unit.is_section:
        raise Refused("ledger.section_has_no_class", unit=unit.name)
    if not given.doc_no.strip():
        raise Refused("ledger.no_paper")
    if given.valid_to is not None and given.valid_to < given.valid_from:
        raise Refused("ledger.backwards", start=given.valid_from, end=given.valid_to)
    old = superseded(session, UnitClass, replaces)
    for other in classes(session, unit.id):
        if other.id != replaces and shares_a_day(given, other):
            raise Refused("ledger.class_overlaps", grade=other.grade.value, since=other.valid_from)
    new = UnitClass(unit_id=unit.id, entered_by=actor, **given.model_dump(exclude={"unit"}))
    return entered(session, new, old, "UNIT_CLASSIFIED", actor, unit.id)


def check_certificate(
    session: Session, given: CheckIn, actor: str, replaces: str | None = None
) -> AnnualCheck:
    """Enter an annual check (AL-5)."""
    if session.get(Officer, given.officer) is None:
        raise Refused("ledger.unknown", kind="officer", ref=given.officer)
    old = superseded(session, AnnualCheck, replaces)
    is_first = old is None and not is_checked(session, given.officer)
    new = AnnualCheck(officer_id=given.officer, entered_by=actor, **given.model_dump(exclude={"officer"}))
    entered(session, new, old, "CERTIFICATE_CHECKED", actor, given.officer)
    if is_first:  # from now on a day without a check counts as missed
        linking.certificate_due(session, given.officer)
        return new
    for row in (new, old):
        if row is not None:
            linking.certificate_due(session, row.officer_id, row.valid_from, row.valid_to)
    return new


def is_checked(session: Session, officer: str) -> bool:
    wanted = select(AnnualCheck.id).where(
        AnnualCheck.officer_id == officer, col(AnnualCheck.superseded_at).is_(None)
    )
    return session.exec(wanted.limit(1)).first() is not None


def superseded(session: Session, model: type[Decided], entry_id: str | None) -> Decided | None:
    if entry_id is None:
        return None
    old = session.get(model, entry_id, with_for_update=True)
    if old is None:
        raise Refused("ledger.unknown", kind=model.__name__.lower(), ref=entry_id)
    holdings.must_stand(old)
    old.superseded_at = now()
    session.add(old)
    return old


def entered(
    session: Session, new: Decided, old: Decided | None, event: str, actor: str, subject: str
) -> Decided:
    if old is not None and old.superseded_at is not None:
        new.recorded_at = old.superseded_at
    session.add(new)
    rows = [row for row in (old, new) if row is not None]
    detail = {"replaces": old.id} if old is not None else {}
    custody.append(session, custody.SITE, event, actor, subject, rows, detail)
    return new


def shares_a_day(given: ClassIn, other: UnitClass) -> bool:
    begins_in_time = given.valid_to is None or other.valid_from <= given.valid_to
    return begins_in_time and (other.valid_to is None or given.valid_from <= other.valid_to)


def classes(session: Session, unit_id: str) -> list[UnitClass]:
    """The classes of a unit as they stand, the newest first."""
    wanted = select(UnitClass).where(UnitClass.unit_id == unit_id, col(UnitClass.superseded_at).is_(None))
    return list(session.exec(wanted.order_by(col(UnitClass.valid_from).desc())))


def already_classified(session: Session, given: ClassIn) -> bool:
    told = given.model_dump(exclude={"unit"})
    return any(row.model_dump(include=set(told)) == told for row in classes(session, given.unit))


def already_checked(session: Session, given: CheckIn) -> bool:
    same = select(AnnualCheck.id).where(
        AnnualCheck.officer_id == given.officer,
        AnnualCheck.passed == given.passed,
        AnnualCheck.valid_from == given.valid_from,
        AnnualCheck.valid_to == given.valid_to,
        col(AnnualCheck.superseded_at).is_(None),
    )
    return session.exec(same).first() is not None
