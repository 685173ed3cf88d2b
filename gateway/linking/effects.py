"""What a correction would do to links, before anybody makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.database import Database
from gateway.device import Refused
from gateway.linking.deciding import LABELS, Judged, is_outdated, judge_all, labels_now, labels_of
from gateway.linking.due import BATCH, affected
from gateway.linking.facts import Facts
from gateway.linking.standing import Links, links_of, step_id
from gateway.models import Clip, RelinkDue
from gateway.rulepacks import RulePacks

Target = tuple[str, str | None, str]
"""Case, step, verdict."""

REACH = 20_000
"""Clips that one try may look at: some ten seconds in which nobody else writes, of the thirty they wait."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One clip that would be linked or labelled otherwise."""

    clip_id: str
    before: tuple[Target, ...]
    after: tuple[Target, ...]
    officer_before: str | None
    officer_after: str | None
    stays_by_person: bool
    """A person decided it, or its case is archived: it would be flagged and not changed."""
    labels: tuple[str, ...] = ()
    """Labels of the clip that would be others."""

    @property
    def is_seen(self) -> bool:
        """Another step, verdict or holder; else only reasons or labels differ."""
        return sorted(self.before, key=str) != sorted(self.after, key=str) or (
            self.officer_before != self.officer_after
        )


class TakenBack(Exception):
    """Ends the transaction in which a correction was only tried."""


def effects(
    database: Database, packs: RulePacks, change: Callable[[Session], object], most: int = REACH
) -> list[Effect]:
    """Try a change, see which links it moves, and take it back; raises what the change raises.

    Exactly what re-linking would do, for it is asked itself; the writer's lock is held meanwhile. Raises
    Refused where that would be too long: more than `most` clips would have to be looked at.
    """
    found: list[Effect] = []
    try:
        with database.write() as session:
            known = set(session.exec(select(RelinkDue.id)))
            change(session)
            session.flush()
            rows = session.exec(select(RelinkDue).order_by(col(RelinkDue.id))).all()
            found = seen(session, packs, [row for row in rows if row.id not in known], most)
            raise TakenBack
    except TakenBack:
        return found


def seen(session: Session, packs: RulePacks, rows: list[RelinkDue], most: int) -> list[Effect]:
    facts, found, looked_at = Facts(session, packs), list[Effect](), set[str]()
    for row in rows:
        cursor: str | None = row.cursor
        while True:
            asked = RelinkDue(**row.model_dump(exclude={"cursor"}), cursor=cursor)
            reached = affected(session, asked, packs, BATCH)
            fresh = [one for one in reached if one not in looked_at]
            looked_at.update(reached)
            if len(looked_at) > most:
                raise Refused("link.too_wide", clips=most)
            clips = select(Clip).where(col(Clip.id).in_(fresh))
            found += moves(facts, list(session.exec(clips.order_by(col(Clip.id)))))
            if len(reached) < BATCH:
                break
            cursor = reached[-1]
    return found


def moves(facts: Facts, clips: list[Clip]) -> list[Effect]:
    links = links_of(facts.session, [clip.id for clip in clips])
    judged = zip(clips, judge_all(facts, clips, links), strict=True)
    tried = (effect(clip, one, links[clip.id]) for clip, one in judged if not facts.is_destroyed(clip))
    return [one for one in tried if one]


def effect(clip: Clip, judged: Judged, links: Links) -> Effect | None:
    """None where re-linking would write nothing."""
    if not is_outdated(clip, judged, links):
        return None
    now, winners = labels_now(clip), judged.decision.winners
    then = labels_of(now, judged, links)
    labels = tuple(name for name in LABELS if now[name] != then[name])
    return Effect(
        clip.id,
        tuple((link.case_uid, link.activity_id, link.verdict) for link in links.standing),
        tuple((one.case.case_uid, step_id(one), one.verdict.value) for one in winners),
        clip.officer_id,
        then["officer_id"],
        bool(links.kept),
        labels,
    )
