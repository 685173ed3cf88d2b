"""The obligation board worked out slowly: step by step, second by second, with no code of the board's.

It reads the tables and the rule pack's YAML as they stand. Times must be whole seconds.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlmodel import Session, select

from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Device,
    DeviceSignal,
    Link,
    Original,
    ScopeItem,
    ScopeList,
    Statement,
    Unit,
)

LAW = yaml.safe_load(
    (resources.files("gateway.rulepacks") / "packs" / "hebei-xingtai-2019.yaml").read_text(encoding="utf-8")
)
SCOPE = LAW["scope"]
STRICT = ["OPTIONAL", "PARTIAL", "FULL"]
CHINA = ZoneInfo("Asia/Shanghai")


def value(name: str) -> Any:
    return SCOPE[name]["value"]


@dataclass
class SlowGap:
    start: datetime
    end: datetime
    cause: str | None
    explained: bool


@dataclass
class SlowRow:
    mode: str
    standing: str
    share: float
    late: bool
    doubtful: bool
    failed: set[str] = field(default_factory=set)
    gaps: list[SlowGap] = field(default_factory=list)


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def kind_of(written: str) -> dict[str, Any] | None:
    for kind in SCOPE["kinds"].values():
        if letters(written) in {letters(name) for name in (kind["zh"], *kind.get("aliases", []))}:
            return dict(kind)
    return None


def list_for(session: Session, unit: str | None, at: datetime) -> list[ScopeItem]:
    while unit is not None:
        held = [
            one
            for one in session.exec(select(ScopeList))
            if one.unit_id == unit and one.superseded_at is None and one.valid_from <= at
        ]
        if held:
            newest = max(held, key=lambda one: one.valid_from)
            return list(session.exec(select(ScopeItem).where(ScopeItem.list_id == newest.id)))
        unit = session.get_one(Unit, unit).parent_id
    return []


def mode_of(session: Session, step: Activity) -> tuple[str, bool]:
    """(mode, known). Lines of test lists name one kind each, by its own name."""
    case = session.get_one(CaseRecord, step.case_uid)
    kind = kind_of(step.kind)
    asked = [kind["mode"]["value"] if kind else value("default_mode")]
    if step.room_id:
        asked.append(value("room_mode"))
    known = kind is not None
    for line in list_for(session, case.unit_id, step.started_at):
        about = kind_of(line.step)
        if letters(line.step) == letters(step.kind) or (kind and about and about["zh"] == kind["zh"]):
            known = True
            text = line.content + line.starts + line.ends
            if "全过程" in text:
                asked.append("FULL")
            elif "主要过程" in text or not (line.starts and line.ends):
                asked.append("PARTIAL")
            else:
                asked.append("FULL")
    return max(asked, key=STRICT.index), known


def clips_of(session: Session, step: Activity) -> list[tuple[str, int | None, int | None, int, datetime]]:
    """(recorder, first second, last second + 1, doubt, arrival), seconds counted from the step's beginning."""
    found = []
    for link in session.exec(select(Link).where(Link.activity_id == step.id)):
        if link.ended_at is not None or link.status.value == "WITHDRAWN" or link.verdict == "REJECTED":
            continue
        clip = session.get_one(Clip, link.clip_id)
        original = session.get_one(Original, link.clip_id)
        arrival = original.acquired_at or original.found_at
        if clip.started_at is None or clip.ended_at is None:
            found.append((clip.device_id, None, None, 0, arrival))
            continue
        begin = round((clip.started_at - step.started_at).total_seconds())
        end = round((clip.ended_at - step.started_at).total_seconds())
        last = min(end, begin + int(link.t1_s)) if link.t1_s is not None else end
        first = begin + int(link.t0_s or 0)
        if first >= last:
            found.append((clip.device_id, None, None, 0, arrival))
        else:
            found.append((clip.device_id, first, last, int(clip.uncertainty_s or 0), arrival))
    return found


def runs(seconds: list[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for second in seconds:
        if found and found[-1][-1] == second - 1:
            found[-1].append(second)
        else:
            found.append([second])
    return found


class Seconds:
    """Which seconds of a step are recorded, each looked at on its own."""

    def __init__(self, clips: list[Any], length: int) -> None:
        self.clips, self.length = clips, length

    def bare(self, of: list[Any]) -> set[int]:
        inside = {second for _, first, last, _, _ in of for second in range(first, last)}
        for recorder in {one[0] for one in of}:
            mine = [one for one in of if one[0] == recorder]
            for before in mine:
                for after in mine:
                    if 0 < after[1] - before[2] <= value("gap_tolerance_seconds"):
                        inside |= set(range(before[2], after[1]))
        return inside

    def holes(self, have: set[int]) -> list[list[int]]:
        slack = min(value("edge_slack_seconds"), self.length * value("edge_slack_share"))
        found = runs([second for second in range(self.length) if second not in have])
        return [run for run in found if run[-1] + 1 > slack and run[0] < self.length - slack]

    def share(self, have: set[int]) -> float:
        return 1 - sum(map(len, self.holes(have))) / self.length

    def certain(self) -> set[int]:
        have: set[int] = set()
        for recorder in {one[0] for one in self.clips}:
            for level in {one[3] for one in self.clips}:
                sure = self.bare([one for one in self.clips if one[0] == recorder and one[3] <= level])
                have |= {
                    second
                    for second in range(self.length)
                    if all(near in sure for near in range(second - level, second + level + 1))
                }
        return have

    def possible(self) -> set[int]:
        wide = [(r, first - doubt, last + doubt, 0, at) for r, first, last, doubt, at in self.clips]
        return self.bare(self.clips) | {
            second for _, first, last, _, _ in wide for second in range(first, last)
        }


def causes(session: Session, step: Activity, recorders: set[str], gap: tuple[datetime, datetime]) -> SlowGap:
    start, end = gap
    told: list[tuple[int, int, float, str]] = []
    reasons: list[tuple[datetime, datetime]] = []
    for one in session.exec(select(Statement).where(Statement.activity_id == step.id)):
        if one.superseded_at or one.kind.value != "GAP":
            continue
        since, until = one.from_at or step.started_at, one.to_at or step.ended_at
        if since < end and until > start:
            shared = (min(until, end) - max(since, start)).total_seconds()
            told.append((1, 1, shared, str(one.ground)))
            reasons.append((since, until))
    reach = timedelta(seconds=value("signal_reach_seconds"))
    for signal in session.exec(select(DeviceSignal)):
        if signal.device_id not in recorders:
            continue
        at = signal.device_time or signal.received_at
        if signal.kind == "gap":
            since, until = (datetime.fromisoformat(signal.detail[name]) for name in ("from", "to"))
            if since < end and until > start:
                shared = (min(until, end) - max(since, start)).total_seconds()
                told.append((0, 1, shared, signal.detail["cause"]))
        elif signal.kind in {"rec_stop", "low_battery"} and start - reach < at < end:
            told.append((0, int(signal.kind != "rec_stop"), 0.0, signal.kind))
    length = round((end - start).total_seconds())
    seconds = [start + timedelta(seconds=at) for at in range(length)]
    left = [at for at, one in enumerate(seconds) if not any(since <= one < until for since, until in reasons)]
    whole = bool(reasons) and all(len(run) <= value("edge_slack_seconds") for run in runs(left))
    return SlowGap(start, end, max(told)[3] if told else None, whole)


def dark(step: Activity) -> set[str]:
    """Which rests of execution it touches: minute by minute."""
    known = {int(year): days["value"] for year, days in SCOPE["holidays"].items()}
    touched = set()
    at = step.started_at
    while at == step.started_at or at < step.ended_at:
        local = at.astimezone(CHINA)
        if local.hour >= 22 or local.hour < 6:
            touched.add("night")
        if local.year not in known:
            touched.add("unknown")
        elif local.date() in known[local.year]:
            touched.add("holiday")
        at += timedelta(minutes=1)
    return touched


def slow_row(session: Session, step: Activity, at: datetime) -> SlowRow:
    mode, known = mode_of(session, step)
    stated = [
        one
        for one in session.exec(select(Statement).where(Statement.activity_id == step.id))
        if one.superseded_at is None
    ]
    clips = clips_of(session, step)
    timed = [one for one in clips if one[1] is not None]
    length = round((step.ended_at - step.started_at).total_seconds())
    seconds = Seconds(timed, length)
    measured = seconds.bare(timed)
    share, wanted = seconds.share(measured), value("coverage_ratio") - 1e-9
    hours = timedelta(hours=LAW["deadlines"]["upload_hours"]["value"])
    due = max(
        [
            step.ended_at + hours,
            *(one.to_at + hours for one in stated if one.kind.value == "AWAY" and one.to_at),
        ]
    )
    omissions = [one for one in stated if one.kind.value == "OMISSION"]
    excused = any(
        one.ground in value("omission_grounds") and one.why and one.work_record and one.reported_to
        and one.approved_by and one.approved_at
        for one in omissions
    )  # fmt: skip
    failed = set() if known else {"R-16"}
    if clips and (mode != "FULL" or share >= wanted):
        standing = "ARRIVED"
    elif mode == "OPTIONAL" or excused:
        standing = "EXEMPT"
    elif at < step.ended_at:
        standing = "UPCOMING"
    elif clips:
        standing = "PARTIAL"
        failed.add("LK-14")
    else:
        standing = "OVERDUE" if at > due else "MISSING"
        failed.add("LK-15")
    if standing in {"PARTIAL", "MISSING", "OVERDUE"} and omissions:
        failed.add("LK-15")
    recorders = {one[0] for one in timed}
    if step.room_id:
        recorders |= set(session.exec(select(Device.id).where(Device.room_id == step.room_id)))
    gaps = []
    for run in seconds.holes(measured):
        span = step.started_at + timedelta(seconds=run[0]), step.started_at + timedelta(seconds=run[-1] + 1)
        gaps.append(causes(session, step, recorders, span))
    if standing == "PARTIAL" and timed and not all(gap.explained for gap in gaps):
        failed.add("LK-9")
    arrived_late = any(one[4] > due for one in clips)
    if arrived_late:
        failed.add("LK-11")
    doubtful = bool(
        mode == "FULL" and clips
        and seconds.share(seconds.certain()) < wanted <= seconds.share(seconds.possible())
    )  # fmt: skip
    if doubtful and share < wanted:
        failed.add("LK-14")
    kind = kind_of(step.kind)
    urgent = any(one.kind.value == "URGENCY" and one.why for one in stated)
    if kind and kind["nature"]["value"]["compulsory"] == "execution" and dark(step) and not urgent:
        failed.add("LK-18")
    owing = standing in {"PARTIAL", "OVERDUE"} and at > due
    return SlowRow(mode, standing, share, arrived_late or owing, doubtful, failed, gaps)


def slow_board(session: Session, since: datetime, until: datetime, at: datetime) -> dict[str, SlowRow]:
    steps = session.exec(select(Activity)).all()
    wanted = [one for one in steps if since <= one.started_at < until and one.withdrawn_at is None]
    return {step.id: slow_row(session, step, at) for step in wanted}
