"""Copies for use elsewhere (R-75): under a grant that says so, with a mark burnt in, kept for some days."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from gateway import custody, orders
from gateway.database import Database
from gateway.device import Refused
from gateway.law import parents_of
from gateway.models import (
    Clip,
    ClipCopy,
    CopyState,
    CustodyEvent,
    Device,
    OrderRow,
    OrderState,
    Original,
    Rendition,
    RequestState,
    State,
    Unit,
    ViewRequest,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.store import LocalStore
from gateway.store.durable import sync_folder
from gateway.wording import CHINA, reason

COPY = "copy"
ACTOR = "gateway"
WITHIN = timedelta(hours=24)
"""A long clip on a slow machine waits behind others; what has not begun by then is not made any more."""
GOES_ON = timedelta(hours=1)
"""Bytes from further on belong to a download begun so long before: it broke off, or comes in parts."""
BATCH = 100


def kind_of(copy_id: str) -> str:
    """The kind of the rendition that holds its file and lineage."""
    return f"{COPY}-{copy_id}"


def ask(
    session: Session,
    clip: Clip,
    original: Original,
    grant: ViewRequest | None,
    start_s: float | None,
    end_s: float | None,
) -> ClipCopy:
    """Have one made; `grant` is the asker's for that clip. Raises Refused.

    One that is being made is the answer to whoever asks again: a form that is sent twice makes no second.
    """
    if grant is None or not grant.copying:
        raise Refused("retrieval.copy_no_grant")
    if original.stored_as is None or clip.kind == "AUDIO":
        raise Refused("retrieval.copy_no_picture" if clip.kind == "AUDIO" else "order.nothing_stored")
    check_span(clip, start_s, end_s)
    session.refresh(grant, with_for_update=True)  # before any chain, as whoever takes the grant back
    if grant.state is not RequestState.GRANTED:
        raise Refused("retrieval.copy_no_grant")
    same = select(ClipCopy).where(
        ClipCopy.clip_id == clip.id, ClipCopy.request_id == grant.id, ClipCopy.state == CopyState.MAKING,
        col(ClipCopy.start_s).is_not_distinct_from(start_s), col(ClipCopy.end_s).is_not_distinct_from(end_s),
    )  # fmt: skip
    if begun := session.exec(same).first():
        return begun
    copy = ClipCopy(
        clip_id=clip.id, request_id=grant.id, user_id=grant.user_id, user=grant.user, purpose=grant.purpose,
        lines=[], start_s=start_s, end_s=end_s,
    )  # fmt: skip
    copy.lines = mark(session, copy, grant)
    session.add(copy)
    session.flush()
    chain = custody.device_chain(original.device_id)
    detail = {"copy": copy.id, "request": grant.id, "start_s": start_s, "end_s": end_s}
    custody.append(session, chain, "COPY_ASKED", grant.user, clip.id, [copy], detail)
    arguments = {"copy": copy.id}
    orders.ask(session, COPY, grant.user, clip_id=clip.id, arguments=arguments, within=WITHIN)
    return copy


def check_span(clip: Clip, start_s: float | None, end_s: float | None) -> None:
    length = clip.duration_s
    if start_s is not None and (start_s < 0 or (length is not None and start_s >= length)):
        raise Refused("retrieval.copy_no_span")
    if end_s is not None and end_s <= (start_s or 0.0):
        raise Refused("retrieval.copy_no_span")


def mark(session: Session, copy: ClipCopy, grant: ViewRequest) -> list[str]:
    """Who has it, of which unit, since when, and what for: it is told in the picture, not beside it."""
    unit = session.get(Unit, grant.asker_unit_id) if grant.asker_unit_id else None
    at = copy.asked_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    whose = f"{unit.name} {copy.user}" if unit else copy.user
    return [f"调阅副本 {whose} {at}", f"用途：{copy.purpose}"]


def is_to_be_had(copy: ClipCopy, grant: ViewRequest, at: datetime) -> bool:
    """Until its days are over, unless the grant was taken back."""
    return (
        copy.state is CopyState.READY
        and grant.state is RequestState.GRANTED
        and copy.keep_until is not None
        and at < copy.keep_until
    )


def taken(session: Session, copy: ClipCopy, actor: str) -> None:
    """Each download is a line of custody, however many requests it takes."""
    copy.taken += 1
    session.add(copy)
    original = session.get_one(Original, copy.clip_id)
    chain = custody.device_chain(original.device_id)
    detail = {"copy": copy.id, "sha256": copy.sha256, "time": copy.taken}
    custody.append(session, chain, "COPY_TAKEN", actor, copy.clip_id, [copy], detail)


def is_being_taken(session: Session, copy: ClipCopy) -> bool:
    """Whether a download was noted just now. Without one, bytes from further on are one as well."""
    since = now() - GOES_ON
    wanted = select(CustodyEvent).where(
        CustodyEvent.subject == copy.clip_id, CustodyEvent.event == "COPY_TAKEN", CustodyEvent.at > since
    )
    return any(line.detail.get("copy") == copy.id for line in session.exec(wanted))


def put_down(session: Session, law: RulePacks, copy_id: str, made: Rendition) -> ClipCopy:
    """The row of what was made, with its lineage, in the transaction that says it is there."""
    copy = session.get_one(ClipCopy, copy_id, with_for_update=True)
    original = session.get_one(Original, copy.clip_id, with_for_update=True)
    if copy.state is not CopyState.MAKING or original.state is State.DESTROYED:
        raise Refused("order.destroyed" if original.state is State.DESTROYED else "retrieval.copy_no_more")
    unit = session.get_one(Device, original.device_id).unit_id
    days = law.of(unit, parents_of(session)).retrieval.copy_days.value
    copy.state, copy.size, copy.sha256, copy.made_at = CopyState.READY, made.size, made.sha256, now()
    copy.keep_until = copy.made_at + timedelta(days=days)
    session.add_all((copy, made))
    chain = custody.device_chain(original.device_id)
    detail = {"copy": copy.id, "sha256": made.sha256, "parent": made.parent_sha256, "until": copy.keep_until}
    custody.append(session, chain, "COPY_MADE", ACTOR, copy.clip_id, [copy, made], detail)
    return copy


def failed(session: Session, copy: ClipCopy, why: dict[str, object]) -> None:
    copy.state, copy.why = CopyState.FAILED, dict(why)
    session.add(copy)
    chain = custody.device_chain(session.get_one(Original, copy.clip_id).device_id)
    custody.append(session, chain, "COPY_FAILED", ACTOR, copy.clip_id, [copy], {"copy": copy.id, "why": why})


def settle(database: Database) -> int:
    """Copies whose order ended without one: whoever waits for it is told. How many."""
    with database.read() as session:
        waiting = session.exec(select(ClipCopy).where(ClipCopy.state == CopyState.MAKING)).all()
        clips = [one.clip_id for one in waiting]
        asked = session.exec(select(OrderRow).where(OrderRow.kind == COPY, col(OrderRow.clip_id).in_(clips)))
        ended = {
            order.arguments["copy"]: order
            for order in asked
            if order.state in (OrderState.FAILED, OrderState.EXPIRED)
        }
    lost = [one.id for one in waiting if one.id in ended]
    for copy_id in lost:
        with database.write() as session:
            copy = session.get_one(ClipCopy, copy_id, with_for_update=True)
            if copy.state is CopyState.MAKING:
                told = (ended[copy_id].result or {}).get("reason")
                failed(session, copy, told or reason("retrieval.copy_expired"))
    return len(lost)


def prune(database: Database, store: LocalStore, at: datetime | None = None) -> int:
    """Take away the files whose days are over, or whose grant was taken back: how many went.

    The row stays, with what it was and who had it; the original is not touched.
    """
    at = at or now()
    over = (col(ClipCopy.keep_until) <= at) | (ViewRequest.state == RequestState.REVOKED)
    with database.read() as session:
        due = session.exec(
            select(ClipCopy.id)
            .join(ViewRequest, col(ViewRequest.id) == ClipCopy.request_id)
            .where(ClipCopy.state == CopyState.READY, over)
            .order_by(col(ClipCopy.id))
            .limit(BATCH)
        ).all()
    for copy_id in due:
        with database.write() as session:
            remove(session, store, session.get_one(ClipCopy, copy_id, with_for_update=True), at)
    return len(due)


def remove(session: Session, store: LocalStore, copy: ClipCopy, at: datetime) -> None:
    """The file goes first: a crash in between leaves a row that says so, and the next round ends it."""
    made = select(Rendition).where(Rendition.clip_id == copy.clip_id, Rendition.kind == kind_of(copy.id))
    rendition = session.exec(made).one_or_none()
    if rendition is not None:
        path = store.path(rendition.stored_as)
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
        session.delete(rendition)
    copy.state, copy.removed_at = CopyState.REMOVED, at
    session.add(copy)
    chain = custody.device_chain(session.get_one(Original, copy.clip_id).device_id)
    gone = [rendition] if rendition else []
    custody.append(session, chain, "COPY_REMOVED", ACTOR, copy.clip_id, [copy], {"copy": copy.id}, gone=gone)
