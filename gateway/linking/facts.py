"""Loads what the rules need to know about a clip."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from gateway.linking.clocks import clock_of, limits_of, window_of
from gateway.models import (
    Activity,
    Allocation,
    CaseAlias,
    CaseRecord,
    Checkout,
    Clip,
    Device,
    Officer,
    Original,
    Room,
    State,
)
from gateway.rulepacks import RulePack
from gateway.rules import case_number
from gateway.rules.allocation import Custody, HolderKind, Holding, certificate_valid, custody_over
from gateway.rules.clock import Interval, TimeRead, TimeSource, capture_interval
from gateway.rules.judgement import ActivityFacts, CaseFacts, ClipFacts, LinkLimits

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
VERIFIED = (State.VERIFIED, State.PRESERVED)


def interval_of(session: Session, clip: Clip, pack: RulePack) -> Interval | None:
    times = [
        TimeRead(
            TimeSource(read["source"]),
            datetime.fromisoformat(read["written"]),
            read["zone"],
            read.get("at_end", False),
        )
        for read in clip.times or ()
    ]
    clock = clock_of(session, clip.device_id)
    window = window_of(session, clip, clock, pack)
    return capture_interval(times, clip.duration_s, clock, window, limits_of(pack))


def held_by(session: Session, device: Device, interval: Interval | None, pack: RulePack) -> Custody:
    if interval is None or interval.doubtful:
        return Custody(None, None, None)
    tolerance = pack.linking.custody_tolerance_minutes.value * 60
    periods = holdings(session, device)
    held = [custody_over(periods, one.start, one.end, tolerance) for one in interval.possible]
    same = all((one.officer_id, one.room_id) == (held[0].officer_id, held[0].room_id) for one in held)
    return held[0] if same else Custody(None, None, None)


def holdings(session: Session, device: Device) -> list[Holding]:
    """Every period in which somebody had the device; a fixed recorder is its room's."""
    found = [
        Holding(row.id, "CHECKOUT", HolderKind.OFFICER, row.officer_id, row.out_at, row.in_at)
        for row in session.exec(
            select(Checkout).where(Checkout.device_id == device.id, col(Checkout.superseded_at).is_(None))
        )
    ]
    for row in session.exec(
        select(Allocation).where(Allocation.device_id == device.id, col(Allocation.superseded_at).is_(None))
    ):
        if row.officer_id:
            holder = (HolderKind.OFFICER, row.officer_id)
        elif row.room_id:
            holder = (HolderKind.ROOM, row.room_id)
        else:
            holder = (HolderKind.UNIT, row.unit_id or "")
        found.append(Holding(row.id, row.kind.value, *holder, row.valid_from, row.valid_to))
    if device.room_id and not any(holding.holder is HolderKind.ROOM for holding in found):
        found.append(
            Holding(
                device.id,
                "FIXED_ROOM",
                HolderKind.ROOM,
                device.room_id,
                ALWAYS,
                None,
            )
        )
    return found


def clip_facts(
    session: Session, clip: Clip, device: Device, interval: Interval | None, held: Custody
) -> ClipFacts:
    original = session.get_one(Original, clip.id)
    officer = session.get(Officer, held.officer_id) if held.officer_id else None
    declared = officer_named(session, clip.declared.get("officer"))
    valid = None
    if officer and interval:
        day = interval.start.astimezone(ZoneInfo(device.timezone)).date()
        valid = certificate_valid(officer.cert_valid_from, officer.cert_valid_to, day)
    return ClipFacts(
        clip_id=clip.id,
        interval=interval,
        case_no=clip.declared.get("case_no"),
        declared_officer=declared,
        custody=held,
        device_status=device.status.value,
        certificate_valid=valid,
        original_verified=original.state in VERIFIED,
        missing_labels=missing_labels(clip, interval, held),
        people=people(session, held, declared),
    )


def people(session: Session, held: Custody, declared: str | None) -> dict[str, str]:
    """The names that a sentence may need."""
    wanted = {ref for ref in (held.officer_id, declared) if ref}
    if held.basis is not None:
        wanted.add(held.basis.holder_id)
    named = dict(session.exec(select(Officer.id, Officer.name).where(col(Officer.id).in_(wanted))).all())
    rooms = select(Room.id, Room.name).where(Room.id == held.room_id)
    return named | dict(session.exec(rooms).all())


def officer_named(session: Session, number: str | None) -> str | None:
    """The officer whose number a camera wrote; an unknown number stays as it is."""
    if number is None:
        return None
    officer = session.exec(select(Officer).where(Officer.number == number)).first()
    return officer.id if officer else number


def missing_labels(clip: Clip, interval: Interval | None, held: Custody) -> tuple[str, ...]:
    """Which of the seed's labels are still empty; the case number comes with the link."""
    present = {
        "采集时间": interval is not None and not interval.doubtful,
        "采集地点": bool(clip.place) or held.room_id is not None,
        "采集人": held.officer_id is not None or held.room_id is not None,
        "证明对象": bool(clip.matter),
    }
    return tuple(label for label, given in present.items() if not given)


def case_facts(
    session: Session, clip: Clip, interval: Interval | None, limits: LinkLimits
) -> list[CaseFacts]:
    """The cases worth judging: those the clip names, and those with a step at that time."""
    wanted: set[str] = set()
    number = clip.declared.get("case_no")
    if number:
        spelled = CaseAlias.norm == case_number.normalise(number)
        same_parts = CaseAlias.key == (case_number.key_text(number, limits.number_kinds) or "")
        wanted.update(session.exec(select(CaseAlias.case_uid).where(or_(spelled, same_parts))))
    if interval is not None and not interval.doubtful:
        slack = timedelta(seconds=limits.activity_slack_s + interval.uncertainty_s)
        wanted.update(
            session.exec(
                select(Activity.case_uid).where(
                    Activity.started_at <= interval.end + slack,
                    Activity.ended_at >= interval.start - slack,
                    col(Activity.withdrawn_at).is_(None),
                )
            )
        )
    return [one_case(session, uid) for uid in sorted(wanted)]


def one_case(session: Session, uid: str) -> CaseFacts:
    case = session.get_one(CaseRecord, uid)
    numbers = session.exec(select(CaseAlias.norm).where(CaseAlias.case_uid == uid)).all()
    steps = session.exec(
        select(Activity).where(Activity.case_uid == uid, col(Activity.withdrawn_at).is_(None))
    ).all()
    return CaseFacts(
        case_uid=uid,
        title=case.title,
        numbers=tuple(numbers),
        handlers=frozenset(case.handlers),
        activities=tuple(
            ActivityFacts(
                activity_id=step.id,
                kind=step.kind,
                start=step.started_at,
                end=step.ended_at,
                officers=frozenset(step.officers),
                room_id=step.room_id,
                document_id=step.document_id,
            )
            for step in steps
        ),
    )
