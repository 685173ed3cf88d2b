"""The papers of a case (文书) on its recording sheet: what a 询问笔录 and an approval form say, in words."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway.models import CaseRecord, Document
from gateway.reports.paper import Column, Table
from gateway.reports.sheet_lines import RecordingSheet, SheetPaper

OPINIONS = {"handler": "承办人意见", "section": "承办机构意见", "head": "负责人审批"}
TOLD = {
    "certificates_shown": ("已表明身份、出示证件", "未表明身份、出示证件"),
    "rights_told": ("已告知权利", "未告知权利"),
}


def papers_of(session: Session, case: CaseRecord, person: Callable[[str], str]) -> list[SheetPaper]:
    """Of what was asked only who it was: the answers, numbers and telephones are no part of the check."""
    standing = select(Document).where(Document.case_uid == case.uid, col(Document.withdrawn_at).is_(None))
    return [
        SheetPaper(
            one.id, one.type, one.number, one.issued_at, interview_of(one.interview or {}, person),
            {whose: opinion_of(told, person) for whose, told in (one.approval or {}).items()},
        )
        for one in session.exec(standing.order_by(col(Document.id)))
    ]  # fmt: skip


def interview_of(told: Mapping[str, Any], person: Callable[[str], str]) -> dict[str, Any]:
    shown = {name: told[name] for name in ("started_at", "ended_at", "place", *TOLD) if name in told}
    if asked := told.get("asked", {}).get("name"):
        shown["asked"] = asked
    if askers := told.get("askers"):
        shown["askers"] = [called(one, person) for one in askers]
    if recorder := told.get("recorder"):
        shown["recorder"] = called(recorder, person)
    return shown


def opinion_of(told: Mapping[str, Any], person: Callable[[str], str]) -> dict[str, Any]:
    return {**told, "by": called(told["by"], person)} if "by" in told else {**told}


def called(told: Mapping[str, str], person: Callable[[str], str]) -> str:
    name = told.get("name") or person(told["officer"])
    return f"{name}（{told['cert_no']}）" if told.get("cert_no") else name


def papers_table(sheet: RecordingSheet, zone: ZoneInfo) -> Table:
    columns = [Column("文书", 10), Column("文号", 12), Column("日期", 6), Column("询问情况、审批意见", 32)]
    rows = [
        (one.type, one.number or "", day(one.issued_at, zone) if one.issued_at else "", content(one, zone))
        for one in sheet.papers
    ]
    return Table(columns, rows, title="文书")


def content(paper: SheetPaper, zone: ZoneInfo) -> str:
    return "\n".join([*interview_words(paper.interview, zone), *approval_words(paper.approval, zone)])


def interview_words(told: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    times = [minute(told[name], zone) for name in ("started_at", "ended_at") if name in told]
    where = "，".join(part for part in (" 至 ".join(times), told.get("place")) if part)
    lines = [
        where,
        f"被询问人 {told['asked']}" if "asked" in told else "",
        f"询问人 {'、'.join(told['askers'])}" if "askers" in told else "",
        f"记录人 {told['recorder']}" if "recorder" in told else "",
        *(said if told[name] else not_said for name, (said, not_said) in TOLD.items() if name in told),
    ]
    return [line for line in lines if line]


def approval_words(told: Mapping[str, Mapping[str, Any]], zone: ZoneInfo) -> list[str]:
    return [
        f"{title}：{one.get('opinion', '')}{signed(one, zone)}"
        for whose, title in OPINIONS.items()
        if (one := told.get(whose))
    ]


def signed(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    day_told = day(datetime.fromisoformat(told["on"]), zone) if "on" in told else None
    by = "，".join(part for part in (told.get("by"), day_told) if part)
    return f"（{by}）" if by else ""


def minute(written: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(written).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d")
