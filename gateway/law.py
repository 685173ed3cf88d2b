"""Which rule pack holds for which unit, and what it says, as the rules take it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from gateway import rulepacks
from gateway.config import ConfigError, Settings
from gateway.rulepacks import RulePack
from gateway.rules.duty import DutyLimits
from gateway.rules.recorded import CoverageLimits
from gateway.rules.scope import Calendar, Frame, Kind, Mode, fold


@dataclass(frozen=True, slots=True)
class Law:
    """The pack of the configuration; a unit's own holds for the units below it as well."""

    pack: RulePack
    zone: ZoneInfo
    of_units: Mapping[str, RulePack] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> "Law":
        """Raises ConfigError for a pack that cannot be used."""
        try:
            own = {unit: rulepacks.load(pack) for unit, pack in settings.unit_rule_packs.items()}
            return cls(rulepacks.load(settings.rule_pack), ZoneInfo(settings.timezone), own)
        except rulepacks.PackError as error:
            raise ConfigError(str(error)) from error

    @property
    def signal_reach(self) -> timedelta:
        """The farthest that any unit's pack asks for."""
        packs = (self.pack, *self.of_units.values())
        return timedelta(seconds=max(pack.scope.signal_reach_seconds.value for pack in packs))

    def pack_for(self, unit: str | None, parents: Mapping[str, str | None]) -> RulePack:
        """The pack of the nearest unit above that has its own."""
        for one in upwards(unit, parents):
            if one in self.of_units:
                return self.of_units[one]
        return self.pack


def upwards(unit: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """A unit and those above it, the nearest first."""
    found: list[str] = []
    while unit is not None and unit not in found:
        found.append(unit)
        unit = parents.get(unit)
    return found


def frame_of(pack: RulePack) -> Frame:
    kinds = (
        Kind(
            name,
            frozenset(fold(word) for word in (kind.zh, *kind.aliases)),
            Mode(kind.mode.value),
            kind.nature.value.compulsory,
        )
        for name, kind in pack.scope.kinds.items()
    )
    return Frame.of(kinds, Mode(pack.scope.default_mode.value), Mode(pack.scope.room_mode.value))


def words_of(pack: RulePack) -> dict[Mode, tuple[str, ...]]:
    return {Mode(mode): words.value for mode, words in pack.scope.list_words.items()}


def limits_of(pack: RulePack, zone: ZoneInfo) -> DutyLimits:
    scope = pack.scope
    return DutyLimits(
        coverage=CoverageLimits(
            ratio=scope.coverage_ratio.value,
            gap_tolerance_s=scope.gap_tolerance_seconds.value,
            edge_slack_s=scope.edge_slack_seconds.value,
            edge_slack_share=scope.edge_slack_share.value,
            signal_reach_s=scope.signal_reach_seconds.value,
        ),
        upload_hours=pack.deadlines.upload_hours.value,
        remote_upload_hours=pack.deadlines.remote_upload_hours.value,
        grounds=frozenset(scope.omission_grounds.value),
        calendar=Calendar(
            night_from=scope.night_from.value,
            night_to=scope.night_to.value,
            holidays={year: frozenset(days.value) for year, days in scope.holidays.items()},
            zone=zone,
        ),
    )
