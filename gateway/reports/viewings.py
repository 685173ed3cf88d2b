"""The log of viewings as a file: CSV for programs, XLSX for people."""

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from gateway import custody
from gateway.reports.making import MEDIA, Format, file_of
from gateway.reports.paper import Column, Fields, Paper, Section, Table, is_formula, number, shown
from gateway.roster import unit_names
from gateway.viewing_log import Kind, Line, Wanted
from gateway.wording import CHINA, sentence

MOST = 20_000
"""Lines of one file; more are another span of time."""
KINDS = {Kind.VIEWING: "调阅", Kind.LIVE: "实时调阅", Kind.REFUSED: "拒绝"}
COLUMNS = (
    Column("时间", 10), Column("方式", 5), Column("人员", 8), Column("资料", 14), Column("设备", 10),
    Column("单位", 12), Column("事由", 16), Column("依据", 8), number("时长（秒）", 6), Column("结果", 14),
)  # fmt: skip


class LogFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


TYPES = {LogFormat.CSV: "text/csv; charset=utf-8", LogFormat.XLSX: MEDIA[Format.XLSX]}


def written(
    session: Session, found: Sequence[Line], wanted: Wanted, form: LogFormat, actor: str, at: datetime
) -> tuple[bytes, str]:
    """The file and its SHA-256, put on record: who took the log along is to be seen in the chain."""
    names = unit_names(session)
    rows = [row(line, names) for line in found]
    content = as_csv(rows) if form is LogFormat.CSV else file_of(paper(rows, wanted, actor, at), Format.XLSX)
    digest = hashlib.sha256(content).hexdigest()
    asked = {name: str(value) for name in wanted.__slots__ if (value := getattr(wanted, name))}
    detail = {"format": form, "lines": len(rows), "sha256": digest, "asked": asked}
    custody.append(session, custody.SITE, "VIEWING_LOG_TAKEN", actor, custody.SITE, (), detail)
    return content, digest


def row(line: Line, units: dict[str, str]) -> list[str | int | None]:
    seconds = line.seconds
    ended = "进行中" if seconds is None else "已结束"
    return [
        line.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"), KINDS[line.kind], line.person,
        line.name or "", line.device_name or line.device, units.get(line.unit or "", ""), line.purpose or "",
        "" if line.kind is Kind.REFUSED else "审批" if line.request else "本人权限",
        None if seconds is None else round(seconds),
        sentence(line.why) if line.why else ended,
    ]  # fmt: skip


def as_csv(rows: Sequence[Sequence[str | int | None]]) -> bytes:
    """With the mark by which office programs know it for UTF-8; nothing in it is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.title for column in COLUMNS])
    for line in rows:
        writer.writerow([harmless(cell) for cell in line])
    return out.getvalue().encode("utf-8-sig")


def harmless(cell: str | int | None) -> str | int | None:
    if not isinstance(cell, str):
        return cell
    told = shown(cell)
    return f"'{told}" if is_formula(cell) or is_formula(told) else told


def paper(rows: Sequence[Sequence[str | int | None]], wanted: Wanted, actor: str, at: datetime) -> Paper:
    span = "—".join(
        moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") if moment else ""
        for moment in (wanted.since, wanted.until)
    )
    head = Fields(
        [("导出人", actor), ("导出时间", at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")), ("期间", span),
         ("记录数", str(len(rows)))]
    )  # fmt: skip
    table = Table(COLUMNS, rows)
    return Paper(
        title="音像资料调阅记录", subtitle="含实时调阅和被拒绝的调阅", head=head,
        sections=[Section("调阅记录", "调阅记录", [table])], as_of=at, footer="调阅记录", landscape=True,
        marks={"form": "viewing-log-1"},
    )  # fmt: skip
