"""Textual case records."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, col, or_, select

from api.effects import EffectOut, shown
from api.paging import CuttingByName, Page, page
from api.problems import Problem, not_found
from api.shapes import LinkOut, ReasonOut, Shape
from api.signin import CaseWriter, Db, Reader, Ruled
from gateway import linking
from gateway.case_sources.incoming import CaseIn
from gateway.case_sources.numbers import numbers_of
from gateway.case_sources.parts import unknown_officers
from gateway.case_sources.records import Ended
from gateway.case_sources.records import put_case as put
from gateway.case_sources.rules import CaseRules
from gateway.casefile.listing import matches
from gateway.device import Refused
from gateway.intake.places import is_new_unit, like_unit
from gateway.law import is_form, parents_of, stage_of_form
from gateway.models import (
    Activity,
    CaseAlias,
    CaseParty,
    CaseRecord,
    Document,
    Link,
    Party,
    Role,
    now,
)
from gateway.reports.timely import untimely
from gateway.rulepacks import RulePack
from gateway.rules import case_number
from gateway.rules.stages import Stage, seed_stage
from gateway.visibility import Viewer, visible

router = APIRouter(tags=["cases"])


def rules_of(request: Request) -> CaseRules:
    rules: CaseRules = request.app.state.rules
    return rules


Rules = Annotated[CaseRules, Depends(rules_of)]
NewUnit = Annotated[bool, Query(description="a person means to enter the unit that nobody knows yet")]


class CaseOut(Shape):
    uid: str
    title: str
    unit_id: str | None
    cause: str | None
    party_name: str | None
    party_code: str | None
    handlers: list[str]
    numbers: list[str] = Field(default_factory=list)


class PartyOut(BaseModel):
    """A party as this case has it; an identity number is shown in masked form only."""

    party_id: str
    kind: str = Field(examples=["ORGANISATION"])
    name: str
    code: str | None
    id_masked: str | None
    detail: dict[str, Any]


class CaseWhole(CaseOut):
    origin: str | None
    facts: str | None
    filing_reasons: str | None
    procedure: str | None
    opened_on: datetime | None
    decided_on: datetime | None
    closed_on: datetime | None
    archived_on: datetime | None
    archive_no: str | None
    archive: dict[str, Any] | None
    retention_class: str | None
    real_estate: bool | None
    certificates: list[dict[str, Any]] | None
    decision: dict[str, Any] | None
    services: list[dict[str, Any]] | None
    legal_review: dict[str, Any] | None
    closing: str | None
    told_version: int | None
    told_at: datetime | None
    parties: list[PartyOut] = Field(default_factory=list)
    former_parties: list[dict[str, Any]] | None = Field(
        description="`name` and `code` of who was one once: a legal hold on them reaches this case"
    )
    documents: list[dict[str, Any]] = Field(
        default_factory=list,
        description="`is_form`: one of the provincial forms; `stage`, `seed_stage`: in which it is made out;"
        " `interview`: what a 询问笔录 says of the asking; `approval`: the opinions of an approval form",
    )
    activities: list[dict[str, Any]] = Field(
        default_factory=list,
        description="`seed_stage` is the one of the seed's four it belongs to;"
        " `told`: officers and place as the step itself names them, where its 询问笔录 says more",
    )
    links: list[LinkOut] = Field(default_factory=list)
    untimely: list[ReasonOut] = Field(
        default_factory=list, description="what came later than the rule pack's days, or is overdue now"
    )


class Stored(BaseModel):
    uid: str
    changed: bool = Field(description="false: the same, or something newer, was here already")
    outdated: bool = Field(default=False, description="what is stored is newer than what was sent")
    unit_entered: str | None = Field(
        default=None,
        description="nobody knew this unit: it stands in the registry now, under none",
    )
    officers_unknown: list[str] = Field(
        default_factory=list,
        description="handlers and who took part that no register knows: misspelt? They link nothing so far",
    )


@router.get("/cases")
def cases(
    viewer: Reader,
    database: Db,
    wanted: CuttingByName,
    rules: Rules,
    number: Annotated[
        str | None, Query(description="any spelling of one of its numbers; its archive number as it is")
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=200, description="part of a number, a title, a party's or a handler's name"),
    ] = None,
) -> Page[CaseOut]:
    statement = select(CaseRecord).where(visible(viewer, CaseRecord))
    if number:
        same = or_(
            CaseAlias.norm == case_number.normalise(number),
            col(CaseAlias.key).in_(case_number.readings(number, rules.packs.number_kinds)),
        )
        known = col(CaseRecord.uid).in_(select(CaseAlias.case_uid).where(same))
        statement = statement.where(or_(known, CaseRecord.archive_no == number))
    with database.read() as session:
        if q and q.strip():
            statement = statement.where(matches(session, q.strip()))
        return page(
            session,
            statement,
            CaseRecord.uid,
            wanted,
            lambda row: short(session, row),
            lambda row: str(row.uid),
        )


def short(session: Session, case: CaseRecord) -> CaseOut:
    shown = CaseOut.model_validate(case)
    shown.numbers = [one.raw for one in numbers_of(session, case.uid)]
    return shown


@router.get("/cases/{uid}")
def case(uid: str, viewer: Reader, database: Db, rules: Rules, law: Ruled) -> CaseWhole:
    """The textual record with the links of its footage."""
    with database.read() as session:
        found = session.exec(
            select(CaseRecord).where(CaseRecord.uid == uid, visible(viewer, CaseRecord))
        ).one_or_none()
        if found is None:
            raise not_found("Case")
        shown = whole(session, viewer, found, rules)
        late = untimely(session, law, found, now())
        shown.untimely = [ReasonOut.told(one.stored()) for one in late]
        return shown


def whole(session: Session, viewer: Viewer, found: CaseRecord, rules: CaseRules) -> CaseWhole:
    shown = CaseWhole.model_validate(found)
    shown.numbers = [one.raw for one in numbers_of(session, found.uid)]
    links = session.exec(
        select(Link).where(Link.case_uid == found.uid, col(Link.ended_at).is_(None), visible(viewer, Link))
    )
    papers = session.exec(select(Document).where(Document.case_uid == found.uid))
    steps = session.exec(select(Activity).where(Activity.case_uid == found.uid))
    shown.parties = parties_of(session, found.uid)
    stages = rules.stages(session, found.unit_id)
    pack = rules.packs.of(found.unit_id, parents_of(session))
    shown.documents = [paper.model_dump(mode="json") | form_of(paper.type, pack, stages) for paper in papers]
    shown.activities = [
        step.model_dump(mode="json") | {"seed_stage": seed_stage(step.stage, stages)} for step in steps
    ]
    shown.links = [LinkOut.of(link) for link in links]
    return shown


def form_of(written: str, pack: RulePack, stages: tuple[Stage, ...]) -> dict[str, Any]:
    stage = stage_of_form(pack, written)
    seed = seed_stage(stage, stages) if stage else None
    return {"is_form": is_form(pack, written), "stage": stage, "seed_stage": seed}


def parties_of(session: Session, uid: str) -> list[PartyOut]:
    told = session.exec(
        select(CaseParty, Party)
        .join(Party, col(Party.id) == CaseParty.party_id)
        .where(CaseParty.case_uid == uid)
        .order_by(col(CaseParty.place))
    )
    return [
        PartyOut(
            party_id=party.id, kind=party.kind.value, name=row.name, code=party.code,
            id_masked=party.id_masked, detail=row.detail,
        )
        for row, party in told
    ]  # fmt: skip


@router.put("/cases/{uid}")
def put_case(
    uid: str,
    given: CaseIn,
    response: Response,
    viewer: CaseWriter,
    database: Db,
    rules: Rules,
    new_unit: NewUnit = False,
) -> Stored:
    """Store a case as given. Idempotent: the same body again changes nothing (201 new, 200 otherwise).

    An older `version`, or an older `updated_at`, than what is stored changes nothing either. A case system
    (role integrator) brings its units; a person who names one that nobody knows has mostly misspelt it: 409.
    """
    with database.write() as session:
        is_new = session.get(CaseRecord, uid) is None
        stranger = may_put(session, viewer, uid, given, new_unit)
        ended = put(session, given, viewer.name, "api", rules)
        unknown = [] if ended is Ended.OUTDATED else unknown_officers(session, given)
    response.status_code = 201 if is_new else 200
    outdated = ended is Ended.OUTDATED
    return Stored(
        uid=uid, changed=ended.changed, outdated=outdated, unit_entered=None if outdated else stranger,
        officers_unknown=unknown,
    )  # fmt: skip


@router.post("/cases/{uid}/effects")
def case_effects(
    uid: str, given: CaseIn, viewer: CaseWriter, database: Db, rules: Rules, new_unit: NewUnit = False
) -> list[EffectOut]:
    """What storing this case would do to links: changed numbers, steps, times, officers. Nothing is stored.

    Of the clips that you may see. What is as it was, or older than what is stored, changes none.
    """
    with database.read() as session:
        may_put(session, viewer, uid, given, new_unit)
    tried = linking.effects(
        database, rules.packs, lambda session: put(session, given, viewer.name, "api", rules)
    )
    return shown(database, viewer, tried, own=uid)


def may_put(session: Session, viewer: Viewer, uid: str, given: CaseIn, new_unit: bool) -> str | None:
    """The unit that it brings and nobody knew. Raises Problem and Refused."""
    if given.uid != uid:
        raise Problem(422, "The uid in the path differs from the one in the body")
    existing = session.get(CaseRecord, uid)
    stranger = given.unit if is_new_unit(session, given.unit) else None
    if viewer.units is not None:
        owner = existing.unit_id if existing else given.unit
        if owner not in viewer.units or given.unit not in viewer.units:
            raise not_found("Case")
    if stranger is not None and not (new_unit or viewer.role is Role.INTEGRATOR):
        near = ", ".join(like_unit(session, stranger)) or "—"
        raise Refused("case.unknown_unit", unit=stranger, near=near)
    return stranger
