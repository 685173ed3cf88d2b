"""Whether a file is all there, as its own container tells: a cut upload ends like a finished one."""

import os
import struct
from pathlib import Path
from typing import BinaryIO

ATOMS = frozenset([".mp4", ".mov", ".m4v", ".m4a", ".3gp"])
MOST_ATOMS = 100_000
KNOWN = frozenset([b"ftyp", b"moov", b"mdat"])


def is_whole(path: Path) -> bool | None:
    """True or False where the container proves it, None where it cannot.

    What the disk does not give back is as good as cut: it waits, and is then listed as what it is. Raises
    FileNotFoundError.
    """
    try:
        return proved(path)
    except FileNotFoundError:
        raise
    except OSError:
        return False


def proved(path: Path) -> bool | None:
    """As `is_whole`. Raises OSError."""
    suffix = path.suffix.lower()
    size = path.stat().st_size
    if suffix in ATOMS:
        return atoms_fill(path, size)
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if suffix in {".avi", ".wav"} and head[:4] == b"RIFF":
            return riffs_fill(file, size)
        if suffix in {".jpg", ".jpeg"} and head[:2] == b"\xff\xd8":
            return picture_ends(file, size)
    return None


def riffs_fill(file: BinaryIO, size: int) -> bool | None:
    """AVI, WAV: each RIFF tells its length; large AVIs have several (OpenDML)."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            return False
        (told,) = struct.unpack("<I", head[4:8])
        if head[:4] != b"RIFF":
            return None  # something behind it that is none of ours to judge
        if told in (0, 0xFFFFFFFF):
            return None
        at += told + 8 + told % 2
    return at <= size + 1  # some writers leave the last padding byte out


def picture_ends(file: BinaryIO, size: int) -> bool | None:
    """JPEG: its end mark stands behind the beginning of its picture, not only behind a preview in it."""
    at = 2
    while at < size:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4:
            return False
        if head[0] != 0xFF:
            return None
        if head[1] == 0xDA:
            break
        at += 1 if head[1] == 0xFF else 2 + struct.unpack(">H", head[2:])[0]  # 0xFF may fill
    file.seek(max(at, size - 4096))
    return b"\xff\xd9" in file.read()


def atoms_fill(path: Path, size: int) -> bool | None:
    """MP4: the sizes of its atoms add up to the file, and its index is among them."""
    at, kinds, endless = 0, set[bytes](), False
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
                length, endless = size - at, True
            if length < 8 or at + length > size:
                return False if kinds or kind in KNOWN else None
            kinds.add(kind)
            at += length
    finally:
        os.close(handle)
    if b"moof" in kinds:
        return True if b"mfra" in kinds else None  # cut between two fragments it looks whole
    if b"moov" in kinds:
        return None if endless else True  # "to the end of the file" is no length
    return False if kinds & KNOWN else None
