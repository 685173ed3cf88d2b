"""Viewings of footage (调阅): begun, ended, refused; each in the chain, and told to who listens."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody, outbox
from gateway.database import Database
from gateway.models import Clip, CustodyEvent, Device, Original, User, Viewing, ViewRequest, new_id, now
from gateway.wording import reason

LONGEST = timedelta(hours=4)
QUIET = timedelta(minutes=10)
"""A player asks for the next part again and again: one refusal in so long says the same."""
REFUSED = "VIEW_REFUSED"
BATCH = 200
ACTOR = "gateway"


def begin(
    session: Session,
    clip: Clip,
    original: Original,
    user_id: str,
    user: str,
    purpose: str,
    by: ViewRequest | None = None,
) -> Viewing:
    """One line of custody, however much is watched in it; `by` whose grant, where it is not his own right."""
    ends = now() + LONGEST
    if by is not None and by.valid_until is not None:
        ends = min(ends, by.valid_until)
    viewing = Viewing(
        id=new_id(), clip_id=clip.id, user_id=user_id, purpose=purpose, expires_at=ends,
        request_id=by.id if by else None,
    )  # fmt: skip
    session.add(viewing)
    chain = custody.device_chain(original.device_id)
    detail = {"purpose": purpose} | ({"request": by.id} if by else {})
    custody.append(session, chain, "VIEWED", user, clip.id, (viewing,), detail)
    told = {"until": viewing.expires_at}
    tell(session, "retrieval.begun", viewing, clip, original, user, told)
    return viewing


def running(session: Session, clip_id: str, user_id: str, purpose: str) -> Viewing | None:
    """The viewing that this person has begun of this clip for this purpose, while it has a while to go."""
    wanted = select(Viewing).where(
        Viewing.clip_id == clip_id,
        Viewing.user_id == user_id,
        Viewing.purpose == purpose,
        col(Viewing.ended_at).is_(None),
        Viewing.expires_at > now() + QUIET,
    )
    return session.exec(wanted.order_by(col(Viewing.expires_at).desc())).first()


def go_on(session: Session, clip: Clip, original: Original, user_id: str, user: str, purpose: str) -> Viewing:
    """The one that runs, or a new one: a page that is loaded again is the same viewing."""
    custody.take(session, custody.device_chain(original.device_id))  # two pages at once begin one
    return running(session, clip.id, user_id, purpose) or begin(
        session, clip, original, user_id, user, purpose
    )


def end(session: Session, viewing: Viewing, at: datetime, actor: str) -> None:
    """Once; a second end changes nothing."""
    session.refresh(viewing, with_for_update=True)
    if viewing.ended_at is not None:
        return
    viewing.ended_at = min(max(at, viewing.started_at), viewing.expires_at)
    session.add(viewing)
    clip, original = session.get_one(Clip, viewing.clip_id), session.get_one(Original, viewing.clip_id)
    seconds = round((viewing.ended_at - viewing.started_at).total_seconds(), 1)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, "VIEWING_ENDED", actor, clip.id, (viewing,), {"seconds": seconds})
    user = session.get_one(User, viewing.user_id).name
    told = {"ended_at": viewing.ended_at, "seconds": seconds}
    tell(session, "retrieval.ended", viewing, clip, original, user, told)


def tell(
    session: Session,
    kind: str,
    viewing: Viewing,
    clip: Clip,
    original: Original,
    user: str,
    more: dict[str, Any],
) -> None:
    """To who sees the recorder: whose case a clip was linked to learns of the clip, not of who watched it."""
    told = {
        "viewing": viewing.id,
        "clip": clip.id,
        "device": clip.device_id,
        "name": original.name,
        "by": user,
        "purpose": viewing.purpose,
        "started_at": viewing.started_at,
    }
    outbox.put(session, kind, f"viewing:{viewing.id}", told | more, device_id=clip.device_id)


def end_expired(database: Database) -> int:
    """Viewings whose time is over end by themselves: how many did."""
    with database.read() as session:
        over = select(Viewing.id).where(col(Viewing.ended_at).is_(None), Viewing.expires_at < now())
        found = session.exec(over.order_by(col(Viewing.expires_at)).limit(BATCH)).all()
    for viewing_id in found:
        with database.write() as session:
            viewing = session.get_one(Viewing, viewing_id)
            end(session, viewing, viewing.expires_at, ACTOR)
    return len(found)


def refused(session: Session, user: str, code: str, *, clip_id: str | None, device_id: str | None) -> bool:
    """Somebody asked for footage and was not let; False for what is not there, and what was noted lately."""
    chain_of = device_id
    clip = session.get(Clip, clip_id) if clip_id else None
    if clip is not None:
        device_id, chain_of = clip.device_id, session.get_one(Original, clip.id).device_id
    if device_id is None or chain_of is None or session.get(Device, device_id) is None:
        return False
    subject, why = (clip.id if clip else device_id), reason(code)
    if noted_lately(session, subject, user, code):
        return False
    custody.append(session, custody.device_chain(chain_of), REFUSED, user, subject, (), {"why": why})
    told = {"clip": clip.id if clip else None, "device": device_id, "by": user, "why": code, "at": now()}
    outbox.put(session, "retrieval.refused", f"refusal:{subject}", told, device_id=device_id)
    return True


def noted_lately(session: Session, subject: str, user: str, code: str) -> bool:
    lines = select(CustodyEvent.detail).where(
        CustodyEvent.subject == subject,
        CustodyEvent.event == REFUSED,
        CustodyEvent.actor == user,
        CustodyEvent.at > now() - QUIET,
    )
    return any(detail["why"]["code"] == code for detail in session.exec(lines))
