"""The evidence list (证据清单) of a case: every clip, what it proves, how long it stays (R-04)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway import retention
from gateway.casefile.footage import LAST, standing, unplaced
from gateway.casefile.listing import numbers_of, people
from gateway.casefile.record import steps_of
from gateway.database import columns
from gateway.law import Law
from gateway.linking.placed import places
from gateway.models import CaseRecord, Clip, Device, Link, LinkStatus, Original, State
from gateway.rules.findings import Verdict
from gateway.visibility import Viewer, visible

TOGETHER = 1000
"""Clips asked for at once."""


@dataclass(frozen=True, slots=True)
class Item:
    """One clip, in however many steps of the case it is linked."""

    number: int
    clip: Clip
    original: Original
    device: str
    place: str | None
    person: str | None
    steps: tuple[str, ...]
    matters: tuple[str, ...]
    """证明对象 as persons said it."""
    confirmed: bool
    """A person stands by every link of it."""
    kept_until: date | None
    """The first day on which a disposal may list it; None: none that anybody knows."""
    kept_why: dict[str, Any]
    kept_said: dict[str, Any]
    """The same for people: a case by its number or title."""

    @property
    def flaw(self) -> dict[str, Any] | None:
        """What is wrong with the file itself, whatever it is linked to."""
        if self.original.state is State.QUARANTINED:
            return self.original.quarantine
        return self.clip.condition


@dataclass(frozen=True, slots=True)
class Evidence:
    items: Sequence[Item]
    count: int
    """Of all, where `items` are only the first."""
    bytes: int
    hidden: int
    """Clips of devices that the viewer may not see."""
    rejected: int
    """Clips that the rules hold for no evidence of this case."""


def evidence(
    session: Session,
    viewer: Viewer,
    law: Law,
    case: CaseRecord,
    at: datetime,
    step: str | None = None,
    most: int | None = None,
) -> Evidence:
    """In order of time; what the rules reject is no evidence and is counted only.

    `step`: of one alone, empty for what is linked to none; `most`: the first so many.
    """
    here = standing(case.uid)
    if step is not None:
        here = (*here, Link.activity_id == step if step else unplaced(case.uid))
    every = set(session.exec(select(Link.clip_id).where(*here)))
    seen = columns(Link.clip_id, Clip.started_at, Original.size, Link.verdict)
    joined = seen.join(Clip, col(Clip.id) == Link.clip_id).join(Original, col(Original.id) == Clip.id)
    rows = session.execute(joined.where(*here, visible(viewer, Clip))).all()
    borne = {clip: (began, size) for clip, began, size, verdict in rows if verdict != Verdict.REJECTED}
    order = sorted(borne, key=lambda clip: (borne[clip][0] or LAST, clip))
    known = {clip for clip, *_ in rows}
    return Evidence(
        items=items_of(session, viewer, law, case, order[:most], here, at), count=len(order),
        bytes=sum(size for _, size in borne.values()), hidden=len(every - known),
        rejected=len(known) - len(order),
    )  # fmt: skip


def items_of(
    session: Session,
    viewer: Viewer,
    law: Law,
    case: CaseRecord,
    order: Sequence[str],
    here: Sequence[Any],
    at: datetime,
) -> list[Item]:
    steps = {one.id: one.kind for one in steps_of(session, case.uid)}
    links: dict[str, list[Link]] = {}
    known: dict[str, tuple[Clip, Original]] = {}
    wanted = (
        select(Link, Clip, Original)
        .join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .where(*here, Link.verdict != Verdict.REJECTED)
        .order_by(col(Link.id))
    )
    for some in (order[first : first + TOGETHER] for first in range(0, len(order), TOGETHER)):
        for link, clip, original in session.exec(wanted.where(col(Link.clip_id).in_(some))):
            links.setdefault(clip.id, []).append(link)
            known[clip.id] = clip, original
    stays = {one.clip.id: one.deadline for one in retention.judge(session, law.packs, order, at)}
    whys = {clip: stay.decides.stored() for clip, stay in stays.items()}
    cases = cases_called(
        session, viewer, {why["facts"]["case"] for why in whys.values() if "case" in why["facts"]}
    )
    called = people(session, {clip.officer_id for clip, _ in known.values() if clip.officer_id})
    where = places(session, law.packs, [clip for clip, _ in known.values()])
    devices = devices_of(session, {clip.device_id for clip, _ in known.values()})
    found = []
    for number, one in enumerate(order, 1):
        (clip, original), own = known[one], links[one]
        found.append(
            Item(
                number=number, clip=clip, original=original,
                device=devices.get(clip.device_id) or clip.device_id,
                place=where.get(one), person=called.get(clip.officer_id or "", clip.officer_id),
                steps=told(steps.get(link.activity_id or "") for link in own),
                matters=told(link.matter or clip.matter for link in own),
                confirmed=all(link.status is LinkStatus.CONFIRMED for link in own),
                kept_until=stays[one].on, kept_why=whys[one], kept_said=said(whys[one], cases),
            )
        )  # fmt: skip
    return found


def cases_called(session: Session, viewer: Viewer, uids: set[str]) -> dict[str, str]:
    """By number, or by title where they have none; without those that the viewer does not see."""
    seen = select(CaseRecord.uid, CaseRecord.title).where(
        col(CaseRecord.uid).in_(uids), visible(viewer, CaseRecord)
    )
    titles = dict(session.exec(seen).all())
    numbers = numbers_of(session, list(titles))
    return {uid: next(iter(numbers[uid]), title) for uid, title in titles.items()}


def said(why: dict[str, Any], cases: dict[str, str]) -> dict[str, Any]:
    facts = why["facts"]
    named = {"case": cases.get(facts["case"], facts["case"])} if "case" in facts else {}
    return {**why, "facts": {**facts, **named}}


def told(words: Iterable[str | None]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(one for one in words if one))


def devices_of(session: Session, devices: set[str]) -> dict[str, str]:
    return dict(session.exec(select(Device.id, Device.name).where(col(Device.id).in_(devices))).all())


def is_here(original: Original) -> bool:
    """Whether its bytes lie in the store."""
    return original.stored_as is not None and original.state in {
        State.ACQUIRED, State.VERIFIED, State.PRESERVED, State.QUARANTINED,
    }  # fmt: skip
