"""What stands on a recording sheet (全过程记录抽查表); `recording.py` fills it in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.rules.recorded import Gap
from gateway.wording import Reason


@dataclass(frozen=True, slots=True)
class Said:
    """A statement of a person about a step."""

    kind: str
    ground: str | None
    why: str | None
    work_record: str | None
    approved_by: str | None
    made_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class SheetStep:
    activity: str
    stage: str
    kind: str
    start: datetime
    end: datetime
    place: str | None
    officers: Sequence[str]
    mode: str
    standing: str
    deadline: datetime
    clips: int
    measured: float
    gaps: Sequence[Gap]
    reasons: Sequence[Reason]
    said: Sequence[Said]


@dataclass(frozen=True, slots=True)
class SheetLink:
    """One link of one clip to this case."""

    link: str
    activity: str | None
    status: str
    verdict: str
    matter: str | None
    made_by: str
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class SheetClip:
    clip: str
    name: str
    kind: str
    device: str
    start: datetime | None
    end: datetime | None
    lacking: Sequence[str]
    """Labels of the five that are still empty (R-01)."""
    sha256: str | None
    verified_at: datetime | None
    """When the stored copy was read again and gave the same digest."""
    state: str
    links: Sequence[SheetLink]


@dataclass(frozen=True, slots=True)
class SheetDevice:
    """A device that recorded, and who held it then."""

    device: str
    name: str
    type: str
    serial_no: str | None
    held_by: str | None
    held_as: str | None
    since: datetime | None
    status: str | None
    clips: int


@dataclass(frozen=True, slots=True)
class SheetPaper:
    """A paper of the case, with what a 询问笔录 says of the asking and an approval form of who agreed."""

    paper: str
    type: str
    number: str | None
    issued_at: datetime | None
    interview: Mapping[str, Any]
    approval: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class RecordingSheet:
    case: str
    title: str
    numbers: Sequence[str]
    parties: Sequence[str]
    unit: str | None
    unit_name: str
    handlers: Sequence[str]
    procedure: str | None
    opened_on: datetime | None
    decided_on: datetime | None
    closed_on: datetime | None
    archived_on: datetime | None
    archive_no: str | None
    at: datetime
    steps: Sequence[SheetStep]
    clips: Sequence[SheetClip]
    devices: Sequence[SheetDevice]
    papers: Sequence[SheetPaper]
    notes: Sequence[Reason]
