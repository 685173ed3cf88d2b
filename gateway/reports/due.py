"""Quarters that have ended and that nobody has frozen: the daemon does, one unit at a time."""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway.database import Database
from gateway.device import Refused
from gateway.law import Law, parents_of
from gateway.models import ChainHead, CustodyEvent, Role, Snapshot, Unit, now
from gateway.reports.figures import Period
from gateway.reports.snapshots import freeze
from gateway.visibility import Viewer

log = logging.getLogger(__name__)

DAEMON = Viewer("gateway", "gateway", Role.ADMIN, None)


def last_quarter(at: datetime, zone: ZoneInfo) -> Period:
    """The last one that has ended."""
    day = at.astimezone(zone).date()
    number = (day.month - 1) // 3
    return Period.quarter(day.year - (number == 0), number or 4, zone)


def next_due(session: Session, law: Law, at: datetime) -> tuple[str, Period] | None:
    """The first unit whose last quarter is due; sections are counted in the unit above them."""
    period = last_quarter(at, law.zone)
    if not had_begun(session, period.until):
        return None
    parents = parents_of(session)
    frozen = set(session.exec(select(Snapshot.unit_id).where(Snapshot.quarter == period.name)))
    wanted = select(Unit.id).where(col(Unit.is_section).is_not(True)).order_by(col(Unit.id))
    for unit in session.exec(wanted):
        days = law.packs.of(unit, parents).reports.freeze_after_days.value
        if unit not in frozen and at >= period.until + timedelta(days=days):
            return unit, period
    return None


def had_begun(session: Session, until: datetime) -> bool:
    """Of a quarter before this gateway was there it can tell nothing."""
    began = select(CustodyEvent.seq).where(
        CustodyEvent.chain == ChainHead.chain, CustodyEvent.seq == 1, CustodyEvent.at < until
    )
    return session.exec(select(ChainHead.chain).where(began.exists()).limit(1)).first() is not None


def freeze_next(database: Database, law: Law, at: datetime | None = None) -> Snapshot | None:
    """Freeze one that is due; None when there is none."""
    at = at or now()
    with database.read() as session:
        found = next_due(session, law, at)
    if found is None:
        return None
    unit, period = found
    try:
        return freeze(database, law, DAEMON, unit, period, "gateway", at=at)
    except Refused:
        log.info("%s of %s was frozen by somebody else meanwhile", period.name, unit)
        return None
