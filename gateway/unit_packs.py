"""Which rule pack holds for a unit: its own, or that of the nearest unit above it, or the site's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, select

from gateway import rulepacks
from gateway.config import ConfigError, Settings
from gateway.models import Unit
from gateway.rulepacks import RulePack


@dataclass(frozen=True, slots=True)
class Packs:
    site: RulePack
    own: Mapping[str, RulePack] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Packs":
        """Raises ConfigError for a pack that cannot be used."""
        try:
            own = {unit: rulepacks.load(pack) for unit, pack in settings.unit_rule_packs.items()}
            return cls(rulepacks.load(settings.rule_pack), own)
        except rulepacks.PackError as error:
            raise ConfigError(str(error)) from error

    def by_unit(self, session: Session) -> Mapping[str | None, RulePack]:
        """Every unit's pack; that of no unit is the site's."""
        parents = dict(session.exec(select(Unit.id, Unit.parent_id)).all())
        found: dict[str | None, RulePack] = {None: self.site}
        for unit in parents:
            found[unit] = self.nearest(unit, parents)
        return found

    def nearest(self, unit: str, parents: Mapping[str, str | None]) -> RulePack:
        at: str | None = unit
        seen: set[str] = set()
        while at is not None and at not in seen:
            if at in self.own:
                return self.own[at]
            seen.add(at)
            at = parents.get(at)
        return self.site
