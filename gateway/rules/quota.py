"""How many devices a unit needs (AL-6), by its class or by another pattern, and what is too many (AL-10)."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.rules.findings import Finding, finding


class Semantics(StrEnum):
    """How 原则上不少于2名执法人员一台 is read (regulations 3.2, trap 6)."""

    FLOOR = "floor"
    """At least one device for each `ratio` officers: a begun group has its device."""
    CAP = "cap"
    """No device serves fewer than `ratio` officers: only a full group has its device."""


@dataclass(frozen=True, slots=True)
class Quota:
    """One device for each `ratio` officers; None: as needed, or not known for this place."""

    ratio: int | None
    semantics: Semantics
    source: str
    verified: bool

    def required(self, officers: int) -> int | None:
        if self.ratio is None:
            return None
        return -(-officers // self.ratio) if self.semantics is Semantics.FLOOR else officers // self.ratio


class Per(StrEnum):
    OFFICER = "officer"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Pattern:
    """So many of these types for each officer, or for each section (R-32)."""

    name: str
    types: frozenset[str]
    per: Per
    count: int
    source: str
    verified: bool

    def required(self, officers: int, sections: int) -> int:
        return self.count * (officers if self.per is Per.OFFICER else sections)


def enough_rule(have: int, required: int | None) -> Finding:
    """AL-6; a number that nobody knows is not met, and is not missed either: it is open."""
    if required is None:
        return finding("AL-6", False, "equipment.quota_open", have=have)
    code = "equipment.quota_met" if have >= required else "equipment.quota_short"
    return finding("AL-6", have >= required, code, have=have, required=required)


def surplus_rule(have: int, required: int | None) -> Finding:
    """AL-10: more than required is for the audit list (R-40)."""
    if required is None or have <= required:
        return finding("AL-10", True, "equipment.no_surplus", have=have)
    return finding("AL-10", False, "equipment.surplus", have=have, required=required)
