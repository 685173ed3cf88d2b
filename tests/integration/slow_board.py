"""The obligation board worked out slowly: step by step, piece by piece, with no code of the board's.

It reads the tables and the rule pack's YAML as they stand, and counts in whole microseconds and fractions.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml
from sqlmodel import Session, SQLModel, select

from gateway.models import (
    Activity,
    CaseRecord,
    Clip,
    Device,
    DeviceSignal,
    Link,
    Original,
    ScopeItem,
    ScopeList,
    Statement,
    Unit,
)

LAW = yaml.safe_load(
    (resources.files("gateway.rulepacks") / "packs" / "hebei-xingtai-2019.yaml").read_text(encoding="utf-8")
)
SCOPE = LAW["scope"]
STRICT = ["OPTIONAL", "PARTIAL", "FULL"]
CHINA = ZoneInfo("Asia/Shanghai")
MICROSECOND = timedelta(microseconds=1)
WARNINGS = {"low_battery", "storage_low", "tamper"}


def value(name: str) -> Any:
    return SCOPE[name]["value"]


def exact(name: str) -> Fraction:
    return Fraction(str(value(name)))


def whole(span: timedelta) -> int:
    return span // MICROSECOND


def length_of(seconds: float) -> int:
    return whole(timedelta(seconds=seconds))


@dataclass
class SlowGap:
    start: datetime
    end: datetime
    cause: str | None
    explained: bool
    sure: bool


@dataclass
class SlowRow:
    mode: str
    stage: str
    standing: str
    due: datetime
    shares: tuple[Fraction, Fraction, Fraction]
    """Certain, measured, possible; to a millionth, as the board tells them."""
    late: bool
    doubtful: bool
    failed: set[str] = field(default_factory=set)
    gaps: list[SlowGap] = field(default_factory=list)


class Seen(NamedTuple):
    """One linked clip, in microseconds from the step's beginning."""

    recorder: str
    first: int
    last: int
    doubt: int


def grouped(rows: Iterable[Any], key: Callable[[Any], Any]) -> defaultdict[Any, list[Any]]:
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


class Books:
    """Every row that is needed, as it stands in its table."""

    def __init__(self, session: Session) -> None:
        def every(model: type[SQLModel]) -> list[Any]:
            return list(session.exec(select(model)))

        self.steps = every(Activity)
        self.cases = {one.uid: one for one in every(CaseRecord)}
        self.units = {one.id: one for one in every(Unit)}
        self.lists = grouped(every(ScopeList), lambda one: one.unit_id)
        self.items = grouped(every(ScopeItem), lambda one: one.list_id)
        self.clips = {one.id: one for one in every(Clip)}
        self.originals = {one.id: one for one in every(Original)}
        self.links = grouped(every(Link), lambda one: one.activity_id)
        self.said = grouped(every(Statement), lambda one: one.activity_id)
        self.told = grouped(every(DeviceSignal), lambda one: one.device_id)
        self.of_rooms = grouped(every(Device), lambda one: one.room_id)


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


@cache
def kind_of(written: str) -> dict[str, Any] | None:
    for kind in SCOPE["kinds"].values():
        if letters(written) in {letters(name) for name in (kind["zh"], *kind.get("aliases", []))}:
            return dict(kind)
    return None


def stage_of(written: str) -> str:
    """The seed's word for a stage told by its id, by its name, or by the seed's word itself."""
    for one in LAW["forms"]["stages"]["value"]:
        if letters(written).upper() in {one["id"], one["name"], one["seed"]}:
            return str(one["seed"])
    return "unknown_stage"


def parts_of(text: str) -> list[str]:
    return [one for one in re.split("[、,，]", text) if one]


def list_for(books: Books, unit: str | None, at: datetime) -> list[ScopeItem]:
    while unit is not None:
        held = [one for one in books.lists[unit] if one.superseded_at is None and one.valid_from <= at]
        if held:
            return books.items[max(held, key=lambda one: one.valid_from).id]
        unit = books.units[unit].parent_id
    return []


def asks(line: ScopeItem) -> str:
    text = letters(line.demand + line.means + line.content + line.starts + line.ends + line.note)
    for mode in reversed(STRICT):
        if any(letters(word) in text for word in SCOPE["list_words"][mode]["value"]):
            return mode
    return "FULL" if line.starts and line.ends else "PARTIAL"


def is_about(line: ScopeItem, step: Activity) -> bool:
    """By the very word, or by kind: of the matter only where the step names none. Lines name kinds in full."""
    kind = kind_of(step.kind)
    if letters(step.kind) in {letters(one) for one in parts_of(line.step) + parts_of(line.matter)}:
        return True
    named = [kind_of(one) for one in parts_of(line.step)]
    if not any(named):
        named = [kind_of(one) for one in parts_of(line.matter)]
    return kind is not None and any(one is not None and one["zh"] == kind["zh"] for one in named)


def mode_of(books: Books, step: Activity) -> tuple[str, bool]:
    """(mode, known)."""
    kind = kind_of(step.kind)
    asked = [kind["mode"]["value"] if kind else value("default_mode")]
    if step.room_id:
        asked.append(value("room_mode"))
    lines = list_for(books, books.cases[step.case_uid].unit_id, step.started_at)
    about = [line for line in lines if is_about(line, step)]
    return max([*asked, *map(asks, about)], key=STRICT.index), kind is not None or bool(about)


class Linked(NamedTuple):
    """What was linked to one step."""

    seen: list[Seen]
    """What has its place in time, and a length."""
    arrivals: list[datetime]
    """When each came that counts, those without a place in time among them."""
    strays: int
    """Of another time."""
    shells: int
    """Nothing to see in them."""


def clips_of(books: Books, step: Activity) -> Linked:
    found = Linked([], [], 0, 0)
    strays = shells = 0
    slack = length_of(60 * LAW["linking"]["activity_slack_minutes"]["value"])
    for link in books.links[step.id]:
        if link.ended_at is not None or link.status.value == "WITHDRAWN" or link.verdict == "REJECTED":
            continue
        clip, original = books.clips[link.clip_id], books.originals[link.clip_id]
        if (clip.condition or {}).get("code") in {"condition.not_media", "condition.unplayable"}:
            shells += 1
            continue
        arrival = original.acquired_at or original.found_at
        if clip.started_at is None or clip.ended_at is None:
            found.arrivals.append(arrival)
            continue
        begin = whole(clip.started_at - step.started_at)
        end = whole(clip.ended_at - step.started_at)
        last = end if link.t1_s is None else min(end, begin + length_of(link.t1_s))
        first = begin + length_of(link.t0_s or 0)
        doubt = length_of(clip.uncertainty_s or 0)
        too_early = 0 - max(first, last) > slack + doubt
        too_late = first - whole(step.ended_at - step.started_at) > slack + doubt
        if (too_early or too_late) and not time_is_unknown(link):
            strays += 1
            continue
        found.arrivals.append(arrival)
        if first < last:
            found.seen.append(Seen(clip.device_id, first, last, doubt))
    return found._replace(strays=strays, shells=shells)


def time_is_unknown(link: Link) -> bool:
    """采集时间 is one of the labels that its card misses."""
    missed = [one["facts"]["labels"] for one in link.reasons if one["code"] == "labels.missing"]
    return any("采集时间" in labels.split("、") for labels in missed)


Piece = tuple[int, int]


def joined(pieces: Iterable[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for first, last in sorted(pieces):
        if found and found[-1][1] == first:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


class Pieces:
    """A step cut wherever anything may begin or end; whether a piece is recorded is asked of each alone."""

    def __init__(self, clips: list[Seen], length: int) -> None:
        self.clips, self.length = clips, length
        self.levels = {0} | {one.doubt for one in clips}
        ends = {end for one in clips for end in (one.first, one.last)}
        cuts = sorted({0, length} | {end + way * by for end in ends for by in self.levels for way in (-1, 1)})
        self.all = list(pairwise(cuts))
        self.slack = min(exact("edge_slack_seconds") * 1_000_000, length * exact("edge_slack_share"))

    def within(self, stretches: Iterable[Piece]) -> set[Piece]:
        listed = list(stretches)
        return {one for one in self.all if any(a <= one[0] and one[1] <= b for a, b in listed)}

    def bare(self, of: list[Seen]) -> set[Piece]:
        seam = value("gap_tolerance_seconds") * 1_000_000
        seams = [
            (before.last, after.first)
            for before in of
            for after in of
            if before.recorder == after.recorder and 0 < after.first - before.last <= seam
        ]
        return self.within([*((one.first, one.last) for one in of), *seams])

    def holes(self, have: set[Piece]) -> list[Piece]:
        bare = [one for one in self.all if one[0] >= 0 and one[1] <= self.length and one not in have]
        return [one for one in joined(bare) if one[1] > self.slack and one[0] < self.length - self.slack]

    def share(self, have: set[Piece]) -> Fraction:
        lost = sum(last - first for first, last in self.holes(have))
        return round(1 - Fraction(lost, self.length), 6)

    def certain(self) -> set[Piece]:
        """A piece of which one recorder's clips, none less sure than a level, have all within that level."""
        have: set[Piece] = set()
        for recorder in {one.recorder for one in self.clips}:
            for level in self.levels:
                sure = self.bare(
                    [one for one in self.clips if one.recorder == recorder and one.doubt <= level]
                )
                have |= {one for one in self.all if self.has_all(sure, one[0] - level, one[1] + level)}
        return have

    def has_all(self, sure: set[Piece], first: int, last: int) -> bool:
        if first < self.all[0][0] or last > self.all[-1][1]:
            return False  # nothing is recorded beyond the outermost cut
        return all(one in sure for one in self.all if one[1] > first and one[0] < last)

    def possible(self) -> set[Piece]:
        wide = [(one.first - one.doubt, one.last + one.doubt) for one in self.clips]
        return self.bare(self.clips) | self.within(wide)


def of_a_moment(clips: list[Seen]) -> tuple[Fraction, Fraction, Fraction]:
    """A step without length: whether that moment is in a clip."""
    return (
        Fraction(any(one.first + one.doubt <= 0 <= one.last - one.doubt for one in clips)),
        Fraction(any(one.first <= 0 <= one.last for one in clips)),
        Fraction(any(one.first - one.doubt <= 0 <= one.last + one.doubt for one in clips)),
    )


def causes(books: Books, step: Activity, recorders: set[str], start: datetime, end: datetime) -> Any:
    """(cause, whether people gave a reason for all of it)."""
    told: list[tuple[int, int, timedelta, str]] = []
    reasons: list[Piece] = []
    for one in current(books, step, "GAP"):
        since, until = one.from_at or step.started_at, one.to_at or step.ended_at
        if since < end and until > start:
            accepted = one.ground in value("gap_causes")
            told.append((int(accepted), 1, min(until, end) - max(since, start), str(one.ground)))
            if accepted:
                reasons.append((whole(since - start), whole(until - start)))
    reach = timedelta(seconds=value("signal_reach_seconds"))
    for signal in (one for recorder in recorders for one in books.told[recorder]):
        at = signal.device_time or signal.received_at
        if signal.kind == "gap":
            since, until = (datetime.fromisoformat(signal.detail[name]) for name in ("from", "to"))
            if since < end and until > start:
                told.append((0, 1, min(until, end) - max(since, start), signal.detail["cause"]))
        elif signal.kind in WARNINGS | {"rec_stop"} and start - reach < at < end:
            told.append((0, int(signal.kind in WARNINGS), timedelta(), signal.kind))
    return max(told)[3] if told else None, bool(reasons) and all_said(reasons, whole(end - start))


def all_said(reasons: list[Piece], length: int) -> bool:
    """But for what people round away."""
    ends = {end for one in reasons for end in one if 0 < end < length}
    cuts = sorted({0, length} | ends)
    silent = [
        one
        for one in pairwise(cuts)
        if not any(since <= one[0] and one[1] <= until for since, until in reasons)
    ]
    return all(last - first <= value("edge_slack_seconds") * 1_000_000 for first, last in joined(silent))


def current(books: Books, step: Activity, kind: str) -> list[Statement]:
    said = books.said[step.id]
    return [one for one in said if one.superseded_at is None and one.kind.value == kind]


def dark(step: Activity) -> set[str]:
    """Which rests of execution it touches: minute by minute."""
    known = {int(year): days["value"] for year, days in SCOPE["holidays"].items()}
    touched = set()
    at = step.started_at
    while at == step.started_at or at < step.ended_at:
        local = at.astimezone(CHINA)
        if local.hour >= 22 or local.hour < 6:
            touched.add("night")
        if local.year not in known:
            touched.add("unknown")
        elif local.date() in known[local.year]:
            touched.add("holiday")
        at += timedelta(minutes=1)
    return touched


def deadline_of(books: Books, step: Activity) -> datetime:
    hours = {
        name: timedelta(hours=LAW["deadlines"][name]["value"])
        for name in ("upload_hours", "remote_upload_hours")
    }
    back = [one.to_at + hours["remote_upload_hours"] for one in current(books, step, "AWAY") if one.to_at]
    return max([step.ended_at + hours["upload_hours"], *back])


def is_excused(omission: Statement) -> bool:
    """R-19: ground, reason, work record, report and approval."""
    one = omission
    given = one.why, one.work_record, one.reported_to, one.approved_by, one.approved_at
    return one.ground in value("omission_grounds") and all(given)


def standing_of(
    books: Books, step: Activity, at: datetime, mode: str, *, is_whole: bool, came: bool, due: datetime
) -> str:
    if is_whole:
        return "ARRIVED"
    if mode == "OPTIONAL" or any(map(is_excused, current(books, step, "OMISSION"))):
        return "EXEMPT"
    if at < step.ended_at:
        return "UPCOMING"
    if came:
        return "PARTIAL"
    return "OVERDUE" if at > due else "MISSING"


def slow_row(books: Books, step: Activity, at: datetime) -> SlowRow:
    mode, known = mode_of(books, step)
    clips, arrivals, strays, shells = clips_of(books, step)
    is_over = at >= step.ended_at
    length = whole((step.ended_at if is_over else max(at, step.started_at)) - step.started_at)
    holes: list[Piece] = []
    surely: list[Piece] = []
    if length > 0:
        pieces = Pieces(clips, length)
        have = pieces.bare(clips)
        holes, surely = pieces.holes(have), pieces.holes(pieces.possible())
        shares = pieces.share(pieces.certain()), pieces.share(have), pieces.share(pieces.possible())
    else:
        shares = of_a_moment(clips)
    certain, share, possible = shares
    wanted, due = exact("coverage_ratio"), deadline_of(books, step)
    failed = set() if known else {"R-16"}
    is_whole = bool(arrivals) and (mode != "FULL" or (is_over and share >= wanted))
    standing = standing_of(books, step, at, mode, is_whole=is_whole, came=bool(arrivals), due=due)
    failed |= {"PARTIAL": {"LK-14"}, "MISSING": {"LK-15"}, "OVERDUE": {"LK-15"}}.get(standing, set())
    if standing in {"PARTIAL", "MISSING", "OVERDUE"} and current(books, step, "OMISSION"):
        failed.add("LK-15")
    recorders = {one.recorder for one in clips}
    if step.room_id:
        recorders |= {one.id for one in books.of_rooms[step.room_id]}
    gaps = []
    for first, last in holes:
        start, end = step.started_at + first * MICROSECOND, step.started_at + last * MICROSECOND
        sure = any(begins < last and first < ends for begins, ends in surely)
        gaps.append(SlowGap(start, end, *causes(books, step, recorders, start, end), sure))
    if standing == "PARTIAL" and clips and not all(gap.explained for gap in gaps):
        failed.add("LK-9")
    arrived_late = any(one > due for one in arrivals)
    if arrived_late:
        failed.add("LK-11")
    doubtful = bool(mode == "FULL" and is_over and arrivals and certain < wanted <= possible)
    if doubtful and share < wanted:
        failed.add("LK-14")
    kind = kind_of(step.kind)
    urgent = any(one.why for one in current(books, step, "URGENCY"))
    if kind and kind["nature"]["value"]["compulsory"] == "execution" and dark(step) and not urgent:
        failed.add("LK-18")
    if strays:
        failed.add("LK-7")
    if shells:
        failed.add("R-59")
    owing = standing in {"PARTIAL", "OVERDUE"} and at > due
    return SlowRow(
        mode, stage_of(step.stage), standing, due, shares, arrived_late or owing, doubtful, failed, gaps
    )


def slow_board(session: Session, since: datetime, until: datetime, at: datetime) -> dict[str, SlowRow]:
    books = Books(session)
    wanted = [one for one in books.steps if since <= one.started_at < until and one.withdrawn_at is None]
    return {step.id: slow_row(books, step, at) for step in wanted}
