"""The hands that mount a card which fails on command (`fuse_card.py`) and say what goes wrong now."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

from drivers.simulators.fault_script import read

MOUNT_S = 10.0
NOT_MOUNTED = "{} was not mounted: is /dev/fuse there, and may you use it?"


class NoFuse(Exception):
    """A card can only fail where FUSE is."""


class Card:
    """`source` is what lies on it, `mount` how the gateway sees it."""

    def __init__(self, source: Path, mount: Path, faults: Path) -> None:
        self.source, self.mount, self.faults = source, mount, faults

    def set(self, *words: str) -> None:
        """From now on these faults, and no other; without any it is well."""
        for word in words:
            read(word)
        fresh = self.faults.with_suffix(".new")
        fresh.write_text("\n".join(words))
        fresh.replace(self.faults)

    @property
    def flips(self) -> list[tuple[str, int]]:
        """(path, byte) of every bit that went wrong on the way, once each."""
        record = self.faults.with_suffix(".flips")
        lines = record.read_text().splitlines() if record.exists() else []
        return [(path, at) for path, at in map(json.loads, lines)]


def begin(card: Card, *more: str) -> subprocess.Popen[bytes]:
    """Mount it; the process ends when it is unmounted. Raises NoFuse."""
    process = subprocess.Popen([*command(card), *more], stdin=subprocess.DEVNULL, env=thrifty())
    deadline = time.monotonic() + MOUNT_S
    while not card.mount.is_mount():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise NoFuse(NOT_MOUNTED.format(card.mount))
        time.sleep(0.02)
    return process


def leave_mounted(card: Card, *more: str | Path) -> None:
    """Mount it for whoever comes after us; its process ends when it is unmounted. Raises NoFuse."""
    done = subprocess.run(
        [*command(card), *more, "--erasable", "--background"],
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=MOUNT_S,
        env=thrifty(),
    )
    if done.returncode:
        raise NoFuse(NOT_MOUNTED.format(card.mount))


KEPT = str(1 << 30)


def thrifty() -> dict[str, str]:
    """What a card costs is taken from whoever reads it: six in Python once took more than a core.

    FUSE 2 cuts each read into pieces of 128 KiB; a malloc that returns each block to the kernel has every
    page of the next one made and cleared anew.
    """
    newest = find_library("fuse3")
    kept = {"MALLOC_MMAP_THRESHOLD_": KEPT, "MALLOC_TRIM_THRESHOLD_": KEPT}
    return {**os.environ, **kept, **({"FUSE_LIBRARY_PATH": newest} if newest else {})}


def command(card: Card) -> list[str | Path]:
    check_fuse()
    for made in (card.source, card.mount):
        made.mkdir(parents=True, exist_ok=True)
    places = [path.absolute() for path in (card.source, card.mount, card.faults)]
    return [sys.executable, "-m", "drivers.simulators.fuse_card", *places]


def check_fuse() -> None:
    if importlib.util.find_spec("mfusepy") is None:
        raise NoFuse("a card that fails needs mfusepy: pip install 'evidence-gateway[dev]'")
    if not (find_library("fuse") or find_library("fuse3")) or shutil.which("fusermount3") is None:
        raise NoFuse("a card that fails needs FUSE: apt-get install fuse3")


def end(mount: Path) -> None:
    """Unmount at once, whoever still reads from it. Harmless where nothing is mounted."""
    if mount.is_mount():
        subprocess.run(["fusermount3", "-u", "-z", mount], check=False)


@contextmanager
def mounted(folder: Path, mount: Path, *more: str) -> Iterator[Card]:
    """A card whose content lies in `folder/inside`."""
    card = Card(folder / "inside", mount, folder / "faults")
    folder.mkdir(parents=True, exist_ok=True)
    card.set()
    process = begin(card, *more)
    try:
        yield card
    finally:
        end(mount)
        process.wait(10)
