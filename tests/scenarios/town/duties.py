"""What a town's units say must be recorded, and what became of it: lists, papers, flat batteries, statements.

It draws from a chance of its own, so that the days stay what they were. Nothing of the rules is known here.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from tests.scenarios.town.plan import (
    FIRST_DAY,
    LOCAL,
    Case,
    Edition,
    Noise,
    Said,
    Shot,
    Step,
    Told,
    Town,
    local,
)

STAGES = {
    "责令改正核查": "送达执行",
    "留置送达": "送达执行",
    "强制拆除": "送达执行",
    "罚没财物处置": "送达执行",
}
SELDOM = (
    ("强制拆除", 0.015),
    ("罚没财物处置", 0.01),
    ("专项行动", 0.02),
    ("夜市巡查", 0.01),
    ("扣押财物", 0.02),
)
"""What some steps are called instead: two of these are in no rule pack."""
ENTER, LEAVE = {"starts": "进入检查场所"}, {"ends": "离开检查场所"}
CITY = (
    {"step": "入户直接送达、留置送达、公告送达", "starts": "到达送达场所", "ends": "环节结束"},
    {"step": "先行登记保存证据", **ENTER, "content": "主要过程", **LEAVE},
    {"step": "责令改正核查", "note": "可以不记录"},
    {"step": "集体讨论", "note": "文字记录即可"},
)
OWN = (
    {"step": "现场检查", **ENTER, "content": "检查的全过程", **LEAVE},
    {"step": "专项行动", "matter": "现场检查", **ENTER, **LEAVE},
)
STRICT = ({"step": "", "matter": "调查取证", **ENTER, **LEAVE}, {"step": "立案、结案", "content": "全程"})
CAUSES = {"low_battery": "battery", "storage_low": "storage", "tamper": "fault", "rec_stop": "place_change"}
GROUNDS = ("fault", "weather", "battery", "storage", "place_change", "other")
PAPERS = (("立案", "启动", 0), ("集体讨论", "审核决定", 40), ("结案", "送达执行", 0))
"""Kind, stage, minutes: some are told as a moment."""


class Duties:
    def __init__(self, random: Random, town: Town, noise: Noise) -> None:
        self.random, self.town, self.noise = random, town, noise
        self.cameras = {one.id: one for one in town.cameras}
        self.lost: set[str] = set()
        self.shown: defaultdict[str, list[Shot]] = defaultdict(list)
        for shot in town.shots:
            for _, step in shot.truth:
                self.shown[step].append(shot)

    def sometimes(self, share: float) -> bool:
        return self.random.random() < share

    def tell(self) -> None:
        self.lists()
        for case in self.town.cases:
            case.steps[:] = [self.called(step) for step in case.steps]
            for step in case.steps:
                shots = sorted(self.shown[step.id], key=lambda one: one.start)
                if shots and step.room is not None and self.sometimes(0.06):
                    self.dark(step, shots)
                    shots = []
                self.cut_short(step, shots)
                self.explain(step, shots)
            self.papers(case)
        self.town.shots[:] = [shot for shot in self.town.shots if shot.id not in self.lost]

    def lists(self) -> None:
        """The city's, a unit's own, one that changes in the second week, and one that was corrected."""
        first = local(FIRST_DAY, 0)
        names = [one.id for one in self.town.units]
        self.town.editions += [
            Edition("city", first - timedelta(days=30), CITY),
            *(Edition(unit, first - timedelta(days=3), OWN) for unit in names[::4]),
            *(Edition(unit, first + timedelta(days=3), STRICT) for unit in names[1::4]),
            *(Edition(unit, first + timedelta(days=9), (*OWN, *STRICT)) for unit in names[::8]),
            *(Edition(unit, first - timedelta(days=9), STRICT, corrected=True) for unit in names[2::4]),
        ]

    def called(self, step: Step) -> Step:
        if step.room is None:
            dice = self.random.random()
            for kind, share in SELDOM:
                if dice < share:
                    step = replace(step, kind=kind)
                    break
                dice -= share
        return replace(step, stage=STAGES.get(step.kind, step.stage))

    def cut_short(self, step: Step, shots: list[Shot]) -> None:
        """The last file of a take ends early; a room's recorder loses its picture for a while."""
        for shot in shots:
            if shot.length_s < 240 or not self.sometimes(self.noise.flat):
                continue
            whole = shot.length_s
            shot.length_s = round(whole * self.random.uniform(0.4, 0.9), 3)
            begins = shot.start + timedelta(seconds=shot.length_s)
            if step.room is None:
                self.signal(shot.camera, self.random.choice(("low_battery", "storage_low", "tamper")), begins)
                self.signal(shot.camera, "rec_stop", begins)
            else:
                ends = shot.start + timedelta(seconds=whole)
                detail = {"from": begins.isoformat(), "to": ends.isoformat(), "cause": "source_lost"}
                self.town.told.append(Told(shot.camera, "gap", ends, None, detail))

    def dark(self, step: Step, shots: list[Shot]) -> None:
        """The room's recorder had no picture all the while: it says so, and there is no clip."""
        self.lost.update(shot.id for shot in shots)
        begins, ends = shots[0].start, step.true_end + timedelta(minutes=10)
        detail = {"from": begins.isoformat(), "to": ends.isoformat(), "cause": "disk_full"}
        self.town.told.append(Told(shots[0].camera, "gap", ends, None, detail))

    def signal(self, camera: str, kind: str, at: datetime) -> None:
        """Only connected cameras tell, some of them when they are connected again."""
        one = self.cameras[camera]
        if not one.has_track:
            return
        at -= timedelta(seconds=self.random.uniform(0, 90))
        wait = self.random.choice((2.0, 2.0, 3.5, 7200.0, 90_000.0))
        shown = at + timedelta(seconds=one.error_s) if self.sometimes(0.8) else None
        self.town.told.append(Told(camera, kind, at + timedelta(seconds=wait), shown))

    def explain(self, step: Step, shots: list[Shot]) -> None:
        if not shots:
            if self.sometimes(self.noise.spoken_for):
                self.left_out(step)
            if self.sometimes(0.2):
                back = step.end + timedelta(hours=self.random.uniform(5, 60))
                self.town.said.append(Said(step.id, "AWAY", {"to_at": back}))
            return
        ends = [one.start + timedelta(seconds=one.length_s) for one in shots]
        for end, after in zip(ends, [one.start for one in shots[1:]] + [step.true_end], strict=True):
            if after - end > timedelta(seconds=45) and self.sometimes(self.noise.spoken_for):
                self.reason(step, end, after)

    def left_out(self, step: Step) -> None:
        """R-19 wants all of it; what is not given yet is often the approval."""
        given: dict[str, str | datetime | None] = {
            "ground": self.random.choice(("secret", "emergency", "impossible")), "why": "当事人涉密",
            "work_record": "工作记录", "reported_to": "局长", "approved_by": "局长",
            "approved_at": step.end + timedelta(hours=3),
        }  # fmt: skip
        if self.sometimes(0.35):
            given[self.random.choice(("why", "work_record", "approved_by", "approved_at"))] = None
        self.town.said.append(Said(step.id, "OMISSION", given, corrected=self.sometimes(0.1)))

    def reason(self, step: Step, since: datetime, until: datetime) -> None:
        """To the minute, as people write; of the whole step, or of a part of the gap only."""
        given: dict[str, str | datetime | None] = {"ground": self.random.choice(GROUNDS), "why": "因故中断"}
        if self.sometimes(0.8):
            half = (until - since) * self.random.choice((0.3, 1.0, 1.0))
            given |= {"from_at": minute(since), "to_at": minute(since + half) + timedelta(minutes=1)}
        self.town.said.append(Said(step.id, "GAP", given, corrected=self.sometimes(0.1)))

    def papers(self, case: Case) -> None:
        """What needs no footage, in the evening; now and then an execution at night."""
        day = case.opened.astimezone(LOCAL).date()
        model = case.steps[0] if case.steps else None
        for place, (kind, stage, minutes) in enumerate(PAPERS):
            if model and self.sometimes(0.25):
                at = local(day + timedelta(days=place + 1), 19.5 + place)
                self.extra(case, model, kind, stage, at, minutes)
        if model and self.sometimes(0.02):
            step = self.extra(case, model, "强制拆除", "送达执行", local(day + timedelta(days=2), 21.5), 90)
            if self.sometimes(0.5):
                self.town.said.append(Said(step.id, "URGENCY", {"why": "汛情危急"}))

    def extra(self, case: Case, model: Step, kind: str, stage: str, at: datetime, minutes: int) -> Step:
        end = at + timedelta(minutes=minutes)
        step = replace(
            model, id=f"{case.uid}-{kind}", kind=kind, stage=stage, start=at, end=end, true_start=at,
            true_end=end, room=None, withdrawn=self.sometimes(0.05),
        )  # fmt: skip
        case.steps.append(step)
        return step


def minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
