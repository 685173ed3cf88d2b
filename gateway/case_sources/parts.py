"""How the papers and steps of a case are stored: its own only, and none is deleted."""

from sqlmodel import Session, col, or_, select

from gateway.case_sources.incoming import ActivityIn, CaseIn
from gateway.case_sources.papers import PARTS, DocumentIn, InterviewIn, bare
from gateway.case_sources.told import HandlerIn
from gateway.device import Refused
from gateway.intake.places import ensure_room
from gateway.models import Activity, Document, Officer, Room, now

CHUNK = 500


def write_parts(session: Session, incoming: CaseIn) -> None:
    told: tuple[tuple[type[Document] | type[Activity], list[str]], ...] = (
        (Document, [paper.id for paper in incoming.documents]),
        (Activity, [step.id for step in incoming.activities]),
    )
    for model, refs in told:
        not_anothers(session, model, refs, incoming.uid)
    for paper in incoming.documents:
        session.merge(paper_row(session, incoming, paper))
    session.flush()
    papers = {paper.id: paper for paper in incoming.documents}
    for step in incoming.activities:
        session.merge(step_row(session, incoming, step, papers.get(step.document or "")))
    for model, refs in told:
        withdraw_absent(session, model, incoming.uid, refs)


def paper_row(session: Session, incoming: CaseIn, paper: DocumentIn) -> Document:
    told = bare(paper.model_dump(mode="json", include={*PARTS}, exclude_none=True)) or {}
    if interview := paper.interview:
        told["interview"] = (told.get("interview") or {}) | {
            "askers": [person(session, one) for one in interview.askers],
            "recorder": interview.recorder and person(session, interview.recorder),
        }
    for name, opinion in (told.get("approval") or {}).items():
        by = getattr(paper.approval, name).by
        told["approval"][name] = opinion | {"by": by and person(session, by)}
    parts = {name: bare(told.get(name)) for name in PARTS}
    return Document(case_uid=incoming.uid, **paper.model_dump(exclude={*PARTS}), **parts)


def person(session: Session, told: str | HandlerIn) -> dict[str, str | None]:
    """As the paper names somebody, found in the register."""
    one = HandlerIn(officer=told) if isinstance(told, str) else told
    return {"officer": officer_ref(session, one.ref), "name": one.name, "cert_no": one.cert_no}


def step_row(session: Session, incoming: CaseIn, step: ActivityIn, paper: DocumentIn | None) -> Activity:
    """Who asked by its 询问笔录 took part in it (LK-5, LK-6); where it names no place, the paper's (LK-8)."""
    interview = (paper and paper.interview) or InterviewIn()
    asking = [officer_ref(session, one if isinstance(one, str) else one.ref) for one in interview.askers]
    own = [officer_ref(session, ref) for ref in step.officers]
    officers = [*own, *(one for one in dict.fromkeys(asking) if one not in own)]
    place = step.place or interview.place
    says_more = (officers, place) != (own, step.place)
    return Activity(
        case_uid=incoming.uid,
        room_id=room_ref(session, step.room, incoming.unit),
        document_id=step.document,
        officers=officers,
        place=place,
        told={"officers": own, "place": step.place} if says_more else None,
        **step.model_dump(exclude={"room", "officers", "document", "place"}),
    )


def not_anothers(session: Session, model: type[Document] | type[Activity], refs: list[str], uid: str) -> None:
    """Raises Refused for a part that belongs to another case: nobody takes a step away by naming it."""
    owned = session.exec(select(model.id).where(col(model.id).in_(refs), model.case_uid != uid)).first()
    if owned is not None:
        raise Refused("case.part_of_another", part=owned)


def withdraw_absent(
    session: Session, model: type[Document] | type[Activity], uid: str, kept: list[str]
) -> None:
    """What the case system no longer has counts no more; its row stays for the history of links and steps."""
    gone = select(model).where(
        model.case_uid == uid, col(model.id).not_in(kept), col(model.withdrawn_at).is_(None)
    )
    for row in session.exec(gone):
        row.withdrawn_at = now()
        session.add(row)


def officer_ref(session: Session, ref: str) -> str:
    """An officer's id from id, number or certificate; a stranger's reference is kept as written."""
    found = session.exec(
        select(Officer.id)
        .where(or_(Officer.id == ref, Officer.number == ref, Officer.cert_no == ref))
        .limit(1)
    ).first()
    return found or ref


def unknown_officers(session: Session, incoming: CaseIn) -> list[str]:
    """Ids and numbers of handlers and of who took part that are nobody's in the register: kept as written.

    A bare name is none: names are many people's.
    """
    told: list[str | HandlerIn] = [*incoming.handlers]
    told += [ref for step in incoming.activities for ref in step.officers]
    told += [one for paper in incoming.documents if paper.interview for one in paper.interview.askers]
    refs = [one if isinstance(one, str) else one.officer or one.cert_no for one in told]
    wanted = [ref for ref in dict.fromkeys(refs) if ref]
    known = set[str | None]()
    for place in range(0, len(wanted), CHUNK):
        some = wanted[place : place + CHUNK]
        meant = or_(*(col(name).in_(some) for name in (Officer.id, Officer.number, Officer.cert_no)))
        for row in session.exec(select(Officer.id, Officer.number, Officer.cert_no).where(meant)):
            known.update(row)
    return [ref for ref in wanted if ref not in known]


def room_ref(session: Session, ref: str | None, unit: str | None) -> str | None:
    """A room's id from id or name; one that nobody entered yet is entered for the case's unit.

    Raises Refused where the case names no unit: the room would be lost.
    """
    if ref is None or session.get(Room, ref) is not None:
        return ref
    named = session.exec(select(Room.id).where(Room.name == ref, Room.unit_id == unit).limit(1)).first()
    if named is not None:
        return named
    if unit is None:
        raise Refused("case.unknown_room", room=ref)
    ensure_room(session, ref, unit)
    return ref
