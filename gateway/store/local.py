"""The local clip store: our own, because it must fsync what it acknowledges (architecture 7)."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.store.digests import digests
from gateway.store.direct import DirectFile, buffers, filled
from gateway.store.durable import is_unfinished, make_folder, own_partial, sync_folder, write_whole
from gateway.store.partial import STEP
from gateway.store.room import Claim

MARKER = ".gateway-store"
MANIFEST = ".manifest.json"
SUFFIX = re.compile(r"\.(?!partial|journal$)[a-z0-9]{1,8}")
"""What may end an original's name: nothing that could be read as our own unfinished work."""


def checked(suffix: str) -> str:
    """A device's ending of a name, if it is one that may lie in the store; else none."""
    return suffix if SUFFIX.fullmatch(suffix) else ""


class CopyDiffers(Exception):
    """What was read from one store is not what it should be; nothing was replaced in the other."""


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
        return f"originals/{item_id[-2:]}/{item_id}{checked(suffix)}"

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
        return path.with_name(path.name + MANIFEST)

    def claim(self, left: Callable[[], int]) -> Claim:
        """Room for what somebody has still to write; raises StoreFull when its `with` begins."""
        return Claim(self.root, self.reserve_bytes, left)

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
        """Remove an item's unfinished files: what bears our own form of name, whatever its own ends in."""
        target = self.path(key)
        folder = target.parent
        left = [path for path in folder.glob(f"{target.stem}.*") if path != target and is_unfinished(path)]
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

    def lying(self, item_id: str) -> list[Path]:
        """Everything here that is of an item: original, manifest, renditions, what runs left of them."""
        keys = (self.original_key(item_id, ""), self.rendition_key(item_id, "x"))
        folders = (self.path(key).parent for key in keys)
        found = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
        return sorted(path for path in found if path.name == item_id or path.name.startswith(f"{item_id}."))

    def destroy(self, item_id: str) -> None:
        """Take away everything of an item, for good; durable. Safe to repeat: a crash may come in between."""
        found = self.lying(item_id)
        for path in found:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for folder in {path.parent for path in found}:
            sync_folder(folder)

    def files(self) -> Iterator[str]:
        """Everything that lies in the store but its marker and folders, wherever it lies."""
        for folder, folders, names in os.walk(self.root):
            folders.sort()
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in sorted((*names, *links)):
                key = str((Path(folder) / name).relative_to(self.root))
                if key != MARKER:
                    yield key

    def copy_to(self, other: "LocalStore", key: str, sha256: str, tick: Callable[[int], None]) -> None:
        """A second copy of a finished file elsewhere: durable, read back cold, and only then given its name.

        A copy that is there already and reads right stays. Raises CopyDiffers if what was read here is
        not what it should be: the other copy may be the only good one; StoreFull if there is no room.
        """
        source, target = self.path(key), other.place(key)
        if target.exists() and digests(target, ("sha256",), tick)["sha256"] == sha256:
            return
        other.remove_partials(key)
        partial = own_partial(target)
        try:
            with source.open("rb", buffering=0) as reader, partial.open("wb", buffering=0) as writer:
                copied, size = writer.fileno(), os.fstat(reader.fileno()).st_size
                with other.claim(lambda: size - os.fstat(copied).st_size) as claim:
                    copy_bytes(reader.fileno(), copied, tick, claim)
            if digests(partial, ("sha256",), tick)["sha256"] != sha256:
                raise CopyDiffers(target)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(target.parent)


def copy_bytes(source: int, target: int, tick: Callable[[int], None], claim: Claim) -> None:
    """Copy a whole file, its holes as holes; durable afterwards."""
    into, done = DirectFile(target), 0
    for block in filled(DirectFile(source), buffers(1)):
        into.extend(block, done)
        done += len(block)
        if done % STEP < len(block):
            os.fsync(target)  # so that the last one never waits for gigabytes
            claim.check()
        tick(done)
    os.fsync(target)
