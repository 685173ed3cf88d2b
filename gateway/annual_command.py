"""`gateway report annual` and `gateway report causes`: the report as a file, the causes it tells of."""

import argparse
from dataclasses import asdict

from rich.table import Table

from gateway.commands import actor, moment
from gateway.config import ConfigError, Settings
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import now
from gateway.opening import open_database
from gateway.report_command import EVERYTHING, console, dump, known, period
from gateway.reports import making, one_moment
from gateway.reports.annual import gather
from gateway.reports.causes import causes
from gateway.reports.chapters import annual_paper
from gateway.reports.weak import plainly
from gateway.wording import sentence
from gateway.wording.sampling import CAUSES, word


def run(settings: Settings, asked: argparse.Namespace) -> int:
    database = open_database(settings)
    try:
        if asked.action == "causes":
            show_causes(Law.of(settings), database, asked)
        else:
            annual_file(settings, database, asked)
    except Refused as no:
        raise ConfigError(f"{sentence(no.reason, 'zh')}\n{sentence(no.reason, 'en')}") from no
    finally:
        database.close()
    return 0


def show_causes(law: Law, database: Database, asked: argparse.Namespace) -> None:
    unit = known(database, asked.unit)
    with one_moment(database) as session:
        found = causes(session, law, EVERYTHING, unit, period(law, asked))
    if asked.json:
        dump(asdict(found))
        return
    table = Table("类别", "原因", "数量")
    for code, count in found.gaps.items():
        table.add_row("记录中断", word(CAUSES, code), str(count))
    for words, counts in (("关联附注或者存疑", found.doubts), ("未关联", found.unlinked)):
        for code, count in counts.items():
            table.add_row(words, plainly(code), str(count))
    console.print(table)


def annual_file(settings: Settings, database: Database, asked: argparse.Namespace) -> None:
    """执法数据分析报告 as a file; who made it and its digest are on record."""
    if not asked.target or not (asked.value or "").isdecimal() or asked.out is None:
        raise ConfigError("usage: gateway report annual UNIT 2026 --out FILE.xlsx|FILE.pdf [--as-of TIME]")
    wanted, law = making.format_of(asked.out), Law.of(settings)
    as_of = moment(asked.as_of, settings) if asked.as_of else now()
    with one_moment(database) as session:
        paper = annual_paper(gather(session, law, EVERYTHING, asked.target, int(asked.value), as_of))
    content = making.file_of(paper, wanted)
    subject = making.Subject("annual", asked.target, asked.value)
    with database.write() as session:
        made = making.put_on_record(session, paper, subject, wanted, content, actor())
    making.put_down(asked.out, content)
    console.print(f"{asked.out}\t{made.size} bytes\tSHA-256 {made.sha256}", soft_wrap=True)
