"""The sheet of a report that lists cases: those that somebody has to look at, as far as they fit."""

from collections.abc import Sequence

from gateway.reports.annual import Query
from gateway.reports.figures import Code, Member, Report, Side
from gateway.reports.paper import Cell, Column, Prose, Section, Table
from gateway.reports.weak import name, plainly, said
from gateway.wording import spoken
from gateway.wording.reports import BREAKDOWNS, KINDS

MEMBERS = 200
"""Cases of one figure: a workbook with 20 000 lines is slow to make and nobody reads it."""
NO_CASES = frozenset({Code.EQUIPPED, Code.EXCEPTED, Code.VIEWINGS, Code.VIEWINGS_APPROVED})
"""Behind these nobody has to look at anything: places to be filled, what was recorded, viewings."""


def details(report: Report, query: Query) -> Section:
    columns = [
        Column("指标", 8), Column("类别", 6), Column("编号", 18), Column("原因", 18), Column("分项", 20),
        Column("出处", 14),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = []
    left = []
    for figure in report.figures:
        if figure.code in NO_CASES:
            continue
        side = side_of(figure.code)
        found = figure.of((side,))
        rows += [line(query.ref, figure.code, one) for one in found[:MEMBERS]]
        if len(found) > MEMBERS:
            command = query.command.replace("report show", f"report behind {figure.code}")
            command = command.replace("--json", f"--side {side}")
            told = {"count": len(found), "shown": MEMBERS, "command": command}
            left.append(said("annual.rows_left", name=name(figure.code), **told))
    title = "明细：未计入分子的，超期未归档的"
    return Section(title, "明细", [Table(columns, rows), Prose(left)], is_detail=True)


def side_of(code: Code) -> Side:
    """Files that are late are what that figure counts; of the others what does not count."""
    return Side.BOTH if code is Code.ARCHIVE_OVERDUE else Side.DENOMINATOR


def line(ref: str, code: Code, one: Member) -> Sequence[Cell]:
    where = f"failing.{one.why}" if one.why else "numerator"
    return (
        name(code), KINDS[one.kind][0], one.id, plainly(one.why) if one.why else "",
        "，".join(f"{BREAKDOWNS[by][0]} {spoken(key) or '—'}" for by, key in one.keys),
        f"{ref}: {code}.{where}",
    )  # fmt: skip
