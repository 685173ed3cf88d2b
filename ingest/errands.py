"""What a person asks for one clip: read it again now, start it again."""

from typing import Any

from sqlmodel import Session

from gateway import custody, linking, outbox, receipts
from gateway.database import Database
from gateway.device import Refused
from gateway.models import Clip, Described, Original, State, Work, now
from gateway.store import LocalStore
from gateway.store.digests import digests
from gateway.wording import reason


def verify_now(database: Database, store: LocalStore, original_id: str, actor: str) -> dict[str, Any]:
    """Read the stored bytes cold and compare both digests; a difference sets the clip aside."""
    with database.read() as session:
        original = session.get(Original, original_id)
        if original is not None and original.duplicate_of is not None:
            original = session.get(Original, original.duplicate_of)
    if original is None:
        raise Refused("order.no_clip", kind="verify")
    original_id = original.id
    if original.stored_as is None:
        raise Refused("order.nothing_stored")
    if original.state is State.DESTROYED:
        raise Refused("order.destroyed")
    try:
        found = digests(store.path(original.stored_as), ("sha256", "sm3"), lambda _: None)
    except FileNotFoundError:
        found = {}
    except OSError as error:
        raise Refused("order.unreadable", error=error.strerror) from error
    same = bool(found) and found["sha256"] == original.sha256 and original.sm3 in (None, found["sm3"])
    with database.write() as session:
        original = session.get_one(Original, original_id, with_for_update=True)
        if original.state is State.DESTROYED:  # while it was read
            raise Refused("order.destroyed")
        receipts.mark_stale(session, original_id)
        if not same:
            original.state = State.QUARANTINED
            original.quarantine = (
                reason("quarantine.digest_differs", expected=original.sha256, found=found["sha256"])
                if found
                else reason("quarantine.stored_missing", path=original.stored_as)
            )
        session.add(original)
        chain = custody.device_chain(original.device_id)
        custody.append(
            session, chain, "FIXITY_CHECKED", actor, original_id, (original,), {"same": same, **found}
        )
        if not same:
            outbox.clip_changed(session, "clip.quarantined", original_id)
            linking.due(session, "original", clip_id=original_id)  # what is not whole records no step (LK-12)
    return {"same": same, **found}


def retry(database: Database, original_id: str, actor: str) -> dict[str, Any]:
    """Start a clip again: what was set aside goes back to its last safe state, what waits goes on now."""
    with database.write() as session:
        original = session.get(Original, original_id, with_for_update=True)
        if original is None:
            raise Refused("order.no_clip", kind="retry")
        if original.state is State.DESTROYED:
            raise Refused("order.destroyed")
        clip = session.get(Clip, original_id, with_for_update=True)
        if original.state is State.QUARANTINED:
            original.state = State.ACQUIRED if original.stored_as else State.FOUND
            original.quarantine = None
            begin_again(session, original_id, "preserve")
        elif clip is not None and clip.described is Described.QUARANTINED:
            clip.described, clip.quarantine = Described.RAW, None
            begin_again(session, original_id, "describe")
        else:
            begin_now(session, original_id)
        session.add(original)
        rows = [original, clip] if clip else [original]
        custody.append(
            session, custody.device_chain(original.device_id), "RETRIED", actor, original_id, rows,
            {"state": original.state.value},
        )  # fmt: skip
        return {"state": original.state.value}


def begin_again(session: Session, item_id: str, pipeline: str) -> None:
    work = session.get_one(Work, (item_id, pipeline))
    work.open, work.failures, work.run = True, 0, work.run + 1
    work.waiting, work.not_before, work.updated_at = None, None, now()
    session.add(work)


def begin_now(session: Session, item_id: str) -> None:
    for pipeline in ("preserve", "describe"):
        work = session.get(Work, (item_id, pipeline))
        if work is not None and work.open:
            work.not_before = None
            session.add(work)
