"""The indicators worked out slowly: row by row, one query for each fact, with no code of the reports' own.

It reads the tables and the rule pack's YAML as they stand; what became of duties it takes from the slow board.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from gateway.models import (
    Activity,
    Allocation,
    CaseRecord,
    Checkout,
    Clip,
    CustodyEvent,
    Device,
    Link,
    LiveView,
    Officer,
    Original,
    Standing,
    Statement,
    Unit,
    UnitClass,
    Viewing,
)
from tests.integration.slow_board import LAW, slow_board

CHINA = ZoneInfo("Asia/Shanghai")
DEADLINES = {name: told["value"] for name, told in LAW["deadlines"].items()}
TOLERANCE = timedelta(minutes=LAW["linking"]["custody_tolerance_minutes"]["value"])


@dataclass
class Slow:
    above: set[str] = field(default_factory=set)
    below: set[str] = field(default_factory=set)
    out: dict[str, str] = field(default_factory=dict)

    def both(self, key: str, counts: bool) -> None:
        self.below.add(key)
        if counts:
            self.above.add(key)


class SlowReport:
    def __init__(
        self, session: Session, units: set[str], since: datetime, until: datetime, at: datetime
    ) -> None:
        self.session, self.units = session, units
        self.since, self.until, self.at = since, until, at

    def mine(self, device: str) -> bool:
        return self.session.get_one(Device, device).unit_id in self.units

    def inside(self, moment: datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until

    # equipment

    def required(self, unit: str) -> int | None:
        day = (self.until.astimezone(CHINA) - timedelta(seconds=1)).date()
        for one in self.session.exec(select(UnitClass).where(UnitClass.unit_id == unit)):
            to = one.valid_to or day
            if one.superseded_at is None and one.valid_from <= day <= to and one.grade == "A":
                people = [
                    officer
                    for officer in self.session.exec(select(Officer))
                    if self.body(officer.unit_id) == unit and (officer.left_on or day + timedelta(1)) > day
                ]
                return ceil(len(people) / 2)
        return None

    def body(self, unit: str | None) -> str | None:
        row = self.session.get(Unit, unit) if unit else None
        if row is None or row.id not in self.units:
            return None
        return row.parent_id if row.is_section and row.parent_id in self.units else row.id

    def status(self, device: Device, at: datetime) -> str:
        """As registered, unless somebody entered a standing; before the first of them it was nothing."""
        told = select(Standing).where(Standing.device_id == device.id)
        rows = [one for one in self.session.exec(told) if one.superseded_at is None]
        begun = [one for one in rows if one.since <= at]
        if begun:
            return max(begun, key=lambda one: one.since).status.value
        return "NOTHING" if rows else device.status.value

    def cameras(self) -> list[Device]:
        end = self.until - timedelta(microseconds=1)
        return [
            one
            for one in self.session.exec(select(Device))
            if self.body(one.unit_id)
            and one.type in ("body_camera", "handheld_terminal")
            and self.status(one, end) not in ("NOTHING", "LOST", "RETIRED")
        ]

    def equipped(self) -> Slow:
        found, end = Slow(), self.until - timedelta(microseconds=1)
        bodies = {body for unit in self.units if (body := self.body(unit))}
        for unit in bodies:
            wanted = self.required(unit)
            if wanted is None:
                found.out[unit] = "figure.no_quota"
            for number in range(wanted or 0):
                found.below.add(f"{unit}#{number + 1}")
        for one in self.cameras():
            if self.status(one, end) != "IN_SERVICE":
                found.out[one.id] = "figure.not_in_service"
            elif self.body(one.unit_id) in found.out:
                found.out[one.id] = "figure.no_quota"
            else:
                found.above.add(one.id)
        return found

    def to_spec(self) -> Slow:
        found = Slow()
        least = {name: told["value"] for name, told in LAW["equipment"]["min_spec"].items()}
        for one in self.cameras():
            spec = one.spec or {}
            found.both(
                one.id,
                all(spec.get(name) is not None and spec[name] >= asked for name, asked in least.items()),
            )
        return found

    # steps

    def due(self, step: Activity) -> datetime:
        due = step.ended_at + timedelta(hours=DEADLINES["upload_hours"])
        back = self.back(step.id)
        return max(due, back + timedelta(hours=DEADLINES["remote_upload_hours"])) if back else due

    def back(self, step: str | None) -> datetime | None:
        rows = self.session.exec(select(Statement).where(Statement.activity_id == step))
        told = [one.to_at for one in rows if one.kind == "AWAY" and one.superseded_at is None and one.to_at]
        return max(told, default=None)

    def duties(self) -> tuple[Slow, Slow, Slow]:
        whole, parts, exceptions = Slow(), Slow(), Slow()
        for name, row in slow_board(self.session, self.since, self.until, self.at).items():
            step = self.session.get_one(Activity, name)
            if self.session.get_one(CaseRecord, step.case_uid).unit_id not in self.units:
                continue
            if row.mode == "OPTIONAL":
                exceptions.out[name] = "figure.optional"
                continue
            if row.standing == "UPCOMING":
                exceptions.out[name] = "figure.upcoming"
            else:
                exceptions.both(name, row.standing == "EXEMPT")
            figure = whole if row.mode == "FULL" else parts
            if row.standing == "UPCOMING":
                figure.out[name] = "figure.upcoming"
            elif row.standing == "EXEMPT":
                figure.out[name] = "figure.exempt"
            elif row.standing != "ARRIVED" and self.at <= self.due(step):
                figure.out[name] = "figure.not_due"
            else:
                figure.both(name, row.standing == "ARRIVED")
        return whole, parts, exceptions

    # clips

    def links(self, clip: str) -> list[Link]:
        rows = self.session.exec(select(Link).where(Link.clip_id == clip))
        return [one for one in rows if one.ended_at is None and one.status != "WITHDRAWN"]

    def timed(self, clip: Clip) -> bool:
        lost = any(
            one["code"] == "labels.missing" and "采集时间" in one["facts"]["labels"]
            for link in self.links(clip.id)
            for one in link.reasons
        )
        unknown = (clip.unlinked or {}).get("code") == "unlinked.no_time"
        return clip.started_at is not None and clip.ended_at is not None and not lost and not unknown

    def aside(self, clip: Clip, original: Original) -> str | None:
        if original.state == "DUPLICATE":
            return "figure.duplicate"
        if original.state == "QUARANTINED" or clip.quarantine or clip.described == "QUARANTINED":
            return "figure.quarantined"
        if original.state in ("FOUND", "ACQUIRED", "VERIFIED"):
            return "figure.unfinished"
        if original.state == "PRESERVED" and clip.described in ("RAW", "CHARACTERIZED"):
            return "figure.unfinished"
        device = self.session.get_one(Device, clip.device_id)
        if self.timed(clip) and self.status(device, clip.started_at) in ("ACCEPTED", "REPAIR"):  # type: ignore[arg-type]
            return "figure.trial"
        return None

    def summary(self, links: list[Link]) -> bool:
        """A case of summary procedure may have no number."""
        cases = [self.session.get_one(CaseRecord, one.case_uid) for one in links]
        return any(case.procedure in {"简易程序", "当场处罚"} for case in cases)

    def room(self, clip: Clip, *, fixed: bool = False) -> bool:
        """Whether a place held the recorder; `fixed`: not a vehicle, which is no 采集地点."""
        device = self.session.get_one(Device, clip.device_id)
        if not self.timed(clip):
            return False
        return self.checkout(clip) is None and (
            device.room_id is not None
            or any(
                one.room_id and one.superseded_at is None and not (fixed and one.kind == "VEHICLE")
                for one in self.session.exec(select(Allocation).where(Allocation.device_id == device.id))
            )
        )

    def checkout(self, clip: Clip) -> Checkout | None:
        """In the generated site checkouts of one device are hours apart."""
        assert clip.started_at is not None
        assert clip.ended_at is not None
        for one in self.session.exec(select(Checkout).where(Checkout.device_id == clip.device_id)):
            ends = one.in_at is None or clip.ended_at <= one.in_at + TOLERANCE
            if one.superseded_at is None and one.out_at - TOLERANCE <= clip.started_at and ends:
                return one
        return None

    def late(self, clip: Clip, original: Original) -> bool:
        assert clip.ended_at is not None
        ended, held = clip.ended_at, self.checkout(clip)
        if held is not None and held.in_at is not None:
            ended = max(ended, held.in_at)
        due = ended + timedelta(hours=DEADLINES["upload_hours"])
        for link in self.links(clip.id):
            back = self.back(link.activity_id) if link.verdict != "REJECTED" else None
            if back:
                due = max(due, back + timedelta(hours=DEADLINES["remote_upload_hours"]))
        arrived = original.acquired_at or original.found_at
        return arrived - timedelta(seconds=clip.uncertainty_s or 0) > due

    def clips(self) -> tuple[Slow, Slow, Slow]:
        linked, labelled, uploaded = Slow(), Slow(), Slow()
        for clip in self.session.exec(select(Clip)).all():
            original = self.session.get_one(Original, clip.id)
            when = clip.started_at if self.timed(clip) else original.found_at
            if not self.mine(clip.device_id) or not self.inside(when):
                continue
            why = self.aside(clip, original)
            if why:
                for one in (linked, labelled, uploaded):
                    one.out[clip.id] = why
                continue
            good = [link for link in self.links(clip.id) if link.verdict != "REJECTED"]
            linked.both(clip.id, bool(good))
            matter = all(link.matter for link in good) if good else bool(clip.matter)
            who, where = clip.officer_id or self.room(clip), clip.place or self.room(clip, fixed=True)
            labelled.both(
                clip.id,
                bool((clip.case_no or self.summary(good)) and self.timed(clip) and where and who and matter),
            )
            if self.timed(clip):
                uploaded.both(clip.id, not self.late(clip, original))
            else:
                uploaded.out[clip.id] = "figure.time_unknown"
        return linked, labelled, uploaded

    # registers

    def intact(self) -> Slow:
        found = Slow()
        for one in self.session.exec(select(CustodyEvent)):
            if not one.chain.startswith("device:") or not self.inside(one.at):
                continue
            if not self.mine(one.chain.removeprefix("device:")):
                continue
            key, code = f"{one.chain}#{one.seq}", (one.detail.get("why") or {}).get("code")
            if one.event == "VERIFIED":
                found.both(key, counts=True)
            elif one.event == "FIXITY_CHECKED":
                found.both(key, one.detail["same"])
            elif one.event == "DUPLICATE":
                found.out[key] = "figure.duplicate"
            elif one.event == "QUARANTINED" and code in (
                "quarantine.digest_differs", "quarantine.declared_differs", "quarantine.stored_missing",
            ):  # fmt: skip
                found.both(key, counts=False)
        return found

    def handed_back(self) -> Slow:
        found = Slow()
        for one in self.session.exec(select(Checkout)):
            if one.superseded_at is not None or not self.mine(one.device_id) or not self.inside(one.out_at):
                continue
            went = one.out_at.astimezone(CHINA)
            night = (went + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            if one.in_at is not None and one.in_at <= night:
                found.both(one.id, counts=True)
            elif self.at < night:
                found.out[one.id] = "figure.day_runs"
            else:
                found.both(one.id, counts=False)
        return found

    def viewings(self) -> Slow:
        found = Slow()
        for one in self.session.exec(select(Viewing)):
            if self.mine(self.session.get_one(Clip, one.clip_id).device_id) and self.inside(one.started_at):
                found.both(one.id, counts=True)
        for live in self.session.exec(select(LiveView)):
            if self.mine(live.device_id) and self.inside(live.started_at):
                found.both(live.id, counts=True)
        return found

    def viewings_approved(self) -> Slow:
        found, viewed = Slow(), self.viewings()
        for one in self.session.exec(select(Viewing)):
            if one.id in viewed.above and one.request_id:
                found.both(one.id, counts=True)
        found.out = dict.fromkeys(viewed.above - found.above, "figure.own_right")
        return found

    def archive_overdue(self) -> Slow:
        found, end = Slow(), min(self.until, self.at)
        for one in self.session.exec(select(CaseRecord)):
            if one.unit_id not in self.units or one.closed_on is None or one.closed_on >= end:
                continue
            closed = one.closed_on.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
            due = closed + timedelta(days=DEADLINES["archive_days"] + 1)
            open_at_end = one.archived_on is None or one.archived_on >= end
            if due > end:
                if open_at_end:
                    found.out[one.uid] = "figure.archive_not_due"
            elif self.since < due or one.archived_on is None or one.archived_on >= self.since:
                found.both(one.uid, open_at_end)
        return found

    def all(self) -> dict[str, Slow]:
        whole, parts, exceptions = self.duties()
        linked, labelled, uploaded = self.clips()
        return {
            "equipped": self.equipped(), "to_spec": self.to_spec(), "fully_recorded": whole,
            "key_parts_recorded": parts, "linked": linked, "labelled": labelled, "uploaded_in_time": uploaded,
            "intact": self.intact(), "excepted": exceptions, "handed_back": self.handed_back(),
            "viewings": self.viewings(), "viewings_approved": self.viewings_approved(), "archive_overdue": self.archive_overdue(),
        }  # fmt: skip
