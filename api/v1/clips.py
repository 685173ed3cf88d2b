"""Clips: search, labels, viewing sessions, bytes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api.leaving import Leaving
from api.media import MediaResponse, media
from api.paging import CURSOR, Page
from api.problems import Problem, not_found
from api.seeing import must_watch, refusal_noted
from api.shapes import ClipOut, ClipWhole, DestructionOut, LinkOut, ReasonOut, RenditionOut
from api.signin import Db, Decider, Labeller, Reader, Watcher
from gateway import approvals, linking, retrieval
from gateway.copies import COPY
from gateway.database import Database
from gateway.device import Refused
from gateway.holds import must_be_there
from gateway.instants import Moment
from gateway.linking.archivable import why_not
from gateway.models import (
    Attachment,
    Clip,
    Described,
    DestructionRecord,
    Link,
    Original,
    Rendition,
    State,
    Viewing,
    now,
)
from gateway.rules.judgement import CLASSIFIED
from gateway.search import Wanted, find
from gateway.store import LocalStore
from gateway.texts import Why
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["clips"])

NO_COPY = ~col(Rendition.kind).startswith(f"{COPY}-", autoescape=True)
"""Copies for use elsewhere are only for who asked for them: `api.v1.copies`."""
STORED = (State.ACQUIRED, State.VERIFIED, State.PRESERVED)


class Asked(BaseModel):
    """Filters; all that are given must hold."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, pattern=CURSOR, description="`next` of the page before")
    q: str = Field(
        default="",
        max_length=200,
        description="words; each found in its place, matter, numbers, titles, parties, steps of its cases, "
        "officer, device or file name; numbers and letters from their beginning on",
        examples=["桥东区 过期食品"],
    )
    device: str | None = None
    officer: str | None = None
    case: str | None = Field(default=None, description="case uid")
    place: str = Field(default="", max_length=200, description="words of its place")
    captured_after: Moment | None = None
    captured_before: Moment | None = None
    state: State | None = None
    described: Described | None = None
    unlinked: bool | None = None
    quarantined: bool | None = None
    missing: list[Literal["case", "time", "place", "officer", "matter"]] = Field(
        default=[], description="labels that it lacks, all of them (R-01)"
    )

    def wanted(self) -> Wanted:
        told = self.model_dump(exclude={"limit", "cursor", "q", "missing"})
        return Wanted(text=self.q, missing=tuple(self.missing), **told)


class Labels(BaseModel):
    """What a person adds; a missing label keeps a clip from being archived, never from being linked."""

    place: str | None = Field(default=None, max_length=200)
    matter: str | None = Field(
        default=None,
        max_length=500,
        description="证明对象 while it has no link; then it is said of each link: confirm with `matter`",
        examples=["现场货架有过期食品"],
    )
    case_no: str | None = Field(default=None, max_length=100, examples=["冀邢市监罚〔2024〕27号"])
    captured_at: Moment | Literal["none"] | None = Field(
        default=None,
        description="when it begins: before every time that the file tells; needs `why`; `none`: taken back",
    )
    secrecy: Literal["state_secret", "trade_secret", "privacy", "none"] | None = Field(
        default=None,
        description="`state_secret` rejects its links and sets it aside (LK-16); lifting it needs `why`,"
        " and a head of the unit that collected it or of one above (ours)",
    )
    transcript: str | None = Field(
        default=None,
        max_length=500,
        description="where the words of a sound recording are written down (LK-19); empty takes it back",
        examples=["询问笔录 2024-27 第3页"],
    )
    why: str | None = Field(default=None, min_length=2, max_length=300)


class Reasoned(BaseModel):
    model_config = ConfigDict(extra="forbid")
    why: Why = Field(examples=["经保密办审查不属于国家秘密"])


class Purpose(BaseModel):
    purpose: Why = Field(examples=["案卷评查"])


class ViewingOut(BaseModel):
    viewing: str
    expires_in: int
    original: str
    renditions: dict[str, str]


@router.get("/clips")
def clips(viewer: Reader, database: Db, only: Annotated[Asked, Query()]) -> Page[ClipOut]:
    """Newest first, by when they came; follow `next` for more."""
    with database.read() as session:
        found = find(session, viewer, only.wanted(), only.limit, only.cursor)
        return Page(items=[ClipOut.of(pair) for pair in found.clips], next=found.next)


def seen(session: Session, viewer: Viewer, clip_id: str) -> tuple[Clip, Original]:
    found = session.exec(
        select(Clip, Original)
        .join(Original, col(Original.id) == Clip.id)
        .where(Clip.id == clip_id, visible(viewer, Clip))
    ).one_or_none()
    if found is None:
        raise not_found("Clip")
    return found


@router.get("/clips/{clip_id}")
def clip(clip_id: str, viewer: Reader, database: Db) -> ClipWhole:
    """One clip whole: links with their reasons and history, renditions with their lineage, attachments."""
    with database.read() as session:
        return whole(session, *seen(session, viewer, clip_id))


def whole(session: Session, found: Clip, original: Original) -> ClipWhole:
    links = session.exec(select(Link).where(Link.clip_id == found.id).order_by(col(Link.id).desc())).all()
    lacks = why_not(links)
    made = session.exec(select(Rendition).where(Rendition.clip_id == found.id, NO_COPY)).all()
    beside = session.exec(select(Attachment.id).where(Attachment.clip_id == found.id)).all()
    return ClipWhole(
        **ClipOut.of((found, original)).model_dump(),
        archivable=not lacks,
        not_archivable=[ReasonOut.told(one) for one in lacks],
        links=[LinkOut.of(link) for link in links],
        renditions=[RenditionOut.of(rendition) for rendition in made],
        attachments=list(beside),
        destruction=record_of(session, original),
    )


def record_of(session: Session, original: Original) -> DestructionOut | None:
    found = select(DestructionRecord).where(DestructionRecord.original_id == original.id)
    record = session.exec(found).one_or_none() if original.state is State.DESTROYED else None
    return DestructionOut.of(record) if record else None


@router.patch("/clips/{clip_id}/labels")
def label(clip_id: str, given: Labels, viewer: Labeller, database: Db) -> ClipWhole:
    """Add or correct labels; the clip is decided anew at once by what they say."""
    with database.write() as session:
        found, original = seen(session, viewer, clip_id)
        must_be_there(session, clip_id)
        told, may_lift = (
            given.model_dump(exclude_none=True),
            approvals.may_lift_secrecy(session, viewer, found),
        )
        linking.enter_labels(session, found, original, told, viewer.name, may_lift=may_lift)
        return whole(session, found, original)


@router.post("/clips/{clip_id}/secrecy/lift")
def lift_secrecy(clip_id: str, given: Reasoned, viewer: Decider, database: Db) -> ClipWhole:
    """That it is no state secret, or no longer: by a head of the unit that collected it or of one above."""
    with database.write() as session:
        found, original = seen(session, viewer, clip_id)
        must_be_there(session, clip_id)
        if not approvals.may_lift_secrecy(session, viewer, found):
            raise Refused("labels.secret_head")
        if found.secrecy == CLASSIFIED:
            told = {"secrecy": linking.OPEN, "why": given.why}
            linking.enter_labels(session, found, original, told, viewer.name, may_lift=True)
        return whole(session, found, original)


@router.post("/clips/{clip_id}/viewings", status_code=201)
def begin_viewing(clip_id: str, given: Purpose, viewer: Watcher, database: Db) -> ViewingOut:
    """Begin a viewing session (调阅): one line of custody, however much is watched in it."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.write() as session:
        found, original, grant = must_watch(session, viewer, clip_id)
        must_be_there(session, clip_id)
        viewing = retrieval.begin(session, found, original, viewer.user_id, viewer.name, given.purpose, grant)
        made = session.exec(select(Rendition.kind).where(Rendition.clip_id == found.id, NO_COPY)).all()
    here = f"/api/v1/clips/{clip_id}"
    return ViewingOut(
        viewing=viewing.id,
        expires_in=int((viewing.expires_at - viewing.started_at).total_seconds()),
        original=f"{here}/original?viewing={viewing.id}",
        renditions={kind: f"{here}/renditions/{kind}?viewing={viewing.id}" for kind in made},
    )


@router.delete("/clips/{clip_id}/viewings/{viewing_id}", status_code=204)
def end_viewing(clip_id: str, viewing_id: str, viewer: Watcher, database: Db) -> None:
    """End a viewing that is yours; one that nobody ends ends with its time."""
    with database.write() as session:
        must_watch(session, viewer, clip_id)
        retrieval.end(session, own_viewing(session, viewer, clip_id, viewing_id), now(), viewer.name)


@router.get("/clips/{clip_id}/original", response_class=MediaResponse)
def original_bytes(
    clip_id: str, request: Request, viewer: Watcher, database: Db, viewing: Annotated[str, Query()]
) -> MediaResponse:
    """The original, by range, from ACQUIRED on; `X-Original-Verified` says whether it was read twice."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.read() as session:
        _, original, _ = must_watch(session, viewer, clip_id)
        must_be_there(session, clip_id)
    must_be_viewing(request, database, viewer, clip_id, viewing)
    if original.stored_as is None or original.state not in (*STORED, State.QUARANTINED):
        raise Problem(409, "Nothing is stored yet", "The clip still waits for its source.")
    return media(
        store_of(request).path(original.stored_as), original.name, verified=original.verified_at is not None
    )


@router.get("/clips/{clip_id}/renditions/{kind}", response_class=MediaResponse)
def rendition_bytes(
    clip_id: str, kind: str, request: Request, viewer: Watcher, database: Db, viewing: Annotated[str, Query()]
) -> MediaResponse:
    """A proxy, poster or thumbnail, by range."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.read() as session:
        must_watch(session, viewer, clip_id)
        must_be_there(session, clip_id)
        made = session.exec(
            select(Rendition).where(Rendition.clip_id == clip_id, Rendition.kind == kind, NO_COPY)
        ).one_or_none()
    must_be_viewing(request, database, viewer, clip_id, viewing)
    if made is None:
        raise not_found("Rendition")
    return media(store_of(request).path(made.stored_as), made.stored_as, made.media_type)


def must_be_viewing(request: Request, database: Database, viewer: Viewer, clip_id: str, viewing: str) -> None:
    """Who still reads has not left: another page of his may show the same viewing."""
    with refusal_noted(database, viewer, clip_id=clip_id), database.read() as session:
        found = own_viewing(session, viewer, clip_id, viewing)
    if found.ended_at is not None or found.expires_at < now():
        raise Problem(403, "The viewing has ended", "POST a purpose to the clip's `viewings` again.")
    leaving: Leaving = request.app.state.leaving
    leaving.came_back(viewing)


def own_viewing(session: Session, viewer: Viewer, clip_id: str, viewing: str) -> Viewing:
    found = session.get(Viewing, viewing)
    if found is None or found.clip_id != clip_id or found.user_id != viewer.user_id:
        raise Problem(403, "No viewing session", "POST a purpose to the clip's `viewings` first.")
    return found


def store_of(request: Request) -> LocalStore:
    store: LocalStore = request.app.state.store
    return store
