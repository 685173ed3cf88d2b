"""The figures of registers: equipment, checkouts, checks of originals, viewings, case files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.compliance import Sheet, UnitSheet
from gateway.reports.figures import Keys, Member, Side
from gateway.rules.allocation import Holding
from gateway.rules.ledger import day_end_rule


def equipped(sheet: Sheet) -> tuple[Member, ...]:
    """Devices in service against places to be filled: of two kinds, so a rate may be more than 1 (AL-6)."""
    return tuple(member for unit in sheet.units for member in equipped_of(unit))


def equipped_of(unit: UnitSheet) -> Iterator[Member]:
    keys = unit_keys(unit)
    required, in_service = unit.line("required").value, ids(unit, "in_service")
    if required is None:
        yield Member("unit", unit.unit or "", Side.EXCLUDED, "figure.no_quota", keys)
    for number in range(1, (required or 0) + 1):
        yield Member("place", f"{unit.unit}#{number}", Side.DENOMINATOR, "figure.place_to_fill", keys)
    for device in ids(unit, "held"):
        if device not in in_service:
            yield Member("device", device, Side.EXCLUDED, "figure.not_in_service", keys)
        elif required is None:
            yield Member("device", device, Side.EXCLUDED, "figure.no_quota", keys)
        else:
            yield Member("device", device, Side.NUMERATOR, "", keys)


SPECS = {
    "to_spec": (Side.BOTH, ""),
    "below_spec": (Side.DENOMINATOR, "figure.below_spec"),
    "spec_unknown": (Side.DENOMINATOR, "figure.spec_unknown"),
}
"""What nobody knows is not known to be good (AL-7): leaving it out would reward who enters nothing."""


def to_spec(sheet: Sheet) -> tuple[Member, ...]:
    return tuple(
        Member("device", device, side, why, unit_keys(unit))
        for unit in sheet.units
        for line, (side, why) in SPECS.items()
        for device in ids(unit, line)
    )


def ids(unit: UnitSheet, line: str) -> list[str]:
    return [one.id for one in unit.line(line).behind]


def unit_keys(unit: UnitSheet) -> Keys:
    return (("unit", unit.unit or ""),)


@dataclass(frozen=True, slots=True)
class CheckoutSeen:
    held: Holding
    unit: str
    type: str


def handed_back(checkouts: Iterable[CheckoutSeen], at: datetime, zone: ZoneInfo) -> tuple[Member, ...]:
    """R-46: closed by the end of the day on which it went out."""
    return tuple(
        Member("checkout", one.held.id, *handed_back_side(one.held, at, zone), keys_of(one.unit, one.type))
        for one in checkouts
    )


def handed_back_side(held: Holding, at: datetime, zone: ZoneInfo) -> tuple[Side, str]:
    day_end = midnight_after(held.start, zone)
    if day_end_rule(held, day_end).passed:
        return Side.BOTH, ""
    # nothing can be said of a day that is not over
    return (Side.EXCLUDED, "figure.day_runs") if at < day_end else (Side.DENOMINATOR, "figure.out_overnight")


def midnight_after(moment: datetime, zone: ZoneInfo, days: int = 0) -> datetime:
    """The end of that day, or of one so many days later."""
    day = moment.astimezone(zone).date() + timedelta(days=days + 1)
    return datetime.combine(day, time(), zone)


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """One line of custody that tells of a check of an original (R-03, LK-12)."""

    id: str
    event: str
    detail: Mapping[str, Any]
    unit: str
    type: str


CHECKS = {
    "VERIFIED": "second_read", "DUPLICATE": "second_read", "QUARANTINED": "second_read",
    "FIXITY_CHECKED": "asked",
}  # fmt: skip
"""Lines of custody that tell of a check: the second reading on the way in, or one that a person asked for."""
FAILED = {
    "quarantine.digest_differs": "figure.altered",
    "quarantine.declared_differs": "figure.altered",
    "quarantine.stored_missing": "figure.lost",
}
"""Why a stage sets an original aside whose bytes are not those that were first read."""


def intact(checks: Iterable[CheckSeen]) -> tuple[Member, ...]:
    found = ((one, intact_side(one)) for one in checks)
    return tuple(
        Member("custody", one.id, *side, (("check", CHECKS[one.event]), *keys_of(one.unit, one.type)))
        for one, side in found
        if side is not None
    )


def intact_side(one: CheckSeen) -> tuple[Side, str] | None:
    """None: that line tells of no check."""
    match one.event:
        case "VERIFIED":
            return Side.BOTH, ""
        case "DUPLICATE":
            return Side.EXCLUDED, "figure.duplicate"
        case "FIXITY_CHECKED":
            if one.detail.get("same"):
                return Side.BOTH, ""
            return Side.DENOMINATOR, "figure.altered" if one.detail.get("sha256") else "figure.lost"
    why = FAILED.get(str((one.detail.get("why") or {}).get("code")))
    return None if why is None else (Side.DENOMINATOR, why)


@dataclass(frozen=True, slots=True)
class ViewingSeen:
    kind: str
    id: str
    unit: str
    type: str
    by_grant: bool = False


def viewings(seen: Iterable[ViewingSeen]) -> tuple[Member, ...]:
    return tuple(Member(one.kind, one.id, Side.BOTH, "", keys_of(one.unit, one.type)) for one in seen)


def viewings_approved(seen: Iterable[ViewingSeen]) -> tuple[Member, ...]:
    """Of those that needed an approval (R-71, R-72); by the viewer's own right none is needed (R-70).

    Without an approval nothing else is watched: what was tried is refused, and stands in the log.
    """
    return tuple(
        Member(
            one.kind, one.id, *((Side.BOTH, "") if one.by_grant else (Side.EXCLUDED, "figure.own_right")),
            keys_of(one.unit, one.type),
        )
        for one in seen
    )  # fmt: skip


def keys_of(unit: str, kind: str) -> Keys:
    return ("type", kind), ("unit", unit)


@dataclass(frozen=True, slots=True)
class CaseSeen:
    uid: str
    unit: str
    closed_on: datetime
    archived_on: datetime | None
    archive_days: int


def archive_overdue(
    cases: Iterable[CaseSeen], since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[Member, ...]:
    """Case files whose time to be archived ran out in the period, or before it and were open then (R-61)."""
    found = ((one, archive_side(one, since, until, zone)) for one in cases)
    return tuple(
        Member("case", one.uid, *side, (("unit", one.unit),)) for one, side in found if side is not None
    )


def archive_side(one: CaseSeen, since: datetime, until: datetime, zone: ZoneInfo) -> tuple[Side, str] | None:
    """None: of another period. `until` is the end of the period, or now while it runs."""
    due, done = midnight_after(one.closed_on, zone, one.archive_days), one.archived_on
    if one.closed_on >= until:
        return None
    if due > until:
        return (Side.EXCLUDED, "figure.archive_not_due") if done is None or done >= until else None
    if due <= since and done is not None and done < since:
        return None
    if done is None or done >= until:
        return Side.BOTH, ""
    return Side.DENOMINATOR, "figure.archived" if done < due else "figure.archived_late"


def last_day(until: datetime, zone: ZoneInfo) -> date:
    return (until.astimezone(zone) - timedelta(microseconds=1)).date()
