"""What other systems are to be told: written in the transaction in which it happens, or not at all.

`put` is for whoever changes something; the daemon delivers (`gateway.delivery`), in order for each subject.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from gateway import custody
from gateway.models import Clip, Link, Original, OutboxEvent, Receipt

KINDS = ("clip.preserved", "clip.quarantined", "clip.labelled", "link.changed", "offload.sealed")
"""Those that are written today; obligation and retrieval events will join them."""


def put(
    session: Session,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    clip_id: str | None = None,
    device_id: str | None = None,
    cases: Iterable[str] = (),
) -> OutboxEvent:
    """Note an event in the caller's transaction, after its line of custody.

    Events of one `subject` are delivered in their order. `clip_id` or `device_id` says who may be told
    (whoever may see that); `cases` which case systems it is written back to.
    """
    event = OutboxEvent(
        kind=kind, subject=subject, clip_id=clip_id, device_id=device_id, cases=sorted(set(cases)),
        body=json.loads(custody.canonical(body)),
    )  # fmt: skip
    session.add(event)
    return event


def clip_changed(session: Session, kind: str, clip_id: str) -> None:
    """What a clip is now; nothing for an attachment."""
    clip, original = session.get(Clip, clip_id), session.get_one(Original, clip_id)
    if clip is None:
        return
    linked = select(Link.case_uid).where(Link.clip_id == clip_id, col(Link.ended_at).is_(None))
    told = clip_body(clip, original)
    put(session, kind, f"clip:{clip_id}", told, clip_id=clip_id, cases=session.exec(linked))


def clip_body(clip: Clip, original: Original) -> dict[str, Any]:
    aside = original.quarantine or clip.quarantine
    return {
        "clip": clip.id,
        "device": clip.device_id,
        "name": original.name,
        "media": clip.kind,
        "state": original.state,
        "described": clip.described,
        "quarantine": aside["code"] if aside else None,
        "captured": {"from": clip.started_at, "to": clip.ended_at, "uncertainty_s": clip.uncertainty_s},
        **digests(original),
        **labels(clip),
    }


def digests(original: Original) -> dict[str, Any]:
    return {"digests": {"size": original.size, "sha256": original.sha256, "sm3": original.sm3}}


def labels(clip: Clip) -> dict[str, Any]:
    """案件编号、采集时间、采集地点、采集人、证明对象 (R-01)."""
    return {
        "labels": {
            "case_no": clip.case_no,
            "captured_at": clip.started_at,
            "place": clip.place,
            "officer": clip.officer_id,
            "matter": clip.matter,
        }
    }


def link_changed(session: Session, link: Link) -> None:
    """What a link is now: proposed, confirmed, withdrawn, or ended by another."""
    session.flush()
    clip, original = session.get_one(Clip, link.clip_id), session.get_one(Original, link.clip_id)
    told = {
        "link": link.id,
        "case": link.case_uid,
        **link.model_dump(
            include={
                "activity_id", "document_id", "t0_s", "t1_s", "verdict", "score", "rule_pack", "matter",
                "made_by", "made_at", "supersedes", "ended_at",
            }
        ),
        "status": link.status,
        "ended_why": link.ended_why["code"] if link.ended_why else None,
        "clip": clip.id,
        "device": clip.device_id,
        "captured": {"from": clip.started_at, "to": clip.ended_at, "uncertainty_s": clip.uncertainty_s},
        **digests(original),
        **labels(clip),
    }  # fmt: skip
    put(session, "link.changed", f"clip:{clip.id}", told, clip_id=clip.id, cases=[link.case_uid])


def offload_sealed(session: Session, device_id: str, receipt: Receipt) -> None:
    account = receipt.body
    told = {
        "offload": receipt.offload_id,
        "device": device_id,
        "revision": receipt.revision,
        "digest": receipt.digest,
        "sealed_at": receipt.sealed_at,
        "missing": len(account["missing"]),
        **{name: account[name] for name in ("opened_at", "closed_at", "listed", "received", "stored")},
    }
    put(session, "offload.sealed", f"offload:{receipt.offload_id}", told, device_id=device_id)
