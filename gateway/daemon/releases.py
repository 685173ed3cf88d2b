"""Lets devices go of what is preserved: asks the driver, writes down how it ended."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, or_, select

from gateway import custody, receipts
from gateway.daemon.keeping import Held
from gateway.database import Database
from gateway.device import Pulls, Release
from gateway.intake.files import found_again
from gateway.models import (
    RELEASING,
    UNREAD,
    Device,
    Finding,
    Offload,
    Original,
    Policy,
    ReleaseState,
    State,
    Work,
)
from gateway.supervisor import Supervisor
from gateway.wording import Reason, reason

log = logging.getLogger(__name__)

BATCH = 100
AGAIN_S = 60.0
SELDOM_S = 3600.0
"""An earlier docking's files are settled by what this one finds: no card is made writable each minute."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a driver is asked to let go of, as it stood when that was written down."""

    finding: Finding
    sha256: str
    begun_before: bool
    """An erasure of this file was begun earlier, and how it ended was never written down."""
    stays: Reason | None = None
    """Why the driver is not asked at all."""
    keep: Reason | None = None
    """Why its device keeps it, whatever its policy is."""


@dataclass(frozen=True, slots=True)
class Ended:
    finding: Finding
    how: Release
    why: Reason


class Releases:
    """Called again and again; a device that is away is asked at its next docking."""

    def __init__(
        self,
        database: Database,
        supervisors: Mapping[str, Supervisor],
        *,
        has_second_copies: bool,
        are_apart: Callable[[], bool],
        holds: Callable[..., Held],
    ) -> None:
        """`are_apart`: whether the copies lie on two disks now; `holds`: `Keeping.holds`."""
        self.database, self.supervisors, self.has_second_copies = database, supervisors, has_second_copies
        self.are_apart, self.holds = are_apart, holds
        self.under_way: set[str] = set()
        self.paused: dict[str, float] = {}
        """Until when nothing of a device is let go (monotonic seconds): a store is not there."""
        self.asked: dict[str, float] = {}
        """Until when a finding is not asked about again: one that cannot be read must not stop the others."""

    def hand_out(self) -> None:
        """Give every present device the files it may let go of; a city's cameras are not asked one by one."""
        with self.database.read() as session:
            waiting = set(
                session.exec(select(Finding.device_id).where(col(Finding.release).in_(RELEASING)).distinct())
            )
        paused = {device for device, until in self.paused.items() if until > time.monotonic()}
        for supervisor in self.supervisors.values():
            for device_id in sorted((supervisor.present & waiting) - self.under_way - paused):
                if due := self.due(device_id):
                    self.under_way.add(device_id)
                    self.send(supervisor, device_id, due)

    def due(self, device_id: str) -> list[str]:
        """Ids of findings that may be let go now, those of the card that is there before earlier dockings'.

        What was asked in vain a moment ago is passed over, however much of it there is.
        """
        at = time.monotonic()
        for finding_id, when in list(self.asked.items()):
            if when <= at:
                self.asked.pop(finding_id, None)
        with self.database.read() as session:
            here = session.exec(
                select(Offload.id, Offload.volume).where(
                    Offload.device_id == device_id, col(Offload.closed_at).is_(None)
                )
            ).all()
            now = col(Finding.offload_id).in_([offload for offload, _ in here])
            wanted = self.releasable(Finding.device_id == device_id)
            if here:  # another card's findings wait until it comes again
                volumes = [volume for _, volume in here]
                wanted = wanted.where(
                    or_(now, col(Finding.offload_id).is_(None), col(Finding.volume).in_(volumes))
                )
            wanted = wanted.order_by(case((now, 0), else_=1), col(Finding.id))
            pairs = session.exec(wanted.limit(BATCH + len(self.asked))).all()
        return [finding.id for finding, _ in pairs if finding.id not in self.asked][:BATCH]

    def releasable(self, *which: Any) -> Any:
        """Findings whose bytes are safe now: the original that is kept is PRESERVED at this moment.

        Where the policy erases, the second copy must have been made, too; only a policy that says so in
        words does without, and only while none is configured.
        """
        kept = aliased(Original)
        return (
            select(Finding, kept)
            .join(Original, col(Original.id) == Finding.original_id)
            .join(kept, col(kept.id) == func.coalesce(Original.duplicate_of, Original.id))
            .join(Device, col(Device.id) == Finding.device_id)
            .where(
                *which,
                col(Finding.release).in_(RELEASING),
                kept.state == State.PRESERVED,
                col(kept.sha256).is_not(None),
                or_(
                    col(Device.release).in_((Policy.KEEP, Policy.CHECK)),
                    col(kept.second_copy).is_(True),
                    and_(Device.release == Policy.ERASE_SINGLE, not self.has_second_copies),
                ),
            )
        )

    def send(self, supervisor: Supervisor, device_id: str, due: list[str]) -> None:
        """One errand after another, so that whatever else is asked of the device gets its turn between."""
        now, later = due[: self.at_once(device_id)], due[self.at_once(device_id) :]

        def errand() -> None:
            goes_on = False
            try:
                goes_on = self.let_go(supervisor, device_id, now) and bool(later)
            finally:
                if not goes_on:
                    self.under_way.discard(device_id)
            if goes_on:
                self.send(supervisor, device_id, later)

        if not supervisor.releases.send(device_id, errand):
            self.under_way.discard(device_id)

    def at_once(self, device_id: str) -> int:
        """Where nothing is erased many are told of together: one that is told twice does no harm."""
        with self.database.read() as session:
            return BATCH if session.get_one(Device, device_id).release == Policy.KEEP else 1

    def let_go(self, supervisor: Supervisor, device_id: str, due: list[str]) -> bool:
        """False when the device has left, or the gateway stops."""
        ended: list[Ended] = []
        try:
            for finding_id in due:
                if supervisor.stop.is_set() or device_id not in supervisor.present:
                    return False
                held = self.held(finding_id)
                if held is Held.AWAY:
                    log.warning("%s: nothing is erased while a store is not there", device_id)
                    self.paused[device_id] = time.monotonic() + AGAIN_S
                    return False
                if held is not Held.WHOLE:
                    self.asked[finding_id] = time.monotonic() + AGAIN_S
                    continue
                asked = self.begin(finding_id, supervisor)
                if asked is None:
                    continue
                if asked.stays is not None:
                    ended.append(Ended(asked.finding, Release.KEPT, asked.stays))
                    continue
                found = found_again(asked.finding, keep=asked.keep is not None)
                how, why = supervisor.release(found, asked.sha256)
                if how is None:
                    wait_s = SELDOM_S if why["code"] == "release.earlier" else AGAIN_S
                    self.asked[finding_id] = time.monotonic() + wait_s
                    continue
                self.asked.pop(finding_id, None)
                if how is Release.KEPT and asked.keep is not None:
                    why = asked.keep
                if how is Release.GONE and asked.begun_before:
                    how, why = Release.DONE, reason("release.erased_unrecorded")
                ended.append(Ended(asked.finding, how, why))
        finally:
            self.write_down(ended)
        return True

    def begin(self, finding_id: str, supervisor: Supervisor) -> Asked | None:
        """What is about to be erased is written down first: a kill or a power cut may come right after.

        None if it may not be let go any more.
        """
        with self.database.write() as session:
            pair = session.exec(self.releasable(Finding.id == finding_id)).first()
            if pair is None:
                return None
            finding, kept = pair
            same = open_findings(session, finding)
            begun_before = any(row.release is ReleaseState.BEGUN for row in same)
            fresh = [row for row in same if row.release is ReleaseState.DUE]
            will_erase = erases(session, finding, pulls=isinstance(supervisor.driver, Pulls))
            one_disk = None if self.may_erase(session, finding) else reason("release.one_disk")
            if will_erase and not begun_before and one_disk:
                return Asked(finding, kept.sha256, begun_before, stays=one_disk)
            if fresh and will_erase:
                for row in fresh:
                    row.release = ReleaseState.BEGUN
                    session.add(row)
                custody.append(
                    session, custody.device_chain(finding.device_id), "RELEASE_BEGUN", "gateway",
                    finding.original_id or finding.id, fresh,
                )  # fmt: skip
        return Asked(finding, kept.sha256, begun_before, keep=one_disk)

    def held(self, finding_id: str) -> Held:
        """Whether we have what its device loses by this: what the database says is not enough."""
        with self.database.read() as session:
            pair = session.exec(self.releasable(Finding.id == finding_id)).first()
            if pair is None:
                return Held.WHOLE  # `begin` finds the same
            finding, kept = pair
            if session.get_one(Device, finding.device_id).release in (Policy.KEEP, Policy.CHECK):
                return Held.WHOLE
        return self.holds(kept, twice=self.has_second_copies)

    def may_erase(self, session: Session, finding: Finding) -> bool:
        """Two copies on one disk are one, unless the policy says in words that this is enough."""
        policy = session.get_one(Device, finding.device_id).release
        return policy != Policy.ERASE or not self.has_second_copies or self.are_apart()

    def write_down(self, ended: list[Ended]) -> None:
        """The release of a file ends every finding of it on that device, from earlier dockings too."""
        if not ended:
            return
        with self.database.write() as session:
            for one in ended:
                finding = one.finding
                same = open_findings(session, finding)
                # the card does not say what we keep, or our settings keep it there
                is_doubted = one.why["code"] in {*UNREAD, "release.one_disk"}
                for row in same:
                    row.release = ReleaseState.KEPT if one.how is Release.KEPT else ReleaseState.DONE
                    if is_doubted:
                        row.why = dict(one.why)
                    session.add(row)
                if is_doubted and finding.original_id:
                    receipts.mark_stale(session, finding.original_id)
                custody.append(
                    session, custody.device_chain(finding.device_id), "RELEASED", "gateway",
                    finding.original_id or finding.id, same, {"how": one.how.value, "why": one.why},
                )  # fmt: skip


def open_findings(session: Session, finding: Finding) -> list[Finding]:
    """Every finding of the same file on that device that is still to be let go."""
    same = select(Finding).where(
        Finding.device_id == finding.device_id,
        Finding.identity == finding.identity,
        col(Finding.release).in_(RELEASING),
    )
    return list(session.exec(same.with_for_update()))


def erases(session: Session, finding: Finding, *, pulls: bool) -> bool:
    """Whether the driver may take the file away itself. What was taken over by rename is gone already, unless
    it had been pulled.
    """
    device = session.get_one(Device, finding.device_id)
    work = session.get(Work, (finding.original_id, "preserve"))
    is_gone = work is not None and work.adopt and not pulls
    return device.release not in (Policy.KEEP, Policy.CHECK) and not is_gone
