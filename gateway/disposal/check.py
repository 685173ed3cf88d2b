"""What `gateway verify` wants to know: whether disposals agree with their lists, records and originals."""

from collections.abc import Iterator

from sqlmodel import Session, col, select

from gateway.custody import UNREADABLE
from gateway.disposal.listing import items_of, listing_digest
from gateway.models import DestructionRecord, DisposalRun, Original, State


def is_destroyed(session: Session, original_id: str) -> bool:
    gone = select(Original.id).where(Original.id == original_id, Original.state == State.DESTROYED)
    return session.exec(gone).first() is not None


def differences(session: Session) -> Iterator[tuple[str, str]]:
    """(where, what) for each; whether the bytes are gone, the store tells."""
    for run_id in session.exec(select(DisposalRun.id).order_by(col(DisposalRun.id))).all():
        try:
            run = session.get_one(DisposalRun, run_id)
            same = listing_digest(items_of(session, run)) == run.listing
        except UNREADABLE:
            continue  # named as a row that cannot be read
        if not same:
            yield f"row disposalrun/{run_id}", "edited: its list is not the one that was proposed"
        session.expunge_all()
    recorded = select(DestructionRecord.original_id)
    unrecorded = select(Original.id).where(
        Original.state == State.DESTROYED, col(Original.id).not_in(recorded)
    )
    for original_id in session.exec(unrecorded.order_by(col(Original.id))):
        yield f"row original/{original_id}", "destroyed, and no record tells of it"
    whole = select(Original.id).where(col(Original.id).in_(recorded), Original.state != State.DESTROYED)
    for original_id in session.exec(whole.order_by(col(Original.id))):
        yield f"row original/{original_id}", "a record says that it was destroyed"
