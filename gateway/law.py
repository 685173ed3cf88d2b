"""Which rule pack holds for which unit, and what it says, as the rules take it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from gateway.config import Settings
from gateway.models import Unit, now
from gateway.rulepacks import RulePack, RulePacks, packs
from gateway.rulepacks.papers import StageName
from gateway.rulepacks.shape import ActivityKind
from gateway.rules.duty import DutyLimits
from gateway.rules.recorded import CoverageLimits
from gateway.rules.scope import Calendar, Frame, Kind, Mode, fold
from gateway.rules.stages import Stage, is_known


@dataclass(frozen=True, slots=True)
class Law:
    """The packs of the configuration, and the zone in which days begin."""

    packs: RulePacks
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> "Law":
        """Raises PackError for a pack that cannot be used."""
        return cls(packs(settings.rule_pack, settings.unit_rule_packs), ZoneInfo(settings.timezone))

    def today(self) -> date:
        """In the site's zone: in China a day has run for eight hours when UTC begins it."""
        return now().astimezone(self.zone).date()

    @property
    def signal_reach(self) -> timedelta:
        """The farthest that any unit's pack asks for."""
        return timedelta(seconds=max(pack.scope.signal_reach_seconds.value for pack in self.packs.every))

    def knows_stage(self, asked: str) -> bool:
        """Whether any unit's pack has a stage of that name."""
        return is_known(asked, [stages_of(pack) for pack in self.packs.every])


@cache
def stages_named_in(named: tuple[StageName, ...]) -> tuple[Stage, ...]:
    return tuple(Stage(one.id, one.name, one.seed, one.aliases) for one in named)


def stages_of(pack: RulePack) -> tuple[Stage, ...]:
    return stages_named_in(pack.forms.stages.value)


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


def parents_of(session: Session) -> dict[str, str | None]:
    """The unit above each unit."""
    return dict(session.exec(select(Unit.id, Unit.parent_id)).all())


def packs_by_unit(session: Session, packs: RulePacks) -> dict[str | None, RulePack]:
    """Every unit's pack; that of no unit is the site's."""
    parents = parents_of(session)
    return {None: packs.default, **{unit: packs.of(unit, parents) for unit in parents}}


def seam_of(session: Session, law: Law, unit: str | None) -> timedelta:
    """What may be missing between two files of one take and is no gap, by the pack of a unit."""
    pack = law.packs.of(unit, parents_of(session))
    return timedelta(seconds=pack.scope.gap_tolerance_seconds.value)


@dataclass(frozen=True, slots=True)
class Natures:
    """What a pack says of kinds of steps, by each of their names."""

    kinds: Mapping[str, ActivityKind]
    forms: Mapping[str, tuple[str, ...]]
    """Form → which kinds of step it records."""

    @classmethod
    def of(cls, pack: RulePack) -> "Natures":
        return cls(
            {fold(name): kind for kind in pack.scope.kinds.values() for name in (kind.zh, *kind.aliases)},
            {fold(form): kinds for form, kinds in pack.forms.document_activities.value.items()},
        )

    def kind(self, written: str) -> ActivityKind | None:
        return self.kinds.get(fold(written))

    def proved_by(self, form: str) -> tuple[str, ...]:
        """What the steps that a form records go to prove."""
        kinds = (self.kind(written) for written in self.forms.get(fold(form), ()))
        return tuple(kind.proves.value for kind in kinds if kind)


class UnitPacks:
    """The pack of each unit, and what it says of kinds of steps: asked once for each."""

    def __init__(self, packs: RulePacks, parents: Mapping[str, str | None]) -> None:
        self.packs, self.parents = packs, parents
        self.of_units: dict[str | None, RulePack] = {}
        self.read: dict[str, Natures] = {}
        """By the edition of the pack."""

    def of(self, unit: str | None) -> RulePack:
        if unit not in self.of_units:
            self.of_units[unit] = self.packs.of(unit, self.parents)
        return self.of_units[unit]

    def natures(self, unit: str | None) -> Natures:
        pack = self.of(unit)
        if pack.edition not in self.read:
            self.read[pack.edition] = Natures.of(pack)
        return self.read[pack.edition]

    def number_kinds(self, unit: str | None) -> tuple[str, ...]:
        """The words in the numbers of a unit's cases."""
        return self.of(unit).forms.number_kinds.value


def is_form(pack: RulePack, written: str) -> bool:
    """Whether a paper is one of the forms; another is kept as well."""
    return fold(written) in {fold(form) for form in pack.forms.documents.value}


def stage_of_form(pack: RulePack, written: str) -> str | None:
    """The stage of a case in which a form is made out."""
    stages = {fold(form): stage for form, stage in pack.forms.document_stages.value.items()}
    return stages.get(fold(written))


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
        calendar=calendar_of(pack, zone),
    )


def calendar_of(pack: RulePack, zone: ZoneInfo) -> Calendar:
    return Calendar(
        night_from=pack.scope.night_from.value,
        night_to=pack.scope.night_to.value,
        holidays={year: frozenset(days.value) for year, days in pack.scope.holidays.items()},
        zone=zone,
    )
