"""The local clip store: our own, because it must fsync what it acknowledges (architecture 7)."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from gateway.store.durable import BLOCK, make_folder, sync_folder, write_whole

MARKER = ".gateway-store"
SUFFIX = re.compile(r"^\.[a-z0-9]{1,8}$")
PARTIAL = re.compile(
    r"^(?P<id>[0-9a-f]{32})(?P<suffix>\.[a-z0-9]{1,8})?\.(?P<attempt>\d+)\.partial(\.journal)?$"
)


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
        checked = suffix if SUFFIX.match(suffix) else ""
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

    def remove_partials(self, key: str, below_attempt: int | None = None) -> list[Path]:
        """Remove an item's unfinished files: all, or those of attempts before `below_attempt`."""
        folder = self.path(key).parent
        removed = []
        for path in folder.glob(f"{self.path(key).stem}*.partial*") if folder.exists() else ():
            match = PARTIAL.match(path.name)
            if match and (below_attempt is None or int(match["attempt"]) < below_attempt):
                path.unlink(missing_ok=True)
                removed.append(path)
        if removed:
            sync_folder(folder)
        return removed

    def partials(self) -> Iterator[tuple[str, int, Path]]:
        """Every unfinished original: (item id, attempt, path)."""
        for path in (self.root / "originals").glob("??/*.partial*"):
            if match := PARTIAL.match(path.name):
                yield match["id"], int(match["attempt"]), path

    def finished(self) -> Iterator[str]:
        """Every finished file in the store, but manifests."""
        for area in ("originals", "renditions"):
            for path in sorted((self.root / area).glob("??/*")):
                if ".partial" not in path.name and not path.name.endswith(".manifest.json"):
                    yield str(path.relative_to(self.root))

    def copy_to(self, other: "LocalStore", key: str) -> None:
        """Write a second copy of a finished file elsewhere, durable when this returns."""
        source, target = self.path(key), other.place(key)
        partial = target.with_name(target.name + ".0.partial")
        with source.open("rb") as reader, partial.open("wb") as writer:
            shutil.copyfileobj(reader, writer, BLOCK)
            writer.flush()
            os.fsync(writer.fileno())
        partial.replace(target)
        sync_folder(target.parent)
