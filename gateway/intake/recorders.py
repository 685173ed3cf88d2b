"""Which device made a file: where it was found, or the one that its name says."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, or_, select

from gateway.device import FoundFile
from gateway.models import Device
from gateway.visibility import units_below
from gateway.wording import Reason, reason


@dataclass(frozen=True, slots=True)
class MadeBy:
    device: str
    why: Reason | None = None
    """Why it is not the one that the name says."""

    @property
    def told(self) -> dict[str, Any]:
        return {} if self.why is None else {"recorder": self.why}


def recorder(session: Session, found: FoundFile) -> MadeBy:
    """As the name says, if the registry knows one such device within reach; else where it was found.

    A sender chooses its names: it reaches its own unit and those below it. An id is one device's; a serial
    number that two bear is nobody's.
    """
    named = found.declared.device
    if named is None or named == found.device_id:
        return MadeBy(found.device_id)
    known = session.exec(
        select(Device).where(or_(Device.id == named, Device.serial_no == named)).order_by(col(Device.id))
    ).all()
    known = [one for one in known if one.id == named] or known
    if not known:
        return MadeBy(found.device_id)
    near = [one for one in known if is_within_reach(session, found.device_id, one)]
    if len(near) == 1:
        return MadeBy(near[0].id)
    code = "recorder.several" if near else "recorder.other_unit"
    return MadeBy(found.device_id, reason(code, named=named))


def is_within_reach(session: Session, found_on: str, device: Device) -> bool:
    """A device of no unit is the site's own, such as a dock for everybody."""
    unit = session.get_one(Device, found_on).unit_id
    return unit is None or device.unit_id in units_below(session, unit)
