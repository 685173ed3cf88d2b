"""How long footage must stay, and which rule says so (regulations 4; R-53, R-54, R-61, R-62, R-78, R-80)."""

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

YEAR = 12
"""Months."""


class Flag(StrEnum):
    """What a person marks a clip as (the three kinds that the police's rule keeps for ever)."""

    EVIDENCE = "EVIDENCE"
    OBSTRUCTION = "OBSTRUCTION"
    MAJOR = "MAJOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """What is known of one case that footage is linked to; None is not known, and never shortens."""

    uid: str
    decided_on: date | None = None
    closed_on: date | None = None
    archived_on: date | None = None
    procedure: str | None = None
    retention_class: str | None = None
    real_estate: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemPeriod:
    """What a unit's list (音像记录事项清单) says of the activity that was recorded; None is for ever."""

    item: str
    months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    hold: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionFacts:
    """One clip, together with the other clips of its take: who keeps one part keeps all of them (R-54)."""

    since: date | None
    """The day it came in, by our own clock: never before it was recorded, whatever the camera's said."""
    finished: bool = True
    """Preserved and described: before that nobody has looked for its case."""
    quarantined: bool = False
    window: bool = False
    """Surely recorded by a device of a counter (窗口)."""
    important: bool = False
    cases: frozenset[CaseFile] = frozenset()
    flags: frozenset[Flag] = frozenset()
    items: frozenset[ItemPeriod] = frozenset()
    holds: frozenset[HoldFacts] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionLimits:
    """The figures of the rule pack; years of None are for ever."""

    unlinked_months: int
    window_months: int
    important_months: int
    linked_years: int
    real_estate_years: int
    classes: Mapping[str, int | None]
    procedures: Mapping[str, str]
    permanent_flags: frozenset[Flag]
    review_months: int
    transfer_years: Mapping[str, int]
    log_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """One rule applied: kept up to and with this day; None is without an end that anybody knows."""

    code: str
    rule: str
    until: date | None
    facts: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        return {"code": self.code, "rule": self.rule, "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`on` is the first day on which a clip may go, by a run that two persons agreed to; never by itself."""

    on: date | None
    floors: tuple[Floor, ...]
    """Every floor that was considered, the one that decides first."""

    @property
    def decides(self) -> Floor:
        return self.floors[0]

    def is_due(self, today: date) -> bool:
        return self.on is not None and self.on <= today


ENDLESS = (
    "retention.held", "retention.quarantined", "retention.unfinished", "retention.undated",
    "retention.flag_permanent", "retention.item_permanent", "retention.case_permanent",
    "retention.case_open", "retention.case_unarchived", "retention.case_unknown",
)  # fmt: skip
"""Floors without an end; the first that applies is the one that is told. A legal hold always wins."""


def disposal_date(facts: RetentionFacts, limits: RetentionLimits) -> Deadline:
    """The longest floor wins; what is not known keeps a clip, as a hold does."""
    found = sorted(floors(facts, limits), key=rank)
    until = found[0].until
    return Deadline(on=until + timedelta(days=1) if until else None, floors=tuple(found))


def rank(floor: Floor) -> tuple[int, int, str, list[tuple[str, str]]]:
    """The longest first; of equals always the same one, whatever came first."""
    if floor.until is None:
        return 0, ENDLESS.index(floor.code), floor.code, sorted(floor.facts.items())
    return 1, -floor.until.toordinal(), floor.code, sorted(floor.facts.items())


def floors(facts: RetentionFacts, limits: RetentionLimits) -> Iterator[Floor]:
    for hold in facts.holds:
        yield Floor(
            code="retention.held", rule="R-62", until=None, facts={"hold": hold.hold, "why": hold.why}
        )
    if facts.quarantined:
        yield Floor(code="retention.quarantined", rule="R-54", until=None)
    if not facts.finished:
        yield Floor(code="retention.unfinished", rule="R-62", until=None)
    if facts.since is None:
        yield Floor(code="retention.undated", rule="R-62", until=None)
        return
    yield least(facts.since, facts, limits)
    if facts.important:
        yield months_floor("retention.important", "R-56", facts.since, limits.important_months)
    for flag in facts.flags:
        yield flag_floor(flag, facts.since, limits)
    for case in facts.cases:
        yield case_floor(case, limits)
        yield limitation(case, facts.since, limits)
    for item in facts.items:
        yield item_floor(item, facts)


def least(since: date, facts: RetentionFacts, limits: RetentionLimits) -> Floor:
    """What any footage stays, linked or not."""
    if facts.window:
        return months_floor("retention.window", "R-78", since, limits.window_months)
    return months_floor("retention.any", "R-78", since, limits.unlinked_months)


def flag_floor(flag: Flag, since: date, limits: RetentionLimits) -> Floor:
    """Marked as for a case that nobody may have named yet: the longest time in which one may be contested."""
    if flag in limits.permanent_flags:
        return Floor(code="retention.flag_permanent", rule="R-56", until=None, facts={"flag": flag})
    months = YEAR * max(limits.linked_years, limits.real_estate_years)
    return months_floor("retention.flag_case", "R-56", since, months, flag=flag)


def case_floor(case: CaseFile, limits: RetentionLimits) -> Floor:
    """同案卷保留期限: as long as the case file, from its archiving; an open case has no end yet."""
    named = case.retention_class or limits.procedures.get((case.procedure or "").strip())
    years = limits.classes.get(named, 0) if named else 0
    if years is None:
        return case_without_end("retention.case_permanent", case)
    if case.archived_on is None:
        code = "retention.case_open" if case.closed_on is None else "retention.case_unarchived"
        return case_without_end(code, case)
    if not years:
        return case_without_end("retention.case_unknown", case)
    start = latest(case.archived_on, case.closed_on, case.decided_on)
    return months_floor("retention.case_file", "R-61", start, YEAR * years, case=case.uid)


def case_without_end(code: str, case: CaseFile) -> Floor:
    return Floor(code=code, rule="R-61", until=None, facts={"case": case.uid})


def limitation(case: CaseFile, since: date, limits: RetentionLimits) -> Floor:
    """As long as a decision can be contested; whether it is over real estate may not be known."""
    years = limits.linked_years if case.real_estate is False else limits.real_estate_years
    start = latest(since, case.archived_on, case.closed_on, case.decided_on)
    longest = max(years, limits.linked_years)
    return months_floor("retention.limitation", "R-61", start, YEAR * longest, case=case.uid)


def item_floor(item: ItemPeriod, facts: RetentionFacts) -> Floor:
    """A list's own period; of linked footage it runs from the end of the last case that is known."""
    if item.months is None:
        return Floor(code="retention.item_permanent", rule="R-61", until=None, facts={"item": item.item})
    ends = [day for case in facts.cases for day in (case.decided_on, case.closed_on, case.archived_on)]
    assert facts.since is not None
    return months_floor("retention.item", "R-61", latest(facts.since, *ends), item.months, item=item.item)


def months_floor(code: str, rule: str, start: date, months: int, **more: str) -> Floor:
    told = {"from": start.isoformat(), "months": str(months), **more}
    return Floor(code=code, rule=rule, until=after(start, months), facts=told)


def latest(first: date, *others: date | None) -> date:
    return max(first, *(day for day in others if day is not None), first)


def after(start: date, months: int) -> date:
    """The same day so many months later, or that month's last where it has none; the period ends with it."""
    year, month = divmod(start.year * YEAR + start.month - 1 + months, YEAR)
    if year > date.max.year - 1:
        return date.max - timedelta(days=1)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def review_on(facts: RetentionFacts, limits: RetentionLimits) -> date | None:
    """From when a person has to look at footage that no case wants (R-78); nothing is deleted by it."""
    if facts.since is None or facts.cases:
        return None
    return after(facts.since, limits.review_months) + timedelta(days=1)


def transfer_on(
    case: CaseFile, limits: RetentionLimits, level: Literal["municipal", "county"] | None
) -> date | None:
    """When a case file is to go to the state archive; of a level that is not known, the earlier day."""
    formed = case.closed_on or case.archived_on or case.decided_on
    if formed is None:
        return None
    years = limits.transfer_years[level] if level else min(limits.transfer_years.values())
    return after(formed, YEAR * years)


def log_until(gone_on: date, limits: RetentionLimits) -> date:
    """The custody log outlives the footage it tells of at least so long (R-80); ours is never cut."""
    return after(gone_on, limits.log_months)
