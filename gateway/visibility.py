"""The one function that scopes every query to its viewer, and the table of what each role may do."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, true
from sqlmodel import Session, SQLModel, col, or_, select

from gateway.law import parents_of
from gateway.models import (
    Allocation,
    AnnualCheck,
    CaseFeed,
    CaseParty,
    CaseRecord,
    CaseRefusal,
    CaseSample,
    Checkout,
    Clip,
    DestructionRecord,
    Device,
    DeviceStatus,
    DisposalItem,
    DisposalRun,
    Endpoint,
    Finding,
    LegalHold,
    Link,
    LinkStatus,
    Officer,
    Offload,
    OrderRow,
    Original,
    Party,
    ReportMade,
    RetentionFlag,
    Role,
    Room,
    SampleCase,
    SampleRemark,
    Snapshot,
    Standing,
    Unit,
    UnitClass,
)


class Right(StrEnum):
    READ = "read"  # see what is there
    VIEW = "view"  # watch footage (调阅)
    OPERATE = "operate"  # docks: orders, checkouts
    LABEL = "label"  # labels and links
    LEDGER = "ledger"  # allocations, corrections of checkouts
    CASES = "cases"  # write case records
    CUSTODY = "custody"  # read the chain
    HOLD = "hold"  # legal holds, marks of evidence
    DISPOSE = "dispose"  # propose a disposal
    APPROVE = "approve"  # agree to a disposal, lift a hold
    CHECK = "check"  # draw samples of cases, say what was found in them
    FREEZE = "freeze"  # freeze a quarter's figures
    ENDPOINTS = "endpoints"  # who is told of what happens (webhooks), and what sources of cases brought
    ADMIN = "admin"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset({Right.READ, Right.OPERATE}),
    Role.EVIDENCE: frozenset(
        {
            Right.READ,
            Right.VIEW,
            Right.OPERATE,
            Right.LABEL,
            Right.LEDGER,
            Right.CASES,
            Right.CUSTODY,
            Right.HOLD,
            Right.DISPOSE,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {Right.READ, Right.VIEW, Right.CUSTODY, Right.HOLD, Right.APPROVE, Right.CHECK, Right.FREEZE}
    ),
    Role.INTEGRATOR: frozenset({Right.READ, Right.CASES, Right.ENDPOINTS}),
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `units` is None for somebody who sees every unit."""

    user_id: str
    name: str
    role: Role
    units: frozenset[str] | None

    def may(self, right: Right) -> bool:
        return right in RIGHTS[self.role]


def units_below(session: Session, unit_id: str) -> frozenset[str]:
    """A unit and all below it."""
    parents = parents_of(session)
    found = {unit_id}
    while fresh := {unit for unit, parent in parents.items() if parent in found} - found:
        found |= fresh
    return frozenset(found)


def visible(viewer: Viewer, model: type[SQLModel]) -> ColumnElement[bool]:
    """The condition under which a viewer sees a row of `model`; every query carries it.

    Footage belongs to the unit of its device; a clip also to the unit of a case
    that a person confirmed it belongs to.
    """
    if viewer.units is None:
        return true()
    units = viewer.units
    devices = select(Device.id).where(col(Device.unit_id).in_(units))
    officers = select(Officer.id).where(col(Officer.unit_id).in_(units))
    cases = select(CaseRecord.uid).where(col(CaseRecord.unit_id).in_(units))
    # only a link that a person confirmed opens footage to another unit: whoever writes a case record
    # could otherwise draw clips over by naming officers and numbers
    linked = select(Link.clip_id).where(
        col(Link.case_uid).in_(cases), col(Link.ended_at).is_(None), Link.status == LinkStatus.CONFIRMED
    )
    clips = select(Clip.id).where(or_(col(Clip.device_id).in_(devices), col(Clip.id).in_(linked)))
    conditions: dict[type[SQLModel], Any] = {
        Device: col(Device.unit_id).in_(units),
        DeviceStatus: col(DeviceStatus.device_id).in_(devices),
        Allocation: col(Allocation.device_id).in_(devices),
        Checkout: col(Checkout.device_id).in_(devices),
        Offload: col(Offload.device_id).in_(devices),
        Finding: col(Finding.device_id).in_(devices),
        Original: or_(col(Original.device_id).in_(devices), col(Original.id).in_(clips)),
        Clip: col(Clip.id).in_(clips),
        CaseRecord: col(CaseRecord.unit_id).in_(units),
        CaseRefusal: col(CaseRefusal.unit_id).in_(units),
        CaseFeed: false(),
        Endpoint: col(Endpoint.unit_id).in_(units),
        Party: col(Party.id).in_(select(CaseParty.party_id).where(col(CaseParty.case_uid).in_(cases))),
        Link: col(Link.clip_id).in_(clips),
        Standing: col(Standing.device_id).in_(devices),
        Snapshot: col(Snapshot.unit_id).in_(units),
        Unit: col(Unit.id).in_(units),
        UnitClass: col(UnitClass.unit_id).in_(units),
        Officer: col(Officer.unit_id).in_(units),
        AnnualCheck: col(AnnualCheck.officer_id).in_(officers),
        Room: col(Room.unit_id).in_(units),
        LegalHold: col(LegalHold.unit_id).in_(units),
        RetentionFlag: col(RetentionFlag.clip_id).in_(clips),
        DisposalRun: col(DisposalRun.unit_id).in_(units),
        DisposalItem: col(DisposalItem.run_id).in_(
            select(DisposalRun.id).where(col(DisposalRun.unit_id).in_(units))
        ),
        DestructionRecord: or_(
            col(DestructionRecord.device_id).in_(devices), col(DestructionRecord.clip_id).in_(clips)
        ),
        # who has a case in a sample may know what was found in it
        CaseSample: or_(
            col(CaseSample.unit_id).in_(units),
            col(CaseSample.id).in_(select(SampleCase.sample_id).where(col(SampleCase.case_uid).in_(cases))),
        ),
        SampleCase: col(SampleCase.case_uid).in_(cases),
        SampleRemark: col(SampleRemark.case_uid).in_(cases),
        ReportMade: col(ReportMade.unit_id).in_(units),
        OrderRow: or_(col(OrderRow.device_id).in_(devices), col(OrderRow.clip_id).in_(clips)),
    }
    found: ColumnElement[bool] = conditions[model]
    return found
