"""How long a clip stays and why; legal holds and marks; what a person has to review."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlmodel import col, select

from api.paging import Cutting, Page, page
from api.seeing import must_have_collected, must_see
from api.shapes import ReasonOut, Shape
from api.signin import Approver, Db, Holder, Reader, Ruled
from gateway import disposal, holds, retention
from gateway.holds import HoldIn
from gateway.models import CaseRecord, Clip, Device, LegalHold, RetentionFlag, User, now
from gateway.retention import Judged
from gateway.retention.reach import reach
from gateway.rules.retention import Flag
from gateway.texts import Why
from gateway.visibility import visible

router = APIRouter(tags=["retention"])


class FloorOut(BaseModel):
    """One rule: kept up to and with `until`; null is without an end that anybody knows."""

    until: date | None
    reason: ReasonOut


class RetentionOut(BaseModel):
    clip: str
    on: date | None = Field(description="the first day on which a disposal may list it; null: none yet")
    decides: FloorOut
    floors: list[FloorOut]
    review_on: date | None = Field(description="unlinked: from when a person has to look at it (R-78)")
    transfers: dict[str, date] = Field(
        description="by case: when its file is due at the state archive (R-61)"
    )
    log_until: date | None = Field(
        description="the chain tells of it at least so long, if it went then (R-80)"
    )
    rule_pack: str

    @classmethod
    def of(cls, judged: Judged) -> "RetentionOut":
        found = [
            FloorOut(until=floor.until, reason=ReasonOut.told(floor.stored()))
            for floor in judged.deadline.floors
        ]
        return cls(
            clip=judged.clip.id, on=judged.deadline.on, decides=found[0], floors=found,
            review_on=judged.review_on, transfers=judged.transfers, log_until=judged.log_until,
            rule_pack=judged.pack.edition,
        )  # fmt: skip


class HoldOut(Shape):
    id: str
    kind: str
    clip_id: str | None
    case_uid: str | None
    party_code: str | None
    party_name: str | None
    device_id: str | None
    span_from: datetime | None
    span_to: datetime | None
    why: str
    doc_no: str | None = Field(description="文号 of the paper that asks for it")
    placed_by: str
    placed_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_why: str | None

    @classmethod
    def of(cls, row: LegalHold) -> "HoldOut":
        return cls.model_validate(row)


class ReachOut(Shape):
    clips: int
    cases: int = Field(description="of a hold on a case or on a party")


class PlacedOut(HoldOut):
    reaches: ReachOut = Field(
        description="what of yours it keeps now; 0: no case names this party yet, or nothing was recorded "
        "then. What comes later it keeps as well"
    )


class FlagOut(Shape):
    id: str
    clip_id: str
    flag: str
    why: str
    set_by: str
    set_at: datetime
    lifted_by: str | None
    lifted_at: datetime | None
    lifted_why: str | None


class FlagIn(BaseModel):
    flag: Flag
    why: Why = Field(examples=["当事人阻碍执法"])


class Reasoned(BaseModel):
    why: Why = Field(examples=["诉讼已终结"])


@router.get("/clips/{clip_id}/retention")
def of_clip(clip_id: str, viewer: Reader, database: Db, law: Ruled) -> RetentionOut:
    """Every floor that was considered, the one that decides first."""
    with database.read() as session:
        must_see(session, viewer, Clip, clip_id, "Clip")
        holds.must_be_there(session, clip_id)
        [judged] = retention.judge(session, law.packs, [clip_id], now())
    return RetentionOut.of(judged)


@router.get("/retention/review")
def review(
    viewer: Reader, database: Db, law: Ruled, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[RetentionOut]:
    """Unlinked footage beyond the upper bound: link it, mark it, or propose its disposal."""
    with database.read() as session:
        found = disposal.for_review(session, law.packs, viewer.units, now(), limit=limit)
    return [RetentionOut.of(one) for one in found]


@router.post("/clips/{clip_id}/flags", status_code=201)
def mark(clip_id: str, given: FlagIn, viewer: Holder, database: Db) -> FlagOut:
    """EVIDENCE, OBSTRUCTION or MAJOR: how long each keeps a clip, the rule pack says."""
    with database.write() as session:
        must_see(session, viewer, Clip, clip_id, "Clip")
        return FlagOut.model_validate(holds.mark(session, clip_id, given.flag, given.why, viewer.name))


@router.get("/flags")
def flags(viewer: Reader, database: Db, wanted: Cutting) -> Page[FlagOut]:
    statement = select(RetentionFlag).where(visible(viewer, RetentionFlag))
    with database.read() as session:
        return page(session, statement, RetentionFlag.id, wanted, FlagOut.model_validate)


@router.post("/flags/{flag_id}/lift")
def unmark(flag_id: str, given: Reasoned, viewer: Approver, database: Db) -> FlagOut:
    """By somebody who may agree to disposals, of the unit that recorded the clip or of one above it.

    A unit to whose case the clip belongs can mark it, and place a hold that only that unit lifts.
    """
    with database.write() as session:
        row = must_see(session, viewer, RetentionFlag, flag_id, "Mark")
        must_have_collected(session, viewer, row.clip_id)
        return FlagOut.model_validate(holds.unmark(session, row, given.why, viewer.name))


@router.get("/holds")
def all_holds(
    viewer: Reader,
    database: Db,
    wanted: Cutting,
    lifted: Annotated[bool, Query(description="also those that were lifted")] = False,
) -> Page[HoldOut]:
    statement = select(LegalHold).where(visible(viewer, LegalHold))
    if not lifted:
        statement = statement.where(col(LegalHold.lifted_at).is_(None))
    with database.read() as session:
        return page(session, statement, LegalHold.id, wanted, HoldOut.of)


@router.post("/holds", status_code=201)
def place(given: HoldIn, viewer: Holder, database: Db, law: Ruled) -> PlacedOut:
    """保全. It also keeps what comes later; what it lies on is one clip, case, party or device.

    A party may be named before any case names it: `reaches` tells a name that was mistyped.
    """
    with database.write() as session:
        for model, ref, what in (
            (Clip, given.clip, "Clip"), (CaseRecord, given.case, "Case"), (Device, given.device, "Device"),
        ):  # fmt: skip
            if ref is not None:
                must_see(session, viewer, model, ref, what)
        unit = session.get_one(User, viewer.user_id).unit_id
        placed = holds.place(session, given, viewer.name, unit)
        session.flush()
        told = HoldOut.of(placed)
    with database.read() as session:
        reaches = reach(session, law.packs, session.get_one(LegalHold, told.id), viewer)
    return PlacedOut(**told.model_dump(), reaches=ReachOut.model_validate(reaches))


@router.post("/holds/{hold_id}/lift")
def lift(hold_id: str, given: Reasoned, viewer: Approver, database: Db) -> HoldOut:
    """By somebody who may agree to disposals, with the reason; the hold stays readable."""
    with database.write() as session:
        hold = must_see(session, viewer, LegalHold, hold_id, "Hold")
        return HoldOut.of(holds.lift(session, hold, given.why, viewer.name))
