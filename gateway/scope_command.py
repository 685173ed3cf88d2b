"""`gateway scope`, `gateway board`: what had to be recorded, what is stated of it, what became of it."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Column, Table
from sqlmodel import Session

from gateway.commands import actor, moment
from gateway.config import ConfigError, Settings, read
from gateway.device import Refused
from gateway.law import Law
from gateway.models import CaseRecord, Role, ScopeList, StatementKind, Unit, now
from gateway.opening import open_database
from gateway.rules.duty import Standing, percent
from gateway.rules.scope import Mode, owed
from gateway.scope.board import GROUPS, Book, Row, Tally, board, tallies, tally, unknown_kinds, unknown_stages
from gateway.scope.facts import Step, Wanted
from gateway.scope.lists import in_force, item_of, store_list, warning_of
from gateway.scope.naming import unknown_officer
from gateway.scope.reading import read_list
from gateway.scope.statements import StatementIn, state
from gateway.scope.telling import asked_by, gap_reason, names_of, unknown_stage, why
from gateway.terminal import plain_console
from gateway.visibility import Viewer, units_below
from gateway.wording import TERMS, Reason, reason, sentence
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

BY = {"unit": "单位", "officer": "人员", "case": "案件", "stage": "阶段", "kind": "环节"}
SUMS = ("应\n记录", "已\n到位", "不\n完整", "未到", "逾期", "可不\n记录", "未到\n时间", "待\n说明", "可选")
"""Two characters wide: eighty columns have room for a name beside them."""


def scope(settings: Settings, asked: argparse.Namespace) -> int:
    try:
        match asked.action:
            case "import":
                return import_list(settings, asked)
            case "show":
                return show(settings, Law.of(settings), asked)
        return make_statement(settings, asked)
    except Refused as no:
        raise as_config_error(no.reason) from no


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
        edition = store_list(session, read, path.name, content, asked.unit, since, actor())
        session.flush()
        understood(session, settings, edition)
    console.print(f"{path}: {len(read.lines)} items of {asked.unit}, from {since.isoformat()}")
    return 0


def understood(session: Session, settings: Settings, edition: ScopeList) -> None:
    """How each line was read, so that whoever imports it sees a word that nobody knew."""
    book = Book.load(session, Law.of(settings))
    pack = book.of(edition.unit_id).pack
    for line in book.lists.lines[edition.id]:
        mode = said(item_of(line, pack).mode)
        console.print(f"第 {line.row} 行 {line.step or line.matter}：{mode}", soft_wrap=True)
        if (told := warning_of(line, pack)) is not None:
            console.print(f"    {sentence(told, 'zh')}\n    {sentence(told, 'en')}", soft_wrap=True)


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
    options = {name: f"--{name.replace('_', '-')}" for name in (*GIVEN, *TIMES)}
    names = {**options, "from_at": "--since", "to_at": "--until", "": f"scope {asked.action}"}
    given = read(StatementIn, {"kind": STATES[asked.action], **told}, names)
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
        must_be_there(session, law, asked)
        rows = asked_for(session, law, asked, since, until)
        names = all_names(session, rows)
    show_tallies(rows, asked.by, names)
    if asked.rows:
        show_rows(rows[: asked.limit or None], law.zone, names)
        if 0 < asked.limit < len(rows):
            console.print(f"另有 {len(rows) - asked.limit} 条未显示 more: --limit 0")
    for kind, count in unknown_kinds(rows).items():
        console.print(f"不认识的环节类型 unknown kind: {kind} ({count})")
    for stage, count in unknown_stages(rows).items():
        console.print(f"不认识的阶段 unknown stage: {stage} ({count})")
    return 1 if any(row.duty.standing is Standing.OVERDUE for row in rows) else 0


def must_be_there(session: Session, law: Law, asked: argparse.Namespace) -> None:
    """Raises ConfigError: nothing but zeros for a misspelt name would look like all is well."""
    told = None
    if asked.unit and session.get(Unit, asked.unit) is None:
        told = reason("scope.unknown_unit", unit=asked.unit)
    elif asked.case and session.get(CaseRecord, asked.case) is None:
        told = reason("scope.unknown_case", case=asked.case)
    elif asked.stage and not law.knows_stage(asked.stage):
        told = unknown_stage(law, asked.stage)
    if told is not None:
        raise as_config_error(told)


def as_config_error(told: Reason) -> ConfigError:
    return ConfigError(f"{sentence(told, 'zh')}\n{sentence(told, 'en')}")


def asked_for(
    session: Session, law: Law, asked: argparse.Namespace, since: datetime, until: datetime
) -> list[Row]:
    units = units_below(session, asked.unit) if asked.unit else None
    wanted = Wanted(since=since, until=until, units=units, case=asked.case, stage=asked.stage)
    rows = board(session, EVERYTHING, law, wanted)
    if (told := unknown_officer(session, EVERYTHING, rows, asked.officer)) is not None:
        raise as_config_error(told)
    return [
        row
        for row in rows
        if (not asked.officer or asked.officer in row.step.officers)
        and (not asked.standing or row.duty.standing.value == asked.standing)
        and (not asked.failing or row.duty.fails)
    ]


def all_names(session: Session, rows: Sequence[Row]) -> dict[str, dict[str, str]]:
    asked = {by: {key for row in rows for key in GROUPS[by](row)} for by in ("unit", "officer")}
    found = {by: names_of(session, by, keys) for by, keys in asked.items()}
    titles = {row.step.case_uid: row.step.case_title for row in rows}
    return {**found, "case": titles, "stage": names_of(session, "stage", ())}


def show_tallies(rows: Sequence[Row], by: str, names: Mapping[str, Mapping[str, str]]) -> None:
    table = Table(Column(BY[by], overflow="fold", min_width=16), padding=(0, 1, 0, 0))
    for name in SUMS:
        table.add_column(name, justify="right")
    for key, told in [*tallies(rows, by).items(), ("合计", tally(rows))]:
        table.add_row(called(names.get(by, {}), key), *(str(number) for number in numbers(told)))
    console.print(table)


def called(names: Mapping[str, str], key: str) -> str:
    """With its id, by which one can ask on."""
    return f"{names[key]} {key}" if key in names else key or "—"


def numbers(told: Tally) -> tuple[int, ...]:
    return (
        told.expected, told.arrived, told.partial, told.missing, told.overdue, told.exempt, told.upcoming,
        told.unexplained, told.optional,
    )  # fmt: skip


def show_rows(rows: Sequence[Row], zone: ZoneInfo, names: Mapping[str, Mapping[str, str]]) -> None:
    """Not a table: a terminal of eighty columns has no room for the reasons in one."""
    for row in rows:
        step = row.step
        people = "、".join(called(names["officer"], one) for one in step.officers)
        share = f"，已录 {percent(row.duty.recorded.measured)}%" if row.footage.parts else ""
        lines = [
            f"{word(STANDINGS, row.duty.standing)}  {step.kind}  {time_told(step, zone)}  {step.id}",
            f"    {step.case_title} {step.case_uid}，{called(names['unit'], step.unit_id or '')}",
            f"    {people or '没有写明执法人员'}；{step.stage}",
            f"    {sentence(asked_by(row), 'zh', zone)}{share}",
            *(f"    · {sentence(one, 'zh', zone)}" for one in told_of(row)),
        ]
        console.print("\n".join(lines), soft_wrap=True)


def time_told(step: Step, zone: ZoneInfo) -> str:
    begin, end = step.start.astimezone(zone), step.end.astimezone(zone)
    told = f"{begin:%Y-%m-%d %H:%M}"
    return told if begin == end else f"{told}–{end:%H:%M}"


def told_of(row: Row) -> list[dict[str, Any]]:
    """The reasons, and of what is not whole each gap."""
    gaps = row.duty.recorded.gaps if row.duty.standing is Standing.PARTIAL and row.footage.parts else ()
    return [*why(row), *map(gap_reason, gaps)]
