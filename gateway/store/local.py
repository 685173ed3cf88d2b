"""The local clip store: our own, because it must fsync what it acknowledges (architecture 7)."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.store.direct import DirectFile, buffers, filled
from gateway.store.durable import make_folder, own_partial, sync_folder, write_whole
from gateway.store.partial import STEP

MARKER = ".gateway-store"
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


class StoreFull(Exception):
    def __init__(self, free: int, need: int) -> None:
        super().__init__(free, need)
        self.free, self.need = free, need


class LocalStore:
    """Originals under `originals/`, what is derived from them under `renditions/`.

    Names on disk are ours: an id and a checked suffix. A device's file names never reach the disk.
    """

    def __init__(self, root: Path, reserve_bytes: int = 0) -> None:
        self.root = root
        self.reserve_bytes = reserve_bytes

    def prepare(self) -> None:
        """Make the store, or recognise it. A marker file tells an unmounted disk from an empty store."""
        make_folder(self.root / "originals")
        make_folder(self.root / "renditions")
        if not (self.root / MARKER).exists():
            write_whole(self.root / MARKER, b"clip store\n")

    @property
    def is_present(self) -> bool:
        return (self.root / MARKER).exists()

    def original_key(self, item_id: str, suffix: str) -> str:
        checked = suffix if SUFFIX.fullmatch(suffix) else ""
        return f"originals/{item_id[-2:]}/{item_id}{checked}"

    def rendition_key(self, item_id: str, name: str) -> str:
        return f"renditions/{item_id[-2:]}/{item_id}.{name}"

    def path(self, key: str) -> Path:
        return self.root / key

    def place(self, key: str) -> Path:
        """The path of a key, its folder made."""
        path = self.path(key)
        make_folder(path.parent)
        return path

    def manifest_path(self, key: str) -> Path:
        path = self.path(key)
        return path.with_name(path.name + ".manifest.json")

    def require(self, size: int) -> None:
        """Raise StoreFull if `size` more bytes would use up the reserve."""
        free = shutil.disk_usage(self.root).free
        if free < size + self.reserve_bytes:
            raise StoreFull(free, size + self.reserve_bytes)

    def seal(self, key: str) -> None:
        """Take away the right to write; durable."""
        path = self.path(key)
        path.chmod(0o444)
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def remove_partials(self, key: str) -> None:
        """Remove an item's unfinished files."""
        folder = self.path(key).parent
        left = list(folder.glob(f"{self.path(key).stem}*.partial*"))
        for path in left:
            path.unlink(missing_ok=True)
        if left:
            sync_folder(folder)

    def remove_stray_renditions(self, item_id: str, known: set[str]) -> None:
        """Remove what runs that lost, or crashed, derived from an item."""
        folder = self.path(self.rendition_key(item_id, "x")).parent
        for path in folder.glob(f"{item_id}.*"):
            if str(path.relative_to(self.root)) not in known:
                path.unlink(missing_ok=True)

    def partials(self) -> Iterator[tuple[str, Path]]:
        """Every unfinished file: (item id, path)."""
        for path in self.root.glob("*/??/*.partial*"):
            yield path.name.partition(".")[0], path

    def finished(self) -> Iterator[str]:
        """Every finished file in the store, but manifests."""
        for area in ("originals", "renditions"):
            for path in sorted((self.root / area).glob("??/*")):
                if ".partial" not in path.name and not path.name.endswith(".manifest.json"):
                    yield str(path.relative_to(self.root))

    def copy_to(self, other: "LocalStore", key: str, tick: Callable[[int], None]) -> None:
        """Write a second copy of a finished file elsewhere, durable when this returns."""
        source, target = self.path(key), other.place(key)
        partial = own_partial(target)
        done = 0
        try:
            with source.open("rb", buffering=0) as reader, partial.open("wb", buffering=0) as writer:
                into = DirectFile(writer.fileno())
                for block in filled(DirectFile(reader.fileno()), buffers(1)):
                    left = block
                    while left:
                        written = into.write(left, done)
                        done, left = done + written, left[written:]
                    if done % STEP < len(block):
                        os.fsync(writer.fileno())  # so that the last one never waits for gigabytes
                    tick(done)
                os.fsync(writer.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(target.parent)
