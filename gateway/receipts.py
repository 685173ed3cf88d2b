"""The receipt of an offload: what was listed, what arrived, what is safely stored, file by file."""

import hashlib
from collections import defaultdict
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from gateway import custody, outbox
from gateway.database import Database
from gateway.device import numbering_gaps, shown
from gateway.models import (
    UNREAD,
    Attachment,
    Clip,
    Disposition,
    Finding,
    Link,
    Offload,
    Original,
    Receipt,
    State,
    now,
)

SETTLED = (State.PRESERVED, State.QUARANTINED, State.DESTROYED)


def body(session: Session, offload: Offload) -> dict[str, Any]:
    """The account as it stands now: one line for each file that was listed or found."""
    findings = session.exec(select(Finding).where(Finding.offload_id == offload.id)).all()
    by_path = {finding.path: finding for finding in findings}
    listed = {bytes.fromhex(entry["path"]): entry for entry in offload.listing}
    files = [line(session, path, listed.get(path), by_path.get(path)) for path in sorted(by_path | listed)]
    count, digest = custody.head_of(session, custody.device_chain(offload.device_id))
    kept = [file for file in files if file["fate"] != "listed"]
    return {
        "offload": offload.id,
        "device": offload.device_id,
        "bay": offload.bay,
        "volume": offload.volume,
        "opened_at": offload.opened_at.isoformat(),
        "closed_at": offload.closed_at.isoformat() if offload.closed_at else None,
        "listed": {"files": len(listed), "bytes": sum(entry["size"] for entry in listed.values())},
        "received": total([file for file in kept if file["sha256"]]),
        "stored": total([file for file in kept if file["stored"]]),
        "not_kept": len(files) - len(kept),
        "missing": [file["name"] for file in files if is_missing(file)],
        "numbering_gaps": gaps(offload),
        "files": files,
        "chain": {"name": custody.device_chain(offload.device_id), "count": count, "digest": digest},
    }


def is_missing(file: dict[str, Any]) -> bool:
    """Not stored, though it should be: only what was left out for a good reason is not missed."""
    if file["fate"] == "listed":
        return file["why"]["code"] in UNREAD
    if file["fate"] == "destroyed":
        return False
    return not file["stored"]


def total(files: list[dict[str, Any]]) -> dict[str, int]:
    return {"files": len(files), "bytes": sum(file["size"] for file in files)}


def line(
    session: Session, path: bytes, entry: dict[str, Any] | None, finding: Finding | None
) -> dict[str, Any]:
    """What became of one file."""
    seen = finding or entry
    assert seen is not None
    size, mtime_ns = (finding.size, finding.mtime_ns) if finding else (entry["size"], entry["mtime_ns"])  # type: ignore[index]
    told: dict[str, Any] = {
        "path": path.hex(), "name": shown(path), "size": size, "mtime_ns": mtime_ns,
        "fate": "waiting", "stored": False, "sha256": None, "sm3": None, "why": None, "links": [],
    }  # fmt: skip
    if finding is None:
        return told | {"fate": "not_read"}
    if finding.disposition is Disposition.LISTED:
        return told | {"fate": "listed", "why": finding.why}
    original = session.get_one(Original, finding.original_id)
    if original.state is State.DUPLICATE and original.duplicate_of:
        original = session.get_one(Original, original.duplicate_of)
        told["fate"] = "duplicate"
    if original.state is State.DESTROYED:
        told["fate"] = "destroyed"
    elif told["fate"] == "waiting" and original.state in SETTLED:
        told["fate"] = "quarantined" if original.state is State.QUARANTINED else finding.disposition.lower()
    if session.get(Attachment, original.id) is None:
        told["links"] = links(session, original.id)
        clip = session.get(Clip, original.id)
        told["unlinked"] = clip.unlinked if clip is not None else None
    return told | {
        "clip": original.id,
        "sha256": original.sha256,
        "sm3": original.sm3,
        "stored": original.state is State.PRESERVED,
        "why": original.quarantine or finding.why,
    }


def links(session: Session, clip_id: str) -> list[dict[str, str]]:
    active = session.exec(select(Link).where(Link.clip_id == clip_id, col(Link.ended_at).is_(None))).all()
    return [{"case": link.case_uid, "verdict": link.verdict, "status": link.status.value} for link in active]


def gaps(offload: Offload) -> list[dict[str, Any]]:
    """Numbers that the device itself skipped, per folder."""
    numbered: dict[str, list[int]] = defaultdict(list)
    for entry in offload.listing:
        if entry.get("sequence") is not None:
            numbered[shown(bytes.fromhex(entry["path"]).rpartition(b"/")[0])].append(entry["sequence"])
    return [
        {"folder": folder, "from": low, "to": high}
        for folder, numbers in sorted(numbered.items())
        for low, high in numbering_gaps(numbers)
    ]


def settled(session: Session, offload: Offload) -> bool:
    """Whether every finding has come to its end: then the receipt can be sealed."""
    open_clips = session.exec(
        select(Clip.id)
        .join(Finding, col(Finding.original_id) == Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .where(
            Finding.offload_id == offload.id,
            Original.state == State.PRESERVED,
            col(Clip.described).in_(("RAW", "CHARACTERIZED")),
        )
        .limit(1)
    ).first()
    kept = aliased(Original)
    waiting = session.exec(
        select(Original.id)
        .join(Finding, col(Finding.original_id) == Original.id)
        .outerjoin(kept, col(kept.id) == Original.duplicate_of)
        .where(
            Finding.offload_id == offload.id,
            func.coalesce(kept.state, Original.state).not_in(SETTLED),
        )
        .limit(1)
    ).first()
    found = session.exec(select(Finding.path).where(Finding.offload_id == offload.id)).all()
    listed = {entry["path"] for entry in offload.listing}
    read = listed <= {path.hex() for path in found} or offload.closed_at is not None
    return read and waiting is None and open_clips is None


def seal(session: Session, offload: Offload, actor: str = "gateway") -> Receipt | None:
    """Seal the account as a new revision; None when nothing differs from the last one."""
    latest = session.exec(
        select(Receipt)
        .where(Receipt.offload_id == offload.id)
        .order_by(col(Receipt.revision).desc())
        .limit(1)
    ).first()
    account = body(session, offload)
    if latest and same_account(latest.body, account):
        return None
    receipt = Receipt(
        offload_id=offload.id,
        revision=latest.revision + 1 if latest else 1,
        sealed_at=now(),
        body=account,
        digest=hashlib.sha256(custody.canonical(account).encode()).hexdigest(),
    )
    session.add(receipt)
    chain = custody.device_chain(offload.device_id)
    custody.append(
        session, chain, "RECEIPT_SEALED", actor, offload.id, (receipt,), {"digest": receipt.digest}
    )
    outbox.offload_sealed(session, offload.device_id, receipt)
    return receipt


def same_account(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The chain grows with every event, and why a clip is unlinked may change: neither makes a revision."""
    return settled_part(one) == settled_part(other)


def settled_part(account: dict[str, Any]) -> dict[str, Any]:
    files = [{**file, "unlinked": None} for file in account["files"]]
    return {**account, "chain": None, "files": files}


def mark_stale(session: Session, original_id: str) -> None:
    """A file's fate or links changed: its offloads want a new revision."""
    twins = select(Original.id).where(Original.duplicate_of == original_id)
    holding = select(Finding.offload_id).where(
        or_(Finding.original_id == original_id, col(Finding.original_id).in_(twins))
    )
    session.execute(
        update(Offload)
        .where(col(Offload.id).in_(holding))
        .values(stale=True)
        .execution_options(synchronize_session=False)
    )


def seal_due(database: Database) -> list[Receipt]:
    """Seal what is settled, or whose device has left; what changes later becomes a further revision."""
    with database.read() as session:
        stale = session.exec(select(Offload.id).where(col(Offload.stale).is_(True))).all()
    done = []
    for offload_id in stale:
        with database.write() as session:
            offload = session.get_one(Offload, offload_id, with_for_update=True)
            complete = settled(session, offload)
            first = (
                session.exec(select(Receipt.id).where(Receipt.offload_id == offload_id).limit(1)).first()
                is None
            )
            if complete or (offload.closed_at and first):
                if receipt := seal(session, offload):
                    done.append(receipt)
                offload.stale = False
    return done
