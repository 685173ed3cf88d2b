"""A twin of an MTP camera: answers container for container what comes over its bulk endpoints.

Its objects are the files of the folder `card` beside it, under percent-decoded names, cut off at a `#`: so
`0001.MP4#a` and `0001.MP4#b` are two objects of one name, and `a%2Fb.MP4` has a slash in its name. `mtp.json`
in the same place scripts what it cannot do and how it fails (see `Script`); it is read anew for each command.
"""

import json
import os
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from drivers.mtp.pipe import Silence
from drivers.mtp.wire import (
    BAD_HANDLE,
    COMMAND,
    DATA,
    FOLDER,
    HEADER,
    INFO,
    OK,
    RESPONSE,
    ROOT,
    UNKNOWN_LENGTH,
    Operation,
)
from gateway.device import DeviceUnavailable

STORAGE = 0x00010001
PACKET = 512
UNSUPPORTED, DENIED, GENERAL, OPEN_ALREADY = 0x2005, 0x200F, 0x2002, 0x201E
PLAIN_FILE = 0x300B


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is out of the ordinary."""

    cannot: tuple[int, ...] = ()
    """Operations it does not know."""
    refuses_to_delete: bool = False
    says_deleted: bool = False
    """It answers OK and keeps the object."""
    unreadable: tuple[str, ...] = ()
    """Names of which it tells no information."""
    locked: bool = False
    """It shows no storage, as a phone whose screen is locked."""
    session_first: bool = False
    """It does not even tell what it is before a session, as uMTP-Responder."""
    hangs: bool = False
    lag_s: float = 0.0
    """Before each answer that carries a part of a file."""
    flat: bool = False
    """The root lists every object, whatever folder it lies in."""
    header_apart: bool = False
    """A data phase's header comes as a packet of its own."""
    no_empty_packet: bool = False
    """A data phase that fills its last packet is followed at once by the response."""
    flips: str = ""
    """One bit of the object of this name is another each time it is read."""


def script(place: Path) -> Script:
    try:
        told = json.loads((place / "mtp.json").read_text())
    except (OSError, ValueError):
        return Script()
    return Script(**{one.name: told[one.name] for one in fields(Script) if one.name in told})


class MtpTwin:
    """The camera's end of the wire (`drivers.mtp.pipe.Pipe`). A handle lasts as long as the plugging."""

    def __init__(self, place: Path, plug: str) -> None:
        self.place, self.plug = place, plug
        self.script = script(place)
        self.paths: list[Path] = []
        """The object with handle n+1 lies here."""
        self.transfers: deque[bytes] = deque()
        self.in_session = False
        self.look()

    def look(self) -> None:
        known = set(self.paths)
        for folder, folders, files in os.walk(self.card):
            folders.sort()
            here = Path(folder)
            self.paths += [here / name for name in sorted([*folders, *files]) if here / name not in known]

    @property
    def card(self) -> Path:
        return (self.place / "card").resolve()

    def check_plugged(self) -> None:
        try:
            told = json.loads((self.place / "device.json").read_text())
        except (OSError, ValueError):
            told = {}
        if told.get("plug") != self.plug:
            raise DeviceUnavailable("wait.source_gone", done=0)

    def write(self, block: bytes) -> None:
        self.check_plugged()
        self.script = script(self.place)
        _, kind, code, number = HEADER.unpack_from(block)
        assert kind == COMMAND
        parameters = struct.unpack(f"<{(len(block) - HEADER.size) // 4}I", block[HEADER.size :])
        said, content = self.carry_out(code, parameters)
        if content is not None:
            self.put(content, code, number)
        self.transfers.append(HEADER.pack(HEADER.size, RESPONSE, said, number))

    def put(self, content: bytes, code: int, number: int) -> None:
        whole = len(content) + HEADER.size
        header = HEADER.pack(min(whole, UNKNOWN_LENGTH), DATA, code, number)
        if self.script.header_apart:
            self.transfers.append(header)
            header = b""
        self.transfers.append(header + content)
        if len(self.transfers[-1]) % PACKET == 0 and not self.script.no_empty_packet:
            self.transfers.append(b"")

    def read(self, size: int, timeout_s: float) -> bytes:
        self.check_plugged()
        if self.script.hangs or not self.transfers:
            time.sleep(timeout_s)
            raise Silence
        first = self.transfers.popleft()
        if len(first) > size:
            self.transfers.appendleft(first[size:])
        elif self.transfers and len(first) < size and first and len(first) % PACKET == 0:
            first += self.transfers.popleft()  # nothing tells the host where the one ends
        return first[:size]

    def reset(self) -> None:
        self.check_plugged()
        self.transfers.clear()
        self.in_session = False

    def close(self) -> None:
        self.transfers.clear()

    def carry_out(self, code: int, parameters: tuple[int, ...]) -> tuple[int, bytes | None]:
        """(response, data phase if there is one)."""
        if code in self.script.cannot or code not in self.operations:
            return UNSUPPORTED, None
        free = (Operation.OPEN,) if self.script.session_first else (Operation.DEVICE_INFO, Operation.OPEN)
        if code not in free and not self.in_session:
            return 0x2003, None
        try:
            return self.operations[Operation(code)](*parameters)
        except (IndexError, FileNotFoundError):
            return BAD_HANDLE, None

    @property
    def operations(self) -> Mapping[Operation, Callable[..., tuple[int, bytes | None]]]:
        return {
            Operation.DEVICE_INFO: self.device_info, Operation.OPEN: self.open_session,
            Operation.STORAGES: self.storages, Operation.STORAGE_INFO: self.storage_info,
            Operation.HANDLES: self.handles, Operation.INFO: self.info, Operation.PROPERTY: self.object_size,
            Operation.WHOLE: self.whole, Operation.PART: self.part, Operation.PART_64: self.part_64,
            Operation.DELETE: self.delete,
        }  # fmt: skip

    def device_info(self) -> tuple[int, bytes]:
        known = [code for code in self.operations if code not in self.script.cannot]
        told = struct.pack("<HIH", 100, 6, 100) + text("microsoft.com: 1.0; android.com: 1.0;") + bytes(2)
        told += struct.pack(f"<I{len(known)}H", len(known), *known) + bytes(4) * 4
        return OK, told + text("Twin") + text("MTP camera") + text("1") + text("TWIN-1")

    def open_session(self, session: int) -> tuple[int, None]:
        if self.in_session:
            return OPEN_ALREADY, None
        self.in_session = bool(session)
        return OK, None

    def storages(self) -> tuple[int, bytes]:
        ids = () if self.script.locked else (STORAGE,)
        return OK, struct.pack(f"<I{len(ids)}I", len(ids), *ids)

    def storage_info(self, storage: int) -> tuple[int, bytes]:
        del storage
        return OK, struct.pack("<HHHQQI", 3, 2, 0, 1 << 36, 1 << 35, 0) + text("内部存储") + text("")

    def handles(self, storage: int, form: int, parent: int) -> tuple[int, bytes]:
        del storage, form
        self.look()
        folder = self.card if parent == ROOT else self.path_of(parent)
        inside = [
            number
            for number, path in enumerate(self.paths, 1)
            if path.exists() and (path.parent == folder or (self.script.flat and parent == ROOT))
        ]
        return OK, struct.pack(f"<I{len(inside)}I", len(inside), *inside)

    def path_of(self, handle: int) -> Path:
        """Raises IndexError for what never was, FileNotFoundError for what is no more."""
        path = self.paths[handle - 1] if handle else self.paths[len(self.paths)]
        path.lstat()
        return path

    def info(self, handle: int) -> tuple[int, bytes | None]:
        path = self.path_of(handle)
        name = unquote(path.name.partition("#")[0])
        if name in self.script.unreadable:
            return GENERAL, None
        seen = path.stat()
        form, size = (FOLDER, 0) if path.is_dir() else (PLAIN_FILE, min(seen.st_size, UNKNOWN_LENGTH))
        parent = 0 if path.parent == self.card else self.paths.index(path.parent) + 1
        told = INFO.pack(STORAGE, form, 0, size, 0, 0, 0, 0, 0, 0, 0, parent, form == FOLDER, 0, 0)
        modified = datetime.fromtimestamp(int(seen.st_mtime), UTC).strftime("%Y%m%dT%H%M%SZ")
        return OK, told + text(name) + text("") + text(modified) + text("")

    def object_size(self, handle: int, asked: int) -> tuple[int, bytes]:
        del asked
        return OK, struct.pack("<Q", self.path_of(handle).stat().st_size)

    def whole(self, handle: int) -> tuple[int, bytes]:
        path = self.path_of(handle)
        return OK, self.content(path, 0, path.stat().st_size)

    def part(self, handle: int, offset: int, size: int) -> tuple[int, bytes]:
        return OK, self.content(self.path_of(handle), offset, size)

    def part_64(self, handle: int, low: int, high: int, size: int) -> tuple[int, bytes]:
        return self.part(handle, low | high << 32, size)

    def content(self, path: Path, offset: int, size: int) -> bytes:
        time.sleep(self.script.lag_s)
        with path.open("rb") as file:
            file.seek(offset)
            block = bytearray(file.read(size))
        if block and self.script.flips == path.name:
            block[time.monotonic_ns() % len(block)] ^= 1 << time.monotonic_ns() % 8
        return bytes(block)

    def delete(self, handle: int, form: int) -> tuple[int, None]:
        del form
        path = self.path_of(handle)
        if self.script.refuses_to_delete:
            return DENIED, None
        if not self.script.says_deleted:
            path.unlink()
        return OK, None


def text(said: str) -> bytes:
    """As PTP counts it: units with the NUL, or none at all."""
    if not said:
        return b"\0"
    units = (said + "\0").encode("utf-16-le", "surrogatepass")
    return bytes([len(units) // 2]) + units
