"""What the API answers about indicators: the figures, what stands behind them, frozen quarters."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.shapes import Shape
from gateway.models import Snapshot
from gateway.reports import Figure, Member, Report
from gateway.reports.comparing import Change, Move
from gateway.wording import reason, sentence
from gateway.wording.reports import FIGURES, Told


class Words(BaseModel):
    zh: str
    en: str

    @classmethod
    def of(cls, told: tuple[str, str]) -> "Words":
        return cls(zh=told[0], en=told[1])

    @classmethod
    def coded(cls, code: str) -> "Words":
        return cls(zh=sentence(reason(code), "zh"), en=sentence(reason(code), "en"))


class CountOut(BaseModel):
    code: str = Field(examples=["figure.quarantined"])
    words: Words
    count: int

    @classmethod
    def of(cls, code: str, count: int) -> "CountOut":
        return cls(code=code, words=Words.coded(code), count=count)


class NoteOut(BaseModel):
    code: str
    words: Words


class PartOut(Shape):
    by: str = Field(examples=["stage"])
    key: str
    numerator: int
    denominator: int
    excluded: int


class FigureOut(BaseModel):
    """One indicator: every number is the count of members that can be listed."""

    code: str = Field(examples=["linked"])
    name: Words
    counts: Words = Field(description="what the numerator is")
    among: Words = Field(description="what the denominator is")
    basis: Words = Field(description="what of it the law asks, and what is ours")
    numerator: int | None = Field(description="null: nothing is on record by which it could be told")
    denominator: int | None
    rate: float | None = Field(description="null where there is nothing to count among; a count has none")
    excluded: list[CountOut] = Field(description="left out, by reason")
    failing: list[CountOut] = Field(description="in the denominator alone, by reason")
    notes: list[NoteOut]
    rules: list[str] = Field(examples=[["R-05", "LK-2"]])
    sources: list[str] = Field(description="values of rule packs that it rests on")
    parts: list[PartOut]

    @classmethod
    def of(cls, figure: Figure) -> "FigureOut":
        told: Told = FIGURES[figure.code]
        return cls(
            code=figure.code, name=Words.of(told.name), counts=Words.of(told.numerator),
            among=Words.of(told.denominator), basis=Words.of(told.basis), numerator=figure.numerator,
            denominator=figure.denominator, rate=figure.rate,
            excluded=[CountOut.of(*one) for one in figure.excluded.items()],
            failing=[CountOut.of(*one) for one in figure.failing.items()],
            notes=[NoteOut(code=code, words=Words.coded(code)) for code in figure.notes],
            rules=list(figure.rules), sources=list(figure.sources),
            parts=[PartOut.model_validate(one) for one in figure.parts],
        )  # fmt: skip


class ReportOut(BaseModel):
    unit: str | None
    period: str
    since: datetime
    until: datetime
    as_of: datetime
    packs: dict[str, str] = Field(description="edition and digest")
    digest: str = Field(description="SHA-256 over figures and members; `as_of` is part of it")
    figures: list[FigureOut]

    @classmethod
    def of(cls, report: Report) -> "ReportOut":
        return cls(
            unit=report.unit_id, period=report.period.name, since=report.period.since,
            until=report.period.until, as_of=report.as_of, packs=dict(report.pack_digests),
            digest=report.digest, figures=[FigureOut.of(one) for one in report.figures],
        )  # fmt: skip


class MemberOut(BaseModel):
    """One case behind a figure."""

    kind: str = Field(examples=["clip"])
    id: str
    side: str = Field(examples=["BOTH"], description="BOTH, DENOMINATOR, NUMERATOR or EXCLUDED")
    why: str = Field(description="code of the reason; empty where it counts")
    words: Words
    keys: dict[str, list[str]] = Field(examples=[{"unit": ["xt-scjg"], "media": ["VIDEO"]}])

    @classmethod
    def of(cls, one: Member) -> "MemberOut":
        keys: dict[str, list[str]] = {}
        for by, key in one.keys:
            keys.setdefault(by, []).append(key)
        words = Words.coded(one.why) if one.why else Words(zh="", en="")
        return cls(kind=one.kind, id=one.id, side=one.side, why=one.why, words=words, keys=keys)


class SnapshotOut(Shape):
    id: str
    unit_id: str = Field(description="with those below it; empty: the whole site")
    quarter: str
    revision: int
    since: datetime
    until: datetime
    as_of: datetime
    packs: dict[str, str]
    digest: str
    frozen_at: datetime
    frozen_by: str
    why: str | None

    @classmethod
    def of(cls, row: Snapshot) -> "SnapshotOut":
        return cls.model_validate(row)


class NumbersOut(Shape):
    numerator: int | None
    denominator: int | None
    rate: float | None


class ChangeOut(BaseModel):
    code: str
    name: Words
    before: NumbersOut
    after: NumbersOut
    moved: int = Field(description="members that stand elsewhere, came or went")

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        return cls(
            code=change.code, name=Words.of(FIGURES[change.code].name),
            before=NumbersOut.model_validate(change.before), after=NumbersOut.model_validate(change.after),
            moved=len(change.moves),
        )  # fmt: skip


class ChangesOut(BaseModel):
    before: str = Field(description="the snapshot")
    after: str | None = Field(description="the other snapshot; null: as the facts are now")
    figures: list[ChangeOut]


class MoveOut(BaseModel):
    before: MemberOut | None = Field(description="null: it was not there")
    after: MemberOut | None = Field(description="null: it is no more")

    @classmethod
    def of(cls, move: Move) -> "MoveOut":
        return cls(
            before=MemberOut.of(move.before) if move.before else None,
            after=MemberOut.of(move.after) if move.after else None,
        )
