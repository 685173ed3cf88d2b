"""Gathers what an annual report (执法数据分析报告) tells, and by which query a person gets it again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from shlex import quote
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session

from gateway import compliance
from gateway.compliance import Sheet, Span
from gateway.device import Refused
from gateway.law import Law, parents_of
from gateway.models import Snapshot, Unit
from gateway.reports import Report, report, snapshots
from gateway.reports.causes import Causes, causes
from gateway.reports.figures import Period
from gateway.reports.listed import Behind, behind
from gateway.reports.recording import Names
from gateway.visibility import Viewer

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Query:
    """How a person gets the same figures again."""

    ref: str
    what: str
    command: str
    path: str
    snapshot: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One period of the report, as it is now or as it was frozen."""

    query: Query
    period: Period
    report: Report | None
    """None: it has not begun."""
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Annual:
    unit: str
    name: str
    year: int
    as_of: datetime
    zone: ZoneInfo
    due_on: date
    names: Names
    quarters: Sequence[Column]
    whole: Column
    sheet: Sheet
    sheet_query: Query
    causes: Causes
    causes_query: Query
    behind: Behind
    """The names of the cases that are listed one by one."""

    @property
    def report(self) -> Report:
        assert self.whole.report is not None
        return self.whole.report

    @property
    def queries(self) -> list[Query]:
        periods = [one.query for one in (*self.quarters, self.whole)]
        return [*periods, self.causes_query, self.sheet_query]


def gather(session: Session, law: Law, viewer: Viewer, unit: str, year: int, as_of: datetime) -> Annual:
    """Take the session from `one_moment`. Raises Refused for a year that has not begun."""
    found, as_of = session.get(Unit, unit), as_of.astimezone(UTC)  # one moment, one text
    if found is None:
        raise Refused("report.unknown_unit", unit=unit)
    if not 1900 <= year <= 2200 or as_of < Period.year(year, law.zone).since:
        raise Refused("annual.not_begun", year=year)
    period = Period.year(year, law.zone)
    on = min(date(year, 12, 31), as_of.astimezone(law.zone).date())
    span = Span(date(year, 1, 1), on, law.zone)
    by = law.packs.of(unit, parents_of(session)).reports.annual_report_by.value
    whole = report(session, law, viewer, unit, period, as_of)
    return Annual(
        unit=unit, name=found.name, year=year, as_of=as_of, zone=law.zone,
        due_on=date.fromisoformat(f"{year + 1}-{by}"), names=Names.read(session),
        quarters=[
            quarter(session, law, viewer, unit, Period.quarter(year, number, law.zone), as_of, f"Q-{number}")
            for number in range(1, 5)
        ],
        whole=Column(days_query("Q-5", f"{year} 年全年", unit, period), period, whole),
        behind=behind(session, viewer, whole),
        causes=causes(session, law, viewer, unit, period, as_of),
        causes_query=causes_query("Q-6", unit, period),
        sheet=compliance.sheet(session, law.packs, span, unit, viewer.units),
        sheet_query=equipment_query("Q-7", unit, span),
    )  # fmt: skip


def quarter(
    session: Session, law: Law, viewer: Viewer, unit: str, period: Period, as_of: datetime, ref: str
) -> Column:
    """The latest frozen revision, else as the facts are now."""
    snapshot = snapshots.latest(session, unit, period.name)
    if snapshot is not None:
        opened = snapshots.opened(session, snapshot)
        return Column(frozen_query(ref, unit, snapshot), period, opened, snapshot)
    asked = {"unit": unit, "quarter": period.name}
    query = Query(
        ref, f"{period.name}（未固化，按当前记录）",
        f"gateway report show --unit {quote(unit)} --quarter {period.name} --json",
        f"{API}/reports/figures?{urlencode(asked)}",
    )  # fmt: skip
    begun = period.since <= as_of
    return Column(query, period, report(session, law, viewer, unit, period, as_of) if begun else None)


def frozen_query(ref: str, unit: str, snapshot: Snapshot) -> Query:
    return Query(
        ref, f"{snapshot.quarter}（已固化，第 {snapshot.revision} 版）",
        f"gateway report show{f' --unit {quote(unit)}' if unit else ''} --quarter {snapshot.quarter}"
        f" --frozen {snapshot.revision} --json",
        f"{API}/reports/snapshots/{snapshot.id}", snapshot.id, snapshot.digest,
    )  # fmt: skip


def days_query(ref: str, what: str, unit: str, period: Period) -> Query:
    first, after = days_of(period)
    return Query(
        ref, what, f"gateway report show --unit {quote(unit)} --from {first} --to {after} --json",
        f"{API}/reports/figures?{urlencode({'unit': unit, 'since': first, 'until': after})}",
    )  # fmt: skip


def causes_query(ref: str, unit: str, period: Period) -> Query:
    first, after = days_of(period)
    return Query(
        ref, "中断、存疑和未关联的原因",
        f"gateway report causes --unit {quote(unit)} --from {first} --to {after} --json",
        f"{API}/reports/causes?{urlencode({'unit': unit, 'since': first, 'until': after})}",
    )  # fmt: skip


def equipment_query(ref: str, unit: str, span: Span) -> Query:
    asked = {"unit": unit, "since": span.since.isoformat(), "on": span.on.isoformat()}
    return Query(
        ref, f"{span.on} 的配备情况",
        f"gateway equipment sheet --unit {quote(unit)} --since {span.since} --on {span.on} --json",
        f"{API}/equipment/sheet?{urlencode(asked)}",
    )  # fmt: skip


def days_of(period: Period) -> tuple[str, str]:
    """The first day, and the first that is no longer of it; a period begins and ends at midnight."""
    return period.since.date().isoformat(), period.until.date().isoformat()
