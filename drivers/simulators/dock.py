"""A twin of a docking station: a folder with one folder per port, in which cameras come and go.

    python -m drivers.simulators.dock --help      # make cards, plug, break and pull them by hand

`FOLDER/<port>/device.json` is what the camera tells of itself, `FOLDER/<port>/card` a link to its card. One
with the interface `06` speaks MTP instead of showing it (`drivers/simulators/mtp.py`).
The seam is the bus: everything above it is the product's own code. What no twin can show (removal in the
middle of a read, the kernel's own order of events) is tested in a guest with real USB, `make test-usb`.
"""

import json
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from drivers.links.talk import TcpTalk
from drivers.simulators.android import Port
from drivers.simulators.bcplus import BcPlusTwin
from drivers.simulators.dv16 import Dv16Twin, show_device
from drivers.simulators.mtp import MtpTwin
from drivers.usb_bus import MTP, STILL_IMAGE, Card, UsbDevice
from gateway.device import DeviceUnavailable, Refused


class SimulatedBus:
    """Reads the twin's folder as the real bus reads sysfs; mounting is a link to the card."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, Port] = {}
        """By plugging."""

    def plugged(self) -> dict[str, UsbDevice]:
        if not self.folder.is_dir():
            raise DeviceUnavailable("wait.no_usb")
        found = {}
        for entry in sorted(self.folder.glob("[!.]*")):
            with suppress(OSError, ValueError):
                told = json.loads((entry / "device.json").read_text())
                told.pop("inquiry", None)
                interfaces = tuple(told.pop("interfaces", ()))
                found[entry.name] = UsbDevice(port=entry.name, interfaces=interfaces, **told)
        return found

    def mark(self, device: UsbDevice) -> str:
        """A file `boot` in the folder stands for the kernel's boot id."""
        boot = self.folder / "boot"
        told = self.plugged().get(device.port)
        if told is None or told.plug != device.plug:
            return ""
        return f"{boot.read_text() if boot.exists() else 'twin'} {device.plug}"

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.1))

    def cards(self, device: UsbDevice) -> list[Card]:
        card = self.folder / device.port / "card"
        if not card.is_dir():
            return []
        if STILL_IMAGE in device.interfaces:
            return [Card(node=card, file_system=MTP, serial=device.serial)]
        label = (card / ".label").read_text().strip() if (card / ".label").exists() else ""
        first = Card(node=card, file_system="vfat", serial=f"SIM-{card.resolve().name}", label=label, size=2)
        more = sorted((self.folder / device.port).glob("card.[0-9]"))
        return [
            first,
            *(Card(node=one, file_system="vfat", label=one.resolve().name, size=1) for one in more),
        ]

    def inquiry(self, device: UsbDevice) -> str:
        try:
            told = json.loads((self.folder / device.port / "device.json").read_text())
        except (OSError, ValueError):
            return ""
        return str(told.get("inquiry", "")) if told["plug"] == device.plug else ""

    def scsi(self, device: UsbDevice) -> Dv16Twin:
        return Dv16Twin(self.folder / device.port)

    def lines(self, device: UsbDevice) -> BcPlusTwin:
        return BcPlusTwin(self.folder / device.port)

    def talk(self, device: UsbDevice, port: int, wake: Sequence[str]) -> TcpTalk:
        del port, wake
        if device.plug not in self.ports:
            self.ports[device.plug] = Port(self.folder / device.port)
        return TcpTalk(self.ports[device.plug].address)

    def mtp(self, device: UsbDevice) -> MtpTwin:
        return MtpTwin(self.folder / device.port, device.plug)

    def mount(self, card: Card, folder: Path, offset_minutes: int) -> None:
        del offset_minutes  # a folder's times are instants already
        self.unmount(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.symlink_to(card.node)
        except OSError as error:
            raise Refused("bay.mount_failed", error=error.strerror) from error

    def unmount(self, folder: Path) -> None:
        with suppress(FileNotFoundError):
            folder.unlink()

    @contextmanager
    def writable(self, folder: Path) -> Iterator[None]:
        del folder
        yield


def plug(
    folder: Path,
    port: str,
    card: Path,
    *,
    recorder: Mapping[str, object] | None = None,
    interfaces: Sequence[str] = ("08",),
    inquiry: str = "Twin Card",
    more: Sequence[Path] = (),
    **told: str,
) -> None:
    """Put a camera into a port: its card first, then what makes it seen. A `recorder` hides its card; `more`
    are further file systems.
    """
    place = folder / port
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / ("card" if recorder is None else "card.hidden")).symlink_to(card.absolute())
    for number, other in enumerate(more, 2):
        (place / f"card.{number}").symlink_to(other.absolute())
    if recorder is not None:
        (place / "recorder.json").write_text(json.dumps(recorder))
    shown = {"plug": str(time.time_ns()), "vendor": "0603", "product": "8611", **told}
    show_device(place, {**shown, "interfaces": list(interfaces), "inquiry": inquiry})


def pull(folder: Path, port: str) -> None:
    """Tear a camera out: in one step every name on its card is gone."""
    gone = folder / f".{port}-{time.time_ns()}"
    (folder / port).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)  # it may be writing still


if __name__ == "__main__":
    from drivers.simulators.dock_by_hand import main

    sys.exit(main(sys.argv[1:]))
