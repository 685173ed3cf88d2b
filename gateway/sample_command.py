"""`gateway sample`: draw cases to be checked, print their recording sheets, write down what was found."""

import argparse
import sys
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from sqlmodel import Session, col, select

from gateway.commands import actor
from gateway.config import ConfigError, Settings, read
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import CaseSample, Role, now
from gateway.opening import open_database
from gateway.reports import making
from gateway.reports.making import Subject
from gateway.reports.remarks import RemarkIn, checked, remark, remarks_of
from gateway.reports.sample import DrawIn, cases_of, faults, sample
from gateway.reports.sheets import sheets_paper
from gateway.terminal import plain_console
from gateway.visibility import Viewer
from gateway.wording import reason, sentence
from gateway.wording.sampling import RESULTS, word

console = plain_console(None if sys.stdout.isatty() else 200)
EVERYTHING = Viewer("cli", "cli", Role.ADMIN, None)


def run(settings: Settings, asked: argparse.Namespace) -> int:
    """1 where a sample is not what its frame and seed give, or somebody is refused; 2 for a wrong order."""
    database = open_database(settings)
    try:
        match asked.action:
            case "draw":
                draw(database, Law.of(settings), asked)
            case "show":
                show(database, ZoneInfo(settings.timezone), asked.target)
            case "check":
                return check(database, asked.target)
            case "sheets":
                sheets(database, Law.of(settings), asked)
            case "remark":
                write_remark(database, ZoneInfo(settings.timezone), asked)
            case _:
                show_all(database)
    except Refused as no:
        console.print(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}", soft_wrap=True)
        return 1
    finally:
        database.close()
    return 0


def draw(database: Database, law: Law, asked: argparse.Namespace) -> None:
    if not asked.target or not asked.period or not asked.count:
        raise ConfigError("usage: gateway sample draw UNIT --period 2026-H1 --count N [--per-unit]")
    told = {name: getattr(asked, name) for name in ("period", "count", "basis", "why")}
    given = read(DrawIn, said({"unit": asked.target, "per_unit": asked.per_unit, **told}))
    with database.write() as session:
        drawn = sample(session, law, given, actor()).id
    show(database, law.zone, drawn)


def said(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def find(session: Session, sample_id: str | None) -> CaseSample:
    found = session.get(CaseSample, sample_id) if sample_id else None
    if found is None:
        raise ConfigError(f"no sample {sample_id!r}; `gateway sample list` shows them")
    return found


def show(database: Database, zone: ZoneInfo, sample_id: str | None) -> None:
    with database.read() as session:
        drawn = find(session, sample_id)
        cases, remarks = cases_of(session, drawn.id), remarks_of(session, drawn.id)
    table = Table("层", "位次", "案件", "排序摘要", "检查状态")
    for one in cases:
        own = [each for each in remarks if each.case_uid == one.case_uid]
        state = word(RESULTS, checked(own))
        table.add_row(one.stratum or "—", str(one.place), one.case_uid, one.digest[:16], state)
    console.print(table)
    for each in remarks:
        told = (each.id, each.case_uid, word(RESULTS, each.result), each.remark or "", each.answers or "")
        console.print("\t".join(told), soft_wrap=True)
    for name, value in (
        (
            "抽查",
            f"{drawn.id} {drawn.unit_id} {drawn.period} 第 {drawn.number} 次 {drawn.why or ''}".rstrip(),
        ),
        ("候选", f"{len(drawn.frame)} 件 {drawn.basis.value} 摘要 {drawn.frame_digest}"),
        ("种子", f"{drawn.seed} = {drawn.sealed_by['chain']}#{drawn.sealed_by['seq']}"),
        ("抽取", f"{drawn.drawn_by} {drawn.drawn_at.astimezone(zone):%Y-%m-%d %H:%M}"),
    ):
        console.print(f"{name} {value}", soft_wrap=True)


def check(database: Database, sample_id: str | None) -> int:
    with database.read() as session:
        found = faults(session, find(session, sample_id))
    for one in found or [reason("sample.right")]:
        console.print(f"{sentence(one, 'zh')}\n{sentence(one, 'en')}", soft_wrap=True)
    return 1 if found else 0


def sheets(database: Database, law: Law, asked: argparse.Namespace) -> None:
    wanted = making.format_of(asked.out)
    with database.read() as session:
        drawn = find(session, asked.target)
        paper = sheets_paper(session, EVERYTHING, law, drawn, now(), asked.case)
    subject = Subject("sheets", drawn.unit_id, drawn.period, drawn.id)
    content = making.file_of(paper, wanted)
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, wanted, content, actor())
    making.put_down(asked.out, content)
    console.print(f"{asked.out}\t{made.size} bytes\tSHA-256 {made.sha256}", soft_wrap=True)


def write_remark(database: Database, zone: ZoneInfo, asked: argparse.Namespace) -> None:
    if not asked.target or not asked.case or not asked.result:
        raise ConfigError("usage: gateway sample remark SAMPLE --case CASE --result faulty --remark TEXT")
    told = {name: getattr(asked, name) for name in ("remark", "answers", "replaces")}
    given = read(
        RemarkIn, said({"result": asked.result.upper(), "due_on": asked.due, **told}), {"due_on": "--due"}
    )
    with database.write() as session:
        made = remark(session, find(session, asked.target), asked.case, given, actor(), zone)
    console.print(made.id)


def show_all(database: Database) -> None:
    with database.read() as session:
        for one in session.exec(select(CaseSample).order_by(col(CaseSample.id))):
            remarks = remarks_of(session, one.id)
            states = [
                checked([each for each in remarks if each.case_uid == case.case_uid])
                for case in cases_of(session, one.id)
            ]
            told = "，".join(f"{word(RESULTS, state)} {states.count(state)}" for state in sorted(set(states)))
            console.print(
                f"{one.id}\t{one.unit_id}\t{one.period}\t第 {one.number} 次\t{one.drawn_by}\t{told}",
                soft_wrap=True,
            )
