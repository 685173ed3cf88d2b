"""Writes what a stage gave: compare-and-set on the state, custody in the same transaction, what follows."""

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, SQLModel, col, or_, select

from gateway import custody, importance, linking, outbox, receipts
from gateway.database import Database
from gateway.device import shown
from gateway.linking import series
from gateway.models import (
    Attachment,
    Clip,
    Described,
    DestructionRecord,
    Disposition,
    Finding,
    Original,
    ReleaseState,
    Rendition,
    State,
    Work,
    now,
)
from gateway.rulepacks import RulePacks
from gateway.wording import Reason, reason
from ingest.stage import Item, Outcome, Stage

ACTOR = "gateway"
SAFE = (State.VERIFIED, State.PRESERVED)


def commit(
    database: Database, packs: RulePacks, item: Item, pipeline: str, stage: Stage, outcome: Outcome
) -> bool:
    """Write one finished stage. Two that keep the same content at once: the second becomes a duplicate.

    False when the state had moved: somebody else was first, nothing was written.
    """
    for last in (False, False, True):
        try:
            with database.write() as session:
                if pipeline == "preserve":
                    return commit_original(session, item, stage, outcome)
                return commit_clip(session, packs, item, stage, outcome)
        except (IntegrityError, OperationalError):
            # the twin has committed and is found now; or two transactions stood in each other's way
            if last:
                raise
    raise AssertionError("unreachable")


def commit_original(session: Session, item: Item, stage: Stage, outcome: Outcome) -> bool:
    original = take(session, item.original.id, stage.before)
    if original is None:
        return False
    twin = same_content(session, original) if stage.after == State.VERIFIED else None
    receipts.mark_stale(session, original.id)
    for name, value in outcome.changes.items():
        setattr(original, name, value)
    original.state = State(stage.after)
    due: list[Finding] = []
    if twin is not None:
        original.state, original.duplicate_of = State.DUPLICATE, twin.id
        due = duplicates(session, original, twin)
        importance.carry_over(session, original, twin, ACTOR)
    elif original.state is State.VERIFIED:
        due = came_back(session, original)
    elif original.state is State.PRESERVED:
        due = release_due(session, original.id)
    session.add_all((original, *due))
    enter(session, original, due, outcome)
    if original.state is State.PRESERVED:
        outbox.clip_changed(session, "clip.preserved", original.id)
    if original.state is State.PRESERVED and session.get(Clip, original.id) is not None:
        if session.get(Work, (original.id, "describe")) is None:
            session.add(Work(item_id=original.id, pipeline="describe"))
        else:  # it had been set aside, and is whole again (LK-12)
            linking.due(session, "original", clip_id=original.id)
    advance_work(session, item)
    return True


def enter(session: Session, original: Original, due: list[Finding], outcome: Outcome) -> None:
    """The stage's line of custody; a finding of another device is told of in that device's own chain."""
    chain = custody.device_chain(original.device_id)
    mine = [finding for finding in due if finding.device_id == original.device_id]
    custody.append(
        session, chain, original.state.value, ACTOR, original.id, (original, *mine), outcome.detail
    )
    for finding in sorted(due, key=lambda finding: finding.device_id):
        if finding.device_id != original.device_id:
            chain = custody.device_chain(finding.device_id)
            custody.append(session, chain, "RELEASE_DUE", ACTOR, original.id, (finding,), {})


def take(session: Session, original_id: str, before: str) -> Original | None:
    """The compare-and-set: the row, locked, only while it is still in the state the stage began from."""
    return session.exec(
        select(Original).where(Original.id == original_id, Original.state == State(before)).with_for_update()
    ).one_or_none()


def same_content(session: Session, original: Original) -> Original | None:
    return session.exec(
        select(Original)
        .where(
            Original.sha256 == original.sha256,
            Original.id != original.id,
            col(Original.state).in_(SAFE),
        )
        .with_for_update(read=True)
    ).first()


def duplicates(session: Session, original: Original, twin: Original) -> list[Finding]:
    """Same content twice is one clip with two findings."""
    found = session.exec(select(Finding).where(Finding.original_id == original.id)).all()
    for finding in found:
        finding.disposition = Disposition.DUPLICATE
        finding.release = ReleaseState.DUE if twin.state is State.PRESERVED else None
    return list(found)


def came_back(session: Session, original: Original) -> list[Finding]:
    """Content that was destroyed is here again: it is kept as all is, under its own time, and says so."""
    record = session.exec(
        select(DestructionRecord)
        .where(DestructionRecord.sha256 == original.sha256)
        .order_by(col(DestructionRecord.id).desc())
    ).first()
    if record is None:
        return []
    original.returns = record.original_id
    found = session.exec(select(Finding).where(Finding.original_id == original.id)).all()
    for finding in found:
        finding.why = reason("found.destroyed_before", record=record.id, at=record.begun_at.isoformat())
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


def commit_clip(session: Session, packs: RulePacks, item: Item, stage: Stage, outcome: Outcome) -> bool:
    clip = take_clip(session, item.original.id, stage.before)
    if clip is None:
        return False
    receipts.mark_stale(session, clip.id)
    was_at = clip.latitude, clip.longitude
    for name, value in outcome.changes.items():
        setattr(clip, name, value)
    if (clip.latitude, clip.longitude) != was_at:
        linking.outing_due(session, clip)
    clip.described = Described(stage.after)
    session.add(clip)
    rows: list[SQLModel] = [clip]
    if outcome.relink:
        linking.relink(session, [clip], packs, ACTOR)
        rows += series.join(session, clip, packs)
        linking.take_due(session, clip)
        pair_attachments(session, clip)
    elif "condition" in outcome.changes:
        linking.due(session, "content", clip_id=clip.id)  # what shows nothing records no step
    rows += [keep_rendition(session, rendition) for rendition in outcome.renditions]
    chain = custody.device_chain(item.original.device_id)
    custody.append(session, chain, clip.described.value, ACTOR, clip.id, rows, outcome.detail)
    advance_work(session, item)
    return True


def take_clip(session: Session, clip_id: str, before: str) -> Clip | None:
    """The same compare-and-set for the description's own state."""
    return session.exec(
        select(Clip).where(Clip.id == clip_id, Clip.described == Described(before)).with_for_update()
    ).one_or_none()


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
        told = beside.declared.get("beside") == shown(finding.path)
        if (told or beside.path.startswith(stem + b".")) and beside.original_id:
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
            row = take_clip(session, item.original.id, item.clip.described if item.clip else Described.RAW)
        if row is None:
            return False
        receipts.mark_stale(session, row.id)
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
        outbox.clip_changed(session, "clip.quarantined", row.id)
        return True
