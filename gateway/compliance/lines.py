"""The numbers of one unit's sheet: each with its rule, where it comes from, and who or what is behind it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gateway.compliance.loading import DeviceSeen, Facts, Span
from gateway.models import Checkout, Officer, Unit, UnitClass
from gateway.rulepacks import RulePack, Sourced
from gateway.rulepacks.requirements import catalogue
from gateway.rules import equipment as rules
from gateway.rules import ledger, quota
from gateway.rules.allocation import HolderKind, Holding
from gateway.rules.certificate import certificate_rule
from gateway.rules.findings import Finding
from gateway.rules.standing import OUT_OF_USE


@dataclass(frozen=True, slots=True)
class Behind:
    """A device, officer, checkout or unit that a number counts, and the rule that put it there."""

    kind: str
    id: str
    name: str
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    rule: str
    value: int | None
    """None: nobody can say, see `source`."""
    source: str
    verified: bool
    behind: tuple[Behind, ...] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """One unit with its sections: what its sheet is made of."""

    unit: Unit
    officers: Sequence[Officer]
    sections: int
    devices: Sequence[DeviceSeen]
    checkouts: Sequence[Checkout]
    unit_class: UnitClass | None
    facts: Facts
    pack: RulePack
    span: Span

    @property
    def counted(self) -> list[DeviceSeen]:
        """执法记录仪 and 手持执法终端, which R-31 counts, as far as they are there."""
        kinds = self.pack.equipment.counted_types.value
        return [one for one in self.held if one.row.type in kinds]

    @property
    def held(self) -> list[DeviceSeen]:
        """What is there: accepted, and neither lost nor retired."""
        return [one for one in self.devices if one.status is not None and one.status not in OUT_OF_USE]


def lines(unit: Counted) -> tuple[Line, ...]:
    return (*quota_lines(unit), *device_lines(unit), *people_lines(unit), *checkout_lines(unit))


def told(name: str, rule: str, basis: Sourced[Any] | None, behind: Iterable[Behind]) -> Line:
    """A number that is a count. Without a value of the pack it rests on the requirement alone."""
    found = tuple(behind)
    asked = catalogue().requirements[rule].basis
    source, verified = (
        (basis.source, basis.verified) if basis else (f"{rule}; {asked}", asked.startswith("[V] "))
    )
    return Line(name, rule, len(found), source, verified, found)


def quota_of(unit: Counted) -> quota.Quota:
    if unit.unit_class is None:
        return quota.Quota(None, quota.Semantics.FLOOR, NO_CLASS, verified=False)
    grade = unit.unit_class.grade.value
    classes = unit.pack.equipment.classes
    asked = next((each for letter, each in classes.items() if letter == grade), None)
    if asked is None:
        why = f"{unit.pack.edition} has no class {grade}"
        return quota.Quota(None, quota.Semantics.FLOOR, why, verified=False)
    return quota.Quota(
        asked.ratio.value, quota.Semantics(asked.semantics), asked.ratio.source, asked.ratio.verified
    )


NO_CLASS = "no class of this unit is on record for that day (regulations 3.1)"


def quota_lines(unit: Counted) -> list[Line]:
    """AL-6, and AL-10 for what is too many."""
    asked, equipment = quota_of(unit), unit.pack.equipment
    required = asked.required(len(unit.officers))
    in_service = [one for one in unit.counted if one.status == "IN_SERVICE"]
    missing = None if required is None else max(0, required - len(in_service))
    enough = quota.enough_rule(len(in_service), required)
    surplus = quota.surplus_rule(len(in_service), required)
    wanting = () if enough.passed else (Behind("unit", unit.unit.id, unit.unit.name, enough),)
    over = None if required is None else max(0, len(in_service) - required)
    people = tuple(officer_behind(one) for one in unit.officers)
    return [
        told("officers", "R-31", None, people),
        Line("sections", "R-32", unit.sections, "the units entered as its sections", verified=True),
        Line("required", "AL-6", required, asked.source, asked.verified, people),
        told("held", "AL-6", equipment.counted_types, map(device_behind, unit.counted)),
        told("in_service", "AL-6", equipment.counted_types, map(device_behind, in_service)),
        Line("missing", "AL-6", missing, asked.source, asked.verified, wanting),
        Line("over_quota", "AL-10", over, asked.source, asked.verified,
             tuple(device_behind(one, surplus) for one in in_service) if over else ()),
    ]  # fmt: skip


def device_lines(unit: Counted) -> list[Line]:
    """AL-1, AL-7, AL-10, AL-11, R-37, R-44."""
    equipment, on = unit.pack.equipment, unit.span.on
    spec = equipment.min_spec
    least = {name: getattr(spec, name).value for name in type(spec).model_fields}
    good = all_of(getattr(spec, name) for name in least)
    judged = [(one, rules.spec_rule(one.spec, least)) for one in unit.counted]

    def idle(one: DeviceSeen) -> Finding:
        return rules.idle_rule(one.last_used, one.row.in_service_from, on, equipment.idle_days.value)

    used = [one for one in unit.held if one.status == "IN_SERVICE" and one.row.type != "storage"]
    office = [one for one in unit.held if one.row.type in equipment.office_types.value]
    lives = equipment.min_life_years

    def life(one: DeviceSeen) -> Finding:
        asked = next((years.value for kind, years in lives.items() if kind == one.row.type), None)
        return rules.life_rule(one.row.acquired_on, one.since or on, asked)

    retired = [one for one in unit.devices if one.status == "RETIRED"]
    return [
        told("to_spec", "AL-7", good, (device_behind(one, rule) for one, rule in judged if rule.passed)),
        told("below_spec", "AL-7", good, of_code(judged, "equipment.spec_below")),
        told("spec_unknown", "AL-7", good, of_code(judged, "equipment.spec_unknown")),
        told("office_standard", "R-37", equipment.office_types, map(device_behind, office)),
        told("other_types", "AL-1", equipment.types,
             failing(unit.held, lambda one: rules.type_rule(one.row.type, equipment.types.value))),
        told("idle", "AL-10", equipment.idle_days, failing(used, idle)),
        told("retired_early", "R-43", all_of(lives.values()), failing(retired, life)),
        told("keeper_missing", "R-44", None,
             failing(unit.held, lambda one: rules.keeper_rule(one.row.keeper_id))),
        told("procurement_missing", "AL-11", None,
             failing(unit.held, lambda one: rules.procurement_rule(one.row.procurement_doc_no))),
    ]  # fmt: skip


def all_of(values: Iterable[Sourced[Any]]) -> Sourced[Any]:
    """What a number rests on that rests on several values."""
    found = list(values)
    source = "; ".join(dict.fromkeys(one.source for one in found)) or "no value of the rule pack"
    return Sourced[Any](value=None, source=source, verified=all(one.verified for one in found))


def people_lines(unit: Counted) -> list[Line]:
    """AL-5."""
    judged = [
        (one, certificate_rule(one.name, unit.facts.certificates[one.id], unit.span.on))
        for one in unit.officers
    ]

    def those(*codes: str) -> list[Behind]:
        return [officer_behind(one, rule) for one, rule in judged if rule.code in codes]

    return [
        told("certificates_expired", "AL-5", None, those("equipment.certificate_expired")),
        told("certificates_unknown", "AL-5", None, those("equipment.certificate_unknown")),
        told("checks_missing", "AL-5", None, those("equipment.check_missed", "equipment.check_unknown")),
    ]


def checkout_lines(unit: Counted) -> list[Line]:
    """AL-4, R-46 at the last end of a day; AL-12 for what went out since the first day."""
    equipment, span = unit.pack.equipment, unit.span
    limits = ledger.PreCheckLimits(
        equipment.precheck_battery_percent.value,
        equipment.precheck_free_gb.value,
        unit.pack.clock.drift_seconds_per_day.value,
    )
    went_out = [one for one in unit.checkouts if one.out_at >= span.begin]
    checked = [(one, first_wrong(ledger.precheck_rules(precheck(one), limits))) for one in went_out]
    left_open = [(one, ledger.day_end_rule(holding(one), span.day_end)) for one in unit.checkouts]
    drift = unit.pack.clock.drift_seconds_per_day
    return [
        told("open_checkouts", "AL-4", None,
             (checkout_behind(one, rule) for one, rule in left_open if not rule.passed)),
        replace(told("checkouts", "R-45", None, map(checkout_behind, went_out)), behind=()),
        told("without_precheck", "AL-12", None,
             (checkout_behind(one, rule) for one, rule in checked
              if rule and rule.code == "equipment.precheck_missing")),
        told("precheck_failed", "AL-12", drift,
             (checkout_behind(one, rule) for one, rule in checked
              if rule and rule.code != "equipment.precheck_missing")),
    ]  # fmt: skip


def first_wrong(found: Iterable[Finding]) -> Finding | None:
    return next((rule for rule in found if not rule.passed), None)


def precheck(row: Checkout) -> ledger.PreCheck:
    since_sync: timedelta | None = row.out_at - row.clock_synced_at if row.clock_synced_at else None
    return ledger.PreCheck(row.precheck_battery_pct, row.precheck_free_gb, row.clock_offset_s, since_sync)


def holding(row: Checkout) -> Holding:
    return Holding(row.id, "CHECKOUT", HolderKind.OFFICER, row.officer_id, row.out_at, row.in_at)


def failing(devices: Iterable[DeviceSeen], rule: Callable[[DeviceSeen], Finding]) -> list[Behind]:
    judged = ((one, rule(one)) for one in devices)
    return [device_behind(one, found) for one, found in judged if not found.passed]


def of_code(judged: Iterable[tuple[DeviceSeen, Finding]], code: str) -> list[Behind]:
    return [device_behind(one, rule) for one, rule in judged if rule.code == code]


def device_behind(one: DeviceSeen, rule: Finding | None = None) -> Behind:
    return Behind("device", one.row.id, one.row.name or one.row.id, rule)


def officer_behind(one: Officer, rule: Finding | None = None) -> Behind:
    return Behind("officer", one.id, one.name, rule)


def checkout_behind(one: Checkout, rule: Finding | None = None) -> Behind:
    return Behind("checkout", one.id, one.device_id, rule)
