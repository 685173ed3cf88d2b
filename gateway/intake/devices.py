"""The registry entry of a device, from the configuration or from what a dock saw."""

from collections.abc import Mapping

from sqlmodel import Session

from gateway import custody
from gateway.models import Device


def enter_device(
    session: Session, device_id: str, kind: str, told: Mapping[str, str | None], source: str
) -> None:
    """Enter a device, or bring its entry up to date; nothing is written when all stands there already."""
    row = session.get(Device, device_id)
    if row is not None and all(getattr(row, name) == value for name, value in told.items()):
        return
    row = row or Device(id=device_id, type=kind)
    row.type = kind
    for name, value in told.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    custody.append(session, custody.SITE, "DEVICE_REGISTERED", source, device_id, (row,))
