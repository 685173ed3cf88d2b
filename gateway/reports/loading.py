"""Loads what figures count, one query for each kind of fact, however many clips a quarter has."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, func, or_, select

from gateway.holdings import checkout_entry
from gateway.linking.people import Held, held_devices
from gateway.linking.untimed import CARD, doubts_time
from gateway.models import (
    Activity,
    CaseRecord,
    Checkout,
    Clip,
    CustodyEvent,
    Described,
    Device,
    Link,
    LinkStatus,
    LiveView,
    Original,
    State,
    Statement,
    StatementKind,
    Viewing,
)
from gateway.reports.clips import ClipSeen, LinkSeen
from gateway.reports.packs import Packs
from gateway.reports.registers import CHECKS, CaseSeen, CheckoutSeen, CheckSeen, ViewingSeen
from gateway.reports.scope import Asked
from gateway.rules.allocation import Custody, custody_over
from gateway.rules.labels import recorded_in
from gateway.rules.standing import status_at

several: Any = sqlalchemy.select
"""Of many columns: SQLModel types no more than four."""

UNFINISHED = {State.FOUND, State.ACQUIRED, State.VERIFIED}
UNDESCRIBED = {Described.RAW, Described.CHARACTERIZED}
TRIALS = {"ACCEPTED", "REPAIR"}
"""What a device records before it is in service, or while it is repaired, is a trial (AL-8)."""


def clips(session: Session, asked: Asked, packs: Packs) -> list[ClipSeen]:
    """Clips recorded in the period; where that is not known well enough, those that came in then."""
    here = (
        or_(asked.within(col(Clip.started_at)), asked.within(col(Original.found_at))),
        asked.devices,
    )
    devices = {device.id: device for device in session.exec(select(Device).where(asked.devices))}
    held = held_devices(session, devices.values())
    linked = links(session, here, packs)
    columns: Any = several(
        Clip.id, Clip.kind, Clip.device_id, Clip.started_at, Clip.ended_at, Clip.uncertainty_s,
        Clip.described, col(Clip.quarantine).is_not(None).label("set_aside"), Clip.unlinked, Clip.case_no,
        Clip.place, Clip.officer_id, Clip.matter, Original.state, Original.found_at, Original.acquired_at,
    )  # fmt: skip
    rows = session.exec(
        columns.join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(*here)
        .order_by(col(Clip.id))
    )
    found = (
        clip_seen(row, devices[row.device_id], held[row.device_id], linked.get(row.id, UNLINKED), packs)
        for row in rows
        if is_of(row, linked.get(row.id, UNLINKED), asked)
    )
    return list(found)


@dataclass(slots=True)
class Linked:
    """What the links of one clip say."""

    good: list[LinkSeen] = field(default_factory=list)
    has_rejected: bool = False
    doubts_time: bool = False
    """One says that the clip's time cannot be relied on."""


UNLINKED = Linked()


def is_of(row: Any, linked: Linked, asked: Asked) -> bool:
    at = row.started_at if is_timed(row, linked) else row.found_at
    return bool(asked.period.since <= at < asked.period.until)


def is_timed(row: Any, linked: Linked) -> bool:
    """Whether the time of recording can be relied on, as the deciding of links found."""
    if row.started_at is None or row.ended_at is None or linked.doubts_time:
        return False
    return (row.unlinked or {}).get("code") != "unlinked.no_time"


def clip_seen(row: Any, device: Device, held: Held, links: Linked, packs: Packs) -> ClipSeen:
    pack, timed = packs.of(device.unit_id), is_timed(row, links)
    custody = holder(row, held, pack.linking.custody_tolerance_minutes.value * 60) if timed else NOBODY
    taken = custody.basis if custody.basis is not None and custody.basis.kind == "CHECKOUT" else None
    return ClipSeen(
        id=row.id,
        unit=device.unit_id or "",
        type=device.type,
        media=row.kind,
        aside=aside(row, held, timed=timed),
        ended_at=row.ended_at if timed else None,
        doubt=timedelta(seconds=row.uncertainty_s or 0.0),
        arrived=row.acquired_at or row.found_at,
        returned=taken.end if taken else None,
        has_case_no=bool(row.case_no),
        has_place=bool(recorded_in(row.place, custody)),
        has_person=row.officer_id is not None or custody.room_id is not None,
        has_matter=bool(row.matter),
        links=tuple(links.good),
        is_rejected=links.has_rejected and not links.good,
        upload=timedelta(hours=pack.deadlines.upload_hours.value),
        remote_upload=timedelta(hours=pack.deadlines.remote_upload_hours.value),
    )


NOBODY = Custody(None, None, None)


def holder(row: Any, held: Held, tolerance_s: float) -> Custody:
    return custody_over(held.around(row.started_at, tolerance_s), row.started_at, row.ended_at, tolerance_s)


def aside(row: Any, held: Held, *, timed: bool) -> str:
    """Why a clip counts nowhere. What was destroyed counts as it stood when it went."""
    if row.state is State.DUPLICATE:
        return "figure.duplicate"
    if row.state is State.QUARANTINED or row.described is Described.QUARANTINED or row.set_aside:
        return "figure.quarantined"
    if row.state in UNFINISHED or (row.described in UNDESCRIBED and row.state is not State.DESTROYED):
        return "figure.unfinished"
    if timed and status_at(held.stands, row.started_at) in TRIALS:
        return "figure.trial"
    return ""


def links(session: Session, here: Sequence[Any], packs: Packs) -> dict[str, Linked]:
    """By clip, the links that stand."""
    columns: Any = several(
        Link.clip_id, Link.verdict, Link.matter, CARD, Activity.stage, Activity.kind, CaseRecord.unit_id,
        Link.activity_id, CaseRecord.procedure,
    )  # fmt: skip
    rows = session.exec(
        columns.join(Clip, col(Clip.id) == Link.clip_id)
        .join(Original, col(Original.id) == Clip.id)
        .join(Device, col(Device.id) == Clip.device_id)
        .join(CaseRecord, col(CaseRecord.uid) == Link.case_uid)
        .outerjoin(Activity, col(Activity.id) == Link.activity_id)
        .where(col(Link.ended_at).is_(None), Link.status != LinkStatus.WITHDRAWN, *here)
    )
    back = returns(session)
    found: dict[str, Linked] = defaultdict(Linked)
    for clip, verdict, matter, reasons, stage, kind, unit, step, procedure in rows:
        of_clip = found[clip]
        of_clip.doubts_time |= doubts_time(reasons or ())
        if verdict == "REJECTED":
            of_clip.has_rejected = True
        else:
            item = packs.item(unit, kind) if kind else None
            stage = packs.stage(unit, stage) if stage else None
            of_clip.good.append(
                LinkSeen(
                    has_matter=bool(matter),
                    needs_no_number=procedure in packs.of(unit).forms.unnumbered_procedures.value,
                    stage=stage,
                    item=item,
                    back_at=back.get(step),
                )
            )
    return found


def returns(session: Session) -> dict[str, datetime]:
    """When people came back from a remote place, by step (R-51)."""
    stated = select(Statement.activity_id, func.max(Statement.to_at)).where(
        Statement.kind == StatementKind.AWAY,
        col(Statement.superseded_at).is_(None),
        col(Statement.to_at).is_not(None),
    )
    return {step: at for step, at in session.exec(stated.group_by(col(Statement.activity_id))) if at}


def checkouts(session: Session, asked: Asked) -> list[CheckoutSeen]:
    rows = session.exec(
        select(Checkout, Device.unit_id, Device.type)
        .join(Device, col(Device.id) == Checkout.device_id)
        .where(col(Checkout.superseded_at).is_(None), asked.within(col(Checkout.out_at)), asked.devices)
        .order_by(col(Checkout.id))
    )
    return [CheckoutSeen(checkout_entry(row).holding, unit or "", kind) for row, unit, kind in rows]


def checks(session: Session, asked: Asked) -> Iterator[CheckSeen]:
    """Lines of the chains of the units' devices that tell of a check of an original."""
    known = {
        f"device:{device}": (unit or "", kind)
        for device, unit, kind in session.exec(
            select(Device.id, Device.unit_id, Device.type).where(asked.devices)
        )
    }
    columns: Any = several(CustodyEvent.chain, CustodyEvent.seq, CustodyEvent.event, CustodyEvent.detail)
    rows = columns.where(col(CustodyEvent.event).in_(sorted(CHECKS)), asked.within(col(CustodyEvent.at)))
    for chain, seq, event, detail in session.exec(rows):
        if chain in known:
            yield CheckSeen(f"{chain}#{seq}", event, detail, *known[chain])


def viewings(session: Session, asked: Asked) -> list[ViewingSeen]:
    """Of clips and of live pictures; they belong to the unit of the device."""
    seen = (
        select(Viewing.id, Device.unit_id, Device.type, Viewing.request_id)
        .join(Clip, col(Clip.id) == Viewing.clip_id)
        .join(Device, col(Device.id) == Clip.device_id)
        .where(asked.within(col(Viewing.started_at)), asked.devices)
    )
    live = (
        select(LiveView.id, Device.unit_id, Device.type)
        .join(Device, col(Device.id) == LiveView.device_id)
        .where(asked.within(col(LiveView.started_at)), asked.devices)
    )
    return [
        *(
            ViewingSeen("viewing", ref, unit or "", type_, by_grant=request is not None)
            for ref, unit, type_, request in session.exec(seen)
        ),
        *(ViewingSeen("live_view", ref, unit or "", type_) for ref, unit, type_ in session.exec(live)),
    ]


def cases(session: Session, asked: Asked, packs: Packs) -> list[CaseSeen]:
    """Closed case files that may have had to be archived in the period."""
    columns: Any = several(
        CaseRecord.uid, CaseRecord.unit_id, CaseRecord.closed_on, CaseRecord.archived_on
    ).where(
        col(CaseRecord.closed_on) < asked.period.until,
        or_(
            col(CaseRecord.archived_on).is_(None),
            col(CaseRecord.archived_on) >= asked.period.since,
            col(CaseRecord.closed_on) >= asked.period.since - LONGEST_WAIT,
        ),
        asked.cases,
    )
    return [
        CaseSeen(uid, unit or "", closed, archived, packs.of(unit).deadlines.archive_days.value)
        for uid, unit, closed, archived in session.exec(columns.order_by(col(CaseRecord.uid)))
    ]


LONGEST_WAIT = timedelta(days=400)
"""Longer than any pack may leave to archive a file."""
