"""The parties of a case: found again by code or identity number, never by name alone (R-06, trap 18)."""

import hashlib
import hmac
from collections.abc import Iterable

from sqlmodel import Session, SQLModel, col, select

from gateway.case_sources.incoming import CaseIn, PartyIn
from gateway.case_sources.rules import CaseRules
from gateway.device import Refused
from gateway.models import CaseParty, CaseRecord, Party, PartyKind
from gateway.rules import identity


def write_parties(
    session: Session, incoming: CaseIn, rules: CaseRules
) -> tuple[list[SQLModel], list[SQLModel]]:
    """Write a case's parties as told; returns the parties that are new, and what went from the case."""
    if incoming.keeps_parties:
        return [], []
    uid = incoming.uid
    present = {row.party_id: row for row in session.exec(select(CaseParty).where(CaseParty.case_uid == uid))}
    kept: set[str] = set()
    new: list[SQLModel] = []
    for place, told in enumerate(incoming.all_parties()):
        party = found(session, incoming, told, rules, kept)
        if party is None:
            party = entered(told, rules)
            session.add(party)
            session.flush()
            new.append(party)
        kept.add(party.id)
        row = present.get(party.id) or CaseParty(case_uid=uid, party_id=party.id, place=place, name=told.name)
        before = row.detail if incoming.is_partial else {}
        row.place, row.name, row.detail = place, told.name, before | detail_of(told)
        session.add(row)
    gone: list[SQLModel] = [row for party_id, row in present.items() if party_id not in kept]
    for left in gone:
        session.delete(left)
    session.flush()
    return new, gone


def former_parties(
    session: Session, case: CaseRecord | None, given: Iterable[tuple[str | None, str | None]]
) -> list[dict[str, str | None]] | None:
    """Who was a party of the case once, and by the new telling is none: `name` and `code` of each."""
    if case is None:
        return None
    told = select(CaseParty.name, Party.code).join(Party, col(Party.id) == CaseParty.party_id)
    once = {(one["name"], one["code"]) for one in case.former_parties or ()}
    once |= set(session.exec(told.where(CaseParty.case_uid == case.uid)))
    once.add((case.party_name, case.party_code))
    left = once - {*given, (None, None)}
    return [{"name": name, "code": code} for name, code in sorted(left, key=str)] or None


def found(
    session: Session, incoming: CaseIn, told: PartyIn, rules: CaseRules, kept: set[str]
) -> Party | None:
    if told.code:
        return session.exec(select(Party).where(Party.code == told.code)).one_or_none()
    if told.id_no:
        hashed = id_hash(told, rules)
        return session.exec(select(Party).where(Party.id_hash == hashed)).one_or_none()
    of_name = (
        select(Party)
        .join(CaseParty, col(CaseParty.party_id) == Party.id)
        .where(
            CaseParty.case_uid == incoming.uid, CaseParty.name == told.name,
            Party.kind == PartyKind(told.kind), col(Party.id).not_in(kept),
        )
        .order_by(col(CaseParty.place))
    )  # fmt: skip
    if not incoming.is_partial:  # a whole telling would say the code or number if there were one
        of_name = of_name.where(col(Party.code).is_(None), col(Party.id_hash).is_(None))
    return session.exec(of_name.limit(1)).first()


def entered(told: PartyIn, rules: CaseRules) -> Party:
    return Party(
        kind=PartyKind(told.kind),
        code=told.code,
        id_hash=id_hash(told, rules) if told.id_no else None,
        id_masked=identity.masked(told.id_no) if told.id_no else None,
    )


def id_hash(told: PartyIn, rules: CaseRules) -> str:
    """Without the key nobody can try all numbers there are. Raises Refused where there is none."""
    if rules.identity_key is None:
        raise Refused("case.no_identity_key")
    written = f"{told.id_type}:{told.id_no}".encode()
    return hmac.new(rules.identity_key, written, hashlib.sha256).hexdigest()


def detail_of(told: PartyIn) -> dict[str, str]:
    return told.model_dump(exclude={"kind", "name", "code", "id_type", "id_no"}, exclude_none=True)
