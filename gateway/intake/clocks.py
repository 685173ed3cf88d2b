"""How wrong a device's clock was, and that it was set: both are evidence (architecture 4.7)."""

from collections.abc import Mapping

from sqlmodel import Session

from gateway import custody, linking
from gateway.device import ClockRead, ClockSet
from gateway.intake.files import ACTOR
from gateway.linking.clocks import read_before
from gateway.models import ClockReading, ClockSetting


def clock_read(session: Session, event: ClockRead) -> None:
    offset = (event.device_time - event.at).total_seconds()
    reading = ClockReading(
        device_id=event.device_id,
        read_at=event.at,
        device_time=event.device_time,
        offset_s=offset,
        uncertainty_s=event.uncertainty_s,
        host_synchronised=event.host_synchronised,
    )
    session.add(reading)
    detail = {"offset_s": offset, "host_synchronised": event.host_synchronised}
    keep(session, event, "CLOCK_READ", reading, detail)


def clock_set(session: Session, event: ClockSet) -> None:
    setting = ClockSetting(
        device_id=event.device_id,
        set_at=event.at,
        set_to=event.device_time,
        uncertainty_s=event.uncertainty_s,
        host_synchronised=event.host_synchronised,
        certain=event.certain,
    )
    session.add(setting)
    detail = {"set_to": event.device_time, "certain": event.certain,
              "host_synchronised": event.host_synchronised}  # fmt: skip
    keep(session, event, "CLOCK_SET", setting, detail)


def keep(
    session: Session, event: ClockRead | ClockSet, word: str, row: ClockReading | ClockSetting,
    detail: Mapping[str, object],
) -> None:  # fmt: skip
    chain = custody.device_chain(event.device_id)
    custody.append(session, chain, word, ACTOR, row.id, (row,), detail)
    earlier = read_before(session, event.device_id, event.at)
    span = None if earlier else (None, None)
    linking.due(session, "clock", device_id=event.device_id, found_from=earlier, span=span)
