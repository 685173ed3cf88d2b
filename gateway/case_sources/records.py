"""A textual case record as it comes in, and how it is stored: idempotent, with what it re-links."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)
from sqlmodel import Session, SQLModel, col, or_, select

from gateway import custody, linking
from gateway.device import Refused
from gateway.instants import Moment
from gateway.intake.places import ensure_room, ensure_unit
from gateway.models import Activity, CaseAlias, CaseRecord, Document, Officer, Room, now
from gateway.rules import case_number

Text = Annotated[str, Field(min_length=1, max_length=500)]


class Incoming(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*")
    @classmethod
    def storable(cls, value: object) -> object:
        """No database column holds a NUL."""
        if isinstance(value, str) and "\0" in value:
            raise ValueError("contains a NUL character")
        return value


class DocumentIn(Incoming):
    id: Text
    type: Text = Field(examples=["现场笔录"])
    number: str | None = Field(default=None, examples=["冀邢市监现笔〔2024〕12号"])
    issued_at: Moment | None = None


class ActivityIn(Incoming):
    id: Text
    kind: Text = Field(examples=["现场检查"])
    stage: Text = Field(default="调查取证", examples=["调查取证"])
    started_at: Moment
    ended_at: Moment
    place: str | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    room: str | None = None
    officers: list[Text] = Field(default_factory=list, description="officer id, number or certificate number")
    document: str | None = None

    @model_validator(mode="after")
    def forwards(self) -> "ActivityIn":
        if self.ended_at < self.started_at:
            raise ValueError(f"activity {self.id}: ends before it starts")
        return self


class CaseIn(Incoming):
    """A case with its numbers, papers and steps. Sending the same again changes nothing."""

    uid: Text
    title: Text = Field(examples=["某某商店销售过期食品案"])
    numbers: list[Text] = Field(default_factory=list, examples=[["冀邢市监罚〔2024〕27号"]])
    unit: str | None = None
    cause: str | None = None
    party_name: str | None = None
    party_code: str | None = Field(default=None, description="统一社会信用代码")
    procedure: str | None = None
    opened_on: Moment | None = None
    closed_on: Moment | None = None
    handlers: list[Text] = Field(default_factory=list)
    documents: list[DocumentIn] = Field(default_factory=list)
    activities: list[ActivityIn] = Field(default_factory=list)

    @model_validator(mode="after")
    def consistent(self) -> "CaseIn":
        papers = {paper.id for paper in self.documents}
        steps = [step.id for step in self.activities]
        for step in self.activities:
            if step.document is not None and step.document not in papers:
                raise ValueError(f"activity {step.id}: no document {step.document!r} in this case")
            if steps.count(step.id) > 1:
                raise ValueError(f"activity {step.id}: this id is used twice")
        return self


def store_case(session: Session, incoming: CaseIn, actor: str, source: str) -> bool:
    """Write a case as given, replacing what an earlier version said; False when nothing differs."""
    case = session.get(CaseRecord, incoming.uid, with_for_update=True)
    before = snapshot(session, case) if case else {}
    numbers_before, spans_before = reach(session, incoming.uid)
    write_case(session, case, incoming, source)
    gone = write_aliases(session, incoming)
    write_parts(session, incoming)
    session.flush()
    case = session.get_one(CaseRecord, incoming.uid)
    after = snapshot(session, case)
    if after == before:
        return False
    rows = parts(session, incoming.uid)
    custody.append(
        session, custody.SITE, "CASE_STORED", actor, case.uid, (case, *rows), {"source": source}, gone=gone
    )
    numbers, spans = reach(session, incoming.uid)
    linking.due(session, "case", numbers=numbers | numbers_before)
    for start, end in spans | spans_before:
        linking.due(session, "activity", span=(start, end))
    return True


def snapshot(session: Session, case: CaseRecord) -> dict[str, str]:
    rows: list[SQLModel] = [case, *parts(session, case.uid)]
    return {f"{row.__tablename__}/{custody.row_key(row)}": custody.row_digest(row) for row in rows}


def parts(session: Session, uid: str) -> list[SQLModel]:
    found: list[SQLModel] = []
    for model in (CaseAlias, Document, Activity):
        found.extend(session.exec(select(model).where(model.case_uid == uid)))
    return found


def reach(session: Session, uid: str) -> tuple[set[str], set[tuple[datetime, datetime]]]:
    """The numbers and spans of time through which a case touches clips."""
    numbers = set(session.exec(select(CaseAlias.norm).where(CaseAlias.case_uid == uid)))
    spans = session.exec(select(Activity.started_at, Activity.ended_at).where(Activity.case_uid == uid))
    return numbers, set(spans)


def write_case(session: Session, case: CaseRecord | None, incoming: CaseIn, source: str) -> None:
    ensure_unit(session, incoming.unit)
    told: dict[str, Any] = incoming.model_dump(
        include={"title", "cause", "party_name", "party_code", "procedure", "opened_on", "closed_on"}
    )
    told |= {
        "unit_id": incoming.unit,
        "handlers": [officer_ref(session, ref) for ref in incoming.handlers],
    }
    case = case or CaseRecord(uid=incoming.uid, title=incoming.title, source=source)
    if any(getattr(case, name) != value for name, value in told.items()):
        for name, value in told.items():
            setattr(case, name, value)
        case.updated_at = now()
    session.add(case)
    session.flush()


def write_aliases(session: Session, incoming: CaseIn) -> list[SQLModel]:
    """The case's own numbers, and those of its papers: a clip may bear either. Returns what went."""
    papers = [document.number for document in incoming.documents if document.number]
    wanted = {case_number.normalise(raw): raw for raw in (*incoming.numbers, *papers)}
    present = session.exec(select(CaseAlias).where(CaseAlias.case_uid == incoming.uid)).all()
    gone: list[SQLModel] = [alias for alias in present if alias.norm not in wanted]
    for alias in gone:
        session.delete(alias)
    known = {alias.norm for alias in present}
    session.add_all(alias_of(incoming.uid, raw) for norm, raw in wanted.items() if norm not in known)
    return gone


def alias_of(uid: str, raw: str) -> CaseAlias:
    return CaseAlias(case_uid=uid, raw=raw, norm=case_number.normalise(raw), key=case_number.key_text(raw))


def write_parts(session: Session, incoming: CaseIn) -> None:
    for model, refs in (
        (Document, [paper.id for paper in incoming.documents]),
        (Activity, [step.id for step in incoming.activities]),
    ):
        not_anothers(session, model, refs, incoming.uid)
    for paper in incoming.documents:
        session.merge(Document(case_uid=incoming.uid, **paper.model_dump()))
    session.flush()
    for step in incoming.activities:
        told = step.model_dump(exclude={"room", "officers", "document"})
        session.merge(
            Activity(
                case_uid=incoming.uid,
                room_id=room_ref(session, step.room, incoming.unit),
                officers=[officer_ref(session, ref) for ref in step.officers],
                document_id=step.document,
                **told,
            )
        )
    withdraw_absent(session, incoming.uid, {step.id for step in incoming.activities})


def not_anothers(session: Session, model: type[Document] | type[Activity], refs: list[str], uid: str) -> None:
    """Raises Refused for a part that belongs to another case: nobody takes a step away by naming it."""
    owned = session.exec(select(model.id).where(col(model.id).in_(refs), model.case_uid != uid)).first()
    if owned is not None:
        raise Refused("case.part_of_another", part=owned)


def withdraw_absent(session: Session, uid: str, kept: Iterable[str]) -> None:
    """A step that the case system no longer has counts no more; its row stays for the links' history."""
    gone = session.exec(
        select(Activity).where(
            Activity.case_uid == uid,
            col(Activity.id).not_in(list(kept)),
            col(Activity.withdrawn_at).is_(None),
        )
    )
    for step in gone:
        step.withdrawn_at = now()
        session.add(step)


def officer_ref(session: Session, ref: str) -> str:
    """An officer's id from id, number or certificate; a stranger's reference is kept as written."""
    found = session.exec(
        select(Officer.id)
        .where(or_(Officer.id == ref, Officer.number == ref, Officer.cert_no == ref))
        .limit(1)
    ).first()
    return found or ref


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
