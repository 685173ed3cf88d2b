"""`gateway report`: the indicators, what stands behind each, quarters frozen and compared."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from rich.table import Table
from sqlmodel import Session, col, select

from api.figures import MemberOut, ReportOut
from gateway.commands import actor
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.instants import reckonable
from gateway.law import Law
from gateway.models import Role, Snapshot, Unit, now
from gateway.opening import open_database
from gateway.reports import Code, Figure, Period, Report, Side, one_figure, one_moment, report, snapshots
from gateway.reports.comparing import Change, compare
from gateway.reports.due import last_quarter
from gateway.reports.figures import Member
from gateway.terminal import plain_console
from gateway.visibility import Viewer
from gateway.wording import reason, sentence
from gateway.wording.reports import BREAKDOWNS, FIGURES, KINDS, SIDES

console = plain_console(None if sys.stdout.isatty() else 160)
EVERYTHING = Viewer("cli", "cli", Role.ADMIN, None)
WHOLE_SITE = "-"


def run(settings: Settings, asked: argparse.Namespace) -> int:
    database = open_database(settings)
    actions: dict[str, Callable[[Law, Database, argparse.Namespace], None]] = {
        "show": show, "behind": behind, "freeze": freeze, "list": list_frozen, "compare": compare_frozen,
    }  # fmt: skip
    try:
        actions[asked.action](Law.of(settings), database, asked)
    except Refused as no:
        raise ConfigError(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}") from no
    finally:
        database.close()
    return 0


def show(law: Law, database: Database, asked: argparse.Namespace) -> None:
    unit = known(database, asked.unit)
    with one_moment(database) as session:
        if asked.frozen is None:
            found = report(session, law, EVERYTHING, unit, period(law, asked))
        else:
            found = snapshots.opened(session, frozen(session, law, unit, asked))
    if asked.json:
        dump(ReportOut.of(found).model_dump(mode="json"))
        return
    show_report(found, law.zone)
    if asked.by:
        show_parts(found.figures, asked.by)


def show_report(found: Report, zone: ZoneInfo) -> None:
    """Which figures, of whom, over which days, by which packs, as they stood when."""
    unit = found.unit_id or "全部单位"
    as_of = found.as_of.astimezone(zone).strftime("%F %R")
    table = Table(
        "指标", "代码", "分子", "分母", "率", "不计入", title_justify="left",
        title=f"{unit}  {days(found.period, zone)}  截至 {as_of}  {', '.join(found.packs)}",
        caption=f"SHA-256 {found.digest}", caption_justify="left",
    )  # fmt: skip
    for one in found.figures:
        left_out = "；".join(f"{said(why)} {count}" for why, count in one.excluded.items())
        table.add_row(
            FIGURES[one.code].name[0], one.code.value, number(one.numerator), number(one.denominator),
            share(one), left_out,
        )  # fmt: skip
    console.print(table)
    for code in dict.fromkeys(code for one in found.figures for code in one.notes):
        names = "、".join(FIGURES[one.code].name[0] for one in found.figures if code in one.notes)
        console.print(f"{said(code)}：{names}")


def show_parts(figures: Iterable[Figure], by: str) -> None:
    table = Table("指标", BREAKDOWNS[by][0], "分子", "分母", "不计入")
    for one in figures:
        for part in one.parts:
            if part.by == by:
                table.add_row(
                    FIGURES[one.code].name[0], part.key or "—", str(part.numerator), str(part.denominator),
                    str(part.excluded),
                )  # fmt: skip
    console.print(table)


def behind(law: Law, database: Database, asked: argparse.Namespace) -> None:
    """What stands behind one figure: as many lines as the figure says."""
    try:
        code = Code(asked.target or "")
    except ValueError:
        raise ConfigError(f"which figure? known: {', '.join(Code)}") from None
    unit = known(database, asked.unit)
    with one_moment(database) as session:
        if asked.frozen is None:
            figure = one_figure(session, law, EVERYTHING, unit, period(law, asked), code)
        else:
            figure = snapshots.one_opened(session, frozen(session, law, unit, asked), code)
    shown = chosen(figure, asked)
    if asked.json:
        dump([MemberOut.of(one).model_dump(mode="json") for one in shown])
        return
    table = whole("类别", "编号", "计入", "原因", "分项")
    for one in shown:
        table.add_row(*line(one))
    console.print(table)
    console.print(
        f"{FIGURES[code].name[0]} {number(figure.numerator)}/{number(figure.denominator)}，{len(shown)} 行"
    )


def chosen(figure: Figure, asked: argparse.Namespace) -> list[Member]:
    by, _, key = (asked.key or "").partition("=")
    if by and (told := figure.no_breakdown(by)) is not None:
        raise ConfigError(f"{sentence(told, 'zh')}\n{sentence(told, 'en')}")
    sides = (Side(asked.side),) if asked.side else tuple(Side)
    return [
        one
        for one in figure.of(sides, asked.why or None)
        if not asked.key or (by, key) in one.keys
    ]  # fmt: skip


def line(one: Member) -> tuple[str, ...]:
    keys = "，".join(f"{BREAKDOWNS[by][0]} {key or '—'}" for by, key in one.keys)
    return KINDS[one.kind][0], one.id, SIDES[one.side][0], said(one.why), keys


def freeze(law: Law, database: Database, asked: argparse.Namespace) -> None:
    unit, asked_for = unit_and_quarter(law, asked, "freeze UNIT 2026-Q3 [--why WHY]")
    made = snapshots.freeze(database, law, EVERYTHING, unit, asked_for, actor(), asked.why)
    with database.read() as session:
        console.print(
            f"{made.quarter} {unit or '全部单位'}：第 {made.revision} 版，{made.digest}（{made.id}）"
        )
        last = snapshots.before(session, made)
        if last is not None:
            changes = compare(snapshots.opened(session, last), snapshots.opened(session, made))
            show_changes(changes, f"第 {last.revision} 版", f"第 {made.revision} 版", moves=False)


def list_frozen(law: Law, database: Database, asked: argparse.Namespace) -> None:
    wanted = select(Snapshot).order_by(col(Snapshot.quarter), col(Snapshot.unit_id), col(Snapshot.revision))
    if asked.target:
        wanted = wanted.where(Snapshot.unit_id == (whose(asked.target) or ""))
    table = whole("季度", "单位", "版次", "固化时间", "固化人", "原因", "SHA-256")
    with database.read() as session:
        for one in session.exec(wanted):
            at = one.frozen_at.astimezone(law.zone).strftime("%F %R")
            table.add_row(
                one.quarter, one.unit_id or "全部单位", str(one.revision), at, one.frozen_by, one.why or "",
                one.digest,
            )  # fmt: skip
    console.print(table)


def compare_frozen(law: Law, database: Database, asked: argparse.Namespace) -> None:
    """A frozen quarter against the facts of now, or against another revision."""
    unit, asked_for = unit_and_quarter(law, asked, "compare UNIT 2026-Q3 [--frozen N] [--with N]")
    with one_moment(database) as session:
        last = snapshots.revision_of(session, unit, asked_for.name, asked.frozen or None)
        old = snapshots.opened(session, last)
        if asked.other is None:
            new, name = report(session, law, EVERYTHING, unit, asked_for), "现在"
        else:
            other = snapshots.revision_of(session, unit, asked_for.name, asked.other)
            new, name = snapshots.opened(session, other), f"第 {other.revision} 版"
    show_changes(compare(old, new), f"第 {last.revision} 版", name, moves=True)


def show_changes(changes: Sequence[Change], before: str, after: str, *, moves: bool) -> None:
    if all(change.is_same for change in changes):
        console.print(f"{before}与{after}没有差异 no difference")
        return
    table = Table("指标", before, after, "变动")
    for change in changes:
        if not change.is_same:
            table.add_row(
                FIGURES[change.code].name[0], both(change.before), both(change.after), str(len(change.moves))
            )
    console.print(table)
    if not moves:
        return
    table = whole("指标", "类别", "编号", before, after)
    for change in changes:
        for move in change.moves:
            kind, ref = move.order
            stood, stands = (stand(one) for one in (move.before, move.after))
            table.add_row(FIGURES[change.code].name[0], KINDS[kind][0], ref, stood, stands)
    console.print(table)


def stand(one: Member | None) -> str:
    if one is None:
        return "—"
    return " ".join(filter(None, (SIDES[one.side][0], said(one.why), *(key for _, key in one.keys))))


def both(figure: Figure) -> str:
    return f"{number(figure.numerator)}/{number(figure.denominator)}"


def number(value: int | None) -> str:
    return "—" if value is None else str(value)


def share(figure: Figure) -> str:
    return "—" if figure.rate is None else f"{figure.rate:.2%}"


def said(code: str) -> str:
    return sentence(reason(code)) if code else ""


def days(one: Period, zone: ZoneInfo) -> str:
    """The first day, and the first that is no longer of it."""
    since, until = (moment.astimezone(zone).strftime("%F") for moment in (one.since, one.until))
    return f"{one.name} [{since}, {until})".strip()


def period(law: Law, asked: argparse.Namespace) -> Period:
    """The quarter or the days that are asked for; without either, the last quarter that has ended."""
    if asked.quarter:
        return snapshots.quarter(asked.quarter, law.zone)
    if not asked.since and not asked.until:
        return last_quarter(now(), law.zone)
    first, after = day(asked.since), day(asked.until)
    if first is None or after is None:
        raise ConfigError("give both --from DAY and --to DAY (the first day that is no longer of it)")
    if first >= after:
        raise Refused("report.backwards")
    return Period.days(first, after, law.zone)


def day(written: str | None) -> date | None:
    try:
        return reckonable(date.fromisoformat(written)) if written else None
    except ValueError:
        raise ConfigError(
            f"{written!r} is no day between 1900 and 2200; write one such as 2026-07-01"
        ) from None


def frozen(session: Session, law: Law, unit: str | None, asked: argparse.Namespace) -> Snapshot:
    return snapshots.revision_of(session, unit, period(law, asked).name, asked.frozen or None)


def unit_and_quarter(law: Law, asked: argparse.Namespace, usage: str) -> tuple[str | None, Period]:
    if not asked.target or not asked.value:
        raise ConfigError(f"usage: gateway report {usage}; for the whole site write {WHOLE_SITE} as UNIT")
    return whose(asked.target), snapshots.quarter(asked.value, law.zone)


def whose(target: str) -> str | None:
    return None if target == WHOLE_SITE else str(target)


def whole(*headings: str) -> Table:
    """A cut id is no id."""
    table = Table()
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def known(database: Database, unit: str | None) -> str | None:
    with database.read() as session:
        if unit is not None and session.get(Unit, unit) is None:
            raise Refused("report.unknown_unit", unit=unit)
    return unit


def dump(told: object) -> None:
    json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
    print()  # noqa: T201
