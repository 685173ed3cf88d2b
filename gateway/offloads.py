"""How far a docking session is: files and bytes that are safe, what waits, when it will be done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from gateway.models import (
    UNREAD,
    Device,
    Finding,
    Offload,
    Original,
    Policy,
    ReleaseState,
    State,
    Work,
    now,
)

ENDED = (State.PRESERVED, State.DUPLICATE, State.QUARANTINED)
TELLS_S = 3.0
"""Before that no rate can be told."""


@dataclass(frozen=True, slots=True)
class Progress:
    files: int
    """Listed when the card came."""
    ended: int
    """Kept, known already, set aside or not to be kept: nothing more happens to them."""
    bytes: int
    done: int
    waiting: Mapping[str, Any] | None
    """Why nothing goes on, if all that is left waits."""
    to_release: int
    """Of those that ended, how many are still to be erased: the card may be writable just now."""
    set_aside: int
    """Of those that ended, how many a person has to look at: quarantined, or listed and never read."""
    eta_s: float | None
    """Seconds to go at the mean rate so far; None while that cannot be told."""

    @property
    def has_ended(self) -> bool:
        """Nothing more happens by itself."""
        return self.ended >= self.files and not self.to_release

    @property
    def is_done(self) -> bool:
        """The camera may be taken: every listed file is safe, or need not be."""
        return self.has_ended and not self.set_aside


def progress(session: Session, offload: Offload, at: datetime | None = None) -> Progress:
    rows = session.exec(
        select(Original.state, Original.size, Work.done_bytes, Work.waiting)
        .join(Finding, col(Finding.original_id) == Original.id)
        .join(Work, col(Work.item_id) == Original.id)
        .where(Finding.offload_id == offload.id, Work.pipeline == "preserve")
    ).all()
    found, not_kept = session.exec(
        select(func.count(), func.sum(case((col(Finding.original_id).is_(None), Finding.size), else_=0)))
        .select_from(Finding)
        .where(Finding.offload_id == offload.id)
    ).one()
    left = [row for row in rows if row[0] not in ENDED]
    done = int(not_kept or 0) + sum(row[1] for row in rows if row[0] in ENDED)
    done += sum(row[1] if row[0] is not State.FOUND else row[2] for row in left)
    listed = sum(entry["size"] for entry in offload.listing)
    waits = left and found == len(offload.listing) and all(row[3] for row in left)
    return Progress(
        files=len(offload.listing),
        ended=found - len(left),
        bytes=listed,
        done=done,
        waiting=left[0][3] if waits else None,
        to_release=still_to_erase(session, offload),
        set_aside=sum(row[0] is State.QUARANTINED for row in rows) + never_read(session, offload),
        eta_s=None if waits else seconds_to_go(offload, listed, done, at or now()),
    )


def never_read(session: Session, offload: Offload) -> int:
    """Files of which only the name is known: what was in them, if anything, is still on the card alone."""
    missed = select(func.count()).select_from(Finding).where(
        Finding.offload_id == offload.id, col(Finding.why)["code"].as_string().in_(UNREAD)
    )  # fmt: skip
    return session.exec(missed).one()


def still_to_erase(session: Session, offload: Offload) -> int:
    device = session.get(Device, offload.device_id)
    if device is None or device.release == Policy.KEEP:
        return 0
    due = select(func.count()).select_from(Finding).where(
        Finding.offload_id == offload.id, Finding.release == ReleaseState.DUE
    )  # fmt: skip
    return session.exec(due).one()


def seconds_to_go(offload: Offload, listed: int, done: int, at: datetime) -> float | None:
    passed = (at - offload.opened_at).total_seconds()
    if done >= listed:
        return 0.0
    return (listed - done) * passed / done if done and passed >= TELLS_S else None


def open_offloads(session: Session, devices: Collection[str]) -> dict[str, Offload]:
    """The docking session of each device that is in a bay now."""
    found = session.exec(
        select(Offload)
        .where(col(Offload.device_id).in_(devices), col(Offload.closed_at).is_(None))
        .order_by(Offload.id)
    )
    return {offload.device_id: offload for offload in found}
