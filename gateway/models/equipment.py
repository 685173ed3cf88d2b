"""Recording devices, their standing, who has them when, and how wrong their clocks are."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, new_id, no_entries, now, words


class DeviceState(StrEnum):
    """Where a device stands in its life (regulations 3.3)."""

    ACCEPTED = "ACCEPTED"
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


class Condition(StrEnum):
    """How a device came back (R-49)."""

    GOOD = "GOOD"
    FAULTY = "FAULTY"
    DAMAGED = "DAMAGED"
    INCOMPLETE = "INCOMPLETE"


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
    """As it stands now; what it was at another moment is told by its standings."""
    driver: str | None = None
    container_time: str = "local"
    timezone: str = "Asia/Shanghai"
    release: str = "keep"
    vendor: str | None = None
    asset_no: str | None = Field(default=None, index=True, description="资产编号")
    gb_code: str | None = Field(default=None, index=True, unique=True, description="GB/T 28181 (R-104)")
    keeper_id: str | None = Field(default=None, index=True)
    """The officer who looks after it (R-44), who need not be the one who wears it."""
    procurement_doc_no: str | None = None
    """国有资产配置审批 (AL-11)."""
    acquired_on: date | None = None
    accepted_on: date | None = None
    in_service_from: date | None = None
    in_service_to: date | None = None
    spec: dict[str, Any] | None = Field(default=None, sa_type=Json)
    """What it can do (R-33, R-35), as `gateway.registry.SpecIn` has it."""


class Standing(SQLModel, table=True):
    """From which moment a device has a status, who entered it and why; a correction supersedes (AL-8)."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    status: DeviceState = Field(sa_type=words(DeviceState))
    since: datetime = Field(sa_type=UtcDateTime)
    why: str
    doc_no: str | None = None
    entered_by: str
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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
    entered_by: str | None = None
    """None: before it was kept; the chain of the device has it."""
    why: str | None = None
    """Why it was entered; of a correction, why the line before was wrong."""


class Checkout(SQLModel, table=True):
    """Who took a shared device out for a while (领用/归还), R-45."""

    id: str = Field(default_factory=new_id, primary_key=True)
    device_id: str = Field(foreign_key="device.id", index=True)
    officer_id: str = Field(foreign_key="officer.id", index=True)
    out_at: datetime = Field(sa_type=UtcDateTime)
    in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    purpose: str | None = None
    case_hint: str | None = None
    precheck_battery_pct: float | None = None
    """The look before use (R-21): battery, free memory, clock; AL-12."""
    precheck_free_gb: float | None = None
    clock_offset_s: float | None = None
    clock_synced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its clock had been set last before it went out."""
    handed_by: str | None = None
    received_by: str | None = None
    in_condition: Condition | None = Field(default=None, sa_type=words(Condition))
    in_station_id: str | None = None
    """The dock it was put back into."""
    in_recorded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When we learnt that it was back: before, the ledger said that it was out."""
    recorded_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    entered_by: str | None = None
    why: str | None = None


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
    detail: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
