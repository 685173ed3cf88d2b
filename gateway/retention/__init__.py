"""Loads what the rule of retention needs to know about clips, and asks it."""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from gateway import custody
from gateway.law import packs_by_unit, parents_of
from gateway.linking.times import Times
from gateway.models import CaseRecord, Clip, Link, Original
from gateway.retention.items import periods
from gateway.retention.known import Known
from gateway.rulepacks import RulePack, RulePacks
from gateway.rules.retention import (
    Deadline,
    Flag,
    RetentionFacts,
    RetentionLimits,
    disposal_date,
    log_until,
    review_on,
    transfer_on,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One clip with the facts that decide how long it stays, and what they come to."""

    clip: Clip
    original: Original
    unit_id: str | None
    facts: RetentionFacts
    deadline: Deadline
    review_on: date | None
    transfers: dict[str, date]
    """By case: when its file is due at the state archive, at the earliest (R-61)."""
    log_until: date | None
    """The chain tells of it at least so long (R-80)."""
    pack: RulePack
    today: date
    """Where its device is."""

    @property
    def is_due(self) -> bool:
        return self.deadline.is_due(self.today)


def limits_of(pack: RulePack) -> RetentionLimits:
    rules = pack.retention
    flags = {flag: getattr(rules.flags, flag).value for flag in Flag}
    return RetentionLimits(
        unlinked_months=rules.unlinked_months.value,
        window_months=rules.window_months.value,
        important_months=rules.important_months.value,
        linked_years=rules.linked_years.value,
        real_estate_years=rules.real_estate_years.value,
        classes={
            name: None if years.value == "permanent" else int(years.value)
            for name, years in rules.classes.items()
        },
        procedures={name: named.value for name, named in rules.procedures.items()},
        permanent_flags=frozenset(flag for flag, kept in flags.items() if kept == "permanent"),
        review_months=rules.review_months.value,
        transfer_years={
            "municipal": rules.transfer_years.municipal.value,
            "county": rules.transfer_years.county.value,
        },
        log_months=rules.log_months.value,
    )


def judge(session: Session, packs: RulePacks, clip_ids: Collection[str], at: datetime) -> list[Judged]:
    """How long each of these clips stays, in their order by id; a few queries however many they are."""
    return judged(session, packs, Known(session, clip_ids), at)


def judged(session: Session, packs: RulePacks, known: Known, at: datetime) -> list[Judged]:
    """The same of what is read already: by other packs as well."""
    listed = periods(session, packs, known.ids)
    by_unit = packs_by_unit(session, packs)
    doubtful = untimed(session, packs, known.timed())
    found = []
    for clip, original in known.asked:
        device = known.devices[clip.device_id]
        zone = ZoneInfo(device.timezone)
        pack = by_unit.get(device.unit_id, packs.default)
        limits = limits_of(pack)
        facts = known.facts(clip, zone, listed, doubtful)
        deadline = disposal_date(facts, limits)
        found.append(
            Judged(
                clip=clip, original=original, unit_id=device.unit_id, facts=facts,
                deadline=deadline, review_on=review_on(facts, limits), transfers=transfers(facts, limits),
                log_until=log_until(deadline.on, limits) if deadline.on else None,
                pack=pack, today=at.astimezone(zone).date(),
            )
        )  # fmt: skip
    return found


def untimed(session: Session, packs: RulePacks, clips: Sequence[Clip]) -> set[str]:
    """Those of whose time nothing may be concluded, as linking sees it: their row holds one all the same."""
    if not clips:
        return set()
    times = Times(session, packs, parents_of(session))
    times.load(clips)
    return {clip.id for clip in clips if not times.is_known(clip)}


def transfers(facts: RetentionFacts, limits: RetentionLimits) -> dict[str, date]:
    """Of which level the unit is, nobody has told us: the earlier day."""
    found = ((case.uid, transfer_on(case, limits, None)) for case in facts.cases)
    return {uid: on for uid, on in sorted(found) if on is not None}


def written(facts: RetentionFacts) -> dict[str, Any]:
    """The facts as they are frozen: the same text for the same facts, whatever their order."""
    return {field.name: plain(getattr(facts, field.name)) for field in dataclasses.fields(facts)}


def plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted((plain(one) for one in value), key=custody.canonical)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: plain(inner) for name, inner in dataclasses.asdict(value).items()}
    return value.isoformat() if isinstance(value, date) else value


def linked_to_open() -> Any:
    """Clips that follow a file which is not archived: their time has not begun."""
    return (
        select(Link.clip_id)
        .join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        .where(
            col(Link.ended_at).is_(None),
            or_(col(CaseRecord.archived_on).is_(None), CaseRecord.retention_class == "permanent"),
        )
    )
