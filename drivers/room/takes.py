"""The takes of a recorder on disk: a folder each, with a journal of when it began and how it ended.

What a kill leaves is found here at the next start: the last segment, and where the gap begins.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from uuid_utils import uuid7

from gateway import ffmpeg
from gateway.store.durable import sync_folder, write_whole

JOURNAL = "take.json"
RUNNING = "gateway_stopped"
"""How a take ended of which nobody wrote down more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    id: str
    began: str | None = None
    """ISO, UTC: when its first picture was taken."""
    reach_s: float = 0.0
    """How far what was reported of it goes; the beginning is told better and better while it runs."""
    cause: str = RUNNING
    segments: dict[str, float] = field(default_factory=dict)
    """File name → seconds after the beginning; of those that were reported."""
    pictured_s: float | None = None
    """Where its last picture is, if its sound went on for longer."""
    gap_told: bool = False

    @property
    def start(self) -> datetime | None:
        return datetime.fromisoformat(self.began) if self.began else None

    @property
    def end(self) -> datetime | None:
        """Where its last picture ends; nothing of one that has none."""
        if self.start is None or not self.segments:
            return None
        reach = self.reach_s if self.pictured_s is None else min(self.reach_s, self.pictured_s)
        return self.start + timedelta(seconds=reach)

    def grown(self, name: str, offset_s: float, end_s: float) -> "Take":
        """With one more segment that was reported."""
        reach = max(self.reach_s, end_s)
        return replace(self, segments=self.segments | {name: offset_s}, reach_s=reach)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A segment that no list named: what was being written when the recording was cut."""

    name: str
    offset_s: float
    duration_s: float


class Takes:
    """Every method raises OSError if the disk does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def open(self) -> Take:
        take = Take(id=uuid7().hex)
        folder = self.folder(take)
        folder.mkdir(parents=True)
        self.keep(take)
        sync_folder(self.root)
        return take

    def folder(self, take: Take) -> Path:
        return self.root / take.id

    def keep(self, take: Take) -> None:
        write_whole(self.folder(take) / JOURNAL, json.dumps(asdict(take)).encode())

    def all(self) -> Iterator[Take]:
        """In order of time; a journal that cannot be read makes a take of which nothing is known."""
        for folder in sorted(path for path in self.root.glob("*") if path.is_dir()):
            try:
                yield Take(**json.loads((folder / JOURNAL).read_text()))
            except (OSError, ValueError, TypeError):
                yield Take(id=folder.name)

    def leftovers(self, take: Take) -> Iterator[Leftover]:
        """Segments that were not reported, whatever their state, in order."""
        for path in sorted(self.folder(take).glob("*.mp4")):
            if path.name in take.segments:
                continue
            try:
                length = float(ffmpeg.probe(path)["format"].get("duration") or 0)
            except (ffmpeg.MediaError, ValueError):
                length = 0.0
            yield Leftover(path.name, take.reach_s, length)
            take = take.grown(path.name, take.reach_s, take.reach_s + length)

    def forget(self, take: Take) -> None:
        """A take that was reported, taken over and followed by another."""
        folder = self.folder(take)
        if not any(folder.glob("*.mp4")):
            (folder / JOURNAL).unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()


def fallback_start(path: Path, length_s: float) -> datetime:
    """For a take whose journal died: when its file was last written, less its length."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) - timedelta(seconds=length_s)
