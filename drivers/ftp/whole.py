"""Whether a file is all there, as its own container tells: a cut upload ends like a finished one."""

import os
import struct
from pathlib import Path

ATOMS = frozenset([".mp4", ".mov", ".m4v", ".m4a", ".3gp"])
MOST_ATOMS = 100_000


def is_whole(path: Path) -> bool | None:
    """True or False where the container proves it, None where it cannot. Raises OSError."""
    suffix = path.suffix.lower()
    size = path.stat().st_size
    if suffix in ATOMS:
        return atoms_fill(path, size)
    with path.open("rb") as file:
        head = file.read(12)
        if suffix in {".avi", ".wav"} and head[:4] == b"RIFF" and len(head) == 12:
            (told,) = struct.unpack("<I", head[4:8])
            return None if told in (0, 0xFFFFFFFF) else size >= told + 8
        if suffix in {".jpg", ".jpeg"} and head[:2] == b"\xff\xd8":
            file.seek(max(0, size - 4096))
            return b"\xff\xd9" in file.read()
    return None


def atoms_fill(path: Path, size: int) -> bool | None:
    """MP4: the sizes of its atoms add up to the file, and its index is among them."""
    at, kinds = 0, set[bytes]()
    handle = os.open(path, os.O_RDONLY)
    try:
        for _ in range(MOST_ATOMS):
            head = os.pread(handle, 16, at)
            if at == size:
                break
            if len(head) < 8:
                return False
            length, kind = struct.unpack(">I4s", head[:8])
            if not kind.isalnum() and kind.strip(b"\0 ") != kind and not kinds:
                return None  # this never was an MP4
            if length == 1:
                length = struct.unpack(">Q", head[8:16])[0] if len(head) == 16 else 0
            elif length == 0:
                length = size - at
            if length < 8 or at + length > size:
                return False if kinds or kind in {b"ftyp", b"moov", b"mdat"} else None
            kinds.add(kind)
            at += length
    finally:
        os.close(handle)
    return bool(kinds & {b"moov", b"moof"}) or None
