"""The tables."""

from gateway.models.access import ApiKey, Role, SignIn, User, Viewing
from gateway.models.cases import Activity, CaseAlias, CaseRecord, Document, Link, LinkStatus, RelinkDue
from gateway.models.columns import UtcDateTime, new_id, now
from gateway.models.custody import ChainHead, CustodyEvent
from gateway.models.equipment import (
    Allocation,
    AllocationKind,
    Checkout,
    ClockReading,
    Device,
    DeviceState,
    DeviceStatus,
    Policy,
)
from gateway.models.footage import (
    Attachment,
    Clip,
    Described,
    Disposition,
    Finding,
    Lease,
    Offload,
    Original,
    Receipt,
    Recording,
    ReleaseState,
    Rendition,
    State,
    Work,
)
from gateway.models.orders import OrderRow, OrderState
from gateway.models.organisation import Officer, Room, Unit
from gateway.models.telemetry import DeviceSignal, Track

__all__ = [
    "Activity",
    "Allocation",
    "AllocationKind",
    "ApiKey",
    "Attachment",
    "CaseAlias",
    "CaseRecord",
    "ChainHead",
    "Checkout",
    "Clip",
    "ClockReading",
    "CustodyEvent",
    "Described",
    "Device",
    "DeviceSignal",
    "DeviceState",
    "DeviceStatus",
    "Disposition",
    "Document",
    "Finding",
    "Lease",
    "Link",
    "LinkStatus",
    "Officer",
    "Offload",
    "OrderRow",
    "OrderState",
    "Original",
    "Policy",
    "Receipt",
    "Recording",
    "ReleaseState",
    "RelinkDue",
    "Rendition",
    "Role",
    "Room",
    "SignIn",
    "State",
    "Track",
    "Unit",
    "User",
    "UtcDateTime",
    "Viewing",
    "Work",
    "new_id",
    "now",
]
