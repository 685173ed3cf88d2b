"""The paper of a frozen quarter: its figures as they were frozen, and what stood behind them."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from gateway.models import Snapshot
from gateway.reports.annual import Query, frozen_query
from gateway.reports.chapters import (
    CHAPTERS,
    QUARTERS,
    meaning_table,
    notes,
    reasons_table,
    steps_table,
    units_table,
    value,
)
from gateway.reports.details import details
from gateway.reports.figures import COUNTS, Report
from gateway.reports.listed import Behind
from gateway.reports.paper import Block, Cell, Column, Fields, Paper, Prose, Section, Table, number
from gateway.reports.recording import Names
from gateway.reports.sheets import at_words
from gateway.reports.weak import name, said

FORM = "quarter-1"
EVERYBODY = "全部单位"
REF = "Q-1"


def quarter_paper(frozen: Snapshot, report: Report, names: Names, known: Behind, zone: ZoneInfo) -> Paper:
    unit = names.unit(frozen.unit_id) or EVERYBODY
    title = f"{frozen.quarter[:4]} 年{QUARTERS[int(frozen.quarter[-1]) - 1]}"
    query = frozen_query(REF, frozen.unit_id, frozen)
    chapters: list[tuple[str, str, Sequence[Block]]] = [
        ("指标总表", "指标", [Prose(list(notes(report))), figures_table(report)]),
        ("未计入分子和不计入的原因", "原因", [reasons_table(report, REF, "数量")]),
        ("分单位情况", "分单位", [units_table(report, names, REF)]),
        ("分阶段、分环节情况", "分环节", [steps_table(report, REF)]),
        (
            "指标口径和查询",
            "口径",
            [meaning_table(), query_fields(query), Prose([said("annual.in_workbook")])],
        ),
    ]
    sections = [
        Section(f"{CHAPTERS[place]}、{heading}", sheet, blocks)
        for place, (heading, sheet, blocks) in enumerate(chapters)
    ]
    return Paper(
        title=f"{title}全过程记录指标",
        subtitle=unit,
        head=head(frozen, unit, title, zone),
        sections=[*sections, details(report, query, names, known)],
        as_of=frozen.as_of,
        footer=f"{unit}　{title}　第 {frozen.revision} 版　截至 {at_words(frozen.as_of, zone)}",
        landscape=True,
        marks={"form": FORM, "snapshot": frozen.id, "digest": frozen.digest},
    )


def head(frozen: Snapshot, unit: str, title: str, zone: ZoneInfo) -> Fields:
    packs = "、".join(f"{edition}（{digest[:16]}）" for edition, digest in frozen.packs.items())
    told = [
        ("单位", unit),
        ("期间", title),
        ("版次", f"第 {frozen.revision} 版"),
        ("截至", at_words(frozen.as_of, zone)),
        ("固化", f"{at_words(frozen.frozen_at, zone)}　{frozen.frozen_by}"),
        ("再次固化的原因", frozen.why or ""),
        ("规则包", packs),
        ("固化摘要（SHA-256）", frozen.digest),
    ]
    return Fields([one for one in told if one[1]])


def figures_table(report: Report) -> Table:
    columns = [
        Column("指标", 12), number("分子"), number("分母"), number("比率"), number("不计入"),
        Column("出处", 18),
    ]  # fmt: skip
    return Table(columns, list(figure_rows(report)))


def figure_rows(report: Report) -> Iterator[Sequence[Cell]]:
    for one in report.figures:
        fields = ("numerator", "denominator", "rate", "excluded")
        told = [None if field == "rate" and one.code in COUNTS else value(one, field) for field in fields]
        yield name(one.code), *told, f"{REF}: {one.code}"


def query_fields(query: Query) -> Fields:
    """How a person gets the same figures again."""
    told = [
        ("编号", query.ref),
        ("命令", query.command),
        ("接口（GET）", query.path),
        ("固化编号", query.snapshot),
    ]
    return Fields(told, title="查询目录")
