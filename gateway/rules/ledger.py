"""What the ledger must be: who holds what, what must not overlap, the look before use (AL-2…AL-4, AL-12)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.rules.allocation import HolderKind, Holding
from gateway.rules.findings import Finding, finding

SHARED_PLACES = frozenset({"FIXED_ROOM", "WINDOW"})
"""Kinds that may overlap with any other (AL-2)."""
HOLDERS = {
    "PERSONAL": HolderKind.OFFICER,
    "SECTION_SHARED": HolderKind.UNIT,
    "POOL": HolderKind.UNIT,
    "VEHICLE": HolderKind.ROOM,
    "FIXED_ROOM": HolderKind.ROOM,
    "WINDOW": HolderKind.ROOM,
    "CHECKOUT": HolderKind.OFFICER,
}
"""Who holds a device by each kind of allocation; a vehicle and a counter are places, as rooms are (AL-3)."""


def overlap(one: Holding, other: Holding) -> bool:
    """Ends are open: who begins as another ends does not overlap."""
    return (other.end is None or one.start < other.end) and (one.end is None or other.start < one.end)


def may_not_overlap(one: Holding, other: Holding) -> bool:
    """Allocations among themselves but for places, checkouts among themselves; not one with the other."""
    if (one.kind == "CHECKOUT") is not (other.kind == "CHECKOUT"):
        return False
    return not {one.kind, other.kind} & SHARED_PLACES


def clash(new: Holding, standing: Iterable[Holding]) -> Holding | None:
    """The first of the lines that stand which a new one must not overlap and does (AL-2, AL-4)."""
    return next((one for one in standing if may_not_overlap(new, one) and overlap(new, one)), None)


def holder_rule(kind: str, holder: HolderKind) -> Finding:
    """AL-3: who may hold a device by this kind of allocation."""
    fits = HOLDERS[kind] is holder
    code = "equipment.holder_fits" if fits else "equipment.holder_unfit"
    return finding("AL-3", fits, code, kind=kind, given=holder.value, wanted=HOLDERS[kind].value)


def order_rule(start: datetime, end: datetime | None) -> Finding:
    """AL-4: `out_at < in_at`."""
    if end is None or start < end:
        return finding("AL-4", True, "equipment.in_order")
    return finding("AL-4", False, "equipment.backwards", start=start.isoformat(), end=end.isoformat())


def day_end_rule(checkout: Holding, day_end: datetime) -> Finding:
    """AL-4, R-46: at the end of the day every checkout is closed."""
    is_open = checkout.start < day_end and (checkout.end is None or day_end < checkout.end)
    code = "equipment.checkout_open" if is_open else "equipment.checkout_closed"
    return finding("AL-4", not is_open, code, officer=checkout.holder_id, since=checkout.start.isoformat())


@dataclass(frozen=True, slots=True)
class PreCheck:
    """The look before use (R-21): what was read when the device went out; None: not looked at."""

    battery_pct: float | None
    free_gb: float | None
    clock_offset_s: float | None
    since_sync: timedelta | None
    """How long ago its clock had been set; None: not known."""


@dataclass(frozen=True, slots=True)
class PreCheckLimits:
    battery_pct: float
    free_gb: float
    drift_s_per_day: float


def precheck_rules(check: PreCheck, limits: PreCheckLimits) -> tuple[Finding, ...]:
    """AL-12: the look was taken, and the clock is not further off than it may drift (R-22)."""
    looked_at = {"battery": check.battery_pct, "memory": check.free_gb, "clock": check.clock_offset_s}
    missing = [name for name, value in looked_at.items() if value is None]
    if missing:
        return (finding("AL-12", False, "equipment.precheck_missing", measures=", ".join(missing)),)
    results = [finding("AL-12", True, "equipment.prechecked")]
    for name, value, least in (
        ("battery", check.battery_pct, limits.battery_pct),
        ("memory", check.free_gb, limits.free_gb),
    ):
        if value is not None and value < least:
            results.append(
                finding(
                    "AL-12",
                    False,
                    "equipment.precheck_low",
                    measure=name,
                    value=f"{value:g}",
                    least=f"{least:g}",
                )
            )
    results.append(clock_rule(check.clock_offset_s or 0.0, check.since_sync, limits.drift_s_per_day))
    return tuple(results)


def clock_rule(offset_s: float, since_sync: timedelta | None, drift_s_per_day: float) -> Finding:
    """`abs(offset) ≤ drift × days since it was set`; a begun day counts whole: clocks show whole seconds."""
    if since_sync is None:
        return finding("AL-12", False, "equipment.clock_unknown", offset=f"{offset_s:g}")
    days = max(1, math.ceil(since_sync / timedelta(days=1)))
    allowed = drift_s_per_day * days
    good = abs(offset_s) <= allowed
    code = "equipment.clock_good" if good else "equipment.clock_off"
    return finding("AL-12", good, code, offset=f"{offset_s:g}", allowed=f"{allowed:g}")
