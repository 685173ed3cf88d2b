"""What stands behind a figure by name, as far as the viewer may know of it."""

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy
from sqlmodel import Session, col, select

from gateway.models import (
    Activity,
    CaseRecord,
    Checkout,
    Clip,
    CustodyEvent,
    Device,
    LiveView,
    Officer,
    Original,
    Unit,
    Viewing,
)
from gateway.reports.figures import Member
from gateway.visibility import Viewer, visible
from gateway.wording import spoken
from gateway.wording.console import word

KEYS = frozenset({"VIDEO", "AUDIO", "PHOTO", "second_read", "asked"})
"""Keys of breakdowns that are words of ours and of no other page."""
several: Any = sqlalchemy.select
"""Of many columns: SQLModel types no more than four."""


@dataclass(frozen=True, slots=True)
class Named:
    """How a member is told to a person, and on which page he finds it."""

    name: str
    detail: str = ""
    at: datetime | None = None
    page: str = ""
    """clip, case, device, unit; "": none."""
    ref: str = ""
    part: str = ""
    """Where on that page: a step of the case, a part of the device's history."""


def named(session: Session, viewer: Viewer, members: Iterable[Member]) -> dict[tuple[str, str], Named]:
    """By kind and id; a few queries, however many. What is gone or another's has its id alone."""
    ids: dict[str, list[str]] = defaultdict(list)
    for one in members:
        ids[one.kind].append(one.id)
    return {
        (kind, ref): found
        for kind, refs in ids.items()
        if kind in KINDS
        for ref, found in KINDS[kind](session, viewer, refs).items()
    }


def key_word(by: str, key: str, units: Mapping[str, str], language: Literal["zh", "en"] = "zh") -> str:
    """How a line of a breakdown is called."""
    if not key:
        return word(language, "reports.no_key")
    if by == "unit":
        return units.get(key, key)
    return word(language, f"reports.key_{key}") if key in KEYS else spoken(key, language)


def clips(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    rows = session.exec(
        several(Clip.id, Original.name, Clip.started_at, Device.name, Device.id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(col(Clip.id).in_(ids), visible(viewer, Clip))
    )
    return {ref: Named(name, device or number, at, "clip", ref) for ref, name, at, device, number in rows}


def cases(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    wanted = select(CaseRecord.uid, CaseRecord.title, CaseRecord.closed_on)
    rows = session.exec(wanted.where(col(CaseRecord.uid).in_(ids), visible(viewer, CaseRecord)))
    return {ref: Named(title, "", at, "case", ref) for ref, title, at in rows}


def steps(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    rows = session.exec(
        several(Activity.id, Activity.kind, Activity.started_at, CaseRecord.uid, CaseRecord.title)
        .join(CaseRecord, col(CaseRecord.uid) == Activity.case_uid)
        .where(col(Activity.id).in_(ids), visible(viewer, CaseRecord))
    )
    return {ref: Named(kind, title, at, "case", case, ref) for ref, kind, at, case, title in rows}


def devices(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    wanted = select(Device.id, Device.name).where(col(Device.id).in_(ids), visible(viewer, Device))
    return {ref: Named(name or ref, ref, None, "device", ref) for ref, name in session.exec(wanted)}


def units(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    wanted = select(Unit.id, Unit.name).where(col(Unit.id).in_(ids), visible(viewer, Unit))
    return {ref: Named(name, "", None, "unit", ref) for ref, name in session.exec(wanted)}


def places(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    """`unit#number`."""
    known = units(session, viewer, sorted({ref.rpartition("#")[0] for ref in ids}))
    return {
        ref: Named(known[unit].name, f"#{number}", None, "unit", unit)
        for ref in ids
        for unit, _, number in (ref.rpartition("#"),)
        if unit in known
    }


def checkouts(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    rows = session.exec(
        several(Checkout.id, Checkout.out_at, Device.id, Device.name, Officer.name)
        .join(Device, col(Device.id) == Checkout.device_id)
        .join(Officer, col(Officer.id) == Checkout.officer_id)
        .where(col(Checkout.id).in_(ids), visible(viewer, Checkout))
    )
    return {
        ref: Named(name or device, who, at, "device", device, "checkouts")
        for ref, at, device, name, who in rows
    }


def viewings(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    rows = session.exec(
        several(Viewing.id, Viewing.started_at, Viewing.purpose, Clip.id, Original.name)
        .join(Clip, col(Clip.id) == Viewing.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .where(col(Viewing.id).in_(ids), visible(viewer, Clip))
    )
    return {ref: Named(name, purpose, at, "clip", clip) for ref, at, purpose, clip, name in rows}


def live_views(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    rows = session.exec(
        several(LiveView.id, LiveView.started_at, LiveView.purpose, Device.id, Device.name)
        .join(Device, col(Device.id) == LiveView.device_id)
        .where(col(LiveView.id).in_(ids), visible(viewer, Device))
    )
    return {
        ref: Named(name or device, purpose, at, "device", device) for ref, at, purpose, device, name in rows
    }


def checks(session: Session, viewer: Viewer, ids: Sequence[str]) -> dict[str, Named]:
    """`chain#number` of a line of custody that tells of a check: the clip whose bytes were read."""
    lines = [(chain, int(number)) for chain, _, number in (ref.rpartition("#") for ref in ids)]
    told = session.exec(
        select(CustodyEvent).where(
            sqlalchemy.tuple_(col(CustodyEvent.chain), col(CustodyEvent.seq)).in_(lines)
        )
    ).all()
    known = clips(session, viewer, [one.subject for one in told])
    return {
        f"{one.chain}#{one.seq}": dataclasses.replace(known[one.subject], at=one.at)
        for one in told
        if one.subject in known
    }


KINDS: Mapping[str, Callable[[Session, Viewer, Sequence[str]], dict[str, Named]]] = {
    "clip": clips,
    "case": cases,
    "activity": steps,
    "device": devices,
    "unit": units,
    "place": places,
    "checkout": checkouts,
    "custody": checks,
    "viewing": viewings,
    "live_view": live_views,
}
