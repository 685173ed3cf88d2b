"""How far a docking session is: files and bytes that are safe, what waits, when it will be done."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from gateway.models import (
    RELEASING,
    UNREAD,
    Device,
    Finding,
    Offload,
    Original,
    Policy,
    State,
    Work,
    now,
)

UNDER_WAY = (State.FOUND, State.ACQUIRED, State.VERIFIED)
TELLS_S = 3.0
"""Before that no rate can be told."""


@dataclass(frozen=True, slots=True)
class Progress:
    files: int
    """Names that were listed when the card came, or found since."""
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


class Part(NamedTuple):
    """One finding, and where its bytes are."""

    path: bytes
    size: int
    why: Mapping[str, Any] | None
    state: State | None
    copied: int | None
    waiting: Mapping[str, Any] | None

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def needs_a_person(self) -> bool:
        """Set aside, or only its name is known: what was in it, if anything, is still on the card alone."""
        return self.state is State.QUARANTINED or bool(self.why and self.why["code"] in UNREAD)

    @property
    def done(self) -> int:
        return (self.copied or 0) if self.state is State.FOUND else self.size


def progress(session: Session, offload: Offload, at: datetime | None = None) -> Progress:
    """By names, not by counts: a damaged FAT lists one name twice, and there is one finding of it."""
    listed = {bytes.fromhex(entry["path"]): entry["size"] for entry in offload.listing}
    parts = parts_of(session, offload)
    found, left = {part.path for part in parts}, [part for part in parts if part.is_under_way]
    total, done = sum(listed.values()), sum(part.done for part in parts)
    waits = left and listed.keys() <= found and all(part.waiting for part in left)
    return Progress(
        files=len(listed.keys() | found),
        ended=len(found - {part.path for part in left}),
        bytes=total,
        done=done,
        waiting=left[0].waiting if waits else None,
        to_release=still_to_erase(session, offload),
        set_aside=sum(part.needs_a_person for part in parts),
        eta_s=None if waits else seconds_to_go(offload, total, done, at or now()),
    )


def parts_of(session: Session, offload: Offload) -> list[Part]:
    rows = session.exec(
        select(  # type: ignore[call-overload]
            Finding.path, Finding.size, Finding.why, Original.state, Work.done_bytes, Work.waiting
        )
        .outerjoin(Original, col(Original.id) == Finding.original_id)
        .outerjoin(Work, and_(col(Work.item_id) == Original.id, col(Work.pipeline) == "preserve"))
        .where(Finding.offload_id == offload.id)
    )
    return [Part(*row) for row in rows]


def still_to_erase(session: Session, offload: Offload) -> int:
    device = session.get(Device, offload.device_id)
    if device is None or device.release == Policy.KEEP:
        return 0
    due = select(func.count()).select_from(Finding).where(
        Finding.offload_id == offload.id, col(Finding.release).in_(RELEASING)
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
