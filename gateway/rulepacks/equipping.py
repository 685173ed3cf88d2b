"""What a rule pack says of equipment: which types, how many, how good, how long."""

from typing import Literal

from pydantic import Field

from gateway.rulepacks.sourced import Count, Model, NotNegative, Positive, Sourced

DeviceType = Literal[
    "body_camera", "handheld_terminal", "camera", "camcorder", "audio_recorder", "cctv", "storage"
]
"""执法记录仪、手持执法终端、照相机、摄像机、录音机、视频监控、音像资料采集存储设备 (R-30)."""


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
    patterns: dict[str, Pattern] = Field(default_factory=dict)
    min_spec: Spec
    min_life_years: dict[DeviceType, Sourced[Positive | None]]
    idle_days: Sourced[Positive]
    precheck_battery_percent: Sourced[NotNegative]
    precheck_free_gb: Sourced[NotNegative]
