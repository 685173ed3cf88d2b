"""Which legal holds and marks lie on a clip, a case, a device or the site, and which did, for people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway.models import (
    CaseParty,
    CaseRecord,
    Clip,
    Device,
    HoldKind,
    LegalHold,
    Link,
    Original,
    Party,
    RetentionFlag,
)
from gateway.retention import Judged, parties
from gateway.visibility import Viewer, visible


@dataclass(frozen=True, slots=True)
class Bound:
    hold: LegalHold
    is_known: bool
    """Of a unit that the viewer sees; of others' he learns that they bind and why, as with any floor."""
    name: str | None
    """Of what it lies on, where the viewer may see that; of a party as it was written."""

    @property
    def stands(self) -> bool:
        return self.hold.lifted_at is None


def of_clip(session: Session, viewer: Viewer, clip_id: str, judged: Judged | None) -> list[Bound]:
    """What binds it, through its case, device or take as well; and what lay on it itself and was lifted."""
    binding = {held.hold for held in judged.facts.holds} if judged else set()
    wanted = or_(col(LegalHold.id).in_(binding), LegalHold.clip_id == clip_id)
    return told(session, viewer, session.exec(select(LegalHold).where(wanted)))


def of_case(session: Session, viewer: Viewer, case: CaseRecord) -> list[Bound]:
    """On the case, on a party that it names or named, on single clips that are or were linked to it."""
    ever = select(Link.clip_id).where(Link.case_uid == case.uid)
    its = or_(LegalHold.case_uid == case.uid, col(LegalHold.clip_id).in_(ever))
    found = list(session.exec(select(LegalHold).where(its)))
    of_parties = session.exec(
        select(LegalHold).where(LegalHold.kind == HoldKind.PARTY, col(LegalHold.lifted_at).is_(None))
    ).all()
    if of_parties:
        named = parties.named(session, [case], of_parties)[case.uid]
        found += [hold for hold in of_parties if named.has(hold)]
    return told(session, viewer, found)


def of_device(session: Session, viewer: Viewer, device_id: str) -> list[Bound]:
    """On what the device recorded in a span."""
    wanted = select(LegalHold).where(LegalHold.device_id == device_id)
    return told(session, viewer, session.exec(wanted))


def of_site(session: Session, viewer: Viewer, *, lifted: bool, after: str, most: int) -> list[Bound]:
    """Those of the viewer's units, the newest first; `after`: the last that was shown."""
    state = col(LegalHold.lifted_at).is_not(None) if lifted else col(LegalHold.lifted_at).is_(None)
    wanted = select(LegalHold).where(state, visible(viewer, LegalHold))
    if after:
        wanted = wanted.where(col(LegalHold.id) < after)
    rows = session.exec(wanted.order_by(col(LegalHold.id).desc()).limit(most))
    return sorted(told(session, viewer, rows), key=lambda one: one.hold.id, reverse=True)


def told(session: Session, viewer: Viewer, found: Iterable[LegalHold]) -> list[Bound]:
    """Those that stand first, of each the newest first; lifted ones of other units are nobody's business."""
    rows = sorted(found, key=lambda row: (row.lifted_at is None, row.placed_at, row.id), reverse=True)
    ids = [row.id for row in rows]
    known = set(
        session.exec(select(LegalHold.id).where(col(LegalHold.id).in_(ids), visible(viewer, LegalHold)))
    )
    names = named(session, viewer, rows)
    return [
        Bound(row, row.id in known, names.get(row.clip_id or row.case_uid or row.device_id or row.id))
        for row in rows
        if row.lifted_at is None or row.id in known
    ]


def named(session: Session, viewer: Viewer, rows: Sequence[LegalHold]) -> dict[str, str]:
    names = {row.id: row.party_name or row.party_code or "" for row in rows if row.kind is HoldKind.PARTY}
    uids = {row.case_uid for row in rows if row.case_uid}
    cases = select(CaseRecord.uid, CaseRecord.title)
    names |= dict(session.exec(cases.where(col(CaseRecord.uid).in_(uids), visible(viewer, CaseRecord))).all())
    refs = {row.device_id for row in rows if row.device_id}
    devices = select(Device.id, Device.name).where(col(Device.id).in_(refs), visible(viewer, Device))
    names |= {ref: name or ref for ref, name in session.exec(devices)}
    clips: Any = select(Clip.id, Original.name).join(Original, col(Original.id) == Clip.id)
    lone = {row.clip_id for row in rows if row.clip_id}
    found = session.exec(clips.where(col(Clip.id).in_(lone), visible(viewer, Clip)))
    return names | {ref: name.rpartition("/")[2] for ref, name in found}


def flags_of(session: Session, clip_id: str) -> list[RetentionFlag]:
    """Marks that people set, those that stand first."""
    wanted = select(RetentionFlag).where(RetentionFlag.clip_id == clip_id)
    order = col(RetentionFlag.lifted_at).is_(None).desc(), col(RetentionFlag.id).desc()
    return list(session.exec(wanted.order_by(*order)))


def party_of(session: Session, case_uid: str, party_id: str) -> tuple[str, str | None] | None:
    """Name and code of a party as a case has it; None where it has no such party."""
    wanted = (
        select(CaseParty.name, Party.code)
        .join(Party, col(Party.id) == CaseParty.party_id)
        .where(CaseParty.case_uid == case_uid, CaseParty.party_id == party_id)
    )
    return session.exec(wanted).first()
