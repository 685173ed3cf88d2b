"""What holds for each unit whose figures are counted."""

from collections.abc import Collection

from sqlmodel import Session

from gateway.law import UnitPacks, parents_of, stages_of
from gateway.reports.scope import Asked
from gateway.rulepacks import RulePack
from gateway.rules.stages import counted_under


class Packs:
    """The rule pack of each unit, and what it calls a kind of step; asked once for each."""

    def __init__(self, session: Session, asked: Asked) -> None:
        self.parents = parents_of(session)
        self.of_units = UnitPacks(asked.law.packs, self.parents)
        self.items: dict[tuple[str | None, str], str] = {}

    def of(self, unit: str | None) -> RulePack:
        return self.of_units.of(unit)

    def used(self, units: Collection[str] | None) -> tuple[RulePack, ...]:
        """The packs that hold for these units; None: for all, and for what stands under none."""
        every = (None, *self.parents) if units is None else units
        found = {pack.edition: pack for pack in map(self.of, every)}
        return tuple(found[edition] for edition in sorted(found))

    def stage(self, unit: str | None, written: str) -> str:
        """One of the seed's four, as on the board."""
        return counted_under(written, stages_of(self.of(unit)))

    def item(self, unit: str | None, written: str) -> str:
        """The pack's name of a kind of step: 日常检查 and 现场检查 are one line; else as written."""
        if (unit, written) not in self.items:
            kind = self.of_units.natures(unit).kind(written)
            self.items[unit, written] = kind.zh if kind else written
        return self.items[unit, written]
