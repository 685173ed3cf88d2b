"""Whose a recording is: what controllers told of users and cameras, and what the settings know beforehand."""

from zoneinfo import ZoneInfo

from drivers.axis import reports
from drivers.axis.containers import Container, Missing
from drivers.axis.shelf import Shelf
from gateway.config.connected import AxisBodyWornSettings, entry_for
from gateway.config.every_device import DeviceSettings


class Known:
    def __init__(self, settings: AxisBodyWornSettings, shelf: Shelf) -> None:
        self.settings, self.shelf = settings, shelf

    def device_of(self, container: Container) -> str:
        return reports.serial_of(container) or self.settings.id

    def camera(self, device: str) -> DeviceSettings:
        """What is known of a camera beforehand; one that nobody entered belongs to the controller's unit."""
        return entry_for(self.settings.cameras, device) or self.settings

    def zone_of(self, device: str) -> ZoneInfo:
        return ZoneInfo(self.camera(device).timezone or self.settings.timezone or "UTC")

    def entry_of(self, device: str) -> dict[str, str | None]:
        """What the registry keeps of a camera."""
        settings, told = self.camera(device), self.shared("Devices", device)
        return settings.entry() | {
            "name": told.get("name") or settings.name, "serial_no": device, "model": told.get("model"),
            "unit_id": settings.unit or self.settings.unit, "driver": self.settings.driver, "room_id": None,
        }  # fmt: skip

    def shared(self, container: str, name: str) -> dict[str, str]:
        """What was told of a user or a camera; nothing where nobody did."""
        try:
            return self.shelf.container(container).body(name).meta
        except Missing:
            return {}

    def account_of(self, container: Container) -> reports.Account | None:
        user = reports.user_of(container)
        told = self.shared("Users", user or "")
        return reports.Account(told.get("name", ""), told.get("userid", "")) if told else None
