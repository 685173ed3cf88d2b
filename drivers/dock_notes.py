"""What a dock has to know after a restart, in a small file beside its mounts.

Which recorders it unlocked, and how often which of them refused its password.
"""

import hashlib
import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from drivers.usb_bus import UsbDevice
from gateway.store.durable import drop_unfinished, make_folder, write_whole

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How often a recorder refused the password that the settings have; another password begins anew."""

    count: int
    salt: str
    password: str
    """Its scrypt digest: only whether it is still the same is ever asked."""


def digest_of(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, dklen=16).hex()


class DockNotes:
    """Durable before anything is done that relies on it. All bays write here."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self.unlocked: dict[str, Unlocked] = {}
        """By port. What is no longer true needs no striking out: its mark never comes again."""
        self.refused: dict[str, Refusals] = {}
        """By recorder."""
        self.read()

    def read(self) -> None:
        """What cannot be read is not believed: those recorders are strangers until plugged in anew."""
        drop_unfinished(self.path.parent, self.path.name)
        try:
            told = json.loads(self.path.read_text())
            self.unlocked = {port: Unlocked(**note) for port, note in told["unlocked"].items()}
            self.refused = {who: Refusals(**note) for who, note in told["refused"].items()}
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

    def refusals(self, recorder: str, password: str) -> int:
        with self.lock:
            note = self.refused.get(recorder)
            return note.count if note and note.password == digest_of(password, note.salt) else 0

    def count_refusal(self, recorder: str, password: str) -> None:
        count, salt = self.refusals(recorder, password) + 1, os.urandom(16).hex()
        with self.lock:
            self.refused[recorder] = Refusals(count=count, salt=salt, password=digest_of(password, salt))
            self.write()

    def accepted(self, recorder: str) -> None:
        with self.lock:
            if self.refused.pop(recorder, None):
                self.write()

    def write(self) -> None:
        """A disk that takes nothing stops no offload: only what comes after a restart depends on this."""
        told: dict[str, Any] = {
            "unlocked": {port: asdict(note) for port, note in self.unlocked.items()},
            "refused": {who: asdict(note) for who, note in self.refused.items()},
        }
        try:
            make_folder(self.path.parent)
            write_whole(self.path, json.dumps(told, ensure_ascii=False, indent=1).encode(), 0o600)
        except OSError as error:
            log.error("%s cannot be written: %s", self.path, error)
