"""Units, officers, rooms and the ledger from a file, for a unit that begins."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, linking
from gateway.config import ConfigError
from gateway.device import Refused
from gateway.ledger import AllocationIn, CheckoutIn, allocate, check_out, known
from gateway.models import Allocation, Checkout, Device, DeviceState, Officer, Room, Unit


class OfficerIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    unit: str
    number: str | None = None
    badge: str | None = None
    """As readers at cabinets tell it."""
    cert_no: str | None = None
    cert_valid_from: date | None = None
    cert_valid_to: date | None = None


class UnitIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    parent: str | None = None
    """The unit above: who belongs to that one sees this one, too."""


class RoomIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    unit: str


class DeviceFacts(BaseModel):
    """What the registry knows of a device that the configuration does not."""

    model_config = ConfigDict(extra="forbid")
    id: str
    serial_no: str | None = None
    model: str | None = None
    status: DeviceState | None = None


class RegistryFile(BaseModel):
    """Units, officers, rooms and the ledger, for a unit that begins."""

    model_config = ConfigDict(extra="forbid")
    units: list[UnitIn] = []
    officers: list[OfficerIn] = []
    rooms: list[RoomIn] = []
    devices: list[DeviceFacts] = []
    allocations: list[AllocationIn] = []
    checkouts: list[CheckoutIn] = []


def read_registry(path: Path) -> RegistryFile:
    """A YAML or JSON file. Raises ConfigError naming each wrong place."""
    try:
        text = path.read_text(encoding="utf-8")
        written: Any = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        return RegistryFile.model_validate(written)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        places = (
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)
        )
        raise ConfigError("\n".join(f"{path}: {place}" for place in places)) from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not valid: {error}") from error


def store_registry(session: Session, given: RegistryFile, actor: str) -> None:
    """Enter people and places; allocations that are in the ledger already are passed over."""
    rows: list[SQLModel] = [session.merge(Unit(id=unit.id, name=unit.name)) for unit in given.units]
    session.flush()
    for unit in given.units:
        if unit.parent is not None:
            known(session, Unit, unit.parent, "unit")
            session.get_one(Unit, unit.id).parent_id = unit.parent
    for unit_id in {*(room.unit for room in given.rooms), *(officer.unit for officer in given.officers)}:
        known(session, Unit, unit_id, "unit")
    rows += [session.merge(Room(id=room.id, name=room.name, unit_id=room.unit)) for room in given.rooms]
    for officer in given.officers:
        told = officer.model_dump(exclude={"unit"})
        rows.append(session.merge(Officer(unit_id=officer.unit, **told)))
    for facts in given.devices:
        device = session.get(Device, facts.id)
        if device is None:
            raise Refused("ledger.unknown", what="device", ref=facts.id)
        for name, value in facts.model_dump(exclude={"id"}, exclude_none=True).items():
            setattr(device, name, value)
        rows.append(device)
    custody.append(session, custody.SITE, "REGISTRY_STORED", actor, "registry", rows)
    linking.due(session, "registry", span=(None, None))
    for entry in given.allocations:
        if not already(session, entry):
            allocate(session, entry, actor)
    for checkout in given.checkouts:
        if not checked_out_already(session, checkout):
            check_out(session, checkout, actor)


def already(session: Session, given: AllocationIn) -> bool:
    same = select(Allocation.id).where(
        Allocation.device_id == given.device,
        Allocation.kind == given.kind,
        Allocation.officer_id == given.officer,
        Allocation.room_id == given.room,
        Allocation.unit_id == given.unit,
        Allocation.valid_from == given.valid_from,
        col(Allocation.superseded_at).is_(None),
    )
    return session.exec(same).first() is not None


def checked_out_already(session: Session, given: CheckoutIn) -> bool:
    same = select(Checkout.id).where(
        Checkout.device_id == given.device,
        Checkout.officer_id == given.officer,
        Checkout.out_at == given.out_at,
        col(Checkout.superseded_at).is_(None),
    )
    return session.exec(same).first() is not None
