"""What a legal hold reaches now, for whoever places it: a name that nobody knows holds nothing yet."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from gateway.database import columns
from gateway.models import CaseRecord, Clip, Finding, HoldKind, LegalHold, Link, Original, State
from gateway.retention import parties, untimed
from gateway.retention.known import Known
from gateway.rulepacks import RulePacks
from gateway.visibility import Viewer, visible

PAGE = 500
NAMING = columns(CaseRecord.uid, CaseRecord.party_name, CaseRecord.party_code, CaseRecord.former_parties)


@dataclass(frozen=True, slots=True)
class Reach:
    """Of what the viewer may see; a hold itself asks nobody's unit."""

    clips: int
    cases: int


def reach(session: Session, packs: RulePacks, hold: LegalHold, viewer: Viewer) -> Reach:
    match hold.kind:
        case HoldKind.CLIP:
            return Reach(1, 0)
        case HoldKind.CASE:
            return of_cases(session, [hold.case_uid or ""], viewer)
        case HoldKind.PARTY:
            return of_cases(session, cases_of(session, hold, viewer), viewer)
        case HoldKind.DEVICE:
            return Reach(sum(of_device(session, packs, hold, viewer)), 0)


def of_cases(session: Session, uids: Iterable[str], viewer: Viewer) -> Reach:
    """Also what was linked once: to take a link back takes no hold away."""
    wanted = sorted(set(uids))
    clips: set[str] = set()
    for place in range(0, len(wanted), PAGE):
        ever = (
            select(Link.clip_id)
            .join(Clip, col(Clip.id) == Link.clip_id)
            .join(Original, col(Original.id) == Clip.id)
            .where(
                col(Link.case_uid).in_(wanted[place : place + PAGE]),
                Original.state != State.DESTROYED,
                visible(viewer, Clip),
            )
        )
        clips.update(session.exec(ever))
    return Reach(len(clips), len(wanted))


def cases_of(session: Session, hold: LegalHold, viewer: Viewer) -> Iterator[str]:
    cases = NAMING.where(visible(viewer, CaseRecord))
    for page in pages(session, cases, CaseRecord.uid):
        named = parties.named(session, page, [hold])
        yield from (uid for uid, one in named.items() if one.has(hold))


def of_device(session: Session, packs: RulePacks, hold: LegalHold, viewer: Viewer) -> Iterator[int]:
    """How many of each page, as the rule itself sees it."""
    found_there = select(Finding.original_id).where(Finding.device_id == hold.device_id)
    kept = select(Original.duplicate_of).where(col(Original.id).in_(found_there))
    clips: Any = (
        select(Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .where(
            or_(
                Clip.device_id == hold.device_id,
                Original.device_id == hold.device_id,
                col(Clip.id).in_(found_there),
                col(Clip.id).in_(kept),
            ),
            Original.state != State.DESTROYED,
            visible(viewer, Clip),
        )
    )
    for page in pages(session, clips, Clip.id):
        known = Known(session, [one.id for one in page])
        doubtful = untimed(session, packs, known.timed())
        zone = ZoneInfo("UTC")  # no day is asked for
        facts = (known.facts(clip, zone, {}, doubtful) for clip, _ in known.asked)
        yield sum(any(held.hold == hold.id for held in one.holds) for one in facts)


def pages(session: Session, wanted: Any, key: Any) -> Iterator[list[Any]]:
    last = ""
    while page := list(session.execute(wanted.where(key > last).order_by(key).limit(PAGE)).all()):
        yield page
        last = page[-1][0]
