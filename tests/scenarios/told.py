"""The shape of a scenario: facts as a person tells them, and what has to follow."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

LOCAL = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 3, 2)


def moment(written: object) -> datetime:
    """`09:30` or `09:30:05` on the day of the scenario; `+1 08:00` a day later; or a whole ISO time."""
    text = str(written)
    if len(text) > 12:
        read = datetime.fromisoformat(text)
        return read if read.tzinfo else read.replace(tzinfo=LOCAL)
    days, _, clock = text.rpartition(" ")
    hours, minutes, *seconds = (float(part) for part in clock.split(":"))
    midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=LOCAL) + timedelta(days=int(days or 0))
    return midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)


At = Annotated[datetime, BeforeValidator(moment)]
Place = tuple[float, float]


class Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OfficerTold(Told):
    number: str | None = None
    cert: tuple[date, date] | None = (date(2025, 1, 1), date(2030, 12, 31))
    unit: str = "xt"


class DeviceTold(Told):
    type: str = "body_camera"
    status: str = "IN_SERVICE"
    room: str | None = None
    unit: str = "xt"
    timezone: str = "Asia/Shanghai"


class HeldTold(Told):
    """A line of the ledger: a checkout, or an allocation of the kind given."""

    id: str | None = None
    device: str = "cam"
    officer: str | None = None
    room: str | None = None
    kind: str = "CHECKOUT"
    since: At
    until: At | None = None
    refused: str | None = None
    """The code with which the ledger does not take the line; told in a later phase, order decides which."""


class ClockTold(Told):
    """At `at` the device showed `shown`; with `set`, we set it so."""

    device: str = "cam"
    at: At
    shown: At
    set: bool = False
    synchronised: bool = True


class StepTold(Told):
    id: str
    kind: str = "现场检查"
    stage: str = "调查取证"
    since: At
    until: At
    officers: list[str] = ["zhang", "li"]
    place: str | None = None
    at: Place | None = None
    room: str | None = None
    notice: bool | None = None


class CaseTold(Told):
    uid: str
    unit: str = "xt"
    title: str | None = None
    party: str | None = None
    numbers: list[str] = []
    handlers: list[str] = ["zhang", "li"]
    opened: At | None = None
    closed: At | None = None
    archived: At | None = None
    procedure: str | None = None
    steps: list[StepTold] = []
    papers: dict[str, str] = {}
    """Document type → its own number."""


class ClipTold(Told):
    """A file as its device tells of it: `shown` is the device's clock, `gps` is UTC written as local time.

    Every container time wears a Z and is local, unless `zone` says that the device means it.
    """

    id: str
    device: str = "cam"
    shown: At | None = None
    length: float | None = 600.0
    gps: At | None = None
    number: str | None = None
    officer: str | None = None
    """As the camera writes it: an officer's number."""
    at: Place | None = None
    place: str | None = None
    matter: str | None = None
    found: At | None = None
    """When it was found on its device; by default at 18:30."""
    zone: str = "Asia/Shanghai"
    secrecy: str | None = None
    transcript: str | None = None
    kind: Literal["VIDEO", "AUDIO", "PHOTO"] = "VIDEO"
    state: str = "PRESERVED"
    source: str = "container"


class CopyTold(Told):
    """The bytes of `clip` found once more, on `device`."""

    clip: str
    device: str
    found: At


class CheckTold(Told):
    """年检 of an officer's certificate."""

    officer: str
    passed: bool
    days: tuple[date, date] = (date(2026, 1, 1), date(2026, 12, 31))
    id: str | None = None
    replaces: str | None = None


class StateTold(Told):
    """What a person states of a clip (secrecy, transcript), with the reason where it is taken back."""

    clip: str
    secrecy: str | None = None
    transcript: str | None = None
    why: str | None = None
    refused: str | None = None


class AwayTold(Told):
    """Officers of a step were at a remote place and came back then (R-51)."""

    step: str
    back: At


class Expected(Told):
    """What stands of one clip; what is not said is not asked."""

    links: list[str] | None = None
    """`case/step`, or `case/-` where the step is open."""
    verdict: str | None = None
    review: bool = False
    """A person has to look: no link, or none that is valid; for what can honestly end in either way."""
    fails: list[str] | None = None
    """Codes of findings that did not pass, labels that nobody gave apart: all of them, of the first link."""
    passes: list[str] = []
    unlinked: str | None = None
    officer: str | None = None
    losers: dict[str, str] | None = None
    """`case/step` → why it lost."""
    segments: dict[str, tuple[float, float]] | None = None
    history: int | None = None
    """How many links it ever had."""
    doubt: str | None = None
    quarantine: str | None = None
    lacks: list[str] | None = None
    """What keeps it from being archived: labels, or codes; none: it is archivable."""
    proposes: str | None = None
    """证明对象 that the first link proposes."""


class Facts(Told):
    ledger: list[HeldTold] = []
    clocks: list[ClockTold] = []
    cases: list[CaseTold] = []
    clips: list[ClipTold] = []
    copies: list[CopyTold] = []
    corrects: dict[str, HeldTold] = {}
    """A line of the ledger by its id → what takes its place."""
    confirms: list[str] = []
    proves: dict[str, str] = {}
    """Clip → 证明对象 with which a person confirms its links."""
    withdraws: list[str] = []
    statuses: dict[str, str] = {}
    checks: list[CheckTold] = []
    states: list[StateTold] = []
    away: list[AwayTold] = []


class Phase(Facts):
    expect: dict[str, Expected] = {}


class Scenario(Phase):
    name: str
    source: str = Field(
        description="a trap of regulations 9 (`trap 8`), a rule id, or a failure of peers 4 (`peers 12`)"
    )
    why: str = ""
    officers: dict[str, OfficerTold] = {}
    devices: dict[str, DeviceTold] = {}
    then: list[Phase] = []

    def at_once(self) -> Facts:
        """What may come in any order: everything, where later phases only add facts; or the first phase."""
        uids = [case.uid for phase in (self, *self.then) for case in phase.cases]
        changed = any(
            one.corrects or one.confirms or one.proves or one.withdraws or one.statuses or one.copies
            or any(line.refused for line in one.ledger) or any(check.replaces for check in one.checks)
            or one.states or one.away
            for one in self.then
        )  # fmt: skip
        if not self.then or changed or len(set(uids)) < len(uids):
            return self
        told = (self, *self.then)
        return Facts(
            ledger=[one for phase in told for one in phase.ledger],
            clocks=[one for phase in told for one in phase.clocks],
            cases=[one for phase in told for one in phase.cases],
            clips=[one for phase in told for one in phase.clips],
            checks=[one for phase in told for one in phase.checks],
        )


def scenarios() -> list[Scenario]:
    """Every scenario of every file beside this one."""
    found: list[Scenario] = []
    for path in sorted(Path(__file__).parent.glob("*.yaml")):
        written: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        found += [Scenario.model_validate(one) for one in written]
    return found
