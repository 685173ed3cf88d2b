"""What is known of a device that is to leave for good: who has it, are its media safe, is it empty."""

from collections.abc import Iterable

from sqlmodel import Session, col, func, select

from gateway.device import shown
from gateway.models import (
    UNREAD,
    Device,
    Disposition,
    Finding,
    Offload,
    Original,
    Receipt,
    ReleaseState,
    State,
)
from gateway.rules.allocation import Holding
from gateway.rules.equipment import Leaving

UNDER_WAY = (State.FOUND, State.ACQUIRED, State.VERIFIED)


def leaving(
    session: Session, device: Device, doc_no: str | None, *, was_lost: bool, held: Iterable[Holding]
) -> Leaving:
    """The facts that AL-9 asks for. A store or a dock holds nothing that was not read."""
    offloads = session.exec(select(Offload).where(Offload.device_id == device.id)).all()
    return Leaving(
        doc_no=doc_no,
        was_lost=was_lost,
        holder=next((one.holder_id for one in held), None),
        was_read=bool(offloads) or device.type == "storage" or came_to_us(session, device),
        unfinished=count(session, device),
        unsealed=sum(not is_whole(session, offload) for offload in offloads),
        left_on_it=tuple(name for one in last_of_each_card(offloads) for name in left_on(session, one)),
    )


def came_to_us(session: Session, device: Device) -> bool:
    """A recorder that is never docked sends what it records: nothing stays on it."""
    return session.exec(select(Finding.id).where(Finding.device_id == device.id).limit(1)).first() is not None


def count(session: Session, device: Device) -> int:
    return session.exec(
        select(func.count())
        .select_from(Original)
        .where(Original.device_id == device.id, col(Original.state).in_(UNDER_WAY))
    ).one()


def is_whole(session: Session, offload: Offload) -> bool:
    """Its newest receipt is of now, and nothing is missing in it."""
    newest = session.exec(
        select(Receipt)
        .where(Receipt.offload_id == offload.id)
        .order_by(col(Receipt.revision).desc())
        .limit(1)
    ).first()
    return newest is not None and not offload.stale and not newest.body.get("missing")


def last_of_each_card(offloads: Iterable[Offload]) -> list[Offload]:
    """A device may have had several cards; each is as empty as it was when it came last."""
    last: dict[str, Offload] = {}
    for offload in sorted(offloads, key=lambda one: (one.opened_at, one.id)):
        last[offload.volume] = offload
    return list(last.values())


def left_on(session: Session, offload: Offload) -> list[str]:
    """What lay on the card then and was not erased since; the device's own settings do not count."""
    found = {one.path: one for one in session.exec(select(Finding).where(Finding.offload_id == offload.id))}
    listed = {bytes.fromhex(entry["path"]) for entry in offload.listing}
    stays = [path for path, one in found.items() if is_left(one)]
    return [shown(path) for path in sorted([*stays, *(listed - found.keys())])]


def is_left(finding: Finding) -> bool:
    if finding.disposition is Disposition.LISTED:
        return bool(finding.why) and finding.why["code"] in UNREAD  # type: ignore[index]
    return finding.release is not ReleaseState.DONE
