"""A twin of a DV16 recorder at the SCSI wire: answers commands, shows its card only when told to.

`recorder.json` beside the device says what it is: password, id_code, identity (five texts), battery,
sd (0: no card), busy (how often it says "not yet"), deaf (answers nothing), late (how often it
answers nothing when it is first talked to), stuck (never comes back), stays (comes back as locked as before).
"""

import json
import os
import struct
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from drivers.links.dv16 import Opcode
from drivers.links.recorder import Identity, encode
from gateway.device import DeviceUnavailable

AWAY_S = 0.3
"""How long it is off the bus when it changes its mode."""


def write_at_once(path: Path, told: Mapping[str, object]) -> None:
    """Nobody reads half of it."""
    path.with_suffix(".part").write_text(json.dumps(told))
    path.with_suffix(".part").rename(path)


def show_device(place: Path, told: Mapping[str, object]) -> None:
    """What a device tells of itself."""
    write_at_once(place / "device.json", told)


class Dv16Twin:
    """A link to what sits in a port now: torn out, it answers nothing, whatever sits there then."""

    def __init__(self, place: Path) -> None:
        try:
            port = os.open(place, os.O_DIRECTORY)
        except OSError:
            raise DeviceUnavailable("recorder.no_answer", call="USB") from None
        weakref.finalize(self, os.close, port)
        self.place = Path(f"/proc/self/fd/{port}")

    @property
    def state(self) -> dict[str, Any]:
        try:
            read: dict[str, Any] = json.loads((self.place / "recorder.json").read_text())
        except OSError:
            raise DeviceUnavailable("recorder.no_answer", call="SCSI") from None
        if read.get("deaf"):
            raise DeviceUnavailable("recorder.no_answer", call="SCSI")
        return read

    def keep(self, state: dict[str, Any]) -> None:
        try:
            write_at_once(self.place / "recorder.json", state)
        except OSError:
            raise DeviceUnavailable("recorder.no_answer", call="SCSI") from None

    def is_late(self) -> bool:
        state = self.state
        late = int(state.get("late", 0))
        self.keep({**state, "late": max(0, late - 1)})
        return late > 0

    def read(self, command: bytes, length: int, timeout_s: float) -> bytes:
        del timeout_s
        state = self.state
        assert (command[0], command[1], command[7]) == (0xFD, 0x81, length), "a real one would not answer"
        match Opcode(command[5]):
            case Opcode.GET_ID_CODE:
                return str(state["id_code"]).encode().ljust(6, b"\0")
            case Opcode.GET_DEV_INFO:
                return encode(Identity(*state["identity"]))
            case Opcode.GET_PASSWORD:
                return str(state["password"]).encode().ljust(16, b"\0")
            case Opcode.GET_SD_STATUS:
                return struct.pack("<i", state.get("sd", 1))
            case Opcode.READ_BATTERY:
                return struct.pack("<i", state.get("battery", 80))
            case Opcode.READ_DEV_RESOLUTION:
                return struct.pack("<ii", 1920, 1080)
            case Opcode.GET_RETURN_STATUS:
                busy = state.get("busy", 0)
                self.keep({**state, "busy": max(0, busy - 1)})
                return struct.pack("<i", busy)
            case other:
                raise DeviceUnavailable("recorder.no_answer", call=other.name)

    def write(self, command: bytes, content: bytes, timeout_s: float) -> None:
        del timeout_s
        assert (command[0], command[1], command[7]) == (0xFB, 0x82, len(content)), (
            "a real one would not answer"
        )
        opcode = Opcode(command[5])
        if opcode is Opcode.INIT_USB_DEVICE and self.is_late():
            raise DeviceUnavailable("recorder.no_answer", call="SCSI")
        state = self.state
        self.keep({**state, "calls": [*state.get("calls", []), opcode.name]})
        if opcode is Opcode.SET_MSDC:
            self.change_mode()

    def change_mode(self) -> None:
        """Off the bus at once, back on the same port with another number and product, the card in view."""
        device = json.loads((self.place / "device.json").read_text())
        (self.place / "device.json").unlink()

        def come_back() -> None:
            fresh = {**device, "plug": str(time.time_ns())}
            with suppress(FileNotFoundError):  # torn out
                if not stays:
                    fresh |= {"product": "8612", "name": "mass storage"}
                    (self.place / "card.hidden").rename(self.place / "card")
                show_device(self.place, fresh)

        stays = self.state.get("stays")
        if not self.state.get("stuck"):
            threading.Timer(AWAY_S, come_back).start()
