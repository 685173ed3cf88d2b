"""The evidence list (证据清单) of a case: every clip, what it proves, how long it stays (R-04)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway import retention
from gateway.casefile.footage import standing, unplaced
from gateway.casefile.listing import people
from gateway.casefile.record import steps_of
from gateway.law import Law
from gateway.models import CaseRecord, Clip, Device, Link, LinkStatus, Original, State
from gateway.rules.findings import Verdict
from gateway.visibility import Viewer, visible


@dataclass(frozen=True, slots=True)
class Item:
    """One clip, in however many steps of the case it is linked."""

    number: int
    clip: Clip
    original: Original
    device: str
    person: str | None
    steps: tuple[str, ...]
    matters: tuple[str, ...]
    """证明对象 as persons said it."""
    confirmed: bool
    """A person stands by every link of it."""
    kept_until: date | None
    """The first day on which a disposal may list it; None: none that anybody knows."""
    kept_why: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    items: Sequence[Item]
    hidden: int
    """Clips of devices that the viewer may not see."""
    rejected: int
    """Clips that the rules, or a person, hold for no evidence of this case."""


def evidence(
    session: Session, viewer: Viewer, law: Law, case: CaseRecord, at: datetime, step: str | None = None
) -> Evidence:
    """In order of time; what the rules reject is no evidence and is counted only."""
    steps = {one.id: one.kind for one in steps_of(session, case.uid)}
    wanted = (
        select(Link, Clip, Original)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .where(*standing(case.uid), visible(viewer, Clip))
    )
    every = select(Link.clip_id).where(*standing(case.uid))
    if step is not None:
        here = Link.activity_id == step if step else unplaced(case.uid)
        wanted, every = wanted.where(here), every.where(here)
    links: dict[str, list[Link]] = {}
    known: dict[str, tuple[Clip, Original]] = {}
    for link, clip, original in session.exec(wanted.order_by(col(Link.id))):
        links.setdefault(clip.id, []).append(link)
        known[clip.id] = clip, original
    borne = {
        one: kept for one, own in links.items() if (kept := [link for link in own if holds(link)])
    }  # fmt: skip
    order = sorted(borne, key=lambda one: (known[one][0].started_at is None, began(known[one][0]), one))
    stays = {one.clip.id: one.deadline for one in retention.judge(session, law.packs, order, at)}
    called = people(session, {clip.officer_id for clip, _ in known.values() if clip.officer_id})
    devices = names_of(session, {clip.device_id for clip, _ in known.values()})
    items = [
        Item(
            number=number, clip=known[one][0], original=known[one][1],
            device=devices.get(known[one][0].device_id) or known[one][0].device_id,
            person=called.get(known[one][0].officer_id or "", known[one][0].officer_id),
            steps=told(steps.get(link.activity_id or "") for link in borne[one]),
            matters=told(link.matter or known[one][0].matter for link in borne[one]),
            confirmed=all(link.status is LinkStatus.CONFIRMED for link in borne[one]),
            kept_until=stays[one].on, kept_why=stays[one].decides.stored(),
        )
        for number, one in enumerate(order, 1)
    ]  # fmt: skip
    hidden = len(set(session.exec(every)) - set(known))
    return Evidence(items, hidden, len(links) - len(borne))


def told(words: Iterable[str | None]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(one for one in words if one))


def holds(link: Link) -> bool:
    return link.verdict != Verdict.REJECTED


def began(clip: Clip) -> float:
    return clip.started_at.timestamp() if clip.started_at else 0.0


def names_of(session: Session, devices: set[str]) -> dict[str, str]:
    return dict(session.exec(select(Device.id, Device.name).where(col(Device.id).in_(devices))).all())


def is_here(original: Original) -> bool:
    """Whether its bytes lie in the store."""
    return original.stored_as is not None and original.state in {
        State.ACQUIRED, State.VERIFIED, State.PRESERVED, State.QUARANTINED,
    }  # fmt: skip
