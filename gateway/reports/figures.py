"""What an indicator is (regulations 8): what counts, what it counts among, and what was left out and why."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from zoneinfo import ZoneInfo

from gateway.custody import canonical
from gateway.wording import Reason, reason
from gateway.wording.reports import BREAKDOWNS


class Code(StrEnum):
    """The indicators of regulations 8, in that order. Names and definitions: `gateway.wording.reports`."""

    EQUIPPED = "equipped"  # 配备率
    TO_SPEC = "to_spec"  # 达标率
    FULLY_RECORDED = "fully_recorded"  # 全程记录率
    KEY_PARTS_RECORDED = "key_parts_recorded"  # 重点环节记录率
    LINKED = "linked"  # 关联率
    LABELLED = "labelled"  # 标注完整率
    UPLOADED_IN_TIME = "uploaded_in_time"  # 按时上传率
    INTACT = "intact"  # 完整性校验通过率
    EXCEPTED = "excepted"  # 例外率
    HANDED_BACK = "handed_back"  # 交接闭环率
    VIEWINGS_APPROVED = "viewings_approved"  # 调阅审批率
    VIEWINGS = "viewings"  # 调阅次数
    ARCHIVE_OVERDUE = "archive_overdue"  # 超期未归档数


COUNTS = frozenset({Code.VIEWINGS, Code.ARCHIVE_OVERDUE})
"""Told as a number, not as a rate: their `rate` is None."""


FORMER = ("figure.no_approval_on_record", "figure.note_approvals")
"""What quarters say that were frozen before approvals of viewings were on record."""


class Side(StrEnum):
    """Where one case stands in a figure."""

    BOTH = "BOTH"  # counts, and is among those that it is counted among
    DENOMINATOR = "DENOMINATOR"  # only among those: what is missing to the whole
    NUMERATOR = "NUMERATOR"  # counts, but is not one of them: devices against places to be filled
    EXCLUDED = "EXCLUDED"


ABOVE = frozenset({Side.BOTH, Side.NUMERATOR})
BELOW = frozenset({Side.BOTH, Side.DENOMINATOR})

Keys = tuple[tuple[str, str], ...]
"""By what a figure is broken down: ("unit", "xt-scjg"), ("stage", "调查取证"), ("item", "现场检查") …"""


@dataclass(frozen=True, slots=True)
class Member:
    """One case that stands behind a figure."""

    kind: str
    """device, place, unit, activity, clip, checkout, custody (`chain#seq`), viewing, live_view, case."""
    id: str
    side: Side
    why: str = ""
    """Code of the reason why it is left out, or does not count; "" where it counts."""
    keys: Keys = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a breakdown."""

    by: str
    key: str
    numerator: int
    denominator: int
    excluded: int


@dataclass(frozen=True)
class Figure:
    """One indicator of one unit and those below it; every number is the length of a list of members."""

    code: Code
    members: tuple[Member, ...]
    """In order of kind and id."""
    told: bool = True
    """False: nothing is on record by which it could be told; then neither number is there."""
    notes: tuple[str, ...] = ()
    """Codes of what a reader has to know beside the number."""
    rules: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Of the values of rule packs that it rests on."""

    @cached_property
    def sides(self) -> Mapping[Side, int]:
        return Counter(one.side for one in self.members)

    @property
    def numerator(self) -> int | None:
        return sum(self.sides.get(side, 0) for side in ABOVE) if self.told else None

    @property
    def denominator(self) -> int | None:
        return sum(self.sides.get(side, 0) for side in BELOW) if self.told else None

    @property
    def rate(self) -> float | None:
        """None where there is nothing to count among: neither 0 nor 100 %. 配备率 may be more than 1."""
        if self.code in COUNTS or self.numerator is None or not self.denominator:
            return None
        return self.numerator / self.denominator

    @cached_property
    def excluded(self) -> Mapping[str, int]:
        """How many were left out, by reason."""
        return counted(one.why for one in self.members if one.side is Side.EXCLUDED)

    @cached_property
    def failing(self) -> Mapping[str, int]:
        """How many are among those counted and do not count, by reason."""
        return counted(one.why for one in self.members if one.side is Side.DENOMINATOR)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The same broken down; the lines of one breakdown need not sum up where a case has two keys."""
        sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for one in self.members:
            for key in one.keys:
                line = sums[key]
                line[0] += one.side in ABOVE
                line[1] += one.side in BELOW
                line[2] += one.side is Side.EXCLUDED
        return tuple(Part(by, key, *line) for (by, key), line in sorted(sums.items()))

    def of(self, side: Collection[Side], why: str | None = None) -> list[Member]:
        return [one for one in self.members if one.side in side and why in (None, one.why)]

    def no_breakdown(self, by: str) -> Reason | None:
        """Why none of its members could have a key of that: nothing but an empty list would come."""
        there = {name for one in self.members for name, _ in one.keys}
        known = [name for name in BREAKDOWNS if name in there or not there]
        if by in known:
            return None
        return reason("figure.no_breakdown", figure=self.code, by=by, known=", ".join(known))


def counted(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(codes).items()))


@dataclass(frozen=True, slots=True)
class Period:
    """From the beginning of a day up to, and without, the beginning of another, in the unit's zone."""

    since: datetime
    until: datetime
    name: str = ""
    """2026-Q3, 2026; "" of any other span."""

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None or not self.since < self.until:
            raise ValueError(f"no period: {self.since} to {self.until}")

    @classmethod
    def days(cls, first: date, after: date, zone: ZoneInfo, name: str = "") -> "Period":
        """`after` is the first day that is no longer of it."""
        return cls(datetime.combine(first, time(), zone), datetime.combine(after, time(), zone), name)

    @classmethod
    def quarter(cls, year: int, number: int, zone: ZoneInfo) -> "Period":
        first = date(year, 3 * number - 2, 1)
        after = date(year + 1, 1, 1) if number == 4 else date(year, 3 * number + 1, 1)
        return cls.days(first, after, zone, f"{year}-Q{number}")

    @classmethod
    def year(cls, year: int, zone: ZoneInfo) -> "Period":
        return cls.days(date(year, 1, 1), date(year + 1, 1, 1), zone, str(year))


@dataclass(frozen=True)
class Report:
    """All indicators of a unit and those below it over a period, as the facts stood at one moment."""

    unit_id: str | None
    """None: every unit that the viewer sees."""
    period: Period
    as_of: datetime
    packs: tuple[str, ...]
    """Editions (`id@version`) of the rule packs that it rests on."""
    figures: tuple[Figure, ...]
    pack_digests: Mapping[str, str] = field(default_factory=dict)

    def figure(self, code: Code) -> Figure:
        return next(one for one in self.figures if one.code is code)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of figures, members and all: equal reports have the same."""
        return hashlib.sha256(canonical(written(self)).encode()).hexdigest()


def written(report: Report) -> dict[str, object]:
    """A report as it is sealed."""
    return {
        "unit": report.unit_id,
        "since": report.period.since,
        "until": report.period.until,
        "period": report.period.name,
        "as_of": report.as_of,
        "packs": dict(report.pack_digests) or list(report.packs),
        "figures": [{**head(one), "members": grouped(one.members)} for one in report.figures],
    }


def head(figure: Figure) -> dict[str, object]:
    """The numbers of a figure, without what stands behind them."""
    return {
        "code": figure.code,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "excluded": dict(figure.excluded),
        "failing": dict(figure.failing),
        "notes": list(figure.notes),
        "rules": list(figure.rules),
        "sources": list(figure.sources),
    }


def grouped(members: Iterable[Member]) -> list[dict[str, object]]:
    """Members that differ by nothing but their id, together: a quarter has some ten thousand."""
    groups: dict[tuple[str, Side, str, Keys], list[str]] = defaultdict(list)
    for one in members:
        groups[one.kind, one.side, one.why, one.keys].append(one.id)
    return [
        {"kind": kind, "side": side, "why": why, "keys": keys, "ids": sorted(ids)}
        for (kind, side, why, keys), ids in sorted(groups.items())
    ]


def ungrouped(groups: Iterable[Mapping[str, object]]) -> tuple[Member, ...]:
    """The reverse of `grouped`."""
    found = []
    for group in groups:
        keys = tuple((str(by), str(key)) for by, key in group["keys"])  # type: ignore[attr-defined]
        kind, side, why = str(group["kind"]), Side(str(group["side"])), str(group["why"])
        found += [Member(kind, str(each), side, why, keys) for each in group["ids"]]  # type: ignore[attr-defined]
    return ordered(found)


def ordered(members: Iterable[Member]) -> tuple[Member, ...]:
    """By kind and id: in one figure a case stands once."""
    return tuple(sorted(members, key=attrgetter("kind", "id")))
