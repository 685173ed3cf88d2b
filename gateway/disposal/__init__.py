"""Disposal (销毁): one person proposes, another agrees, the daemon carries it out; never by itself."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody, receipts, retention
from gateway.database import Database
from gateway.device import Refused
from gateway.disposal.listing import (
    Units,
    due,
    for_review,
    frozen,
    items_of,
    lent,
    listing_digest,
    shown,
)
from gateway.holds import must_be_there
from gateway.models import OPEN_ITEMS, DisposalItem, DisposalRun, ItemState, Original, RunState, User, now
from gateway.retention import Judged
from gateway.rulepacks import RulePacks
from gateway.visibility import Viewer
from gateway.wording import Reason, reason

__all__ = [
    "MOST", "approve", "cancel", "changed", "drop", "due", "for_review", "frozen", "items_of",
    "listing_digest", "propose", "shown",
]  # fmt: skip

MOST = 500
"""Clips in one run: more than a person can look through is agreed to unread (peers 4, failures 1 and 2)."""


def propose(
    session: Session, packs: RulePacks, viewer: Viewer, why: str, *,
    authority: str | None = None, clips: Collection[str] | None = None, limit: int = 100,
) -> DisposalRun:  # fmt: skip
    """Freeze a list of what is due: these clips, or the oldest that are. Nothing is deleted by it.

    Raises Refused where nothing is due, or a clip that was named is not; and where a clip belongs to a case
    file and no paper allows its destruction (R-62).
    """
    custody.take(session, custody.SITE)  # who lists the same clip at the same time comes second
    found = chosen(session, packs, viewer.units, clips, min(limit, MOST), of_cases=bool(authority))
    if authority is None and any(one.facts.cases for one in found):
        raise Refused("disposal.authority")
    run = DisposalRun(
        unit_id=session.get_one(User, viewer.user_id).unit_id, why=why, authority=authority, count=len(found),
        bytes=sum(one.original.size for one in found), listing="",
        proposed_by_id=viewer.user_id, proposed_by=viewer.name,
    )  # fmt: skip
    items = [
        DisposalItem(
            run_id=run.id, clip_id=one.clip.id, shown=shown(session, one), facts=frozen(session, one)
        )
        for one in found
    ]
    run.listing = listing_digest(items)
    session.add(run)
    session.flush()
    session.add_all(items)
    detail = {"run": run.id, "count": run.count, "listing": run.listing, "why": why}
    custody.append(session, custody.SITE, "DISPOSAL_PROPOSED", viewer.name, run.id, (run,), detail)
    for item in items:
        told(session, "DISPOSAL_LISTED", viewer.name, item, {"run": run.id})
    return run


def chosen(
    session: Session,
    packs: RulePacks,
    units: Units,
    clips: Collection[str] | None,
    limit: int,
    *,
    of_cases: bool,
) -> list[Judged]:
    at = now()
    if clips is None:
        found = due(session, packs, units, at, limit=limit, of_cases=of_cases)
        if not found:
            raise Refused("disposal.nothing_due")
        return found
    if len(set(clips)) > MOST:
        raise Refused("disposal.too_many", most=MOST)
    listed = select(DisposalItem.clip_id).where(
        col(DisposalItem.clip_id).in_(clips), col(DisposalItem.state).in_(OPEN_ITEMS)
    )
    if twice := session.exec(listed.limit(1)).first():
        raise Refused("disposal.listed_already", clip=twice)
    found = retention.judge(session, packs, set(clips), at)
    mine = [one for one in found if units is None or one.unit_id in units]
    if missing := sorted(set(clips) - {one.clip.id for one in mine}):
        raise Refused("disposal.unknown", clip=missing[0])
    for one in mine:
        if not one.is_due:
            must_be_there(session, one.clip.id)
            told = {"clip": one.clip.id, "rule": one.deadline.decides.rule}
            if one.deadline.decides.code == "retention.held":
                raise Refused("disposal.under_hold", **told, why=one.deadline.decides.facts["why"])
            if one.deadline.on is None:
                raise Refused("disposal.no_day", **told)
            raise Refused("disposal.not_due", **told, on=one.deadline.on.isoformat())
        if lent(session, one.clip.id):
            raise Refused("disposal.lent")
    return mine


def approve(database: Database, packs: RulePacks, run_id: str, viewer: Viewer, count: int) -> DisposalRun:
    """A second person agrees, by typing how many clips will go.

    What changed since it was listed drops out first, and then nobody has agreed yet: the list has to be
    looked at again. Raises Refused.
    """
    with database.write() as session:
        run = taken(session, run_id, RunState.PROPOSED)
        if run.proposed_by_id == viewer.user_id:
            raise Refused("disposal.same_person", person=viewer.name)
        dropped = refresh(session, packs, run, viewer.name)
        left = still_listed(session, run)
        if not dropped:
            if count != len(left):
                raise Refused("disposal.count", typed=count)
            run.state, run.approved_at = RunState.APPROVED, now()
            run.approved_by_id, run.approved_by, run.approved_count = viewer.user_id, viewer.name, count
            session.add(run)
            detail = {"run": run.id, "count": count, "listing": run.listing}
            custody.append(session, custody.SITE, "DISPOSAL_APPROVED", viewer.name, run.id, (run,), detail)
            return run
        if not left:
            end(session, run, RunState.CANCELLED, viewer.name, "nothing of it may go any more")
    held = [one for one in dropped if one["code"] == "retention.held"]
    if held:
        raise Refused("disposal.held", **held[0]["facts"], dropped=len(dropped), left=len(left))
    raise Refused("disposal.list_changed", dropped=len(dropped), left=len(left))


def cancel(session: Session, run_id: str, why: str, actor: str) -> DisposalRun:
    """Whoever may propose or agree may stop one, also while it is being carried out. Raises Refused."""
    run = taken(session, run_id, RunState.PROPOSED, RunState.APPROVED)
    for item in still_listed(session, run):
        drop(session, run, item, reason("disposal.cancelled", by=actor, why=why), actor)
    end(session, run, RunState.CANCELLED, actor, why)
    return run


def taken(session: Session, run_id: str, *states: RunState) -> DisposalRun:
    """The run, locked; the site's chain first, so that no hold, mark or case record comes in between."""
    custody.take(session, custody.SITE)
    run = session.get_one(DisposalRun, run_id, with_for_update=True)
    if run.state not in states:
        raise Refused("disposal.not_now", state=run.state)
    if listing_digest(items_of(session, run)) != run.listing:
        raise Refused("disposal.altered")
    return run


def still_listed(session: Session, run: DisposalRun) -> list[DisposalItem]:
    return [one for one in items_of(session, run) if one.state is ItemState.LISTED]


def refresh(session: Session, packs: RulePacks, run: DisposalRun, actor: str) -> list[Reason]:
    """Take off the list what may not go any more, or may go by other facts; returns why, for each."""
    listed = still_listed(session, run)
    found = retention.judge(session, packs, [item.clip_id for item in listed], now())
    judged = {one.clip.id: one for one in found}
    dropped = []
    for item in listed:
        if why := changed(session, item, judged[item.clip_id]):
            drop(session, run, item, why, actor)
            dropped.append(why)
    return dropped


def changed(session: Session, item: DisposalItem, judged: Judged) -> Reason | None:
    """Why a line does not stand any more: a floor that has not passed, or a fact that is another now."""
    if not judged.is_due:
        return judged.deadline.decides.stored()
    if lent(session, judged.clip.id):
        return reason("disposal.lent")
    facts = frozen(session, judged)
    other = sorted(
        name for name in facts.keys() | item.facts.keys() if facts.get(name) != item.facts.get(name)
    )
    return reason("disposal.changed", what=", ".join(other)) if other else None


def drop(session: Session, run: DisposalRun, item: DisposalItem, why: Reason, actor: str) -> None:
    item.state, item.why = ItemState.DROPPED, why
    session.add(item)
    told(session, "DISPOSAL_DROPPED", actor, item, {"run": run.id, "why": why})


def told(session: Session, event: str, actor: str, item: DisposalItem, detail: dict[str, Any]) -> None:
    chain = custody.device_chain(session.get_one(Original, item.clip_id).device_id)
    custody.append(session, chain, event, actor, item.clip_id, (item,), detail)


def end(session: Session, run: DisposalRun, state: RunState, actor: str, why: str) -> None:
    """The receipts of what went get one revision each, not one for every clip."""
    for item in items_of(session, run):
        if item.state in (ItemState.BEGUN, ItemState.DESTROYED):
            receipts.mark_stale(session, item.clip_id)
    run.state, run.ended_at, run.ended_by, run.ended_why = state, now(), actor, why
    session.add(run)
    detail = {"run": run.id, "state": state, "why": why}
    custody.append(session, custody.SITE, "DISPOSAL_ENDED", actor, run.id, (run,), detail)


def preview(
    session: Session, packs: RulePacks, units: Units, at: datetime, limit: int
) -> list[dict[str, Any]]:
    """The dry-run: what a run would list now. Nothing is written."""
    found = due(session, packs, units, at, limit=min(limit, MOST))
    return [{"clip": one.clip.id, **shown(session, one)} for one in found]
