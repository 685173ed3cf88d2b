"""What the registry knows of a device that no driver tells: papers, spec, codes, its keeper (R-30…R-44)."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlmodel import Session, SQLModel, select

from gateway import custody, linking
from gateway.device import Refused
from gateway.instants import Day
from gateway.models import Device, DeviceState, Officer, Room, Unit
from gateway.rulepacks.equipping import DeviceType
from gateway.rules import gb_code

Measure = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class SpecIn(BaseModel):
    """What a device can do, as its papers say (R-33, R-35)."""

    model_config = ConfigDict(extra="forbid")
    width: Annotated[int, Field(gt=0)] | None = None
    height: Annotated[int, Field(gt=0)] | None = None
    still_mp: Measure | None = Field(default=None, description="photo, in millions of pixels")
    battery_mah: Measure | None = None
    record_hours: Measure | None = None
    storage_gb: Measure | None = None
    ip: Annotated[int, Field(gt=0, le=69)] | None = Field(default=None, description="67 for IP67")
    infrared: bool | None = None
    gps: bool | None = None
    realtime_upload: bool | None = None


def checked_code(written: str) -> str:
    if gb_code.parse(written) is None:
        raise ValueError("is no GB/T 28181 code: it has 20 digits (rule A) or 16 (rule B)")
    return written


class DeviceFacts(BaseModel):
    """A device in the registry. One that no driver reads, such as a photo camera, needs its `type`."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(min_length=1, max_length=128)]
    type: DeviceType | None = None
    name: str | None = None
    unit: str | None = None
    room: str | None = None
    serial_no: str | None = None
    model: str | None = None
    vendor: str | None = None
    asset_no: str | None = None
    gb_code: Annotated[str, AfterValidator(checked_code)] | None = None
    keeper: str | None = Field(default=None, description="the officer who looks after it (R-44)")
    procurement_doc_no: str | None = Field(default=None, description="国有资产配置审批 (AL-11)")
    acquired_on: Day | None = None
    accepted_on: Day | None = None
    in_service_from: Day | None = None
    in_service_to: Day | None = None
    spec: SpecIn | None = None
    status: DeviceState | None = Field(default=None, description="from now on, if it is another than before")


REFERENCES: dict[str, tuple[str, type[SQLModel]]] = {
    "unit": ("unit_id", Unit),
    "room": ("room_id", Room),
    "keeper": ("keeper_id", Officer),
}


def store(session: Session, facts: DeviceFacts, actor: str) -> Device:
    """Enter what is told of one device, with custody; clips of it are decided anew."""
    known = session.get(Device, facts.id)
    unit_before = known.unit_id if known else None
    device = entered(session, facts)
    custody.append(session, custody.SITE, "DEVICE_REGISTERED", actor, device.id, (device,))
    linking.device_due(session, device, unit_before)
    return device


def entered(session: Session, facts: DeviceFacts) -> Device:
    """The device with what is told of it; what is not told stays. Its status is not touched.

    Raises Refused for a device that nobody knows and whose type is not told, for a unit, room or keeper that
    nobody knows, and for a code that another device has.
    """
    device = session.get(Device, facts.id)
    if device is None:
        if facts.type is None:
            raise Refused("ledger.unknown", kind="device", ref=facts.id)
        device = Device(id=facts.id, type=facts.type)
    for name, value in facts.model_dump(exclude={"id", "status"}, exclude_none=True).items():
        column, model = REFERENCES.get(name, (name, None))
        if model is not None and session.get(model, value) is None:
            raise Refused("ledger.unknown", kind=model.__name__.lower(), ref=value)
        setattr(device, column, value)
    if facts.gb_code is not None:
        check_code_is_free(session, facts.gb_code, facts.id)
    session.add(device)
    session.flush()
    return device


def check_code_is_free(session: Session, code: str, device_id: str) -> None:
    with session.no_autoflush:
        taken = select(Device.id).where(Device.gb_code == code, Device.id != device_id)
        other = session.exec(taken).first()
    if other is not None:
        raise Refused("ledger.gb_code_taken", number=code, device=other)
