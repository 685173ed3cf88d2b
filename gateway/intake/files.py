"""What becomes of a file that was found or listed on a device."""

import dataclasses
import logging
from pathlib import Path, PurePosixPath
from typing import Any

from sqlmodel import Session, and_, col, or_, select

from gateway import custody, importance, outbox
from gateway.device import AttachmentKind, FileListed, FoundFile, MediaKind, StillThere, shown
from gateway.intake.recorders import recorder
from gateway.models import (
    Attachment,
    Clip,
    Disposition,
    Finding,
    Original,
    ReleaseState,
    State,
    Work,
)
from gateway.wording import reason, sentence

log = logging.getLogger(__name__)

ACTOR = "gateway"
NOWHERE = Path()


def file_found(session: Session, found: FoundFile, host: str) -> list[str]:
    """Store one found file; returns the items that now have work to do."""
    known = session.exec(
        select(Finding)
        .where(
            Finding.identity == found.identity,
            Finding.device_id == found.device_id,
            col(Finding.original_id).is_not(None),
        )
        .order_by(col(Finding.id).desc())
        .limit(1)
    ).first()
    if known is None:
        return [*superseded(session, found), new_item(session, found, host)]
    original = session.get_one(Original, known.original_id, with_for_update=True)
    if kept(session, original).state is State.DESTROYED:
        # the identity covers a part of the file only, and nobody has the bytes any more to compare with
        return [new_item(session, found, host)]
    if known.offload_id != found.offload:
        seen_again(session, found, original)
    elif known.release is ReleaseState.KEPT and found.adopt:
        due_again(session, known, original)
    return point_to(session, original, found, host)


def superseded(session: Session, found: FoundFile) -> list[str]:
    """In a folder, a file that changed before it could be copied is no more: what it became is taken.

    What lies in a spool under a name of its own is still there, whatever came after it by the same name.
    """
    if found.offload is not None:
        return []
    before = session.exec(
        select(Original)
        .join(Finding, col(Finding.original_id) == Original.id)
        .join(Work, and_(col(Work.item_id) == Original.id, Work.pipeline == "preserve"))
        .where(
            Finding.device_id == found.device_id,
            Finding.path == found.path,
            Original.state == State.FOUND,
            Work.source == bytes(found.local),
        )
        .with_for_update(of=Original)
    ).all()
    for original in before:
        original.state = State.QUARANTINED
        original.quarantine = reason("quarantine.source_changed", was=original.size, found=found.size)
        session.add(original)
        log.warning(
            "%s of %s set aside: %s", original.name, original.device_id, sentence(original.quarantine, "en")
        )
        chain = custody.device_chain(original.device_id)
        custody.append(
            session, chain, "QUARANTINED", ACTOR, original.id, (original,), {"why": original.quarantine}
        )
        outbox.clip_changed(session, "clip.quarantined", original.id)
    return [original.id for original in before]


def new_item(session: Session, found: FoundFile, host: str) -> str:
    original = Original(
        device_id=found.device_id,
        name=found.readable,
        suffix=PurePosixPath(shown(found.path)).suffix.lower()[:9],
        size=found.size,
    )
    finding = finding_of(found, original.id)
    made_by = recorder(session, found)
    item = described_item(found, original, made_by.device)
    session.add(original)
    session.flush()
    session.add_all((finding, item, work_for(original.id, found, host)))
    rows = (original, finding, item)
    custody.append(
        session, custody.device_chain(found.device_id), "FOUND", ACTOR, original.id, rows,
        {"name": original.name, "size": found.size, "identity": finding.identity, **made_by.told},
    )  # fmt: skip
    if made_by.why is not None:
        log.warning("%s of %s: %s", original.name, found.device_id, sentence(made_by.why, "en"))
    if found.adopt:
        importance.mark_if_named(session, finding)
    if isinstance(item, Attachment) and found.declared.beside is not None:
        pair_with(session, item, found)
    return original.id


def pair_with(session: Session, item: Attachment, found: FoundFile) -> None:
    """What comes later than the clip that it belongs to; of what comes with it, the labelling takes care."""
    beside = found.declared.beside or ""
    folder = beside.partition("/")[0].encode("utf-8", "surrogateescape")
    within = (col(Finding.path) >= folder + b"/") & (col(Finding.path) < folder + b"0")
    near = session.exec(
        select(Original, Finding.path)
        .join(Finding, col(Finding.original_id) == Original.id)
        .where(
            Finding.device_id == found.device_id,
            Finding.offload_id == found.offload,
            or_(Finding.name == beside, within),  # a name that people read need not be its path
            Finding.disposition != Disposition.ATTACHMENT,
        )
        .order_by(col(Finding.id).desc())
    )
    clip = next((original for original, path in near if shown(path) == beside), None)
    if clip is None or session.get(Clip, kept(session, clip).id) is None:
        return
    item.clip_id = kept(session, clip).id
    custody.append(
        session, custody.device_chain(found.device_id), "PAIRED", ACTOR, item.id, (item,),
        {"clip": item.clip_id},
    )  # fmt: skip


def work_for(item_id: str, found: FoundFile, host: str) -> Work:
    return Work(
        item_id=item_id,
        pipeline="preserve",
        host=host,
        source=bytes(found.local),
        adopt=found.adopt,
    )


def seen_again(session: Session, found: FoundFile, original: Original) -> None:
    """The same file in a later offload: a finding of its own, no second copy."""
    finding = finding_of(found, original.id)
    finding.disposition = Disposition.DUPLICATE
    if kept(session, original).state is State.PRESERVED:
        finding.release = ReleaseState.DUE
    session.add(finding)
    custody.append(
        session, custody.device_chain(found.device_id), "SEEN_AGAIN", ACTOR, original.id, (finding,),
        {"name": original.name},
    )  # fmt: skip


def kept(session: Session, original: Original) -> Original:
    """The original that holds the bytes: itself, or the one it is a duplicate of."""
    if original.duplicate_of is None:
        return original
    return session.get_one(Original, original.duplicate_of, with_for_update=True)


def point_to(session: Session, original: Original, found: FoundFile, host: str) -> list[str]:
    """The file is at hand again: work that waited for it goes on from the verified prefix."""
    work = session.get(Work, (original.id, "preserve"))
    if original.state is not State.FOUND or work is None or not work.open:
        return []
    # a new start: the job of before may stand in another host's queue, or be about to say that the device
    # has left, and must not put this one to sleep
    work.run += 1
    work.source, work.host, work.adopt = bytes(found.local), host, found.adopt
    work.waiting, work.not_before = None, None
    session.add(work)
    return [original.id]


def finding_of(found: FoundFile, original_id: str) -> Finding:
    return Finding(
        device_id=found.device_id,
        offload_id=found.offload,
        path=found.path,
        name=found.readable,
        size=found.size,
        mtime_ns=found.mtime_ns,
        volume=found.volume,
        edges=found.edges,
        identity=found.identity,
        disposition=Disposition.CLIP if isinstance(found.kind, MediaKind) else Disposition.ATTACHMENT,
        original_id=original_id,
        declared=declared_of(found),
    )


def found_again(finding: Finding, local: Path = NOWHERE, *, keep: bool = False) -> FoundFile:
    """The finding as its driver knows it: `finding_of` the other way round."""
    return FoundFile(
        device_id=finding.device_id,
        path=finding.path,
        local=local,
        size=finding.size,
        mtime_ns=finding.mtime_ns,
        kind=AttachmentKind.OTHER,
        edges=finding.edges or "",
        volume=finding.volume,
        offload=finding.offload_id,
        keep=keep,
    )


def declared_of(found: FoundFile) -> dict[str, Any]:
    """What the file says of itself, only what it does say."""
    said = dataclasses.asdict(found.declared)
    if found.declared.started:
        said["started"] = found.declared.started.isoformat()
    return {name: value for name, value in said.items() if value not in (None, False)}


def described_item(found: FoundFile, original: Original, made_by: str) -> Clip | Attachment:
    if not isinstance(found.kind, MediaKind):
        return Attachment(id=original.id, kind=found.kind.value)
    return Clip(
        id=original.id,
        device_id=made_by,
        kind=found.kind.value,
        declared=declared_of(found),
        important=found.declared.important,
        matter=found.declared.matter,
        place=found.declared.place,
    )


def list_only(session: Session, event: FileListed) -> None:
    """A file that is accounted for but not kept."""
    same = session.exec(
        select(Finding.id).where(
            Finding.device_id == event.device_id,
            Finding.offload_id == event.offload,
            Finding.path == event.path,
            Finding.size == event.size,
        )
    ).first()
    if same is not None:
        return
    finding = Finding(
        device_id=event.device_id, offload_id=event.offload, path=event.path,
        name=event.name or shown(event.path),
        size=event.size, mtime_ns=event.mtime_ns, identity="", disposition=Disposition.LISTED, why=event.why,
    )  # fmt: skip
    session.add(finding)
    custody.append(
        session, custody.device_chain(event.device_id), "LISTED", ACTOR, finding.id, (finding,),
        {"name": finding.name, "why": event.why["code"]},
    )  # fmt: skip


def still_there(session: Session, event: StillThere) -> None:
    """What is preserved is let go of once more. Of what is not nothing is said: it is brought again."""
    pair = session.exec(
        select(Finding, Original)
        .join(Original, col(Original.id) == Finding.original_id)
        .where(
            Finding.device_id == event.device_id,
            Finding.path == event.path,
            Original.sha256 == event.sha256,
            col(Finding.release).in_((ReleaseState.DONE, ReleaseState.KEPT)),
        )
        .order_by(col(Finding.id).desc())
        .limit(1)
    ).first()
    if pair is None or kept(session, pair[1]).state is not State.PRESERVED:
        return
    due_again(session, *pair)


def due_again(session: Session, finding: Finding, original: Original) -> None:
    finding.release = ReleaseState.DUE
    session.add(finding)
    chain = custody.device_chain(finding.device_id)
    custody.append(session, chain, "RELEASE_DUE", ACTOR, original.id, (finding,), {})
