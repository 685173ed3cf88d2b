"""`gateway scope`, `gateway board`: what had to be recorded, what is stated of it, what became of it."""

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.table import Table
from sqlmodel import Session

from gateway.commands import actor, moment
from gateway.config import ConfigError, Settings
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Role, StatementKind, now
from gateway.opening import open_database
from gateway.rules.duty import Standing
from gateway.rules.scope import Mode, owed
from gateway.scope.board import Book, Row, Tally, board, tallies, tally, unknown_kinds
from gateway.scope.facts import Wanted
from gateway.scope.lists import in_force, item_of, store_list
from gateway.scope.reading import read_list
from gateway.scope.statements import StatementIn, state
from gateway.terminal import plain_console
from gateway.visibility import Viewer, units_below
from gateway.wording import TERMS, sentence
from gateway.wording.sampling import STANDINGS, word

console = plain_console()
EVERYTHING = Viewer("cli", "cli", Role.ADMIN, None)
STATES = {
    "omit": StatementKind.OMISSION,
    "gap": StatementKind.GAP,
    "urgent": StatementKind.URGENCY,
    "away": StatementKind.AWAY,
}
GIVEN = ("ground", "why", "work_record", "reported_to", "approved_by", "replaces")
TIMES = ("from_at", "to_at", "approved_at")


def scope(settings: Settings, asked: argparse.Namespace) -> int:
    try:
        match asked.action:
            case "import":
                return import_list(settings, asked)
            case "show":
                return show(settings, Law.of(settings), asked)
        return make_statement(settings, asked)
    except Refused as no:
        raise ConfigError(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}") from no


def import_list(settings: Settings, asked: argparse.Namespace) -> int:
    """Exit code 1, and nothing stored, for a list in which a cell does not stand in its column."""
    if not asked.target or not asked.unit or not asked.since:
        raise ConfigError("usage: gateway scope import FILE --unit U --from DATE")
    path = Path(asked.target)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    read = read_list(path.name, content)
    for fault in read.faults:
        console.print(f"{sentence(fault, 'zh')}\n    {sentence(fault, 'en')}", soft_wrap=True)
    if read.faults:
        console.print(f"{path}：未导入任何内容，nothing was imported ({len(read.faults)})")
        return 1
    with open_database(settings).write() as session:
        since = moment(asked.since, settings)
        store_list(session, read, path.name, content, asked.unit, since, actor())
    console.print(f"{path}: {len(read.lines)} items of {asked.unit}, from {since.isoformat()}")
    return 0


def show(settings: Settings, law: Law, asked: argparse.Namespace) -> int:
    """A unit's list as it is understood, and for each kind the stricter of frame and list."""
    at = moment(asked.since, settings) if asked.since else now()
    with open_database(settings).read() as session:
        book = Book.load(session, law)
    if asked.unit and asked.unit not in book.parents:
        raise ConfigError(f"no unit {asked.unit!r}; known: {', '.join(sorted(book.parents)) or 'none yet'}")
    rulings = book.of(asked.unit)
    pack, frame, edition = rulings.pack, rulings.frame, in_force(rulings.editions, at)
    lines = Table(
        "行", "环节", "要求", "对应环节类型", title=edition.title if edition else "没有清单，只按三项制度"
    )
    for line in book.lists.lines[edition.id] if edition else ():
        item = item_of(line, pack)
        lines.add_row(
            str(line.row), line.step or line.matter, said(item.mode), " ".join(sorted(item.kinds(frame)))
        )
    kinds = Table("类型", "环节", "三项制度", "应当", title=pack.edition)
    items = book.lists.items(edition, pack)
    for name, kind in pack.scope.kinds.items():
        asks = owed(kind.zh, frame, items)
        kinds.add_row(name, f"{kind.zh} {kind.en}", said(asks.frame), said(asks.mode))
    console.print(lines)
    console.print(kinds)
    return 0


def said(mode: Mode) -> str:
    return TERMS[mode.value][0]


def make_statement(settings: Settings, asked: argparse.Namespace) -> int:
    if not asked.target:
        raise ConfigError(f"which step? usage: gateway scope {asked.action} ACTIVITY …")
    told = {name: getattr(asked, name) for name in GIVEN if getattr(asked, name)}
    told |= {name: moment(getattr(asked, name), settings) for name in TIMES if getattr(asked, name)}
    try:
        given = StatementIn.model_validate({"kind": STATES[asked.action], **told})
    except ValueError as error:
        raise ConfigError(str(error)) from None
    with open_database(settings).write() as session:
        made = state(session, asked.target, given, actor())
    console.print(made.id)
    return 0


def obligation_board(settings: Settings, asked: argparse.Namespace) -> int:
    """Exit code 1 while something is overdue."""
    law = Law.of(settings)
    until = moment(asked.until, settings) if asked.until else now()
    since = moment(asked.since, settings) if asked.since else until - timedelta(days=31)
    with open_database(settings).read() as session:
        rows = asked_for(session, law, asked, since, until)
    show_tallies(rows, asked.by)
    if asked.rows:
        show_rows(rows, law.zone)
    for kind, count in unknown_kinds(rows).items():
        console.print(f"不认识的环节类型 unknown kind: {kind} ({count})")
    return 1 if any(row.duty.standing is Standing.OVERDUE for row in rows) else 0


def asked_for(
    session: Session, law: Law, asked: argparse.Namespace, since: datetime, until: datetime
) -> list[Row]:
    units = units_below(session, asked.unit) if asked.unit else None
    rows = board(session, EVERYTHING, law, Wanted(since=since, until=until, units=units, case=asked.case))
    return [
        row
        for row in rows
        if (not asked.officer or asked.officer in row.step.officers)
        and (not asked.standing or row.duty.standing.value == asked.standing)
    ]


def show_tallies(rows: Sequence[Row], by: str) -> None:
    table = Table(by, "应记录", "已到位", "不完整", "未到", "逾期", "可不记录", "未到时间", "待说明", "可选")
    for key, told in [*tallies(rows, by).items(), ("合计", tally(rows))]:
        table.add_row(key or "—", *(str(number) for number in numbers(told)))
    console.print(table)


def numbers(told: Tally) -> tuple[int, ...]:
    return (
        told.expected, told.arrived, told.partial, told.missing, told.overdue, told.exempt, told.upcoming,
        told.unexplained, told.optional,
    )  # fmt: skip


def show_rows(rows: Sequence[Row], zone: ZoneInfo) -> None:
    table = Table("环节", "类型", "时间", "要求", "状态", "记录", "原因", show_lines=True)
    for row in rows:
        start = row.step.start.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        why = "\n".join(sentence(one.stored(), "zh", zone) for one in row.duty.findings if not one.passed)
        share = f"{row.duty.recorded.measured:.1%}" if row.footage.parts else "—"
        standing = word(STANDINGS, row.duty.standing)
        table.add_row(row.step.id, row.step.kind, start, said(row.owed.mode), standing, share, why)
    console.print(table)
