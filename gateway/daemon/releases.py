"""Lets devices go of what is preserved: asks the driver, writes down how it ended."""

import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_, select

from gateway import custody
from gateway.database import Database
from gateway.device import AttachmentKind, FoundFile, Release
from gateway.models import Device, Finding, Original, Policy, ReleaseState, State
from gateway.supervisor import Supervisor
from gateway.wording import Reason

BATCH = 100
AGAIN_S = 60.0


class Releases:
    """Called again and again; a device that is away is asked at its next docking."""

    def __init__(
        self,
        database: Database,
        supervisors: Mapping[str, Supervisor],
        *,
        has_second_copies: bool,
    ) -> None:
        self.database, self.supervisors, self.has_second_copies = database, supervisors, has_second_copies
        self.under_way: set[str] = set()
        self.asked: dict[str, float] = {}
        """When a finding was last asked about in vain: one that cannot be read must not stop the others."""

    def hand_out(self) -> None:
        """Give every present device the files it may let go of; a city's cameras are not asked one by one."""
        with self.database.read() as session:
            waiting = set(
                session.exec(select(Finding.device_id).where(Finding.release == ReleaseState.DUE).distinct())
            )
        for supervisor in self.supervisors.values():
            for device_id in sorted((supervisor.present & waiting) - self.under_way):
                due = self.due(device_id)
                if due:
                    self.send(supervisor, device_id, due)

    def due(self, device_id: str) -> list[tuple[Finding, Original]]:
        """Findings whose bytes are safe now: the original that is kept is PRESERVED at this moment.

        Where the policy erases, the second copy must have been made, too; only a policy that says so in
        words does without, and only while none is configured.
        """
        kept = aliased(Original)
        wanted = (
            select(Finding, kept)
            .join(Original, col(Original.id) == Finding.original_id)
            .join(kept, col(kept.id) == func.coalesce(Original.duplicate_of, Original.id))
            .join(Device, col(Device.id) == Finding.device_id)
            .where(
                Finding.release == ReleaseState.DUE,
                Finding.device_id == device_id,
                kept.state == State.PRESERVED,
                or_(
                    Device.release == Policy.KEEP,
                    col(kept.second_copy).is_(True),
                    and_(Device.release == Policy.ERASE_SINGLE, not self.has_second_copies),
                ),
            )
        )
        soon = time.monotonic() - AGAIN_S
        lately = [finding_id for finding_id, at in self.asked.items() if at > soon]
        if lately:
            wanted = wanted.where(col(Finding.id).not_in(lately[-500:]))
        with self.database.read() as session:
            return list(session.exec(wanted.order_by(col(Finding.id)).limit(BATCH)).all())

    def send(self, supervisor: Supervisor, device_id: str, pairs: list[tuple[Finding, Original]]) -> None:
        def errand() -> None:
            try:
                self.let_go(supervisor, pairs)
            finally:
                self.under_way.discard(device_id)

        self.under_way.add(device_id)
        if not supervisor.send(errand):
            self.under_way.discard(device_id)

    def let_go(self, supervisor: Supervisor, pairs: list[tuple[Finding, Original]]) -> None:
        ended: list[tuple[str, Release, Reason]] = []
        try:
            for finding, kept in pairs:
                gone = finding.device_id not in supervisor.present
                if supervisor.stop.is_set() or gone or kept.sha256 is None:
                    break
                how, why = supervisor.release(found_again(finding), kept.sha256)
                if how is None:
                    self.asked[finding.id] = time.monotonic()
                else:
                    self.asked.pop(finding.id, None)
                    ended.append((finding.id, how, why))
        finally:
            self.write_down(ended)

    def write_down(self, ended: list[tuple[str, Release, Reason]]) -> None:
        """The release of a file ends every finding of it on that device, from earlier dockings too."""
        if not ended:
            return
        with self.database.write() as session:
            for finding_id, how, why in ended:
                finding = session.get_one(Finding, finding_id)
                same = session.exec(
                    select(Finding)
                    .where(
                        Finding.device_id == finding.device_id,
                        Finding.identity == finding.identity,
                        Finding.release == ReleaseState.DUE,
                    )
                    .with_for_update()
                ).all()
                for row in same:
                    row.release = ReleaseState.KEPT if how is Release.KEPT else ReleaseState.DONE
                    session.add(row)
                custody.append(
                    session, custody.device_chain(finding.device_id), "RELEASED", "gateway",
                    finding.original_id or finding.id, same, {"how": how.value, "why": why},
                )  # fmt: skip


def found_again(finding: Finding) -> FoundFile:
    """The finding as its driver knows it."""
    return FoundFile(
        device_id=finding.device_id,
        path=finding.path,
        local=Path(),
        size=finding.size,
        mtime_ns=finding.mtime_ns,
        kind=AttachmentKind.OTHER,
        edges=finding.edges or "",
        volume=finding.volume,
        offload=finding.offload_id,
    )
