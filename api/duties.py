"""What the API answers about duties to record: the board, its rows, and what people state."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from api.shapes import ReasonOut, Shape
from gateway.models import ScopeItem, ScopeList, Statement
from gateway.rulepacks import RulePack
from gateway.rules.coverage import Comparison, Stretch
from gateway.rules.recorded import Gap
from gateway.rules.scope import Frame
from gateway.scope.board import Book, Row, Rulings, Tally
from gateway.scope.lists import item_of, warning_of
from gateway.scope.telling import gap_reason


class TallyOut(BaseModel):
    """`expected` = arrived + partial + missing + overdue + exempt + upcoming; optional steps are apart."""

    expected: int
    arrived: int
    partial: int
    missing: int
    overdue: int
    exempt: int
    upcoming: int
    optional: int
    late: int
    doubtful: int
    unexplained: int = Field(description="partial ones with a gap that nobody gave the reason of")
    failing: int = Field(description="some rule is not kept, whatever the standing")
    unknown: int = Field(description="of a kind that neither rule pack nor list knows")

    @classmethod
    def of(cls, told: Tally) -> "TallyOut":
        return cls(**asdict(told))


class GroupOut(BaseModel):
    key: str
    name: str
    tally: TallyOut


class UnknownKind(BaseModel):
    kind: str
    steps: int


class BoardOut(BaseModel):
    since: datetime
    until: datetime
    at: datetime
    totals: TallyOut
    groups: list[GroupOut]
    next: str | None = Field(default=None, description="cursor of the next page of groups")
    unknown_kinds: list[UnknownKind]


class GapOut(Shape):
    start: datetime
    end: datetime
    seconds: float
    cause: str | None = Field(description="null: nobody said")
    explained: bool = Field(description="a person gave the reason for all of it (R-18)")
    sure: bool = Field(description="something is missing there however wrong the clocks are")
    reason: ReasonOut = Field(description="the gap and its cause in words")

    @classmethod
    def of(cls, gap: Gap) -> "GapOut":
        names = ("start", "end", "seconds", "cause", "explained", "sure")
        told = {name: getattr(gap, name) for name in names}
        return cls(**told, reason=ReasonOut.told(gap_reason(gap)))


class ObligationOut(BaseModel):
    """One duty to record, where it stands, and why."""

    activity: str
    case_uid: str
    case_title: str
    unit: str | None
    kind: str = Field(description="as the case system wrote it")
    known_as: str | None = Field(description="the rule pack's kind; null: unknown")
    stage: str
    started_at: datetime
    ended_at: datetime
    officers: list[str]
    room: str | None
    mode: str = Field(examples=["FULL"], description="the stricter of frame and list")
    by_frame: str
    by_list: str | None
    standing: str = Field(examples=["OVERDUE"])
    deadline: datetime
    late: bool
    doubtful: bool
    clips: int
    certain: float
    measured: float
    possible: float
    gaps: list[GapOut]
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, row: Row) -> "ObligationOut":
        step, owed, duty = row.step, row.owed, row.duty
        return cls(
            activity=step.id, case_uid=step.case_uid, case_title=step.case_title, unit=step.unit_id,
            kind=step.kind, known_as=owed.kind, stage=step.stage, started_at=step.start, ended_at=step.end,
            officers=list(step.officers), room=step.room_id, mode=owed.mode, by_frame=owed.frame,
            by_list=owed.listed, standing=duty.standing, deadline=duty.deadline, late=duty.late,
            doubtful=duty.doubtful, clips=len(row.footage.parts) + row.footage.timeless,
            certain=duty.recorded.certain, measured=duty.recorded.measured, possible=duty.recorded.possible,
            gaps=[GapOut.of(gap) for gap in duty.recorded.gaps],
            reasons=[ReasonOut.told(one.stored()) for one in duty.findings],
        )  # fmt: skip


class StatementOut(Shape):
    id: str
    activity_id: str
    kind: str
    ground: str | None
    why: str | None
    from_at: datetime | None
    to_at: datetime | None
    work_record: str | None
    reported_to: str | None
    approved_by: str | None
    approved_at: datetime | None
    made_by: str
    recorded_at: datetime
    superseded_at: datetime | None

    @classmethod
    def of(cls, row: Statement) -> "StatementOut":
        return cls.model_validate(row)


class Span(Shape):
    start: datetime
    end: datetime
    seconds: float


class RecorderOut(BaseModel):
    device: str
    stretches: list[Span]
    only_here: list[Span] = Field(description="what no other recorder of the step has")


class CoverageOut(BaseModel):
    obligation: ObligationOut
    recorders: list[RecorderOut] = Field(description="those whose footage the viewer may see")
    statements: list[StatementOut] = Field(description="superseded ones as well")


def recorders_out(told: Comparison, seen: frozenset[str]) -> list[RecorderOut]:
    return [
        RecorderOut(device=name, stretches=spans(told.covered[name]), only_here=spans(told.only[name]))
        for name in sorted(told.covered)
        if name in seen
    ]


def spans(stretches: list[Stretch]) -> list[Span]:
    return [Span.model_validate(one) for one in stretches]


class ItemOut(BaseModel):
    row: int
    mode: str = Field(description="how much the line asks for, as it is understood")
    kinds: list[str] = Field(description="the rule pack's kinds that it is about")
    warning: ReasonOut | None = Field(
        description="no known word said how much, so `mode` is a guess: look whether that is what was meant"
    )
    written: dict[str, str]

    @classmethod
    def of(cls, line: ScopeItem, pack: RulePack, frame: Frame) -> "ItemOut":
        item = item_of(line, pack)
        written = {
            name: text for name, text in line.model_dump(exclude={"id", "list_id", "row"}).items() if text
        }
        return cls(
            row=line.row, mode=item.mode, kinds=sorted(item.kinds(frame)),
            warning=ReasonOut.of(warning_of(line, pack)), written=written,
        )  # fmt: skip


def items_out(book: Book, rulings: Rulings, edition: ScopeList | None) -> list[ItemOut]:
    lines = book.lists.lines[edition.id] if edition else []
    return [ItemOut.of(line, rulings.pack, rulings.frame) for line in lines]


class KindOut(BaseModel):
    id: str
    zh: str
    en: str
    by_frame: str
    mode: str = Field(description="the stricter of frame and list")


class EditionOut(Shape):
    id: str
    unit_id: str
    valid_from: datetime
    title: str
    file_name: str
    sha256: str
    made_by: str
    recorded_at: datetime

    @classmethod
    def of(cls, row: ScopeList | None) -> "EditionOut | None":
        return None if row is None else cls.model_validate(row)


class ImportedOut(EditionOut):
    items: list[ItemOut] = Field(description="how each line was understood")


class ScopeOut(BaseModel):
    unit: str
    at: datetime
    rule_pack: str
    edition: EditionOut | None = Field(description="of the unit, or of the nearest one above that has one")
    items: list[ItemOut]
    kinds: list[KindOut]
