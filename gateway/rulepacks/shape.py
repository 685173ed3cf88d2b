"""The shape of a rule pack: which values there are, by the rules that ask for them."""

import hashlib
import json
from datetime import date, time
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gateway.rulepacks.equipping import EquipmentRules
from gateway.rulepacks.papers import FormRules
from gateway.rulepacks.sourced import Count, Model, NotNegative, Positive, Share, Sourced


class Instrument(Model):
    """A text that the pack rests on; the aliases are other numbers under which it is printed."""

    id: str
    title: str
    number: str | None = None
    aliases: tuple[str, ...] = ()
    text_verified: bool


class ClockRules(Model):
    """How far a device's clock may be trusted (R-21, R-22, AL-12)."""

    drift_seconds_per_day: Sourced[NotNegative]
    unread_uncertainty_seconds: Sourced[NotNegative]
    unsynchronised_host_seconds: Sourced[NotNegative]
    doubt_hours: Sourced[Positive]
    brought_within_days: Sourced[Positive]
    docking_seconds: Sourced[NotNegative]
    gps_uncertainty_seconds: Sourced[NotNegative]


class LinkRules(Model):
    """Tolerances of LK-1…LK-20."""

    custody_tolerance_minutes: Sourced[NotNegative]
    activity_slack_minutes: Sourced[NotNegative]
    min_officers: Sourced[Count]
    segment_gap_seconds: Sourced[NotNegative]
    place_tolerance_metres: Sourced[Positive]
    min_segment_seconds: Sourced[NotNegative]


Mode = Literal["FULL", "PARTIAL", "OPTIONAL"]
"""全程、相关环节、可以不记录 (regulations 5.1)."""
Stage = Literal["启动", "调查取证", "审核决定", "送达执行"]


class Nature(Model):
    """What kind of act it is: whether it faces the party (LK-10), compels (R-24, R-25), proves (LK-6)."""

    party_facing: bool
    compulsory: Literal["none", "measure", "execution"]
    """行政强制措施 or 行政强制执行: the ban on nights and holidays is of the second alone."""
    penalty_evidence: bool


class ActivityKind(Model):
    """One kind of step (执法环节): what people call it, and what of it is to be recorded."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    stage: Stage
    mode: Sourced[Mode]
    nature: Sourced[Nature]
    proves: Sourced[str]
    """证明对象 as a proposal: a person confirms it (LK-13)."""


class ScopeRules(Model):
    """What has to be recorded (regulations 5), how whole, and what excuses it (R-16…R-19, R-24)."""

    kinds: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,31}$")], ActivityKind]
    default_mode: Sourced[Mode]
    """For a kind that nobody here knows."""
    room_mode: Sourced[Mode]
    list_words: dict[Mode, Sourced[tuple[str, ...]]]
    """Words of an item list that say how much is to be recorded."""
    coverage_ratio: Sourced[Share]
    gap_tolerance_seconds: Sourced[NotNegative]
    edge_slack_seconds: Sourced[NotNegative]
    edge_slack_share: Sourced[Annotated[float, Field(ge=0, le=0.25)]]
    signal_reach_seconds: Sourced[NotNegative]
    gap_causes: Sourced[tuple[str, ...]]
    omission_grounds: Sourced[tuple[str, ...]]
    night_from: Sourced[time]
    night_to: Sourced[time]
    holidays: dict[int, Sourced[tuple[date, ...]]] = Field(default_factory=dict)
    """Statutory holidays by year: a year that is not here is not known, not free of them."""

    @model_validator(mode="after")
    def unambiguous(self) -> "ScopeRules":
        names = [name for kind in self.kinds.values() for name in (kind.zh, *kind.aliases)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"kinds: two are called {twice[0]}")
        for year, days in self.holidays.items():
            if other := [day for day in days.value if day.year != year]:
                raise ValueError(f"holidays.{year}: {other[0]} is of another year")
        return self


class Deadlines(Model):
    """Time limits that footage and papers must keep."""

    upload_hours: Sourced[Positive]
    remote_upload_hours: Sourced[Positive]
    emergency_report_hours: Sourced[Positive]
    register_preserve_days: Sourced[Positive]
    decision_days: Sourced[Positive]
    service_days: Sourced[Positive]
    archive_days: Sourced[Annotated[int, Field(ge=1, le=366)]]
    """From the day a case is closed; then its file is overdue (超期未归档)."""


Period = Annotated[int, Field(ge=1, le=200)] | Literal["permanent"]
"""Years, or for ever (永久)."""

Months = Annotated[int, Field(ge=1, le=1200)]
FileClass = Literal["permanent", "30y", "10y"]
"""保管期限 of a case file, as the case record says it."""


class TransferYears(Model):
    """When a file goes to the state archive of its level (R-61; 档案法实施条例 art 20)."""

    municipal: Sourced[Count]
    county: Sourced[Count]


class FlagRules(Model):
    """What a person's mark makes of a clip: `permanent`, or as long as a `case` file may be needed."""

    EVIDENCE: Sourced[Literal["permanent", "case"]]
    OBSTRUCTION: Sourced[Literal["permanent", "case"]]
    MAJOR: Sourced[Literal["permanent", "case"]]


class RetentionRules(Model):
    """How long footage stays at least (regulations 4, R-62, R-78, R-80); the longest floor wins."""

    unlinked_months: Sourced[Months]
    window_months: Sourced[Months]
    important_months: Sourced[Months]
    linked_years: Sourced[Count]
    real_estate_years: Sourced[Count]
    classes: dict[FileClass, Sourced[Period]]
    procedures: dict[str, Sourced[FileClass]]
    """The class of a case file that names none, by its procedure, in every spelling."""
    flags: FlagRules
    review_months: Sourced[Months]
    """Unlinked footage comes up for a person's review after so long; nothing is ever deleted by it."""
    transfer_years: TransferYears
    log_months: Sourced[Months]


def in_every_year(day: str) -> str:
    """Month and day; raises ValueError for one that not every year has."""
    try:
        is_right = date.fromisoformat(f"2001-{day}").strftime("%m-%d") == day
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(f"{day!r} is no month and day that every year has, such as '01-31'")
    return day


class ReportRules(Model):
    """When the statistics of a period are due (regulations 8)."""

    freeze_after_days: Sourced[Annotated[int, Field(ge=0, le=366)]]
    """After a quarter has ended, its figures are frozen; until then corrections still count."""
    annual_report_by: Sourced[Annotated[str, AfterValidator(in_every_year)]]
    """Month and day of the following year."""


class RetrievalRules(Model):
    """Watching beyond one's own right (调阅, R-71…R-75)."""

    longest_grant_days: Sourced[Annotated[int, Field(ge=1, le=366)]]
    outside_approvals: Sourced[Annotated[int, Field(ge=1, le=2)]]
    """Publicity, training: heads who have to approve."""
    secret_approvals: Sourced[Annotated[int, Field(ge=1, le=2)]]
    """State secrets (LK-16)."""
    copy_days: Sourced[Annotated[int, Field(ge=1, le=366)]]
    """So long a copy with a mark is kept for who asked for it."""


class RulePack(Model):
    """All values of all rules for a unit, as data."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    version: Count
    instruments: tuple[Instrument, ...] = ()
    clock: ClockRules
    linking: LinkRules
    equipment: EquipmentRules
    scope: ScopeRules
    deadlines: Deadlines
    retention: RetentionRules
    reports: ReportRules
    retrieval: RetrievalRules
    forms: FormRules

    @model_validator(mode="after")
    def instruments_differ(self) -> "RulePack":
        ids = [instrument.id for instrument in self.instruments]
        if len(set(ids)) < len(ids):
            raise ValueError("instruments: two have the same id")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the content: two packs that say the same have the same, however they are written."""
        body = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(body.encode()).hexdigest()

    @property
    def edition(self) -> str:
        """What a link says it was judged by."""
        return f"{self.id}@{self.version}"
