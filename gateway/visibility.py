"""The one function that scopes every query to its viewer, and the table of what each role may do."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, false, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

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
    Note,
    Officer,
    Offload,
    OrderRow,
    Original,
    Party,
    ReportMade,
    RequestedClip,
    RequestState,
    RetentionFlag,
    Role,
    Room,
    SampleCase,
    SampleRemark,
    Snapshot,
    Standing,
    Unit,
    UnitClass,
    ViewApprover,
    ViewRequest,
    now,
)
from gateway.rules.judgement import CLASSIFIED


class Right(StrEnum):
    READ = "read"  # see what is there
    VIEW = "view"  # watch footage (调阅)
    REQUEST = "request"  # ask to watch what is beyond one's own right
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
    Role.OPERATOR: frozenset({Right.READ, Right.REQUEST, Right.OPERATE}),
    Role.EVIDENCE: frozenset(
        {
            Right.READ,
            Right.VIEW,
            Right.REQUEST,
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
        {
            Right.READ,
            Right.VIEW,
            Right.REQUEST,
            Right.CUSTODY,
            Right.HOLD,
            Right.APPROVE,
            Right.CHECK,
            Right.FREEZE,
        }
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

    def is_over(self, unit: str | None) -> bool:
        """Whether that unit is among his; what belongs to none is only for who sees every unit."""
        return self.units is None or unit in self.units


def units_below(session: Session, unit_id: str) -> frozenset[str]:
    """A unit and all below it."""
    parents = parents_of(session)
    found = {unit_id}
    while fresh := {unit for unit, parent in parents.items() if parent in found} - found:
        found |= fresh
    return frozenset(found)


@dataclass(frozen=True)
class Within:
    """What belongs to some units, as sub-queries for the ids.

    Footage belongs to the unit of its device; a clip also to the unit of a case
    that a person confirmed it belongs to.
    """

    units: frozenset[str]

    @cached_property
    def devices(self) -> SelectOfScalar[str]:
        return select(Device.id).where(col(Device.unit_id).in_(self.units))

    @cached_property
    def officers(self) -> SelectOfScalar[str]:
        return select(Officer.id).where(col(Officer.unit_id).in_(self.units))

    @cached_property
    def cases(self) -> SelectOfScalar[str]:
        return select(CaseRecord.uid).where(col(CaseRecord.unit_id).in_(self.units))

    @cached_property
    def linked(self) -> SelectOfScalar[str]:
        # only a link that a person confirmed opens footage to another unit: whoever writes a case record
        # could otherwise draw clips over by naming officers and numbers
        return select(Link.clip_id).where(
            col(Link.case_uid).in_(self.cases),
            col(Link.ended_at).is_(None),
            Link.status == LinkStatus.CONFIRMED,
        )

    @cached_property
    def clips(self) -> SelectOfScalar[str]:
        return select(Clip.id).where(
            or_(col(Clip.device_id).in_(self.devices), col(Clip.id).in_(self.linked))
        )

    @cached_property
    def own(self) -> ColumnElement[bool]:
        """Of a clip: the same as being among `clips`, asked of the row itself instead of a list of all."""
        its = self.linked.where(Link.clip_id == Clip.id).correlate(Clip)
        return or_(col(Clip.device_id).in_(self.devices), its.exists())

    @cached_property
    def parties(self) -> SelectOfScalar[str]:
        return select(CaseParty.party_id).where(col(CaseParty.case_uid).in_(self.cases))

    @cached_property
    def samples(self) -> SelectOfScalar[str]:
        return select(SampleCase.sample_id).where(col(SampleCase.case_uid).in_(self.cases))

    @cached_property
    def runs(self) -> SelectOfScalar[str]:
        return select(DisposalRun.id).where(col(DisposalRun.unit_id).in_(self.units))


Sight = Callable[[Within], ColumnElement[bool]]
"""The condition under which a row is seen from within some units."""
Whose = Literal["units", "devices", "officers", "cases", "clips", "parties", "samples", "runs"]


def by(column: Any, whose: Whose) -> Sight:
    return lambda within: col(column).in_(getattr(within, whose))


def either(*sights: Sight) -> Sight:
    return lambda within: or_(*(sight(within) for sight in sights))


SEEN: dict[type[SQLModel], Sight] = {
    Device: by(Device.unit_id, "units"),
    DeviceStatus: by(DeviceStatus.device_id, "devices"),
    Allocation: by(Allocation.device_id, "devices"),
    Checkout: by(Checkout.device_id, "devices"),
    Offload: by(Offload.device_id, "devices"),
    Finding: by(Finding.device_id, "devices"),
    Original: either(by(Original.device_id, "devices"), by(Original.id, "clips")),
    Clip: lambda within: within.own,
    CaseRecord: by(CaseRecord.unit_id, "units"),
    CaseRefusal: by(CaseRefusal.unit_id, "units"),
    CaseFeed: lambda _: false(),
    Endpoint: by(Endpoint.unit_id, "units"),
    Party: by(Party.id, "parties"),
    Link: by(Link.clip_id, "clips"),
    Note: by(Note.case_uid, "cases"),
    Standing: by(Standing.device_id, "devices"),
    Snapshot: by(Snapshot.unit_id, "units"),
    Unit: by(Unit.id, "units"),
    UnitClass: by(UnitClass.unit_id, "units"),
    Officer: by(Officer.unit_id, "units"),
    AnnualCheck: by(AnnualCheck.officer_id, "officers"),
    Room: by(Room.unit_id, "units"),
    LegalHold: by(LegalHold.unit_id, "units"),
    RetentionFlag: by(RetentionFlag.clip_id, "clips"),
    DisposalRun: by(DisposalRun.unit_id, "units"),
    DisposalItem: by(DisposalItem.run_id, "runs"),
    DestructionRecord: either(
        by(DestructionRecord.device_id, "devices"), by(DestructionRecord.clip_id, "clips")
    ),
    # who has a case in a sample may know what was found in it
    CaseSample: either(by(CaseSample.unit_id, "units"), by(CaseSample.id, "samples")),
    SampleCase: by(SampleCase.case_uid, "cases"),
    SampleRemark: by(SampleRemark.case_uid, "cases"),
    ReportMade: by(ReportMade.unit_id, "units"),
    # who asks, and whose footage is asked for
    ViewRequest: either(by(ViewRequest.unit_id, "units"), by(ViewRequest.asker_unit_id, "units")),
    ViewApprover: by(ViewApprover.unit_id, "units"),
    OrderRow: either(by(OrderRow.device_id, "devices"), by(OrderRow.clip_id, "clips")),
}


def visible(viewer: Viewer, model: type[SQLModel]) -> ColumnElement[bool]:
    """The condition under which a viewer sees a row of `model`; every query carries it."""
    return true() if viewer.units is None else SEEN[model](Within(viewer.units))


def collected(viewer: Viewer) -> ColumnElement[bool]:
    """Of a clip: one's own units recorded it, which is more than that it belongs to a case of theirs."""
    return true() if viewer.units is None else col(Clip.device_id).in_(Within(viewer.units).devices)


WANTED = aliased(Clip)
"""Who asks may select from clips himself. Made once: it costs as much as the rest of the question."""


def granted(viewer: Viewer) -> SelectOfScalar[str]:
    """Clips that a grant opens to this person at this moment (R-71, R-72): to nobody else, no other clip.

    Each clip for itself: what is a state secret now, only where it was one when it was asked: then as many
    heads as that needs decided knowing it.
    """
    at = now()
    return (
        select(RequestedClip.clip_id)
        .join(ViewRequest, col(ViewRequest.id) == RequestedClip.request_id)
        .join(WANTED, col(WANTED.id) == RequestedClip.clip_id)
        .where(
            ViewRequest.user_id == viewer.user_id,
            ViewRequest.state == RequestState.GRANTED,
            col(ViewRequest.ended_at).is_(None),
            col(ViewRequest.granted_at) <= at,
            col(ViewRequest.valid_until) > at,
            or_(
                col(WANTED.secrecy).is_distinct_from(CLASSIFIED),
                col(RequestedClip.secret).is_(True),
            ),
        )
    )


def watchable(viewer: Viewer) -> ColumnElement[bool]:
    """The condition under which a viewer may watch a clip, which is more than to see that it is there.

    By the right of role and unit, but for state secrets (LK-16); or because it was granted to this person.
    A grant opens nothing else than the picture: lists, labels and the chain stay as `visible` has them.
    """
    if not viewer.may(Right.REQUEST):
        return false()
    is_open = col(Clip.secrecy).is_distinct_from(CLASSIFIED)
    by_right = visible(viewer, Clip) if viewer.may(Right.VIEW) else false()
    return or_(and_(is_open, by_right), col(Clip.id).in_(granted(viewer)))
