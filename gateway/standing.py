"""The life of a device: accepted, in service, in repair, lost, retired; entered by people, superseded."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import Session, col, select

from gateway import custody, holdings, linking, retirement
from gateway.device import Refused
from gateway.instants import Moment
from gateway.models import Allocation, Checkout, Device, DeviceState, Standing, now
from gateway.rules.equipment import retirement_rules
from gateway.rules.standing import LOST, status_at, wrong_turn

AS_REGISTERED = "standing.as_registered"


class StandingIn(BaseModel):
    """From when on a device has a status, and why; `RETIRED` needs the paper of its disposal (AL-9)."""

    model_config = ConfigDict(extra="forbid")
    device: str
    status: DeviceState
    since: Moment
    why: str
    doc_no: str | None = None


def enter(session: Session, given: StandingIn, actor: str, replaces: str | None = None) -> Standing:
    """Enter from when on a device has a status; what corrects another entry supersedes it.

    The entry itself where its correction says what it says: nothing is written. Raises Refused for a moment
    that has not come, a life that no device has, and a retirement before its media are safe and it is
    empty (AL-9).
    """
    device = session.get(Device, given.device, with_for_update=True)
    if device is None:
        raise Refused("ledger.unknown", kind="device", ref=given.device)
    check(given)
    if replaces is not None and (same := as_it_stands(session, given, replaces)) is not None:
        return same
    old = superseded(session, device, replaces)
    at = old.superseded_at if old and old.superseded_at else now()
    first = opening(session, device, given, actor, at)
    told = given.model_dump(exclude={"device"})
    new = Standing(**told, device_id=device.id, entered_by=actor, recorded_at=at)
    rows: list[Standing] = [row for row in (old, first, new) if row is not None]
    session.add_all(rows)
    session.flush()
    check_life(session, device)
    for retired in current(session, device):
        if retired.status is DeviceState.RETIRED:
            check_leaving(session, device, retired)
    written(session, device, rows, new, actor)
    return new


def check(given: StandingIn) -> None:
    if not given.why.strip():
        raise Refused("standing.needs_why")
    if given.since > now():
        raise Refused("standing.future", since=given.since.isoformat())


def as_it_stands(session: Session, given: StandingIn, entry_id: str) -> Standing | None:
    old = session.get(Standing, entry_id)
    if old is None or old.superseded_at is not None or old.device_id != given.device:
        return None
    told = given.model_dump(exclude={"device"})
    return old if all(getattr(old, name) == value for name, value in told.items()) else None


def superseded(session: Session, device: Device, entry_id: str | None) -> Standing | None:
    if entry_id is None:
        return None
    old = session.get(Standing, entry_id)
    if old is None or old.device_id != device.id:
        raise Refused("ledger.unknown", kind="standing", ref=entry_id)
    holdings.must_stand(old)
    old.superseded_at = now()
    return old


def opening(session: Session, device: Device, given: StandingIn, actor: str, at: datetime) -> Standing | None:
    """How it stood before anybody entered a standing: what it recorded before keeps its status.

    Where the first entry says itself how its life begins, this one is superseded at once: then it only
    tells what the register said until now.
    """
    if session.exec(select(Standing.id).where(Standing.device_id == device.id).limit(1)).first() is not None:
        return None
    before = holdings.as_registered(device)
    begins = given.since <= before.since or given.status in {DeviceState.ACCEPTED, before.status}
    return Standing(
        device_id=device.id,
        status=device.status,
        since=before.since,
        why=AS_REGISTERED,
        entered_by=actor,
        recorded_at=holdings.BEGINNING,
        superseded_at=at if begins else None,
    )


def check_life(session: Session, device: Device) -> None:
    turn = wrong_turn(holdings.stands(session, device))
    if turn is not None:
        before, after = turn
        raise Refused(
            "standing.no_way", before=before.status, first=before.since.isoformat(), after=after.status,
            second=after.since.isoformat(),
        )  # fmt: skip


def current(session: Session, device: Device) -> Sequence[Standing]:
    return session.exec(
        select(Standing).where(Standing.device_id == device.id, col(Standing.superseded_at).is_(None))
    ).all()


def check_leaving(session: Session, device: Device, new: Standing) -> None:
    """AL-9, also when what was before is corrected. Who has it at that moment or later has it still."""
    earlier = [one for one in holdings.stands(session, device) if one.since < new.since]
    held = [
        one
        for model in (Checkout, Allocation)
        for one in holdings.current(session, device.id, model)
        if one.end is None or one.end > new.since
    ]
    was_lost = status_at(earlier, new.since) == LOST
    facts = retirement.leaving(session, device, new.doc_no, was_lost=was_lost, held=held)
    for rule in retirement_rules(facts):
        if not rule.passed:
            raise Refused(rule.code, **dict(rule.facts))


def written(session: Session, device: Device, rows: Sequence[Standing], new: Standing, actor: str) -> None:
    """Custody of the entries, the device as it stands now, and the clips that this can reach."""
    device.status = DeviceState(status_at(holdings.stands(session, device), now()) or device.status)
    session.add(device)
    detail = {"status": new.status, "since": new.since, "why": new.why}
    chain = custody.device_chain(device.id)
    custody.append(session, chain, "STANDING_ENTERED", actor, device.id, rows, detail)
    # the chain of the site vouches for what is registered
    custody.append(session, custody.SITE, "DEVICE_REGISTERED", actor, device.id, (device,))
    reached = min(row.since for row in rows if row is new or row.superseded_at is not None)
    linking.due(session, "standing", device_id=device.id, span=(reached, None))


def history(session: Session, device_id: str) -> list[Standing]:
    """Every entry, also what was superseded; the newest first."""
    wanted = select(Standing).where(Standing.device_id == device_id)
    return list(session.exec(wanted.order_by(col(Standing.since).desc(), col(Standing.id).desc())))


def already(session: Session, given: StandingIn) -> bool:
    same = select(Standing.id).where(
        Standing.device_id == given.device,
        Standing.status == given.status,
        Standing.since == given.since,
        col(Standing.superseded_at).is_(None),
    )
    return session.exec(same).first() is not None
