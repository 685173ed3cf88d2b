"""Loads the facts about a clip, asks the rules, writes labels and links; `preview` writes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody, receipts
from gateway.database import Database
from gateway.linking.facts import case_facts, clip_facts, held_by, interval_of
from gateway.models import Clip, Device, Link, LinkStatus, Original, RelinkDue, now
from gateway.rulepacks import RulePack
from gateway.rules import case_number
from gateway.rules.allocation import Custody
from gateway.rules.clock import Interval
from gateway.rules.judgement import Candidate, LinkLimits
from gateway.rules.linking import Decision, decide
from gateway.wording import reason


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of one clip: its interval, who held the device, which case."""

    interval: Interval | None
    custody: Custody
    decision: Decision


def preview(session: Session, clip: Clip, pack: RulePack) -> Judged:
    """Decide a clip on the facts as they stand."""
    device = session.get_one(Device, clip.device_id)
    interval = interval_of(session, clip, pack)
    held = held_by(session, device, interval, pack)
    facts = clip_facts(session, clip, device, interval, held)
    limits = LinkLimits(
        custody_tolerance_s=pack["custody_tolerance_minutes"] * 60,
        activity_slack_s=pack["activity_slack_minutes"] * 60,
        min_officers=int(pack["min_officers"]),
    )
    return Judged(interval, held, decide(facts, case_facts(session, clip, interval, limits), limits))


def relink(session: Session, clip: Clip, pack: RulePack, actor: str) -> list[Link]:
    """Decide a clip anew and write what changed, with custody; returns the links that were written.

    A link that a person confirmed or withdrew is never overturned by the machine.
    """
    before = custody.row_digest(clip)
    judged = preview(session, clip, pack)
    label(clip, judged)
    session.add(clip)
    touched = write_links(session, clip, judged, pack)
    if touched or custody.row_digest(clip) != before:
        original = session.get_one(Original, clip.id)
        winner = judged.decision.winner
        detail = {"case": winner.case.case_uid, "verdict": winner.verdict} if winner else {"case": None}
        chain = custody.device_chain(original.device_id)
        custody.append(session, chain, "LINKED", actor, clip.id, (*touched, clip), detail)
        receipts.mark_stale(session, clip.id)
    return touched


def write_links(session: Session, clip: Clip, judged: Judged, pack: RulePack) -> list[Link]:
    current = session.exec(
        select(Link).where(Link.clip_id == clip.id, col(Link.ended_at).is_(None)).with_for_update()
    ).all()
    decided_by_person = [link for link in current if link.status is not LinkStatus.PROPOSED]
    proposed = [link for link in current if link.status is LinkStatus.PROPOSED]
    winner = judged.decision.winner
    if decided_by_person:
        return []
    if winner is not None and any(same_decision(link, winner) for link in proposed):
        return []
    touched: list[Link] = []
    for link in proposed:
        link.ended_at = now()
        link.ended_why = reason("ended.superseded" if winner else "ended.no_longer_fits")
        touched.append(link)
    if winner is not None and not withdrawn_before(session, clip, winner):
        touched.append(link_for(clip, winner, judged.decision, pack, proposed))
    session.add_all(touched)
    return touched


def withdrawn_before(session: Session, clip: Clip, winner: Candidate) -> bool:
    """A person took back exactly this link: it is not proposed again."""
    step = winner.activity.activity_id if winner.activity else None
    return (
        session.exec(
            select(Link.id).where(
                Link.clip_id == clip.id,
                Link.case_uid == winner.case.case_uid,
                Link.activity_id == step,
                Link.status == LinkStatus.WITHDRAWN,
            )
        ).first()
        is not None
    )


def label(clip: Clip, judged: Judged) -> None:
    """Write the labels that follow from facts; 证明对象 is never guessed."""
    interval = judged.interval
    if interval is not None:
        clip.started_at, clip.ended_at = interval.start, interval.end
        clip.uncertainty_s, clip.time_source = round(interval.uncertainty_s, 3), interval.source.value
    clip.officer_id = judged.custody.officer_id
    winner = judged.decision.winner
    declared = clip.declared.get("case_no")
    clip.case_no = declared or (winner.case.numbers[0] if winner and winner.case.numbers else None)
    clip.unlinked = judged.decision.unlinked.stored() if judged.decision.unlinked else None


def same_decision(link: Link, winner: Candidate) -> bool:
    return (
        link.case_uid == winner.case.case_uid
        and link.activity_id == (winner.activity.activity_id if winner.activity else None)
        and link.verdict == winner.verdict.value
        and link.reasons == [finding.stored() for finding in winner.findings]
    )


def link_for(
    clip: Clip, winner: Candidate, decision: Decision, pack: RulePack, before: Sequence[Link]
) -> Link:
    return Link(
        clip_id=clip.id,
        case_uid=winner.case.case_uid,
        activity_id=winner.activity.activity_id if winner.activity else None,
        document_id=winner.activity.document_id if winner.activity else None,
        verdict=winner.verdict.value,
        score=winner.score,
        reasons=[finding.stored() for finding in winner.findings],
        losers=[lost(candidate, why.stored()) for candidate, why in decision.losers],
        rule_pack=pack.id,
        supersedes=before[0].id if before else None,
    )


def lost(candidate: Candidate, why: dict[str, Any]) -> dict[str, Any]:
    return {
        "case_uid": candidate.case.case_uid,
        "activity_id": candidate.activity.activity_id if candidate.activity else None,
        "score": candidate.score,
        "verdict": candidate.verdict.value,
        "why": why,
        "failed": [finding.stored() for finding in candidate.findings if not finding.passed],
    }


def due(
    session: Session,
    why: str,
    *,
    clip_id: str | None = None,
    device_id: str | None = None,
    numbers: Iterable[str] = (),
    span: tuple[datetime | None, datetime | None] | None = None,
) -> None:
    """Note, in the transaction that changes a fact, which clips are to be decided anew."""
    for number in numbers:
        session.add(RelinkDue(why=why, alias_norm=case_number.normalise(number)))
    if clip_id or span is not None:
        start, end = span or (None, None)
        session.add(RelinkDue(why=why, clip_id=clip_id, device_id=device_id, from_at=start, to_at=end))


def affected(session: Session, row: RelinkDue, margin: timedelta) -> list[str]:
    """The clips that one changed fact can reach."""
    if row.clip_id:
        return [row.clip_id]
    clips = select(Clip.id).where(col(Clip.times).is_not(None))
    if row.alias_norm is not None:
        # few clips name a number; comparing their parts in Python knows every spelling
        named = session.exec(select(Clip.id, Clip.declared).where(col(Clip.times).is_not(None))).all()
        return [
            clip_id
            for clip_id, declared in named
            if declared.get("case_no") and case_number.same(declared["case_no"], row.alias_norm)
        ]
    if row.device_id is not None:
        clips = clips.where(Clip.device_id == row.device_id)
    if row.from_at is not None:
        clips = clips.where(col(Clip.ended_at) >= row.from_at - margin)
    if row.to_at is not None:
        clips = clips.where(col(Clip.started_at) <= row.to_at + margin)
    return list(session.exec(clips))


def drain(database: Database, pack: RulePack, actor: str = "gateway", limit: int = 100) -> int:
    """Carry out what `due` noted; returns how many clips were decided anew."""
    margin = timedelta(days=1)
    with database.read() as session:
        rows = session.exec(select(RelinkDue).order_by(col(RelinkDue.id)).limit(limit)).all()
        reached = {clip_id for row in rows for clip_id in affected(session, row, margin)}
    for clip_id in sorted(reached):
        with database.write() as session:
            relink(session, session.get_one(Clip, clip_id, with_for_update=True), pack, actor)
    if rows:
        with database.write() as session:
            for row in rows:
                if found := session.get(RelinkDue, row.id):
                    session.delete(found)
    return len(reached)
