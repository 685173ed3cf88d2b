"""Setting a connected camera's clock: after it was read, by a host that may, and told of."""

import time
from datetime import datetime
from typing import TYPE_CHECKING

from drivers.host_clock import is_synchronised, may_set_others
from drivers.mqtt.messages import Answer
from drivers.mqtt.roll import Roll
from gateway.device import ClockSet, DeviceUnavailable, Order, Refused
from gateway.instants import moment

if TYPE_CHECKING:
    from drivers.mqtt_camera import MqttCamera


def set_clock(driver: "MqttCamera", order: Order, seconds: float) -> Answer:
    """That it was set is stored, also where the camera did not say so: it may have heard.

    Raises Refused("order.host_unsynchronised", "order.clock_unread", "order.clock_recording" or
    "order.no_answer").
    """
    device = order.device_id
    if not may_set_others(is_time_source=driver.settings.is_time_source):
        raise Refused("order.host_unsynchronised", device=device)
    seconds -= read_again(driver.roll, device, seconds)
    if device in driver.roll.recording:
        raise Refused("order.clock_recording", device=device)
    before = moment()
    try:
        answer = driver.told(order, seconds, now=int(before.timestamp() * 1000))
    except (Refused, DeviceUnavailable):
        tell(driver, device, before, certain=False)
        raise
    if answer.done:
        tell(driver, device, before, certain=True)
    return answer


def read_again(roll: Roll, device: str, seconds: float) -> float:
    """Seconds until a fresh reading was stored: setting a clock destroys how wrong it was.

    Raises Refused("order.clock_unread") if no heartbeat came.
    """
    began = time.monotonic()
    roll.clocks.pop(device, None)
    while roll.clock_stored.get(device, 0.0) < began:
        if time.monotonic() - began > seconds / 2:
            raise Refused("order.clock_unread", device=device)
        time.sleep(0.05)
    return time.monotonic() - began


def tell(driver: "MqttCamera", device: str, told: datetime, *, certain: bool) -> None:
    """It was set some time between the order and the answer; what it shows from now on is another offset."""
    passed = moment() - told
    if driver.desk.emit is not None:
        driver.desk.emit(
            ClockSet(
                device_id=device,
                at=told + passed / 2,
                device_time=told,
                uncertainty_s=1 + passed.total_seconds() / 2,
                host_synchronised=is_synchronised(),
                certain=certain,
            )
        )
    driver.roll.clocks.pop(device, None)
