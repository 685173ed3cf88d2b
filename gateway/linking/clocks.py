"""How a recorder's clock was read and set, when a clip can have been recorded, and whom a reading reaches."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlmodel import Session, and_, col, func, or_, select

from gateway.database import columns
from gateway.linking.stored import AnyClip
from gateway.models import (
    Clip,
    ClockReading,
    ClockSetting,
    Disposition,
    Finding,
    Offload,
    Original,
    RelinkDue,
)
from gateway.rulepacks import RulePack
from gateway.rules.clock import TimeRead, TimeSource
from gateway.rules.clock_error import ClockLimits, Course, DeviceClock, Reading, Setting, Window


def limits_of(pack: RulePack) -> ClockLimits:
    return ClockLimits(
        drift_s_per_day=pack.clock.drift_seconds_per_day.value,
        unread_uncertainty_s=pack.clock.unread_uncertainty_seconds.value,
        gps_uncertainty_s=pack.clock.gps_uncertainty_seconds.value,
        unsynchronised_host_s=pack.clock.unsynchronised_host_seconds.value,
        doubt_s=pack.clock.doubt_hours.value * 3600,
        brought_within_s=pack.clock.brought_within_days.value * 86400,
    )


# columns, not objects: a camera is read and set at each docking, a year of them makes hundreds
READ = columns(
    ClockReading.device_id, ClockReading.read_at, ClockReading.device_time, ClockReading.uncertainty_s,
    ClockReading.host_synchronised,
)  # fmt: skip
SET = columns(
    ClockSetting.device_id, ClockSetting.set_at, ClockSetting.set_to, ClockSetting.uncertainty_s,
    ClockSetting.host_synchronised, ClockSetting.certain,
)  # fmt: skip


def clocks_of(session: Session, devices: Collection[str]) -> dict[str, DeviceClock]:
    readings: defaultdict[str, list[Reading]] = defaultdict(list)
    settings: defaultdict[str, list[Setting]] = defaultdict(list)
    for read in session.execute(READ.where(col(ClockReading.device_id).in_(devices))):
        readings[read.device_id].append(
            Reading(
                at=read.read_at, device_time=read.device_time, uncertainty_s=read.uncertainty_s,
                host_synchronised=read.host_synchronised,
            )
        )  # fmt: skip
    for row in session.execute(SET.where(col(ClockSetting.device_id).in_(devices))):
        settings[row.device_id].append(
            Setting(
                at=row.set_at, device_time=row.set_to, uncertainty_s=row.uncertainty_s,
                host_synchronised=row.host_synchronised, certain=row.certain,
            )
        )  # fmt: skip
    return {device: DeviceClock(tuple(readings[device]), tuple(settings[device])) for device in devices}


CAPTURED = "captured_at"
"""In what a clip declares: when it begins, where a person said so."""


def said_by_person(clip: AnyClip) -> list[TimeRead]:
    told = clip.declared.get(CAPTURED)
    if told is None:
        return []
    written = datetime.fromisoformat(told).astimezone(UTC).replace(tzinfo=None)
    return [TimeRead(TimeSource.PERSON, written, "UTC")]


class Windows:
    """When files can have been recorded, from the cards on which they lay: read once for many clips."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.findings: dict[str, Found] = {}
        self.card_of: dict[str, tuple[str, str]] = {}
        """Offload → device and volume."""
        self.cards: dict[tuple[str, str], list[Docking]] = {}
        self.places: dict[str, int] = {}
        """Offload → where it stands among the dockings of its card."""
        self.listings: dict[str, Listing] = {}
        self.kept_files = 0

    def load(self, clips: Collection[str]) -> None:
        """Read where these clips were found first, and what else is known of those cards."""
        self.findings = {}
        first = (
            select(func.min(Finding.id))
            .where(col(Finding.original_id).in_(clips))
            .group_by(Finding.original_id)
        )
        for row in self.session.execute(FOUND.where(col(Finding.id).in_(first))):
            self.findings[row.original_id] = Found(*row)
        offloads = {one.offload_id for one in self.findings.values() if one.offload_id} - self.card_of.keys()
        wanted = select(Offload.id, Offload.device_id, Offload.volume).where(col(Offload.id).in_(offloads))
        new = {offload: (device, volume) for offload, device, volume in self.session.exec(wanted)}
        self.card_of |= new
        self.read_cards({card for offload, card in new.items() if offload not in self.places})
        self.read_ahead()

    def read_ahead(self) -> None:
        """The listings before those in which these clips were found: mostly no others are asked for."""
        wanted = set[str]()
        for found in self.findings.values():
            if found.offload_id is not None and self.card_of[found.offload_id][1]:
                card = self.cards[self.card_of[found.offload_id]]
                wanted |= {one.offload for one in before(card, self.places[found.offload_id], 1)}
        missing = sorted(wanted - self.listings.keys())
        rows = select(Offload.id, Offload.listing).where(col(Offload.id).in_(missing))
        for offload, written in self.session.exec(rows) if missing else ():
            self.keep(offload, written)

    def read_cards(self, wanted: Collection[tuple[str, str]]) -> None:
        """Every docking of these cards; where two of the recorders have each had both, of the others too."""
        if not wanted:
            return
        devices, volumes = {device for device, _ in wanted}, {volume for _, volume in wanted}
        rows = self.session.exec(
            select(Offload.device_id, Offload.volume, Offload.id, Offload.opened_at)
            .where(col(Offload.device_id).in_(devices), col(Offload.volume).in_(volumes))
            .order_by(col(Offload.opened_at), col(Offload.id))
        )
        cards: defaultdict[tuple[str, str], list[Docking]] = defaultdict(list)
        for device, volume, offload, opened in rows:
            cards[device, volume].append(Docking(offload, opened))
        self.cards |= cards
        for card in cards.values():
            self.places |= {one.offload: place for place, one in enumerate(card)}

    def is_from_card(self, clip: AnyClip) -> bool:
        """Whether the recorder itself wrote the file that was found: what was sent or put here is a copy."""
        finding = self.findings.get(clip.id)
        return finding is None or finding.offload_id is not None

    def of(self, clip: AnyClip, found_at: datetime, course: Course, docking_s: float) -> Window:
        """Until the card that held the file was listed; since that card was last listed without it."""
        finding = self.findings.get(clip.id)
        if finding is None or finding.offload_id is None or not course.is_known:
            return Window(found_at)
        device, volume = self.card_of[finding.offload_id]
        card = self.cards[device, volume]
        place = self.places[finding.offload_id]
        docking, since = card[place], None
        for earlier in before(card, place) if volume else ():
            lay_there = self.listing(earlier.offload).has(finding)
            if lay_there is False:
                since = earlier.opened_at
                break
            docking = earlier if lay_there else docking
        until = docking.opened_at
        if device == clip.device_id:
            earliest = until - timedelta(seconds=docking_s)
            # a camera is asked for its clock before it shows its card: from then on it recorded nothing
            until = course.read_last(max(earliest, since or earliest), until) or until
        return Window(until, since)

    def listing(self, offload: str) -> "Listing":
        if offload not in self.listings:
            self.keep(offload, self.session.exec(select(Offload.listing).where(Offload.id == offload)).one())
        return self.listings[offload]

    def keep(self, offload: str, written: Sequence[dict[str, Any]]) -> None:
        self.listings[offload] = Listing.of(written)
        self.kept_files += len(self.listings[offload].files)
        while self.kept_files > KEPT_FILES and len(self.listings) > 1:
            oldest = self.listings.pop(next(iter(self.listings)))
            self.kept_files -= len(oldest.files)


def before(card: list["Docking"], place: int, most: int = 20) -> Iterator["Docking"]:
    """Earlier sessions of the same card, the latest first; a card that tells no number may be any card."""
    back = (card[at] for at in range(place - 1, -1, -1))
    earlier = (one for one in back if one.opened_at < card[place].opened_at)
    return islice(earlier, most)


KEPT_FILES = 300_000
"""Some fifty megabytes: a card that is full of photos has 20 000."""
FOUND = columns(Finding.original_id, Finding.offload_id, Finding.path, Finding.size, Finding.mtime_ns)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a file was found first."""

    original_id: str
    offload_id: str | None
    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Docking:
    offload: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything that lay on a card: path (hex), size, modification time; and what of it was unreadable."""

    files: frozenset[tuple[str, int, int]]
    unread: tuple[str, ...]

    @classmethod
    def of(cls, entries: Sequence[dict[str, Any]]) -> "Listing":
        files = frozenset((entry["path"], entry["size"], entry["mtime_ns"]) for entry in entries)
        return cls(files, tuple(path for path, size, changed in files if size == 0 and changed == 0))

    def has(self, finding: "Found") -> bool | None:
        """Whether the file lay there then; None where the part of the card that holds it was unreadable."""
        path = finding.path.hex()
        if any(path == unread or path.startswith(unread + b"/".hex()) for unread in self.unread):
            return None
        return (path, finding.size, finding.mtime_ns) in self.files


def read_before(session: Session, device_id: str, at: datetime) -> datetime | None:
    """The reading before a moment: what was found until then, nothing that comes later can reach."""
    earlier = select(ClockReading.read_at).where(
        ClockReading.device_id == device_id, ClockReading.read_at < at
    )
    return session.exec(earlier.order_by(col(ClockReading.read_at).desc()).limit(1)).first()


def reached(session: Session, row: RelinkDue, docking_s: float, limit: int) -> list[str]:
    """The next clips of a recorder that were found since `found_from`, after the row's cursor.

    A clip from a card was recorded before its docking, so before the reading at that docking as well.
    """
    assert row.found_from is not None
    docked = row.found_from + timedelta(seconds=docking_s)
    clips = (
        select(Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .join(
            Finding,
            and_(col(Finding.original_id) == Clip.id, col(Finding.disposition) == Disposition.CLIP),
            isouter=True,
        )
        .join(Offload, col(Offload.id) == Finding.offload_id, isouter=True)
        .where(
            Clip.id > (row.cursor or ""),
            Clip.device_id == row.device_id,
            col(Clip.times).is_not(None),
            or_(
                and_(Offload.device_id == Clip.device_id, col(Offload.opened_at) > docked),
                and_(
                    or_(col(Offload.id).is_(None), Offload.device_id != Clip.device_id),
                    col(Original.found_at) >= row.found_from,
                ),
            ),
        )
    )
    return list(session.exec(clips.distinct().order_by(col(Clip.id)).limit(limit)))
