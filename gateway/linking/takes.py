"""What the files of one take tell of each other: how long it was, how wrong the clock, which number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col

from gateway.database import columns
from gateway.linking.stored import AnyClip
from gateway.models import Clip
from gateway.rules.clock import Interval, TimeRead, TimeSource

Times = Mapping[str, datetime]
"""Source → the digits that a file shows."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a take, as it tells of itself."""

    times: Times
    length: timedelta
    number: str | None


PARTS = columns(Clip.recording_id, Clip.times, Clip.duration_s, Clip.declared)


class Takes:
    """The parts of the takes of the clips that are decided now."""

    def __init__(self) -> None:
        self.own: dict[str, Part] = {}
        """By clip."""
        self.parts: dict[str, list[Part]] = {}
        """By recording."""

    def load(self, session: Session, clips: Sequence[AnyClip]) -> None:
        """Mostly the files of a take are decided together: only the others are read."""
        self.own = {clip.id: part_of(clip) for clip in clips if clip.recording_id}
        self.parts = {}
        for clip in clips:
            if clip.recording_id:
                self.parts.setdefault(clip.recording_id, []).append(self.own[clip.id])
        others = PARTS.where(col(Clip.recording_id).in_(self.parts), col(Clip.id).not_in(self.own))
        for row in session.execute(others) if self.parts else ():
            self.parts[row.recording_id].append(part_of(row))

    def of(self, clip: AnyClip) -> Sequence[Part]:
        return self.parts.get(clip.recording_id or "", ())

    def span(self, clip: AnyClip, interval: Interval | None) -> tuple[datetime, datetime] | None:
        """From when to when the device recorded without a break, by the clock that this file goes by.

        From the digits in the files alone, so that it does not matter which of them was decided first.
        """
        parts = self.of(clip)
        if interval is None or interval.doubtful or len(parts) < 2:
            return None
        told, source = self.own[clip.id].times, interval.source.value
        if source == "gps" and source not in told:
            source = "container"  # it goes by another file's satellite time
        own = told.get(source)
        if own is None:
            return None
        begun = interval.end if source == "file" else interval.start
        apart = [(begun + (part.times[source] - own), part.length) for part in parts if source in part.times]
        if source == "file":
            apart = [(end - length, length) for end, length in apart]
        return min(start for start, _ in apart), max(start + length for start, length in apart)

    def satellite(self, clip: AnyClip) -> list[TimeRead]:
        """Satellite time of another file of the take: it tells how wrong the clock was in all of them."""
        parts = self.of(clip)
        if len(parts) < 2:
            return []
        told = self.own[clip.id].times
        if "gps" in told or "container" not in told:
            return []
        errors = [
            part.times["gps"] - part.times["container"]
            for part in parts
            if {"gps", "container"} <= part.times.keys()
        ]
        if not errors:
            return []
        return [TimeRead(TimeSource.GPS, told["container"] + sorted(errors)[len(errors) // 2], "UTC")]

    def number(self, clip: AnyClip) -> str | None:
        """As the clip declares it, or else as another clip of the same take does."""
        own: str | None = clip.declared.get("case_no")
        told = {part.number for part in self.of(clip) if part.number}
        return own or (next(iter(told)) if len(told) == 1 else None)


def part_of(file: AnyClip | Row[Any]) -> Part:
    return Part(digits(file.times), timedelta(seconds=file.duration_s or 0), file.declared.get("case_no"))


def digits(times: Sequence[Mapping[str, Any]] | None) -> dict[str, datetime]:
    return {read["source"]: datetime.fromisoformat(read["written"]) for read in times or ()}
