"""Who watched what, when, why and how long, live pictures and refusals among them (R-75, R-76, R-81)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.models import Clip, CustodyEvent, Device, LiveView, Original, User, Viewing
from gateway.retrieval import REFUSED
from gateway.visibility import Viewer, visible
from gateway.wording import Reason


class Kind(StrEnum):
    VIEWING = "VIEWING"
    LIVE = "LIVE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; all that are given must hold."""

    person: str = ""
    clip: str = ""
    device: str = ""
    request: str = ""
    kind: Kind | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Without it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    kind: Kind
    id: str
    at: datetime
    person: str
    clip: str | None
    name: str | None
    """Of the clip's file."""
    device: str
    device_name: str | None
    unit: str | None
    purpose: str | None = None
    request: str | None = None
    """By whose grant; None: by his own right."""
    ended_at: datetime | None = None
    why: Reason | None = None
    """Of a refusal."""

    @property
    def seconds(self) -> float | None:
        return None if self.ended_at is None else round((self.ended_at - self.at).total_seconds(), 1)


def lines(session: Session, viewer: Viewer, wanted: Wanted, limit: int) -> list[Line]:
    """The newest first, of the footage and the devices that this viewer sees."""
    reads: Mapping[Kind, Callable[[Session, Viewer, Wanted, int], list[Line]]] = {
        Kind.VIEWING: viewings,
        Kind.LIVE: live_views,
        Kind.REFUSED: refusals,
    }
    found = [
        line
        for kind, read in reads.items()
        if wanted.kind in (None, kind)
        for line in read(session, viewer, wanted, limit)
    ]
    return sorted(found, key=attrgetter("at", "id"), reverse=True)[:limit]


def narrowed(wanted: Wanted, model: type[Viewing] | type[LiveView], device: Any) -> list[ColumnElement[bool]]:
    """By what stored and live viewings have in common."""
    chosen = (
        (wanted.person, col(User.name) == wanted.person),
        (wanted.device, device == wanted.device),
        (wanted.since, col(model.started_at) >= wanted.since if wanted.since else None),
        (wanted.until, col(model.started_at) < wanted.until if wanted.until else None),
    )
    return [condition for given, condition in chosen if given and condition is not None]


def viewings(session: Session, viewer: Viewer, wanted: Wanted, limit: int) -> list[Line]:
    found = (
        select(Viewing, User.name, Original.name, Device)
        .join(User, col(User.id) == Viewing.user_id)
        .join(Clip, col(Clip.id) == Viewing.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(visible(viewer, Clip))
    )
    if wanted.clip:
        found = found.where(Viewing.clip_id == wanted.clip)
    if wanted.request:
        found = found.where(Viewing.request_id == wanted.request)
    found = found.where(*narrowed(wanted, Viewing, col(Clip.device_id)))
    rows = session.exec(found.order_by(col(Viewing.started_at).desc()).limit(limit))
    return [
        Line(
            kind=Kind.VIEWING, id=one.id, at=one.started_at, person=person, clip=one.clip_id, name=name,
            device=device.id, device_name=device.name, unit=device.unit_id, purpose=one.purpose,
            request=one.request_id, ended_at=one.ended_at,
        )
        for one, person, name, device in rows
    ]  # fmt: skip


def live_views(session: Session, viewer: Viewer, wanted: Wanted, limit: int) -> list[Line]:
    if wanted.clip or wanted.request:
        return []
    found = (
        select(LiveView, User.name, Device)
        .join(User, col(User.id) == LiveView.user_id)
        .join(Device, col(Device.id) == LiveView.device_id)
        .where(visible(viewer, Device))
    )
    found = found.where(*narrowed(wanted, LiveView, col(LiveView.device_id)))
    rows = session.exec(found.order_by(col(LiveView.started_at).desc()).limit(limit))
    return [
        Line(
            kind=Kind.LIVE, id=one.id, at=one.started_at, person=person, clip=None, name=None,
            device=device.id, device_name=device.name, unit=device.unit_id, purpose=one.purpose,
            ended_at=one.ended_at,
        )
        for one, person, device in rows
    ]  # fmt: skip


def refusals(session: Session, viewer: Viewer, wanted: Wanted, limit: int) -> list[Line]:
    """Of the chain: who was not let has no viewing."""
    if wanted.request:
        return []
    rows = session.exec(refused(viewer, wanted).order_by(col(CustodyEvent.at).desc()).limit(limit)).all()
    subjects = [one.subject for one in rows]
    clips = {
        clip.id: (clip.device_id, original.name)
        for clip, original in session.exec(
            select(Clip, Original)
            .join(Original, col(Original.id) == Clip.id)
            .where(col(Clip.id).in_(subjects))
        )
    }
    of_clips = [device for device, _ in clips.values()]
    devices = {
        one.id: one for one in session.exec(select(Device).where(col(Device.id).in_([*of_clips, *subjects])))
    }
    told = []
    for one in rows:
        device, name = clips.get(one.subject, (one.subject, None))
        told.append(
            Line(
                kind=Kind.REFUSED, id=f"{one.chain}#{one.seq}", at=one.at, person=one.actor,
                clip=one.subject if name is not None else None, name=name, device=device,
                device_name=devices[device].name, unit=devices[device].unit_id, why=one.detail.get("why"),
            )
        )  # fmt: skip
    return told


def refused(viewer: Viewer, wanted: Wanted) -> SelectOfScalar[CustodyEvent]:
    clips = select(Clip.id).where(visible(viewer, Clip))
    devices = select(Device.id).where(visible(viewer, Device))
    if wanted.device:
        clips = clips.where(Clip.device_id == wanted.device)
        devices = devices.where(Device.id == wanted.device)
    subject = col(CustodyEvent.subject)
    found = select(CustodyEvent).where(
        CustodyEvent.event == REFUSED, or_(subject.in_(clips), subject.in_(devices))
    )
    if wanted.clip:
        found = found.where(CustodyEvent.subject == wanted.clip)
    if wanted.person:
        found = found.where(CustodyEvent.actor == wanted.person)
    if wanted.since:
        found = found.where(CustodyEvent.at >= wanted.since)
    if wanted.until:
        found = found.where(CustodyEvent.at < wanted.until)
    return found
