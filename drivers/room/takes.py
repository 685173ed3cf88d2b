"""The takes of a recorder on disk: a folder each, with a journal of when it began and how it ended.

What a kill leaves is found here at the next start: the last segment, and where the gap begins. Takes are
counted: no clock that is set changes their order.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from uuid_utils import uuid7

from gateway import ffmpeg
from gateway.store.durable import drop_unfinished, make_folder, sync_folder, write_whole

JOURNAL = "take.json"
HEADER = 1 << 16
PROBE_S = 10.0
RUNNING = "gateway_stopped"
"""How a take ended of which nobody wrote down more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    id: str
    """Its number, and what makes it another than that of any other recorder or spool."""
    began: str | None = None
    """ISO, UTC: when its first picture was taken."""
    anchor: str | None = None
    """ISO, UTC: when its first picture would have been taken by the clock as it was last: what the camera's
    clock drifts, and what ours is corrected by, moves the segments that follow."""
    reach_s: float = 0.0
    """How far what was reported of it goes; the beginning is told better and better while it runs."""
    cause: str = RUNNING
    segments: dict[str, float] = field(default_factory=dict)
    """File name → seconds after the beginning; of those that were reported."""
    pictured_s: float | None = None
    """Where its last picture is, if its sound went on for longer."""
    leapt_s: float | None = None
    """Where its time stamps leapt: what they say of anything later is not so."""
    settled: bool = False
    """All that is left of it was reported, and where it ended is accounted for."""

    @property
    def start(self) -> datetime | None:
        return datetime.fromisoformat(self.began) if self.began else None

    @property
    def end(self) -> datetime | None:
        """Where its last picture ends; nothing of one that has none."""
        reach = self.reach_s if self.pictured_s is None else min(self.reach_s, self.pictured_s)
        return self.at(reach) if self.segments else None

    def at(self, offset_s: float) -> datetime | None:
        """When what lies so many seconds after its beginning was taken."""
        base = self.anchor or self.began
        offset_s = offset_s if self.leapt_s is None else min(offset_s, self.leapt_s)
        return datetime.fromisoformat(base) + timedelta(seconds=offset_s) if base else None

    def grown(self, name: str, offset_s: float, end_s: float) -> "Take":
        """With one more segment that was reported."""
        reach = max(self.reach_s, end_s)
        return replace(self, segments=self.segments | {name: offset_s}, reach_s=reach)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A segment that no list named: what was being written when the recording was cut."""

    name: str
    offset_s: float
    duration_s: float | None
    """None where nothing could be read of it: a damaged head, or a probe that was cut short."""


class Takes:
    """Every method raises OSError if the disk does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self) -> None:
        make_folder(self.root)
        drop_unfinished(self.root)
        drop_unfinished(self.root, f"*/{JOURNAL}")

    def open(self, last: str) -> Take:
        """One more than there are, and than `last`, of which nothing may be left."""
        known = (number(name) for name in (last, *(folder.name for folder in self.folders())))
        take = Take(id=f"{max(known) + 1:06d}-{uuid7().hex}")
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
        """In their order; a journal that cannot be read makes a take of which nothing is known."""
        for folder in self.folders():
            try:
                yield Take(**json.loads((folder / JOURNAL).read_text()))
            except (OSError, ValueError, TypeError):
                yield Take(id=folder.name)

    def folders(self) -> list[Path]:
        found = (path for path in self.root.glob("*") if path.is_dir())
        return sorted(found, key=lambda path: (number(path.name), path.name))

    def leftovers(self, take: Take) -> Iterator[Leftover]:
        """Segments that were not reported, whatever their state, in order."""
        for path in sorted(self.folder(take).glob("*.mp4")):
            if path.name in take.segments:
                continue
            length = length_of(path)
            yield Leftover(path.name, take.reach_s, length)
            take = take.grown(path.name, take.reach_s, take.reach_s + (length or 0.0))

    def forget(self, take: Take) -> None:
        """A take that was reported, taken over and followed by another."""
        folder = self.folder(take)
        if not any(folder.glob("*.mp4")):
            (folder / JOURNAL).unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()


def length_of(path: Path) -> float | None:
    """Seconds; 0 for what surely has no picture: a header that was written before the first part."""
    if path.stat().st_size <= HEADER and b"moof" not in path.read_bytes():
        return 0.0
    try:
        return float(ffmpeg.probe(path, PROBE_S)["format"].get("duration") or 0) or None
    except (ffmpeg.MediaError, ValueError):
        return None


def number(name: str) -> int:
    """Of a take, by its id; 0 for what is none."""
    counted, dash, _ = name.partition("-")
    return int(counted) if dash and counted.isdecimal() else 0


def fallback_start(path: Path, length_s: float) -> datetime:
    """For a take whose journal died: when its file was last written, less its length."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) - timedelta(seconds=length_s)
