"""What a correction would do to links, before anybody makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.database import Database
from gateway.linking.deciding import judge_all
from gateway.linking.due import BATCH, affected
from gateway.linking.facts import Facts
from gateway.linking.standing import links_of, moved, step_id
from gateway.models import Clip, RelinkDue
from gateway.rulepacks import RulePacks

Target = tuple[str, str | None, str]
"""Case, step, verdict."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One clip whose links would change."""

    clip_id: str
    before: tuple[Target, ...]
    after: tuple[Target, ...]
    officer_before: str | None
    officer_after: str | None
    stays_by_person: bool
    """A person decided it, or its case is archived: it would be flagged and not changed."""


class TakenBack(Exception):
    """Ends the transaction in which a correction was only tried."""


def effects(
    database: Database, packs: RulePacks, change: Callable[[Session], object], most: int = 10_000
) -> list[Effect]:
    """Try a change, see which links it moves, and take it back; raises what the change raises.

    Exactly what re-linking would do, for it is asked itself; the writer's lock is held meanwhile.
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
        while len(found) < most:
            asked = RelinkDue(**row.model_dump(exclude={"cursor"}), cursor=cursor)
            reached = affected(session, asked, packs, BATCH)
            clips = select(Clip).where(col(Clip.id).in_([one for one in reached if one not in looked_at]))
            found += moves(facts, list(session.exec(clips.order_by(col(Clip.id)))))
            looked_at.update(reached)
            if len(reached) < BATCH:
                break
            cursor = reached[-1]
    return found


def moves(facts: Facts, clips: list[Clip]) -> list[Effect]:
    links = links_of(facts.session, [clip.id for clip in clips])
    found = []
    for clip, judged in zip(clips, judge_all(facts, clips, links), strict=True):
        if (
            not moved(links[clip.id], judged.decision.winners)
            and judged.custody.officer_id == clip.officer_id
        ):
            continue
        found.append(
            Effect(
                clip.id,
                tuple((link.case_uid, link.activity_id, link.verdict) for link in links[clip.id].standing),
                tuple(
                    (one.case.case_uid, step_id(one), one.verdict.value) for one in judged.decision.winners
                ),
                clip.officer_id,
                judged.custody.officer_id,
                bool(links[clip.id].kept),
            )
        )
    return found
