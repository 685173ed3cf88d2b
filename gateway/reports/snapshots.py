"""Quarters as they were when they were frozen: made once, never changed, frozen again as a new revision."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway import custody
from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law
from gateway.models import Snapshot, SnapshotFigure, Unit, now
from gateway.reports import one_moment, report
from gateway.reports.figures import Code, Figure, Period, Report, grouped, ungrouped
from gateway.visibility import Viewer

WRITTEN = re.compile(r"(\d{4})-?[Qq]([1-4])")


def quarter(written: str, zone: ZoneInfo) -> Period:
    """2026-Q3. Raises Refused."""
    found = WRITTEN.fullmatch(written)
    if found is None or not 1900 <= int(found[1]) <= 2200:
        raise Refused("report.no_quarter", written=written)
    return Period.quarter(int(found[1]), int(found[2]), zone)


def freeze(
    database: Database,
    law: Law,
    viewer: Viewer,
    unit: str | None,
    period: Period,
    actor: str,
    why: str | None = None,
    at: datetime | None = None,
) -> Snapshot:
    """Freeze a unit's quarter, with those below it. None is the whole site.

    Counted first and written then: no transaction that writes is open while a quarter is counted.
    Raises Refused before the quarter has ended, and without a reason where it was frozen before.
    """
    at = at or now()
    if at < period.until:
        raise Refused("report.runs", until=period.until.isoformat())
    with one_moment(database) as session:
        if unit is not None and session.get(Unit, unit) is None:
            raise Refused("report.unknown_unit", unit=unit)
        may_freeze(latest(session, unit, period.name), why)
        counted = report(session, law, viewer, unit, period, at)
    with database.write() as session:
        return seal(session, counted, actor, why)


def may_freeze(last: Snapshot | None, why: str | None) -> None:
    if last is not None and not (why or "").strip():
        raise Refused("report.again", revision=last.revision)


def seal(session: Session, counted: Report, actor: str, why: str | None) -> Snapshot:
    """Write a report and its line of custody in the caller's transaction."""
    custody.take(session, custody.SITE)  # two who freeze one quarter take turns
    last = latest(session, counted.unit_id, counted.period.name)
    may_freeze(last, why)
    snapshot = Snapshot(
        unit_id=counted.unit_id or "",
        quarter=counted.period.name,
        revision=last.revision + 1 if last else 1,
        since=counted.period.since,
        until=counted.period.until,
        as_of=counted.as_of,
        packs=dict(counted.pack_digests),
        digest=counted.digest,
        frozen_by=actor,
        why=why,
    )
    session.add(snapshot)
    session.flush()
    rows = [row_of(snapshot.id, place, one) for place, one in enumerate(counted.figures)]
    session.add_all(rows)
    told = {"unit": snapshot.unit_id, "quarter": snapshot.quarter, "revision": snapshot.revision,
            "digest": snapshot.digest}  # fmt: skip
    custody.append(session, custody.SITE, "QUARTER_FROZEN", actor, snapshot.id, (snapshot, *rows), told)
    return snapshot


def row_of(snapshot_id: str, place: int, one: Figure) -> SnapshotFigure:
    return SnapshotFigure(
        snapshot_id=snapshot_id,
        code=one.code.value,
        place=place,
        told=one.told,
        numerator=one.numerator,
        denominator=one.denominator,
        notes=list(one.notes),
        rules=list(one.rules),
        sources=list(one.sources),
        members=grouped(one.members),
    )


def latest(session: Session, unit: str | None, name: str) -> Snapshot | None:
    return session.exec(
        select(Snapshot)
        .where(Snapshot.unit_id == (unit or ""), Snapshot.quarter == name)
        .order_by(col(Snapshot.revision).desc())
        .limit(1)
    ).first()


def revision_of(session: Session, unit: str | None, name: str, revision: int | None) -> Snapshot:
    """That revision, or the latest. Raises Refused."""
    if revision is None:
        found = latest(session, unit, name)
    else:
        found = session.exec(
            select(Snapshot).where(
                Snapshot.unit_id == (unit or ""), Snapshot.quarter == name, Snapshot.revision == revision
            )
        ).one_or_none()
    if found is None:
        raise Refused("report.unknown_snapshot")
    return found


def before(session: Session, snapshot: Snapshot) -> Snapshot | None:
    """The revision that this one follows."""
    if snapshot.revision == 1:
        return None
    return revision_of(session, snapshot.unit_id, snapshot.quarter, snapshot.revision - 1)


def opened(session: Session, snapshot: Snapshot) -> Report:
    """The report as it was frozen."""
    rows = session.exec(
        select(SnapshotFigure)
        .where(SnapshotFigure.snapshot_id == snapshot.id)
        .order_by(col(SnapshotFigure.place))
    )
    return Report(
        unit_id=snapshot.unit_id or None,
        period=Period(snapshot.since, snapshot.until, snapshot.quarter),
        as_of=snapshot.as_of,
        packs=tuple(sorted(snapshot.packs)),
        figures=tuple(map(figure_of, rows)),
        pack_digests=snapshot.packs,
    )


def one_opened(session: Session, snapshot: Snapshot, code: Code) -> Figure:
    return figure_of(
        session.exec(
            select(SnapshotFigure).where(
                SnapshotFigure.snapshot_id == snapshot.id, SnapshotFigure.code == code.value
            )
        ).one()
    )


def figure_of(row: SnapshotFigure) -> Figure:
    return Figure(
        code=Code(row.code),
        members=ungrouped(row.members),
        told=row.told,
        notes=tuple(row.notes),
        rules=tuple(row.rules),
        sources=tuple(row.sources),
    )
