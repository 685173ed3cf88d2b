"""Recording devices, who has them when, and how wrong their clocks are."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, now, words


class DeviceState(StrEnum):
    IN_SERVICE = "IN_SERVICE"
    REPAIR = "REPAIR"
    LOST = "LOST"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"


class AllocationKind(StrEnum):
    """配备 kinds (regulations 3.3)."""

    PERSONAL = "PERSONAL"
    SECTION_SHARED = "SECTION_SHARED"
    POOL = "POOL"
    VEHICLE = "VEHICLE"
    FIXED_ROOM = "FIXED_ROOM"
    WINDOW = "WINDOW"


class Policy(StrEnum):
    """What a device may be told once its footage is preserved."""

    KEEP = "keep"
    CHECK = "check"
    """Stays where it is, once a second reading of it agreed with what is kept."""
    ERASE = "erase"
    ERASE_SINGLE = "erase_single"
    """Erase with one copy only: the settings say `erase_without_second_copy`."""


class Device(SQLModel, table=True):
    """A recording device in the registry (R-30)."""

    id: str = Field(primary_key=True)
    name: str = ""
    type: str
    unit_id: str | None = Field(default=None, foreign_key="unit.id", index=True)
    room_id: str | None = Field(default=None, foreign_key="room.id")
    serial_no: str | None = Field(
        default=None, index=True, description="as the device writes it into file names"
    )
    model: str | None = None
    status: DeviceState = Field(default=DeviceState.IN_SERVICE, sa_type=words(DeviceState))
    driver: str | None = None
    container_time: str = "local"
    timezone: str = "Asia/Shanghai"
    release: str = "keep"


class Allocation(SQLModel, table=True):
    """Who a device is assigned to over a period; a correction supersedes, it never overwrites."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    kind: AllocationKind = Field(sa_type=words(AllocationKind))
    officer_id: str | None = Field(default=None, foreign_key="officer.id", index=True)
    room_id: str | None = Field(default=None, foreign_key="room.id")
    unit_id: str | None = Field(default=None, foreign_key="unit.id")
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    doc_no: str | None = None
    approved_by: str | None = None


class Checkout(SQLModel, table=True):
    """Who took a shared device out for a while (领用/归还), R-45."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    officer_id: str = Field(foreign_key="officer.id", index=True)
    out_at: datetime = Field(sa_type=UtcDateTime)
    in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    purpose: str | None = None
    case_hint: str | None = None
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ClockReading(SQLModel, table=True):
    """A device's clock as found before it was set, and whether ours was right then (architecture 4.7)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    read_at: datetime = Field(sa_type=UtcDateTime)
    device_time: datetime = Field(sa_type=UtcDateTime)
    offset_s: float
    """Device minus host, in seconds: positive when the device is fast."""
    uncertainty_s: float
    host_synchronised: bool | None = None


class ClockSetting(SQLModel, table=True):
    """That we set a device's clock: what was read before it says nothing of what is recorded after it."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    set_at: datetime = Field(sa_type=UtcDateTime)
    set_to: datetime = Field(sa_type=UtcDateTime)
    uncertainty_s: float
    host_synchronised: bool | None = None
    certain: bool
    """The device answered that it did; if not, its clock may go as before."""


class DeviceStatus(SQLModel, table=True):
    """What a device or bay does right now; upserted, not kept."""

    device_id: str = Field(primary_key=True)
    bay: str = Field(default="", primary_key=True)
    present: bool = False
    since: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    executor: str | None = None
    """The gateway that saw it come."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
