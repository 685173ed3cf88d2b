"""When clips were recorded, by all that is known of their recorders' clocks: read for many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from gateway import law
from gateway.linking.clocks import Windows, clocks_of, limits_of, said_by_person
from gateway.linking.stored import AnyClip
from gateway.linking.takes import Takes
from gateway.models import Device, Original, State
from gateway.rulepacks import RulePack, RulePacks
from gateway.rules.clock import Interval, TimeRead, TimeSource, capture_interval
from gateway.rules.clock_error import ClockLimits, Course, DeviceClock
from gateway.rules.facts import LinkLimits
from gateway.wording import CHINA


def link_limits(pack: RulePack, zone: ZoneInfo) -> LinkLimits:
    return LinkLimits(
        custody_tolerance_s=pack.linking.custody_tolerance_minutes.value * 60,
        activity_slack_s=pack.linking.activity_slack_minutes.value * 60,
        min_officers=pack.linking.min_officers.value,
        number_kinds=pack.forms.number_kinds.value,
        unnumbered_procedures=frozenset(pack.forms.unnumbered_procedures.value),
        place_tolerance_m=pack.linking.place_tolerance_metres.value,
        min_segment_s=pack.linking.min_segment_seconds.value,
        upload_s=pack.deadlines.upload_hours.value * 3600,
        remote_upload_s=pack.deadlines.remote_upload_hours.value * 3600,
        calendar=law.calendar_of(pack, zone),
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """A pack, and its numbers as the rules take them."""

    pack: RulePack
    limits: LinkLimits
    clock: ClockLimits


class Times:
    """What tells when a clip was recorded; nothing in it is newer than the round that it serves."""

    def __init__(self, session: Session, packs: RulePacks, parents: Mapping[str, str | None]) -> None:
        self.session = session
        self.packs = packs
        self.of_units: dict[str | None, Rules] = {}
        self.of_devices: dict[str, Rules] = {}
        self.unit_packs = law.UnitPacks(packs, parents)
        self.windows = Windows(session)
        self.devices: dict[str, Device] = {}
        self.clocks: dict[str, DeviceClock] = {}
        self.courses: dict[str, Course] = {}
        self.originals: dict[str, tuple[State, datetime]] = {}
        self.takes = Takes()

    def load(self, clips: Sequence[AnyClip]) -> None:
        """Read, in a few queries, what is not here yet for these clips."""
        self.load_devices({clip.device_id for clip in clips} - self.devices.keys())
        ids = [clip.id for clip in clips]
        rows = self.session.exec(
            select(Original.id, Original.state, Original.found_at).where(col(Original.id).in_(ids))
        )
        self.originals = {original: (State(state), found_at) for original, state, found_at in rows}
        self.windows.load(ids)
        self.takes.load(self.session, clips)

    def load_devices(self, new: set[str]) -> Sequence[Device]:
        found = self.session.exec(select(Device).where(col(Device.id).in_(new))).all() if new else ()
        self.devices |= {device.id: device for device in found}
        self.clocks |= clocks_of(self.session, new)
        return found

    def rules(self, clip: AnyClip) -> Rules:
        """By the pack of the unit whose device it is."""
        device = clip.device_id
        if device not in self.of_devices:
            unit = self.devices[device].unit_id
            if unit not in self.of_units:
                pack = self.unit_packs.of(unit)
                self.of_units[unit] = Rules(pack, link_limits(pack, CHINA), limits_of(pack))
            self.of_devices[device] = self.of_units[unit]
        return self.of_devices[device]

    def interval(self, clip: AnyClip) -> Interval | None:
        times = [
            TimeRead(
                TimeSource(read["source"]),
                datetime.fromisoformat(read["written"]),
                read["zone"],
                read.get("at_end", False),
            )
            for read in clip.times or ()
        ]
        times += [*self.takes.satellite(clip), *said_by_person(clip)]
        course, docking_s = self.course(clip), self.rules(clip).pack.clock.docking_seconds.value
        window = self.windows.of(clip, self.originals[clip.id][1], course, docking_s)
        told = clip.kind != "PHOTO" and self.windows.is_from_card(clip)
        return capture_interval(times, clip.duration_s, course, window, file_tells=told)

    def is_known(self, clip: AnyClip) -> bool:
        """Whether anything may be concluded from the time that stands in its row."""
        interval = self.interval(clip)
        return interval is not None and not interval.doubtful

    def course(self, clip: AnyClip) -> Course:
        device = clip.device_id
        if device not in self.courses:
            self.courses[device] = Course(self.clocks[device], self.rules(clip).clock)
        return self.courses[device]
