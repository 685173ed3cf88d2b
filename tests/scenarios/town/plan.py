"""A town of officers at work, as it truly is, and what its papers and devices say of it.

It knows nothing of the rules that judge it: this module must import nothing of `gateway.rules`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2026, 3, 2)
DISTRICTS = [
    "襄都",
    "信都",
    "任泽",
    "南和",
    "宁晋",
    "巨鹿",
    "新河",
    "广宗",
    "平乡",
    "威县",
    "清河",
    "临西",
    "内丘",
    "柏乡",
    "隆尧",
    "临城",
    "沙河",
    "南宫",
    "经开",
    "邢东",
]
TRADES = (
    ("市场监督管理局", "市监"),
    ("城市管理综合行政执法局", "城管"),
    ("生态环境局", "环"),
    ("卫生健康局", "卫健"),
)
KINDS = ("现场检查", "调查取证", "先行登记保存", "责令改正核查", "留置送达", "查封")


@dataclass(frozen=True)
class Noise:
    """How often things go wrong; the defaults are those of the task."""

    swaps: float = 0.05
    """Of the cameras taken out, those that an officer of another team of the unit uses in truth."""
    late_returns: float = 0.10
    wrong_clocks: float = 0.15
    """Of the devices."""
    largest_error_h: float = 9.0
    wrong_numbers: float = 0.05
    """Of the numbers that somebody wrote."""
    unread_clocks: float = 0.1
    """Of the devices, those whose clock nobody can read at docking."""
    numbered: float = 0.35
    """Takes to which an officer gave a case number."""
    positioned: float = 0.5
    """Devices that record a track."""
    stray: float = 0.06
    """Clips that show no enforcement, per clip that does."""
    forgotten: float = 0.03
    """Of the dockings, those left out: what is on the card comes with the next one."""
    next_door: float = 0.05
    """Of the steps outside, those after which the team goes next door: many a clip shows two cases."""
    flat: float = 0.04
    """Of the takes, those that end early because the battery was flat or the card full."""
    spoken_for: float = 0.5
    """Of what is missing, that of which somebody states why."""


@dataclass(frozen=True)
class Size:
    units: int = 20
    officers: int = 400
    devices: int = 300
    days: int = 30
    clips: int = 20_000


@dataclass(frozen=True)
class Unit:
    id: str
    name: str
    short: str
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Officer:
    id: str
    name: str
    unit: str
    number: str


@dataclass
class Camera:
    id: str
    unit: str
    kind: str
    """`PERSONAL`, `POOL` or `ROOM`."""
    owner: str | None
    error_s: float
    is_read: bool
    has_track: bool
    segment_s: int


@dataclass(frozen=True)
class Step:
    """As the text record tells it; `true_start` and `true_end` are what happened."""

    id: str
    case: str
    kind: str
    officers: tuple[str, ...]
    start: datetime
    end: datetime
    true_start: datetime
    true_end: datetime
    latitude: float
    longitude: float
    room: str | None
    stage: str = "调查取证"
    withdrawn: bool = False
    """The case system took it back."""


@dataclass
class Case:
    uid: str
    unit: str
    title: str
    number: str
    handlers: tuple[str, ...]
    opened: datetime
    steps: list[Step] = field(default_factory=list)


@dataclass
class Shot:
    """One file of a camera."""

    id: str
    camera: str
    start: datetime
    length_s: float
    take: str
    latitude: float | None
    longitude: float | None
    number: str | None
    officer_number: str | None
    docked: datetime
    truth: tuple[tuple[str, str], ...]
    """(case, step) that it shows, in truth."""
    why_hard: tuple[str, ...]
    """Which noise struck it."""


@dataclass(frozen=True)
class Loan:
    """A line of the checkout ledger, as written."""

    camera: str
    officer: str
    out: datetime
    back: datetime | None


@dataclass(frozen=True)
class Edition:
    """A unit's 音像记录事项清单; of each line the columns that say something."""

    unit: str
    since: datetime
    lines: tuple[dict[str, str], ...]
    corrected: bool = False
    """Another one took its place from the same day on."""


@dataclass(frozen=True)
class Said:
    """What somebody states about the recording of a step."""

    step: str
    kind: str
    """`OMISSION`, `GAP`, `URGENCY` or `AWAY`."""
    given: dict[str, str | datetime | None]
    corrected: bool = False


@dataclass(frozen=True)
class Told:
    """A signal of a recorder."""

    camera: str
    kind: str
    received: datetime
    shown: datetime | None
    """By the clock of the camera."""
    detail: dict[str, str] = field(default_factory=dict)


@dataclass
class Town:
    units: list[Unit] = field(default_factory=list)
    officers: list[Officer] = field(default_factory=list)
    cameras: list[Camera] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    editions: list[Edition] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    taken_out: int = 0
    """How often a camera was taken out, and how often another team used it in truth."""
    swapped: int = 0

    @cached_property
    def night(self) -> datetime:
        """Two in the morning after the last docking: what was recorded since is still on the cameras.

        Not to be asked for before the last clip is there.
        """
        last = max(shot.docked for shot in self.shots).astimezone(LOCAL)
        return local(last.date() + timedelta(days=1), 2)

    def as_of_night(self) -> None:
        """What is known when the last clip has come."""
        begun = {step.id for case in self.cases for step in case.steps if step.start < self.night}
        self.said = [one for one in self.said if one.step in begun]
        self.told = [one for one in self.told if one.received < self.night]


def local(day: date, hour: float) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC) + timedelta(hours=hour)


def workdays(days: int) -> Iterator[date]:
    for number in range(days):
        yield FIRST_DAY + timedelta(days=number)
