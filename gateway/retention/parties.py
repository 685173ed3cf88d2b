"""Who is a party of a case, or ever was one: a legal hold reaches all of these."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from gateway.models import CaseParty, CaseRecord, HoldKind, LegalHold, Party


@dataclass(frozen=True, slots=True)
class Named:
    """Of one case, in one spelling."""

    names: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)

    def add(self, name: str | None, code: str | None) -> None:
        self.names.update(fold(name))
        self.codes.update(fold(code))

    def has(self, hold: LegalHold) -> bool:
        return bool(self.names & fold(hold.party_name) or self.codes & fold(hold.party_code))


def fold(written: str | None) -> set[str]:
    """Brackets of full width and blanks make no other party: a hold too wide does no harm."""
    folded = "".join(unicodedata.normalize("NFKC", written or "").upper().split())
    return {folded} if folded else set()


def named(session: Session, cases: Iterable[CaseRecord], holds: Sequence[LegalHold]) -> dict[str, Named]:
    """By case; nothing is read where no party is held."""
    if not any(hold.kind is HoldKind.PARTY for hold in holds):
        return {}
    found = {case.uid: Named() for case in cases}
    for uid, name, code in session.exec(
        select(CaseParty.case_uid, CaseParty.name, Party.code)
        .join(Party, col(Party.id) == CaseParty.party_id)
        .where(col(CaseParty.case_uid).in_(found))
    ):
        found[uid].add(name, code)
    for case in cases:
        found[case.uid].add(case.party_name, case.party_code)
        for once in case.former_parties or ():
            found[case.uid].add(once["name"], once["code"])
    return found
