"""How a recorder's clock was read and set, when a clip can have been recorded, and whom a reading reaches."""

from datetime import datetime, timedelta

from sqlmodel import Session, and_, col, or_, select

from gateway.models import (
    Clip,
    ClockReading,
    ClockSetting,
    Disposition,
    Finding,
    Offload,
    Original,
    RelinkDue,
)
from gateway.rulepacks import RulePack
from gateway.rules.clock_error import ClockLimits, DeviceClock, Reading, Setting, Window


def limits_of(pack: RulePack) -> ClockLimits:
    return ClockLimits(
        drift_s_per_day=pack.clock.drift_seconds_per_day.value,
        unread_uncertainty_s=pack.clock.unread_uncertainty_seconds.value,
        gps_uncertainty_s=pack.clock.gps_uncertainty_seconds.value,
        unsynchronised_host_s=pack.clock.unsynchronised_host_seconds.value,
        doubt_s=pack.clock.doubt_hours.value * 3600,
        brought_within_s=pack.clock.brought_within_days.value * 86400,
    )


def clock_of(session: Session, device_id: str) -> DeviceClock:
    read = select(
        ClockReading.read_at, ClockReading.device_time, ClockReading.uncertainty_s,
        ClockReading.host_synchronised,
    ).where(ClockReading.device_id == device_id)  # fmt: skip
    settings = session.exec(select(ClockSetting).where(ClockSetting.device_id == device_id))
    return DeviceClock(
        tuple(
            Reading(at=at, device_time=told, uncertainty_s=uncertainty, host_synchronised=synchronised)
            for at, told, uncertainty, synchronised in session.exec(read)
        ),
        tuple(
            Setting(
                at=row.set_at, device_time=row.set_to, uncertainty_s=row.uncertainty_s,
                host_synchronised=row.host_synchronised, certain=row.certain,
            )
            for row in settings
        ),
    )  # fmt: skip


def window_of(session: Session, clip: Clip, clock: DeviceClock, pack: RulePack) -> Window:
    """Until the card that held the file was listed; since that card was last listed without it."""
    found_at = session.get_one(Original, clip.id).found_at
    finding = session.exec(
        select(Finding).where(Finding.original_id == clip.id).order_by(col(Finding.id)).limit(1)
    ).first()
    offload = session.get(Offload, finding.offload_id) if finding and finding.offload_id else None
    if finding is None or offload is None or not clock.is_known:
        return Window(found_at)
    since = None
    for earlier in before(session, offload):
        lay_there = listed(earlier, finding)
        if lay_there is False:
            since = earlier.opened_at
            break
        offload = earlier if lay_there else offload
    until = offload.opened_at
    if offload.device_id == clip.device_id:
        docking = timedelta(seconds=pack.clock.docking_seconds.value)
        until = docked_at(clock, max(until - docking, since or until - docking), until)
    return Window(until, since)


def before(session: Session, offload: Offload, most: int = 20) -> list[Offload]:
    """Earlier sessions of the same card, the latest first; a card that tells no number may be any card."""
    if not offload.volume:
        return []
    same = select(Offload).where(
        Offload.device_id == offload.device_id,
        Offload.volume == offload.volume,
        Offload.opened_at < offload.opened_at,
    )
    return list(session.exec(same.order_by(col(Offload.opened_at).desc()).limit(most)))


def listed(offload: Offload, finding: Finding) -> bool | None:
    """Whether the file lay on the card then; None where the part of the card that holds it was unreadable."""
    path = finding.path.hex()
    for entry in offload.listing:
        unread = entry["size"] == 0 and entry["mtime_ns"] == 0
        if unread and (path == entry["path"] or path.startswith(entry["path"] + b"/".hex())):
            return None
        if (entry["path"], entry["size"], entry["mtime_ns"]) == (path, finding.size, finding.mtime_ns):
            return True
    return False


def docked_at(clock: DeviceClock, earliest: datetime, listed_at: datetime) -> datetime:
    """A camera is asked for its clock before it shows its card: from then on it recorded nothing."""
    return max((one.at for one in clock.readings if earliest <= one.at <= listed_at), default=listed_at)


def read_before(session: Session, device_id: str, at: datetime) -> datetime | None:
    """The reading before a moment: what was found until then, nothing that comes later can reach."""
    earlier = select(ClockReading.read_at).where(
        ClockReading.device_id == device_id, ClockReading.read_at < at
    )
    return session.exec(earlier.order_by(col(ClockReading.read_at).desc()).limit(1)).first()


def reached(session: Session, row: RelinkDue, docking_s: float, limit: int) -> list[str]:
    """The next clips of a recorder that were found since `found_from`, after the row's cursor.

    A clip from a card was recorded before its docking, so before the reading at that docking as well.
    """
    assert row.found_from is not None
    docked = row.found_from + timedelta(seconds=docking_s)
    clips = (
        select(Clip.id)
        .join(Original, col(Original.id) == Clip.id)
        .join(
            Finding,
            and_(col(Finding.original_id) == Clip.id, col(Finding.disposition) == Disposition.CLIP),
            isouter=True,
        )
        .join(Offload, col(Offload.id) == Finding.offload_id, isouter=True)
        .where(
            Clip.id > (row.cursor or ""),
            Clip.device_id == row.device_id,
            col(Clip.times).is_not(None),
            or_(
                and_(Offload.device_id == Clip.device_id, col(Offload.opened_at) > docked),
                and_(
                    or_(col(Offload.id).is_(None), Offload.device_id != Clip.device_id),
                    col(Original.found_at) >= row.found_from,
                ),
            ),
        )
    )
    return list(session.exec(clips.distinct().order_by(col(Clip.id)).limit(limit)))
