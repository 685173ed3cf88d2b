"""Units, officers, rooms and the ledger from a file, for a unit that begins."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, device_facts, linking, qualifications, standing
from gateway.config import ConfigError, mistakes
from gateway.device_facts import DeviceFacts
from gateway.ledger import AllocationIn, CheckoutIn, allocate, check_out, known
from gateway.models import Allocation, Checkout, Device, Officer, Room, Unit, now
from gateway.qualifications import CheckIn, ClassIn
from gateway.standing import StandingIn


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
    cert_issuer: str | None = None
    left_on: date | None = None


class UnitIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    parent: str | None = None
    """The unit above: who belongs to that one sees this one, too."""
    is_section: bool | None = None
    """A section (科室) of the unit above: its people and devices are counted there."""
    org_code: str | None = None
    region_code: str | None = None


class RoomIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str
    name: str
    unit: str


class RegistryFile(BaseModel):
    """Units, officers, rooms and the ledger, for a unit that begins."""

    model_config = ConfigDict(extra="forbid")
    units: list[UnitIn] = []
    officers: list[OfficerIn] = []
    rooms: list[RoomIn] = []
    devices: list[DeviceFacts] = []
    classes: list[ClassIn] = []
    checks: list[CheckIn] = []
    standings: list[StandingIn] = []
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
        raise ConfigError("\n".join(f"{path}: {place}" for place in mistakes(error))) from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not valid: {error}") from error


def store_registry(session: Session, given: RegistryFile, actor: str) -> None:
    """Enter people and places; allocations that are in the ledger already are passed over."""
    rows: list[SQLModel] = [
        session.merge(Unit(**unit.model_dump(exclude={"parent"}))) for unit in given.units
    ]
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
    session.flush()
    rows += [device_facts.entered(session, facts) for facts in given.devices]
    custody.append(session, custody.SITE, "REGISTRY_STORED", actor, "registry", rows)
    linking.due(session, "registry", span=(None, None))
    store_decisions(session, given, actor)
    store_ledger(session, given, actor)


def store_decisions(session: Session, given: RegistryFile, actor: str) -> None:
    """What is there already is passed over."""
    for decided in given.classes:
        if not qualifications.already_classified(session, decided):
            qualifications.classify(session, decided, actor)
    for check in given.checks:
        if not qualifications.already_checked(session, check):
            qualifications.check_certificate(session, check, actor)


def store_ledger(session: Session, given: RegistryFile, actor: str) -> None:
    """In the order of life: where a device stands, who has it, who took it out."""
    for entry in sorted(given.standings, key=lambda one: one.since):
        if not standing.already(session, entry):
            standing.enter(session, entry, actor)
    for facts in given.devices:
        if facts.status is not None and session.get_one(Device, facts.id).status is not facts.status:
            told = StandingIn(device=facts.id, status=facts.status, since=now(), why="registry")
            standing.enter(session, told, actor)
    for allocation in given.allocations:
        if not already(session, allocation):
            allocate(session, allocation, actor)
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
