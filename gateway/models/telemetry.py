"""What connected devices tell while they work: kept, but no evidence of its own (architecture 5).

`seal` is the number of the line in the chain `telemetry` that covers a row; none until then.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from gateway.models.columns import Json, UtcDateTime, no_entries, no_items, now


class DeviceSignal(SQLModel, table=True):
    """Something that happened to a device: SOS, low battery, recording started …"""

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    event_id: str = Field(primary_key=True)
    kind: str
    received_at: datetime = Field(default_factory=now, sa_type=UtcDateTime, index=True)
    device_time: datetime | None = Field(default=None, sa_type=UtcDateTime)
    detail: dict[str, Any] = Field(default_factory=no_entries, sa_type=Json)
    seal: int | None = Field(default=None, index=True)


class Track(SQLModel, table=True):
    """A batch of positions by the device's own clock: `[seconds since 1970, latitude, longitude, more]`."""

    device_id: str = Field(primary_key=True, foreign_key="device.id")
    begins_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(default_factory=now, sa_type=UtcDateTime)
    points: list[Any] = Field(default_factory=no_items, sa_type=Json)
    seal: int | None = Field(default=None, index=True)
