"""The paper of the sheet 配备情况: every unit's numbers with rule and source, and what stands behind them."""

from gateway.compliance import Behind, Line, Sheet, UnitSheet
from gateway.models import now
from gateway.reports.paper import Cell, Column, Fields, Paper, Section, Table, number
from gateway.wording import sentence, spoken
from gateway.wording.console import WORDS
from gateway.wording.sources import based

GLANCE = ("officers", "required", "held", "in_service", "missing", "over_quota", "to_spec", "below_spec",
          "idle", "open_checkouts", "checks_missing")  # fmt: skip
NOT_LISTED = frozenset({"officers", "required", "held", "in_service", "to_spec"})
"""What is behind these is everything there is."""
FORM = "equipment-1"
MOST = 2000


def equipment_paper(sheet: Sheet, name: str, unit: str | None) -> Paper:
    span = sheet.span
    every = (*sheet.units, sheet.whole) if len(sheet.units) != 1 else sheet.units
    sections = [
        Section("一、各单位配备情况", "配备", [glance(every)]),
        Section("二、分项与依据", "分项", [lines(one) for one in sheet.units]),
        Section("三、涉及的设备、人员和领用", "涉及", [behind(sheet)], is_detail=True),
    ]
    return Paper(
        title="音像记录设备配备情况",
        subtitle=name,
        head=Fields(
            [
                ("单位", name),
                ("截至", span.on.isoformat()),
                ("领用统计自", span.since.isoformat()),
                ("规则包", sheet.whole.pack),
            ]
        ),
        sections=sections,
        as_of=now(),
        footer=f"{name}　截至 {span.on.isoformat()}",
        landscape=True,
        marks={"form": FORM, "unit": unit or "", "on": span.on.isoformat()},
    )


def word(line: str) -> str:
    return WORDS[f"equipment.line_{line}"][0]


def value(line: Line) -> Cell:
    """What nobody can say is not nought."""
    return "不明" if line.value is None else line.value


def glance(sheets: tuple[UnitSheet, ...]) -> Table:
    columns = [Column("单位", 12), Column("类别", 4), *(number(word(name), 5) for name in GLANCE)]
    rows = [
        [one.name or "合计", one.grade or "", *(value(one.line(name)) for name in GLANCE)] for one in sheets
    ]
    return Table(columns, rows)


def lines(one: UnitSheet) -> Table:
    columns = [Column("项目", 10), number("数量"), Column("规则", 5), Column("依据", 24)]
    rows: list[list[Cell]] = [
        [word(line.name), value(line), line.rule, basis(line.source, verified=line.verified)]
        for line in one.lines
    ]
    for pattern in one.patterns:
        types = "、".join(spoken(kind) for kind in pattern.types)
        per = WORDS[f"equipment.per_{pattern.per}"][0]
        rows.append([f"另一口径：{per}{types}，应配", pattern.required, "R-32", based(pattern.source)])
        rows.append(["　在用", pattern.in_service, "R-32", basis(pattern.source, verified=pattern.verified)])
    return Table(columns, rows, title=one.name)


def basis(source: str, *, verified: bool) -> str:
    return based(source) + ("" if verified else "（待核实）")


def behind(sheet: Sheet) -> Table:
    columns = [
        Column("单位", 10),
        Column("项目", 8),
        Column("编号", 10),
        Column("名称", 10),
        Column("说明", 24),
    ]
    rows: list[list[Cell]] = [
        [
            one.name,
            word(line.name),
            each.id,
            each.name,
            sentence(each.finding.stored()) if each.finding else "",
        ]
        for one in sheet.units
        for line in one.lines
        if line.name not in NOT_LISTED
        for each in line.behind
    ]
    more = len(rows) - MOST
    return Table(columns, rows[:MOST], note=f"另有 {more} 项未列出" if more > 0 else "")


def why(each: Behind) -> str:
    return sentence(each.finding.stored()) if each.finding else ""
