"""Disposal (销毁): dry-run, two persons, what was destroyed. Nothing else in the API deletes footage."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func
from sqlmodel import Session, col, select

from api.paging import Cutting, Page, page
from api.problems import not_found
from api.seeing import must_see
from api.shapes import DestructionOut, ReasonOut, Shape
from api.signin import Approver, Db, Disposer, Reader, Retirer, Ruled
from api.v1.retention import Reasoned
from gateway import disposal
from gateway.models import (
    Clip,
    DestructionRecord,
    Device,
    DisposalItem,
    DisposalRun,
    Original,
    now,
)
from gateway.texts import Why
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["disposal"])


class LineOut(BaseModel):
    """One clip of a list: its rule, its links, who looked at it last, its size and digest."""

    clip: str
    state: str = Field(examples=["LISTED"])
    why: ReasonOut | None
    rule: ReasonOut
    shown: dict[str, Any]

    @classmethod
    def of(cls, row: DisposalItem) -> "LineOut":
        return cls(
            clip=row.clip_id, state=row.state.value, why=ReasonOut.of(row.why),
            rule=ReasonOut.told(row.shown["rule"]), shown=row.shown,
        )  # fmt: skip


class RunOut(Shape):
    id: str
    state: str
    why: str
    authority: str | None
    count: int
    bytes: int
    listing: str = Field(description="SHA-256 over the list")
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    approved_count: int | None
    ended_at: datetime | None
    ended_by: str | None
    ended_why: str | None


class RunWhole(RunOut):
    items: dict[str, int] = Field(description="how many are in which state", examples=[{"LISTED": 3}])


class ProposalIn(BaseModel):
    """What is due and may go: these clips, or the oldest that are due."""

    model_config = ConfigDict(extra="forbid")
    why: Why = Field(examples=["保存期满"])
    authority: str | None = Field(
        default=None, min_length=2, max_length=100, description="销毁批准文号; without one, nothing of a case"
    )
    clips: list[str] | None = Field(default=None, min_length=1, max_length=disposal.MOST)
    limit: int = Field(default=100, ge=1, le=disposal.MOST)


class Count(BaseModel):
    count: int = Field(ge=1, description="how many clips will go, as read from the list and typed")


@router.get("/disposals/due")
def dry_run(
    viewer: Retirer, database: Db, law: Ruled, limit: Annotated[int, Query(ge=1, le=disposal.MOST)] = 100
) -> list[dict[str, Any]]:
    """What a proposal would list now. Nothing is written, nothing goes."""
    with database.read() as session:
        return disposal.preview(session, law.packs, viewer.units, now(), limit)


@router.post("/disposals", status_code=201)
def propose(given: ProposalIn, viewer: Disposer, database: Db, law: Ruled) -> RunWhole:
    """Freeze a list. Nothing goes before a second person has agreed to it."""
    with database.write() as session:
        for clip in given.clips or ():
            must_own(session, viewer, clip)
        run = disposal.propose(
            session,
            law.packs,
            viewer,
            given.why,
            authority=given.authority,
            clips=given.clips,
            limit=given.limit,
        )
        return whole(session, run)


@router.get("/disposals")
def runs(viewer: Reader, database: Db, wanted: Cutting) -> Page[RunOut]:
    with database.read() as session:
        statement = select(DisposalRun).where(visible(viewer, DisposalRun))
        return page(session, statement, DisposalRun.id, wanted, RunOut.model_validate)


@router.get("/disposals/{run_id}")
def run(run_id: str, viewer: Reader, database: Db) -> RunWhole:
    with database.read() as session:
        return whole(session, must_see(session, viewer, DisposalRun, run_id, "Disposal"))


@router.get("/disposals/{run_id}/items")
def lines(run_id: str, viewer: Retirer, database: Db, wanted: Cutting) -> Page[LineOut]:
    """The whole list, page by page: who agrees has to have seen it."""
    with database.read() as session:
        must_see(session, viewer, DisposalRun, run_id, "Disposal")
        statement = select(DisposalItem).where(DisposalItem.run_id == run_id, visible(viewer, DisposalItem))
        return page(session, statement, DisposalItem.id, wanted, LineOut.of)


@router.post("/disposals/{run_id}/approve")
def approve(run_id: str, given: Count, viewer: Approver, database: Db, law: Ruled) -> RunWhole:
    """The second person. Refused for the first one, for a wrong count, and if anything changed since."""
    with database.read() as session:
        must_see(session, viewer, DisposalRun, run_id, "Disposal")
    disposal.approve(database, law.packs, run_id, viewer, given.count)
    with database.read() as session:
        return whole(session, session.get_one(DisposalRun, run_id))


@router.post("/disposals/{run_id}/cancel")
def cancel(run_id: str, given: Reasoned, viewer: Retirer, database: Db) -> RunWhole:
    """What has not gone yet stays."""
    with database.write() as session:
        must_see(session, viewer, DisposalRun, run_id, "Disposal")
        found = disposal.cancel(session, run_id, given.why, viewer.name)
        session.flush()
        return whole(session, found)


@router.get("/destructions")
def destructions(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    returned: Annotated[bool, Query(description="only those whose content came in again")] = False,
) -> Page[DestructionOut]:
    """What was destroyed, by whom, under which rule: all that is left of it, with its row and its chain."""
    statement = select(DestructionRecord).where(visible(viewer, DestructionRecord))
    if returned:
        back = select(Original.returns).where(col(Original.returns).is_not(None))
        statement = statement.where(col(DestructionRecord.original_id).in_(back))
    with database.read() as session:
        return page(session, statement, DestructionRecord.id, wanted, DestructionOut.of)


@router.get("/destructions/{record_id}")
def destruction(record_id: str, viewer: Reader, database: Db) -> DestructionOut:
    with database.read() as session:
        return DestructionOut.of(must_see(session, viewer, DestructionRecord, record_id, "Record"))


def whole(session: Session, found: DisposalRun) -> RunWhole:
    counted = session.exec(
        select(DisposalItem.state, func.count())
        .where(DisposalItem.run_id == found.id)
        .group_by(col(DisposalItem.state))
    ).all()
    told = RunOut.model_validate(found).model_dump()
    return RunWhole(**told, items={str(state): count for state, count in counted})


def must_own(session: Session, viewer: Viewer, clip: str) -> None:
    """A unit disposes of its own footage, not of what a link merely shows to it."""
    mine = select(Clip.id).join(Device, col(Device.id) == Clip.device_id)
    mine = mine.where(Clip.id == clip, visible(viewer, Device))
    if session.exec(mine).first() is None:
        raise not_found("Clip")
