"""What each event of a driver changes in the database."""

from collections.abc import Sequence
from typing import Any, assert_never

from sqlmodel import Session, col, select

from gateway import custody, handover
from gateway.device import (
    BadgeShown,
    BayRead,
    ClockRead,
    ClockSet,
    Connected,
    DeviceEvent,
    DeviceSeen,
    Disconnected,
    FileFound,
    FileListed,
    OffloadOpened,
    SignalReceived,
    StillThere,
    StrangerSeen,
    TrackReceived,
    Unavailable,
    shown,
)
from gateway.intake import clocks, telemetry
from gateway.intake.devices import device_seen
from gateway.intake.files import ACTOR, file_found, list_only, still_there
from gateway.models import DeviceStatus, Offload, now
from gateway.wording import reason

HOLDS = {"OFFLOADING", "EMPTY"}
"""States in which a dock's bay knows what it holds."""


def store_one(session: Session, event: DeviceEvent, host: str, executor: str) -> list[str]:
    """Store one event; returns the items that now have work to do."""
    match event:
        case DeviceSeen():
            device_seen(session, event)
        case StrangerSeen():
            set_status(session, event.device_id, event.bay, present=True, state="STRANGER", why=event.why)
            detail = {"bay": event.bay, "why": event.why, "seen": dict(event.detail)}
            record(session, event.device_id, "STRANGER_REFUSED", detail)
        case Connected():
            status = set_status(session, event.device_id, event.bay, present=True)
            status.executor = executor
            no_longer_why(status)
            record(session, event.device_id, "CONNECTED", {"bay": event.bay, "volume": event.volume})
        case OffloadOpened():
            open_offload(session, event, executor)
        case FileFound(found=found):
            return file_found(session, found, host)
        case FileListed():
            list_only(session, event)
        case StillThere():
            still_there(session, event)
        case ClockRead():
            clocks.clock_read(session, event)
        case ClockSet():
            clocks.clock_set(session, event)
        case Disconnected():
            disconnect(session, event)
        case Unavailable():
            set_status(session, event.device_id, None, present=False, why=event.why)
        case _:
            told(session, event)
    return []


def told(session: Session, event: SignalReceived | TrackReceived | BayRead | BadgeShown) -> None:
    """What a device tells while it works."""
    match event:
        case SignalReceived(event_id=""):
            signal(session, event)
        case SignalReceived():
            telemetry.keep(session, [event])
        case TrackReceived():
            telemetry.keep(session, [event])
        case BayRead():
            handover.bay_read(session, event)
        case BadgeShown():
            handover.badge_shown(session, event)
        case _:
            assert_never(event)


def signal(session: Session, event: SignalReceived) -> None:
    """Telemetry; what a bay does is shown as the bay's own state."""
    detail = dict(event.detail) if event.bay else {event.kind: dict(event.detail)}
    present = not has_left_since(session, event)
    set_status(session, event.device_id, event.bay, present=present, **detail)
    if event.bay and event.kind == "bay" and detail.get("state") in HOLDS:
        camera = detail.get("camera")
        handover.docked(session, event.device_id, event.bay, str(camera) if camera else None, event.at)


def no_longer_why(status: DeviceStatus) -> None:
    """Why a device could not be had goes with the next that is heard of it; a bay's reason is its state's."""
    if not status.bay and "why" in status.detail:
        status.detail = {name: value for name, value in status.detail.items() if name != "why"}


def has_left_since(session: Session, event: SignalReceived) -> bool:
    """Whether the device went after it said this: what is stored late must not bring it back."""
    status = session.get(DeviceStatus, (event.device_id, event.bay or ""))
    return status is not None and not status.present and event.at <= status.since


def statuses_of(session: Session, events: Sequence[DeviceEvent]) -> Sequence[DeviceStatus]:
    """The states that a batch of heartbeats will change, read at once."""
    showing = {one.device_id for one in events if isinstance(one, SignalReceived) and not one.event_id}
    if len(showing) < 2:
        return ()
    return session.exec(select(DeviceStatus).where(col(DeviceStatus.device_id).in_(showing))).all()


def listed_instead(event: FileFound, error: Exception) -> FileListed:
    """For a file whose details no database takes: it is accounted for all the same."""
    found = event.found
    return FileListed(
        device_id=found.device_id,
        offload=found.offload,
        path=found.path,
        size=min(found.size, 2**63 - 1),
        mtime_ns=0,
        why=reason("listed.unstorable", error=type(error).__name__),
    )


def device_of(event: DeviceEvent) -> str:
    return event.found.device_id if isinstance(event, FileFound) else event.device_id


def record(session: Session, device_id: str, event: str, detail: dict[str, Any]) -> None:
    custody.append(session, custody.device_chain(device_id), event, ACTOR, device_id, (), detail)


def set_status(
    session: Session, device_id: str, bay: str | None, *, present: bool, **detail: Any
) -> DeviceStatus:  # fmt: skip
    status = session.get(DeviceStatus, (device_id, bay or "")) or DeviceStatus(
        device_id=device_id, bay=bay or ""
    )
    if status.present != present:
        status.present, status.since = present, now()
    status.detail = {**status.detail, **detail}
    session.add(status)
    return status


def open_offload(session: Session, event: OffloadOpened, executor: str) -> None:
    if session.get(Offload, event.offload) is not None:
        return
    listing = [
        {
            "path": file.path.hex(),
            "name": shown(file.path),
            "size": file.size,
            "mtime_ns": file.mtime_ns,
            "sequence": file.sequence,
        }
        for file in event.listing
    ]
    offload = Offload(
        id=event.offload, device_id=event.device_id, bay=event.bay, volume=event.volume,
        opened_at=event.at, listing=listing, executor=executor,
    )  # fmt: skip
    session.add(offload)
    record(
        session, event.device_id, "OFFLOAD_OPENED",
        {
            "offload": offload.id,
            **{name: getattr(offload, name) for name in ("bay", "volume", "opened_at")},
            "files": len(listing),
            "bytes": sum(file.size for file in event.listing),
            "listing": custody.value_digest(listing),
        },
    )  # fmt: skip


def disconnect(session: Session, event: Disconnected) -> None:
    """End the offload that is named, or all of the device; it is absent once none is open."""
    still_open = session.exec(
        select(Offload).where(Offload.device_id == event.device_id, col(Offload.closed_at).is_(None))
    ).all()
    ended = [offload for offload in still_open if event.offload in (None, offload.id)]
    for offload in ended:
        offload.closed_at, offload.stale = event.at, True
        session.add(offload)
    if len(ended) == len(still_open):
        for status in session.exec(select(DeviceStatus).where(DeviceStatus.device_id == event.device_id)):
            status.present, status.since = False, event.at
            no_longer_why(status)
            session.add(status)
    closed = {"closed": [offload.id for offload in ended], "closed_at": event.at} if ended else {}
    record(session, event.device_id, "DISCONNECTED", {"offload": event.offload, **closed})


def end_what_was_open(session: Session, executor: str) -> None:
    """At start: what this gateway saw when it was killed, it has lost sight of; who is there comes anew.

    Without this a camera that was taken out meanwhile stays in its bay for ever, and its session without a
    receipt.
    """
    mine = DeviceStatus.executor == executor, Offload.executor == executor
    present = select(DeviceStatus.device_id).where(mine[0], col(DeviceStatus.present).is_(True))
    sessions = select(Offload.device_id).where(mine[1], col(Offload.closed_at).is_(None))
    for device in sorted({*session.exec(present), *session.exec(sessions)}):
        disconnect(session, Disconnected(device_id=device, at=now()))
