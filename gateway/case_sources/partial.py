"""A telling that does not speak of everything, such as a table: what it leaves out stays as it is stored."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import Session, col, select

from gateway.case_sources.incoming import (
    PLAIN,
    ActivityIn,
    ArchiveIn,
    CaseIn,
    DecisionIn,
    LegalReviewIn,
    PartyIn,
    ServiceIn,
)
from gateway.case_sources.papers import PARTS, DocumentIn, merged
from gateway.case_sources.told import HandlerIn
from gateway.device import Refused
from gateway.models import Activity, CaseAlias, CaseParty, CaseRecord, Document, Party, PartyKind
from gateway.rules import case_number


def completed(session: Session, incoming: CaseIn, case: CaseRecord | None) -> CaseIn:
    """The whole record. Raises Refused where the told and the kept contradict each other."""
    if case is None or not incoming.is_partial:
        return incoming
    kept: dict[str, Any] = {name: getattr(case, name) for name in PLAIN if not incoming.tells(name)}
    if not incoming.tells("unit"):
        kept["unit"] = case.unit_id
    if not incoming.tells("numbers"):
        kept["numbers"] = own_numbers(session, case)
    whole = incoming.model_copy(update=kept | particulars(incoming, case))
    whole.documents = documents(session, incoming)
    whole.activities = activities(session, incoming, {paper.id for paper in whole.documents})
    whole.handlers = handlers(incoming, case)
    whole.parties = [with_code(session, incoming.uid, one) for one in incoming.parties]
    if not tells_parties(session, incoming):
        whole.keep_parties()
    try:
        whole.in_order()
    except ValueError as wrong:
        raise Refused("case.out_of_order", case=case.uid, error=wrong) from None
    return whole


def own_numbers(session: Session, case: CaseRecord) -> list[str]:
    """Those that are neither a paper's nor the decision's: these go and come with them."""
    papers = (row.number for row in standing(session, Document, case.uid).values())
    others = {case_number.normalise(one) for one in (*papers, (case.decision or {}).get("number")) if one}
    of_case = select(CaseAlias).where(CaseAlias.case_uid == case.uid).order_by(col(CaseAlias.id))
    return [alias.raw for alias in session.exec(of_case) if alias.norm not in others]


def tells_parties(session: Session, incoming: CaseIn) -> bool:
    """A bare name says too little to take anybody's place."""
    if not any(map(incoming.tells, ("parties", "party_name", "party_code"))):
        return False
    if incoming.all_parties() or incoming.party_name is None:
        return True
    return session.exec(select(CaseParty.id).where(CaseParty.case_uid == incoming.uid)).first() is None


def with_code(session: Session, uid: str, told: PartyIn) -> PartyIn:
    """An organisation that is told by its name alone is the one that the case has by that name."""
    if told.code or told.kind != PartyKind.ORGANISATION:
        return told
    of_name = (
        select(Party.code)
        .join(CaseParty, col(CaseParty.party_id) == Party.id)
        .where(CaseParty.case_uid == uid, CaseParty.name == told.name, Party.kind == PartyKind.ORGANISATION)
    )
    return told.model_copy(update={"code": session.exec(of_name.order_by(col(CaseParty.place))).first()})


def particulars(incoming: CaseIn, case: CaseRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "decision": over(DecisionIn, case.decision, incoming, "decision"),
        "archive": over(ArchiveIn, case.archive, incoming, "archive"),
        "legal_review": over(LegalReviewIn, case.legal_review, incoming, "legal_review"),
    }
    if not incoming.tells("services"):
        found["services"] = [ServiceIn.model_validate(one) for one in case.services or ()]
    return found


def over(model: type[BaseModel], stored: dict[str, Any] | None, incoming: CaseIn, name: str) -> Any:
    """What is told of one part over what is stored of it; None where nothing is left in it."""
    part: BaseModel | None = getattr(incoming, name)
    if part is None and incoming.tells(name):
        return None
    written = (stored or {}) | (part.model_dump(exclude_unset=True) if part else {})
    is_empty = all(value in (None, []) for value in written.values())
    return None if is_empty else model.model_validate(written)


def documents(session: Session, incoming: CaseIn) -> list[DocumentIn]:
    rows = standing(session, Document, incoming.uid)
    if not incoming.tells("documents"):
        return [DocumentIn.model_construct(**fields_of(DocumentIn, row)) for row in rows.values()]
    return [with_parts(filled(paper, rows.get(paper.id)), rows.get(paper.id)) for paper in incoming.documents]


def with_parts(paper: DocumentIn, row: Document | None) -> DocumentIn:
    """A table has columns for some of what a 询问笔录 or an approval form says."""
    if row is None:
        return paper
    told = paper.model_dump(mode="json", include=paper.model_fields_set & PARTS.keys(), exclude_unset=True)
    whole = {name: merged(getattr(row, name), value) for name, value in told.items() if value is not None}
    try:
        parts = {name: PARTS[name].model_validate(value) for name, value in whole.items()}
    except ValidationError as wrong:
        raise Refused("case.out_of_order", case=row.case_uid, error=wrong.errors()[0]["msg"]) from None
    return paper.model_copy(update=parts)


def activities(session: Session, incoming: CaseIn, papers: set[str]) -> list[ActivityIn]:
    """A step keeps its paper as long as the case has it."""
    rows = standing(session, Activity, incoming.uid)
    if incoming.tells("activities"):
        steps = [filled(step, rows.get(step.id)) for step in incoming.activities]
    else:
        steps = [ActivityIn.model_construct(**fields_of(ActivityIn, row)) for row in rows.values()]
    return [step if step.document in papers else step.model_copy(update={"document": None}) for step in steps]


def standing(session: Session, model: type[Document] | type[Activity], uid: str) -> dict[str, Any]:
    of_case: Any = select(model).where(model.case_uid == uid, col(model.withdrawn_at).is_(None))
    return {row.id: row for row in session.exec(of_case.order_by(col(model.id)))}


def fields_of(model: type[BaseModel], row: Any) -> dict[str, Any]:
    """As a case system would tell the row; an id that is stored is no longer judged."""
    named = {"room": "room_id", "document": "document_id"}
    stored = {name: getattr(row, named.get(name, name)) for name in model.model_fields}
    if isinstance(row, Activity):
        stored |= row.told or {}
    return {
        name: PARTS[name].model_validate(value) if name in PARTS and value else value
        for name, value in stored.items()
    }


def filled(part: Any, row: Any) -> Any:
    """A paper or a step, with what the telling does not say of it."""
    if row is None:
        return part
    stored = fields_of(type(part), row)
    return part.model_copy(
        update={name: value for name, value in stored.items() if name not in part.model_fields_set}
    )


def handlers(incoming: CaseIn, case: CaseRecord) -> list[str | HandlerIn]:
    """Told without a certificate, a handler keeps the one that was told before."""
    known = {one["officer"]: one for one in case.certificates or ()}
    told: Iterable[str | HandlerIn] = incoming.handlers if incoming.tells("handlers") else case.handlers
    return [with_certificate(one, known) for one in told]


def with_certificate(told: str | HandlerIn, known: dict[str, dict[str, Any]]) -> str | HandlerIn:
    ref = told if isinstance(told, str) else told.ref
    if ref not in known:
        return told
    said = told.model_dump(exclude_unset=True) if isinstance(told, HandlerIn) else {}
    return HandlerIn.model_validate(known[ref] | said)
