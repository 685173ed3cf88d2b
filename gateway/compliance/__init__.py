"""The sheet of a unit's equipment (配备情况) and of the units below it: required, held, in service, wrong."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.compliance.lines import Behind, Counted, Line, lines
from gateway.compliance.loading import Facts, Span, load
from gateway.law import parents_of
from gateway.models import Unit
from gateway.rulepacks import RulePacks
from gateway.rules.quota import Pattern, Per

__all__ = ["Behind", "Line", "PatternLine", "Sheet", "Span", "UnitSheet", "sheet"]


@dataclass(frozen=True, slots=True)
class PatternLine:
    """Another way to count (R-32): what it would require, and what is in service of its types."""

    name: str
    types: tuple[str, ...]
    per: str
    required: int
    in_service: int
    source: str
    verified: bool

    @property
    def missing(self) -> int:
        return max(0, self.required - self.in_service)


@dataclass(frozen=True, slots=True)
class UnitSheet:
    """One unit with its sections; for all of them together `unit` is None."""

    unit: str | None
    name: str
    grade: str | None
    grade_doc: str | None
    pack: str
    lines: tuple[Line, ...]
    patterns: tuple[PatternLine, ...]

    def line(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)


@dataclass(frozen=True, slots=True)
class Sheet:
    span: Span
    units: tuple[UnitSheet, ...]
    whole: UnitSheet


def sheet(
    session: Session,
    packs: RulePacks,
    span: Span,
    root: str | None = None,
    seen: Collection[str] | None = None,
) -> Sheet:
    """Of a unit and of each unit below it; without `root`, of every unit. `seen` limits it to those."""
    units = {unit.id: unit for unit in session.exec(select(Unit).order_by(col(Unit.id)))}
    above = parents_of(session)
    wanted = [
        unit
        for unit in units
        if (root is None or is_below(unit, root, above)) and (seen is None or unit in seen)
    ]
    bodies = group(units, wanted, root)
    facts = load(session, wanted, span)
    made = tuple(
        unit_sheet(units[body], members, facts, packs, above, span) for body, members in bodies.items()
    )
    return Sheet(span, made, together(made))


def is_below(unit: str, root: str, above: Mapping[str, str | None]) -> bool:
    """Whether a unit is `root`, or stands somewhere below it."""
    passed: set[str] = set()
    current: str | None = unit
    while current is not None and current not in passed:
        if current == root:
            return True
        passed.add(current)
        current = above.get(current)
    return False


def group(units: Mapping[str, Unit], wanted: Sequence[str], root: str | None) -> dict[str, list[str]]:
    """Each unit with its sections (科室), which count in the unit above, unless asked for themselves."""
    bodies: dict[str, list[str]] = {}
    for unit in wanted:
        body, passed = unit, {unit}
        while units[body].is_section and body != root:
            above = units[body].parent_id
            if above is None or above not in wanted or above in passed:
                break
            passed.add(above)
            body = above
        bodies.setdefault(body, []).append(unit)
    return bodies


def unit_sheet(
    unit: Unit,
    members: Sequence[str],
    facts: Facts,
    packs: RulePacks,
    above: Mapping[str, str | None],
    span: Span,
) -> UnitSheet:
    pack, given = packs.of(unit.id, above), facts.classes.get(unit.id)
    counted = Counted(
        unit=unit,
        officers=[one for member in members for one in facts.officers.get(member, ())],
        sections=sum(member != unit.id for member in members),
        devices=sorted(
            (one for member in members for one in facts.devices.get(member, ())), key=lambda one: one.row.id
        ),
        checkouts=[one for member in members for one in facts.checkouts.get(member, ())],
        unit_class=given, facts=facts, pack=pack, span=span,
    )  # fmt: skip
    return UnitSheet(
        unit=unit.id, name=unit.name, grade=given.grade.value if given else None,
        grade_doc=given.doc_no if given else None, pack=pack.edition, lines=lines(counted),
        patterns=pattern_lines(counted),
    )  # fmt: skip


def pattern_lines(unit: Counted) -> tuple[PatternLine, ...]:
    found = []
    for name, asked in unit.pack.equipment.patterns.items():
        pattern = Pattern(
            name, frozenset(asked.types), Per(asked.per), asked.count.value, asked.count.source,
            asked.count.verified,
        )  # fmt: skip
        have = sum(one.row.type in pattern.types and one.status == "IN_SERVICE" for one in unit.devices)
        # a unit without sections is one: somebody there has to have it
        required = pattern.required(len(unit.officers), max(1, unit.sections))
        found.append(
            PatternLine(name, asked.types, asked.per, required, have, pattern.source, pattern.verified)
        )
    return tuple(found)


def together(sheets: Sequence[UnitSheet]) -> UnitSheet:
    """All of them in one: a number that nobody can say for one of them, nobody can say for all."""
    names = list(dict.fromkeys(line.name for one in sheets for line in one.lines))
    patterns = list(dict.fromkeys(line.name for one in sheets for line in one.patterns))
    packs = sorted({one.pack for one in sheets})
    return UnitSheet(
        None, "", None, None, ", ".join(packs),
        tuple(summed([one.line(name) for one in sheets]) for name in names),
        tuple(
            summed_pattern([line for one in sheets for line in one.patterns if line.name == name])
            for name in patterns
        ),
    )  # fmt: skip


def summed(parts: Sequence[Line]) -> Line:
    """Who and what is behind it stands in the units' own sheets."""
    values = [line.value for line in parts if line.value is not None]
    return Line(
        parts[0].name, parts[0].rule, sum(values) if len(values) == len(parts) else None,
        sources(parts), all(line.verified for line in parts),
    )  # fmt: skip


def summed_pattern(parts: Sequence[PatternLine]) -> PatternLine:
    first = parts[0]
    return PatternLine(
        first.name, first.types, first.per, sum(line.required for line in parts),
        sum(line.in_service for line in parts), sources(parts), all(line.verified for line in parts),
    )  # fmt: skip


def sources(parts: Sequence[Line] | Sequence[PatternLine]) -> str:
    return "; ".join(dict.fromkeys(line.source for line in parts))
