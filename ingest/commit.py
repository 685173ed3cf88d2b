"""Writes what a stage gave: compare-and-set on the state, custody in the same transaction, what follows."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from gateway import custody, linking, receipts
from gateway.database import Database
from gateway.models import (
    Attachment,
    Clip,
    Described,
    Disposition,
    Finding,
    Original,
    ReleaseState,
    Rendition,
    State,
    Work,
    now,
)
from gateway.rulepacks import RulePack
from gateway.wording import Reason
from ingest.stage import Item, Outcome, Stage

ACTOR = "gateway"
SAFE = (State.VERIFIED, State.PRESERVED)


@dataclass(frozen=True, slots=True)
class Done:
    won: bool
    """False when the state had moved: somebody else was first, nothing was written."""
    describe: bool = False
    """There is a clip to describe now."""


def commit(
    database: Database, pack: RulePack, item: Item, pipeline: str, stage: Stage, outcome: Outcome
) -> Done:
    """Write one finished stage. Two that keep the same content at once: the second becomes a duplicate."""
    for _ in range(2):
        try:
            with database.write() as session:
                if pipeline == "preserve":
                    return commit_original(session, item, stage, outcome)
                return commit_clip(session, pack, item, stage, outcome)
        except IntegrityError:
            continue  # the other one has committed: now it is found
    return Done(False)


def commit_original(session: Session, item: Item, stage: Stage, outcome: Outcome) -> Done:
    original = take(session, item.original.id, stage.before)
    if original is None:
        return Done(False)
    for name, value in outcome.changes.items():
        setattr(original, name, value)
    original.state = State(stage.after)
    rows: list[Original | Finding] = [original]
    if original.state is State.VERIFIED and (twin := same_content(session, original)):
        original.state, original.duplicate_of = State.DUPLICATE, twin.id
        rows += duplicates(session, original, twin)
    if original.state is State.PRESERVED:
        rows += release_due(session, original.id)
    session.add_all(rows)
    chain = custody.device_chain(original.device_id)
    custody.append(session, chain, original.state.value, ACTOR, original.id, rows, outcome.detail)
    describe = original.state is State.PRESERVED and session.get(Clip, original.id) is not None
    if describe and session.get(Work, (original.id, "describe")) is None:
        session.add(Work(item_id=original.id, pipeline="describe"))
    advance_work(session, item)
    receipts.mark_stale(session, original.id)
    return Done(True, describe)


def take(session: Session, original_id: str, before: str) -> Original | None:
    """The compare-and-set: the row, locked, only while it is still in the state the stage began from."""
    return session.exec(
        select(Original).where(Original.id == original_id, Original.state == State(before)).with_for_update()
    ).one_or_none()


def same_content(session: Session, original: Original) -> Original | None:
    return session.exec(
        select(Original).where(
            Original.sha256 == original.sha256,
            Original.id != original.id,
            col(Original.state).in_(SAFE),
        )
    ).first()


def duplicates(session: Session, original: Original, twin: Original) -> list[Finding]:
    """Same content twice is one clip with two findings."""
    found = session.exec(select(Finding).where(Finding.original_id == original.id)).all()
    for finding in found:
        finding.disposition = Disposition.DUPLICATE
        finding.release = ReleaseState.DUE if twin.state is State.PRESERVED else None
    return list(found)


def release_due(session: Session, original_id: str) -> list[Finding]:
    """Every finding of this content may be let go now, those of its duplicates too."""
    twins = select(Original.id).where(Original.duplicate_of == original_id)
    found = session.exec(
        select(Finding).where(
            or_(Finding.original_id == original_id, col(Finding.original_id).in_(twins)),
            col(Finding.release).is_(None),
        )
    ).all()
    for finding in found:
        finding.release = ReleaseState.DUE
    return list(found)


def commit_clip(session: Session, pack: RulePack, item: Item, stage: Stage, outcome: Outcome) -> Done:
    clip = session.exec(
        select(Clip)
        .where(Clip.id == item.original.id, Clip.described == Described(stage.before))
        .with_for_update()
    ).one_or_none()
    if clip is None:
        return Done(False)
    for name, value in outcome.changes.items():
        setattr(clip, name, value)
    clip.described = Described(stage.after)
    session.add(clip)
    if outcome.relink:
        linking.relink(session, clip, pack, ACTOR)
        pair_attachments(session, clip)
    rows = [clip, *(keep_rendition(session, rendition) for rendition in outcome.renditions)]
    chain = custody.device_chain(item.original.device_id)
    custody.append(session, chain, clip.described.value, ACTOR, clip.id, rows, outcome.detail)
    advance_work(session, item)
    receipts.mark_stale(session, clip.id)
    return Done(True)


def keep_rendition(session: Session, made: Rendition) -> Rendition:
    """A stage that ran twice made the same file twice: the row of the last one stays."""
    before = session.exec(
        select(Rendition).where(Rendition.clip_id == made.clip_id, Rendition.kind == made.kind)
    ).one_or_none()
    if before is not None:
        made.id = before.id
        made = session.merge(made)
    session.add(made)
    return made


def pair_attachments(session: Session, clip: Clip) -> None:
    """Logs, tracks and previews with the clip's own stem in the same folder belong to it."""
    finding = session.exec(select(Finding).where(Finding.original_id == clip.id).limit(1)).one()
    stem = finding.path.rpartition(b".")[0]
    same_offload = select(Finding).where(
        Finding.device_id == finding.device_id,
        Finding.offload_id == finding.offload_id,
        Finding.disposition == Disposition.ATTACHMENT,
    )
    for beside in session.exec(same_offload):
        if beside.path.startswith(stem + b".") and beside.original_id:
            attachment = session.get_one(Attachment, beside.original_id)
            if attachment.clip_id is None:
                attachment.clip_id = clip.id
                original = session.get_one(Original, attachment.id)
                chain = custody.device_chain(original.device_id)
                custody.append(
                    session, chain, "PAIRED", ACTOR, attachment.id, (attachment,), {"clip": clip.id}
                )


def advance_work(session: Session, item: Item) -> None:
    work = session.get_one(Work, (item.work.item_id, item.work.pipeline))
    work.waiting, work.updated_at, work.done_bytes = None, now(), item.original.size
    session.add(work)


def quarantine(database: Database, item: Item, pipeline: str, why: Reason) -> bool:
    """Set aside for a person, with the reason; the bytes stay where they are."""
    with database.write() as session:
        row: Original | Clip | None
        if pipeline == "preserve":
            row = take(session, item.original.id, item.original.state)
        else:
            row = session.get(Clip, item.original.id, with_for_update=True)
        if row is None:
            return False
        row.quarantine = why
        if isinstance(row, Original):
            row.state = State.QUARANTINED
        else:
            row.described = Described.QUARANTINED
        session.add(row)
        chain = custody.device_chain(item.original.device_id)
        custody.append(
            session, chain, "QUARANTINED", ACTOR, row.id, (row,), {"pipeline": pipeline, "why": why}
        )
        receipts.mark_stale(session, row.id)
        return True
