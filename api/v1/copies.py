"""Copies with a mark burnt in (调阅副本): asked for under a grant that allows it, downloaded by who asked."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api.media import MediaResponse, is_further_on, media
from api.paging import Cutting, Page, page
from api.problems import not_found
from api.seeing import grant_of, must_watch, refusal_noted
from api.shapes import ReasonOut, RenditionOut, Shape
from api.signin import Db, Requester, Watcher
from api.v1.clips import store_of
from gateway import copies
from gateway.approvals.deciding import became_secret
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.models import ClipCopy, Rendition, ViewRequest, now
from gateway.visibility import Viewer

router = APIRouter(tags=["retrieval"])


class CopyIn(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    start_s: float | None = Field(default=None, ge=0, description="of the clip; from its beginning")
    end_s: float | None = Field(default=None, gt=0, description="to its end")


class CopyOut(Shape):
    id: str
    clip_id: str
    request_id: str
    user: str
    purpose: str
    lines: list[str] = Field(description="what is burnt in")
    start_s: float | None
    end_s: float | None
    asked_at: datetime
    state: str
    size: int | None
    sha256: str | None
    made_at: datetime | None
    keep_until: datetime | None
    removed_at: datetime | None
    taken: int = Field(description="how often it was downloaded; in parts, within an hour, it is once")


class CopyWhole(CopyOut):
    failure: ReasonOut | None
    lineage: RenditionOut | None = Field(description="parent digest, command and tool; null: none, or gone")


def grant_for(session: Session, viewer: Viewer, clip_id: str) -> ViewRequest | None:
    """His grant for that clip that allows copies, also where he may watch it anyway (R-75)."""
    clip, _, _ = must_watch(session, viewer, clip_id)
    return grant_of(session, viewer, clip, copying=True)


@router.post("/clips/{clip_id}/copies", status_code=202)
def ask(clip_id: str, given: CopyIn, viewer: Watcher, database: Db) -> CopyOut:
    """Have a copy made: it needs a granted request with `copying`."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.write() as session:
        clip, original, _ = must_watch(session, viewer, clip_id)
        must_be_there(session, clip_id)
        grant = grant_for(session, viewer, clip_id)
        made = copies.ask(session, clip, original, grant, given.start_s, given.end_s)
        return CopyOut.model_validate(made)


@router.get("/copies")
def asked(viewer: Requester, database: Db, wanted: Cutting) -> Page[CopyOut]:
    """One's own."""
    found = select(ClipCopy).where(ClipCopy.user_id == viewer.user_id)
    with database.read() as session:
        return page(session, found, ClipCopy.id, wanted, CopyOut.model_validate)


def own_copy(session: Session, viewer: Viewer, copy_id: str) -> ClipCopy:
    found = session.get(ClipCopy, copy_id)
    if found is None or found.user_id != viewer.user_id:
        raise not_found("Copy")
    return found


def rendition_of(session: Session, copy: ClipCopy) -> Rendition | None:
    kind = copies.kind_of(copy.id)
    found = select(Rendition).where(Rendition.clip_id == copy.clip_id, col(Rendition.kind) == kind)
    return session.exec(found).one_or_none()


@router.get("/copies/{copy_id}")
def one_copy(copy_id: str, viewer: Requester, database: Db) -> CopyWhole:
    with database.read() as session:
        copy = own_copy(session, viewer, copy_id)
        made = rendition_of(session, copy)
        return CopyWhole(
            **CopyOut.model_validate(copy).model_dump(),
            failure=ReasonOut.of(copy.why),
            lineage=RenditionOut.of(made) if made else None,
        )


@router.get("/copies/{copy_id}/file", response_class=MediaResponse)
def copy_file(copy_id: str, request: Request, viewer: Requester, database: Db) -> MediaResponse:
    """The bytes, for who asked, as long as they are kept and the grant was not revoked."""
    with database.write() as session:
        copy = own_copy(session, viewer, copy_id)
        grant = session.get_one(ViewRequest, copy.request_id)
        made = rendition_of(session, copy)
        must_be_there(session, copy.clip_id)
        if made is None or not copies.is_to_be_had(copy, grant, now()):
            raise Refused("retrieval.copy_not_ready")
        if became_secret(session, grant, copy.clip_id):
            raise Refused("retrieval.state_secret")
        goes_on = is_further_on(request.headers.get("range"), made.size)
        if not (goes_on and copies.is_being_taken(session, copy)):
            copies.taken(session, copy, viewer.name)
        name = f"copy-{copy.id[-8:]}.{made.stored_as.rpartition('.')[2]}"
        answer = media(store_of(request).path(made.stored_as), name, made.media_type)
        answer.headers["content-disposition"] = f'attachment; filename="{name}"'
        answer.headers["x-sha256"] = made.sha256
        return answer
