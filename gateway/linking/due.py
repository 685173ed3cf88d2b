"""Which clips a changed fact can reach, and working them off in the background."""

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

from gateway.database import Database
from gateway.linking import clocks
from gateway.linking.deciding import differences, relink
from gateway.linking.facts import Facts
from gateway.models import Clip, RelinkDue
from gateway.rulepacks import RulePacks
from gateway.rules import case_number

MARGIN = timedelta(days=1)
BATCH = 500
AT_ONCE = 20


def due(
    session: Session,
    why: str,
    *,
    clip_id: str | None = None,
    device_id: str | None = None,
    numbers: Iterable[str] = (),
    span: tuple[datetime | None, datetime | None] | None = None,
    found_from: datetime | None = None,
) -> None:
    """Note, in the transaction that changes a fact, which clips are to be decided anew."""
    if found_from is not None:
        session.add(RelinkDue(why=why, device_id=device_id, found_from=found_from))
        return
    for number in numbers:
        session.add(RelinkDue(why=why, alias_norm=case_number.normalise(number)))
    if clip_id or span is not None:
        start, end = span or (None, None)
        session.add(RelinkDue(why=why, clip_id=clip_id, device_id=device_id, from_at=start, to_at=end))


def take_due(session: Session, clip: Clip) -> None:
    """What one file of a take declares, and how long the take is, holds for the others."""
    if clip.recording_id is not None:
        for other in session.exec(select(Clip.id).where(Clip.recording_id == clip.recording_id)):
            due(session, "take", clip_id=other)


def affected(
    session: Session, row: RelinkDue, packs: RulePacks, limit: int, margin: timedelta = MARGIN
) -> list[str]:
    """The next clips that one changed fact can reach, in order, after the row's cursor."""
    if row.found_from is not None:
        return clocks.reached(session, row, packs.default.clock.docking_seconds.value, limit)
    clips = select(Clip.id).where(Clip.id > (row.cursor or ""))
    if row.clip_id:
        clips = clips.where(Clip.id == row.clip_id)
    elif row.alias_norm is not None:
        number_kinds = packs.default.forms.number_kinds.value
        keys = {row.alias_norm, case_number.key_text(row.alias_norm, number_kinds) or row.alias_norm}
        named = select(Clip.recording_id).where(
            col(Clip.case_key).in_(keys), col(Clip.recording_id).is_not(None)
        )
        clips = clips.where(or_(col(Clip.case_key).in_(keys), col(Clip.recording_id).in_(named)))
    else:
        clips = clips.where(col(Clip.times).is_not(None))
        if row.device_id is not None:
            clips = clips.where(Clip.device_id == row.device_id)
        # a clip whose time is not known yet is about to be decided: it may need this fact
        if row.from_at is not None:
            clips = clips.where(or_(col(Clip.ended_at) >= row.from_at - margin, col(Clip.ended_at).is_(None)))
        if row.to_at is not None:
            clips = clips.where(
                or_(col(Clip.started_at) <= row.to_at + margin, col(Clip.started_at).is_(None))
            )
    return list(session.exec(clips.order_by(col(Clip.id)).limit(limit)))


def drain(database: Database, packs: RulePacks, actor: str = "gateway", budget_s: float = 5.0) -> bool:
    """Carry out what `due` noted, for about `budget_s` seconds; True while there is more.

    Each fact keeps a cursor: a fact that reaches ten thousand clips is worked off over many rounds,
    and a restart goes on where it stopped. Clips are judged many at a time on one reading of the facts;
    only what would change is then decided once more, alone, in the transaction that writes it.
    """
    ends = time.monotonic() + budget_s
    while time.monotonic() < ends:
        with database.read() as session:
            row = session.exec(select(RelinkDue).order_by(col(RelinkDue.id)).limit(1)).first()
            if row is None:
                return False
            facts, cursor, is_through = Facts(session, packs), row.cursor, False
            changed: list[str] = []
            while not is_through and not changed and time.monotonic() < ends:
                row.cursor = cursor
                reached = affected(session, row, packs, BATCH)
                changed = differences(facts, of(session, reached))
                cursor, is_through = (reached[-1] if reached else cursor), len(reached) < BATCH
                session.expunge_all()
        rewrite(database, packs, actor, changed)
        with database.write() as session:
            if found := session.get(RelinkDue, row.id, with_for_update=True):
                if is_through:
                    session.delete(found)
                else:
                    found.cursor = cursor
    return True


def of(session: Session, ids: list[str]) -> list[Clip]:
    """Clips that are described already, in the order of these ids."""
    return list(session.exec(select(Clip).where(col(Clip.id).in_(ids)).order_by(col(Clip.id))))


def rewrite(database: Database, packs: RulePacks, actor: str, clips: list[str]) -> None:
    """A few at a time, so that nobody who wants to write waits for long."""
    for place in range(0, len(clips), AT_ONCE):
        with database.write() as session:
            wanted = select(Clip).where(col(Clip.id).in_(clips[place : place + AT_ONCE]))
            relink(session, session.exec(wanted.order_by(col(Clip.id)).with_for_update()).all(), packs, actor)
