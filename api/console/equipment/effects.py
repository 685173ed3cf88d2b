"""What a change would do to links, as a person reads it: from whom to whom, which cases, clip by clip."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from api.effects import EffectOut, TargetOut, chunks
from gateway.database import Database
from gateway.models import Activity, CaseRecord, Clip, Officer, Original

MOST = 200
"""Clips that are listed one by one; the sums are of all."""


@dataclass(frozen=True, slots=True)
class Target:
    """A link as it stands, or as it would."""

    case: str | None
    """None: of another unit."""
    title: str
    step: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Moved:
    """One clip."""

    clip: str
    name: str
    started_at: datetime | None
    duration_s: float | None
    officer_before: str | None
    officer_after: str | None
    ends: tuple[Target, ...]
    begins: tuple[Target, ...]
    judged: tuple[tuple[Target, Target], ...]
    """To the same step, with another verdict: before and after."""
    stays: tuple[Target, ...]
    by_person: bool
    """It would be flagged only: all its links stay."""


@dataclass(frozen=True, slots=True)
class OfCase:
    case: str | None
    title: str
    loses: int
    gains: int


@dataclass(frozen=True, slots=True)
class Shown:
    clips: int
    moves: list[tuple[str | None, str | None, int]]
    """From whom, to whom, how many clips; the most first."""
    ends: int
    begins: int
    judged: int
    by_person: int
    cases: list[OfCase]
    listed: list[Moved]
    digest: str
    """Of all that it would do: whoever confirms confirms this."""

    @property
    def more(self) -> int:
        return self.clips - len(self.listed)


def shown(database: Database, found: Sequence[EffectOut]) -> Shown:
    with database.read() as session:
        names = Names(session, found)
        listed = [moved(one, names) for one in found[:MOST]]
    return Shown(
        clips=len(found),
        moves=[
            (names.officer(before), names.officer(after), count)
            for (before, after), count in Counter(
                (one.officer_before, one.officer_after)
                for one in found
                if one.officer_before != one.officer_after
            ).most_common()
        ],
        ends=sum(len(ending(one)) for one in found),
        begins=sum(len(beginning(one)) for one in found),
        judged=sum(len(judged(one)) for one in found),
        by_person=sum(one.stays_by_person for one in found),
        cases=cases(found, names),
        listed=listed,
        digest=hashlib.sha256("\n".join(one.model_dump_json() for one in found).encode()).hexdigest(),
    )


Key = tuple[str | None, str | None]


def by_step(targets: Iterable[TargetOut]) -> dict[Key, TargetOut]:
    return {(one.case_uid, one.activity_id): one for one in targets}


def sides(one: EffectOut) -> tuple[dict[Key, TargetOut], dict[Key, TargetOut]]:
    """Its links before and after; what a person decided stays as it is."""
    before = by_step(one.before)
    return before, before if one.stays_by_person else by_step(one.after)


def ending(one: EffectOut) -> list[TargetOut]:
    before, after = sides(one)
    return [target for key, target in before.items() if key not in after]


def beginning(one: EffectOut) -> list[TargetOut]:
    before, after = sides(one)
    return [target for key, target in after.items() if key not in before]


def judged(one: EffectOut) -> list[tuple[TargetOut, TargetOut]]:
    before, after = sides(one)
    both = ((target, after[key]) for key, target in before.items() if key in after)
    return [(was, will) for was, will in both if was.verdict != will.verdict]


def staying(one: EffectOut) -> list[TargetOut]:
    before, after = sides(one)
    return [target for key, target in before.items() if key in after and after[key].verdict == target.verdict]


def cases(found: Sequence[EffectOut], names: "Names") -> list[OfCase]:
    """Clips that a case would lose or gain; a link that only changes its step or verdict is neither."""
    loses, gains = Counter[str | None](), Counter[str | None]()
    for one in found:
        if one.stays_by_person:
            continue
        before, after = {each.case_uid for each in one.before}, {each.case_uid for each in one.after}
        loses.update(before - after)
        gains.update(after - before)
    every = sorted(loses.keys() | gains.keys(), key=lambda case: (-(loses[case] + gains[case]), case or ""))
    return [OfCase(case, names.case(case), loses[case], gains[case]) for case in every]


def moved(one: EffectOut, names: "Names") -> Moved:
    name, started_at, duration_s = names.clips[one.clip_id]
    return Moved(
        one.clip_id, name.rpartition("/")[2], started_at, duration_s, names.officer(one.officer_before),
        names.officer(one.officer_after), names.targets(ending(one)), names.targets(beginning(one)),
        tuple(zip(*(names.targets(side) for side in zip(*judged(one), strict=True)), strict=True)),
        names.targets(staying(one)), one.stays_by_person,
    )  # fmt: skip


class Names:
    """Of everything that stands in some effects."""

    def __init__(self, session: Session, found: Sequence[EffectOut]) -> None:
        targets = [each for one in found for each in (*one.before, *one.after)]
        people = {ref for one in found for ref in (one.officer_before, one.officer_after) if ref}
        self.officers = self.named(session, Officer.id, Officer.name, people)
        cases = {each.case_uid for each in targets if each.case_uid}
        self.titles = self.named(session, CaseRecord.uid, CaseRecord.title, cases)
        steps = {each.activity_id for each in targets if each.activity_id}
        self.steps = self.named(session, Activity.id, Activity.kind, steps)
        wanted: Any = select(Clip.id, Original.name, Clip.started_at, Clip.duration_s)
        rows = session.exec(
            wanted.join(Original, col(Original.id) == Clip.id).where(
                col(Clip.id).in_([one.clip_id for one in found[:MOST]])
            )
        )
        self.clips: dict[str, tuple[str, datetime | None, float | None]] = {ref: told for ref, *told in rows}

    def named(self, session: Session, ref: Any, name: Any, ids: set[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(ids)):
            found |= dict(session.exec(select(ref, name).where(col(ref).in_(some))).all())
        return found

    def officer(self, ref: str | None) -> str | None:
        return self.officers.get(ref, ref) if ref else None

    def case(self, uid: str | None) -> str:
        return self.titles.get(uid, uid) if uid else ""

    def targets(self, some: Iterable[TargetOut]) -> tuple[Target, ...]:
        return tuple(
            Target(
                one.case_uid, self.case(one.case_uid), self.steps.get(one.activity_id or "", ""), one.verdict
            )
            for one in some
        )
