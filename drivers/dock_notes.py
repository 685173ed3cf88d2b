"""What a dock has to know after a restart, in a small file beside its mounts: which recorders it unlocked."""

import json
import logging
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from drivers.usb_bus import UsbDevice
from gateway.store.durable import make_folder, write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocked:
    """A recorder that showed its card because it was asked to; out of its port it locks itself again."""

    mark: str
    """The one appearance on the bus that this is about (`Bus.mark`)."""
    looks: str
    camera: str
    """The `id` of its entry in the settings."""
    identity: str


def looks_of(device: UsbDevice) -> str:
    """All that a disk tells of itself, as one text to compare."""
    told = (device.vendor, device.product, device.manufacturer, device.name, device.serial)
    return json.dumps([device.port, device.plug, *told], ensure_ascii=False)


class DockNotes:
    """Durable before anything is done that relies on it. All bays write here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.unlocked: dict[str, Unlocked] = {}
        """By port. What is no longer true needs no striking out: its mark never comes again."""

    def read(self) -> None:
        """What cannot be read is not believed: those recorders are strangers until plugged in anew."""
        with self.lock:
            self.unlocked = {}
            try:
                told = json.loads(self.path.read_text())
                self.unlocked = {port: Unlocked(**note) for port, note in told["unlocked"].items()}
            except FileNotFoundError:
                return
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                log.warning("%s cannot be read: %s", self.path, error)

    def unlocked_here(self, port: str) -> Unlocked | None:
        with self.lock:
            return self.unlocked.get(port)

    def keep_unlocked(self, port: str, note: Unlocked) -> None:
        with self.lock:
            self.unlocked[port] = note
            self.write()

    def write(self) -> None:
        """A disk that takes nothing stops no offload: only what comes after a restart depends on this."""
        told: dict[str, Any] = {"unlocked": {port: asdict(note) for port, note in self.unlocked.items()}}
        try:
            make_folder(self.path.parent)
            write_whole(self.path, json.dumps(told, ensure_ascii=False, indent=1).encode())
        except OSError as error:
            log.error("%s cannot be written: %s", self.path, error)
