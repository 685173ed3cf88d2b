"""Which rule pack holds for which unit: its own, else that of the unit above, else the site's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.rulepacks import load
from gateway.rulepacks.shape import RulePack


@dataclass(frozen=True, slots=True)
class Packs:
    site: RulePack
    own: Mapping[str, RulePack] = field(default_factory=dict)

    @classmethod
    def named(cls, site: str, own: Mapping[str, str]) -> "Packs":
        """Raises PackError."""
        return cls(load(site), {unit: load(pack) for unit, pack in own.items()})

    def of(self, unit: str | None, parents: Mapping[str, str | None]) -> RulePack:
        """`parents` names the unit above each; a circle in it ends the search."""
        seen: set[str] = set()
        while unit is not None and unit not in seen:
            if unit in self.own:
                return self.own[unit]
            seen.add(unit)
            unit = parents.get(unit)
        return self.site
