"""What the database says of some clips, of the other parts of their takes, and of their twins."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway.device import MediaKind
from gateway.models import (
    Allocation,
    AllocationKind,
    CaseRecord,
    Clip,
    Described,
    Device,
    Finding,
    HoldKind,
    LegalHold,
    Link,
    LinkStatus,
    Original,
    RetentionFlag,
    State,
    Work,
)
from gateway.retention import parties
from gateway.rules.retention import CaseFile, Flag, HoldFacts, ItemPeriod, RetentionFacts


class Known:
    """What the database says of some clips, of the other clips of their takes, and of their twins."""

    def __init__(self, session: Session, clip_ids: Collection[str]) -> None:
        self.session = session
        self.asked = pairs(session, col(Clip.id).in_(clip_ids))
        takes = {clip.recording_id for clip, _ in self.asked if clip.recording_id}
        rest = pairs(session, col(Clip.recording_id).in_(takes)) if takes else []
        self.all = {clip.id: (clip, original) for clip, original in (*self.asked, *rest)}
        self.takes: dict[str, list[str]] = defaultdict(list)
        for clip, _ in self.all.values():
            self.takes[clip.recording_id or clip.id].append(clip.id)
        self.twins: dict[str, list[str]] = defaultdict(list)
        twins = select(Original.id, Original.duplicate_of).where(col(Original.duplicate_of).in_(self.all))
        for twin, kept in session.exec(twins):
            self.twins[kept or ""].append(twin)
        self.ids = {*self.all, *(twin for found in self.twins.values() for twin in found)}
        devices = {clip.device_id for clip, _ in self.all.values()}
        self.devices = {
            row.id: row for row in session.exec(select(Device).where(col(Device.id).in_(devices)))
        }
        self.windows = windows(session, devices)
        self.cases = linked(session, self.all)
        self.flags = flagged(session, self.ids)
        self.seen = sightings(session, self.ids)
        self.at_work = set(
            session.exec(
                select(Work.item_id).where(col(Work.item_id).in_(self.all), col(Work.open).is_(True))
            )
        )
        self.holds = session.exec(select(LegalHold).where(col(LegalHold.lifted_at).is_(None))).all()
        every = {case.uid: case for found in self.cases.values() for case, _ in found}
        self.parties = parties.named(session, every.values(), self.holds)

    def timed(self) -> list[Clip]:
        """Those whose time decides something: by a hold on a device, or because a counter had theirs."""
        held = {hold.device_id for hold in self.holds if hold.kind is HoldKind.DEVICE}
        counters: set[str | None] = {
            device
            for device, found in self.windows.items()
            if any(one.kind is AllocationKind.WINDOW for one in found)
        }
        return [
            self.all[one][0]
            for take in self.takes.values()
            if counters.union(held) & {device for one in take for device in self.where(*self.all[one])}
            for one in take
        ]

    def where(self, clip: Clip, original: Original) -> set[str | None]:
        """The devices that may have recorded it: what its name says, and wherever its content was found."""
        ids = (clip.id, *self.twins[clip.id])
        found = {device for one in ids for device in self.seen.get(one, ())}
        return {clip.device_id, original.device_id, *found}

    def facts(
        self,
        clip: Clip,
        zone: ZoneInfo,
        listed: Mapping[str, frozenset[ItemPeriod]],
        doubtful: Collection[str],
    ) -> RetentionFacts:
        """`listed`: what the units' lists say of each clip; `doubtful`: those whose time tells nothing."""
        take = [self.all[one] for one in sorted(self.takes[clip.recording_id or clip.id])]
        ids = {one for part, _ in take for one in (part.id, *self.twins[part.id])}
        linked = [pair for one in ids for pair in self.cases.get(one, ())]
        files = {row.uid: row for row, stands in linked if stands}
        ever = {row.uid: row for row, _ in linked}
        return RetentionFacts(
            since=max(original.found_at.astimezone(zone).date() for _, original in take),
            finished=self.all[clip.id][1].state is State.PRESERVED
            and all(self.is_finished(*part) for part in take),
            quarantined=any(is_quarantined(*part) for part in take),
            window=all(self.is_window(part, doubtful) for part, _ in take),
            important=any(part.important for part, _ in take),
            cases=frozenset(case_file(row, zone) for row in files.values()),
            flags=frozenset(flag for one in ids for flag in self.flags.get(one, ())),
            items=frozenset(item for one in ids for item in listed.get(one, ())),
            holds=frozenset(
                HoldFacts(hold=hold.id, why=hold.why)
                for hold in self.holds
                if any(self.reaches(hold, part, ids, ever, doubtful) for part in take)
            ),
        )

    def is_finished(self, clip: Clip, original: Original) -> bool:
        """A part that is gone already keeps no other; one that is still on its way does."""
        if original.state is State.DESTROYED:
            return True
        done = original.state is State.PRESERVED and clip.described is Described.READY
        return done and clip.id not in self.at_work

    def is_window(self, clip: Clip, doubtful: Collection[str]) -> bool:
        """Surely of a counter: whoever had the device while this may have been recorded was a counter."""
        unsure = clip.id in doubtful
        held = [row for row in self.windows.get(clip.device_id, ()) if may_touch(clip, unsure, *row.span)]
        return bool(held) and all(row.kind is AllocationKind.WINDOW for row in held)

    def reaches(
        self,
        hold: LegalHold,
        part: tuple[Clip, Original],
        ids: set[str],
        files: Mapping[str, CaseRecord],
        doubtful: Collection[str],
    ) -> bool:
        """A hold on a case reaches what was ever linked to it: to take the link back takes no hold away.

        On a party, every case in which it is or was one, the first or the third.
        """
        clip, original = part
        match hold.kind:
            case HoldKind.CLIP:
                return hold.clip_id in ids
            case HoldKind.CASE:
                return hold.case_uid in files
            case HoldKind.PARTY:
                return any(self.parties[uid].has(hold) for uid in files)
            case HoldKind.DEVICE:
                there = self.where(clip, original) | {
                    device for one in ids for device in self.seen.get(one, ())
                }
                came = hold.span_from is None or original.found_at >= hold.span_from
                span = hold.span_from, hold.span_to
                return hold.device_id in there and came and may_touch(clip, clip.id in doubtful, *span)


@dataclass(frozen=True, slots=True)
class Held:
    kind: AllocationKind
    span: tuple[datetime, datetime | None]


def pairs(session: Session, *conditions: Any) -> list[tuple[Clip, Original]]:
    wanted = select(Clip, Original).join(Original, col(Original.id) == Clip.id).where(*conditions)
    return list(session.exec(wanted.order_by(col(Clip.id))).all())


def windows(session: Session, devices: Collection[str]) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for row in session.exec(
        select(Allocation).where(
            col(Allocation.device_id).in_(devices), col(Allocation.superseded_at).is_(None)
        )
    ):
        found[row.device_id].append(Held(row.kind, (row.valid_from, row.valid_to)))
    return found


def linked(session: Session, clip_ids: Collection[str]) -> dict[str, list[tuple[CaseRecord, bool]]]:
    """Every case that a clip was ever linked to, and whether it is now, whatever the verdict."""
    found: dict[str, list[tuple[CaseRecord, bool]]] = defaultdict(list)
    for link, case in session.exec(
        select(Link, CaseRecord)
        .join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        .where(col(Link.clip_id).in_(clip_ids))
    ):
        stands = link.ended_at is None and link.status is not LinkStatus.WITHDRAWN
        found[link.clip_id].append((case, stands))
    return found


def flagged(session: Session, clip_ids: Collection[str]) -> dict[str, list[Flag]]:
    found: dict[str, list[Flag]] = defaultdict(list)
    for row in session.exec(
        select(RetentionFlag).where(
            col(RetentionFlag.clip_id).in_(clip_ids), col(RetentionFlag.lifted_at).is_(None)
        )
    ):
        found[row.clip_id].append(Flag(row.flag))
    return found


def sightings(session: Session, original_ids: Collection[str]) -> dict[str, list[str]]:
    """On which devices each was found."""
    found: dict[str, list[str]] = defaultdict(list)
    wanted = select(Finding.original_id, Finding.device_id).where(col(Finding.original_id).in_(original_ids))
    for original_id, device_id in session.exec(wanted):
        found[original_id or ""].append(device_id)
    return found


def is_quarantined(clip: Clip, original: Original) -> bool:
    aside = original.state is State.QUARANTINED or clip.described is Described.QUARANTINED
    return aside or clip.quarantine is not None


def may_touch(clip: Clip, doubtful: bool, start: datetime | None, end: datetime | None) -> bool:
    """Whether a clip may have been recorded in a span; only a time that is known rules it out.

    A lost clock leaves a time in the row as well, and so does a copy's file time. How long it runs has to be
    known, too: of what is encrypted or broken only one end is.
    """
    if doubtful or clip.started_at is None or clip.ended_at is None:
        return True
    if clip.duration_s is None and clip.kind != MediaKind.PHOTO:
        return True
    doubt = timedelta(seconds=clip.uncertainty_s or 0.0)
    return (end is None or clip.started_at - doubt < end) and (
        start is None or clip.ended_at + doubt >= start
    )


def case_file(row: CaseRecord, zone: ZoneInfo) -> CaseFile:
    def day(moment: datetime | None) -> date | None:
        return moment.astimezone(zone).date() if moment else None

    return CaseFile(
        uid=row.uid,
        decided_on=day(row.decided_on),
        closed_on=day(row.closed_on),
        archived_on=day(row.archived_on),
        procedure=row.procedure,
        retention_class=row.retention_class,
        real_estate=row.real_estate,
    )
