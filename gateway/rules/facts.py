"""What is known of a clip, of a step of enforcement and of a case, as the linking rules need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from gateway.rules import case_number
from gateway.rules.allocation import Custody
from gateway.rules.clock import Interval
from gateway.rules.place import Position
from gateway.rules.proof import Paper
from gateway.rules.scope import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLimits:
    """Numbers from the rule pack."""

    custody_tolerance_s: float
    activity_slack_s: float
    min_officers: int
    number_kinds: case_number.Kinds
    unnumbered_procedures: frozenset[str]
    """Procedures whose cases may lawfully have no number."""
    place_tolerance_m: float
    min_segment_s: float
    upload_s: float
    remote_upload_s: float
    calendar: Calendar | None = None
    """When compulsory execution has to wait (LK-18); None: nobody is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    clip_id: str
    interval: Interval | None
    case_no: str | None
    """As declared in the name or a sidecar, of this clip or of another of the same take."""
    declared_officer: str | None
    custody: Custody
    device_status: str
    """While it recorded (AL-8)."""
    certificates: Mapping[str, bool | None]
    """Officer → whether the certificate was valid then (AL-5); None when the registry does not say."""
    original_verified: bool
    take: tuple[datetime, datetime] | None = None
    """From when to when the device recorded without a break, where this file is one of several."""
    unit: str | None = None
    kind: str = "VIDEO"
    device_type_allowed: bool = True
    position: Position | None = None
    place: str | None = None
    found_at: datetime | None = None
    secrecy: str | None = None
    has_transcript: bool = False
    shows_nothing: bool = False
    """Nothing in the file can be played."""
    missing_labels: tuple[str, ...] = ()
    """Of the clip itself: what it proves is said of each link (LK-13)."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Names by officer or room id, for the sentences."""

    def called(self, ref: str | None) -> str:
        return self.people.get(ref or "", ref or "—")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFacts:
    activity_id: str
    kind: str
    start: datetime
    end: datetime
    officers: frozenset[str]
    lead: str | None = None
    """Who is named first: the 采集人 of what a room's recorder brings (trap 14)."""
    room_id: str | None = None
    document_id: str | None = None
    place: str | None = None
    position: Position | None = None
    is_evidence: bool = True
    """What it brings supports a penalty or a compulsory act (LK-6); so is a step whose kind nobody knows."""
    compulsory: Literal["none", "measure", "execution"] = "none"
    notice_given: bool | None = None
    """Whether the party was told of the recording and shown the certificates; None: nobody said."""
    is_urgent: bool = False
    """Somebody stated why it could not wait (LK-18)."""
    back_at: datetime | None = None
    """When officers who were away or at a remote place returned (R-51)."""
    proves: str | None = None
    """证明对象 as its kind proposes it; a person confirms it (LK-13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    case_uid: str
    title: str
    unit: str | None = None
    numbers: tuple[str, ...]
    handlers: frozenset[str]
    procedure: str | None = None
    activities: tuple[ActivityFacts, ...] = ()
    opened_on: datetime | None = None
    closed_on: datetime | None = None
    archived_on: datetime | None = None
    papers: tuple[Paper, ...] = ()
    keys: frozenset[str] = frozenset()
    """The parts of its numbers, each as one text that two spellings share."""
    number_kinds: case_number.Kinds | None = None
    """The words in the numbers of its unit; None: as where the clip is from."""


CaseStep = tuple[CaseFacts, ActivityFacts]
"""A step, and the case that it is of."""
