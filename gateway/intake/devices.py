"""The registry entry of a device, from the configuration or from what a dock saw."""

from collections.abc import Mapping

from sqlmodel import Session

from gateway import custody, linking
from gateway.config import FAMILY, DeviceSettings, Settings
from gateway.database import Database
from gateway.device import DeviceSeen
from gateway.intake.places import ensure_room, ensure_unit
from gateway.models import Device

DECIDES = ("unit_id", "room_id", "type", "timezone")
"""What links rest on of all that the register says of a device."""
OF_THE_DOCK = ("driver", "release")
"""What a dock says anew at each docking; the rest of a known camera belongs to the registry."""


def enter_device(
    session: Session, device_id: str, kind: str, told: Mapping[str, str | None], source: str
) -> None:
    """Enter a device, or bring its entry up to date; nothing is written when all stands there already."""
    ensure_unit(session, told.get("unit_id"))
    ensure_room(session, told.get("room_id"), told.get("unit_id"))
    row = session.get(Device, device_id)
    told = {**told, "type": kind}
    if row is not None and all(getattr(row, name) == value for name, value in told.items()):
        return
    before = {name: getattr(row, name) for name in DECIDES} if row is not None else {}
    row = row or Device(id=device_id, type=kind)
    for name, value in told.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    custody.append(session, custody.SITE, "DEVICE_REGISTERED", source, device_id, (row,))
    if any(getattr(row, name) != value for name, value in before.items()):
        linking.device_due(session, row, before["unit_id"])


def device_seen(session: Session, event: DeviceSeen) -> None:
    """A camera in a dock: entered when new; what people changed of a known one stays."""
    told, kind = dict(event.entry), event.type
    known = session.get(Device, event.device_id)
    if known is not None and known.driver not in (None, told["driver"]):
        return  # another driver's: whoever calls a camera by its id does not take it over
    if known is not None:
        told, kind = {name: told[name] for name in OF_THE_DOCK}, known.type
    enter_device(session, event.device_id, kind, told, event.via)


def register(database: Database, settings: Settings) -> None:
    """Put every configured device into the registry, or bring its entry up to date, with custody.

    A camera that is named in full is entered before it was ever seen: it can be allocated at once.
    """
    with database.write() as session:
        for device in settings.devices:
            enter(session, device)
            for camera in device.members:
                if not FAMILY.intersection(camera.id):
                    entry = device.entry_of(camera)
                    device_seen(
                        session,
                        DeviceSeen(device_id=camera.id, via="devices.yaml", type=camera.type, entry=entry),
                    )


def enter(session: Session, device: DeviceSettings) -> None:
    told = device.entry() | {"driver": device.kind}
    enter_device(session, device.id, device.type, told, "devices.yaml")
