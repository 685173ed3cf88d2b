"""What the API answers about devices: what their bays do, what happened to them, who has them (配备)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.shapes import ReasonOut, Shape
from gateway.models import Allocation, Device, DeviceStatus
from gateway.offloads import Progress


class ProgressOut(Shape):
    """How far a docking session is."""

    files: int
    ended: int
    bytes: int
    done: int
    to_release: int = Field(
        description="of the files that ended, how many are still to be erased, or read once more"
    )
    set_aside: int = Field(
        description="of the files that ended, how many a person has to look at: quarantined, or never read"
    )
    is_done: bool = Field(description="the camera may be taken: all is safe, nobody has to look first")
    eta_s: float | None = Field(description="seconds to go; null while that cannot be told")
    waiting: ReasonOut | None

    @field_validator("waiting", mode="before")
    @classmethod
    def in_words(cls, stored: dict[str, Any] | None) -> ReasonOut | None:
        return ReasonOut.of(stored)


class BayOut(BaseModel):
    """What a bay, or a device without bays, does now; a driver may tell more than this."""

    model_config = ConfigDict(extra="allow")
    bay: str
    present: bool
    since: datetime
    why: ReasonOut | None = None
    progress: ProgressOut | None = None


class DeviceOut(Shape):
    id: str
    name: str
    type: str
    unit_id: str | None
    room_id: str | None
    serial_no: str | None
    status: str = Field(description="now; at another moment: `/devices/{id}/standings`")
    driver: str | None
    release: str
    model: str | None
    vendor: str | None
    asset_no: str | None
    gb_code: str | None
    keeper_id: str | None
    procurement_doc_no: str | None
    acquired_on: date | None
    accepted_on: date | None
    in_service_from: date | None
    in_service_to: date | None
    spec: dict[str, Any] | None = Field(description="what it can do (R-33, R-35)")
    present: bool = False
    bays: list[BayOut] = Field(default_factory=list)

    @classmethod
    def of(
        cls, device: Device, statuses: list[DeviceStatus], underway: Mapping[str, Progress]
    ) -> "DeviceOut":
        """`underway` tells of each camera that is in a bay how far its offload is."""
        shown = cls.model_validate(device)
        shown.present = any(status.present for status in statuses)
        for status in statuses:
            told = {**status.detail, "why": ReasonOut.of(status.detail.get("why"))}
            seen = underway.get(told.get("camera") or device.id) if status.present else None
            shown.bays.append(
                BayOut(
                    bay=status.bay, present=status.present, since=status.since,
                    progress=ProgressOut.model_validate(seen) if seen else None, **told,
                )
            )  # fmt: skip
        return shown


class SignalOut(Shape):
    """Something that happened to a device."""

    event_id: str
    kind: str = Field(examples=["sos"])
    received_at: datetime
    device_time: datetime | None = Field(description="by its own clock")
    detail: dict[str, Any]


class TrackPointOut(BaseModel):
    at: datetime = Field(description="by the device's own clock")
    latitude: float
    longitude: float
    more: dict[str, Any] = {}

    @classmethod
    def of(cls, stored: list[Any]) -> "TrackPointOut":
        seconds, latitude, longitude, *more = stored
        at = datetime.fromtimestamp(seconds, UTC)
        return cls(at=at, latitude=latitude, longitude=longitude, more=more[0] if more else {})


class AllocationOut(Shape):
    id: str
    device_id: str
    kind: str
    officer_id: str | None
    room_id: str | None
    unit_id: str | None
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime
    superseded_at: datetime | None
    doc_no: str | None
    approved_by: str | None
    entered_by: str | None = Field(description="null: it was entered before that was kept with it")
    why: str | None = Field(description="of a correction: what was wrong")

    @classmethod
    def of(cls, row: Allocation) -> "AllocationOut":
        return cls.model_validate(row)


class CheckoutOut(Shape):
    id: str
    device_id: str
    officer_id: str
    out_at: datetime
    in_at: datetime | None
    purpose: str | None
    precheck_battery_pct: float | None
    precheck_free_gb: float | None
    clock_offset_s: float | None
    clock_synced_at: datetime | None
    handed_by: str | None
    received_by: str | None
    in_condition: str | None
    in_station_id: str | None
    recorded_at: datetime
    superseded_at: datetime | None
    entered_by: str | None
    why: str | None
