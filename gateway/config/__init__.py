"""devices.yaml: its settings and devices, how it is read (reading), what is wrong in it (explaining)."""

from gateway.config.devices import AnyDevice
from gateway.config.every_device import DeviceSettings
from gateway.config.given import mistakes, read
from gateway.config.reading import from_mapping, load, overlapping
from gateway.config.settings import (
    FAMILY,
    ApiSettings,
    ConfigError,
    IngestSettings,
    Settings,
    StoreSettings,
)

__all__ = [
    "FAMILY",
    "AnyDevice",
    "ApiSettings",
    "ConfigError",
    "DeviceSettings",
    "IngestSettings",
    "Settings",
    "StoreSettings",
    "from_mapping",
    "load",
    "mistakes",
    "overlapping",
    "read",
]
