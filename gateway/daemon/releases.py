"""Lets devices go of what is preserved: asks the driver, writes down how it ended."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from sqlmodel import col, select

from gateway import custody
from gateway.database import Database
from gateway.device import AttachmentKind, FoundFile, Release
from gateway.models import Finding, Original, ReleaseState, State
from gateway.supervisor import Supervisor
from gateway.wording import Reason

BATCH = 100


class Releases:
    """Called again and again; a device that is away is asked at its next docking."""

    def __init__(self, database: Database, supervisors: Mapping[str, Supervisor]) -> None:
        self.database, self.supervisors = database, supervisors
        self.under_way: set[str] = set()

    def hand_out(self) -> None:
        """Give every present device the files it may let go of."""
        present = [
            device_id
            for device_id, supervisor in self.supervisors.items()
            if supervisor.present.is_set() and device_id not in self.under_way
        ]
        if not present:
            return
        with self.database.read() as session:
            due = session.exec(
                select(Finding, Original)
                .join(Original, col(Original.id) == Finding.original_id)
                .where(
                    Finding.release == ReleaseState.DUE,
                    col(Finding.device_id).in_(present),
                    col(Original.state).in_((State.PRESERVED, State.DUPLICATE)),
                )
                .limit(BATCH)
            ).all()
        by_device: dict[str, list[tuple[Finding, Original]]] = defaultdict(list)
        for finding, original in due:
            by_device[finding.device_id].append((finding, original))
        for device_id, pairs in by_device.items():
            self.send(self.supervisors[device_id], device_id, pairs)

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
        for finding, original in pairs:
            if supervisor.stop.is_set() or original.sha256 is None:
                break
            how, why = supervisor.release(found_again(finding), original.sha256)
            if how is None:
                break
            ended.append((finding.id, how, why))
        self.write_down(ended)

    def write_down(self, ended: list[tuple[str, Release, Reason]]) -> None:
        if not ended:
            return
        with self.database.write() as session:
            for finding_id, how, why in ended:
                finding = session.get_one(Finding, finding_id, with_for_update=True)
                finding.release = ReleaseState(how.value)
                session.add(finding)
                custody.append(
                    session, custody.device_chain(finding.device_id), "RELEASED", "gateway",
                    finding.original_id or finding.id, (finding,), {"how": how.value, "why": why},
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
