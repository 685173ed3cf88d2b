"""Units, officers, rooms and the ledger from a file, for a unit that begins."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlmodel import Session, SQLModel, col, select

from gateway import custody, device_facts, holdings, linking, qualifications, standing
from gateway.config import ConfigError, mistakes
from gateway.device import Refused
from gateway.device_facts import DeviceFacts
from gateway.ledger import AllocationIn, CheckoutIn, allocate, check_out, known
from gateway.models import Allocation, Checkout, Device, Officer, Room, Unit, now
from gateway.qualifications import CheckIn, ClassIn
from gateway.standing import StandingIn
from gateway.wording import CHINA

Entry = TypeVar("Entry")


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


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of each kind of entry: how many were new, changed, or there already."""

    counts: Mapping[str, Counter[str]]

    def lines(self) -> list[str]:
        told = {
            name: [f"{count[word]} {word}" for word in (NEW, CHANGED, SAME) if count[word]]
            for name, count in self.counts.items()
        }
        return [f"{name}: {', '.join(words)}" for name, words in told.items() if words]


NEW, CHANGED, SAME = "new", "changed", "unchanged"
ENTERED: dict[str, type[SQLModel]] = {"units": Unit, "rooms": Room, "officers": Officer, "devices": Device}


def store_registry(session: Session, given: RegistryFile, actor: str) -> Tally:
    """Enter people and places; allocations that are in the ledger already are passed over."""
    before = digests(session, given)
    enter(session, given, actor)
    counts = {**store_decisions(session, given, actor), **store_ledger(session, given, actor)}
    session.flush()
    after = digests(session, given)
    people = {
        name: Counter(ended(before.get(one), after[one]) for one in after if one[0] == name)
        for name in ENTERED
    }
    return Tally({**people, **counts})


def digests(session: Session, given: RegistryFile) -> dict[tuple[str, str], str]:
    """Of each row that the file speaks of, and that is there."""
    found: dict[tuple[str, str], str] = {}
    for name, model in ENTERED.items():
        for one in getattr(given, name):
            row = session.get(model, one.id)
            if row is not None:
                found[name, one.id] = custody.row_digest(row)
    return found


def ended(before: str | None, after: str) -> str:
    if before is None:
        return NEW
    return SAME if before == after else CHANGED


def enter(session: Session, given: RegistryFile, actor: str) -> None:
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
    must_differ(session, {officer.badge for officer in given.officers if officer.badge})
    rows += [device_facts.entered(session, facts) for facts in given.devices]
    custody.append(session, custody.SITE, "REGISTRY_STORED", actor, "registry", rows)
    linking.due(session, "registry", span=(None, None))


def must_differ(session: Session, badges: Collection[str]) -> None:
    """Raises Refused for a badge that two have who serve: what one takes would be entered as the other's."""
    serving = holdings.serving(now().astimezone(CHINA).date())
    bearers = defaultdict(list)
    for one in session.exec(select(Officer).where(col(Officer.badge).in_(badges), serving)):
        bearers[one.badge].append(one.name)
    for badge, names in sorted(bearers.items()):
        if len(names) > 1:
            raise Refused("ledger.badge_twice", badge=badge, officers=", ".join(sorted(names)))


def store_decisions(session: Session, given: RegistryFile, actor: str) -> dict[str, Counter[str]]:
    """What is there already is passed over."""
    return {
        "classes": each(
            session, given.classes, qualifications.already_classified, qualifications.classify, actor
        ),
        "checks": each(
            session, given.checks, qualifications.already_checked, qualifications.check_certificate, actor
        ),
    }


def store_ledger(session: Session, given: RegistryFile, actor: str) -> dict[str, Counter[str]]:
    """In the order of life: where a device stands, who has it, who took it out."""
    entries = sorted(given.standings, key=lambda one: one.since)
    standings = each(session, entries, standing.already, standing.enter, actor)
    for facts in given.devices:
        if facts.status is not None and session.get_one(Device, facts.id).status is not facts.status:
            told = StandingIn(device=facts.id, status=facts.status, since=now(), why="registry")
            standing.enter(session, told, actor)
    return {
        "standings": standings,
        "allocations": each(session, given.allocations, already, allocate, actor),
        "checkouts": each(session, given.checkouts, checked_out_already, check_out, actor),
    }


def each(
    session: Session,
    entries: Iterable[Entry],
    is_there: Callable[[Session, Entry], bool],
    enter_one: Callable[[Session, Entry, str], object],
    actor: str,
) -> Counter[str]:
    count: Counter[str] = Counter()
    for entry in entries:
        if is_there(session, entry):
            count[SAME] += 1
        else:
            enter_one(session, entry, actor)
            count[NEW] += 1
    return count


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
