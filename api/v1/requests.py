"""Requests to watch beyond one's own right (调阅申请): asked, decided by heads of units, revoked."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, or_, select

from api.paging import Cutting, Page, page
from api.problems import not_found
from api.seeing import must_be_within, must_see
from api.shapes import Shape
from api.signin import Administrator, Db, Decider, Requester, Ruled
from gateway import approvals
from gateway.approvals.deciding import clips_of, decisions, may_revoke
from gateway.models import RequestState, User, ViewApprover, ViewRequest
from gateway.texts import Why
from gateway.visibility import Right, Viewer, visible

router = APIRouter(tags=["retrieval"])


class RequestOut(Shape):
    id: str
    user: str = Field(description="who asks")
    asker_unit_id: str | None
    unit_id: str = Field(description="that collected the footage: its head decides")
    scope: str
    subject: dict[str, Any]
    use: str
    copying: bool
    purpose: str
    days: int
    needs: int | None = Field(
        description="heads that have to approve; null before it is granted, for who does not see that unit:"
        " two would say that there is a state secret"
    )
    asked_at: datetime
    state: str
    granted_at: datetime | None
    valid_until: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None


class DecisionOut(Shape):
    user: str
    unit_id: str = Field(description="as whose head")
    approved: bool
    why: str | None
    at: datetime


class NamedClip(BaseModel):
    id: str
    name: str
    started_at: datetime | None
    duration_s: float | None


class RequestWhole(RequestOut):
    waits_for: str | None = Field(description="the unit whose head decides now; null: nobody, or decided")
    may_decide: bool
    may_revoke: bool
    decisions: list[DecisionOut]
    clips: list[NamedClip] | None = Field(
        description="null as long as it is not granted, for who does not see that unit"
    )


class HeadIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    user: str = Field(min_length=1, max_length=100, description="the account's name")
    unit: str = Field(min_length=1, max_length=100)


class HeadOut(BaseModel):
    id: str
    user: str
    unit: str
    since: datetime


class RevokeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    why: Why


def may_see(viewer: Viewer) -> Any:
    """One's own; and those of units that one sees, for who may read the chain or decides."""
    own = ViewRequest.user_id == viewer.user_id
    if viewer.may(Right.CUSTODY) or viewer.may(Right.VIEW):
        return or_(own, visible(viewer, ViewRequest))
    return own


def one_request(session: Session, viewer: Viewer, request_id: str) -> ViewRequest:
    found = select(ViewRequest).where(ViewRequest.id == request_id, may_see(viewer))
    request = session.exec(found).one_or_none()
    if request is None:
        raise not_found("Request")
    return request


def shows(viewer: Viewer, request: ViewRequest) -> bool:
    """Whether what was found may be told: nobody learns by asking what another unit has."""
    return viewer.is_over(request.unit_id) or request.state is RequestState.GRANTED


def told_to(viewer: Viewer, request: ViewRequest) -> RequestOut:
    told = RequestOut.model_validate(request)
    return told if shows(viewer, request) else told.model_copy(update={"needs": None})


def whole(session: Session, viewer: Viewer, request: ViewRequest) -> RequestWhole:
    known = approvals.heads(session)
    turn = approvals.waits_for(session, request, known)
    return RequestWhole(
        **told_to(viewer, request).model_dump(),
        waits_for=turn[0] if turn else None,
        may_decide=turn is not None and viewer.user_id in turn[1],
        may_revoke=may_revoke(session, request, viewer, known),
        decisions=[DecisionOut.model_validate(one) for one in decisions(session, request.id)],
        clips=[
            NamedClip(
                id=clip.id, name=original.name, started_at=clip.started_at, duration_s=clip.duration_s
            )
            for clip, original in clips_of(session, request.id)
        ]
        if shows(viewer, request)
        else None,
    )  # fmt: skip


@router.post("/requests", status_code=201)
def ask(given: approvals.Asked, viewer: Requester, database: Db, law: Ruled) -> RequestWhole:
    """Ask the head of the unit that collected it (R-71, R-72); it opens nothing before it is granted."""
    with database.write() as session:
        request = approvals.ask(session, law, viewer, given)
        session.flush()
        return whole(session, viewer, request)


@router.get("/requests")
def requests(
    viewer: Requester,
    database: Db,
    wanted: Cutting,
    state: RequestState | None = None,
    whose: Annotated[Literal["mine", "all"], Query()] = "all",
) -> Page[RequestOut]:
    """One's own, and those over footage of units that one sees or by their people."""
    found = select(ViewRequest).where(may_see(viewer))
    if whose == "mine":
        found = found.where(ViewRequest.user_id == viewer.user_id)
    if state is not None:
        found = found.where(ViewRequest.state == state)
    with database.read() as session:
        return page(session, found, ViewRequest.id, wanted, partial(told_to, viewer))


@router.get("/requests/{request_id}")
def request(request_id: str, viewer: Requester, database: Db) -> RequestWhole:
    with database.read() as session:
        return whole(session, viewer, one_request(session, viewer, request_id))


@router.post("/requests/{request_id}/decision")
def decide(request_id: str, given: approvals.Verdict, viewer: Decider, database: Db) -> RequestWhole:
    """By the head whose turn it is; never over one's own request. The last approval opens the clips."""
    with database.write() as session:
        found = one_request(session, viewer, request_id)
        approvals.decide(session, found, viewer, given)
        return whole(session, viewer, found)


@router.post("/requests/{request_id}/revoke")
def revoke(request_id: str, given: RevokeIn, viewer: Requester, database: Db) -> RequestWhole:
    """Take a grant back, at once; by a head of that unit, or by who has it."""
    with database.write() as session:
        found = one_request(session, viewer, request_id)
        approvals.revoke(session, found, viewer, given.why)
        return whole(session, viewer, found)


@router.post("/requests/{request_id}/withdraw")
def withdraw(request_id: str, viewer: Requester, database: Db) -> RequestWhole:
    """By who asked, before it is decided."""
    with database.write() as session:
        found = one_request(session, viewer, request_id)
        approvals.withdraw(session, found, viewer)
        return whole(session, viewer, found)


@router.get("/view-heads")
def heads(viewer: Requester, database: Db) -> list[HeadOut]:
    """Who decides over the footage of units that one sees."""
    found = (
        select(ViewApprover, User.name)
        .join(User, col(User.id) == ViewApprover.user_id)
        .where(col(ViewApprover.ended_at).is_(None), visible(viewer, ViewApprover))
        .order_by(col(ViewApprover.unit_id), col(ViewApprover.id))
    )
    with database.read() as session:
        return [
            HeadOut(id=one.id, user=name, unit=one.unit_id, since=one.since)
            for one, name in session.exec(found)
        ]


@router.post("/view-heads", status_code=201)
def appoint(given: HeadIn, viewer: Administrator, database: Db) -> HeadOut:
    must_be_within(viewer, given.unit)
    with database.write() as session:
        new = approvals.appoint(session, given.user, given.unit, viewer.name)
        return HeadOut(id=new.id, user=given.user, unit=new.unit_id, since=new.since)


@router.post("/view-heads/{head_id}/end", status_code=204)
def dismiss(head_id: str, viewer: Administrator, database: Db) -> None:
    """Decides nothing more; what was decided stays."""
    with database.write() as session:
        approvals.dismiss(session, must_see(session, viewer, ViewApprover, head_id, "Head"), viewer.name)
