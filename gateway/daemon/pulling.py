"""Files of cameras that no path leads into: brought when their turn comes; what nobody waits for goes."""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from sqlmodel import col, select

from gateway.database import Database
from gateway.device import DeviceUnavailable
from gateway.intake.files import found_again
from gateway.models import Finding, Work
from gateway.store.durable import sync_folder
from gateway.supervisor import Supervisor

log = logging.getLogger(__name__)

OURS = re.compile(r"([0-9a-f]{64})(\.\d+\.partial(\.journal)?)?")
"""An identity, or what there is of it so far."""


class Pulling:
    """What the stages are given as `Context.pull`."""

    def __init__(self, supervisors: Mapping[str, Supervisor]) -> None:
        self.supervisors = supervisors

    def __call__(self, finding: Finding, target: Path, tick: Callable[[int], None]) -> None:
        """Raises DeviceUnavailable: it wakes up when the camera is docked again."""
        for supervisor in self.supervisors.values():
            if finding.device_id in supervisor.present:
                return supervisor.pull(found_again(finding, target), tick)
        raise DeviceUnavailable("wait.source_gone", done=0)


def sweep(database: Database, spools: Sequence[Path]) -> None:
    """Remove what was pulled and no unfinished work has for its source; never what one has."""
    for spool in spools:
        lying = dict(files_in(spool))
        with database.read() as session:
            needed = set(
                session.exec(
                    select(Work.source).where(
                        Work.pipeline == "preserve", col(Work.open).is_(True), col(Work.adopt).is_(True)
                    )
                )
            )
        left = [path for path, source in lying.items() if bytes(source) not in needed]
        for path in left:
            log.info("%s: nobody waits for it any more", path)
            path.unlink(missing_ok=True)
        if left:
            sync_folder(spool)


def files_in(spool: Path) -> Iterator[tuple[Path, Path]]:
    """Each file that was pulled, with the name that it bears or will bear once it is whole."""
    if not spool.is_dir():
        return
    for path in spool.iterdir():
        if match := OURS.fullmatch(path.name):
            yield path, path.with_name(match.group(1))
