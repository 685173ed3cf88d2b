"""How a case record is stored: idempotent, the newer over the older, with what it re-links."""

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from sqlmodel import Session, SQLModel, select

from gateway import custody, linking, outbox
from gateway.case_sources.incoming import PLAIN, CaseIn
from gateway.case_sources.partial import completed
from gateway.case_sources.parties import former_parties, write_parties
from gateway.case_sources.parts import officer_ref, write_parts
from gateway.case_sources.rules import CaseRules, usual
from gateway.case_sources.told import HandlerIn
from gateway.device import Refused
from gateway.intake.places import ensure_unit, is_new_unit
from gateway.models import Activity, CaseAlias, CaseParty, CaseRecord, Document, now
from gateway.rules import case_number
from gateway.rules.freshness import Edition, is_outdated, latest

__all__ = ["CaseIn", "Ended", "put_case", "store_case"]


class Ended(StrEnum):
    """What became of a case that was brought."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    OUTDATED = "outdated"

    @property
    def changed(self) -> bool:
        return self in (Ended.NEW, Ended.CHANGED)


def store_case(
    session: Session, incoming: CaseIn, actor: str, source: str, rules: CaseRules | None = None
) -> bool:
    """Write a case as given, replacing what an earlier version said; False when nothing differs."""
    return put_case(session, incoming, actor, source, rules).changed


def put_case(
    session: Session,
    incoming: CaseIn,
    actor: str,
    source: str,
    rules: CaseRules | None = None,
    units: Collection[str] | None = None,
    *,
    is_home: bool = False,
) -> Ended:
    """The same with how it ended. `units` are those whose cases this source may write, None for all.

    At `is_home` the case is at home: links go back there, whoever corrects it elsewhere.

    Raises Refused for a case of another unit, and for what `write_parts` and `write_parties` refuse.
    """
    rules = rules or usual()
    case = session.get(CaseRecord, incoming.uid, with_for_update=True)
    told = incoming.unit if case is None or incoming.tells("unit") else case.unit_id
    if units is not None and not {told, case.unit_id if case else told} <= {*units}:
        raise Refused("case.other_unit", case=incoming.uid, unit=told)
    if case and is_outdated(incoming.edition, Edition(case.told_version, case.told_at)):
        return Ended.OUTDATED
    incoming = completed(session, incoming, case)
    before = snapshot(session, case) if case else {}
    entered = {"unit_entered": incoming.unit} if is_new_unit(session, incoming.unit) else {}
    read_before = linking.known(session, incoming.uid)
    write_case(session, case, incoming, source, is_home=is_home)
    gone = write_aliases(session, incoming, rules)
    parties, left = write_parties(session, incoming, rules)
    write_parts(session, incoming)
    session.flush()
    case = session.get_one(CaseRecord, incoming.uid)
    if snapshot(session, case) == before:
        return Ended.SAME
    rows = (case, *parts(session, incoming.uid), *parties)
    custody.append(
        session, custody.SITE, "CASE_STORED", actor, case.uid, rows, {"source": source, **entered},
        gone=[*gone, *left],
    )  # fmt: skip
    outbox.duties_moved(session, [row.id for row in rows if isinstance(row, Activity)])
    linking.case_due(session, case.uid, read_before, linking.known(session, case.uid))
    return Ended.CHANGED if before else Ended.NEW


def snapshot(session: Session, case: CaseRecord) -> dict[str, str]:
    rows: list[SQLModel] = [case, *parts(session, case.uid)]
    return {f"{row.__tablename__}/{custody.row_key(row)}": custody.row_digest(row) for row in rows}


def parts(session: Session, uid: str) -> list[SQLModel]:
    found: list[SQLModel] = []
    for model in (CaseAlias, CaseParty, Document, Activity):
        found.extend(session.exec(select(model).where(model.case_uid == uid)))
    return found


def write_case(
    session: Session, case: CaseRecord | None, incoming: CaseIn, source: str, *, is_home: bool
) -> None:
    ensure_unit(session, incoming.unit)
    told: dict[str, Any] = incoming.model_dump(include=set(PLAIN)) | particulars(incoming)
    told |= {
        "unit_id": incoming.unit,
        **({} if incoming.keeps_parties else party_columns(session, case, incoming)),
        "handlers": [officer_ref(session, handler_ref(one)) for one in incoming.handlers],
        "certificates": certificates(session, incoming),
    }
    if is_home:
        told["source"] = source
    case = case or CaseRecord(uid=incoming.uid, title=incoming.title, source=source)
    held = latest(incoming.edition, Edition(case.told_version, case.told_at))
    case.told_version, case.told_at = held.version, held.at
    if any(getattr(case, name) != value for name, value in told.items()):
        for name, value in told.items():
            setattr(case, name, value)
        case.updated_at = now()
    session.add(case)
    session.flush()


def party_columns(session: Session, case: CaseRecord | None, incoming: CaseIn) -> dict[str, Any]:
    parties = [(one.name, one.code) for one in incoming.all_parties()]
    name, code = first = next(iter(parties), (incoming.party_name, incoming.party_code))
    former = former_parties(session, case, [first, *parties])
    return {"party_name": name, "party_code": code, "former_parties": former}


def particulars(incoming: CaseIn) -> dict[str, Any]:
    """What the forms carry in parts of their own; None where nothing was said."""
    written = incoming.model_dump(
        mode="json", include={"decision", "services", "legal_review", "archive"}, exclude_none=True
    )
    return {name: written.get(name) or None for name in ("decision", "services", "legal_review", "archive")}


def handler_ref(told: str | HandlerIn) -> str:
    return told if isinstance(told, str) else told.ref


def certificates(session: Session, incoming: CaseIn) -> list[dict[str, str | None]] | None:
    """The handlers who were named with a certificate or a name of their own, as they were named."""
    named = [one for one in incoming.handlers if isinstance(one, HandlerIn) and (one.name or one.cert_no)]
    written = [
        {"officer": officer_ref(session, one.ref), "name": one.name, "cert_no": one.cert_no} for one in named
    ]
    return written or None


def write_aliases(session: Session, incoming: CaseIn, rules: CaseRules) -> list[SQLModel]:
    """The case's own numbers, and those of its papers: a clip may bear either. Returns what went."""
    wanted = {case_number.normalise(raw): raw for raw in incoming.all_numbers()}
    present = session.exec(select(CaseAlias).where(CaseAlias.case_uid == incoming.uid)).all()
    gone: list[SQLModel] = [alias for alias in present if alias.norm not in wanted]
    for alias in gone:
        session.delete(alias)
    known = {alias.norm for alias in present}
    kinds = rules.number_kinds(session, incoming.unit)
    for alias in present:
        alias.key = case_number.key_text(alias.raw, kinds)  # another pack reads it otherwise
    session.add_all(alias_of(incoming.uid, raw, kinds) for norm, raw in wanted.items() if norm not in known)
    return gone


def alias_of(uid: str, raw: str, kinds: case_number.Kinds = case_number.SEEN) -> CaseAlias:
    return CaseAlias(
        case_uid=uid, raw=raw, norm=case_number.normalise(raw), key=case_number.key_text(raw, kinds)
    )
