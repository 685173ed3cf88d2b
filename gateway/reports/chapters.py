"""The paper of an annual report: its chapters, in the order in which such a report is read."""

from collections.abc import Iterator, Sequence

from gateway.reports.annual import Annual
from gateway.reports.annual import Column as PeriodColumn
from gateway.reports.details import details
from gateway.reports.figures import COUNTS, Code, Figure, Part, Report
from gateway.reports.paper import Block, Cell, Column, Fields, Paper, Prose, Section, Share, Table, number
from gateway.reports.recording import Names
from gateway.reports.sheets import at_words
from gateway.reports.weak import name, plainly, proposals, said, weaknesses
from gateway.wording import reason, sentence, spoken
from gateway.wording.reports import BREAKDOWNS, FIGURES

UNITS = 100
"""In the file: more is for the query, not for paper."""
FORM = "annual-1"
CHAPTERS = ("一", "二", "三", "四", "五", "六", "七", "八", "九")
QUARTERS = ("第一季度", "第二季度", "第三季度", "第四季度")
BY_STEP = (Code.FULLY_RECORDED, Code.KEY_PARTS_RECORDED, Code.EXCEPTED)
EQUIPMENT = {
    "officers": "执法人员", "required": "应配", "held": "现有", "in_service": "在用", "missing": "缺配",
    "over_quota": "超配", "to_spec": "达标", "below_spec": "未达标", "spec_unknown": "参数不明",
    "keeper_missing": "无保管人", "open_checkouts": "日终未归还",
}  # fmt: skip


def annual_paper(annual: Annual) -> Paper:
    chapters: list[tuple[str, str, Sequence[Block]]] = [
        ("指标总表", "指标", figures_blocks(annual)),
        (
            "未计入分子和不计入的原因",
            "原因",
            [reasons_table(annual.report, annual.whole.query.ref, "全年数量")],
        ),
        ("分单位情况", "分单位", [units_table(annual.report, annual.names, annual.whole.query.ref)]),
        ("分阶段、分环节情况", "分环节", [steps_table(annual.report, annual.whole.query.ref)]),
        ("薄弱环节和改进建议", "薄弱环节", weak_blocks(annual)),
        ("配备情况", "配备", [equipment_table(annual)]),
        ("指标口径", "口径", [meaning_table()]),
        ("查询目录", "查询目录", [queries_table(annual), Prose([said("annual.in_workbook")])]),
    ]
    sections = [
        Section(f"{CHAPTERS[place]}、{title}", sheet, blocks)
        for place, (title, sheet, blocks) in enumerate(chapters)
    ]
    return Paper(
        title=f"{annual.year} 年度行政执法数据分析报告",
        subtitle=f"{annual.name}（全过程记录）",
        head=head(annual),
        sections=[*sections, details(annual.report, annual.whole.query, annual.names, annual.behind)],
        as_of=annual.as_of,
        footer=f"{annual.name}　{annual.year} 年度　截至 {at_words(annual.as_of, annual.zone)}",
        landscape=True,
        marks={"form": FORM, "unit": annual.unit, "year": str(annual.year)},
    )


def head(annual: Annual) -> Fields:
    packs = "、".join(f"{edition}（{digest[:16]}）" for edition, digest in annual.report.pack_digests.items())
    frozen = [one for one in annual.quarters if one.snapshot is not None]
    return Fields(
        [
            ("单位", f"{annual.name}及所属单位"),
            ("单位编号", annual.unit),
            ("期间", f"{annual.year} 年 1 月 1 日至 12 月 31 日"),
            ("截至", at_words(annual.as_of, annual.zone)),
            ("应于此日前报送", annual.due_on.isoformat()),
            ("规则包", packs or "、".join(annual.report.packs)),
            ("已固化季度", "、".join(one.period.name for one in frozen) or "无"),
        ]
    )


def figures_blocks(annual: Annual) -> list[Table | Prose]:
    columns = [
        Column("指标", 7), Column("项目", 5),
        *(number(heading(title, one), 7) for title, one in zip(QUARTERS, annual.quarters, strict=True)),
        number(f"全年\n{annual.whole.query.ref}", 7), Column("出处（在各列查询结果中的位置）", 15),
    ]  # fmt: skip
    rows = [row for code in Code for row in figure_rows(annual, code)]
    return [Prose(remarks(annual)), Table(columns, rows, grouped=True)]


def heading(title: str, column: PeriodColumn) -> str:
    state = "已固化" if column.snapshot else "未固化" if column.report else "未开始"
    return f"{title}\n{column.query.ref}（{state}）"


LINES = (("numerator", "分子"), ("denominator", "分母"), ("rate", "比率"), ("excluded", "不计入"))


def figure_rows(annual: Annual, code: Code) -> Iterator[Sequence[Cell]]:
    first = name(code)
    for field, words in LINES:
        if field == "rate" and code in COUNTS:
            continue
        values = [
            value(one.report.figure(code), field) if one.report else None
            for one in (*annual.quarters, annual.whole)
        ]
        yield first, words, *values, f"{code}.{field}"


def value(figure: Figure, field: str) -> Cell:
    match field:
        case "rate":
            return None if figure.rate is None else Share(figure.rate)
        case "excluded":
            return sum(figure.excluded.values())
        case "numerator":
            return figure.numerator
    return figure.denominator


def remarks(annual: Annual) -> list[str]:
    at = annual.as_of.isoformat()
    frozen = [one.period.name for one in annual.quarters if one.snapshot]
    live = [one.period.name for one in annual.quarters if one.report and not one.snapshot]
    found = [said("annual.counted")]
    if frozen:
        found.append(said("annual.frozen", quarters="、".join(frozen)))
    found.append(said("annual.live", at=at, quarters="、".join([*live, "全年"])))
    found.append(said("annual.sums"))
    if annual.as_of < annual.whole.period.until:
        found.append(said("annual.running", at=at))
    return [*found, *notes(annual.report)]


def notes(report: Report) -> Iterator[str]:
    """What a reader has to know beside a figure, and of which figures."""
    whose: dict[str, list[str]] = {}
    for figure in report.figures:
        for code in figure.notes:
            whose.setdefault(code, []).append(name(figure.code))
    for code, names in whose.items():
        if code != "figure.note_running":
            yield f"{'、'.join(names)}：{sentence(reason(code))}。"


PLACE = "figure.place_to_fill"
"""What a rate of places counts below the line; no reason why one is not filled."""


def reasons_table(report: Report, ref: str, heading: str) -> Table:
    columns = [
        Column("指标", 8), Column("类别", 5), Column("原因", 22), number(heading, 5), Column("出处", 18)
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for figure in report.figures:
        for field, words, found in (
            ("failing", "未计入分子", figure.failing), ("excluded", "不计入", figure.excluded)
        ):  # fmt: skip
            rows += [
                (name(figure.code), words, plainly(why), count, f"{ref}: {figure.code}.{field}.{why}")
                for why, count in found.items()
                if why != PLACE  # filled or not: those that are not stand under 配备, as 缺配
            ]
    return Table(columns, rows)


def units_table(report: Report, names: Names, ref: str) -> Table:
    """A line for numerator, denominator and rate of each unit; a column for each figure."""
    parts = {
        (figure.code, part.key): part
        for figure in report.figures
        for part in figure.parts
        if part.by == "unit"
    }
    units = sorted({key for _, key in parts}, key=lambda key: (names.unit(key), key))
    shown = list(Code)
    columns = [
        Column("单位", 9), Column("项目", 4), *(number(name(code), 4) for code in shown),
        Column("出处（各列代码见口径）", 9),
    ]  # fmt: skip
    rows = [
        row
        for unit in units[:UNITS]
        for row in unit_rows(
            names.unit(unit), f"{ref}: parts.unit={unit}", [parts.get((code, unit)) for code in shown], shown
        )
    ]
    left = said("annual.units_left", count=len(units), shown=UNITS, ref=ref)
    return Table(columns, rows, note=left if len(units) > UNITS else "", grouped=True)


def unit_rows(
    unit: str, place: str, own: Sequence[Part | None], codes: Sequence[Code]
) -> Iterator[Sequence[Cell]]:
    title = unit or "（未登记单位）"
    yield title, "分子", *(one.numerator if one else None for one in own), f"{place}.numerator"
    yield title, "分母", *(one.denominator if one else None for one in own), f"{place}.denominator"
    rates = [part_rate(code, one) for code, one in zip(codes, own, strict=True)]
    yield title, "比率", *rates, f"{place}.rate"


def part_rate(code: Code, part: Part | None) -> Share | None:
    if part is None or not part.denominator or code in COUNTS:
        return None
    return Share(part.numerator / part.denominator)


def steps_table(report: Report, ref: str) -> Table:
    columns = [
        Column("指标", 7), Column("分项", 7), Column("名称", 14), number("分子", 4), number("分母", 4),
        number("比率", 4), number("不计入", 4), Column("出处", 20),
    ]  # fmt: skip
    rows = [
        (
            name(code), BREAKDOWNS[part.by][0], spoken(part.key) or "—", part.numerator, part.denominator,
            part_rate(code, part), part.excluded,
            f"{ref}: {code}.parts.{part.by}={part.key}",
        )
        for code in BY_STEP
        for part in report.figure(code).parts
        if part.by in {"stage", "item", "ground"}
    ]  # fmt: skip
    return Table(columns, rows)


def weak_blocks(annual: Annual) -> list[Table]:
    found = weaknesses(annual)
    columns = [
        Column("序号", 3, "center"), Column("薄弱环节", 20), number("数量", 4), number("总数", 4),
        number("比率", 4), Column("选取规则", 13), Column("出处", 15),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            place, sentence(one.said), one.count, one.of, None if one.rate is None else Share(one.rate),
            sentence(one.chosen), one.where,
        )
        for place, one in enumerate(found, 1)
    ]  # fmt: skip
    nothing = "" if found else said("weak.none")
    follows: list[Sequence[Cell]] = [
        (place, sentence(reason(code)), "、".join(map(str, because)))
        for place, (code, because) in enumerate(proposals(found), 1)
    ]
    last = [Column("序号", 3, "center"), Column("建议", 40), Column("依据（薄弱环节序号）", 12)]
    return [
        Table(columns, rows, title="薄弱环节", note=nothing),
        Table(last, follows, title="改进建议", note="" if follows else said("proposal.none")),
    ]


def equipment_table(annual: Annual) -> Table:
    ref = annual.sheet_query.ref
    columns = [
        Column("单位", 12), Column("类别", 3, "center"), *(number(words, 4) for words in EQUIPMENT.values()),
        Column("出处", 8),
    ]  # fmt: skip
    sheets = [*annual.sheet.units[:UNITS], annual.sheet.whole]
    rows: list[Sequence[Cell]] = [
        (
            one.name if one.unit is not None else "合计", one.grade or "—",
            *(one.line(line).value for line in EQUIPMENT), f"{ref}: {one.unit or 'whole'}",
        )
        for one in sheets
    ]  # fmt: skip
    count = len(annual.sheet.units)
    left = said("annual.units_left", count=count, shown=UNITS, ref=ref) if count > UNITS else ""
    return Table(columns, rows, note=left)


def meaning_table() -> Table:
    columns = [
        Column("指标", 7), Column("代码", 9), Column("分子", 14), Column("分母", 14), Column("依据", 16)
    ]  # fmt: skip
    told = {code: FIGURES[code] for code in Code}
    rows = [
        (name(code), code.value, one.numerator[0], one.denominator[0], one.basis[0])
        for code, one in told.items()
    ]
    return Table(columns, rows)


def queries_table(annual: Annual) -> Table:
    columns = [
        Column("编号", 3), Column("内容", 9), Column("命令", 19), Column("接口（GET）", 19),
        Column("固化编号", 8), Column("固化摘要（SHA-256）", 12),
    ]  # fmt: skip
    rows = [
        (one.ref, one.what, one.command, one.path, one.snapshot or None, one.digest or None)
        for one in annual.queries
    ]
    return Table(columns, rows)
