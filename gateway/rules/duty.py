"""What became of the duty to record one activity: the rows of the obligation board, with their reasons."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from gateway.rules.coverage import Stretch
from gateway.rules.findings import Finding, finding
from gateway.rules.recorded import CoverageLimits, Part, Recorded, Told, recorded
from gateway.rules.scope import Calendar, Mode, Owed, Rest, at_rest


class Standing(StrEnum):
    """Where a duty stands. All but UPCOMING are of steps that have ended."""

    UPCOMING = "UPCOMING"
    ARRIVED = "ARRIVED"
    PARTIAL = "PARTIAL"
    """Some footage, but not all of what had to be recorded."""
    MISSING = "MISSING"
    """Nothing, and the time to upload it still runs."""
    OVERDUE = "OVERDUE"
    """Nothing, and that time is over (R-50)."""
    EXEMPT = "EXEMPT"


@dataclass(frozen=True, slots=True)
class Omission:
    """A statement that recording was left out (R-19); what is empty is still missing from it."""

    ground: str | None = None
    why: str | None = None
    work_record: str | None = None
    reported_to: str | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None

    @property
    def lacks(self) -> tuple[str, ...]:
        """The parts that are not given yet, as forms call them."""
        given = {
            "情形": self.ground, "理由": self.why, "工作记录": self.work_record, "报告对象": self.reported_to,
            "审批人": self.approved_by, "审批时间": self.approved_at,
        }  # fmt: skip
        return tuple(name for name, value in given.items() if not value)


@dataclass(frozen=True, slots=True)
class DutyLimits:
    """Numbers from the rule pack."""

    coverage: CoverageLimits
    upload_hours: float
    remote_upload_hours: float
    grounds: frozenset[str]
    calendar: Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyFacts:
    """What is known of one step: when it was, what was linked to it, what people stated about it."""

    start: datetime
    end: datetime
    owed: Owed
    parts: Sequence[Part] = ()
    timeless: int = 0
    """Linked clips that have no length or no known time, photos among them."""
    elsewhere: int = 0
    """Linked clips of another time than the step: they count for nothing, and whoever looks is told."""
    unreadable: int = 0
    """Linked files in which there is nothing to see or hear: they count for nothing."""
    last_arrival: datetime | None = None
    """When the last of its clips came in, those of another time apart."""
    told: Sequence[Told] = ()
    omission: Omission | None = None
    back_at: datetime | None = None
    """When officers who were away or at a remote place returned (R-51)."""
    urgent: bool = False
    """A person gave the reason why execution could not wait (R-24)."""


@dataclass(frozen=True, slots=True)
class Duty:
    standing: Standing
    until: datetime
    """To where it is judged: its end, or now while it goes on; nothing lacks in what has still to come."""
    deadline: datetime
    late: bool
    """Something came, or is still to come, after the deadline (LK-11)."""
    doubtful: bool
    """Whether it is whole hangs on how right the clocks were."""
    recorded: Recorded
    findings: tuple[Finding, ...]

    @property
    def unexplained(self) -> int:
        return sum([not gap.explained for gap in self.recorded.gaps])

    @property
    def fails(self) -> bool:
        """Whether some rule is not kept, whatever the standing."""
        return not all(one.passed for one in self.findings)


def duty(facts: DutyFacts, limits: DutyLimits, at: datetime) -> Duty:
    """Judge one duty as it stands at a moment."""
    until = max(facts.start, min(facts.end, at))
    is_over = at >= facts.end
    told = recorded(facts.parts, Stretch(facts.start, until), facts.told, limits.coverage)
    due = deadline(facts, limits)
    came = bool(facts.parts) or facts.timeless > 0
    standing, why = standing_of(facts, told, limits, at, due, came=came, is_over=is_over)
    in_time = facts.last_arrival is None or facts.last_arrival <= due
    owing = standing in {Standing.PARTIAL, Standing.OVERDUE} and at > due
    findings = [scope_finding(facts.owed), *why]
    if facts.elsewhere:
        findings.append(finding("LK-7", False, "duty.elsewhere", clips=facts.elsewhere))
    if facts.unreadable:
        findings.append(finding("R-59", False, "duty.unreadable", clips=facts.unreadable))
    if came and not in_time:
        findings.append(finding("LK-11", False, "duty.late", at=facts.last_arrival.isoformat()))  # type: ignore[union-attr]
    doubtful = facts.owed.mode is Mode.FULL and came and is_over and told.is_doubtful(limits.coverage)
    if doubtful:
        findings.append(
            finding("LK-14", told.is_whole(limits.coverage), "coverage.doubtful",
                    certain=percent(told.certain), possible=percent(told.possible))
        )  # fmt: skip
    findings += rest_findings(facts, limits)
    return Duty(standing, until, due, (came and not in_time) or owing, doubtful, told, tuple(findings))


def deadline(facts: DutyFacts, limits: DutyLimits) -> datetime:
    """R-50 from the end of the step; R-51 from the return, where that is later."""
    due = facts.end + timedelta(hours=limits.upload_hours)
    if facts.back_at is None:
        return due
    return max(due, facts.back_at + timedelta(hours=limits.remote_upload_hours))


def standing_of(
    facts: DutyFacts,
    told: Recorded,
    limits: DutyLimits,
    at: datetime,
    due: datetime,
    *,
    came: bool,
    is_over: bool,
) -> tuple[Standing, list[Finding]]:
    mode = facts.owed.mode
    whole = came and (mode is not Mode.FULL or (is_over and told.is_whole(limits.coverage)))
    if whole:
        return Standing.ARRIVED, [came_finding(facts, told)]
    if mode is Mode.OPTIONAL:
        return Standing.EXEMPT, [finding("R-05", True, "duty.text_suffices")]
    excused = omission_findings(facts.omission, limits)
    if excused and all(one.passed for one in excused):
        return Standing.EXEMPT, excused
    if not is_over:
        return Standing.UPCOMING, [finding("R-16", True, "duty.upcoming", until=facts.end.isoformat())]
    if came:
        return Standing.PARTIAL, [*whole_findings(facts, told, limits), *excused]
    state = Standing.OVERDUE if at > due else Standing.MISSING
    nothing = finding("LK-15", False, "duty.overdue" if at > due else "duty.missing", due=due.isoformat())
    return state, [nothing, *excused]


@lru_cache(maxsize=1024)
def scope_finding(owed: Owed) -> Finding:
    """Who asks for how much: the stricter of frame and list."""
    if owed.kind is None and owed.listed is None:
        return finding("R-16", False, "scope.unknown_kind", mode=owed.mode.value)
    if owed.listed is owed.mode is not owed.frame:
        return finding("R-16", True, "scope.by_list", mode=owed.mode.value, frame=owed.frame.value)
    return finding("R-16", True, "scope.room" if owed.in_room else "scope.by_frame", mode=owed.mode.value)


def came_finding(facts: DutyFacts, told: Recorded) -> Finding:
    clips = len(facts.parts) + facts.timeless
    if facts.owed.mode is Mode.FULL:
        return finding("LK-14", True, "coverage.whole", share=percent(told.measured), clips=clips)
    return finding("LK-15", True, "duty.came", clips=clips)


def whole_findings(facts: DutyFacts, told: Recorded, limits: DutyLimits) -> list[Finding]:
    """LK-14: how much is there; LK-9: whether each gap has its reason."""
    if not facts.parts:
        return [finding("LK-14", False, "coverage.no_time", clips=facts.timeless)]
    wanted = percent(limits.coverage.ratio)
    short = finding("LK-14", False, "coverage.short", share=percent(told.measured), wanted=wanted)
    if not told.gaps:
        return [short]  # a step without length has no gaps
    open_ones = sum(not gap.explained for gap in told.gaps)
    gaps = finding(
        "LK-9", open_ones == 0, "coverage.gaps" if open_ones else "coverage.gaps_explained",
        gaps=len(told.gaps), open=open_ones, longest=f"{max(gap.seconds for gap in told.gaps):.0f}",
    )  # fmt: skip
    return [short, gaps]


def omission_findings(omission: Omission | None, limits: DutyLimits) -> list[Finding]:
    """Whether recording was lawfully left out (R-19, LK-15)."""
    if omission is None:
        return []
    if omission.lacks:
        return [finding("LK-15", False, "omission.incomplete", lacks="、".join(omission.lacks))]
    if omission.ground not in limits.grounds:
        return [finding("LK-15", False, "omission.ground", ground=omission.ground)]
    return [
        finding("LK-15", True, "omission.complete", ground=omission.ground, record=omission.work_record,
                approved=omission.approved_by)
    ]  # fmt: skip


RESTING = {Rest.NIGHT: "rest.night", Rest.HOLIDAY: "rest.holiday", Rest.UNKNOWN: "rest.unknown"}


def rest_findings(facts: DutyFacts, limits: DutyLimits) -> list[Finding]:
    if facts.owed.compulsory != "execution":
        return []
    return execution_at_rest(facts.start, facts.end, limits.calendar, is_urgent=facts.urgent)


def execution_at_rest(
    start: datetime, end: datetime, calendar: Calendar, *, is_urgent: bool
) -> list[Finding]:
    """LK-18, of compulsory execution alone: a measure may be taken at night (trap 17)."""
    touched = at_rest(start, end, calendar)
    if touched and is_urgent:
        return [finding("LK-18", True, "rest.urgent", at=start.isoformat())]
    return [finding("LK-18", False, RESTING[one], at=start.isoformat()) for one in touched]


def percent(share: float) -> str:
    """Rounded down: 98 % is never said of less."""
    return f"{math.floor(round(share * 1000, 6)) / 10:g}"
