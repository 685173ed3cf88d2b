"""What is plugged into the USB ports of this machine, and how a card in one of them is mounted."""

import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyudev

from drivers.links.bcplus import Lines
from drivers.links.bulk import BulkLines
from drivers.links.dv16 import Scsi
from drivers.links.sg import SgDevice
from drivers.links.talk import Talk, over_adb
from drivers.mounting import READ_ONLY, REMOUNT, SAFE, mount, unmount
from drivers.mtp.pipe import Pipe, UsbPipe
from gateway.device import DeviceUnavailable, Refused

log = logging.getLogger(__name__)

ESCAPED = re.compile(r"\\(.)")
PORT = re.compile(r"^\d+-\d+(\.\d+)*$")
TOOL_S = 20.0
STILL_IMAGE, MTP = "06", "mtp"
MASS_STORAGE = "08"
READ: dict[str, tuple[str, ...]] = {
    "vfat": ("utf8", "codepage=936"),
    "exfat": (),
    "ntfs3": (),
    "iso9660": (),
    "udf": (),
    "ext2": (),
    "ext3": ("noload",),
    "ext4": ("noload",),
}
"""File systems that are mounted, and how: a journal would be written out even on a read-only mount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDevice:
    """One enumerated device. `port` is where it is plugged in, `plug` tells this plugging from the next."""

    port: str
    plug: str
    vendor: str
    product: str
    manufacturer: str = ""
    name: str = ""
    serial: str = ""
    interfaces: tuple[str, ...] = ()
    """Interface classes, two hexadecimal digits each: `08` is mass storage, `06` still image (MTP/PTP).
    Empty until the kernel has told them all.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A file system on a plugged device."""

    node: Path
    file_system: str
    serial: str = ""
    label: str = ""
    size: int = 0


class Bus(Protocol):
    """The wire between a dock and the system: the one place where its twin differs."""

    def plugged(self) -> dict[str, UsbDevice]:
        """Every device by its port path. Raises DeviceUnavailable if there is no USB here."""

    def mark(self, device: UsbDevice) -> str:
        """Tells this appearance on the bus from every other one, ever; empty if it is over."""

    def wait(self, seconds: float) -> None:
        """Until something is plugged or pulled, or the time is over."""

    def cards(self, device: UsbDevice) -> list[Card]:
        """File systems on a device now, the largest first; empty while none has appeared."""

    def inquiry(self, device: UsbDevice) -> str:
        """Vendor and product as a disk answered SCSI INQUIRY; empty until then, and for what is no disk."""

    def scsi(self, device: UsbDevice) -> Scsi:
        """The way to send a device SCSI commands. Raises DeviceUnavailable if it has none."""

    def lines(self, device: UsbDevice) -> Lines:
        """The way to ask a device a line over its own bulk endpoints."""

    def talk(self, device: UsbDevice, port: int, wake: Sequence[str]) -> Talk:
        """A conversation with a TCP port of an Android recorder; `wake` is said to its shell first."""

    def mtp(self, device: UsbDevice) -> Pipe:
        """The wire to a camera that speaks MTP. Raises DeviceUnavailable if it cannot be had."""

    def mount(self, card: Card, folder: Path, offset_minutes: int) -> None:
        """Mount read-only. Raises Refused("bay.mount_failed")."""

    def unmount(self, folder: Path) -> None:
        """Harmless where nothing is mounted."""

    def writable(self, folder: Path) -> AbstractContextManager[None]:
        """Read-write while the block lasts."""


class SystemBus:
    """sysfs for what is there, udev for when to look, mount(2) for cards, bulk transfers for MTP.

    sysfs is the truth: netlink can overflow, and containers lack it.
    """

    def __init__(self, sysfs: Path = Path("/sys")) -> None:
        self.devices = sysfs / "bus/usb/devices"
        self.blocks = sysfs / "class/block"
        self.generics = sysfs / "class/scsi_generic"
        self.boot = Path("/proc/sys/kernel/random/boot_id")
        self.monitor = hotplug_monitor()

    def plugged(self) -> dict[str, UsbDevice]:
        if not self.devices.is_dir():
            raise DeviceUnavailable("wait.no_usb")
        found = {}
        for entry in self.devices.iterdir():
            if PORT.match(entry.name) and (device := read_device(entry)):
                found[device.port] = device
        return found

    def wait(self, seconds: float) -> None:
        if self.monitor is None:
            time.sleep(seconds)
        else:
            try:
                self.monitor.poll(seconds)
            except OSError:  # more events than netlink holds: the next look sees them all
                time.sleep(seconds)

    def is_same(self, device: UsbDevice) -> bool:
        """Whether it is still this plugging that answers for the port."""
        return read_text(self.devices / device.port / "devnum") == device.plug

    def mark(self, device: UsbDevice) -> str:
        """Boot and devnum alone are not enough: after 127 pluggings devnums come again, inodes do not."""
        boot = read_text(self.boot)
        try:
            inode = (self.devices / device.port).stat().st_ino
        except OSError:
            return ""
        return f"{boot} {device.port} {device.plug} {inode}" if boot and self.is_same(device) else ""

    def cards(self, device: UsbDevice) -> list[Card]:
        if not self.is_same(device):
            return []
        if STILL_IMAGE in device.interfaces:
            node = Path(f"/dev/bus/usb/{device.port.partition('-')[0]:0>3}/{device.plug:0>3}")
            return [Card(node=node, file_system=MTP, serial=device.serial)]
        marker = f"/{device.port}/{device.port}:"
        nodes = [
            Path("/dev") / block.name
            for block in sorted(self.blocks.iterdir())
            if marker in str(block.resolve()) and read_number(block / "size") > 0
        ]
        found = [card for node in nodes if (card := probed(node))]
        return sorted(found, key=lambda card: card.size, reverse=True) if self.is_same(device) else []

    def inquiry(self, device: UsbDevice) -> str:
        for unit in sorted((self.devices / device.port).glob(f"{device.port}:*/host*/target*/*:*:*:*")):
            told = " ".join(f"{read_text(unit / 'vendor')} {read_text(unit / 'model')}".split())
            if told and self.is_same(device):
                return told
        return ""

    def scsi(self, device: UsbDevice) -> SgDevice:
        marker = f"/{device.port}/{device.port}:"
        for generic in sorted(self.generics.glob("sg*")):
            if marker in str(generic.resolve()) and self.is_same(device):
                return SgDevice(Path("/dev") / generic.name)
        raise DeviceUnavailable("recorder.no_answer", call="SCSI")

    def lines(self, device: UsbDevice) -> BulkLines:
        return BulkLines(device.port, int(device.plug))

    def talk(self, device: UsbDevice, port: int, wake: Sequence[str]) -> Talk:
        return over_adb(device.port, port, wake)

    def mtp(self, device: UsbDevice) -> UsbPipe:
        return UsbPipe(device.port, int(device.plug))

    def mount(self, card: Card, folder: Path, offset_minutes: int) -> None:
        self.unmount(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if card.file_system not in READ:
            raise Refused("bay.mount_failed", error=f"file system {card.file_system}")
        options = list(READ[card.file_system])
        if card.file_system in {"vfat", "exfat"}:
            # FAT holds the camera's own local time; without this the kernel takes the host's zone for it
            options += [f"time_offset={offset_minutes}", f"uid={os.getuid()}", f"gid={os.getgid()}"]
        mount(card.node, folder, card.file_system, READ_ONLY | SAFE, ",".join(options))

    def unmount(self, folder: Path) -> None:
        unmount(folder)

    @contextmanager
    def writable(self, folder: Path) -> Iterator[None]:
        mount(folder, folder, "", REMOUNT | SAFE, "")
        try:
            yield
        finally:
            try:
                if folder.is_mount():
                    mount(folder, folder, "", REMOUNT | READ_ONLY | SAFE, "")
            except (Refused, OSError) as no:  # what was erased is erased: that must not be told otherwise
                log.error("%s stays writable: %s", folder, no)


def hotplug_monitor() -> pyudev.Monitor | None:
    """A udev monitor, or None where there is no netlink."""
    try:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        monitor.filter_by("usb")
        monitor.filter_by("block")
        monitor.start()
    except (OSError, pyudev.DeviceNotFoundError):
        return None
    return monitor


def read_device(entry: Path) -> UsbDevice | None:
    """One device as sysfs shows it; None if it left while we looked."""
    told = {
        name: read_text(entry / name)
        for name in ("idVendor", "idProduct", "devnum", "manufacturer", "product", "serial")
    }
    if not told["idVendor"] or not told["devnum"]:
        return None
    classes = sorted(read_text(interface / "bInterfaceClass") for interface in entry.glob(f"{entry.name}:*"))
    if len(classes) < read_number(entry / "bNumInterfaces"):
        classes = []
    return UsbDevice(
        port=entry.name,
        plug=told["devnum"],
        vendor=told["idVendor"],
        product=told["idProduct"],
        manufacturer=told["manufacturer"],
        name=told["product"],
        serial=told["serial"],
        interfaces=tuple(name for name in classes if name),
    )


def read_text(path: Path) -> str:
    try:
        return "".join(char for char in path.read_text(errors="replace") if char.isprintable()).strip()
    except OSError:
        return ""


def read_number(path: Path) -> int:
    text = read_text(path)
    return int(text) if text.isdigit() else 0


def probed(node: Path) -> Card | None:
    """The file system on a block device, by blkid's low-level probe (its cache may tell of another card)."""
    try:
        done = subprocess.run(
            ["blkid", "-p", "-o", "export", str(node)],
            capture_output=True, text=True, errors="replace", timeout=TOOL_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return None
    lines = [line.split("=", 1) for line in done.stdout.splitlines() if "=" in line]
    told = {name: ESCAPED.sub(r"\1", value) for name, value in lines}
    if told.get("USAGE") != "filesystem":
        return None
    size = read_number(Path("/sys/class/block") / node.name / "size") * 512
    return Card(
        node=node, file_system=told.get("TYPE", ""), serial=told.get("UUID", ""), label=told.get("LABEL", ""),
        size=size,
    )  # fmt: skip
