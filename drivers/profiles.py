"""Which camera on a dock's list a plugged device is, and the device id it gets."""

import fnmatch
import re

from drivers.links.recorder import Identity
from drivers.usb_bus import Card, UsbDevice
from gateway.config.devices import UsbMatch
from gateway.config.model import IDENTIFIER
from gateway.device import Refused

FLASHING = ("1f3a:efe8", "2207:[1-9a-f]???")
"""Allwinner's FEL and Rockchip's Mask ROM (devices 1.3), whose numbers are those of chips; `2207:00xx` are
recorders that run.
"""


def is_flashing(device: UsbDevice) -> bool:
    """A camera whose firmware did not start: one wrong command and it never does again."""
    return any(fnmatch.fnmatchcase(f"{device.vendor}:{device.product}", one) for one in FLASHING)


def agrees(match: UsbMatch, device: UsbDevice, card: Card | None, inquiry: str | None = None) -> bool:
    """Whether all that is asked for is as told, but for what was not told yet: the card, the inquiry (None),
    the interfaces (none). Never for a camera in flashing mode.
    """
    if is_flashing(device) or not match.named:
        return False
    if match.interfaces and device.interfaces and sorted(match.interfaces) != sorted(device.interfaces):
        return False
    told = {
        "vendor": device.vendor, "product": device.product, "manufacturer": device.manufacturer,
        "name": device.name, "serial": device.serial, "label": card.label if card else None,
        "inquiry": inquiry,
    }  # fmt: skip
    wanted = match.model_dump(exclude_none=True, include=set(told))
    for later in ("label", "inquiry"):
        if told[later] is None:
            wanted.pop(later, None)
    return all(fnmatch.fnmatchcase(told[name] or "", pattern) for name, pattern in wanted.items())


def filled(template: str, device: UsbDevice, card: Card | None, record: Identity | None = None) -> str:
    """The device id. Raises Refused where the camera does not tell what the id is made of."""
    told = {
        "serial": device.serial,
        "volume": card.serial if card else "",
        "record": record.serial if record else "",
    }
    for name, value in told.items():
        if "{" + name + "}" in template:
            if not value:
                raise Refused("bay.no_identity", name=name)
            template = template.replace("{" + name + "}", value)
    if not re.fullmatch(IDENTIFIER, template):  # cleaned, it might become another camera's
        raise Refused("bay.bad_identity", id=template[:80])
    return template
