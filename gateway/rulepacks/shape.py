"""The shape of a rule pack: every value with where it comes from and whether that text was read."""

import hashlib
import json
import re
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")

DeviceType = Literal[
    "body_camera", "handheld_terminal", "camera", "camcorder", "audio_recorder", "cctv", "storage"
]
"""执法记录仪、手持执法终端、照相机、摄像机、录音机、视频监控、音像资料采集存储设备 (R-30)."""


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def says_something(written: str) -> str:
    if not written.strip():
        raise ValueError("is empty: say where the value comes from, such as an article of your own rule")
    return written


Source = Annotated[str, AfterValidator(says_something)]


class Sourced(Model, Generic[T]):
    """One value, what it rests on, and whether somebody has read that text."""

    value: T
    source: Source
    verified: bool


Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


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


class Quota(Model):
    """How many counted devices a class of unit needs: one for each `ratio` officers (R-31)."""

    ratio: Sourced[Count | None]
    """None: as needed, or not known for this place; then nothing can be required."""
    semantics: Literal["floor", "cap"] = "floor"
    """`floor`: at least one for each `ratio` officers; `cap`: none serves fewer than `ratio` officers."""


class Pattern(Model):
    """Another way to count (R-32): so many of these types for each officer or each section."""

    types: tuple[DeviceType, ...]
    per: Literal["officer", "section"]
    count: Sourced[Count]


class Spec(Model):
    """The least that a counted device must do (R-33); what is None is not asked."""

    width: Sourced[Count | None]
    height: Sourced[Count | None]
    still_mp: Sourced[Positive | None]
    battery_mah: Sourced[Positive | None]
    record_hours: Sourced[Positive | None]
    storage_gb: Sourced[Positive | None]
    ip: Sourced[Count | None]


class EquipmentRules(Model):
    """《音像记录设备配备办法》: what is allowed, how many, how good, how long (R-30…R-49, AL-1…AL-12)."""

    types: Sourced[tuple[DeviceType, ...]]
    counted_types: Sourced[tuple[DeviceType, ...]]
    office_types: Sourced[tuple[DeviceType, ...]]
    classes: dict[Literal["A", "B", "C"], Quota]
    patterns: dict[str, Pattern] = {}
    min_spec: Spec
    min_life_years: dict[DeviceType, Sourced[Positive | None]]
    idle_days: Sourced[Positive]
    precheck_battery_percent: Sourced[NotNegative]
    precheck_free_gb: Sourced[NotNegative]


class Deadlines(Model):
    """Time limits that footage and papers must keep."""

    upload_hours: Sourced[Positive]
    emergency_report_hours: Sourced[Positive]
    register_preserve_days: Sourced[Positive]
    decision_days: Sourced[Positive]
    service_days: Sourced[Positive]


class StageName(Model):
    """A stage of a case, and the one of the seed's four that it belongs to."""

    id: str
    name: str
    seed: str


class FormRules(Model):
    """Text records: stages, papers and their numbers (regulations 6 and 7)."""

    stages: Sourced[tuple[StageName, ...]]
    documents: Sourced[tuple[str, ...]]
    """The provincial forms. A paper of another type is kept as well; it is no form."""
    document_stages: Sourced[dict[str, str]]
    document_activities: Sourced[dict[str, tuple[str, ...]]]
    """Which kinds of step a form records or follows from."""
    number_kinds: Sourced[tuple[Annotated[str, Field(min_length=1)], ...]]
    """The words of a case or document number between organ and year."""

    @model_validator(mode="after")
    def consistent(self) -> "FormRules":
        stages = {stage.name for stage in self.stages.value}
        for place, told in (
            ("document_stages", self.document_stages.value),
            ("document_activities", self.document_activities.value),
        ):
            if strange := sorted(set(told) - set(self.documents.value)):
                raise ValueError(f"{place}: {strange[0]} is none of `documents`")
        for form, stage in self.document_stages.value.items():
            if stage not in stages:
                raise ValueError(f"document_stages: {form}: {stage} is none of `stages`")
        return self


class RulePack(Model):
    """All values of all rules for a unit, as data."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    version: Count
    instruments: tuple[Instrument, ...] = ()
    clock: ClockRules
    linking: LinkRules
    equipment: EquipmentRules
    deadlines: Deadlines
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


def values_of(part: Any, place: str = "") -> list[tuple[str, "Sourced[Any]"]]:
    """Every value of a pack, or of a part of it, with the place where it stands."""
    if isinstance(part, Sourced):
        return [(place, part)]
    if isinstance(part, BaseModel):
        inner = [(name, getattr(part, name)) for name in type(part).model_fields]
    elif isinstance(part, dict):
        inner = list(part.items())
    elif isinstance(part, tuple):
        inner = [(getattr(item, "id", str(number)), item) for number, item in enumerate(part)]
    else:
        return []
    return [found for name, item in inner for found in values_of(item, f"{place}.{name}".lstrip("."))]


CITATION = re.compile(r"\b(?:R-\d{2,3}|AL-\d{1,2}|LK-\d{1,2}|S\d{1,2})\b")


def cited(source: str) -> set[str]:
    """The requirement ids and sources that a value names."""
    return set(CITATION.findall(source))
