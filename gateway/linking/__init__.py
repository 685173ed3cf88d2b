"""Loads the facts about a clip, asks the rules, writes labels and links; `preview` writes nothing."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway import custody, outbox, receipts
from gateway.database import Database
from gateway.linking import clocks
from gateway.linking.facts import case_facts, clip_facts, held_by, interval_of, officer_named
from gateway.models import Clip, Described, Device, Link, LinkStatus, Officer, Original, RelinkDue, now
from gateway.rulepacks import RulePack
from gateway.rules import case_number
from gateway.rules.allocation import Custody
from gateway.rules.clock import Interval
from gateway.rules.judgement import Candidate, LinkLimits, finding
from gateway.rules.linking import Decision, decide
from gateway.wording import reason

MARGIN = timedelta(days=1)
BATCH = 50


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
        custody_tolerance_s=pack.linking.custody_tolerance_minutes.value * 60,
        activity_slack_s=pack.linking.activity_slack_minutes.value * 60,
        min_officers=pack.linking.min_officers.value,
        number_kinds=pack.forms.number_kinds.value,
    )
    cases = case_facts(session, clip, interval, limits)
    withdrawn = taken_back(session, clip)
    allowed = [case for case in cases if case.case_uid not in withdrawn]
    decision = decide(facts, allowed, limits)
    if decision.winner is None and len(allowed) < len(cases):
        decision = Decision(None, (), finding("LK-17", False, "unlinked.withdrawn"))
    return Judged(interval, held, decision)


def relink(session: Session, clip: Clip, pack: RulePack, actor: str) -> list[Link]:
    """Decide a clip anew and write what changed, with custody; returns the links that were written.

    A link that a person confirmed or withdrew is never overturned by the machine.
    """
    before = custody.row_digest(clip)
    judged = preview(session, clip, pack)
    label(clip, judged)
    mark_unknown(session, clip)
    session.add(clip)
    touched = write_links(session, clip, judged, pack)
    is_relabelled = custody.row_digest(clip) != before
    if touched or is_relabelled:
        receipts.mark_stale(session, clip.id)
        original = session.get_one(Original, clip.id)
        winner = judged.decision.winner
        detail = {"case": winner.case.case_uid, "verdict": winner.verdict} if winner else {"case": None}
        chain = custody.device_chain(original.device_id)
        custody.append(session, chain, "LINKED", actor, clip.id, (*touched, clip), detail)
        if is_relabelled:
            outbox.clip_changed(session, "clip.labelled", clip.id)
        for link in touched:
            outbox.link_changed(session, link)
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
    if winner is not None:
        touched.append(link_for(clip, winner, judged.decision, pack, proposed))
    session.add_all(touched)
    return touched


def taken_back(session: Session, clip: Clip) -> set[str]:
    """The cases from which a person took the clip back: the machine does not propose them again."""
    withdrawn = select(Link.case_uid).where(Link.clip_id == clip.id, Link.status == LinkStatus.WITHDRAWN)
    return set(session.exec(withdrawn))


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


def mark_unknown(session: Session, clip: Clip) -> None:
    """Set a clip aside while nobody in the register is who wore the camera; the bytes are kept as all are.

    Only what the recorder's own system vouches for: a number in a file name is often no more than a default.
    """
    if clip.described is Described.QUARANTINED:
        return
    account = clip.declared.get("account")
    officer = officer_named(session, clip.declared.get("officer"))
    known = account is None or (officer is not None and session.get(Officer, officer) is not None)
    clip.quarantine = None if known else reason("quarantine.unknown_officer", account=account)


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
        rule_pack=pack.edition,
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
    found_from: datetime | None = None,
) -> None:
    """Note, in the transaction that changes a fact, which clips are to be decided anew."""
    if found_from is not None:
        session.add(RelinkDue(why=why, device_id=device_id, found_from=found_from))
        return
    for number in numbers:
        session.add(RelinkDue(why=why, alias_norm=case_number.normalise(number)))
    if clip_id or span is not None:
        start, end = span or (None, None)
        session.add(RelinkDue(why=why, clip_id=clip_id, device_id=device_id, from_at=start, to_at=end))


def affected(
    session: Session, row: RelinkDue, pack: RulePack, limit: int, margin: timedelta = MARGIN
) -> list[str]:
    """The next clips that one changed fact can reach, in order, after the row's cursor."""
    if row.found_from is not None:
        return clocks.reached(session, row, pack.clock.docking_seconds.value, limit)
    clips = select(Clip.id).where(Clip.id > (row.cursor or ""))
    if row.clip_id:
        clips = clips.where(Clip.id == row.clip_id)
    elif row.alias_norm is not None:
        return naming(session, row, pack, limit)
    else:
        clips = clips.where(col(Clip.times).is_not(None))
        if row.device_id is not None:
            clips = clips.where(Clip.device_id == row.device_id)
        # a clip whose time is not known yet is about to be decided: it may need this fact
        if row.from_at is not None:
            clips = clips.where(or_(col(Clip.ended_at) >= row.from_at - margin, col(Clip.ended_at).is_(None)))
        if row.to_at is not None:
            clips = clips.where(
                or_(col(Clip.started_at) <= row.to_at + margin, col(Clip.started_at).is_(None))
            )
    return list(session.exec(clips.order_by(col(Clip.id)).limit(limit)))


def naming(session: Session, row: RelinkDue, pack: RulePack, limit: int) -> list[str]:
    """Clips that name a number, in any spelling: few do, so they are compared one by one."""
    named = select(Clip.id, Clip.declared).where(Clip.id > (row.cursor or ""), col(Clip.case_no).is_not(None))
    kinds = pack.forms.number_kinds.value
    same = [
        clip_id
        for clip_id, declared in session.exec(named.order_by(col(Clip.id)))
        if declared.get("case_no") and case_number.same(declared["case_no"], row.alias_norm or "", kinds)
    ]
    return same[:limit]


def drain(database: Database, pack: RulePack, actor: str = "gateway", budget_s: float = 5.0) -> bool:
    """Carry out what `due` noted, for about `budget_s` seconds; True while there is more.

    Each fact keeps a cursor: a fact that reaches ten thousand clips is worked off over many rounds,
    and a restart goes on where it stopped.
    """
    ends = time.monotonic() + budget_s
    while time.monotonic() < ends:
        with database.read() as session:
            row = session.exec(select(RelinkDue).order_by(col(RelinkDue.id)).limit(1)).first()
            if row is None:
                return False
            reached = affected(session, row, pack, BATCH)
        for clip_id in reached:
            with database.write() as session:
                if clip := session.get(Clip, clip_id, with_for_update=True):
                    relink(session, clip, pack, actor)
        with database.write() as session:
            if found := session.get(RelinkDue, row.id, with_for_update=True):
                if len(reached) < BATCH:
                    session.delete(found)
                else:
                    found.cursor = reached[-1]
    return True
