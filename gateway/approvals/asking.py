"""Asks to watch footage: by clips, by a case, by a party, or by the time in which a unit recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway import custody
from gateway.device import Refused
from gateway.instants import Moment
from gateway.law import Law, parents_of
from gateway.models import (
    CaseAlias,
    CaseParty,
    CaseRecord,
    Clip,
    Device,
    Link,
    LinkStatus,
    RequestedClip,
    RequestScope,
    RequestState,
    RequestUse,
    Unit,
    User,
    ViewRequest,
    now,
)
from gateway.rules.approval import approvals
from gateway.rules.case_number import normalise
from gateway.rules.judgement import CLASSIFIED
from gateway.texts import Why, unseen_in
from gateway.visibility import Viewer, units_below

MOST = 200
"""Clips that one request may name: what is more is a search of everything, and no need."""
WIDEST = timedelta(days=31)

Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]


class Asked(BaseModel):
    """Which footage, why, and for how long."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    unit: Word = Field(description="that collected the footage: its head decides")
    purpose: Why = Field(examples=["案卷评查"])
    days: int = Field(ge=1, le=366, description="needed for how long, from the approval on")
    clips: list[Word] = Field(default=[], max_length=MOST)
    case: Word | None = Field(default=None, description="a case, by its id or one of its numbers")
    party: Word | None = Field(default=None, description="a party, by its id or its whole name")
    since: Moment | None = None
    until: Moment | None = None
    use: RequestUse = Field(default=RequestUse.INSIDE, description="OUTSIDE: publicity, training (R-74)")
    copying: bool = Field(default=False, description="copies with a mark are wanted as well (R-75)")

    @property
    def scope(self) -> RequestScope:
        """Raises Refused for what names nothing, or two things at once."""
        named = [
            scope
            for scope, given in (
                (RequestScope.CLIPS, self.clips),
                (RequestScope.CASE, self.case),
                (RequestScope.PARTY, self.party),
            )
            if given
        ]
        if len(named) > 1 or not (named or (self.since and self.until)):
            raise Refused("retrieval.which")
        if self.since and self.until and not self.since < self.until:
            raise Refused("retrieval.no_span")
        if not named and self.until and self.since and self.until - self.since > WIDEST:
            raise Refused("retrieval.span_too_wide", days=WIDEST.days)
        return named[0] if named else RequestScope.SPAN

    @property
    def subject(self) -> dict[str, Any]:
        told = self.model_dump(mode="json", include={"clips", "case", "party", "since", "until"})
        return {name: value for name, value in told.items() if value}


def ask(session: Session, law: Law, viewer: Viewer, asked: Asked) -> ViewRequest:
    """Write a request down with the clips that it means now. Raises Refused.

    Of footage that the asker cannot see nobody says whether it is there: the head sees how much was found,
    and that it is too much. What the same person asks for already, undecided, is that request; where he sees
    the footage, of the same clips.
    """
    scope = asked.scope
    if unseen := unseen_in(asked.purpose):  # it is burnt into copies, beside what must be read
        raise Refused("retrieval.unseen_characters", found="、".join(unseen))
    if session.get(Unit, asked.unit) is None:
        raise Refused("scope.unknown_unit", unit=asked.unit)
    limits = law.packs.of(asked.unit, parents_of(session)).retrieval
    if asked.days > limits.longest_grant_days.value:
        raise Refused("retrieval.too_long", days=limits.longest_grant_days.value)
    clips = session.exec(meant(session, asked, scope).order_by(col(Clip.id)).limit(MOST + 1)).all()
    if len(clips) > MOST and viewer.is_over(asked.unit):
        raise Refused("retrieval.too_many", most=MOST)
    secret = any(clip.secrecy == CLASSIFIED for clip in clips)
    custody.take(session, custody.SITE)  # a form that is sent twice at once
    if (open_one := asked_already(session, viewer, asked, clips)) is not None:
        return open_one
    request = ViewRequest(
        user_id=viewer.user_id, user=viewer.name, asker_unit_id=session.get_one(User, viewer.user_id).unit_id,
        unit_id=asked.unit, scope=scope, subject=asked.subject, use=asked.use, copying=asked.copying,
        purpose=asked.purpose, days=asked.days, secret=secret,
        needs=approvals(
            outside=asked.use is RequestUse.OUTSIDE, secret=secret,
            for_outside=limits.outside_approvals.value, for_secret=limits.secret_approvals.value,
        ),
    )  # fmt: skip
    session.add(request)
    session.flush()
    named = [
        RequestedClip(request_id=request.id, clip_id=clip.id, secret=clip.secrecy == CLASSIFIED or None)
        for clip in clips
    ]
    session.add_all(named)
    detail = {"unit": asked.unit, "clips": len(named), "purpose": asked.purpose, "days": asked.days}
    custody.append(
        session, custody.SITE, "VIEW_REQUESTED", viewer.name, request.id, [request, *named], detail
    )
    return request


def asked_already(
    session: Session, viewer: Viewer, asked: Asked, clips: Sequence[Clip]
) -> ViewRequest | None:
    same = select(ViewRequest).where(
        ViewRequest.user_id == viewer.user_id, ViewRequest.state == RequestState.ASKED,
        ViewRequest.unit_id == asked.unit, ViewRequest.scope == asked.scope, ViewRequest.use == asked.use,
        ViewRequest.copying == asked.copying, ViewRequest.purpose == asked.purpose,
        ViewRequest.days == asked.days,
    )  # fmt: skip
    alike = [one for one in session.exec(same) if one.subject == asked.subject]
    if not viewer.is_over(asked.unit):  # a second request would tell that something has come since
        return next(iter(alike), None)
    for one in alike:
        named = session.exec(select(RequestedClip.clip_id).where(RequestedClip.request_id == one.id))
        if {*named} == {clip.id for clip in clips}:
            return one
    return None


def meant(session: Session, asked: Asked, scope: RequestScope) -> SelectOfScalar[Clip]:
    """The clips of that unit, and those below it, that the request names."""
    units = units_below(session, asked.unit)
    found = select(Clip).where(
        col(Clip.device_id).in_(select(Device.id).where(col(Device.unit_id).in_(units)))
    )
    match scope:
        case RequestScope.CLIPS:
            found = found.where(col(Clip.id).in_(asked.clips))
        case RequestScope.CASE:
            found = found.where(col(Clip.id).in_(linked_to(case_of(asked.case or ""))))
        case RequestScope.PARTY:
            party = asked.party or ""
            theirs = select(CaseParty.case_uid).where(
                or_(CaseParty.party_id == party, CaseParty.name == party)
            )
            found = found.where(col(Clip.id).in_(linked_to(theirs)))
        case RequestScope.SPAN:
            pass
    return within(found, asked.since, asked.until)


def within(
    found: SelectOfScalar[Clip], since: datetime | None, until: datetime | None
) -> SelectOfScalar[Clip]:
    if since is not None:
        found = found.where(col(Clip.ended_at) >= since)
    if until is not None:
        found = found.where(col(Clip.started_at) < until)
    return found


def case_of(named: str) -> SelectOfScalar[str]:
    aliases = select(CaseAlias.case_uid).where(CaseAlias.norm == normalise(named))
    return select(CaseRecord.uid).where(or_(CaseRecord.uid == named, col(CaseRecord.uid).in_(aliases)))


def linked_to(cases: SelectOfScalar[str]) -> SelectOfScalar[str]:
    return select(Link.clip_id).where(
        col(Link.case_uid).in_(cases),
        col(Link.ended_at).is_(None),
        col(Link.status) != LinkStatus.WITHDRAWN,
    )


def withdraw(session: Session, request: ViewRequest, viewer: Viewer) -> None:
    """By who asked, as long as it is open. Raises Refused."""
    custody.take(session, custody.SITE)
    session.refresh(request, with_for_update=True)
    if request.user_id != viewer.user_id:
        raise Refused("retrieval.not_yours")
    if request.state is not RequestState.ASKED:
        raise Refused("retrieval.decided")
    request.state, request.ended_at, request.ended_by = RequestState.WITHDRAWN, now(), viewer.name
    session.add(request)
    custody.append(session, custody.SITE, "VIEW_REQUEST_WITHDRAWN", viewer.name, request.id, [request])
