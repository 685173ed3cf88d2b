"""What the ledger must be: who holds what, what must not overlap, the look before use (AL-2…AL-5, AL-12)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from gateway.rules.allocation import Custody, HolderKind, Holding, certificate_valid
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


def clash(holdings: Sequence[Holding]) -> tuple[Holding, Holding] | None:
    """The first two, by their beginning, that must not overlap and do."""
    ordered = sorted(holdings, key=lambda holding: (holding.start, holding.id))
    pairs = combinations(ordered, 2)
    return next(
        ((one, other) for one, other in pairs if may_not_overlap(one, other) and overlap(one, other)), None
    )


def overlap_rule(holdings: Sequence[Holding]) -> Finding:
    """AL-2 for allocations, AL-4 for checkouts."""
    found = clash(holdings)
    if found is None:
        return finding("AL-2", True, "equipment.ledger_clear")
    one, other = found
    rule = "AL-4" if one.kind == "CHECKOUT" else "AL-2"
    facts = {"one": one.holder_id, "other": other.holder_id, "since": other.start.isoformat()}
    return finding(rule, False, "equipment.ledger_overlaps", **facts)


def holder_rule(kind: str, holder: HolderKind) -> Finding:
    """AL-3: who may hold a device by this kind of allocation."""
    fits = HOLDERS[kind] is holder
    code = "equipment.holder_fits" if fits else "equipment.holder_unfit"
    return finding("AL-3", fits, code, kind=kind, given=holder.value, wanted=HOLDERS[kind].value)


def use_rule(found: Custody) -> Finding:
    """AL-3: whoever uses a shared device has checked it out."""
    if found.shared_without_checkout and found.basis is not None:
        return finding("AL-3", False, "equipment.use_unsigned", kind=found.basis.kind)
    return finding("AL-3", True, "equipment.use_signed")


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
class Check:
    """One annual check (年检) of a certificate, and the days for which it holds."""

    passed: bool
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Certificate:
    valid_from: date | None
    valid_to: date | None
    checks: tuple[Check, ...] = ()


def certificate_rule(officer: str, certificate: Certificate, on: date) -> Finding:
    """AL-5: valid on the day, and passed the annual check that covers it."""
    told = {"officer": officer, "on": on}
    valid = certificate_valid(certificate.valid_from, certificate.valid_to, on)
    if not valid:
        code = "equipment.certificate_unknown" if valid is None else "equipment.certificate_expired"
        return finding("AL-5", False, code, **told)
    if not certificate.checks:
        return finding("AL-5", False, "equipment.check_unknown", **told)
    covering = [check for check in certificate.checks if check.valid_from <= on <= check.valid_to]
    passed = bool(covering) and all(check.passed for check in covering)
    return finding(
        "AL-5", passed, "equipment.certificate_good" if passed else "equipment.check_missed", **told
    )


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
