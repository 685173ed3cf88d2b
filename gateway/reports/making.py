"""Makes the file of a paper and puts it on record: who made which report, and what its bytes are."""

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import assert_never

from sqlmodel import Session, col, select

from gateway import custody
from gateway.config import ConfigError
from gateway.device import Refused
from gateway.models import ReportMade, Unit
from gateway.reports.paper import Paper


class Format(StrEnum):
    XLSX = "xlsx"
    PDF = "pdf"


MEDIA = {
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PDF: "application/pdf",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what a report is."""

    kind: str
    unit: str
    period: str
    sample: str | None = None
    case: str | None = None


def format_of(out: Path | None) -> Format:
    """By the name of the file. Raises ConfigError, also where no file can be put: before it is on record."""
    if out is not None and not os.access(out.parent, os.W_OK):
        raise ConfigError(f"{out}: its folder is not there, or cannot be written to")
    try:
        return Format((out.suffix if out else "")[1:].lower())
    except ValueError:
        raise ConfigError("where to? --out FILE.xlsx or --out FILE.pdf") from None


def file_of(paper: Paper, wanted: Format) -> bytes:
    """Only the writer that is wanted is loaded: openpyxl and typst take their time."""
    match wanted:
        case Format.XLSX:
            from gateway.reports.workbook import workbook

            return workbook(paper)
        case Format.PDF:
            from gateway.reports.printing import pdf

            return pdf(paper)
    assert_never(wanted)


def put_on_record(
    session: Session, paper: Paper, subject: Subject, wanted: Format, content: bytes, actor: str
) -> ReportMade:
    made = ReportMade(
        kind=subject.kind, unit_id=subject.unit or the_top(session), period=subject.period,
        sample_id=subject.sample,
        case_uid=subject.case, format=wanted.value, as_of=paper.as_of, content=paper.digest,
        sha256=hashlib.sha256(content).hexdigest(), size=len(content), made_by=actor,
    )  # fmt: skip
    session.add(made)
    detail = {
        "kind": made.kind, "unit": made.unit_id, "period": made.period, "sample": made.sample_id,
        "format": made.format, "content": made.content, "sha256": made.sha256,
    }  # fmt: skip
    if made.case_uid is not None:
        detail["case"] = made.case_uid
    custody.append(session, custody.SITE, "REPORT_MADE", actor, made.id, [made], detail)
    return made


def the_top(session: Session) -> str:
    """Whose a report of the whole site is: the unit above all others. Raises Refused without one."""
    tops = session.exec(select(Unit.id).where(col(Unit.parent_id).is_(None)).limit(2)).all()
    if len(tops) != 1:
        raise Refused("report.several_tops")
    return tops[0]


def put_down(path: Path, content: bytes) -> None:
    """The whole file or none, whatever lay there before."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as partial:
        partial.write(content)
        partial.flush()
        os.fsync(partial.fileno())
    Path(partial.name).chmod(0o640)
    Path(partial.name).replace(path)
