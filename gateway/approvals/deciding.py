"""Decides over requests to watch footage, and takes grants back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, retrieval
from gateway.approvals.asking import MOST
from gateway.approvals.heads import heads, is_head
from gateway.device import Refused
from gateway.law import parents_of
from gateway.models import (
    Clip,
    Original,
    RequestedClip,
    RequestState,
    ViewDecision,
    Viewing,
    ViewRequest,
    now,
)
from gateway.rulepacks import lineage_of
from gateway.rules.approval import Decided, Heads, Request, deciding
from gateway.rules.judgement import CLASSIFIED
from gateway.texts import Why
from gateway.visibility import Viewer


class Verdict(BaseModel):
    """What a head says; a refusal says why."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    approve: bool
    why: Why | None = None
    days: int | None = Field(default=None, ge=1, le=366, description="shorter than asked for")


def decisions(session: Session, request_id: str) -> list[ViewDecision]:
    found = select(ViewDecision).where(ViewDecision.request_id == request_id)
    return list(session.exec(found.order_by(col(ViewDecision.id))))


def as_rules_take_it(session: Session, request: ViewRequest) -> Request:
    said = decisions(session, request.id)
    return Request(
        asker=request.user_id,
        lineage=tuple(lineage_of(request.unit_id, parents_of(session))),
        needs=request.needs,
        decided=tuple(Decided(one.user_id, one.unit_id, one.approved) for one in said),
    )


def waits_for(
    session: Session, request: ViewRequest, known: Heads | None = None
) -> tuple[str, frozenset[str]] | None:
    """Whose heads decide now, and which accounts; None: it is decided, or nobody can."""
    if request.state is not RequestState.ASKED:
        return None
    return deciding(as_rules_take_it(session, request), heads(session) if known is None else known)


def may_decide(session: Session, request: ViewRequest, viewer: Viewer, known: Heads | None = None) -> bool:
    found = waits_for(session, request, known)
    return found is not None and viewer.user_id in found[1]


def clips_of(session: Session, request_id: str) -> list[tuple[Clip, Original]]:
    found = (
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .join(RequestedClip, col(RequestedClip.clip_id) == Clip.id)
        .where(RequestedClip.request_id == request_id)
    )
    return list(session.exec(found.order_by(col(Clip.started_at), col(Clip.id))))


def decide(session: Session, request: ViewRequest, viewer: Viewer, said: Verdict) -> ViewDecision:
    """One head's word; the last that is needed opens the clips. Raises Refused."""
    custody.take(session, custody.SITE)  # two heads at once: the second is told
    session.refresh(request, with_for_update=True)
    if request.state is not RequestState.ASKED:
        raise Refused("retrieval.decided")
    if request.user_id == viewer.user_id:
        raise Refused("retrieval.own_request")
    turn = waits_for(session, request)
    if turn is None or viewer.user_id not in turn[1]:
        raise Refused("retrieval.not_the_head")
    clips = clips_of(session, request.id)
    check(session, request, said, clips)
    decision = ViewDecision(
        request_id=request.id, user_id=viewer.user_id, user=viewer.name, unit_id=turn[0],
        approved=said.approve, why=said.why,
    )  # fmt: skip
    session.add(decision)
    if said.approve and said.days is not None:
        request.days = said.days
    session.flush()
    opens = move(session, request, viewer, said)
    session.add(request)
    event = "VIEW_APPROVED" if said.approve else "VIEW_DECLINED"
    detail = {"as": turn[0], "why": said.why, "until": request.valid_until}
    custody.append(session, custody.SITE, event, viewer.name, request.id, [request, decision], detail)
    if opens:
        on_each(session, clips, "VIEW_GRANTED", viewer.name, request, {"until": request.valid_until})
    return decision


def check(
    session: Session, request: ViewRequest, said: Verdict, clips: Sequence[tuple[Clip, Original]]
) -> None:
    if not said.approve and said.why is None:
        raise Refused("retrieval.says_nothing")
    if said.approve and not clips:
        raise Refused("retrieval.nothing_found")
    if said.approve and len(clips) > MOST:
        raise Refused("retrieval.too_many", most=MOST)
    if said.days is not None and said.days > request.days:
        raise Refused("retrieval.longer_than_asked", days=request.days)
    if said.approve and became_secret(session, request):
        raise Refused("retrieval.became_secret")


def became_secret(session: Session, request: ViewRequest, clip_id: str | None = None) -> bool:
    """Whether one of its clips, or that one, is a state secret that was none when it was asked."""
    found = (
        select(RequestedClip.id)
        .join(Clip, col(Clip.id) == RequestedClip.clip_id)
        .where(
            RequestedClip.request_id == request.id,
            Clip.secrecy == CLASSIFIED,
            col(RequestedClip.secret).is_not(True),
        )
    )
    if clip_id is not None:
        found = found.where(RequestedClip.clip_id == clip_id)
    return session.exec(found.limit(1)).first() is not None


def move(session: Session, request: ViewRequest, viewer: Viewer, said: Verdict) -> bool:
    """Whether the request is granted by that."""
    if not said.approve:
        request.state, request.ended_at = RequestState.DECLINED, now()
        request.ended_by, request.ended_why = viewer.name, said.why
        return False
    if not as_rules_take_it(session, request).is_complete:
        return False
    request.state, request.granted_at = RequestState.GRANTED, now()
    request.valid_until = request.granted_at + timedelta(days=request.days)
    return True


def on_each(
    session: Session,
    clips: Sequence[tuple[Clip, Original]],
    event: str,
    actor: str,
    request: ViewRequest,
    detail: dict[str, Any],
) -> None:
    """A line in the chain of every clip; in the order of the chains, so that no two lock each other out."""
    told = {"request": request.id, "to": request.user, "purpose": request.purpose, **detail}
    none: list[SQLModel] = []
    for clip, original in sorted(clips, key=lambda pair: (pair[1].device_id, pair[0].id)):
        custody.append(session, custody.device_chain(original.device_id), event, actor, clip.id, none, told)


def revoke(session: Session, request: ViewRequest, viewer: Viewer, why: str) -> None:
    """By a head of the unit or of one above it, and by who has the grant; at once. Raises Refused."""
    custody.take(session, custody.SITE)
    session.refresh(request, with_for_update=True)
    if request.state is not RequestState.GRANTED:
        raise Refused("retrieval.no_grant")
    if not may_revoke(session, request, viewer):
        raise Refused("retrieval.not_the_head")
    request.state, request.ended_at = RequestState.REVOKED, now()
    request.ended_by, request.ended_why = viewer.name, why
    session.add(request)
    custody.append(session, custody.SITE, "VIEW_REVOKED", viewer.name, request.id, [request], {"why": why})
    on_each(session, clips_of(session, request.id), "VIEW_GRANT_ENDED", viewer.name, request, {"why": why})
    running = select(Viewing).where(Viewing.request_id == request.id, col(Viewing.ended_at).is_(None))
    for viewing in session.exec(running.order_by(col(Viewing.id))).all():
        retrieval.end(session, viewing, now(), viewer.name)


def may_revoke(session: Session, request: ViewRequest, viewer: Viewer, known: Heads | None = None) -> bool:
    if request.state is not RequestState.GRANTED:
        return False
    return viewer.user_id == request.user_id or is_head(session, viewer, request.unit_id, known)
