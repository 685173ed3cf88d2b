"""The sheet of a report that lists cases: those that somebody has to look at, as far as they fit."""

from collections.abc import Sequence

from gateway.reports.annual import Query
from gateway.reports.figures import Code, Member, Report
from gateway.reports.listed import MEMBERS, NO_CASES, Behind, side_of, to_look_at
from gateway.reports.naming import key_word
from gateway.reports.paper import Cell, Column, Prose, Section, Table
from gateway.reports.recording import Names
from gateway.reports.weak import name, plainly, said
from gateway.wording.reports import BREAKDOWNS, KINDS


def details(report: Report, query: Query, names: Names, known: Behind) -> Section:
    columns = [
        Column("指标", 8), Column("类别", 6), Column("名称", 16), Column("编号", 14), Column("原因", 16),
        Column("分项", 18), Column("出处", 14),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = []
    left = [said("annual.names_of_today")]
    for figure in report.figures:
        if figure.code in NO_CASES:
            continue
        found = to_look_at(figure)
        rows += [line(query.ref, figure.code, one, names, known) for one in found[:MEMBERS]]
        if len(found) > MEMBERS:
            command = query.command.replace("report show", f"report behind {figure.code}")
            command = command.replace("--json", f"--side {side_of(figure.code)}")
            told = {"count": len(found), "shown": MEMBERS, "command": command}
            left.append(said("annual.rows_left", name=name(figure.code), **told))
    title = "明细：未计入分子的，超期未归档的"
    return Section(title, "明细", [Table(columns, rows), Prose(left)], is_detail=True)


def line(ref: str, code: Code, one: Member, names: Names, known: Behind) -> Sequence[Cell]:
    """By name, as on the pages; what is gone or another's has its id alone."""
    where = f"failing.{one.why}" if one.why else "numerator"
    its = known.get((one.kind, one.id))
    return (
        name(code), KINDS[one.kind][0], " · ".join(filter(None, (its.name, its.detail))) if its else "",
        one.id, plainly(one.why) if one.why else "",
        "，".join(f"{BREAKDOWNS[by][0]} {key_word(by, key, names.units)}" for by, key in one.keys),
        f"{ref}: {code}.{where}",
    )  # fmt: skip
