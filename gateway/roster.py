"""Devices as a list shows them: where each stands, who has it now, when it was docked last, what it lacks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import Session, col, func, or_, select

from gateway import holdings
from gateway.law import Law, parents_of
from gateway.models import (
    Allocation,
    Checkout,
    Device,
    DeviceState,
    DeviceStatus,
    Officer,
    Offload,
    Receipt,
    Room,
    Unit,
    now,
)
from gateway.rulepacks import RulePack
from gateway.rules.allocation import HolderKind, Holding, custody_over
from gateway.rules.equipment import spec_rule
from gateway.rules.findings import Finding
from gateway.visibility import Viewer, units_below, visible

STORAGE = "storage"
"""Docks and cabinets: nobody wears them, and what a camera must be able to do is not asked of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices."""

    text: str = ""
    """Part of the id, name, model, serial or asset number."""
    unit: str | None = None
    """With those below it."""
    status: DeviceState | None = None
    type: str | None = None
    held: Literal["out", "unassigned"] | None = None
    """Checked out now; or assigned to nobody now."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who has a device now, by which line of the ledger."""

    entry: str
    kind: str
    """Of the allocation, or `CHECKOUT`."""
    holder: HolderKind
    holder_id: str
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Docked:
    """The last docking session."""

    id: str
    opened_at: datetime
    closed_at: datetime | None
    sealed: bool
    """There is a receipt."""


@dataclass(frozen=True, slots=True)
class Listed:
    device: Device
    unit: str | None
    """Its name."""
    held: Held | None
    present: bool
    docked: Docked | None
    spec: Finding | None
    """AL-7; None for what it is not asked of."""


def roster(
    session: Session, viewer: Viewer, law: Law, wanted: Wanted, after: str = "", limit: int = 50
) -> tuple[list[Listed], str | None]:
    """One page in order of id, and where the next one begins, if there is one."""
    conditions = [visible(viewer, Device), col(Device.id) > after, *conditions_of(session, wanted)]
    statement = select(Device).where(*conditions).order_by(col(Device.id)).limit(limit + 1)
    found = session.exec(statement).all()
    shown = found[:limit]
    return listed(session, law, shown), shown[-1].id if len(found) > limit else None


def conditions_of(session: Session, wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.text:
        columns = (Device.id, Device.name, Device.model, Device.serial_no, Device.asset_no)
        found.append(or_(*(col(one).icontains(wanted.text, autoescape=True) for one in columns)))
    if wanted.unit is not None:
        found.append(col(Device.unit_id).in_(units_below(session, wanted.unit)))
    if wanted.status is not None:
        found.append(Device.status == wanted.status)
    if wanted.type is not None:
        found.append(Device.type == wanted.type)
    if wanted.held is not None:
        found.append(held_condition(wanted.held))
    return found


def held_condition(held: Literal["out", "unassigned"]) -> Any:
    at = now()
    if held == "out":
        return col(Device.id).in_(
            select(Checkout.device_id).where(
                col(Checkout.superseded_at).is_(None), col(Checkout.in_at).is_(None), Checkout.out_at <= at
            )
        )
    assigned = select(Allocation.device_id).where(
        col(Allocation.superseded_at).is_(None),
        Allocation.valid_from <= at,
        or_(col(Allocation.valid_to).is_(None), col(Allocation.valid_to) > at),
    )
    return col(Device.id).not_in(assigned) & (col(Device.type) != STORAGE)


def listed(session: Session, law: Law, devices: Sequence[Device]) -> list[Listed]:
    """A few queries, however many devices."""
    ids = [device.id for device in devices]
    held, docked, parents = held_now(session, ids), docked_last(session, ids), parents_of(session)
    units = names_of(session, Unit, {device.unit_id for device in devices})
    present = set(
        session.exec(
            select(DeviceStatus.device_id).where(
                col(DeviceStatus.device_id).in_(ids), col(DeviceStatus.present).is_(True)
            )
        )
    )
    return [
        Listed(
            device, units.get(device.unit_id or ""), held.get(device.id), device.id in present,
            docked.get(device.id), spec_of(device, law.packs.of(device.unit_id, parents)),
        )
        for device in devices
    ]  # fmt: skip


def spec_of(device: Device, pack: RulePack) -> Finding | None:
    if device.type not in pack.equipment.counted_types.value:
        return None
    least = pack.equipment.min_spec
    return spec_rule(
        device.spec or {}, {name: getattr(least, name).value for name in type(least).model_fields}
    )


def held_now(session: Session, ids: Collection[str], at: datetime | None = None) -> dict[str, Held]:
    """By device, as the ledger stands; a checkout decides before an allocation (AL-3)."""
    at = at or now()
    lines: dict[str, list[Holding]] = defaultdict(list)
    allocations = select(Allocation).where(
        col(Allocation.device_id).in_(ids),
        col(Allocation.superseded_at).is_(None),
        Allocation.valid_from <= at,
        or_(col(Allocation.valid_to).is_(None), col(Allocation.valid_to) > at),
    )
    for row in session.exec(allocations):
        lines[row.device_id].append(holdings.allocation_entry(row).holding)
    checkouts = select(Checkout).where(
        col(Checkout.device_id).in_(ids),
        col(Checkout.superseded_at).is_(None),
        Checkout.out_at <= at,
        or_(col(Checkout.in_at).is_(None), col(Checkout.in_at) > at),
    )
    for taken in session.exec(checkouts):
        lines[taken.device_id].append(holdings.taken_by(taken))
    basis = {device: custody_over(found, at, at, 0).basis for device, found in lines.items()}
    return named(session, {device: one for device, one in basis.items() if one is not None})


def named(session: Session, found: Mapping[str, Holding]) -> dict[str, Held]:
    names = holder_names(session, found.values())
    return {
        device: Held(
            one.id, one.kind, one.holder, one.holder_id,
            names.get((one.holder, one.holder_id), one.holder_id), one.start,
        )
        for device, one in found.items()
    }  # fmt: skip


def holder_names(session: Session, found: Iterable[Holding]) -> dict[tuple[HolderKind, str], str]:
    """Of officers, rooms and units alike; who is not in the registry any more has none."""
    asked: dict[HolderKind, set[str | None]] = defaultdict(set)
    for one in found:
        asked[one.holder].add(one.holder_id)
    models: dict[HolderKind, type[Any]] = {
        HolderKind.OFFICER: Officer, HolderKind.ROOM: Room, HolderKind.UNIT: Unit,
    }  # fmt: skip
    return {
        (kind, ref): name
        for kind, refs in asked.items()
        for ref, name in names_of(session, models[kind], refs).items()
    }


def names_of(session: Session, model: type[Any], ids: Iterable[str | None]) -> dict[str, str]:
    wanted = {one for one in ids if one}
    return dict(session.exec(select(model.id, model.name).where(col(model.id).in_(wanted))).all())


def unit_names(session: Session) -> dict[str, str]:
    """Of all, by name: what a unit is called is known to everybody."""
    return dict(session.exec(select(Unit.id, Unit.name).order_by(Unit.name)).all())


def docked_last(session: Session, ids: Collection[str]) -> dict[str, Docked]:
    newest = (
        select(Offload.device_id, func.max(Offload.opened_at).label("at"))
        .where(col(Offload.device_id).in_(ids))
        .group_by(Offload.device_id)
        .subquery()
    )
    sealed = select(Receipt.offload_id).where(Receipt.offload_id == Offload.id).exists()
    columns: Any = select(Offload.device_id, Offload.id, Offload.opened_at, Offload.closed_at)
    rows = session.exec(
        columns.add_columns(sealed).join(
            newest, (newest.c.device_id == Offload.device_id) & (newest.c.at == Offload.opened_at)
        )
    )
    return {device: Docked(*told) for device, *told in rows}


def counts(session: Session, viewer: Viewer, unit: str | None = None) -> dict[str, int]:
    """How many stand where, and how many are out: the answer to "is there anything for me"."""
    inside = [visible(viewer, Device), col(Device.type) != STORAGE]
    if unit is not None:
        inside.append(col(Device.unit_id).in_(units_below(session, unit)))
    by_status = select(Device.status, func.count()).where(*inside).group_by(col(Device.status))
    found: dict[str, int] = dict(session.exec(by_status).all())
    out = select(func.count()).select_from(Device).where(*inside, held_condition("out"))
    free = (
        select(func.count())
        .select_from(Device)
        .where(*inside, held_condition("unassigned"), Device.status == DeviceState.IN_SERVICE)
    )
    return {
        "in_service": found.get("IN_SERVICE", 0),
        "out": session.exec(out).one(),
        "unassigned": session.exec(free).one(),
        "not_in_use": sum(found.get(one, 0) for one in ("REPAIR", "LOST", "SUSPENDED")),
    }
