"""How the gateway itself stands: room and how long it lasts, work under way, devices, chains."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import case
from sqlmodel import Session, col, func, select

from gateway.models import ChainHead, Device, DeviceStatus, Lease, Original, Work, now

LATELY = timedelta(days=7)
"""What came in a week tells what will come."""
DEVICES = 300
CHAINS = 200


@dataclass(frozen=True, slots=True)
class Room:
    free: int
    total: int
    a_day: float
    """Bytes that came in on an average day of the last week."""

    @property
    def days(self) -> float | None:
        """So long the room lasts at this rate; None where nothing came."""
        return self.free / self.a_day if self.a_day else None


@dataclass(frozen=True, slots=True)
class Stage:
    pipeline: str
    open: int
    waiting: int
    failing: int


def room(session: Session, root: Path, at: datetime | None = None) -> Room | None:
    """None where the store's disk is not there. Ids tell when they were made: only a week of them is read."""
    since = (at or now()) - LATELY
    first = f"{int(since.timestamp() * 1000):012x}"
    came = session.exec(select(func.sum(Original.size)).where(col(Original.id) >= first)).one() or 0
    if not root.exists():
        return None
    disk = shutil.disk_usage(root)
    return Room(disk.free, disk.total, float(came) / LATELY.days)


def stages(session: Session) -> list[Stage]:
    waits = func.sum(case((col(Work.waiting).is_not(None), 1), else_=0))
    fails = func.sum(case((col(Work.failures) > 0, 1), else_=0))
    found = session.exec(
        select(Work.pipeline, func.count(), waits, fails)
        .where(col(Work.open).is_(True))
        .group_by(Work.pipeline)
        .order_by(Work.pipeline)
    )
    return [Stage(name, count, int(waiting), int(failing)) for name, count, waiting, failing in found]


def devices(session: Session) -> Sequence[tuple[Device, DeviceStatus | None]]:
    """Those that are there first, then by name."""
    joined = select(Device, DeviceStatus).join(
        DeviceStatus, col(DeviceStatus.device_id) == Device.id, isouter=True
    )
    there = func.coalesce(DeviceStatus.present, False)
    return session.exec(joined.order_by(there.desc(), col(Device.id)).limit(DEVICES)).all()


def chains(session: Session) -> Sequence[ChainHead]:
    return session.exec(select(ChainHead).order_by(col(ChainHead.count).desc()).limit(CHAINS)).all()


def executors(session: Session) -> Sequence[Lease]:
    return session.exec(select(Lease).order_by(col(Lease.executor))).all()
