"""Whether an officer's certificate holds on a day (AL-5): one predicate for links, cabinets and sheets."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.rules.findings import Finding, finding


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


class Holds(StrEnum):
    """What the registry says of a certificate on a day; the value is the code of the finding."""

    GOOD = "equipment.certificate_good"
    UNKNOWN = "equipment.certificate_unknown"
    EXPIRED = "equipment.certificate_expired"
    UNCHECKED = "equipment.check_unknown"
    """Valid by its dates; no annual check was ever entered."""
    MISSED = "equipment.check_missed"


def holds(certificate: Certificate, on: date) -> Holds:
    """Valid on the day, and every annual check that covers it passed: a failed one stands until replaced."""
    if certificate.valid_from is None or certificate.valid_to is None:
        return Holds.UNKNOWN
    if not certificate.valid_from <= on <= certificate.valid_to:
        return Holds.EXPIRED
    if not certificate.checks:
        return Holds.UNCHECKED
    covering = [check.passed for check in certificate.checks if check.valid_from <= on <= check.valid_to]
    return Holds.GOOD if covering and all(covering) else Holds.MISSED


def is_valid(certificate: Certificate, on: date) -> bool | None:
    """None where the registry does not say. Where nobody enters annual checks, the dates alone decide."""
    found = holds(certificate, on)
    return None if found is Holds.UNKNOWN else found in {Holds.GOOD, Holds.UNCHECKED}


def certificate_rule(officer: str, certificate: Certificate, on: date) -> Finding:
    """AL-5, for a sheet: that no annual check was entered at all is a gap there, too."""
    found = holds(certificate, on)
    return finding("AL-5", found is Holds.GOOD, found.value, officer=officer, on=on)
