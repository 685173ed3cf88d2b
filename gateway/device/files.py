"""One file as a device has it: what it says of itself, and by what it is known again."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Literal

EDGE = 64 * 1024


class MediaKind(StrEnum):
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    PHOTO = "PHOTO"


class AttachmentKind(StrEnum):
    LOG = "LOG"
    TRACK = "TRACK"
    KEY = "KEY"
    PREVIEW = "PREVIEW"
    LABELS = "LABELS"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a file's name or sidecar says of itself; nothing here is believed without a check."""

    device: str | None = None
    officer: str | None = None
    started: datetime | None = None
    """Naive: as written on the device's own clock."""
    clock: Literal["gateway"] | None = None
    """Whose clock `started` was read from; none: the device's own."""
    sequence: int | None = None
    important: bool = False
    case_no: str | None = None
    place: str | None = None
    matter: str | None = None
    """证明对象, the fact to be proved."""
    md5: str | None = None
    account: str | None = None
    """Who wore it, as the sender's own system vouches; an account that no officer has is told of."""
    beside: str | None = None
    """Of an attachment: the path of the clip it belongs to, where its name does not say so."""
    name: str | None = None
    """As its device called it, where it cannot be called so here: a NUL, a path, characters of control."""
    encrypted: bool = False
    """Its key lies beside it, as an attachment with the ending `.key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One file seen on a device, readable at a local path."""

    device_id: str
    path: bytes
    """Relative to the device's root, as the file system has it: any bytes but NUL."""
    local: Path
    size: int
    mtime_ns: int
    kind: MediaKind | AttachmentKind
    edges: str
    """SHA-256 of the first, middle and last 64 KiB, see `edge_digest`."""
    volume: str = ""
    offload: str | None = None
    declared: Declared = field(default_factory=Declared)
    adopt: bool = False
    """It lies on our disk, or its driver pulls it there: hash, fsync and rename it instead of copying."""
    name: str = ""
    """What people read, where its path is ours and not its sender's."""
    keep: bool = False
    """Of one to let go of: its device is told that it is stored, and not to delete it."""

    @property
    def readable(self) -> str:
        return self.name or shown(self.path)

    @property
    def identity(self) -> str:
        """Equal identity only ever skips a copy; it never permits an erase (architecture 4.6)."""
        parts = (self.device_id, self.volume, self.path.hex(), str(self.size), str(self.mtime_ns), self.edges)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    path: bytes
    size: int
    mtime_ns: int
    sequence: int | None = None


def edge_digest(handle: int, size: int) -> str:
    """SHA-256 over the first, middle and last 64 KiB of an open file: tells a reused name."""
    digest = hashlib.sha256()
    for offset in edge_offsets(size):
        digest.update(os.pread(handle, EDGE, offset))
    return digest.hexdigest()


def edge_offsets(size: int) -> list[int]:
    """Where the edges begin; each is 64 KiB, or what is left."""
    return sorted({0, max(0, size // 2 - EDGE // 2), max(0, size - EDGE)})


def modified_ns(seen: os.stat_result) -> int:
    """Modification time in nanoseconds, held within what a database can store (years 1678 to 2262)."""
    return max(-(2**63), min(seen.st_mtime_ns, 2**63 - 1))


def shown(path: bytes) -> str:
    """A device's path as a person can read it: UTF-8, else GBK as Chinese cameras write, else escaped."""
    for encoding in ("utf-8", "gb18030"):
        try:
            text = path.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return path.decode("ascii", "backslashreplace")


def numbering_gaps(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """The numbers a device skipped, as inclusive ranges."""
    ordered = sorted(set(sequences))
    return [(low + 1, high - 1) for low, high in pairwise(ordered) if high - low > 1]
