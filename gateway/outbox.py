"""What other systems are to be told: written in the transaction in which it happens, or not at all.

`put` is for whoever changes something; the daemon delivers (`gateway.delivery`), in order for each subject.
Nothing is written of a kind for which nobody listens.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from gateway import custody
from gateway.models import (
    Clip,
    DutyDue,
    Endpoint,
    EndpointKind,
    Link,
    Original,
    OutboxEvent,
    Receipt,
)

WRITTEN_BACK = ("clip.preserved", "clip.quarantined", "clip.labelled", "link.changed")
"""What case systems are told: links, labels and digests."""
OBLIGATIONS = (
    "obligation.missing", "obligation.overdue", "obligation.partial", "obligation.met", "obligation.exempted",
    "obligation.lapsed",
)  # fmt: skip
"""What became of a duty to record (`gateway.scope.news` finds out)."""
EVERY = "*"
"""In place of a step: all of them."""
RETRIEVALS = (
    "retrieval.begun",
    "retrieval.ended",
    "retrieval.refused",
    "retrieval.live_begun",
    "retrieval.live_ended",
)
"""Who watched what, or was not let."""
KINDS = (*WRITTEN_BACK, "offload.sealed", *OBLIGATIONS, *RETRIEVALS)

LISTENING = 7_101_914
"""PostgreSQL's advisory lock between who begins to listen and who finds that nobody does."""


def listeners(session: Session) -> list[tuple[EndpointKind, list[str]]]:
    """Who is told, and of what; looked up once in a transaction, and true until it ends.

    Switched off counts: it is told later what it missed. Who begins to listen waits until every transaction
    that found nobody has ended (`begin_listening`), so that nothing falls between the two.
    """
    if "listeners" not in session.info:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(select(func.pg_advisory_xact_lock_shared(LISTENING)))
        session.info["listeners"] = list(
            session.exec(select(Endpoint.kind, Endpoint.kinds).where(col(Endpoint.ended_at).is_(None)))
        )
    found: list[tuple[EndpointKind, list[str]]] = session.info["listeners"]
    return found


def begin_listening(session: Session) -> None:
    """Called last by whoever enters an endpoint, or has one told of more: it may wait for writers.

    Last, for they never wait for the site's chain behind an event, which the caller holds by now.
    """
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LISTENING)))
    session.info.pop("listeners", None)


def is_wanted(session: Session, kind: str, *, of_cases: bool = True) -> bool:
    """Whether anybody is to be told of events of a kind, now or when it is switched on again."""
    return any(
        wants(who, kinds, kind) and (of_cases or who is EndpointKind.WEBHOOK)
        for who, kinds in listeners(session)
    )


def wants(listener: EndpointKind, kinds: list[str], kind: str) -> bool:
    if listener is EndpointKind.CASE_SYSTEM:
        return kind in WRITTEN_BACK
    return not kinds or kind in kinds


def put(
    session: Session,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
    *,
    clip_id: str | None = None,
    device_id: str | None = None,
    cases: Iterable[str] = (),
) -> OutboxEvent | None:
    """Note an event in the caller's transaction, after its line of custody; None where nobody listens.

    Events of one `subject` are delivered in their order. `clip_id` or `device_id` says who may be told
    (whoever may see that; without either, whoever sees all of `cases`); `cases` also which case systems it is
    written back to.
    """
    of_cases = sorted(set(cases))
    if not is_wanted(session, kind, of_cases=bool(of_cases)):
        return None
    event = OutboxEvent(
        kind=kind, subject=subject, clip_id=clip_id, device_id=device_id, cases=of_cases,
        body=json.loads(custody.canonical(body)),
    )  # fmt: skip
    session.add(event)
    return event


def duties_moved(session: Session, activities: Iterable[str | None]) -> None:
    """Something changed on which the duty to record these steps may hang: looked at where anybody listens."""
    moved = sorted({one for one in activities if one is not None})
    if moved and duties_are_wanted(session):
        session.add_all(DutyDue(activity_id=one) for one in moved)


def every_duty_moved(session: Session) -> None:
    """A list or a rule pack changed: every duty of which something is known is looked at again."""
    duties_moved(session, [EVERY])


def duties_are_wanted(session: Session) -> bool:
    return any(is_wanted(session, kind, of_cases=False) for kind in OBLIGATIONS)


def clip_changed(session: Session, kind: str, clip_id: str) -> None:
    """What a clip is now; nothing for an attachment."""
    if duties_are_wanted(session):  # when it was recorded is part of how much of a step is there
        standing = Link.clip_id == clip_id, col(Link.ended_at).is_(None)
        shows = select(col(Link.activity_id)).where(*standing)
        duties_moved(session, session.exec(shows).all())
    if not is_wanted(session, kind):
        return
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
    duties_moved(session, [link.activity_id])
    if not is_wanted(session, "link.changed"):
        return
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
