"""What a disposal would take: every clip that is due, with what a person has to know before agreeing."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway import custody, retention
from gateway.models import (
    OPEN_ITEMS,
    Attachment,
    CaseRecord,
    Clip,
    Described,
    Device,
    DisposalItem,
    DisposalRun,
    Finding,
    Link,
    Original,
    ReleaseState,
    RetentionFlag,
    State,
    User,
    Viewing,
)
from gateway.retention import Judged
from gateway.rulepacks import RulePack, RulePacks

PAGE = 200
MONTH = timedelta(days=28)
"""The shortest: what it lets through, the rule itself looks at."""

Units = Collection[str] | None
"""Whose footage; None is everybody's."""


def due(
    session: Session, packs: RulePacks, units: Units, at: datetime, *, limit: int, of_cases: bool = True
) -> list[Judged]:
    """The oldest clips whose every floor has passed and that no open run lists; `of_cases`: also linked."""
    found: list[Judged] = []
    last = ""
    while len(found) < limit:
        wanted = worth_judging(packs, units, at).where(col(Clip.id) > last)
        page = session.exec(wanted.order_by(col(Clip.id)).limit(PAGE)).all()
        if not page:
            break
        last = page[-1]
        judged = retention.judge(session, packs, page, at)
        ready = [one for one in judged if one.is_due and (of_cases or not one.facts.cases)]
        found += [one for one in ready if not lent(session, one.clip.id)]
    return found[:limit]


def for_review(session: Session, packs: RulePacks, units: Units, at: datetime, *, limit: int) -> list[Judged]:
    """Unlinked clips that have been here longer than personal data should be without a reason (R-78)."""
    found: list[Judged] = []
    last = ""
    while len(found) < limit:
        wanted = worth_judging(packs, units, at, waits_for_a_person=True).where(col(Clip.id) > last)
        page = session.exec(wanted.order_by(col(Clip.id)).limit(PAGE)).all()
        if not page:
            break
        last = page[-1]
        judged = retention.judge(session, packs, page, at)
        found += [one for one in judged if one.review_on is not None and one.review_on <= one.today]
    return found[:limit]


def worth_judging(packs: RulePacks, units: Units, at: datetime, *, waits_for_a_person: bool = False) -> Any:
    """Ids of clips that the rule may let go, found with few conditions; it decides one by one."""
    least = min(months(pack) for pack in (packs.default, *packs.of_units.values()))
    wanted = (
        select(Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(Original.state == State.PRESERVED, Original.found_at <= at - least * MONTH)
    )
    if units is not None:
        wanted = wanted.where(col(Device.unit_id).in_(units))
    if waits_for_a_person:
        links = select(Link.clip_id).where(col(Link.ended_at).is_(None))
        return wanted.where(col(Clip.id).not_in(links))
    listed = select(DisposalItem.clip_id).where(col(DisposalItem.state).in_(OPEN_ITEMS))
    return wanted.where(
        Clip.described == Described.READY,
        col(Clip.id).not_in(retention.linked_to_open()),
        col(Clip.id).not_in(listed),
    )


def months(pack: RulePack) -> int:
    return min(pack.retention.unlinked_months.value, pack.retention.window_months.value)


def beside(session: Session, clip_id: str) -> list[Original]:
    """The attachments that go with a clip: those that no other clip needs."""
    mine = session.exec(select(Attachment.id).where(Attachment.clip_id == clip_id)).all()
    found: dict[str, Original] = {}
    for original in session.exec(select(Original).where(col(Original.id).in_(mine))):
        kept = session.get_one(Original, original.duplicate_of) if original.duplicate_of else original
        if kept.state is State.PRESERVED and not shared(session, kept.id, clip_id):
            found[kept.id] = kept
    return [found[key] for key in sorted(found)]


def shared(session: Session, original_id: str, clip_id: str) -> bool:
    """Whether the same content is a clip, or an attachment of another one, or of one not known yet."""
    same = or_(Original.id == original_id, Original.duplicate_of == original_id)
    twins = session.exec(select(Original.id).where(same)).all()
    if session.exec(select(Clip.id).where(col(Clip.id).in_(twins)).limit(1)).first():
        return True
    owners = session.exec(select(Attachment.clip_id).where(col(Attachment.id).in_(twins))).all()
    return any(owner != clip_id and not is_gone(session, owner) for owner in owners)


def is_gone(session: Session, clip_id: str | None) -> bool:
    original = session.get(Original, clip_id) if clip_id else None
    return original is not None and original.state is State.DESTROYED


def lent(session: Session, clip_id: str) -> bool:
    """Whether the clip's own bytes are an attachment of another clip as well."""
    twins = select(Original.id).where(Original.duplicate_of == clip_id)
    owners = session.exec(select(Attachment.clip_id).where(col(Attachment.id).in_(twins))).all()
    return any(not is_gone(session, owner) for owner in owners)


def frozen(session: Session, judged: Judged) -> dict[str, Any]:
    """All that a clip may go by: whatever of it changes takes the clip off the list."""
    original = judged.original
    twins = session.exec(select(Original.id).where(Original.duplicate_of == original.id)).all()
    facts = retention.written(judged.facts) | {
        "unit": judged.unit_id,
        "pack": judged.pack.digest,
        "state": original.state,
        "sha256": original.sha256,
        "size": original.size,
        "attachments": [[one.id, one.sha256] for one in beside(session, original.id)],
        "twins": sorted(twins),
    }
    return {name: retention.plain(value) for name, value in facts.items()}


def shown(session: Session, judged: Judged) -> dict[str, Any]:
    """What a person sees of one line: the rule, the links, who looked at it last, its size and digest."""
    clip, original, deadline = judged.clip, judged.original, judged.deadline
    return {
        "name": original.name,
        "device": clip.device_id,
        "kind": clip.kind,
        "since": judged.facts.since.isoformat() if judged.facts.since else None,
        "captured_from": clip.started_at.isoformat() if clip.started_at else None,
        "captured_to": clip.ended_at.isoformat() if clip.ended_at else None,
        "on": deadline.on.isoformat() if deadline.on else None,
        "rule": deadline.decides.stored(),
        "floors": [
            {**floor.stored(), "until": floor.until.isoformat() if floor.until else None}
            for floor in deadline.floors
        ],
        "rule_pack": judged.pack.edition,
        "links": links_of(session, clip.id),
        "flags": flags_of(session, clip.id),
        "important": clip.important,
        "last_viewed": last_viewed(session, clip.id),
        "size": original.size,
        "sha256": original.sha256,
        "attachments": [
            {"id": one.id, "name": one.name, "size": one.size, "sha256": one.sha256}
            for one in beside(session, clip.id)
        ],
        "on_device": left_on(session, original.id),
    }


def links_of(session: Session, clip_id: str) -> list[dict[str, Any]]:
    """Also those that a person took back, or that a later one replaced: whoever agrees has to see them."""
    found = session.exec(
        select(Link, CaseRecord)
        .join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        .where(Link.clip_id == clip_id)
        .order_by(col(Link.id))
    )
    return [
        {
            "case": case.uid, "title": case.title, "status": link.status.value, "verdict": link.verdict,
            "stands": link.ended_at is None, "archive_no": case.archive_no,
        }
        for link, case in found
    ]  # fmt: skip


def flags_of(session: Session, clip_id: str) -> list[str]:
    wanted = select(RetentionFlag.flag).where(
        RetentionFlag.clip_id == clip_id, col(RetentionFlag.lifted_at).is_(None)
    )
    return sorted(session.exec(wanted))


def last_viewed(session: Session, clip_id: str) -> dict[str, str] | None:
    found = session.exec(
        select(Viewing, User.name)
        .join(User, col(User.id) == Viewing.user_id)
        .where(Viewing.clip_id == clip_id)
        .order_by(col(Viewing.started_at).desc(), col(Viewing.id).desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    viewing, name = found
    return {"by": name, "at": viewing.started_at.isoformat(), "purpose": viewing.purpose}


def left_on(session: Session, original_id: str) -> list[str]:
    """Devices on which the file was left, as far as we know: what is still there comes in again."""
    twins = select(Original.id).where(Original.duplicate_of == original_id)
    found = session.exec(
        select(Finding.device_id, Finding.release).where(
            or_(Finding.original_id == original_id, col(Finding.original_id).in_(twins))
        )
    )
    states: dict[str, set[str | None]] = defaultdict(set)
    for device, release in found:
        states[device].add(release)
    return sorted(device for device, known in states.items() if ReleaseState.DONE not in known)


def listing_digest(items: Sequence[DisposalItem]) -> str:
    """Over what was listed, in order; what became of a line later is not part of it."""
    lines = [[one.clip_id, one.shown, one.facts] for one in sorted(items, key=lambda one: one.clip_id)]
    return custody.value_digest(lines)


def items_of(session: Session, run: DisposalRun) -> list[DisposalItem]:
    wanted = select(DisposalItem).where(DisposalItem.run_id == run.id)
    return list(session.exec(wanted.order_by(col(DisposalItem.clip_id))))
