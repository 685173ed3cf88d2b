"""Setting a recorder's clock: after it was read and stored, by a host that may, and told of."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from uuid_utils import uuid7

from drivers.host_clock import is_synchronised, may_set_others
from drivers.links.recorder import RecorderLink
from gateway.device import ClockSet, DeviceUnavailable, SignalReceived
from gateway.instants import moment
from gateway.wording import reason

if TYPE_CHECKING:
    from drivers.bay import Bay

log = logging.getLogger(__name__)


def set_clock(bay: "Bay", link: RecorderLink, identity: str, zone: ZoneInfo, password: str) -> None:
    """Raises Refused where the recorder says no, and DeviceUnavailable where it says nothing."""
    if not may_set_others(is_time_source=bay.dock.is_time_source):
        leave_clock(bay, identity)
        return
    before = moment()
    try:
        link.set_clock(before.astimezone(zone), password)
    except DeviceUnavailable:
        tell(bay, identity, before, certain=False)
        raise
    tell(bay, identity, before, certain=True)


def tell(bay: "Bay", identity: str, told: datetime, *, certain: bool) -> None:
    """It was set to whole seconds, some time between the asking and the answer."""
    passed = moment() - told
    bay.emit(
        ClockSet(
            device_id=identity,
            at=told + passed / 2,
            device_time=told.replace(microsecond=0),
            uncertainty_s=1 + passed.total_seconds() / 2,
            host_synchronised=is_synchronised(),
            certain=certain,
        )
    )


def leave_clock(bay: "Bay", identity: str) -> None:
    why = reason("recorder.clock_left")
    log.warning("%s: its clock was not set: this host's own is not synchronised", identity)
    signal = SignalReceived(
        device_id=identity, at=moment(), kind="clock_not_set", event_id=uuid7().hex, detail={"why": why}
    )
    bay.emit(signal)
