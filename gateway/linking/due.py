"""Which clips a changed fact can reach, and working them off in the background."""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, or_, select

from gateway.database import Database
from gateway.linking import clocks
from gateway.linking.deciding import differences, relink
from gateway.linking.facts import Facts
from gateway.linking.outings import together_due
from gateway.linking.stored import stored
from gateway.models import Clip, Device, Link, LinkStatus, RelinkDue
from gateway.rulepacks import RulePacks
from gateway.rules import case_number
from gateway.uncollected import uncollected

Span = tuple[datetime | None, datetime | None]

MARGIN = timedelta(days=1)
BATCH = 1000
AT_ONCE = 20
DUES = 200
DIFFER = 200
"""So many that differ are gathered before they are written: reading the facts anew costs as much."""


def due(
    session: Session,
    why: str,
    *,
    clip_id: str | None = None,
    device_id: str | None = None,
    numbers: Iterable[str] = (),
    span: Span | None = None,
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


def holding_due(session: Session, why: str, device_id: str, span: Span) -> None:
    """Who held a camera says with which others it can have been swapped: their clips are reached as well."""
    due(session, why, device_id=device_id, span=span)
    start, end = span
    unit = session.get_one(Device, device_id).unit_id
    together_due(session, unit, start and start - MARGIN, end and end + MARGIN)


def take_due(session: Session, clip: Clip) -> None:
    """What one file of a take declares, and how long the take is, holds for the others.

    One row each time, for the whole take as it is when it is worked off. A row that is there already says
    nothing of this change: the daemon may have read the facts for it and be about to take it out.
    """
    if clip.recording_id is not None:
        session.add(RelinkDue(why="take", recording_id=clip.recording_id))


def kept_due(session: Session, case: str) -> None:
    """Clips that persons linked to a case, whenever they were recorded: its number is their label."""
    by_persons = col(Link.case_uid) == case, col(Link.ended_at).is_(None), Link.status == LinkStatus.CONFIRMED
    for clip in session.exec(select(Link.clip_id).where(*by_persons).distinct()).all():
        due(session, "number", clip_id=clip)


def affected(
    session: Session, row: RelinkDue, packs: RulePacks, limit: int, margin: timedelta = MARGIN
) -> list[str]:
    """The next clips that one changed fact can reach, in order, after the row's cursor."""
    if row.found_from is not None:
        return clocks.reached(session, row, packs.default.clock.docking_seconds.value, limit)
    clips = select(Clip.id).where(Clip.id > (row.cursor or ""))
    if row.clip_id:
        clips = clips.where(Clip.id == row.clip_id)
    elif row.recording_id:
        clips = clips.where(Clip.recording_id == row.recording_id)
    elif row.unit_id:
        cameras = select(Device.id).where(Device.unit_id == row.unit_id)
        clips = clips.where(col(Clip.device_id).in_(cameras))
        if row.from_at is not None:
            clips = clips.where(col(Clip.started_at) >= row.from_at)
        if row.to_at is not None:
            clips = clips.where(col(Clip.started_at) < row.to_at)
    elif row.alias_norm is not None:
        keys = {row.alias_norm, *case_number.readings(row.alias_norm, packs.number_kinds)}
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


class Round:
    """Clips that some changed facts reach, each once, and how far each of those facts is worked off."""

    def __init__(self, session: Session, packs: RulePacks) -> None:
        self.session, self.packs = session, packs
        self.waiting = list(session.exec(select(RelinkDue).order_by(col(RelinkDue.id)).limit(DUES)))
        session.expunge_all()
        self.through: list[str] = []
        self.cursors: dict[str, str] = {}
        self.reached: set[str] = set()
        self.worked: set[tuple[object, ...]] = set()
        """What rows that are through reach: each file of a day notes the whole day."""

    def next(self) -> list[str]:
        """About a batch of clips that were not reached yet; none: every fact is worked off."""
        found: list[str] = []
        while self.waiting and len(found) < BATCH:
            row = self.waiting[0]
            whole = row.unit_id, row.from_at, row.to_at
            if row.unit_id and whole in self.worked:
                self.through.append(self.waiting.pop(0).id)
                continue
            more = affected(self.session, row, self.packs, BATCH)
            found += [one for one in more if one not in self.reached]
            self.reached.update(more)
            if len(more) < BATCH:
                self.through.append(row.id)
                self.waiting.pop(0)
                self.worked.add(whole)
            else:
                row.cursor = self.cursors[row.id] = more[-1]
        return found


def drain(
    database: Database,
    packs: RulePacks,
    actor: str = "gateway",
    budget_s: float = 20.0,
    is_stopping: Callable[[], bool] = lambda: False,
) -> bool:
    """Carry out what `due` noted, for about `budget_s` seconds; True while there is more.

    Once `is_stopping`, it ends within a second; what was not written is found again the next time.

    Each fact keeps a cursor: a fact that reaches ten thousand clips is worked off over many rounds,
    and a restart goes on where it stopped. Clips are judged many at a time on one reading of the facts;
    only what would change is then decided once more, alone, in the transaction that writes it.
    """
    ends = time.monotonic() + budget_s
    while time.monotonic() < ends and not is_stopping():
        with uncollected():
            with database.read() as session:
                # the rows first: all that is read after them holds what they tell of
                work = Round(session, packs)
                if not work.waiting:
                    return False
                changed = gather(session, packs, work, lambda: time.monotonic() > ends or is_stopping())
            if not rewrite(database, packs, actor, changed, is_stopping):
                break
            worked_off(database, work)
    return True


def gather(session: Session, packs: RulePacks, work: Round, is_over: Callable[[], bool]) -> list[str]:
    """The next clips that would be labelled or linked otherwise now."""
    facts, changed = Facts(session, packs), list[str]()
    while len(changed) < DIFFER and (reached := work.next()):
        changed += differences(facts, stored(session, reached))
        session.expunge_all()
        if is_over():
            break
    return changed


def worked_off(database: Database, work: Round) -> None:
    """A row that is through goes; what was noted meanwhile is another row."""
    with database.write() as session:
        session.execute(delete(RelinkDue).where(col(RelinkDue.id).in_(work.through)))
        for row_id, cursor in work.cursors.items():
            session.execute(update(RelinkDue).where(col(RelinkDue.id) == row_id).values(cursor=cursor))


def rewrite(
    database: Database, packs: RulePacks, actor: str, clips: list[str], is_stopping: Callable[[], bool]
) -> bool:
    """A few at a time, so that nobody who wants to write waits for long; False if it was stopped first."""
    for place in range(0, len(clips), AT_ONCE):
        if is_stopping():
            return False
        with database.write() as session:
            wanted = select(Clip).where(col(Clip.id).in_(clips[place : place + AT_ONCE]))
            relink(session, session.exec(wanted.order_by(col(Clip.id)).with_for_update()).all(), packs, actor)
    return True
