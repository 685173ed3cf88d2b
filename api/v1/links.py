"""Links from clips to cases: what stands, what stood, and what a person decides about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator
from sqlmodel import Session, col, select

from api.effects import EffectOut, shown
from api.paging import Cutting, Page, page
from api.problems import not_found
from api.seeing import must_see
from api.shapes import LinkOut
from api.signin import Db, Labeller, LedgerKeeper, Reader, Ruled
from gateway import linking, standing
from gateway.database import Database
from gateway.law import Law
from gateway.ledger import AllocationIn, CheckoutIn, allocate, check_out
from gateway.linking import decisions
from gateway.models import Allocation, CaseRecord, Checkout, Clip, Device, Link, Standing
from gateway.standing import StandingIn
from gateway.texts import Why
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["links"])


class Reasoned(BaseModel):
    why: Why


class Confirmation(Reasoned):
    matter: str | None = Field(default=None, description="证明对象: as proposed, or in words of one's own")


class LinkGiven(decisions.LinkIn):
    why: Why

    def place(self) -> decisions.LinkIn:
        return decisions.LinkIn(**self.model_dump(exclude={"why"}))


class Correction(BaseModel):
    """A line of the ledger that somebody thinks of entering, and which one it would take the place of."""

    allocation: AllocationIn | None = None
    checkout: CheckoutIn | None = None
    standing: StandingIn | None = None
    replaces: str | None = None

    @model_validator(mode="after")
    def one_of_them(self) -> "Correction":
        if sum(one is not None for one in (self.allocation, self.checkout, self.standing)) != 1:
            raise ValueError("give either an allocation, a checkout or a standing")
        return self

    def about(self) -> tuple[type[Any], str]:
        """What is to be entered, and of which device."""
        if self.allocation is not None:
            return Allocation, self.allocation.device
        if self.checkout is not None:
            return Checkout, self.checkout.device
        assert self.standing is not None
        return Standing, self.standing.device

    def enter(self, session: Session, actor: str) -> str:
        """The line that stands then: `replaces` where that says the same already."""
        if self.allocation is not None:
            return allocate(session, self.allocation, actor, self.replaces).id
        if self.checkout is not None:
            return check_out(session, self.checkout, actor, self.replaces).id
        assert self.standing is not None
        return standing.enter(session, self.standing, actor, self.replaces).id


@router.get("/links")
def links(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    clip: Annotated[str | None, Query()] = None,
    case: Annotated[str | None, Query()] = None,
    verdict: Annotated[str | None, Query(examples=["NEEDS_REVIEW"])] = None,
    history: Annotated[bool, Query(description="also what was superseded or withdrawn")] = False,
) -> Page[LinkOut]:
    statement = select(Link).where(visible(viewer, Link))
    if clip:
        statement = statement.where(Link.clip_id == clip)
    if case:
        statement = statement.where(Link.case_uid == case)
    if verdict:
        statement = statement.where(Link.verdict == verdict)
    if not history:
        statement = statement.where(col(Link.ended_at).is_(None))
    with database.read() as session:
        return page(session, statement, Link.id, wanted, LinkOut.of)


@router.post("/clips/{clip_id}/links", status_code=201)
def add_link(clip_id: str, given: LinkGiven, viewer: Labeller, database: Db, law: Ruled) -> LinkOut:
    """A person links a clip, or a part of it; what the rules say of that is shown and does not prevent it."""
    with database.write() as session:
        clip = session.exec(select(Clip).where(Clip.id == clip_id, visible(viewer, Clip))).one_or_none()
        if clip is None:
            raise not_found("Clip")
        must_see(session, viewer, CaseRecord, given.case, "Case")
        return LinkOut.of(decisions.add(session, clip, given.place(), law.packs, viewer.name, given.why))


@router.post("/links/{link_id}/confirm")
def confirm(link_id: str, given: Confirmation, viewer: Labeller, database: Db, law: Ruled) -> LinkOut:
    """A person stands by the link; the machine will not overturn it."""
    with open_link(database, viewer, link_id) as (session, link):
        return LinkOut.of(decisions.confirm(session, link, law.packs, viewer.name, given.why, given.matter))


@router.post("/links/{link_id}/withdraw")
def withdraw(link_id: str, given: Reasoned, viewer: Labeller, database: Db) -> LinkOut:
    """A person takes the link back, with the reason; it stays in the history (LK-17)."""
    with open_link(database, viewer, link_id) as (session, link):
        return LinkOut.of(decisions.withdraw(session, link, viewer.name, given.why))


@router.post("/links/{link_id}/correct")
def correct(link_id: str, given: LinkGiven, viewer: Labeller, database: Db, law: Ruled) -> LinkOut:
    """A person says where the clip belongs instead; answers with the link that takes the old one's place."""
    with open_link(database, viewer, link_id) as (session, link):
        must_see(session, viewer, CaseRecord, given.case, "Case")
        return LinkOut.of(decisions.correct(session, link, given.place(), law.packs, viewer.name, given.why))


@router.post("/links/{link_id}/undo")
def undo(link_id: str, given: Reasoned, viewer: Labeller, database: Db) -> LinkOut:
    """Take back what a person decided last about this link; answers with the link that stands now."""
    with open_link(database, viewer, link_id, ended=True) as (session, link):
        return LinkOut.of(decisions.undo(session, link, viewer.name, given.why))


@router.post("/ledger/effects")
def effects(given: Correction, viewer: LedgerKeeper, database: Db, law: Ruled) -> list[EffectOut]:
    """What entering this line of the ledger would do to links; nothing is entered."""
    return tried(given, viewer, database, law)[1]


def tried(given: Correction, viewer: Viewer, database: Database, law: Law) -> tuple[str, list[EffectOut]]:
    """Which line would stand then, and what that would do.

    Raises Problem for what the viewer may not see, and Refused for what cannot be entered.
    """
    model, device = given.about()
    with database.read() as session:
        seen = session.exec(select(Device.id).where(Device.id == device, visible(viewer, Device))).first()
        old = (
            given.replaces is None
            or session.exec(
                select(model.id).where(model.id == given.replaces, visible(viewer, model))
            ).first()
        )
    if not seen or not old:
        raise not_found("Entry")
    standing_then: list[str] = []
    found = linking.effects(
        database, law.packs, lambda session: standing_then.append(given.enter(session, viewer.name))
    )
    return standing_then[0], shown(database, viewer, found)


@contextmanager
def open_link(
    database: Database, viewer: Viewer, link_id: str, *, ended: bool = False
) -> Iterator[tuple[Session, Link]]:
    """A link that stands, locked until the decision is written; with `ended`, also one that does not."""
    wanted = select(Link).where(Link.id == link_id, visible(viewer, Link)).with_for_update()
    with database.write() as session:
        link = session.exec(wanted).one_or_none()
        if link is None:
            raise not_found("Link")
        if not ended:
            decisions.must_stand(session, link)
        yield session, link
