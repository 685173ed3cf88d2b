"""What the API answers about how a unit is equipped, and about what people entered of its devices."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.shapes import ReasonOut, Shape
from gateway.compliance import Behind, Line, PatternLine, Sheet, UnitSheet
from gateway.models import Standing
from gateway.rules.allocation import Custody
from gateway.wording import reason


class StandingOut(Shape):
    id: str
    device_id: str
    status: str
    since: datetime
    why: ReasonOut | str = Field(description="as it was entered; a sentence where the gateway entered it")
    doc_no: str | None
    entered_by: str
    recorded_at: datetime
    superseded_at: datetime | None

    @classmethod
    def of(cls, row: Standing) -> "StandingOut":
        told = row.model_dump()
        if row.why == "standing.as_registered":
            told["why"] = ReasonOut.told(reason("standing.as_registered"))
        return cls.model_validate(told)


class HolderOut(BaseModel):
    """Who had a device at a moment, by what the ledger told at another."""

    at: datetime
    known_at: datetime | None
    officer: str | None
    room: str | None
    kind: str | None = Field(description="of the allocation, or CHECKOUT", examples=["PERSONAL"])
    entry: str | None = Field(description="the line of the ledger that says so")
    since: datetime | None
    shared_without_checkout: bool = Field(description="shared, and nobody had checked it out (AL-3)")
    status: str | None = Field(description="where it stood then (AL-8)")

    @classmethod
    def of(cls, at: datetime, known_at: datetime | None, found: Custody, status: str | None) -> "HolderOut":
        basis = found.basis
        return cls(
            at=at, known_at=known_at, officer=found.officer_id, room=found.room_id,
            kind=basis.kind if basis else None, entry=basis.id if basis else None,
            since=basis.start if basis else None, status=status,
            shared_without_checkout=found.shared_without_checkout,
        )  # fmt: skip


class ClassOut(Shape):
    id: str
    unit_id: str
    grade: str
    doc_no: str
    valid_from: date
    valid_to: date | None
    entered_by: str
    recorded_at: datetime
    superseded_at: datetime | None


class CheckOut(Shape):
    id: str
    officer_id: str
    passed: bool
    valid_from: date
    valid_to: date
    doc_no: str | None
    entered_by: str
    recorded_at: datetime
    superseded_at: datetime | None


class BehindOut(Shape):
    kind: str = Field(examples=["device"])
    id: str
    name: str
    why: ReasonOut | None

    @classmethod
    def of(cls, one: Behind) -> "BehindOut":
        why = ReasonOut.told(one.finding.stored()) if one.finding else None
        return cls(kind=one.kind, id=one.id, name=one.name, why=why)


class LineOut(BaseModel):
    name: str = Field(examples=["required"])
    rule: str = Field(examples=["AL-6"])
    value: int | None = Field(description="null: nobody can say, see `source`")
    source: str = Field(examples=["R-31; S1 art 5"])
    verified: bool = Field(description="somebody has read that text")
    behind: list[BehindOut]

    @classmethod
    def of(cls, line: Line) -> "LineOut":
        return cls(
            name=line.name, rule=line.rule, value=line.value, source=line.source, verified=line.verified,
            behind=[BehindOut.of(one) for one in line.behind],
        )  # fmt: skip


class PatternOut(Shape):
    """Another way to count (R-32)."""

    name: str
    types: tuple[str, ...]
    per: str
    required: int
    in_service: int
    missing: int
    source: str
    verified: bool

    @classmethod
    def of(cls, line: PatternLine) -> "PatternOut":
        return cls.model_validate(line)


class UnitSheetOut(BaseModel):
    unit: str | None
    name: str
    grade: str | None = Field(description="A、B、C 类 on that day")
    grade_doc: str | None
    rule_pack: str
    lines: list[LineOut]
    patterns: list[PatternOut]

    @classmethod
    def of(cls, sheet: UnitSheet) -> "UnitSheetOut":
        return cls(
            unit=sheet.unit, name=sheet.name, grade=sheet.grade, grade_doc=sheet.grade_doc,
            rule_pack=sheet.pack, lines=[LineOut.of(line) for line in sheet.lines],
            patterns=[PatternOut.of(line) for line in sheet.patterns],
        )  # fmt: skip


class SheetOut(BaseModel):
    """配备情况: every unit with its sections, and all of them together."""

    since: date = Field(description="checkouts are counted from this day on")
    on: date = Field(description="the day of which it tells")
    moment: datetime
    day_end: datetime = Field(description="the end of a day at which checkouts had to be closed")
    units: list[UnitSheetOut]
    whole: UnitSheetOut

    @classmethod
    def of(cls, found: Sheet) -> "SheetOut":
        span = found.span
        return cls(
            since=span.since, on=span.on, moment=span.moment, day_end=span.day_end,
            units=[UnitSheetOut.of(one) for one in found.units], whole=UnitSheetOut.of(found.whole),
        )  # fmt: skip
