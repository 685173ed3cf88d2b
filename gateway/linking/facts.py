"""What the rules need to know about clips, read from the database for many of them at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from sqlmodel import Session

from gateway.linking.outings import Outings
from gateway.linking.people import Holders, People
from gateway.linking.steps import Steps
from gateway.linking.stored import AnyClip
from gateway.linking.times import Times
from gateway.models import SHOWS_NOTHING, Device, State
from gateway.rulepacks import RulePacks
from gateway.rules import case_number
from gateway.rules.allocation import Custody, Swapped, custody_over
from gateway.rules.clock import Interval
from gateway.rules.facts import CaseFacts, CaseStep, ClipFacts
from gateway.rules.labels import lacking, recorded_in
from gateway.rules.place import Position
from gateway.rules.standing import status_at

VERIFIED = (State.VERIFIED, State.PRESERVED)


class Facts(Times):
    """All that a round of linking has read; nothing in it is newer than the round."""

    def __init__(self, session: Session, packs: RulePacks) -> None:
        self.people = People(session)
        super().__init__(session, packs, self.people.parents)
        every = (packs.default, *packs.of_units.values())
        self.slack_s = max(pack.linking.activity_slack_minutes.value for pack in every) * 60
        self.steps = Steps(session, self.unit_packs, packs.number_kinds)
        self.holders = Holders(session)
        self.outings = Outings(session, self.steps, self.holders)

    def load(self, clips: Sequence[AnyClip]) -> None:
        new = {clip.device_id for clip in clips} - self.devices.keys()
        super().load(clips)
        self.people.load(self.named(clips, new))

    def load_devices(self, new: set[str]) -> Sequence[Device]:
        found = super().load_devices(new)
        self.holders.load(found)
        return found

    def named(self, clips: Sequence[AnyClip], devices: set[str]) -> set[str]:
        """Whom these clips name, and who ever held these devices."""
        told = {str(officer) for clip in clips if (officer := clip.declared.get("officer"))}
        held = (self.holders.of(device) for device in devices)
        return told | {one.holder_id for periods in held for one in (*periods.taken, *periods.given)}

    def is_destroyed(self, clip: AnyClip) -> bool:
        return self.originals[clip.id][0] is State.DESTROYED

    def holder(self, clip: AnyClip, interval: Interval | None) -> Custody:
        if interval is None or interval.doubtful:
            return Custody(None, None, None)
        periods, tolerance = self.holders.of(clip.device_id), self.rules(clip).limits.custody_tolerance_s
        custody = [
            custody_over(periods.around(one.start, tolerance), one.start, one.end, tolerance)
            for one in interval.possible
        ]
        same = all(
            (one.officer_id, one.room_id) == (custody[0].officer_id, custody[0].room_id) for one in custody
        )
        return custody[0] if same else Custody(None, None, None)

    def key(self, clip: AnyClip) -> str | None:
        own: str | None = clip.declared.get("case_no")
        kinds = self.rules(clip).limits.number_kinds, *self.packs.number_kinds
        return own and case_number.key(own, kinds)

    def clip(self, clip: AnyClip, interval: Interval | None, held: Custody) -> ClipFacts:
        device = self.devices[clip.device_id]
        state, found_at = self.originals[clip.id]
        declared = self.people.named(clip.declared.get("officer"))
        holders = [ref for one in (held, *held.also) if (ref := one.officer_id)]
        is_placed = clip.latitude is not None and clip.longitude is not None
        return ClipFacts(
            clip_id=clip.id,
            interval=interval,
            case_no=self.takes.number(clip),
            declared_officer=declared,
            custody=held,
            device_status=self.stood(device, interval),
            device_type_allowed=device.type in self.rules(clip).pack.equipment.types.value,
            certificates={one: self.certified(one, interval, device) for one in holders},
            original_verified=state in VERIFIED,
            take=self.takes.span(clip, interval),
            unit=device.unit_id,
            kind=clip.kind,
            position=Position(clip.latitude, clip.longitude) if is_placed else None,  # type: ignore[arg-type]
            place=clip.place,
            found_at=found_at,
            secrecy=clip.secrecy,
            has_transcript=clip.transcript is not None,
            shows_nothing=(clip.condition or {}).get("code") in SHOWS_NOTHING,
            missing_labels=missing_labels(clip, interval, held),
            people=self.people.names((*holders, held.room_id, declared)),
        )

    def attended(self, clip: AnyClip, known: ClipFacts, cases: Sequence[CaseFacts]) -> ClipFacts:
        """With what is known of whoever took part, where a place and no person held the device (AL-3)."""
        held = (known.custody, *known.custody.also)
        if all(one.room_id is None for one in held):
            return known
        there = {one for case in cases for step in case.activities for one in step.officers}
        self.people.load(there)
        device = self.devices[clip.device_id]
        valid = {one: self.certified(one, known.interval, device) for one in sorted(there)}
        return replace(
            known,
            certificates={**valid, **known.certificates},
            people={**self.people.names(there), **known.people},
        )

    def stood(self, device: Device, interval: Interval | None) -> str:
        """Where the device stood when it recorded (AL-8); before it was anything, nobody knows."""
        if interval is None or interval.doubtful:
            return device.status.value
        return status_at(self.holders.of(device.id).stands, interval.start) or "UNKNOWN"

    def certified(self, officer: str, interval: Interval | None, device: Device) -> bool | None:
        person = self.people.of(officer)
        if person is None or interval is None:
            return None
        day = interval.start.astimezone(ZoneInfo(device.timezone)).date()
        return person.certified(day)

    def candidates(self, clips: Sequence[ClipFacts]) -> list[list[CaseFacts]]:
        """Of each clip the cases worth judging, all of them read together."""
        times = [one.interval for one in clips if one.interval and not one.interval.doubtful]
        spans = [reach(one, self.slack_s) for one in times]
        self.steps.load(spans, {one.case_no for one in clips if one.case_no})
        wanted = [self.worth(one) for one in clips]
        self.steps.read_cases({*chain.from_iterable(wanted)})
        return [[self.steps.cases[uid] for uid in sorted(one)] for one in wanted]

    def worth(self, clip: ClipFacts) -> set[str]:
        """The cases that a clip names, and those on which its holder worked that day.

        A vehicle may have stood at any step of that day.
        """
        wanted = set(self.steps.numbers.get(clip.case_no or "", ()))
        if clip.custody.in_vehicle:
            wanted |= {case.case_uid for case, _ in self.elsewhere(clip)}
        if clip.interval is not None and not clip.interval.doubtful:
            held = (clip.custody, *clip.custody.also)
            refs = [ref for one in held for ref in (one.officer_id, one.room_id)]
            wanted |= self.steps.with_step_of(refs, *reach(clip.interval, self.slack_s))
        return wanted

    def expect(self, clips: Sequence[AnyClip], known: Sequence[ClipFacts]) -> None:
        """Outings may be asked for of each of them: those of one day are then read together."""
        for clip, one in zip(clips, known, strict=True):
            if one.unit is not None and one.interval is not None and not one.interval.doubtful:
                self.outings.expect(one.unit, one.interval.start, self.rules(clip).limits)

    def swapped(self, clip: AnyClip, known: ClipFacts) -> Swapped | None:
        """The camera with which that of a clip was swapped then, by all that both recorded that day."""
        basis, interval = known.custody.basis, known.interval
        if basis is None or known.unit is None or interval is None or interval.doubtful or interval.either:
            return None
        key = clip.device_id, basis.id
        return self.outings.swapped(known.unit, key, interval.start, self.rules(clip).limits)

    def elsewhere(self, clip: ClipFacts) -> list[CaseStep]:
        """Every step that the take of a clip can have anything of, whoever took part."""
        if clip.interval is None or clip.interval.doubtful:
            return []
        start, end = reach(clip.interval, self.slack_s)
        if clip.take is not None:
            around = timedelta(seconds=self.slack_s + clip.interval.uncertainty_s)
            start, end = min(start, clip.take[0] - around), max(end, clip.take[1] + around)
        return self.steps.between(start, end)


def reach(interval: Interval, slack_s: float) -> tuple[datetime, datetime]:
    slack = timedelta(seconds=slack_s + interval.uncertainty_s)
    return interval.start - slack, interval.end + slack


def missing_labels(clip: AnyClip, interval: Interval | None, held: Custody) -> tuple[str, ...]:
    """Which of the seed's labels of the clip itself are still empty."""
    return lacking(
        time=interval is not None and not interval.doubtful,
        place=recorded_in(clip.place, held),
        person=held.officer_id or held.room_id,
        matter=True,  # of each link
    )
