"""`gateway devices attached` and `teach`: what is plugged in, ready to paste into devices.yaml."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from serial.tools import list_ports

from drivers.simulators.dock import SimulatedBus
from drivers.usb_bus import Bus, SystemBus, UsbDevice
from gateway.config import ConfigError, Settings
from gateway.config.devices import UsbDockSettings
from gateway.device import DeviceUnavailable

HUB = "09"
TEACH_S = 60.0


def show_attached(settings: Settings) -> int:
    """Everything but hubs: USB devices as bays and cameras, serial ports by the place they are in."""
    print_usb(devices_of(bus_of(settings)))
    ports = [{"port": by_path(port.device), "is": port.description} for port in list_ports.comports()]
    if ports:
        say("# serial ports; the path tells the place, not the order of plugging")
        say(dumped(ports))
    return 0


def teach(settings: Settings, seconds: float = TEACH_S) -> int:
    """Wait for the next device that is plugged in, and show its bay and camera."""
    bus = bus_of(settings)
    before = {(device.port, device.plug) for device in devices_of(bus)}
    say(f"# plug one camera into the bay you want to name; waiting {seconds:.0f} s")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        fresh = [device for device in devices_of(bus) if (device.port, device.plug) not in before]
        if fresh:
            print_usb(fresh)
            return 0
        bus.wait(0.5)
    raise ConfigError(f"nothing was plugged in within {seconds:.0f} s")


def bus_of(settings: Settings) -> Bus:
    """The system's, or the twin's where a dock of the configuration is simulated."""
    docks = [device for device in settings.devices if isinstance(device, UsbDockSettings)]
    folder = next((dock.simulated for dock in docks if dock.simulated), None)
    return SimulatedBus(folder) if folder else SystemBus()


def devices_of(bus: Bus) -> list[UsbDevice]:
    try:
        plugged = bus.plugged()
    except DeviceUnavailable:
        return []
    return [device for _, device in sorted(plugged.items()) if HUB not in device.interfaces]


def print_usb(devices: Iterable[UsbDevice]) -> None:
    found = list(devices)
    if not found:
        say("# no USB device is plugged in")
        return
    say("# for a usb_dock: number the bays as the cabinet does, shorten `match` to what all cameras share")
    say(dumped({"bays": {str(number): device.port for number, device in enumerate(found, 1)}}))
    say(dumped({"cameras": [camera(device) for device in found]}))


def camera(device: UsbDevice) -> dict[str, Any]:
    told = {
        "vendor": device.vendor, "product": device.product, "manufacturer": device.manufacturer,
        "name": device.name, "serial": device.serial,
    }  # fmt: skip
    identity = "camera-{serial}" if device.serial else "camera-{volume}"
    return {"id": identity, "match": {name: value for name, value in told.items() if value}}


def by_path(port: str) -> str:
    """The link that names the place; the port itself where there is none."""
    for link in sorted(Path("/dev/serial/by-path").glob("*")):
        if link.resolve() == Path(port):
            return str(link)
    return port


def dumped(value: Any) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, default_flow_style=None).rstrip()


def say(line: str) -> None:
    print(line)  # noqa: T201
