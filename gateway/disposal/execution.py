"""Carries out what two persons agreed to: the record first, then the bytes, so that a crash loses neither."""

import logging
import stat
import time
from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway import custody, retention
from gateway.database import Database
from gateway.disposal import changed, drop, end
from gateway.disposal.listing import beside, items_of, listing_digest
from gateway.models import (
    OPEN_ITEMS,
    Clip,
    CustodyEvent,
    DestructionRecord,
    DisposalItem,
    DisposalRun,
    Finding,
    ItemState,
    Original,
    ReleaseState,
    RelinkDue,
    RunState,
    State,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.store import LocalStore
from gateway.wording import Reason, reason

log = logging.getLogger(__name__)

BUDGET_S = 2.0
"""A round; the caretaker has other duties as well."""


class Destruction:
    """The daemon's duty. In one transaction a clip becomes DESTROYED, with record and line of custody;

    then its bytes go, everywhere; then a second line says that they went. Whatever a kill or a power cut
    leaves, the next round finds by its record and finishes.
    """

    def __init__(
        self, database: Database, packs: RulePacks, store: LocalStore, second: LocalStore | None, actor: str
    ) -> None:
        self.database, self.packs, self.actor = database, packs, actor
        self.store, self.second = store, second
        self.said = ""

    def round(self) -> None:
        if not self.is_possible():
            return
        until = time.monotonic() + BUDGET_S
        self.each(self.unfinished, self.finish, until)
        for run_id in self.agreed():
            if self.is_as_agreed(run_id):
                self.each(lambda run_id=run_id: self.listed(run_id), self.destroy, until)  # type: ignore[misc]
                self.close(run_id)

    def each(self, wanted: Callable[[], str | None], do: Callable[[str], bool], until: float) -> None:
        """One after another, until there is none, it cannot be done now, or the time is up."""
        while time.monotonic() < until and (found := wanted()) is not None:
            if not do(found):
                return

    def is_possible(self) -> bool:
        """Every disk where bytes may lie is there: one that is away would keep what a record says is gone."""
        if not self.store.is_present or (self.second is not None and not self.second.is_present):
            return self.wait("a store's disk is not there")
        return True

    def wait(self, why: str) -> bool:
        """Say once that it has to wait, and for what."""
        if why != self.said:
            log.warning("disposal waits: %s", why)
        self.said = why
        return False

    def unfinished(self) -> str | None:
        with self.database.read() as session:
            wanted = select(DestructionRecord.id).where(col(DestructionRecord.gone_at).is_(None))
            return session.exec(wanted.order_by(col(DestructionRecord.id)).limit(1)).first()

    def agreed(self) -> list[str]:
        with self.database.read() as session:
            wanted = select(DisposalRun.id).where(DisposalRun.state == RunState.APPROVED)
            return list(session.exec(wanted.order_by(col(DisposalRun.id))))

    def listed(self, run_id: str) -> str | None:
        with self.database.read() as session:
            wanted = select(DisposalItem.id).where(
                DisposalItem.run_id == run_id, DisposalItem.state == ItemState.LISTED
            )
            return session.exec(wanted.order_by(col(DisposalItem.clip_id)).limit(1)).first()

    def is_as_agreed(self, run_id: str) -> bool:
        """Two persons, on record in the chain, for this very list: a row somebody wrote is no agreement."""
        with self.database.read() as session:
            run = session.get_one(DisposalRun, run_id)
            same = listing_digest(items_of(session, run)) == run.listing and is_vouched_for(session, run)
        two = run.approved_by_id not in (None, run.proposed_by_id)
        return (same and two) or self.wait(f"run {run_id} is not what was agreed to; see `gateway verify`")

    def destroy(self, item_id: str) -> bool:
        """One clip with what belongs to it. False when it has to wait."""
        with self.database.read() as session:
            if session.exec(select(RelinkDue.id).limit(1)).first() is not None:
                return self.wait("clips are about to be linked anew")
        for record in self.begin(item_id):
            if not self.finish(record):
                return False
        return not self.said

    def begin(self, item_id: str) -> list[str]:
        """Write down that it goes; whoever reads from now on is told so. Empty if it may not go any more."""
        self.said = ""
        with self.database.write() as session:
            custody.take(session, custody.SITE)  # no hold, mark or case record comes in between
            item = session.get_one(DisposalItem, item_id, with_for_update=True)
            run = session.get_one(DisposalRun, item.run_id, with_for_update=True)
            if item.state is not ItemState.LISTED or run.state is not RunState.APPROVED:
                return []
            clip = session.get_one(Clip, item.clip_id, with_for_update=True)
            originals = [session.get_one(Original, clip.id, with_for_update=True)]
            for one in beside(session, clip.id):
                originals.append(session.get_one(Original, one.id, with_for_update=True))
            [judged] = retention.judge(session, self.packs, [clip.id], now())
            why = changed(session, item, judged) or self.not_here(originals)
            if why is not None:
                drop(session, run, item, why, self.actor)
                return []
            if waits := self.second_copy_waits(originals):
                self.wait(waits)
                return []
            return [self.record(session, run, item, clip, original) for original in originals]

    def not_here(self, originals: list[Original]) -> Reason | None:
        """What is lost already was not destroyed by us: no record may say so."""
        for original in originals:
            assert original.stored_as is not None
            path = self.store.path(original.stored_as)
            try:
                seen = path.lstat()
            except OSError:
                return reason("disposal.bytes_missing", path=path)
            if not stat.S_ISREG(seen.st_mode) or seen.st_size != original.size:
                return reason("disposal.bytes_differ", path=path)
        return None

    def second_copy_waits(self, originals: list[Original]) -> str | None:
        """A copy that is being made, or lies where we do not reach, would outlive its record."""
        if self.second is None and any(one.second_copy for one in originals):
            return "there are second copies and store.second_copy is not configured"
        if self.second is not None and not all(one.second_copy for one in originals):
            return "a second copy is still to be made"
        return None

    def record(
        self, session: Session, run: DisposalRun, item: DisposalItem, clip: Clip, original: Original
    ) -> str:
        assert run.approved_by is not None
        assert original.sha256 is not None
        record = DestructionRecord(
            original_id=original.id, clip_id=clip.id, run_id=run.id, device_id=original.device_id,
            name=original.name, size=original.size, sha256=original.sha256, sm3=original.sm3,
            labels=labels(clip), links=item.shown["links"],
            rule={**item.shown["rule"], "on": item.shown["on"], "rule_pack": item.shown["rule_pack"]},
            why=run.why, authority=run.authority, proposed_by=run.proposed_by, approved_by=run.approved_by,
        )  # fmt: skip
        original.state = State.DESTROYED
        item.state = ItemState.BEGUN
        let_be = unreleased(session, original.id)
        session.add_all((record, original, item, *let_be))
        chain = custody.device_chain(original.device_id)
        mine = [one for one in let_be if one.device_id == original.device_id]
        detail = {
            "run": run.id, "record": record.id, "sha256": original.sha256, "proposed_by": run.proposed_by,
            "approved_by": run.approved_by,
        }  # fmt: skip
        rows = (record, original, item, *mine)
        custody.append(session, chain, "DESTRUCTION_BEGUN", self.actor, original.id, rows, detail)
        for one in let_be:
            if one not in mine:
                other = custody.device_chain(one.device_id)
                custody.append(session, other, "RELEASED", self.actor, original.id, (one,), {"why": one.why})
        return record.id

    def finish(self, record_id: str) -> bool:
        """The bytes, wherever they lie; then the line that says so. Safe to repeat."""
        with self.database.read() as session:
            original_id = session.get_one(DestructionRecord, record_id).original_id
        try:
            for place in (self.store, self.second):
                if place is not None:
                    place.destroy(original_id)
        except OSError as error:
            return self.wait(f"{original_id} cannot be removed ({error}); it goes on by itself")
        if not self.is_possible():  # a disk that went away meanwhile looks as empty as one that was cleared
            return False
        with self.database.write() as session:
            record = session.get_one(DestructionRecord, record_id, with_for_update=True)
            if record.gone_at is not None:
                return True
            record.gone_at = now()
            session.add(record)
            rows: list[Any] = [record]
            if (item := self.last_of(session, record)) is not None:
                item.state = ItemState.DESTROYED
                session.add(item)
                rows.append(item)
            chain = custody.device_chain(record.device_id)
            detail = {"run": record.run_id, "record": record.id}
            custody.append(session, chain, "DESTROYED", self.actor, record.original_id, rows, detail)
        log.info("%s: destroyed, record %s", record.original_id, record.id)
        return True

    def last_of(self, session: Session, record: DestructionRecord) -> DisposalItem | None:
        """The line of the run, if with this record all of it is gone."""
        left = select(DestructionRecord.id).where(
            DestructionRecord.run_id == record.run_id,
            DestructionRecord.clip_id == record.clip_id,
            DestructionRecord.id != record.id,
            col(DestructionRecord.gone_at).is_(None),
        )
        if session.exec(left.limit(1)).first() is not None:
            return None
        line = select(DisposalItem).where(
            DisposalItem.run_id == record.run_id, DisposalItem.clip_id == record.clip_id
        )
        return session.exec(line.with_for_update()).one()

    def close(self, run_id: str) -> None:
        """A run ends when nothing of it is open."""
        with self.database.write() as session:
            custody.take(session, custody.SITE)
            run = session.get_one(DisposalRun, run_id, with_for_update=True)
            still = select(DisposalItem.id).where(
                DisposalItem.run_id == run_id, col(DisposalItem.state).in_(OPEN_ITEMS)
            )
            if run.state is RunState.APPROVED and session.exec(still.limit(1)).first() is None:
                gone = sum(one.state is ItemState.DESTROYED for one in items_of(session, run))
                end(session, run, RunState.DONE, self.actor, f"{gone} of {run.count} destroyed")


def is_vouched_for(session: Session, run: DisposalRun) -> bool:
    """Whether the run is as the last line of the chain that tells of it says."""
    told = select(CustodyEvent).where(CustodyEvent.chain == custody.SITE, CustodyEvent.subject == run.id)
    last = session.exec(told.order_by(col(CustodyEvent.seq).desc()).limit(1)).first()
    return last is not None and custody.row_digest(run) in {row["digest"] for row in last.rows}


def labels(clip: Clip) -> dict[str, Any]:
    """The five labels as they stood, and when it was recorded."""
    return {
        "case_no": clip.case_no,
        "captured_from": clip.started_at.isoformat() if clip.started_at else None,
        "captured_to": clip.ended_at.isoformat() if clip.ended_at else None,
        "place": clip.place,
        "officer": clip.officer_id,
        "matter": clip.matter,
    }


def unreleased(session: Session, original_id: str) -> list[Finding]:
    """What a device was still to let go of stays on it: nobody can vouch for the bytes any more."""
    twins = select(Original.id).where(Original.duplicate_of == original_id)
    found = session.exec(
        select(Finding)
        .where(
            or_(Finding.original_id == original_id, col(Finding.original_id).in_(twins)),
            Finding.release == ReleaseState.DUE,
        )
        .with_for_update()
    ).all()
    for one in found:
        one.release, one.why = ReleaseState.KEPT, reason("release.destroyed")
    return list(found)
