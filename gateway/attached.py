"""`gateway devices attached` and `teach`: what is plugged in, ready to paste into devices.yaml."""

import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from serial.tools import list_ports

from drivers.profiles import is_flashing
from drivers.simulators.dock import SimulatedBus
from drivers.usb_bus import MASS_STORAGE, Bus, SystemBus, UsbDevice
from gateway.config import ConfigError, Settings
from gateway.config.devices import SerialDockSettings, UsbDockSettings
from gateway.device import DeviceUnavailable

HUB = "09"
TEACH_S = 60.0
WHOLE_S = 5.0
WILD = re.compile(r"([*?[])")
"""What stands for other letters in a `match`, and must not when it is part of a name."""


def show_attached(settings: Settings, *, unasked: bool = False) -> int:
    """Everything but hubs: USB devices as bays and cameras, serial ports by the place they are in.

    `unasked`: only what this configuration has a use for.
    """
    bus = bus_of(settings)
    if not unasked or any(isinstance(device, UsbDockSettings) for device in settings.devices):
        say(usb_lines(bus, devices_of(bus)))
    if unasked and not any(isinstance(device, SerialDockSettings) for device in settings.devices):
        return 0
    if ports := sorted((by_path(port.device), port.description) for port in list_ports.comports()):
        say(serial_lines(ports))
    return 0


def serial_lines(ports: Sequence[tuple[str, str]]) -> str:
    """Nothing tells a board from a reader by its line: who pastes it says which is which."""
    (board, _), *readers = ports
    told = [
        {"name": f"reader-{number}", "kind": "rdm6300", "port": port}
        for number, (port, _) in enumerate(readers, 1)
    ]
    return "\n".join(
        [
            "# for a serial_dock: say which line is the board's and which are readers';",
            "# a path tells the place, not the order of plugging",
            *(f"# {port}: {description}" for port, description in ports),
            dumped({"board": {"kind": "dockbus", "port": board}}),
            *([dumped({"readers": told})] if told else []),
        ]
    )


def teach(settings: Settings, seconds: float = TEACH_S, out: Path | None = None) -> int:
    """Wait for the next device that is plugged in, and show its bay and camera; `out` is a new file."""
    if out is not None and out.exists():
        raise ConfigError(f"{out} exists already; name a new file")
    bus = bus_of(settings)
    before = {(device.port, device.plug) for device in devices_of(bus)}
    say(f"# plug one camera into the bay you want to name; waiting {seconds:.0f} s")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        fresh = [device for device in devices_of(bus) if (device.port, device.plug) not in before]
        if fresh:
            lines = usb_lines(bus, [told_whole(bus, device) for device in fresh])
            say(lines)
            if out is not None:
                written(out, lines)
            return 0
        bus.wait(0.5)
    raise ConfigError(f"nothing was plugged in within {seconds:.0f} s")


def told_whole(bus: Bus, device: UsbDevice) -> UsbDevice:
    """Interfaces, what a disk answers and its card are told a moment later, not all by everything."""
    deadline = time.monotonic() + WHOLE_S
    while time.monotonic() < deadline:
        here = bus.plugged().get(device.port)
        if here is None or here.plug != device.plug:
            break
        device = here
        if device.interfaces and (MASS_STORAGE not in device.interfaces or bus.cards(device)):
            break
        bus.wait(0.2)
    return device


def written(out: Path, lines: str) -> None:
    try:
        with out.open("x") as file:
            file.write(lines + "\n")
    except OSError as error:
        raise ConfigError(f"{out}: {error.strerror}") from error
    say(f"# written to {out}")


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


def usb_lines(bus: Bus, devices: Iterable[UsbDevice]) -> str:
    found = list(devices)
    lines = [
        f"# {device.port} is a camera in flashing mode: do not touch it, give it to the maintainer"
        for device in found
        if is_flashing(device)
    ]
    found = [device for device in found if not is_flashing(device)]
    if not found:
        return "\n".join(lines or ["# no USB device is plugged in"])
    return "\n".join(
        [
            *lines,
            "# for a usb_dock: number the bays as the cabinet does,",
            "# and shorten `match` to what all your cameras share",
            dumped({"bays": {str(number): device.port for number, device in enumerate(found, 1)}}),
            dumped({"cameras": [camera(bus, device) for device in found]}),
        ]
    )


def camera(bus: Bus, device: UsbDevice) -> dict[str, Any]:
    cards = bus.cards(device)
    texts = {
        "manufacturer": device.manufacturer, "name": device.name, "serial": device.serial,
        "inquiry": bus.inquiry(device), "label": cards[0].label if cards else "",
    }  # fmt: skip
    told = {"vendor": device.vendor, "product": device.product, "interfaces": list(device.interfaces)}
    told |= {name: WILD.sub(r"[\1]", value) for name, value in texts.items()}
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
